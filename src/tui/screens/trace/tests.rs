//! The trace screen, keys in and screen out.

use crate::model::{Span, SpanId, StatusCode, Trace};
use crate::source::Request;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::fake::{self, SECOND};
use crate::tui::testing::{NOW, Session, look};

/// Returns a session in which the checkout is open.
fn checkout(size: (u16, u16)) -> Session {
    let traces = vec![
        fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100),
        fake::checkout(0xbeef_0001, NOW.minus(9 * SECOND), 50),
    ];
    let mut session = Session::new(size, traces);
    session.keys("<Enter>");
    session
}

/// Returns the selected row, without the detail that may stand beside it.
fn selected(session: &Session) -> String {
    let screen = session.screen();
    let row = screen.lines().find(|line| line.starts_with('▌')).expect("a row is selected");
    row.chars().take(60).collect()
}

#[test]
fn it_shows_a_trace_at_every_size() {
    insta::assert_snapshot!("80x24", checkout((80, 24)).screen());
    insta::assert_snapshot!("40x10", checkout((40, 10)).screen());
    insta::assert_snapshot!("120x36", checkout((120, 36)).screen());
    insta::assert_snapshot!("200x60", checkout((200, 60)).screen());
}

#[test]
fn it_fills_a_terminal_of_any_width() {
    assert_eq!(checkout((3000, 8)).lines_with("│ POST /checkout").len(), 1);
}

#[test]
fn it_draws_with_ascii_alone() {
    let mut session = Session::with_look((100, 24), vec![fake::checkout(7, NOW, 100)], look(ThemeChoice::Mono, true));
    insta::assert_snapshot!(session.keys("<Enter>").screen());
}

#[test]
fn low_and_narrow_the_detail_takes_the_screen() {
    let mut session = checkout((40, 10));
    insta::assert_snapshot!("detail_40x10", session.keys("<Tab>").screen());
}

#[test]
fn folding_hides_and_tells_what_it_hides() {
    let mut session = checkout((100, 40));
    session.keys("j j j h");
    insta::assert_snapshot!("folded", session.screen());
    session.keys("z");
    assert_eq!(session.lines_with("+37 6 failed").len(), 1);
    session.keys("Z");
    assert_eq!(session.lines_with("jwt.decode").len(), 1);
    session.keys("g <Enter>");
    assert!(session.lines_with("redis").is_empty());
    session.keys("l l");
    assert!(selected(&session).contains("rate-limit"));
}

#[test]
fn errors_are_found_in_folded_spans() {
    let mut session = checkout((200, 60));
    session.keys("z ] ]");
    assert!(selected(&session).contains("orders"), "{}", selected(&session));
    session.keys("] ] ] ]");
    assert!(selected(&session).contains("(try 3)"));
    session.keys("]");
    assert_eq!(session.lines_with("no further error").len(), 1);
    session.keys("[");
    assert!(selected(&session).contains("(try 2)"));
}

#[test]
fn the_axis_zooms_and_pans() {
    let mut session = checkout((120, 20));
    session.keys("] ] ] ] v");
    insta::assert_snapshot!("zoomed", session.screen());
    session.keys("H L <S-Left> + - - 0");
    assert!(session.lines_with("part of the time").is_empty());
}

#[test]
fn the_detail_tells_everything_of_a_span() {
    let mut session = checkout((120, 80));
    session.keys("] ] ]");
    insta::assert_snapshot!("detail", session.screen());
}

#[test]
fn attributes_fold_by_prefix() {
    let mut session = checkout((120, 50));
    session.keys("a");
    assert_eq!(session.lines_with("+ http.").len(), 1, "{}", session.screen());
    assert!(session.lines_with("http.request.method").is_empty());
    session.keys("<Tab>");
    while !selected_detail(&session).contains("http.") {
        session.keys("j");
    }
    session.keys("<Enter>");
    assert_eq!(session.lines_with("http.request.method").len(), 1);
}

/// Returns the selected line of the detail beside the waterfall.
fn selected_detail(session: &Session) -> String {
    let screen = session.screen();
    screen
        .lines()
        .filter_map(|line| line.split_once("│▌"))
        .map(|(_, detail)| detail.to_owned())
        .next()
        .unwrap_or_default()
}

