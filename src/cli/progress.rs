//! A progress bar on a terminal's stderr, for work that takes more than a second.

use std::io::{self, IsTerminal, Stderr, Write};
use std::time::{Duration, Instant};

use crate::tui::symbols::UNICODE;
use crate::tui::widgets::gauge;
use crate::tui::{format, sanitize, terminal_width};

/// What takes less is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the bar is drawn at most.
const PERIOD: Duration = Duration::from_millis(100);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Bytes,
    /// Files, requests or spans: the name of the work tells.
    Pieces,
}

impl Unit {
    fn amount(self, number: u64) -> String {
        match self {
            Self::Bytes => format::bytes(number),
            Self::Pieces => format::count(number),
        }
    }
}

/// Work under way. Its bar is gone once this is dropped.
pub(super) struct Progress {
    /// None where stderr is no terminal.
    bar: Option<Bar<Stderr>>,
    start: Instant,
}

impl Progress {
    /// Begins work of that name, such as `copying`, of which bytes are counted.
    pub(super) fn in_bytes(what: &str) -> Self {
        Self::new(what, Unit::Bytes)
    }

    /// Begins work of that name, such as `restoring spans`, of which pieces are counted.
    pub(super) fn in_pieces(what: &str) -> Self {
        Self::new(what, Unit::Pieces)
    }

    fn new(what: &str, unit: Unit) -> Self {
        let stderr = io::stderr();
        Self { bar: stderr.is_terminal().then(|| Bar::new(what, unit, stderr)), start: now() }
    }

