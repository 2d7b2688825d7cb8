//! The screen as a whole: the frame around the screens, going from one to another, and keys of any kind.

use std::sync::Arc;

use proptest::prelude::*;

use super::command::TABLE;
use super::event::{Event, Mouse, MouseAction};
use super::keymap::{Key, Keymap};
use super::settings::ThemeChoice;
use super::testing::fake::{self, Fake};
use super::testing::{NOW, Session, look};
use crate::model::Trace;
use crate::source::DiskStatus;

fn shop(size: (u16, u16)) -> Session {
    Session::new(size, fake::shop(40, NOW))
}

#[test]
fn help_shows_the_keys_of_this_screen() {
    let mut session = shop((80, 50));
    insta::assert_snapshot!("help_traces", session.keys("?").screen());
    session.keys("<Esc> <Enter> ?");
    insta::assert_snapshot!("help_trace", session.screen());
    session.keys("q");
    assert!(!session.ended, "q closes the help first");
    session.keys("q");
    assert!(session.ended);
}

#[test]
fn help_scrolls_where_it_is_too_long() {
    let mut session = shop((80, 12));
    session.keys("?");
    assert!(session.lines_with("damaged").is_empty());
    session.keys("G");
    assert_eq!(session.lines_with("damaged").len(), 1);
}

#[test]
fn control_c_leaves_from_anywhere() {
    let mut session = shop((80, 24));
    assert!(session.keys("<Enter> ? <C-c>").ended);
}

#[test]
fn escape_goes_back_step_by_step() {
    let mut session = shop((80, 24));
    session.keys("<Enter> <Tab> <Esc>");
    assert_eq!(session.lines_with("2 Trace").len(), 1);
    session.keys("<Esc>");
    assert!(session.lines_with("2 Trace").is_empty());
    session.keys("<Esc> <Esc>");
    assert!(!session.ended, "Esc does not leave");
}

#[test]
fn tabs_are_reached_by_key_and_click() {
    let mut session = shop((100, 24));
    session.keys("2");
    assert_eq!(session.lines_with("no trace is open yet").len(), 1);
    session.keys("<Enter> 1");
    assert_eq!(session.lines_with("40 of 40").len(), 1);
    session.click(20, 0);
    assert!(session.lines_with("40 of 40").is_empty());
    session.click(10, 0);
    assert_eq!(session.lines_with("40 of 40").len(), 1);
    session.keys("3");
    assert_eq!(session.lines_with("3 Services").len(), 1);
    session.click(10, 0);
    assert_eq!(session.lines_with("1 Traces").len(), 1);
}