#[test]
fn links_open_the_trace_they_point_to() {
    let mut session = checkout((120, 60));
    session.keys("] ] ] <Tab>");
    for _ in 0..60 {
        if selected_detail(&session).contains("> trace") {
            break;
        }
        session.keys("j");
    }
    session.keys("<Enter>");
    assert_eq!(session.lines_with("000000000000000000000000beef0001").len(), 2);
    assert_eq!(session.lines_with("2 Trace (2)").len(), 1);
    session.keys("<Esc>");
    assert!(selected(&session).contains("payments POST /charge"), "back to where one was");
}

#[test]
fn a_growing_trace_keeps_selection_and_folds() {
    let mut session = checkout((120, 40));
    session.keys("] ] ] h");
    let before = selected(&session);
    let mut spans = fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100).spans;
    for id in 100..120 {
        let mut early = fake::span(id, 2, (0, 10), "redis", "late to arrive");
        early.start = NOW.minus(SECOND).plus(id);
        spans.push(early);
    }
    session.source.traces.lock().unwrap()[0] = std::sync::Arc::new(fake::trace(0x4bf9_2f35, spans));
    session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    session.second();
    assert_eq!(session.lines_with("58 spans").len(), 1);
    assert_eq!(selected(&session), before);
}

#[test]
fn only_what_came_is_asked_of_a_growing_trace() {
    let mut session = checkout((120, 40));
    let mut spans = fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100).spans;
    let held = crate::model::Held { first: SpanId(1), last: SpanId(38) };
    for id in [39, 40] {
        spans.push(fake::span(id, 1, (0, 10), "redis", "GET"));
        session.asked.clear();
        session.source.traces.lock().unwrap()[0] = std::sync::Arc::new(fake::trace(0x4bf9_2f35, spans.clone()));
        session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        session.second();
        let last = SpanId(id - 1);
        let asked = Request::Newer(crate::model::TraceId(0x4bf9_2f35), crate::model::Held { last, ..held });
        assert_eq!(session.asked.iter().filter(|request| **request == asked).count(), 1, "{:?}", session.asked);
        assert_eq!(session.asked.len(), 2, "that and the status: {:?}", session.asked);
    }
    assert_eq!(session.lines_with("40 spans").len(), 1);
}

#[test]
fn a_trace_that_lost_its_beginning_is_shown_as_it_is_held() {
    let mut session = checkout((120, 40));
    session.keys("j j");
    let before = selected(&session);
    let mut spans = fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100).spans;
    spans.remove(0);
    session.source.traces.lock().unwrap()[0] = std::sync::Arc::new(fake::trace(0x4bf9_2f35, spans));
    session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    session.second();
    assert_eq!(session.lines_with("37 spans").len(), 1);
    assert!(selected(&session).contains("redis"), "{before}{}", selected(&session));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    /// In whatever pieces a trace comes, and whatever one does meanwhile, it ends up as if it had come at once.
    #[test]
    fn a_trace_that_came_in_pieces_looks_as_if_it_had_come_at_once(
        parents in proptest::collection::vec((0_u64..30, 0_u64..900, proptest::bool::weighted(0.1)), 2..60),
        cuts in proptest::collection::vec((1_usize..20, proptest::sample::select(vec!["j", "G", "h", "l", "]", "z"])), 0..8),
    ) {
        let spans: Vec<_> = (1..).zip(&parents).map(|(id, &(parent, start, failed))| {
            let mut span = fake::span(id, parent, (start, 50), ["web", "cart"][id as usize % 2], "op");
            span.start = NOW.minus(SECOND).plus(span.start.0);
            span.status = if failed { StatusCode::Error } else { StatusCode::Unset };
            span
        }).collect();
        let mut len = 1;
        let mut session = Session::new((150, 40), vec![fake::trace(3, spans[..len].to_vec())]);
        session.keys("<Enter>");
        for (step, keys) in cuts.iter().map(|(step, keys)| (*step, *keys)).chain([(spans.len(), "j")]) {
            len = (len + step).min(spans.len());
            session.source.traces.lock().unwrap()[0] = std::sync::Arc::new(fake::trace(3, spans[..len].to_vec()));
            session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let before = session.keys(keys).app.selected_span();
            session.second();
            proptest::prop_assert_eq!(session.app.selected_span(), before, "the selection stays");
        }
        let mut whole = Session::new((150, 40), vec![fake::trace(3, spans)]);
        let waterfall = |session: &mut Session| session.keys("Z g").screen().lines().skip(1).collect::<Vec<_>>().join("\n");
        proptest::prop_assert_eq!(waterfall(&mut session), waterfall(whole.keys("<Enter>")));
    }
}

