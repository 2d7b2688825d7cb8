//! What the lines around a screen tell of the disk, at every width.

use std::fmt::Write;

use ratatui::buffer::Buffer;

use super::app::App;
use super::event::Event;
use super::search::history::History;
use super::settings::{ThemeChoice, TimeWindow};
use super::testing::fake::{self, SECOND};
use super::testing::{NOW, Session, look, text};
use crate::source::{DiskStatus, Recovery, Status};

const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 36), (200, 60)];

/// Returns a screen on a store with that disk.
fn session(size: (u16, u16), change: impl Fn(&mut Status)) -> Session {
    let mut session = Session::new(size, fake::shop(40, NOW));
    if size.1 > 20 {
        // Without the scatter.
        session.keys("s s");
    }
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
    1 Traces 34567 ● follow    health ! 69
    spantop  1 Traces  3  4  5  6  7  ● following  15m    1121/s ▇██▇  health ! 69
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m       1121/s ▇██▇  mem 43%  disk 36%  40 traces  health ! 69
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m      1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces  health ! 69 warning
    ");
}

#[test]
fn without_a_disk_only_the_memory_is_told() {
    insta::assert_snapshot!(first_lines(1, |_| ()), @"
    1 Traces 34567 ● follow    health ! 69
    spantop  1 Traces  3  4  5  6  7  ● following  15m    1121/s ▇██▇  health ! 69
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m       1121/s ██▆▅▆▇█▆  mem █▊··  43%  40 traces  health ! 69
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m                          1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  40 traces  health ! 69 warning
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
    1 Traces 34567 ● follow  52.0k evicted
    spantop  1 Traces  3  4  5  6  7  ● following  15m     disk 36%  52.0k evicted
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m            1121/s ▇██▇  disk 36%  52.0k evicted  health ! 69
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m                     1121/s ██▆▅▆▇█▆  mem █▊··  43%  disk █▌··  36%  40 traces  52.0k evicted  health ! 69
    ");
}

#[test]
fn damage_found_at_the_start_is_told() {
    let recovery = Recovery { damaged: 3, lost_spans: 1_204, ..Recovery::default() };
    insta::assert_snapshot!(first_lines(1, with_disk(|disk| disk.recovery = recovery)), @"
    1 Traces 34567 ● follow      3 damaged
    spantop  1 Traces  3  4  5  6  7  ● following  15m      3 damaged  health ! 69
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m       1121/s ▇██▇  mem 43%  disk 36%  3 damaged  health ! 69
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m                         1121/s ██▆▅▆▇█▆  mem █▊··  43%  disk █▌··  36%  40 traces  3 damaged  health ! 69
    ");
    let lost = Recovery { lost_spans: 1_204, ..Recovery::default() };
    insta::assert_snapshot!(first_lines(1, with_disk(|disk| disk.recovery = lost)), @"
    1 Traces 34567 ● follow      1204 lost
    spantop  1 Traces  3  4  5  6  7  ● following  15m      1204 lost  health ! 69
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m       1121/s ▇██▇  mem 43%  disk 36%  1204 lost  health ! 69
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m      1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  1204 lost  health ! 69 warning
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

const TROUBLE: &str = "cannot write to /home/zoe/.local/state/spantop: no space left on device";

#[test]
fn trouble_with_the_disk_has_a_line_of_its_own() {
    let trouble = with_disk(|disk| disk.trouble = Some(TROUBLE.into()));
    insta::assert_snapshot!(first_lines(3, &trouble), @"
    1 Traces 34567 ● follow    health ! 69
    ✖ memory only: no space left on device
     ▼age   service   operation   duration
    spantop  1 Traces  3  4  5  6  7  ● following  15m    1121/s ▇██▇  health ! 69
    ✖ kept in memory only: cannot write to /home/zoe/.lo…: no space left on device
     ▼age   service      operation         duration         spans  errors services
    spantop  1 Traces  3  4  5  6  7  ● live · following  15m       1121/s ▇██▇  mem 43%  disk 36%  40 traces  health ! 69
    ✖ kept in memory only: cannot write to /home/zoe/.local/state/spantop: no space left on device
     ▼age     service         operation                   duration               spans   errors  services
    spantop  1 Traces  3 Services  4 Map  5 Latency  6 Errors  7 Health  ● live · following  15m      1121 spans/s ▅▅▆▆▆▆▇▇██▆▅▆▇█▆  mem ███▌····  43%  disk ██▉·····  36%  40 traces  health ! 69 warning
    ✖ kept in memory only: cannot write to /home/zoe/.local/state/spantop: no space left on device
     ▼age     service                 operation                                      duration                           spans   errors  services
    ");
    insta::assert_snapshot!(session((40, 10), &trouble).screen(), @"
     1 Traces 34567 ● follow    health ! 69
     ✖ memory only: no space left on device
      ▼age   service   operation   duration
    ▌  4 s ● scheduler nightly.r…    47.7 s
       6 s ● scheduler nightly.r…    23.9 s
       8 s ✖ gateway   POST /che…    639 ms
       9 s ● mobile-b… GET /home    79.3 ms
      11 s ● mobile-b… GET /home    82.1 ms
     40 of 40 traces                   1/40
     Enter open    Esc back  ? help  q quit
    ");
    insta::assert_snapshot!(session((80, 24), &trouble).screen(), @"
     spantop  1 Traces  3  4  5  6  7  ● following  15m    1121/s ▇██▇  health ! 69
     ✖ kept in memory only: cannot write to /home/zoe/.lo…: no space left on device
      ▼age   service      operation         duration         spans  errors services
    ▌  4 s ● scheduler    nightly.reindex     47.7 s █████▋      4         ●●●●
       6 s ● scheduler    nightly.reindex     23.9 s █████▍      4         ●●●●
       8 s ✖ gateway      POST /checkout      639 ms ███▊       38     ✖ 7 ●●●●●+4
       9 s ● mobile-bff   GET /home          79.3 ms ██▉         5         ●●●●●
      11 s ● mobile-bff   GET /home          82.1 ms ██▉         5         ●●●●●
      11 s ● gateway      GET /health         156 µs ▎           1         ●
      12 s ● gateway      GET /products/{…   9.59 ms ██          3         ●●●
      12 s ● mobile-bff   GET /home          76.5 ms ██▉         5         ●●●●●
      13 s ● orders       outbox.publish      455 ms ███▋        4         ●●●●
      13 s ● gateway      GET /products      30.5 ms ██▌         4         ●●●●
      14 s ● web-bff      GET /cart          18.8 ms ██▎         3         ●●●
      15 s ✖ gateway      POST /checkout      342 ms ███▌       38     ✖ 7 ●●●●●+4
      16 s ● mobile-bff   GET /home           166 ms ███▎        5         ●●●●●
      17 s ● gateway      GET /health         178 µs ▎           1         ●
      17 s ● web-bff      GET /cart          20.3 ms ██▎         3         ●●●
      18 s ● gateway      GET /products/{…   7.57 ms █▉          3         ●●●
      20 s ● gateway      GET /products/{…   10.7 ms ██          3         ●●●
      23 s ● mobile-bff   GET /home           101 ms ███         5         ●●●●●
      24 s ✖ scheduler    nightly.reindex     57.1 s █████▊      4     ✖ 2 ●●●●
     40 of 40 traces                                                           1/40
     Enter open  / search  f facets  s scatter  p pause    Esc back  ? help  q quit
    ");
}

#[test]
fn the_banner_goes_with_the_trouble_and_the_selected_row_stays() {
    let mut session = session((80, 24), with_disk(|_| ()));
    let before = session.keys("<PageDown> <PageDown> <PageUp> j j").screen();
    let selected = session.app.selected_trace();
    let set = |session: &mut Session, trouble: Option<&str>| {
        let mut status = session.source.status.lock().unwrap();
        status.disk.as_mut().unwrap().trouble = trouble.map(str::to_owned);
    };
    set(&mut session, Some(TROUBLE));
    session.second();
    assert!(session.screen().lines().nth(1).unwrap().starts_with(" ✖ kept in memory only: cannot write to"));
    assert_eq!(session.lines_with("▌").len(), 1);
    assert_eq!(session.app.selected_trace(), selected);
    set(&mut session, None);
    session.second();
    let rows =
        |screen: &str| screen.lines().skip(1).map(|line| line.chars().skip(6).collect()).collect::<Vec<String>>();
    assert_eq!(rows(&session.screen()), rows(&before));
}

#[test]
fn clicks_below_a_banner_find_what_is_drawn_there() {
    let mut session = session((80, 24), with_disk(|disk| disk.trouble = Some(TROUBLE.into())));
    session.click(20, 7);
    let line = session.screen().lines().position(|line| line.starts_with('▌'));
    assert_eq!(line, Some(7));
    session.click(20, 1);
    assert_eq!(session.screen().lines().position(|line| line.starts_with('▌')), line, "the banner takes no clicks");
}

#[test]
fn a_banner_without_an_attempt_is_cut_at_its_end() {
    let trouble = with_disk(|disk| disk.trouble = Some("another spantop, with the pid 4711, has the folder".into()));
    let banner = |width: u16| session((width, 10), &trouble).lines_with("memory only").remove(0);
    assert_eq!(banner(80), " ✖ kept in memory only: another spantop, with the pid 4711, has the folder");
    assert_eq!(banner(40), " ✖ memory only: another spantop, with …");
}

#[test]
fn a_banner_shows_what_a_terminal_would_obey() {
    let trouble = with_disk(|disk| disk.trouble = Some("cannot write to /tmp/\x1b[2J\u{202e}x: no\nspace".into()));
    let banner = session((80, 24), &trouble).lines_with("memory only");
    assert_eq!(banner, [" ✖ kept in memory only: cannot write to /tmp/␛[2J⇆x: no␊space"]);
}

#[test]
fn a_banner_leaves_room_on_the_smallest_screen() {
    let trouble = with_disk(|disk| disk.trouble = Some(TROUBLE.into()));
    insta::assert_snapshot!(session((24, 5), trouble).screen(), @"
     1 Traces 34567   15m
     ✖ memory only: no spa…
      ▼age   service   ope…
    ▌  4 s ● scheduler nig…
     Esc back  ? help  q qu…
    ");
}

#[test]
fn what_came_back_is_told_once_at_the_start() {
    let told = |uptime_ns, recovered| {
        let mut session = Session::new((80, 24), Vec::new());
        {
            let mut status = session.source.status.lock().unwrap();
            status.disk = Some(fake::disk());
            status.uptime_ns = uptime_ns;
            status.counters.recovered = recovered;
        }
        session.app = App::new(look(ThemeChoice::Dark, false), TimeWindow::All, History::default());
        session.event(Event::Resize(80, 24));
        session.second();
        let first = session.lines_with("came back").len();
        (0..5).for_each(|_| _ = session.second());
        (first, session.lines_with("came back").len())
    };
    assert_eq!(told(2 * SECOND, 6_400_000), (1, 0));
    assert_eq!(told(2 * SECOND, 0), (0, 0));
    assert_eq!(told(3_600 * SECOND, 6_400_000), (0, 0), "an hour later it is no news");
}

#[test]
fn an_empty_screen_says_where_spans_will_be_kept() {
    let empty = |size| {
        let mut session = Session::new(size, Vec::new());
        session.source.status.lock().unwrap().disk = Some(fake::disk());
        session.second();
        session
    };
    let kept = empty((80, 24)).lines_with("Keeping");
    assert_eq!(
        kept.first().map(|line| line.trim()),
        Some("Keeping 2.00 GiB at most in /home/zoe/.local/state/spantop")
    );
    assert!(empty((40, 10)).lines_with("Keeping").is_empty());
}
