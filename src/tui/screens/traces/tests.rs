//! The list of traces, keys in and screen out.

use crate::model::TraceId;
use crate::source::Request;
use crate::tui::search::history::History;
use crate::tui::settings::{ThemeChoice, TimeWindow};
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

/// Returns a list without the scatter above it.
fn shop(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(120, NOW));
    if size.1 > 20 {
        session.keys("s s");
    }
    session
}

/// Returns the line of the selected row.
fn selected(session: &Session) -> (usize, String) {
    let screen = session.screen();
    let found = screen.lines().enumerate().find(|(_, line)| line.starts_with('▌')).expect("a row is selected");
    (found.0, found.1.to_owned())
}

#[test]
fn it_shows_traces_at_every_size() {
    insta::assert_snapshot!("80x24", shop((80, 24)).screen());
    insta::assert_snapshot!("40x10", shop((40, 10)).screen());
    insta::assert_snapshot!("200x60", shop((200, 60)).screen());
}

#[test]
fn it_draws_with_ascii_alone() {
    let session = Session::with_look((80, 12), fake::shop(20, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!(session.screen());
}

#[test]
fn empty_it_says_what_to_do() {
    insta::assert_snapshot!("empty_80x24", Session::new((80, 24), Vec::new()).screen());
    insta::assert_snapshot!("empty_40x10", Session::new((40, 10), Vec::new()).screen());
}

#[test]
fn before_the_first_answer_it_is_loading() {
    let mut session = shop((40, 10));
    session.app =
        crate::tui::app::App::new(look(ThemeChoice::Dark, false), crate::tui::TimeWindow::All, History::default());
    drop(session.app.update(crate::tui::event::Event::Resize(40, 10)));
    insta::assert_snapshot!(session.screen());
}

#[test]
fn failing_it_says_why_and_recovers() {
    let mut session = shop((60, 10));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("o");
    insta::assert_snapshot!("failing_with_old_rows", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
}

#[test]
fn failing_before_the_first_answer_it_says_why() {
    let mut session = shop((60, 10));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320".into());
    session.app =
        crate::tui::app::App::new(look(ThemeChoice::Dark, false), crate::tui::TimeWindow::All, History::default());
    session.event(crate::tui::event::Event::Resize(60, 10));
    session.second();
    insta::assert_snapshot!("failing_at_first", session.screen());
}

#[test]
fn nothing_in_the_window_names_the_key_that_widens_it() {
    let mut session = Session::new((60, 12), vec![fake::checkout(7, NOW.minus(3_000 * SECOND), 100)]);
    insta::assert_snapshot!("nothing_in_window", session.screen());
    session.keys("+");
    assert_eq!(session.lines_with("POST /checkout").len(), 1);
    session.keys("-");
    assert!(session.lines_with("POST /checkout").is_empty());
}

#[test]
fn errors_only_shows_errors_only() {
    let mut session = shop((80, 24));
    session.keys("!");
    let rows = session.screen().lines().skip(2).take(20).map(str::to_owned).collect::<Vec<_>>();
    assert!(rows.iter().filter(|row| row.contains("ms") || row.contains(" s ")).all(|row| row.contains('✖')));
    assert_eq!(session.lines_with("errors only").len(), 1);
}

#[test]
fn following_the_newest_stays_at_the_top() {
    let mut session = shop((80, 24));
    session.source.add(fake::checkout(1, NOW, 100));
    session.second();
    let (line, text) = selected(&session);
    assert_eq!(line, 2);
    assert!(text.contains("POST /checkout"), "{text}");
    assert_eq!(session.lines_with("following").len(), 1);
}

#[test]
fn the_selected_row_stays_where_it_is_while_rows_arrive() {
    let mut session = shop((80, 24));
    session.keys("j j j j j");
    let id = session.app.selected_trace();
    let line = selected(&session).0;
    assert!(session.lines_with("following").is_empty());
    for i in 0..30 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * 1000), 100));
        session.second();
    }
    assert_eq!(session.app.selected_trace(), id);
    assert_eq!(selected(&session).0, line);
    session.keys("F");
    assert_eq!(session.app.selected_trace(), Some(TraceId(1029)));
}

#[test]
fn paging_reaches_the_last_row_and_comes_back() {
    let mut session = shop((80, 24));
    session.keys("G");
    assert_eq!(session.lines_with("120/120").len(), 1);
    assert!(!session.screen().lines().skip(2).take(20).any(|line| line.trim() == "…"), "every row is loaded");
    session.keys("<PageUp> <PageUp> <C-u> <C-d> <PageDown> g");
    assert_eq!(session.lines_with("following").len(), 1);
}