/// Returns the spans asked for since the last time.
fn spans_asked(session: &mut Session) -> Vec<u64> {
    let asked = session.asked.drain(..);
    asked.filter_map(|request| if let Request::Span(_, span) = request { Some(span.0) } else { None }).collect()
}

#[test]
fn each_selected_span_is_asked_for_once() {
    let mut session = checkout((120, 36));
    assert_eq!(spans_asked(&mut session), [1]);
    session.keys("j j k");
    assert_eq!(spans_asked(&mut session), [2, 3, 2]);
    session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    session.second();
    assert_eq!(spans_asked(&mut session), [0; 0]);
}

#[test]
fn a_span_that_was_not_held_is_looked_for_as_data_arrives() {
    let mut session = checkout((120, 36));
    let held = std::mem::take(&mut *session.source.traces.lock().unwrap());
    session.keys("j");
    assert_eq!(session.lines_with("not held any more").len(), 1);
    *session.source.traces.lock().unwrap() = held;
    session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    session.second();
    assert!(session.lines_with("not held any more").is_empty());
}

#[test]
fn a_trace_that_left_memory_stays_on_the_screen_and_says_so() {
    let mut session = checkout((120, 20));
    session.source.traces.lock().unwrap().clear();
    session.source.revision.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    session.second();
    assert_eq!(session.lines_with("left memory").len(), 1);
    assert_eq!(session.lines_with("● rate-limit").len(), 1);
}

#[test]
fn a_trace_that_is_not_held_says_so() {
    let mut session = checkout((60, 12));
    session.keys("<Esc>");
    session.source.traces.lock().unwrap().clear();
    session.keys("<Enter>");
    insta::assert_snapshot!("missing", session.screen());
}

#[test]
fn before_its_answer_it_is_loading() {
    let mut session = checkout((60, 12));
    session.keys("<Esc>");
    // The key's effects are left undone, as if the answer were still on its way.
    drop(session.app.update(crate::tui::event::Event::Key("<Enter>".parse().unwrap())));
    insta::assert_snapshot!("loading", session.screen());
}

#[test]
fn failing_it_says_why() {
    let mut session = checkout((60, 12));
    session.keys("<Esc>");
    *session.source.failure.lock().unwrap() = Some("cannot reach 10.0.0.7:4320".into());
    session.keys("<Enter>");
    insta::assert_snapshot!("failing", session.screen());
}

#[test]
fn strange_traces_are_marked() {
    let mut spans = vec![
        fake::span(1, 0, (1000, 9000), "gateway", "root"),
        fake::span(2, 1, (500, 300), "cart", "early"),
        fake::span(3, 99, (2000, 3000), "cart", "orphan"),
        fake::span(4, 5, (3000, 1000), "auth", "chicken"),
        fake::span(5, 4, (3500, 1000), "auth", "egg"),
        fake::span(6, 1, (4000, 0), "redis", "backwards"),
    ];
    spans[5].ends_before_start = true;
    spans[1].status = StatusCode::Error;
    for span in &mut spans {
        span.start = NOW.minus(SECOND).plus(span.start.0);
    }
    let mut session = Session::new((120, 20), vec![fake::trace(5, spans)]);
    insta::assert_snapshot!("strange", session.keys("<Enter> j j").screen());
}

#[test]
fn a_trace_of_100_000_spans_scrolls_and_folds() {
    let mut spans: Vec<_> = (1..=100_000).map(|id| fake::span(id, id / 3, (id, 5), "deep", "op")).collect();
    for span in &mut spans {
        span.start = NOW.minus(SECOND).plus(span.start.0);
    }
    // A chain as deep as it gets, to see that nothing recurses and no line is drawn per level.
    for span in &mut spans[50_000..] {
        span.parent = Some(SpanId(span.id.0 - 1));
    }
    let mut session = Session::new((120, 40), vec![fake::trace(9, spans)]);
    session.keys("<Enter> G <PageUp> k k");
    assert!(selected(&session).contains("● op"), "{}", selected(&session));
    session.keys("z Z g j j");
    assert_eq!(session.lines_with("100,000 spans").len(), 1);
}

