//! What is told of one group of errors, line by line.

use ratatui::style::Style;

use crate::analysis::errors::{ErrorGroup, frames};
use crate::model::Timestamp;
use crate::tui::format;
use crate::tui::theme::Theme;

/// A line: pieces in a row.
pub(super) type Line = Vec<(String, Style)>;

/// Returns the lines.
pub(super) fn lines(group: &ErrorGroup, now: Timestamp, theme: &Theme) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let what = if group.exception_type.is_empty() { "error" } else { &group.exception_type };
    lines.push(vec![(what.to_owned(), theme.error())]);
    lines.extend(group.message.lines().map(|text| vec![(text.to_owned(), Style::new())]));
    let fact = |name: &str, text: String| vec![(format!("{name:<10} "), theme.dim()), (text, Style::new())];
    lines.push(fact("operation", group.operation.to_string()));
    let seen = format!("{} first, {} last", ago(group.first_seen, now), ago(group.last_seen, now));
    lines.push(fact("seen", format!("{}  {seen}", format::plural(group.count, "time"))));
    if !group.versions.is_empty() {
        let versions = group.versions.iter().map(|(version, count)| format!("{version} ({})", format::count(*count)));
        let mut line = fact("versions", versions.collect::<Vec<String>>().join(", "));
        if let Some(version) = &group.new_in {
            line.push((format!("  new in {version}"), theme.warning()));
        }
        lines.push(line);
    }
    let traces: Vec<String> = group.traces.iter().map(ToString::to_string).collect();
    lines.push(fact("traces", traces.join(" ")));
    lines.push(fact("group", group.fingerprint.to_string()));
    if !group.stack_trace.is_empty() {
        lines.push(Line::new());
        for frame in frames(&group.stack_trace) {
            let style = match (frame.is_place, frame.is_library) {
                (true, true) => theme.faint(),
                (true, false) => theme.strong(),
                (false, _) => theme.dim(),
            };
            lines.push(vec![(frame.text.replace('\t', "    "), style)]);
        }
    }
    lines
}

/// Returns how many lines there are.
pub(super) fn count(group: &ErrorGroup) -> usize {
    let stack = if group.stack_trace.is_empty() { 0 } else { 1 + group.stack_trace.lines().count() };
    5 + group.message.lines().count() + usize::from(!group.versions.is_empty()) + stack
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", format::age(then, now))
}
