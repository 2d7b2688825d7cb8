//! What the top line tells of the store and the receivers: the most telling first, in words, short or bare, as fits.

use ratatui::style::Style;

use super::canvas::Canvas;
use super::format;
use super::frame::{Segment, width};
use super::widgets::gauge;
use super::world::World;
use crate::analysis::{HealthStatus, SystemHealth};
use crate::source::{Recovery, Status};

/// How much is said of each thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// In words, with long gauges.
    Long,
    Short,
    /// Without gauges.
    Bare,
}

/// One thing that is told.
struct Vital {
    segment: Segment,
    /// Its place in the line.
    place: u8,
    /// Whether the others are said in fewer words so that it fits.
    is_needed: bool,
}

impl Vital {
    /// Returns the cells it takes with those to the next one.
    fn cells(&self) -> u16 {
        width(&self.segment) + 2
    }
}

/// Returns what is told in `room` cells, from left to right, each followed by two cells.
pub(super) fn fitting(canvas: &Canvas, world: &World, mut room: u16) -> Vec<Segment> {
    let Some(status) = &world.status else { return Vec::new() };
    let health = world.health.as_ref();
    let told = |detail| vitals(canvas, (status, health), detail);
    let fits =
        |vitals: &Vec<Vital>| vitals.iter().filter(|vital| vital.is_needed).map(Vital::cells).sum::<u16>() <= room;
    let mut vitals =
        [Detail::Long, Detail::Short].into_iter().map(told).find(fits).unwrap_or_else(|| told(Detail::Bare));
    vitals.retain(|vital| {
        let rest = room.checked_sub(vital.cells());
        room = rest.unwrap_or(room);
        rest.is_some()
    });
    vitals.sort_by_key(|vital| vital.place);
    vitals.into_iter().map(|vital| vital.segment).collect()
}

/// Returns everything there is to tell, the most telling first.
fn vitals(canvas: &Canvas, (status, health): (&Status, Option<&SystemHealth>), detail: Detail) -> Vec<Vital> {
    let needed = |place, segment| Vital { segment, place, is_needed: true };
    let optional = |place, segment| Vital { segment, place, is_needed: false };
    let theme = canvas.theme();
    let counters = &status.counters;
    let mut vitals = Vec::new();
    let lost =
        [(8, status.refused_requests, "refused"), (7, counters.rejected, "rejected"), (6, counters.evicted, "evicted")];
    for (place, number, what) in lost.into_iter().filter(|(_, number, _)| *number > 0) {
        vitals.push(needed(place, vec![(format!("{} {what}", format::count(number)), theme.warning())]));
    }
    if let Some(damage) = status.disk.as_ref().and_then(|disk| damage(&disk.recovery, detail)) {
        vitals.push(needed(5, vec![(damage, Style::new())]));
    }
    let score = health.and_then(|health| Some((health.score?, health.status?)));
    vitals.extend(score.map(|score| needed(9, system(canvas, score, detail))));
    vitals.push(needed(0, rate(canvas, status, detail)));
    // Where spans are kept on disk, that is what they are lost from.
    vitals.extend(disk_fill(canvas, status, detail).map(|segment| needed(2, segment)));
    vitals.extend(memory_fill(canvas, status, detail).map(|segment| needed(1, segment)));
    vitals.push(optional(3, vec![(format::plural(status.total_traces, "trace"), theme.dim())]));
    if counters.on_disk > 0 {
        let text = format!("{} only on disk", format::count(counters.on_disk));
        vitals.push(optional(4, vec![(text, theme.dim())]));
    }
    vitals
}

/// Says what was found damaged on disk at the start.
fn damage(recovery: &Recovery, detail: Detail) -> Option<String> {
    let damaged = (recovery.damaged > 0).then(|| format!("{} damaged", format::count(recovery.damaged)));
    let lost = (recovery.lost_spans > 0).then(|| format!("{} lost", format::count(recovery.lost_spans)));
    match (damaged, lost) {
        (Some(damaged), Some(lost)) if detail == Detail::Long => Some(format!("{damaged}, {lost}")),
        (damaged, lost) => damaged.or(lost),
    }
}

/// The health of the system, in words where it is not well.
fn system(canvas: &Canvas, (score, status): (f64, HealthStatus), detail: Detail) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let sign = symbols.health(Some(status));
    let word = match status {
        HealthStatus::Warning | HealthStatus::Critical if detail == Detail::Long => format!(" {}", status.name()),
        _ => String::new(),
    };
    let text = format!("{sign} {}{word}", format::score(score));
    vec![("health ".into(), theme.dim()), (text, theme.health(Some(status)))]
}

fn rate(canvas: &Canvas, status: &Status, detail: Detail) -> Segment {
    let (cells, unit) = match detail {
        Detail::Long => (16, " spans/s"),
        Detail::Short => (8, "/s"),
        Detail::Bare => (4, "/s"),
    };
    let rate = status.spans_per_second.last().copied().unwrap_or(0);
    let spark = gauge::sparkline(&status.spans_per_second, cells, canvas.symbols());
    vec![(format!("{:>5}{unit} ", format::count(rate.into())), Style::new()), (spark, canvas.theme().accent())]
}

/// From this share on a budget is about to be exceeded.
const NEARLY_FULL: f64 = 0.9;

/// How full the memory is. That is to be noticed only where spans go from there for good.
fn memory_fill(canvas: &Canvas, status: &Status, detail: Detail) -> Option<Segment> {
    let share = share(status.memory_bytes, status.memory_budget)?;
    let goes_to_disk = status.disk.as_ref().is_some_and(|disk| disk.trouble.is_none());
    Some(fill(canvas, "mem", (share, share > NEARLY_FULL && !goes_to_disk), detail))
}

/// How full the disk's budget is, where there is one.
fn disk_fill(canvas: &Canvas, status: &Status, detail: Detail) -> Option<Segment> {
    let disk = status.disk.as_ref()?;
    let share = share(disk.bytes, disk.budget_bytes)?;
    Some(fill(canvas, "disk", (share, share > NEARLY_FULL || disk.trouble.is_some()), detail))
}

fn share(bytes: u64, budget: u64) -> Option<f64> {
    (budget > 0).then(|| bytes as f64 / budget as f64)
}

/// How full a budget is: its share, and whether that is to be noticed.
fn fill(canvas: &Canvas, name: &str, (share, is_alarming): (f64, bool), detail: Detail) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let style = if is_alarming { theme.warning() } else { theme.accent() };
    let cells = match detail {
        Detail::Long => 8,
        Detail::Short => 4,
        Detail::Bare => {
            let style = if is_alarming { style } else { Style::new() };
            return vec![(format!("{name} "), theme.dim()), (format!("{:.0}%", share * 100.0), style)];
        }
    };
    let (filled, track) = gauge::fill(share, cells, symbols);
    vec![
        (format!("{name} "), theme.dim()),
        (filled, style),
        (track, theme.faint()),
        (format!(" {:>3.0}%", share * 100.0), Style::new()),
    ]
}
