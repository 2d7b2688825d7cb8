//! The search line, keys in and screen out.

use crate::source::{Progress, Request, TracesRequest};
use crate::tui::event::Event;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake;
use crate::tui::testing::{NOW, Session, look};

fn shop(size: (u16, u16)) -> Session {
    Session::new(size, fake::shop(120, NOW))
}

/// Returns the search line, and the line below the list.
fn lines(session: &Session) -> (String, String) {
    let screen = session.screen();
    let lines: Vec<&str> = screen.lines().rev().skip(1).take(2).collect();
    (lines[0].to_owned(), lines[1].to_owned())
}

/// Returns how many traces are listed.
fn listed(session: &Session) -> String {
    lines(session).1.trim().split("  ").next().unwrap_or_default().to_owned()
}

fn searches(session: &Session) -> Vec<&TracesRequest> {
    let traces = |request: &'_ Request| matches!(request, Request::Traces(_));
    let asked = session.asked.iter().filter(|request| traces(request));
    asked.map(|request| if let Request::Traces(request) = request { request } else { unreachable!() }).collect()
}

#[test]
fn the_list_is_searched_while_one_types() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout");
    insta::assert_snapshot!("typing_80x24", session.screen());
    assert_eq!(listed(&session), "14 of 120 traces");
    session.keys("<Enter>");
    insta::assert_snapshot!("found_80x24", session.screen());
    assert_eq!(session.remembered, ["checkout"]);
    session.keys("<Esc>");
    assert!(!lines(&session).0.starts_with(" / "));
    assert_eq!(session.lines_with("120 of 120 traces").len(), 1);
}

#[test]
fn it_is_drawn_at_every_size() {
    for (name, size) in [("typing_40x10", (40, 10)), ("typing_160x45", (160, 45))] {
        let mut session = shop(size);
        session.keys("/").type_text("checkout service=gateway");
        insta::assert_snapshot!(name, session.screen());
    }
}

#[test]
fn escape_restores_what_was_before() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout").keys("<Enter> / <C-u>").type_text("service=cart");
    assert_eq!(listed(&session), "29 of 120 traces");
    session.keys("<Esc>");
    assert_eq!(listed(&session), "14 of 120 traces");
    assert!(lines(&session).0.starts_with(" / checkout"));
    assert_eq!(session.remembered, ["checkout"]);
}

#[test]
fn a_query_that_has_not_ended_yet_changes_nothing() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout").keys("<C-a>").type_text("{ ");
    assert_eq!(listed(&session), "14 of 120 traces", "the last query stays in force");
    insta::assert_snapshot!("unfinished_80x24", session.screen());
    session.keys("<Enter>");
    assert!(session.remembered.is_empty());
    session.keys("<Esc>");
    assert_eq!(session.lines_with("120 of 120 traces").len(), 1);
}

#[test]
fn keys_that_type_do_nothing_else() {
    let mut session = shop((80, 24));
    session.keys("/ q ? / p");
    assert!(!session.ended);
    assert!(lines(&session).0.starts_with(" / q?/p"));
    session.keys("<C-w>").event(Event::Paste("two\nlines\x1b".into()));
    assert!(lines(&session).0.starts_with(" / two lines"));
    session.keys("<C-c>");
    assert!(session.ended);
}

#[test]
fn the_history_is_walked_up_and_down() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("draft").keys("<Up>");
    assert!(lines(&session).0.starts_with(" / { duration > 1s }"));
    session.keys("<Up> <Up>");
    assert!(lines(&session).0.starts_with(" / service=cart"), "there is nothing before the oldest");
    session.keys("<Down> <Down>");
    assert!(lines(&session).0.starts_with(" / draft"));
    session.keys("<C-u>").type_text("auth").keys("<Enter> / <C-u> <Up>");
    assert!(lines(&session).0.starts_with(" / auth"));
}

#[test]
fn what_fits_is_offered_with_counts() {
    let mut session = shop((80, 24));
    session.keys("/ <Tab>");
    insta::assert_snapshot!("recent_80x24", session.screen());
    session.keys("<Enter>");
    assert!(lines(&session).0.starts_with(" / checkout status=error"));
    session.keys("<C-u>").type_text("ga").keys("<Tab>");
    insta::assert_snapshot!("offered_80x24", session.screen());
    session.type_text("tex");
    assert_eq!(session.lines_with("nothing that is known fits here").len(), 1);
    session.keys("<Backspace> <Tab>");
    assert!(lines(&session).0.starts_with(" / service=gateway"), "{}", lines(&session).0);
    session.keys("<Esc>");
    assert_eq!(session.lines_with("120 of 120 traces").len(), 1);
}

