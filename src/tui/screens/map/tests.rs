//! The map, keys in and screen out.

use std::sync::Arc;

use crate::model::{Kind, Span, Trace};
use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

/// Returns the map of a shop.
fn map(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(1000, NOW));
    session.keys("4");
    session
}

fn asked(session: &Session) -> usize {
    session.asked.iter().filter(|request| matches!(request, Request::Dependencies(_))).count()
}

/// Returns a trace in which each service calls the next.
fn chain(id: u128, services: &[&str]) -> Trace {
    let span = |(at, service): (usize, &&str)| Span {
        start: NOW.minus(SECOND),
        kind: Kind::Server,
        ..fake::span(at as u64 + 1, at as u64, (0, 9_000), service, "work")
    };
    fake::trace(id, services.iter().enumerate().map(span).collect())
}

#[test]
fn the_picture_is_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)] {
        insta::assert_snapshot!(format!("{width}x{height}"), map((width, height)).screen());
    }
}

#[test]
fn the_matrix_is_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (120, 36)] {
        insta::assert_snapshot!(format!("matrix_{width}x{height}"), map((width, height)).keys("m j l").screen());
    }
}

#[test]
fn it_draws_with_ascii_alone() {
    let mut session = Session::with_look((120, 36), fake::shop(400, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("ascii", session.keys("4").screen());
    insta::assert_snapshot!("ascii_matrix", session.keys("m").screen());
}

#[test]
fn keys_lead_from_caller_to_callee_and_to_their_traces() {
    let mut session = map((160, 45));
    assert_eq!(session.lines_with("called by").len(), 0, "nothing calls the gateway: {}", session.screen());
    session.keys("l");
    let callers = |session: &Session| session.lines_with("called by");
    assert!(callers(&session).iter().any(|line| line.contains("gateway")), "{}", session.screen());
    session.keys("<Tab> <Enter>");
    assert_eq!(session.lines_with("} > {").len(), 1, "{}", session.screen());
    assert_eq!(session.lines_with("1 Traces").len(), 1);
    session.keys("<Esc> <Esc> h <Enter>");
    assert_eq!(session.lines_with("resource.service.name = ").len(), 1, "{}", session.screen());
    session.keys("<Esc>");
    assert_eq!(session.lines_with("4 Map").len(), 1);
}

#[test]
fn what_is_near_is_shown_alone() {
    let mut session = Session::new((160, 45), vec![chain(1, &["a1", "b2", "c3", "d4", "e5", "f6"])]);
    session.keys("4");
    let shown = |session: &Session| {
        ["a1", "b2", "c3", "d4", "e5", "f6"].map(|name| u8::from(!session.lines_with(&format!(" {name} ")).is_empty()))
    };
    assert_eq!(shown(&session), [1, 1, 1, 1, 1, 1], "{}", session.screen());
    session.keys("f");
    assert_eq!(shown(&session), [1, 1, 0, 0, 0, 0], "{}", session.screen());
    assert_eq!(session.lines_with("within 1 call: 2 services").len(), 1);
    session.keys("f");
    assert_eq!(shown(&session), [1, 1, 1, 0, 0, 0]);
    session.keys("<Esc>");
    assert_eq!(shown(&session), [1, 1, 1, 1, 1, 1]);
}

#[test]
fn circles_and_calls_of_oneself_are_shown_honestly() {
    let traces = vec![chain(1, &["alpha", "beta", "gamma", "alpha", "delta"]), chain(2, &["alpha", "alpha"])];
    let mut session = Session::new((120, 36), traces);
    insta::assert_snapshot!("circle", session.keys("4").screen());
}

#[test]
fn of_too_many_services_there_is_a_matrix() {
    let names: Vec<String> = (0..400).map(|number| format!("service-{number:03}")).collect();
    let services: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut session = Session::new((120, 36), vec![chain(1, &services)]);
    session.keys("4");
    assert_eq!(session.lines_with("too many for a picture: 400 services").len(), 1, "{}", session.screen());
    session.keys("G G l l l");
    assert_eq!(session.lines_with("  400  service-399").len(), 1, "{}", session.screen());
    // Near one of them there is room for a picture.
    session.keys("f");
    insta::assert_snapshot!("near_of_many", session.screen());
}

#[test]
fn nothing_failing_and_searching_have_their_own_faces() {
    let mut session = Session::new((80, 24), Vec::new());
    assert_eq!(session.keys("4").lines_with("Point a program here").len(), 1);
    let mut session = map((100, 30));
    session.keys("/").type_text("service=nobody").keys("<Enter>");
    insta::assert_snapshot!("not_found", session.screen());
    session.keys("<Esc>");
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("+");
    insta::assert_snapshot!("failing", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
}

#[test]
fn a_pause_holds_the_figures_and_nothing_is_asked_twice() {
    let mut session = map((120, 36));
    session.asked.clear();
    session.keys("j k l h m m <Tab> <Tab>");
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
fn clicks_select_and_open() {
    let mut session = map((120, 36));
    let screen = session.screen();
    let (y, line) = screen.lines().enumerate().find(|(_, line)| line.contains(" orders ")).unwrap();
    let column = line.split(" orders ").next().unwrap().chars().count() as u16 + 2;
    session.click(column, y as u16);
    assert!(!session.lines_with("called by").is_empty(), "{}", session.screen());
    session.click(column, y as u16);
    assert_eq!(session.lines_with("1 Traces").len(), 1, "{}", session.screen());
}

#[test]
fn hostile_names_never_break_the_layout() {
    let names =
        ["日本語サービス日本語サービス日本語", "e\u{301}\u{301}\u{301}\u{301} \u{202e}abc\x1b]0;x\x07", "\"}\\`\n", ""];
    let mut session = Session::new((120, 36), vec![chain(1, &names)]);
    insta::assert_snapshot!("hostile", session.keys("4").screen());
    insta::assert_snapshot!("hostile_matrix", session.keys("m").screen());
    let with_one: Arc<str> = Arc::from(names[1]);
    assert!(!session.screen().contains(&*with_one));
}
