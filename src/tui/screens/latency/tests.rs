//! Durations, keys in and screen out.

use crate::source::{Request, SlowOrder};
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

const SIZES: [(u16, u16); 5] = [(40, 10), (80, 24), (100, 30), (120, 36), (160, 45)];

/// Returns the durations of a shop of which the last minutes and those before are known.
fn latency(size: (u16, u16)) -> Session {
    let mut session = Session::new(size, fake::shop(1000, NOW));
    session.keys("5");
    session
}

fn asked(session: &Session, kind: fn(&Request) -> bool) -> usize {
    session.asked.iter().filter(|request| kind(request)).count()
}

fn is_of_latency(request: &Request) -> bool {
    matches!(request, Request::Density(_) | Request::Slow(_) | Request::Spans(_))
}

/// Returns the line of the selected row.
fn selected(session: &Session) -> String {
    session.screen().lines().find(|line| line.starts_with('▌')).expect("a row is selected").to_owned()
}

#[test]
fn durations_are_shown_at_every_size() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{width}x{height}"), latency((width, height)).screen());
    }
}

#[test]
fn a_part_of_the_heatmap_lists_its_spans_at_every_size() {
    for (width, height) in SIZES {
        let mut session = latency((width, height));
        insta::assert_snapshot!(format!("heat_{width}x{height}"), session.keys("h h h v h h j j").screen());
    }
    insta::assert_snapshot!("found_40x10", latency((40, 10)).keys("h <Enter>").screen());
}

#[test]
fn slow_operations_are_shown_at_every_size() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("slow_{width}x{height}"), latency((width, height)).keys("t").screen());
    }
}

#[test]
fn it_draws_with_fewer_colours_and_with_ascii_alone() {
    for (name, look) in [
        ("sixteen", look(ThemeChoice::Sixteen, false)),
        ("mono", look(ThemeChoice::Mono, false)),
        ("ascii", look(ThemeChoice::Mono, true)),
    ] {
        let mut session = Session::with_look((80, 24), fake::shop(600, NOW), look);
        insta::assert_snapshot!(name, session.keys("5 h h h v h h j j").screen());
        insta::assert_snapshot!(format!("{name}_charts"), session.keys("<Esc> <Esc>").screen());
    }
}

#[test]
fn a_span_of_the_heatmap_opens_its_trace_and_leads_back() {
    let mut session = latency((120, 36));
    session.keys("/").type_text("{ kind = server }").keys("<Enter> h");
    let request = session.asked.iter().rev().find_map(|request| match request {
        Request::Spans(request) => Some(request.clone()),
        _ => None,
    });
    let request = request.expect("spans are asked for");
    assert!(request.query.to_string().starts_with("{ span:kind = server && span:duration"), "{}", request.query);
    assert!(request.window.from.is_some() && request.window.to.is_some());
    session.keys("<Enter>");
    let row = selected(&session);
    session.keys("<Enter>");
    assert_eq!(session.lines_with("2 Trace").len(), 1, "{}", session.screen());
    let operation = session.app.selected_span().expect("a span is selected");
    assert!(operation.0 > 0);
    session.keys("<Esc>");
    assert_eq!(selected(&session), row);
    session.keys("<Esc> <Esc> <Esc>");
    assert!(session.lines_with("kind = server").is_empty(), "{}", session.screen());
}

#[test]
fn what_is_listed_is_what_is_counted() {
    let mut session = latency((120, 36));
    session.keys("/").type_text("{ }").keys("<Enter> h g v G h h h h");
    let title = session.lines_with(" to ").into_iter().find(|line| line.contains("spans")).unwrap();
    let count = title.split_whitespace().next().unwrap().to_owned();
    assert!(session.lines_with(&format!(" {count} spans")).len() >= 2, "{}", session.screen());
}

#[test]
fn the_selection_stays_with_the_data() {
    let mut session = latency((120, 36));
    session.keys("h h h h v k k l");
    let spans = |session: &Session| session.lines_with(" to ").first().cloned();
    let before = spans(&session);
    for i in 0..5 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * SECOND), 100));
        session.second();
    }
    assert!(before.is_some_and(|line| line.contains("request")));
    let times = |line: Option<String>| line.map(|line| line.split("  ").skip(1).map(str::to_owned).collect::<Vec<_>>());
    assert!(times(spans(&session)).is_some());
}

#[test]
fn a_click_in_the_heatmap_goes_there() {
    let mut session = latency((120, 36));
    let screen = session.screen();
    let title = screen.lines().position(|line| line.contains("by time and duration")).unwrap() as u16;
    session.click(60, title + 3);
    assert!(session.lines_with("◆").len() == 1, "{}", session.screen());
    assert!(session.screen().lines().nth(usize::from(title) + 3).unwrap().contains('◆'));
}

#[test]
fn slow_operations_come_in_the_order_asked_for_and_lead_to_their_traces() {
    let mut session = latency((120, 36));
    let orders = |session: &Session| {
        let order = |request: &Request| if let Request::Slow(slow) = request { Some(slow.order) } else { None };
        session.asked.iter().rev().find_map(order)
    };
    assert_eq!(orders(&session), Some(SlowOrder::Total));
    session.keys("o");
    assert_eq!((orders(&session), session.lines_with("▼P99").len()), (Some(SlowOrder::P99), 1));
    session.keys("o");
    assert_eq!((orders(&session), session.lines_with("▼against before").len()), (Some(SlowOrder::Change), 1));
    session.keys("<Enter>");
    assert_eq!(session.lines_with("kind = ").len(), 1, "{}", session.screen());
    session.keys("<Esc>");
    assert_eq!(session.lines_with("5 Latency").len(), 1);
}

