//! The services, keys in and screen out.

use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

/// Returns the services of a shop of which the last minutes and those before are known.
fn services(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(1000, NOW));
    session.keys("3");
    session
}

fn asked(session: &Session, kind: fn(&Request) -> bool) -> usize {
    session.asked.iter().filter(|request| kind(request)).count()
}

fn is_of_figures(request: &Request) -> bool {
    matches!(request, Request::Figures(_) | Request::Density(_))
}

/// Returns the line of the selected row.
fn selected(session: &Session) -> String {
    session.screen().lines().find(|line| line.starts_with('▌')).expect("a row is selected").to_owned()
}

#[test]
fn the_table_is_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)] {
        insta::assert_snapshot!(format!("{width}x{height}"), services((width, height)).screen());
    }
}

#[test]
fn it_draws_with_ascii_alone() {
    let mut session = Session::with_look((120, 24), fake::shop(400, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("ascii", session.keys("3").screen());
    insta::assert_snapshot!("one_ascii", session.keys("<Enter>").screen());
}

#[test]
fn one_service_is_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)] {
        insta::assert_snapshot!(
            format!("one_{width}x{height}"),
            services((width, height)).keys("j j j <Enter>").screen()
        );
    }
}

#[test]
fn what_is_worst_comes_first_and_columns_sort_by_key_and_click() {
    let mut session = services((120, 30));
    let scores = |session: &Session| {
        let screen = session.screen();
        let score = |line: &str| line.split(['✖', '!', '●']).nth(1)?.split_whitespace().next()?.parse::<u32>().ok();
        screen.lines().skip(2).take(15).filter_map(score).collect::<Vec<_>>()
    };
    let worst_first = scores(&session);
    assert!(worst_first.len() > 5 && worst_first.is_sorted(), "{worst_first:?} {}", session.screen());
    session.keys("o");
    assert_eq!(session.lines_with("▼req/min").len(), 1);
    session.keys("O");
    assert_eq!(session.lines_with("▲req/min").len(), 1);
    session.click(3, 1);
    assert_eq!(session.lines_with("service▲").len(), 1);
}

#[test]
fn the_selected_service_stays_selected() {
    let mut session = services((120, 30));
    session.keys("o j j j");
    let name = |session: &Session| selected(session).split_whitespace().nth(1).map(str::to_owned);
    let before = name(&session);
    for i in 0..30 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * 1000), 100));
    }
    session.second();
    assert_eq!(name(&session), before);
}

#[test]
fn without_traces_it_says_what_to_do() {
    let mut session = Session::new((80, 24), Vec::new());
    assert_eq!(session.keys("3").lines_with("Point a program here").len(), 1);
}

#[test]
fn nothing_in_the_window_names_the_key_that_widens_it() {
    let mut session = Session::new((80, 24), vec![fake::checkout(7, NOW.minus(3_000 * SECOND), 100)]);
    session.keys("3");
    insta::assert_snapshot!("nothing", session.screen());
    session.keys("+");
    assert_eq!(session.lines_with("payments").len(), 1);
}

#[test]
fn a_query_narrows_the_figures() {
    let mut session = Session::new((100, 30), fake::shop(60, NOW));
    session.keys("3 /").type_text("service=payments").keys("<Enter>");
    insta::assert_snapshot!("searched", session.screen());
    session.keys("/ <C-u>").type_text("service=nobody").keys("<Enter>");
    insta::assert_snapshot!("not_found", session.screen());
    session.keys("<Esc>");
    assert!(session.lines_with("gateway").len() == 1);
}

#[test]
fn an_operation_leads_to_its_traces_and_back() {
    let mut session = services((120, 36));
    session.keys("<Enter> <Enter>");
    assert_eq!(session.lines_with("kind = ").len(), 1, "{}", session.screen());
    assert_eq!(session.lines_with("1 Traces").len(), 1);
    session.keys("<Enter> <Esc>");
    assert_eq!(session.lines_with("kind = ").len(), 1, "from a trace to the list");
    session.keys("<Esc>");
    assert_eq!(session.lines_with("3 Services").len(), 1, "{}", session.screen());
    assert_eq!(session.lines_with("duration  P50").len(), 1);
    session.keys("<Esc>");
    assert_eq!(session.lines_with("req/min").len(), 1);
    session.keys("1");
    assert!(session.lines_with("kind = ").is_empty());
}

#[test]
fn an_operation_of_what_is_searched_for_leads_to_traces_of_that() {
    let mut session = services((120, 36));
    session.keys("/").type_text("{ status = error }").keys("<Enter> <Enter> <Enter>");
    assert_eq!(
        session.lines_with("{ span:status = error && (resource.service.name = ").len(),
        1,
        "{}",
        session.screen()
    );
    assert_eq!(session.lines_with("1 Traces").len(), 1);
}

#[test]
fn a_pause_holds_the_figures() {
    let mut session = services((120, 36));
    session.keys("p").second();
    let rows = |session: &Session| session.screen().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let before = rows(&session);
    session.asked.clear();
    for i in 0..30 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * 1000), 100));
        session.second();
    }
    assert_eq!((rows(&session), asked(&session, is_of_figures)), (before, 0));
    session.keys("p");
    assert_eq!(asked(&session, is_of_figures), 1);
}

#[test]
fn nothing_is_asked_that_is_not_shown_or_has_not_changed() {
    let mut session = services((120, 36));
    session.asked.clear();
    session.keys("j k o O");
    assert_eq!(asked(&session, |_| true), 0);
    session.keys("<Enter>");
    assert_eq!(asked(&session, is_of_figures), 2);
    session.asked.clear();
    session.keys("j o 1");
    assert_eq!(asked(&session, is_of_figures), 0);
}

#[test]
fn failing_it_says_why_and_recovers() {
    let mut session = services((80, 24));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("+");
    assert_eq!(session.lines_with("what is shown is old: cannot reach").len(), 1, "{}", session.screen());
    session.keys("j <Enter>");
    insta::assert_snapshot!("one_failing", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
}

#[test]
fn hostile_names_never_break_the_layout() {
    let mut spans = vec![
        fake::span(1, 0, (0, 9000), "日本語サービス日本語サービス日本語", "操作 🚀\u{200d}👩 \u{202e}abc\x1b]0;x\x07"),
        fake::span(2, 1, (0, 4000), "e\u{301}\u{301}\u{301}\u{301}", "\"}\\`\n"),
    ];
    for span in &mut spans {
        span.start = NOW.minus(SECOND);
    }
    let mut session = Session::new((100, 30), vec![fake::trace(1, spans)]);
    insta::assert_snapshot!("hostile", session.keys("3").screen());
    session.keys("<Enter> <Enter>");
    assert_eq!(session.lines_with("1 of 1 trace").len(), 1, "{}", session.screen());
}
