//! The table of errors, keys in and screen out.

use crate::model::{Span, StatusCode, Trace};
use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

/// Returns the errors of a shop.
fn errors(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(1000, NOW));
    session.keys("6");
    session
}

fn asked(session: &Session) -> usize {
    session.asked.iter().filter(|request| matches!(request, Request::Errors(_))).count()
}

/// Returns a trace of one failed span.
fn failed(id: u128, service: &str, operation: &str) -> Trace {
    let span = fake::span(id as u64, 0, (0, 900), service, operation);
    fake::trace(id, vec![Span { start: NOW.minus(SECOND), status: StatusCode::Error, ..span }])
}

#[test]
fn errors_are_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)] {
        insta::assert_snapshot!(format!("{width}x{height}"), errors((width, height)).screen());
    }
}

#[test]
fn they_are_drawn_with_ascii_alone() {
    let mut session = Session::with_look((100, 30), fake::shop(400, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("ascii", session.keys("6").screen());
}

#[test]
fn where_there_is_little_room_the_group_takes_the_place_of_the_table() {
    let mut session = errors((80, 16));
    assert!(session.lines_with("operation  ").is_empty(), "{}", session.screen());
    session.keys("<Tab>");
    assert_eq!(session.lines_with("operation  ").len(), 1, "{}", session.screen());
    session.keys("<Esc>");
    assert!(session.lines_with("operation  ").is_empty());
    assert_eq!(session.lines_with("6 Errors").len(), 1);
}

#[test]
fn a_stack_trace_scrolls_as_far_as_it_goes() {
    let mut session = errors((100, 30));
    while session.lines_with("at shop.payments.Bank.charge").is_empty() {
        session.keys("j");
    }
    let whole = session.screen();
    session.keys("<Tab> G G j j");
    let end = session.screen();
    assert!(!session.lines_with("... 3 more").is_empty(), "{end}");
    session.keys("j");
    assert_eq!(session.screen(), end);
    session.keys("g g <Tab>");
    assert_eq!(session.screen(), whole);
}

#[test]
fn enter_lists_the_traces_of_a_group_and_escape_comes_back() {
    let mut session = Session::new((120, 36), vec![failed(1, "cart", "add"), failed(2, "mail", "send")]);
    session.keys("6 o o o");
    assert_eq!(session.lines_with("2 failed spans in 2 groups").len(), 1, "{}", session.screen());
    session.keys("<Enter>");
    assert!(!session.lines_with("status = error && ").is_empty(), "{}", session.screen());
    assert_eq!(session.lines_with("1 Traces").len(), 1);
    session.keys("<Esc>");
    assert_eq!(session.lines_with("6 Errors").len(), 1);
}

#[test]
fn a_search_leaves_the_errors_of_what_it_finds() {
    let mut session = Session::new((120, 36), vec![failed(1, "cart", "add"), failed(2, "mail", "send")]);
    session.keys("6 /").type_text("service=cart").keys("<Enter>");
    assert_eq!(session.lines_with("1 failed span in 1 group").len(), 1, "{}", session.screen());
    session.keys("/").type_text(" service=nobody").keys("<Enter>");
    insta::assert_snapshot!("not_found", session.screen());
}

#[test]
fn nothing_failed_and_failing_have_their_own_faces() {
    let fine = fake::trace(1, vec![Span { start: NOW.minus(SECOND), ..fake::span(1, 0, (0, 9), "cart", "add") }]);
    let mut session = Session::new((80, 24), vec![fine]);
    assert_eq!(session.keys("6").lines_with("nothing failed in the last 15m").len(), 1, "{}", session.screen());
    let mut session = Session::new((80, 24), Vec::new());
    assert_eq!(session.keys("6").lines_with("Point a program here").len(), 1);
    let mut session = errors((100, 30));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("+");
    insta::assert_snapshot!("failing", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
}

#[test]
fn a_pause_holds_the_table_and_nothing_is_asked_twice() {
    let mut session = errors((120, 36));
    session.asked.clear();
    session.keys("j k o O <Tab> j <Tab>");
    assert_eq!(asked(&session), 0);
    session.keys("p").second();
    session.asked.clear();
    session.source.add(fake::checkout(4000, NOW, 100));
    session.second();
    session.second();
    assert_eq!(asked(&session), 0);
    session.keys("p");
    assert_eq!(asked(&session), 1);
}

#[test]
fn who_is_selected_stays_selected_as_others_come() {
    let mut session = Session::new((120, 36), vec![failed(1, "cart", "add"), failed(2, "mail", "send")]);
    session.keys("6 j");
    let selected =
        |session: &Session| session.lines_with("▌")[0].split_whitespace().nth(2).unwrap_or_default().to_owned();
    let before = selected(&session);
    for id in 10..15 {
        session.source.add(failed(id, "till", "pay"));
    }
    session.second();
    assert_eq!(session.lines_with("7 failed spans in 3 groups").len(), 1, "{}", session.screen());
    assert_eq!(selected(&session), before, "{}", session.screen());
}

#[test]
fn clicks_select_sort_and_open() {
    let mut session = Session::new((120, 36), vec![failed(1, "cart", "add"), failed(2, "mail", "send")]);
    session.keys("6");
    session.click(20, 3);
    session.click(20, 3);
    assert_eq!(session.lines_with("1 Traces").len(), 1, "{}", session.screen());
}

#[test]
fn hostile_names_never_break_the_layout() {
    let names = ["日本語サービス日本語サービス", "e\u{301}\u{301}\u{301} \u{202e}abc\x1b]0;x\x07", "\"}\\`\n", ""];
    let traces = (1..).zip(names).map(|(id, name)| failed(id, name, name)).collect();
    let mut session = Session::new((120, 36), traces);
    insta::assert_snapshot!("hostile", session.keys("6").screen());
}
