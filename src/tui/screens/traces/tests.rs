//! The list of traces, keys in and screen out.

use crate::model::TraceId;
use crate::source::Request;
use crate::tui::settings::{ThemeChoice, TimeWindow};
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

fn shop(size: (u16, u16)) -> Session {
    Session::new(size, fake::shop(120, NOW))
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
    session.app = crate::tui::app::App::new(look(ThemeChoice::Dark, false), crate::tui::TimeWindow::All);
    drop(session.app.update(crate::tui::event::Event::Resize(40, 10)));
    insta::assert_snapshot!(session.screen());
}

#[test]
fn failing_it_says_why_and_recovers() {
    let mut session = shop((60, 10));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("s");
    insta::assert_snapshot!("failing_with_old_rows", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
}

#[test]
fn failing_before_the_first_answer_it_says_why() {
    let mut session = shop((60, 10));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320".into());
    session.app = crate::tui::app::App::new(look(ThemeChoice::Dark, false), crate::tui::TimeWindow::All);
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
    session.keys("s S s s s s s");
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
    assert!(session.asked.iter().all(|request| *request == Request::Status));
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
    session.keys("s");
    assert_eq!(session.lines_with("▼duration").len(), 1);
    session.keys("S");
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
    for keys in ["s", "s s", "S", "!"] {
        let mut session = shop((80, 24));
        session.keys("j j j j").keys(keys);
        assert_eq!(session.lines_with(" 1/").len(), 1, "{keys}: {}", session.screen());
        assert!(session.screen().lines().nth(2).is_some_and(|row| row.starts_with('▌')), "{keys}");
    }
}