/// Returns a trace so many levels deep: on each level a call that goes deeper, then a short one.
fn deep(levels: u64) -> Trace {
    const SERVICES: [&str; 4] = ["storefront-bff", "checkout", "pricing", "recommendation"];
    const OPERATIONS: [&str; 3] = ["POST /api/checkout", "shop.cart.Cart/Load", "SELECT price_list"];
    let mut spans = Vec::new();
    for level in 0..levels {
        let service = SERVICES[level as usize / 2 % 4];
        let times = (level * 1000, (levels - level) * 2000);
        spans.push(fake::span(level + 1, level, times, service, OPERATIONS[level as usize % 3]));
        let after = (times.0 + times.1 - 900, 800);
        spans.push(fake::span(level + 1001, level, after, "redis", if level % 2 == 0 { "GET" } else { "SET" }));
    }
    spans.remove(1);
    for span in &mut spans {
        span.start = NOW.minus(SECOND).plus(span.start.0);
    }
    fake::trace(12, spans)
}

/// Checks that every line of the tree goes on from the row above it, or from its parent's sign there.
fn lines_meet(screen: &str) {
    let rows: Vec<Vec<char>> = screen.lines().skip(3).map(|line| line.chars().take(60).collect()).collect();
    let is_span = |row: &Vec<char>| row.iter().any(|c| "●✖◌".contains(*c));
    for (above, row) in rows.iter().zip(&rows[1..]).filter(|(above, row)| is_span(above) && is_span(row)) {
        let sign = row.iter().position(|c| "●✖◌".contains(*c)).unwrap();
        for (x, _) in row[..sign].iter().enumerate().filter(|(_, c)| "│├└".contains(**c)) {
            assert!("│├●✖◌".contains(above[x]), "column {x} of {}\n{screen}", row.iter().collect::<String>());
        }
    }
}

#[test]
fn deep_traces_keep_their_names_and_their_lines_meet() {
    for levels in [12, 60] {
        for size in [(80, 24), (120, 36), (200, 60)] {
            let mut session = Session::new(size, vec![deep(levels)]);
            session.keys("<Enter>");
            for _ in 0..levels {
                lines_meet(&session.keys("j j").screen());
            }
            session.keys("g <PageDown>");
            insta::assert_snapshot!(format!("deep_{levels}_{}x{}", size.0, size.1), session.screen());
        }
    }
}

#[test]
fn only_what_was_waited_for_is_shown() {
    let spans = vec![
        fake::span(1, 0, (0, 100), "gateway", "GET /"),
        fake::span(2, 1, (10, 80), "cart", "waited for"),
        fake::span(3, 1, (10, 20), "mail", "in parallel"),
        Span { status: StatusCode::Error, ..fake::span(4, 3, (12, 6), "mail", "below that") },
    ];
    let now = |span: Span| Span { start: NOW.minus(SECOND).plus(span.start.0), ..span };
    let mut session = Session::new((120, 36), vec![fake::trace(7, spans.into_iter().map(now).collect())]);
    session.keys("<Enter> j");
    let shown = |session: &Session| {
        ["waited for", "in parallel", "below that"].map(|name| !session.lines_with(name).is_empty())
    };
    assert_eq!(session.lines_with("80 % of the path").len(), 1, "{}", session.screen());
    session.keys("j");
    assert_eq!(session.lines_with("critical   not waited for").len(), 1, "{}", session.screen());
    session.keys("k c");
    assert_eq!(shown(&session), [true, false, false], "{}", session.screen());
    assert!(!session.lines_with("critical path ").is_empty());
    // Going to what is not shown shows everything again.
    session.keys("]");
    assert_eq!(shown(&session), [true, true, true], "{}", session.screen());
    session.keys("c c");
    assert_eq!(shown(&session), [true, true, true], "{}", session.screen());
}