#[test]
fn tabs_have_names_where_there_is_room() {
    let first = |width| {
        let mut session = shop((width, 24));
        session.keys("<Enter> 1");
        session.screen().lines().next().unwrap().chars().take(44).collect::<String>().trim_end().to_owned()
    };
    insta::assert_snapshot!([40, 80, 160].map(first).join("\n"), @"
    1 Traces 234567 ● follow   health ! 69
    spantop  1 Traces  2  3  4  5  6  7  ● foll
    spantop  1 Traces  2  3  4  5  6  7  ● live
    ");
}

#[test]
fn a_screen_keeps_its_state_while_another_is_shown() {
    let mut session = shop((100, 24));
    session.keys("o j j j");
    let before = session.screen();
    session.keys("3 1");
    assert_eq!(session.screen(), before);
}

#[test]
fn the_top_line_tells_what_was_lost_and_refused() {
    let mut session = shop((160, 10));
    {
        let mut status = session.source.status.lock().unwrap();
        status.counters.evicted = 12_400;
        status.counters.rejected = 3;
        status.refused_requests = 2;
        status.last_refusal = Some("body is \x1b[31mtoo large".into());
    }
    session.second();
    insta::assert_snapshot!(session.screen().lines().next().unwrap());
    assert_eq!(session.lines_with("refused: body is ␛[31mtoo large").len(), 1);
}

#[test]
fn a_narrow_top_line_keeps_what_tells_most() {
    let mut session = shop((40, 10));
    session.source.status.lock().unwrap().counters.evicted = 12_400;
    session.second();
    insta::assert_snapshot!(session.screen().lines().next().unwrap(), @" 1 Traces 34567 ● follow  12.4k evicted");
    session.keys("p");
    session.source.add(fake::checkout(1, NOW, 100));
    session.second();
    insta::assert_snapshot!(session.screen().lines().next().unwrap(), @" 1 Traces 34567 ‖ +38     12.4k evicted");
}

#[test]
fn tabs_of_a_narrow_screen_are_where_they_are_drawn() {
    let mut session = shop((40, 10));
    session.keys("<Enter>").click(1, 0);
    assert_eq!(session.lines_with("40 of 40").len(), 1);
    session.click(10, 0);
    assert_eq!(session.lines_with("2 Trace").len(), 1);
    session.click(11, 0);
    assert_eq!(session.lines_with("3 Services").len(), 1);
}

#[test]
fn a_notice_shows_until_a_key_or_some_seconds() {
    let mut session = shop((80, 10));
    session.event(Event::Notice("a part broke".into()));
    assert_eq!(session.lines_with("a part broke").len(), 1);
    for _ in 0..5 {
        session.second();
    }
    assert!(session.lines_with("a part broke").is_empty());
}

#[test]
fn tiny_terminals_say_so() {
    assert_eq!(shop((23, 4)).screen().trim_end(), "too small: 24×5 at lea…");
    assert_eq!(shop((0, 0)).screen(), "");
    assert_eq!(shop((1, 1)).screen(), "…\n");
}

#[test]
fn nothing_is_asked_twice_while_nothing_changes() {
    let mut session = shop((80, 24));
    session.keys("<Enter>");
    session.asked.clear();
    session.event(Event::Resize(80, 24));
    session.keys("? <Esc>");
    assert_eq!(session.asked, []);
}

fn odd_trace() -> Trace {
    let mut spans = vec![
        fake::span(1, 0, (0, 9000), "日本語サービス", "操作 🚀\u{200d}👩 \u{202e}abc\x1b]0;x\x07"),
        fake::span(2, 1, (1000, 4000), "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "שלום\tعالم"),
        fake::span(3, 99, (2000, 3000), "cart", "orphan"),
        fake::span(4, 5, (3000, 1000), "auth", "x"),
        fake::span(5, 4, (3500, 1000), "auth", "y"),
        fake::span(6, 1, (0, 0), "redis", ""),
        fake::span(7, 2, (500, 300), "redis", "skewed"),
        fake::span(8, 2, (u64::MAX / 1000, u64::MAX / 1000), "future", "saturated"),
    ];
    spans[5].ends_before_start = true;
    spans[5].event_times = vec![crate::model::Timestamp(0), crate::model::Timestamp(u64::MAX)];
    fake::trace(0x0dd, spans)
}

/// An arbitrary thing a user may do.
#[derive(Clone, Debug)]
enum Act {
    Key(Key),
    Mouse(Mouse),
    Resize(u16, u16),
    Second,
    Arrive,
    Clear,
    Fail(bool),
    Trouble(bool),
}

fn acts() -> impl Strategy<Value = Act> {
    let keymap = Keymap::built_in();
    let keys: Vec<Key> = TABLE
        .iter()
        .flat_map(|entry| keymap.keys(entry.scope, entry.command).to_vec())
        .filter(|key| key.label() != "q" && !key.ctrl)
        .collect();
    let action = proptest::sample::select(vec![MouseAction::Click, MouseAction::WheelUp, MouseAction::WheelDown]);
    prop_oneof![
        12 => proptest::sample::select(keys).prop_map(Act::Key),
        3 => (action, 0_u16..130, 0_u16..40).prop_map(|(action, x, y)| Act::Mouse(Mouse { action, x, y })),
        1 => (0_u16..130, 0_u16..40).prop_map(|(w, h)| Act::Resize(w, h)),
        1 => Just(Act::Second),
        1 => Just(Act::Arrive),
        1 => Just(Act::Clear),
        1 => any::<bool>().prop_map(Act::Fail),
        1 => any::<bool>().prop_map(Act::Trouble),
    ]
}

fn arrive(source: &Fake, number: &mut u128) {
    *number += 1;
    source.add(fake::checkout(*number, NOW.plus(*number as u64), 100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_keys_on_no_size_panic(acts in proptest::collection::vec(acts(), 0..80), w in 0_u16..130, h in 0_u16..40) {
        let mut traces = fake::shop(30, NOW);
        traces.push(odd_trace());
        let look = look(ThemeChoice::Sixteen, w % 2 == 0);
        let mut session = Session::with_look((w, h), traces, look);
        let mut number = 0;
        for act in acts {
            match act {
                Act::Key(key) => session.event(Event::Key(key)),
                Act::Mouse(mouse) => session.event(Event::Mouse(mouse)),
                Act::Resize(w, h) => session.event(Event::Resize(w, h)),
                Act::Second => _ = session.second(),
                Act::Arrive => arrive(&session.source, &mut number),
                Act::Clear => session.source.traces.lock().unwrap().clear(),
                Act::Fail(fails) => *session.source.failure.lock().unwrap() = fails.then(|| "no".into()),
                Act::Trouble(is_there) => session.source.status.lock().unwrap().disk = Some(DiskStatus {
                    trouble: is_there.then(|| "cannot write to 日本: no".into()),
                    ..fake::disk()
                }),
            }
            session.screen();
        }
    }
}

#[test]
fn hostile_text_never_breaks_the_layout() {
    let traces = vec![{
        let mut trace = odd_trace();
        trace.summary.start = NOW;
        trace
    }];
    let mut session = Session::new((100, 30), traces);
    insta::assert_snapshot!("hostile_list", session.screen());
    session.keys("<Enter>");
    insta::assert_snapshot!("hostile_trace", session.screen());
}

#[test]
fn every_theme_draws_the_same_characters() {
    let drawn = |choice, ascii| {
        let mut session = Session::with_look((120, 30), fake::shop(40, NOW), look(choice, ascii));
        // Of the scatter errors are told by a sign where there are no colours.
        session.keys("s s");
        format!("{}{}", session.screen(), session.keys("<Enter>").screen())
    };
    let expected = drawn(ThemeChoice::Dark, false);
    for (choice, _) in ThemeChoice::ALL {
        assert_eq!(drawn(choice, false), expected);
    }
    let ascii = drawn(ThemeChoice::Mono, true);
    let odd: String = ascii.chars().filter(|c| !c.is_ascii() && !"µë日本語👍".contains(*c)).collect();
    assert_eq!(odd, "", "what is ours is ASCII, what came stays");
}

#[test]
fn the_source_is_shared_with_other_threads() {
    fn shared<T: Send + Sync>(_: &Arc<T>) {}
    shared(&shop((80, 24)).source);
}