#[test]
fn what_became_slower_is_told() {
    let mut traces = fake::shop(1000, NOW);
    traces.extend((0..40).map(|i| fake::checkout(1000 + i, NOW.minus(i as u64 * 10 * SECOND), 260)));
    let mut session = Session::new((100, 30), traces);
    insta::assert_snapshot!("slower", session.keys("5 t o o").screen());
}

#[test]
fn the_selected_operation_stays_selected() {
    let mut session = latency((120, 36));
    session.keys("j j j j");
    let name = |session: &Session| selected(session).split_whitespace().nth(1).map(str::to_owned);
    let before = name(&session);
    for i in 0..30 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * 1000), 100));
    }
    session.second();
    assert_eq!(name(&session), before);
}

#[test]
fn a_query_narrows_everything_and_is_remembered() {
    let mut session = latency((100, 30));
    session.keys("/").type_text("{ name = \"SELECT stock FOR UPDATE\" }").keys("<Enter>");
    assert_eq!(session.remembered.len(), 1);
    insta::assert_snapshot!("searched", session.screen());
    session.keys("1 5");
    assert_eq!(session.lines_with("SELECT stock").len(), 1, "its own line is kept");
    session.keys("/ <C-u>").type_text("service=nobody").keys("<Enter>");
    insta::assert_snapshot!("not_found", session.screen());
    session.keys("<Esc>");
    assert_eq!(session.lines_with("requests by time").len(), 1);
}

#[test]
fn without_traces_it_says_what_to_do() {
    let mut session = Session::new((80, 24), Vec::new());
    assert_eq!(session.keys("5").lines_with("Point a program here").len(), 1);
    session.keys("h j <Enter> t o <Enter> v L");
}

#[test]
fn nothing_in_the_window_names_the_key_that_widens_it() {
    let mut session = Session::new((80, 24), vec![fake::checkout(7, NOW.minus(3_000 * SECOND), 100)]);
    session.keys("5");
    insta::assert_snapshot!("nothing", session.screen());
    session.keys("+");
    assert_eq!(session.lines_with("requests by time").len(), 1);
    session.keys("+ + +");
    assert_eq!(session.lines_with("requests by time").len(), 1, "without a window as well");
}

#[test]
fn a_pause_holds_everything() {
    let mut session = latency((120, 36));
    session.keys("p").second();
    let rows = |session: &Session| session.screen().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let before = rows(&session);
    session.asked.clear();
    for i in 0..30 {
        session.source.add(fake::checkout(1000 + i, NOW.plus(i as u64 * 1000), 100));
        session.second();
    }
    assert_eq!((rows(&session), asked(&session, is_of_latency)), (before, 0));
    session.keys("p");
    assert_eq!(asked(&session, is_of_latency), 2);
}

#[test]
fn nothing_is_asked_that_is_not_shown_or_has_not_changed() {
    let mut session = latency((80, 24));
    assert_eq!(asked(&session, is_of_latency), 1, "slow operations are not shown");
    session.asked.clear();
    session.keys("j k <Tab>");
    assert_eq!(asked(&session, is_of_latency), 1, "the spans of a part");
    session.asked.clear();
    session.keys("<Enter> j k o O <Esc> <Esc>");
    assert_eq!(asked(&session, is_of_latency), 0);
    session.keys("t j k");
    assert_eq!(asked(&session, is_of_latency), 1);
    session.asked.clear();
    session.keys("1");
    assert_eq!(asked(&session, is_of_latency), 0);
}

#[test]
fn failing_it_says_why_and_recovers() {
    let mut session = latency((80, 24));
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320\x1b[2J".into());
    session.keys("+");
    assert_eq!(session.lines_with("what is shown is old: cannot reach").len(), 1, "{}", session.screen());
    session.keys("h");
    insta::assert_snapshot!("failing", session.screen());
    *session.source.failure.lock().unwrap() = None;
    session.second();
    assert!(session.lines_with("cannot reach").is_empty());
    let mut session = Session::new((80, 24), fake::shop(9, NOW));
    *session.source.failure.lock().unwrap() = Some("no".into());
    assert_eq!(session.keys("5").lines_with("there is no answer").len(), 1);
}

#[test]
fn hostile_names_and_durations_never_break_the_layout() {
    let mut spans = vec![
        fake::span(1, 0, (0, 9000), "日本語サービス日本語サービス日本語", "操作 🚀\u{200d}👩 \u{202e}abc\x1b]0;x\x07"),
        fake::span(2, 1, (0, 0), "e\u{301}\u{301}\u{301}\u{301}", "\"}\\`\n"),
        fake::span(3, 1, (0, u64::MAX / 2_000), "x", "y"),
    ];
    for span in &mut spans {
        span.start = NOW.minus(SECOND);
    }
    let mut session = Session::new((120, 36), vec![fake::trace(1, spans)]);
    insta::assert_snapshot!("hostile", session.keys("5").screen());
    session.keys("/").type_text("{ }").keys("<Enter> h g v G H");
    insta::assert_snapshot!("hostile_heat", session.screen());
}
