//! What lies over screens, keys in and screen out.

use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::{NOW, Session, fake, look};

/// Returns the list of traces, of which those slower than a millisecond were searched for, and why they are.
fn why(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(300, NOW));
    session.keys("/").type_text("{ duration > 1ms }").keys("<Enter> w");
    session
}

#[test]
fn why_lies_over_the_list_at_every_size() {
    for size in [(40, 10), (80, 24), (120, 36)] {
        insta::assert_snapshot!(format!("why_{}x{}", size.0, size.1), why(size).screen());
    }
    let mut session = Session::with_look((100, 30), fake::shop(300, NOW), look(ThemeChoice::Mono, true));
    session.keys("/").type_text("{ duration > 1ms }").keys("<Enter> w");
    insta::assert_snapshot!("why_ascii", session.screen());
}

#[test]
fn a_cause_leads_to_the_traces_that_have_it() {
    let mut session = why((120, 36));
    session.keys("j j <Enter>");
    let listed = session.asked.iter().rev().find_map(|request| match request {
        Request::Traces(traces) => traces.filter.query.as_ref().map(ToString::to_string),
        _ => None,
    });
    let listed = listed.expect("traces are listed");
    assert!(listed.starts_with("{ span:duration > 1ms } && { span.tenant.id = "), "{listed}");
    assert!(session.lines_with("takes 310 ms").is_empty(), "{}", session.screen());
}

#[test]
fn it_closes_and_keeps_the_keys_until_then() {
    let mut session = why((120, 36));
    session.keys("o O !");
    assert_eq!(session.lines_with("takes 310 ms").len(), 1, "{}", session.screen());
    session.keys("<Esc>");
    assert!(session.lines_with("takes 310 ms").is_empty());
    session.keys("w 6");
    assert!(session.lines_with("takes 310 ms").is_empty(), "another screen is another question");
}

#[test]
fn where_nothing_sets_them_apart_it_says_so() {
    let mut session = Session::new((80, 24), fake::shop(300, NOW));
    session.keys("/").type_text("{ status = error }").keys("<Enter> w");
    assert_eq!(session.lines_with("nothing sets them apart").len(), 1, "{}", session.screen());
    // Without anything that was searched for there is nothing to explain.
    let mut session = Session::new((120, 24), fake::shop(300, NOW));
    session.keys("w");
    assert_eq!(session.lines_with("search for them first").len(), 1, "{}", session.screen());
    // Of errors only, that is.
    session.keys("! w");
    assert_eq!(session.lines_with("nothing sets them apart").len(), 1, "{}", session.screen());
}

#[test]
fn errors_and_parts_of_the_heatmap_are_explained() {
    let mut session = Session::new((120, 36), fake::shop(300, NOW));
    session.keys("6 w");
    assert_eq!(session.lines_with("nothing sets them apart").len(), 1, "{}", session.screen());
    session.keys("<Esc> 5 w");
    assert_eq!(session.lines_with("h goes into the heatmap").len(), 1, "{}", session.screen());
    session.keys("h w");
    assert_eq!(session.lines_with("takes 310 ms").len(), 1, "{}", session.screen());
    let part = session.asked.iter().rev().find_map(|request| match request {
        Request::Explain(request) => Some(request.clone()),
        _ => None,
    });
    let part = part.expect("it is asked");
    assert!(part.of.window.from > part.against.window.from && part.against.query.is_none());
}

#[test]
fn no_answer_is_told() {
    let mut session = why((80, 24));
    session.keys("<Esc>");
    *session.source.failure.lock().unwrap() = Some("the disk is gone".into());
    session.keys("w");
    assert_eq!(session.lines_with("the disk is gone").len(), 1, "{}", session.screen());
}