#[test]
fn operations_are_a_table_that_leads_to_their_spans() {
    for size in [(40, 10), (80, 24), (120, 36), (200, 60)] {
        insta::assert_snapshot!(format!("operations_{}x{}", size.0, size.1), checkout(size).keys("t").screen());
    }
    let mut session = checkout((120, 36));
    session.keys("t o o");
    assert!(!session.lines_with("▼count").is_empty(), "{}", session.screen());
    // Most often there, and of this one the first.
    assert!(selected(&session).contains("SELECT price"), "{}", session.screen());
    session.keys("<Enter>");
    assert!(selected(&session).contains("SELECT price"), "{}", session.screen());
    assert!(session.lines_with("▼count").is_empty());
    session.keys("t");
    assert!(!session.lines_with("share").is_empty());
    session.keys("<Esc>");
    assert!(session.lines_with("share").is_empty());
    // What leads to a span shows the waterfall.
    session.keys("t ]");
    assert!(selected(&session).contains('✖'), "{}", session.screen());
    session.keys("t");
    session.click(5, 4);
    session.click(5, 4);
    assert!(session.lines_with("share").is_empty(), "{}", session.screen());
}

#[test]
fn the_table_of_operations_grows_with_the_trace_and_keeps_its_selection() {
    let mut session = Session::new((120, 36), vec![fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 10)]);
    session.keys("<Enter> t j j j");
    let name = |session: &Session| selected(session).chars().take(36).collect::<String>();
    let before = name(&session);
    session.source.add(fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100));
    session.second();
    assert_eq!(name(&session), before, "{}", session.screen());
    assert_eq!(session.lines_with("38 spans").len(), 1, "{}", session.screen());
}

#[test]
fn findings_are_a_table_that_leads_to_their_spans() {
    for size in [(40, 10), (80, 24), (120, 36), (200, 60)] {
        insta::assert_snapshot!(format!("findings_{}x{}", size.0, size.1), checkout(size).keys("x").screen());
    }
    let mut session = checkout((120, 36));
    session.keys("x j");
    assert!(selected(&session).contains("Huge span"), "{}", session.screen());
    session.keys("<Enter>");
    assert!(session.lines_with("Huge span").is_empty(), "{}", session.screen());
    let last = fake::checkout(1, NOW, 100).spans.last().unwrap().operation.to_string();
    assert!(selected(&session).contains(&last), "{}", session.screen());
    session.keys("x");
    assert_eq!(session.lines_with("N+1 calls").len(), 1);
    session.keys("<Esc>");
    assert!(session.lines_with("N+1 calls").is_empty());
    session.keys("x t");
    assert!(session.lines_with("share").is_empty(), "the findings have their own keys");
}

#[test]
fn the_flame_graph_is_drawn_at_every_size_and_in_each_way() {
    for size in [(40, 10), (80, 24), (120, 36), (200, 60)] {
        insta::assert_snapshot!(format!("flame_{}x{}", size.0, size.1), checkout(size).keys("f").screen());
    }
    insta::assert_snapshot!("flame_by_path_120x36", checkout((120, 36)).keys("f a").screen());
    insta::assert_snapshot!("flame_all_traces_120x36", checkout((120, 36)).keys("f a a").screen());
    let traces = vec![fake::checkout(0x4bf9_2f35, NOW.minus(SECOND), 100)];
    let mut session = Session::with_look((100, 30), traces, look(ThemeChoice::Mono, true));
    insta::assert_snapshot!("flame_ascii", session.keys("<Enter> f").screen());
}

#[test]
fn one_goes_through_the_flame_graph_by_key_and_mouse() {
    let mut session = checkout((120, 36));
    session.keys("f j");
    let second = session.app.selected_span();
    session.keys("j");
    assert_ne!(session.app.selected_span(), second, "{}", session.screen());
    session.keys("k");
    assert_eq!(session.app.selected_span(), second);
    // The detail goes along, and so does the waterfall.
    assert!(!session.lines_with("in time").is_empty(), "{}", session.screen());
    session.keys("f");
    assert!(session.lines_with("in time").is_empty(), "{}", session.screen());
    assert_eq!(session.app.selected_span(), second);
    session.keys("f j j <Enter>");
    let zoomed = session.screen();
    session.keys("0");
    assert_ne!(session.screen(), zoomed);
    session.click(30, 5);
    assert_ne!(session.app.selected_span(), second);
    // By path Enter gives a block the whole width, and Esc takes it back.
    session.keys("a");
    let whole = session.screen();
    session.keys("j");
    let selected = session.screen();
    assert_ne!(selected, whole);
    session.keys("<Enter>");
    assert_ne!(session.screen(), selected);
    session.keys("<Esc>");
    assert_eq!(session.screen(), selected);
    session.keys("<Esc>");
    assert!(session.lines_with("by path and").is_empty(), "{}", session.screen());
}
