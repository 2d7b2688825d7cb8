//! The health of services, keys in and screen out.

use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::{NOW, Session, fake, look};

fn health(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(600, NOW));
    session.keys("7");
    session
}

#[test]
fn health_is_shown_at_every_size() {
    for (width, height) in [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)] {
        insta::assert_snapshot!(format!("{width}x{height}"), health((width, height)).screen());
    }
}

#[test]
fn it_draws_with_ascii_alone() {
    let mut session = Session::with_look((100, 30), fake::shop(400, NOW), look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("ascii", session.keys("7").screen());
}

#[test]
fn without_spans_it_says_so() {
    let mut session = Session::new((80, 24), Vec::new());
    insta::assert_snapshot!("empty", session.keys("7").screen());
}

#[test]
fn the_worst_comes_first_and_enter_lists_its_traces() {
    let mut session = health((100, 30));
    assert!(session.asked.iter().any(|request| matches!(request, Request::Trends(_))));
    let first = session.screen().lines().find(|line| line.starts_with('▌')).expect("one is selected").to_owned();
    let name = first.split_whitespace().next().expect("it has a name").trim_start_matches('▌').to_owned();
    session.keys("<Enter>");
    let line = session.screen().lines().rev().nth(1).unwrap_or_default().to_owned();
    assert!(line.contains(&name), "{line}");
    // Where it was told to list them, one comes back to.
    session.keys("<Esc>");
    assert_eq!(session.lines_with("all services").len(), 1);
}

#[test]
fn who_is_selected_stays_selected() {
    let mut session = health((100, 30));
    session.keys("j");
    session.keys("j");
    let selected = |session: &Session| {
        let screen = session.screen();
        screen.lines().find(|line| line.starts_with('▌')).map(|line| line.chars().take(20).collect::<String>())
    };
    let before = selected(&session);
    session.keys("p");
    session.keys("1");
    session.keys("7");
    assert_eq!(selected(&session), before);
}

#[test]
fn what_stands_out_takes_the_place_of_the_services_and_leads_to_a_trace() {
    for (width, height) in [(40, 10), (80, 24), (120, 36)] {
        insta::assert_snapshot!(format!("findings_{width}x{height}"), health((width, height)).keys("x").screen());
    }
    let mut session = health((120, 36));
    session.keys("x o <Enter>");
    assert!(session.lines_with("▼times").is_empty(), "a trace is open: {}", session.screen());
    assert!(session.asked.iter().any(|request| matches!(request, Request::Trace(_))));
    session.keys("7");
    assert_eq!(session.lines_with("▼times").len(), 1, "{}", session.screen());
    session.keys("<Esc>");
    assert!(session.lines_with("▼times").is_empty());
}

#[test]
fn without_anything_that_stands_out_it_says_so() {
    let mut session = Session::new((80, 24), vec![fake::trace(1, vec![fake::span(1, 0, (0, 10), "web", "GET /")])]);
    session.keys("7 x");
    assert_eq!(session.lines_with("nothing stands out in this trace").len(), 1, "{}", session.screen());
}