    /// Tells how much is done, and of how much: 0 where that is not known. Cheap enough for each step of the work.
    pub(super) fn at(&mut self, done: u64, total: u64) {
        if let Some(bar) = &mut self.bar {
            bar.at((done, total), self.start.elapsed(), terminal_width);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long work has taken is no concern of who does it")]
fn now() -> Instant {
    Instant::now()
}

/// A bar, and when it was drawn last.
struct Bar<W: Write> {
    what: String,
    unit: Unit,
    out: W,
    /// How long the work had taken then, and how many cells were used.
    drawn: Option<(Duration, usize)>,
}

impl<W: Write> Bar<W> {
    fn new(what: &str, unit: Unit, out: W) -> Self {
        Self { what: what.into(), unit, out, drawn: None }
    }

    /// Draws the bar if it is time to.
    fn at(&mut self, amount: (u64, u64), elapsed: Duration, width: impl Fn() -> Option<usize>) {
        if elapsed < self.drawn.map_or(PATIENCE, |(before, _)| before + PERIOD) {
            return;
        }
        // A serial line knows no size; a line that fills the terminal would begin the next one.
        let width = width().filter(|width| *width > 0).unwrap_or(80).saturating_sub(1);
        let line = line((&self.what, self.unit), amount, elapsed, width);
        self.replace(&line);
        self.drawn = Some((elapsed, cells(&line)));
    }

    /// Writes a line over the one that is there.
    fn replace(&mut self, line: &str) {
        let before = self.drawn.map_or(0, |(_, cells)| cells);
        let rest = before.saturating_sub(cells(line));
        self.write(&format!("\r{line}{:rest$}", ""));
    }

    /// Writes at once, so that nothing half done is seen. A terminal that is gone has nobody to tell.
    fn write(&mut self, text: &str) {
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).ok();
    }
}

impl<W: Write> Drop for Bar<W> {
    fn drop(&mut self) {
        if let Some((_, cells)) = self.drawn {
            self.write(&format!("\r{:cells$}\r", ""));
        }
    }
}

fn cells(text: &str) -> usize {
    sanitize::width(text, u16::MAX - 1).into()
}

/// The longest bar, and the shortest that is worth its cells.
const LONGEST_BAR: usize = 40;
const SHORTEST_BAR: usize = 8;

/// Returns what is said of work in one line of at most `width` cells: what it is, and the rest as far as it fits, the
/// most telling first. Numbers keep their width, so that the bar keeps its length.
fn line((what, unit): (&str, Unit), (done, total): (u64, u64), elapsed: Duration, width: usize) -> String {
    let rate = (done as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)) as u64;
    let share = (total > 0).then(|| (done as f64 / total as f64).min(1.0));
    let padded = |number| format!("{:>8}", unit.amount(number));
    let amount = match share {
        Some(_) => format!("{} of {}", padded(done), unit.amount(total)),
        None => padded(done),
    };
    // The share is seen however long the name is, then a bar; the numbers come after it.
    let percent = share.map(|share| format!("{:>3.0}%", (share * 100.0).floor()));
    let reserved = percent.as_ref().map_or(0, |percent| cells(percent) + 2);
    let mut line = sanitize::fit(what, u16::try_from(width.saturating_sub(reserved)).unwrap_or(u16::MAX));
    let mut room = width.saturating_sub(cells(&line) + reserved);
    let for_bar = if share.is_some() { SHORTEST_BAR + 2 } else { 0 };
    let mut fitting = |text: String| {
        let rest = room.checked_sub(cells(&text) + 2).filter(|rest| *rest >= for_bar)?;
        room = rest;
        Some(text)
    };
    let is_foreseen = share.is_some() && rate > 0;
    let left = is_foreseen.then(|| time_left(total.saturating_sub(done), rate)).and_then(&mut fitting);
    let amount = fitting(amount);
    let rate = fitting(format!("{}/s", padded(rate)));
    let bar = share.and_then(|share| bar(share, room.saturating_sub(2)));
    let percent = percent.filter(|_| width >= reserved);
    for text in [bar, percent, amount, rate, left].into_iter().flatten() {
        line.push_str("  ");
        line.push_str(&text);
    }
    line
}

/// Returns how long the rest takes at that rate, in whole seconds: no estimate is more exact.
fn time_left(amount: u64, rate: u64) -> String {
    match amount.div_ceil(rate) {
        seconds @ 0..60 => format!("{seconds:>2} s left"),
        seconds => format!("{} left", format::duration(seconds.saturating_mul(1_000_000_000))),
    }
}

/// Returns a bar of at most `room` cells, none where they are too few.
fn bar(share: f64, room: usize) -> Option<String> {
    let (filled, track) = gauge::fill(share, room.min(LONGEST_BAR), &UNICODE);
    (room >= SHORTEST_BAR).then(|| filled + &track)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_line_tells_as_much_as_fits() {
        let at = |width| {
            line(("reading what is on disk", Unit::Bytes), (1_200 * MIB, 2_800 * MIB), Duration::from_secs(3), width)
        };
        insta::assert_snapshot!([119, 79, 59, 39, 19].map(at).join("\n"), @"
        reading what is on disk  █████████████████▏······················   42%  1.17 GiB of 2.73 GiB   400 MiB/s   4 s left
        reading what is on disk  ██████▍········   42%  1.17 GiB of 2.73 GiB   4 s left
        reading what is on disk  ███████▎·········   42%   4 s left
        reading what is on disk  ███▍····   42%
        reading what…   42%
        ");
    }

    #[test]
    fn a_line_is_honest_at_both_ends_and_beyond() {
        let at =
            |(done, total), seconds| line(("copying", Unit::Bytes), (done, total), Duration::from_secs(seconds), 79);
        let lines = [
            at((0, 2_800 * MIB), 1),
            at((1, 2_800 * MIB), 10),
            at((2_700 * MIB, 2_800 * MIB), 3_600),
            at((2_800 * MIB, 2_800 * MIB), 7),
            at((3_000 * MIB, 2_800 * MIB), 7),
            at((1_200 * MIB, 0), 3),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        copying  ······························    0%       0 B of 2.73 GiB       0 B/s
        copying  ······························    0%       1 B of 2.73 GiB       0 B/s
        copying  ██████████████▌   96%  2.64 GiB of 2.73 GiB   768 KiB/s  2 m 14 s left
        copying  ███████████████████  100%  2.73 GiB of 2.73 GiB   400 MiB/s   0 s left
        copying  ███████████████████  100%  2.93 GiB of 2.73 GiB   429 MiB/s   0 s left
        copying  1.17 GiB   400 MiB/s
        ");
    }

    /// Returns what was written while work went on to those tenths of a second, and after its end.
    fn written(tenths: &[u64]) -> (String, String) {
        let mut out = Vec::new();
        let mut bar = Bar::new("copying", Unit::Bytes, &mut out);
        for &tenth in tenths {
            bar.at((tenth, 100), Duration::from_millis(tenth * 100), || Some(40));
        }
        let before = bar.out.len();
        drop(bar);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&out[..before]), text(&out[before..]))
    }

    #[test]
    fn work_of_less_than_a_second_is_not_shown() {
        assert_eq!(written(&[0, 5, 9]), (String::new(), String::new()));
    }

    #[test]
    fn longer_work_is_shown_ten_times_a_second_at_most_and_wiped_at_the_end() {
        let (drawn, wiped) = written(&[0, 9, 10, 10, 10, 11, 11, 25]);
        assert_eq!(drawn.matches('\r').count(), 3, "{drawn:?}");
        assert_eq!(drawn.matches("copying").count(), 3);
        let widest = drawn.split('\r').map(|line| line.chars().count()).max().unwrap();
        assert_eq!(wiped, format!("\r{:widest$}\r", ""));
    }

    #[test]
    fn where_the_width_is_not_known_it_is_80() {
        for width in [None, Some(0)] {
            let mut bar = Bar::new("copying", Unit::Bytes, Vec::new());
            bar.at((50, 100), Duration::from_secs(2), || width);
            assert_eq!(
                bar.drawn.map(|(_, cells)| cells),
                Some(cells(&line(("copying", Unit::Bytes), (50, 100), Duration::from_secs(2), 79)))
            );
        }
    }

    #[test]
    fn a_shorter_line_covers_a_longer_one() {
        let mut bar = Bar::new("copying", Unit::Bytes, Vec::new());
        bar.at((50, 100), Duration::from_secs(2), || Some(80));
        let longer = bar.out.split_off(0);
        bar.at((50, 100), Duration::from_secs(3), || Some(20));
        let shorter = bar.out.split_off(0);
        let cells = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().chars().count();
        assert_eq!(cells(&shorter), cells(&longer));
        assert!(shorter.ends_with(b"   "));
    }

    proptest! {
        #[test]
        fn a_line_is_never_wider_than_asked(
            what in ".{0,40}",
            amount: (u64, u64),
            elapsed in 0_u64..u64::MAX / 2,
            width in 0_usize..200,
        ) {
            let line = line((&what, Unit::Bytes), amount, Duration::from_nanos(elapsed), width);
            prop_assert!(cells(&line) <= width, "{line:?}");
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}
