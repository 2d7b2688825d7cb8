//! What the lines around a screen tell of the disk, at every width.

use std::fmt::Write;

use ratatui::buffer::Buffer;

use super::settings::ThemeChoice;
use super::testing::fake;
use super::testing::{NOW, Session, look, text};
use crate::source::{DiskStatus, Recovery, Status};

const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 36), (200, 60)];

/// Returns a screen on a store with that disk.
fn session(size: (u16, u16), change: impl Fn(&mut Status)) -> Session {
    let mut session = Session::new(size, fake::shop(40, NOW));
    change(&mut session.source.status.lock().unwrap());
    session.second();
    session
}

fn with_disk(change: impl Fn(&mut DiskStatus)) -> impl Fn(&mut Status) {
    move |status| change(status.disk.insert(fake::disk()))
}

/// Returns the first lines of the screen at each size.
fn first_lines(lines: usize, change: impl Fn(&mut Status)) -> String {
    let mut out = String::new();
    for size in SIZES {
        let screen = session(size, &change).screen();
        screen.lines().take(lines).for_each(|line| writeln!(out, "{line}").unwrap());
    }
    out
}

#[test]
fn the_top_line_tells_how_full_the_disk_is() {
    insta::assert_snapshot!(first_lines(1, with_disk(|_| ())), @"
    1 Traces  ● following      1121/s ▇██▇
    spantop  1 Traces  ● live · following  15m      1121/s ▇██▇  mem 43%  disk 36%
    spantop  1 Traces  ● live · following  15m        1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%
    spantop  1 Traces  ● live · following  15m                                                                             1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces
    ");
}

#[test]
fn without_a_disk_only_the_memory_is_told() {
    insta::assert_snapshot!(first_lines(1, |_| ()), @"
    1 Traces  ● following      1121/s ▇██▇
    spantop  1 Traces  ● live · following  15m      1121/s ██▆▅▆▇█▆  mem █▊··  43%
    spantop  1 Traces  ● live · following  15m                 1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  40 traces
    spantop  1 Traces  ● live · following  15m                                                                                                 1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  40 traces
    ");
}

#[test]
fn spans_only_on_disk_are_held_and_evicted_ones_are_not() {
    let change = |status: &mut Status| {
        status.disk = Some(fake::disk());
        status.counters.on_disk = 1_240_000;
        status.counters.evicted = 52_000;
    };
    insta::assert_snapshot!(first_lines(1, change), @"
    1 Traces  ● following    52.0k evicted
    spantop  1 Traces  ● live · following  15m          1121/s ▇██▇  52.0k evicted
    spantop  1 Traces  ● live · following  15m    1121/s ██▆▅▆▇█▆  mem █▊··  43%  disk █▌··  36%  40 traces  52.0k evicted
    spantop  1 Traces  ● live · following  15m                                           1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces  1.2M only on disk  52.0k evicted
    ");
}

#[test]
fn damage_found_at_the_start_is_told() {
    let recovery = Recovery { damaged: 3, lost_spans: 1_204, ..Recovery::default() };
    insta::assert_snapshot!(first_lines(1, with_disk(|disk| disk.recovery = recovery)), @"
    1 Traces  ● following  15m   3 damaged
    spantop  1 Traces  ● live · following  15m    1121/s ▇██▇  disk 36%  3 damaged
    spantop  1 Traces  ● live · following  15m        1121/s ██▆▅▆▇█▆  mem █▊··  43%  disk █▌··  36%  40 traces  3 damaged
    spantop  1 Traces  ● live · following  15m                                                       1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces  3 damaged, 1204 lost
    ");
    let lost = Recovery { lost_spans: 1_204, ..Recovery::default() };
    insta::assert_snapshot!(first_lines(1, with_disk(|disk| disk.recovery = lost)), @"
    1 Traces  ● following  15m   1204 lost
    spantop  1 Traces  ● live · following  15m    1121/s ▇██▇  disk 36%  1204 lost
    spantop  1 Traces  ● live · following  15m        1121/s ██▆▅▆▇█▆  mem █▊··  43%  disk █▌··  36%  40 traces  1204 lost
    spantop  1 Traces  ● live · following  15m                                                                  1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces  1204 lost
    ");
}

/// Returns whether the gauge of that name in the top line has the style of what should not be overlooked.
fn is_alarming(name: &str, change: impl Fn(&mut Status)) -> bool {
    let session = session((120, 10), change);
    let mut buffer = Buffer::default();
    session.app.draw(&mut buffer);
    let line = text(&buffer).lines().next().unwrap().to_owned();
    let column = line.split_once(&format!(" {name} ")).unwrap().0.chars().count() + name.len() + 2;
    buffer[(column as u16, 0)].style().fg == look(ThemeChoice::Dark, false).theme.warning().fg
}

#[test]
fn only_what_spans_are_lost_from_alarms_when_it_is_nearly_full() {
    let full_memory = |status: &mut Status| status.memory_bytes = status.memory_budget;
    assert!(is_alarming("mem", full_memory));
    let full_memory_and = |change: fn(&mut DiskStatus)| {
        move |status: &mut Status| {
            full_memory(status);
            with_disk(change)(status);
        }
    };
    assert!(!is_alarming("mem", full_memory_and(|_| ())));
    assert!(is_alarming("mem", full_memory_and(|disk| disk.trouble = Some("cannot write".into()))));
    assert!(!is_alarming("disk", full_memory_and(|_| ())));
    assert!(is_alarming("disk", with_disk(|disk| disk.bytes = disk.budget_bytes)));
}