#[test]
fn a_pause_holds_the_rows_and_counts_what_arrives() {
    let mut session = shop((80, 24));
    session.keys("p");
    let rows = |session: &Session| {
        session
            .screen()
            .lines()
            .skip(2)
            .take(18)
            .map(|l| l.chars().skip(6).take(30).collect::<String>())
            .collect::<Vec<_>>()
    };
    let before = rows(&session);
    let traces = |s: &Session| before.iter().zip(rows(s)).filter(|(a, b)| *a != b).count();
    session.source.add(fake::checkout(1, NOW.plus(SECOND), 100));
    session.second();
    assert_eq!(traces(&session), 0);
    assert_eq!(session.lines_with("paused +1 trace +38 spans").len(), 1);
    session.keys("o O o o o o o");
    assert!(session.lines_with("120 of").len() == 1, "sorting shows no newer ones");
    session.keys("p");
    assert_eq!(session.lines_with("121 of").len(), 1);
}

#[test]
fn a_pause_holds_the_window_however_long_it_lasts() {
    let mut session = shop((80, 24));
    session.keys("p").second();
    session.asked.clear();
    for _ in 0..120 {
        session.second();
    }
    let is_of_the_frame = |request: &Request| matches!(request, Request::Status | Request::Health(_));
    assert!(session.asked.iter().all(is_of_the_frame));
    session.keys("- +").second();
    let windows: Vec<_> = session
        .asked
        .iter()
        .filter_map(|request| match request {
            Request::Traces(request) => request.filter.window.from,
            _ => None,
        })
        .collect();
    let held = [TimeWindow::Minutes5, TimeWindow::Minutes15].map(|window| window.until(NOW).from.unwrap());
    assert_eq!(windows, held);
}

#[test]
fn columns_sort_by_key_and_by_click() {
    let mut session = shop((80, 24));
    session.keys("o");
    assert_eq!(session.lines_with("▼duration").len(), 1);
    session.keys("O");
    assert_eq!(session.lines_with("▲duration").len(), 1);
    let header = session.screen().lines().nth(1).unwrap().to_owned();
    let at = |title: &str| {
        let before = header.split_once(title).unwrap().0;
        before.chars().count() as u16
    };
    session.click(at("service"), 1);
    assert_eq!(session.lines_with("service▲").len(), 1);
    session.click(at("service"), 1);
    assert_eq!(session.lines_with("service▼").len(), 1);
}

#[test]
fn clicks_select_then_open_and_the_wheel_scrolls() {
    let mut session = shop((80, 24));
    session.click(20, 6);
    assert_eq!(selected(&session).0, 6);
    session.click(20, 6);
    assert_eq!(session.lines_with("2 Trace").len(), 1);
}

#[test]
fn sorting_and_filtering_show_what_comes_out_on_top() {
    for keys in ["o", "o o", "O", "!"] {
        let mut session = shop((80, 24));
        session.keys("j j j j").keys(keys);
        assert_eq!(session.lines_with(" 1/").len(), 1, "{keys}: {}", session.screen());
        assert!(session.screen().lines().nth(2).is_some_and(|row| row.starts_with('▌')), "{keys}");
    }
}

/// Returns a list with everything around it.
fn all(size: (u16, u16)) -> Session {
    Session::new(size, fake::shop(120, NOW))
}

