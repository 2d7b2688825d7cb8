//! Draws the state of spantop itself.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::source::Status;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::world::World;

/// A name, what it is, and whether that is bad.
type Fact = (&'static str, String, bool);

/// Draws it, with a title; as many facts as there is room for.
pub(super) fn draw(canvas: &mut Canvas, area: Rect, world: &World) {
    let Some(status) = world.status.as_ref().filter(|_| area.height > 1) else { return };
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    for x in area.x..area.right() {
        canvas.symbol((x, area.y), symbols.horizontal, theme.faint());
    }
    canvas.text((area.x + 2, area.y), area.width.saturating_sub(2), " spantop itself ", theme.dim());
    for (y, (name, text, is_bad)) in (area.y + 1..area.bottom()).zip(facts(status, world)) {
        canvas.text((area.x + 1, y), 11, name, theme.dim());
        let style = if is_bad { theme.error() } else { Style::new() };
        canvas.text((area.x + 12, y), area.width.saturating_sub(13), &text, style);
    }
}

fn facts(status: &Status, world: &World) -> Vec<Fact> {
    let counters = &status.counters;
    let mut facts = Vec::new();
    let spans = format!(
        "{} received   {} stored   {} duplicates   {} rejected   {} evicted",
        format::grouped(counters.received + counters.recovered),
        format::grouped(counters.stored),
        format::grouped(counters.duplicates),
        format::grouped(counters.rejected),
        format::grouped(counters.evicted),
    );
    facts.push(("spans", spans, counters.rejected > 0));
    facts.push(("memory", filled(status.memory_bytes, status.memory_budget), false));
    match &status.disk {
        Some(disk) => match &disk.trouble {
            Some(trouble) => facts.push(("disk", format!("kept in memory only: {trouble}"), true)),
            None => facts.push(("disk", filled(disk.bytes, disk.budget_bytes), false)),
        },
        None => facts.push(("disk", "nothing is kept there".to_owned(), false)),
    }
    let refused = match &status.last_refusal {
        Some(reason) => format!("{} requests, the last for: {reason}", format::grouped(status.refused_requests)),
        None => "no request".to_owned(),
    };
    facts.push(("refused", refused, status.refused_requests > 0));
    let oldest = status.oldest.map_or_else(|| format::NOTHING.to_owned(), |oldest| format::age(oldest, world.now));
    facts.push(("oldest", format!("{oldest} ago   up {}", format::duration(status.uptime_ns)), false));
    facts.push(("listening", status.listening.join("   "), false));
    facts
}

fn filled(bytes: u64, budget: u64) -> String {
    match budget {
        0 => format::bytes(bytes),
        budget => {
            let percent = bytes as f64 * 100.0 / budget as f64;
            format!("{} of {} ({percent:.0} %)", format::bytes(bytes), format::bytes(budget))
        }
    }
}