#[test]
fn what_fits_is_asked_for_only_while_it_is_shown() {
    let mut session = shop((80, 24));
    let asks = |session: &Session| session.asked.iter().filter(|r| matches!(r, Request::Attributes(_))).count();
    session.keys("/").type_text("htt");
    assert_eq!(asks(&session), 0);
    session.keys("<Tab>");
    assert_eq!(asks(&session), 1);
    session.type_text("p").keys("<Esc>").type_text("x");
    assert_eq!(asks(&session), 2);
}

#[test]
fn what_it_means_is_shown_as_traceql() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout").keys("<A-t>");
    insta::assert_snapshot!("explained_80x24", session.screen());
    session.keys("<Esc>");
    assert!(session.lines_with("as TraceQL").is_empty());
    assert!(lines(&session).0.starts_with(" / checkout"), "the line is still typed into");
}

#[test]
fn a_long_search_shows_how_far_it_is_and_can_be_stopped() {
    let mut session = shop((80, 24));
    *session.source.progress.lock().unwrap() = Progress { searched: 37, of: 100 };
    session.keys("/").type_text("checkout").keys("<Enter>");
    insta::assert_snapshot!("searching_80x24", session.screen());
    assert_eq!(session.under_way.len(), 1);
    session.keys("<Esc>");
    assert_eq!(session.under_way, []);
    assert!(lines(&session).0.ends_with("searched 37 %, stopped"), "{}", lines(&session).0);
    session.asked.clear();
    session.source.add(fake::checkout(1, NOW, 100));
    session.second();
    assert!(searches(&session).is_empty(), "it stays stopped");
    *session.source.progress.lock().unwrap() = Progress::default();
    session.keys("<Esc>");
    assert_eq!(session.lines_with("121 of 121 traces").len(), 1);
}

#[test]
fn what_is_typed_next_takes_the_place_of_a_long_search() {
    let mut session = shop((80, 24));
    *session.source.progress.lock().unwrap() = Progress { searched: 1, of: 100 };
    session.keys("/").type_text("che");
    assert_eq!(session.under_way.len(), 1, "one of the three is still wanted");
    *session.source.progress.lock().unwrap() = Progress::default();
    session.type_text("ckout");
    assert_eq!(session.under_way, []);
    assert_eq!(listed(&session), "14 of 120 traces");
}

#[test]
fn searching_again_never_shows_less_than_was_found() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout").keys("<Enter>");
    *session.source.progress.lock().unwrap() = Progress { searched: 1, of: 100 };
    session.source.add(fake::checkout(1, NOW, 100));
    session.second();
    assert_eq!(session.under_way.len(), 1);
    assert_eq!(listed(&session), "14 of 120 traces");
    assert!(session.lines_with("searched").is_empty());
}

#[test]
fn finding_nothing_it_names_the_query_and_what_to_do() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("nonsense").keys("<Enter>");
    insta::assert_snapshot!("nothing_80x24", session.screen());
}

#[test]
fn the_cursor_goes_where_the_line_is_clicked() {
    let mut session = shop((80, 24));
    session.keys("/").type_text("checkout").keys("<Enter>").click(3, 22).type_text("x");
    assert!(lines(&session).0.starts_with(" / xcheckout"));
}

#[test]
fn without_colour_and_with_ascii_alone_it_is_all_there() {
    let mut session = Session::with_look((60, 12), fake::shop(30, NOW), look(ThemeChoice::Mono, true));
    session.keys("/").type_text("{ x").keys("<Tab>");
    insta::assert_snapshot!("ascii_60x12", session.screen());
}

#[test]
fn a_trace_is_searched_span_by_span() {
    let mut session = Session::new((80, 24), vec![fake::checkout(7, NOW, 100)]);
    session.keys("<Enter> z /").type_text("postgres").keys("<Enter>");
    insta::assert_snapshot!("trace_80x24", session.screen());
    let count = |session: &Session| lines(session).0.rsplit("  ").next().unwrap_or_default().to_owned();
    assert_eq!(count(&session), "1/13");
    session.keys("n n");
    assert_eq!(count(&session), "3/13");
    session.keys("N G");
    assert_eq!(count(&session), "13 found");
    session.keys("n");
    assert_eq!(session.lines_with("no further match in this trace").len(), 1);
    session.keys("<Esc>");
    assert!(!lines(&session).0.starts_with(" / "));
    session.keys("n");
    assert_eq!(session.lines_with("/ searches in this trace").len(), 1);
}