#[test]
fn a_scatter_stands_above_the_list_where_there_is_room() {
    insta::assert_snapshot!("scatter_80x24", all((80, 24)).screen());
    insta::assert_snapshot!("scatter_160x45", all((160, 45)).screen());
    assert!(all((40, 10)).screen().lines().nth(1).is_some_and(|line| line.starts_with("  ▼age")));
    let session = Session::with_look((80, 24), fake::shop(120, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("scatter_ascii", session.screen());
}

#[test]
fn without_colour_errors_of_the_scatter_have_a_sign() {
    let session = Session::with_look((80, 24), fake::shop(120, NOW), look(ThemeChoice::Mono, false));
    assert!(session.screen().lines().skip(1).take(5).any(|line| line.contains('✖')));
}

#[test]
fn a_part_of_the_scatter_filters_the_list() {
    let mut session = all((80, 24));
    session.keys("s v h h h h h h h h h h h h h h h h h h h h j j");
    insta::assert_snapshot!("selecting_80x24", session.screen());
    session.keys("<Enter>");
    insta::assert_snapshot!("selected_80x24", session.screen());
    let asked = session.asked.iter().rev().find_map(|request| match request {
        Request::Traces(request) => Some(request.filter.clone()),
        _ => None,
    });
    let filter = asked.unwrap();
    assert!(filter.window.to.is_some() && filter.min_duration_ns < filter.max_duration_ns);
    session.keys("<Esc>");
    assert_eq!(session.lines_with("120 of 120").len(), 1);
}

#[test]
fn the_scatter_is_entered_left_and_hidden() {
    let mut session = all((80, 24));
    session.keys("s");
    assert_eq!(session.lines_with("v select").len(), 1);
    session.keys("<Esc>");
    assert_eq!(session.lines_with("/ search").len(), 1);
    assert_eq!(session.lines_with(" ago").len(), 1, "it stays");
    session.keys("s s");
    assert!(session.lines_with(" ago").is_empty());
    session.keys("s");
    assert_eq!(session.lines_with(" ago").len(), 1, "it tells what is under its cursor");
    let mut low = all((80, 12));
    low.keys("s");
    assert_eq!(low.lines_with("the screen is too low for the scatter").len(), 1);
}

#[test]
fn a_click_into_the_scatter_moves_its_cursor() {
    let mut session = all((80, 24));
    session.click(30, 3);
    assert_eq!(session.lines_with("v select").len(), 1);
}

#[test]
fn facets_count_what_the_list_shows() {
    insta::assert_snapshot!("facets_160x45", all((160, 45)).keys("f").screen());
    insta::assert_snapshot!("facets_80x24", all((80, 24)).keys("f").screen());
    insta::assert_snapshot!("facets_40x10", all((40, 10)).keys("f").screen());
}

#[test]
fn values_of_facets_are_included_and_excluded() {
    let mut session = all((160, 45));
    session.keys("f j <Enter>");
    assert_eq!(session.lines_with(" / service=redis").len(), 1, "{}", session.screen());
    assert_eq!(session.lines_with("+ redis").len(), 1);
    session.keys("x");
    assert_eq!(session.lines_with(" / -service=redis").len(), 1, "{}", session.screen());
    session.keys("x");
    assert!(session.lines_with("service=redis").is_empty());
    assert_eq!(session.lines_with("120 of 120").len(), 1);
    session.keys("j i l");
    assert_eq!(session.lines_with("Enter open").len(), 1, "l goes to the list");
}

#[test]
fn attributes_are_added_to_the_facets_by_name() {
    let mut session = all((160, 45));
    session.keys("f a").type_text("db");
    insta::assert_snapshot!("adding_160x45", session.screen());
    session.keys("<Enter>");
    assert_eq!(session.lines_with("db.system").len(), 1, "{}", session.screen());
    session.keys("j <Enter>");
    assert_eq!(session.lines_with(" / db.system=").len(), 1, "{}", session.screen());
    session.keys("d");
    assert_eq!(session.lines_with("db.system").len(), 1, "only the query still has it");
    session.keys("g d");
    assert_eq!(session.lines_with("only attributes that were added").len(), 1);
    session.keys("a").type_text("x").keys("<Esc>");
    assert_eq!(session.lines_with("a add").len(), 1);
}

#[test]
fn facets_over_the_list_go_with_the_focus() {
    let mut session = all((80, 24));
    session.keys("f");
    assert_eq!(session.lines_with("facets of 120 traces").len(), 1);
    session.keys("<Tab>");
    assert!(session.lines_with("facets of").is_empty());
    session.keys("h");
    assert_eq!(session.lines_with("facets of 120 traces").len(), 1);
    session.keys("f");
    session.asked.clear();
    session.second();
    assert!(!session.asked.iter().any(|request| matches!(request, Request::Facets(_))), "hidden they ask nothing");
}

#[test]
fn what_is_costly_is_asked_once_a_second_at_most() {
    let mut session = all((160, 45));
    session.keys("/").type_text("checkout").keys("<Enter> f").second();
    session.asked.clear();
    for i in 0..5 {
        session.source.add(fake::checkout(1 + i, NOW, 100));
        session.event(crate::tui::event::Event::Revision(crate::source::Source::revision(&*session.source)));
    }
    assert_eq!(session.asked, []);
    session.second();
    let asked = |kind: fn(&Request) -> bool| session.asked.iter().filter(|request| kind(request)).count();
    assert_eq!(asked(|request| matches!(request, Request::Traces(_))), 1);
    assert_eq!(asked(|request| matches!(request, Request::Facets(_))), 1);
    assert_eq!(asked(|request| matches!(request, Request::Scatter(_))), 1);
}
