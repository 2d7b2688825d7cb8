//! Draws the waterfall: title, axis, and a line for each visible span.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::labels::{self, Branches};
use super::panes::{Focus, Panes};
use super::state::{Phase, State};
use crate::model::tree::{Node, Place};
use crate::model::{Span, Trace};
use crate::tui::canvas::Canvas;
use crate::tui::frame::Segment;
use crate::tui::widgets::face;
use crate::tui::widgets::waterfall::{self, Scale};
use crate::tui::{format, sanitize};

pub(super) fn draw(state: &State, canvas: &mut Canvas, panes: &Panes, focus: Focus) {
    title(state, canvas, panes.title);
    let Some(trace) = state.trace() else {
        let area = if panes.waterfall.height > 0 { panes.waterfall } else { panes.detail };
        return without_trace(state, canvas, area);
    };
    let (from, to) = state.axis().range(state.duration_ns());
    let scale = Scale { from, to, width: panes.bars };
    let ticks = scale.ticks();
    let cursor = state.cursor();
    let shown = state.rows().iter().skip(cursor.first).take(panes.rows.height.into());
    let shown: Vec<u32> = shown.copied().collect();
    let branches = Branches::new(trace, &shown, panes.indent, panes.levels);
    let mut drawing = Drawing { state, trace, panes, scale, ticks: &ticks, branches };
    drawing.axis(canvas);
    for (line, &place) in (0..).zip(&shown) {
        let area = Rect { y: panes.rows.y + line, height: 1, ..panes.rows };
        let selected = cursor.first + usize::from(line) == cursor.selected;
        drawing.row(canvas, area, place, selected.then_some(focus));
    }
}

/// Says which trace this is, in as many facts as fit.
pub(super) fn title(state: &State, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let y = area.y;
    let end = area.right().saturating_sub(1);
    let id = state.id().to_string();
    let mut x = canvas.text((area.x + 1, y), 17.min(area.width), "trace ", theme.dim());
    let shown = if area.width >= 100 { 32 } else { 9 };
    x = canvas.text((x, y), shown.min(end.saturating_sub(x)), &id, theme.strong());
    let Some(trace) = state.trace() else { return };
    let summary = &trace.summary;
    let mut facts = vec![
        (format::duration(summary.duration_ns), theme.strong()),
        (format::plural(summary.span_count.into(), "span"), Style::new()),
    ];
    if summary.error_count > 0 {
        let text = format!("{} {}", canvas.symbols().error, format::plural(summary.error_count.into(), "error"));
        facts.push((text, theme.error()));
    }
    match state.phase() {
        Phase::Missing => facts.push(("left memory, this is what it was".into(), theme.warning())),
        Phase::Failed(message) => facts.push((format!("no answer: {message}"), theme.error())),
        Phase::Loading | Phase::Shown => {}
    }
    if summary.partial {
        facts.push(("a part was evicted".into(), theme.warning()));
    }
    if summary.missing_parents > 0 {
        facts.push((format::plural(summary.missing_parents.into(), "missing parent"), theme.warning()));
    }
    facts.push((format::plural(summary.services.len() as u64, "service"), Style::new()));
    facts.push((summary.start.to_string(), theme.dim()));
    for (text, style) in facts {
        if x + 3 + sanitize::width(&text, 200) > end {
            continue;
        }
        x = canvas.text((x, y), 3, &format!(" {} ", canvas.symbols().separator), theme.faint());
        x = canvas.text((x, y), end - x, &text, style);
    }
}

/// Returns what is told beside the query: the keys that go on, and which match is selected, of how many.
pub(super) fn found(state: &State, canvas: &Canvas, is_typing: bool) -> Segment {
    let Some(matches) = state.matches() else { return Segment::new() };
    let theme = canvas.theme();
    let count = matches.count();
    let number = state.selected_node().and_then(|node| matches.number_of(node));
    let mut told = Segment::new();
    if count > 1 && !is_typing {
        told.extend([("n N".into(), theme.key()), ("  ".into(), theme.dim())]);
    }
    told.push(match number {
        _ if count == 0 => ("no match".into(), theme.warning()),
        Some(number) => {
            (format!("{}/{}", format::grouped(number as u64 + 1), format::grouped(count as u64)), theme.strong())
        }
        None => (format!("{} found", format::grouped(count as u64)), theme.strong()),
    });
    told
}

fn without_trace(state: &State, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let lines = match state.phase() {
        Phase::Loading | Phase::Shown => vec![(theme.dim(), format!("loading the trace{}", canvas.symbols().ellipsis))],
        Phase::Missing => vec![
            (theme.strong(), "This trace is not held.".into()),
            (theme.dim(), "It was never received, or left memory to make room.".into()),
            (theme.dim(), "It is looked for again as data arrives.".into()),
            (theme.base(), String::new()),
            (theme.base(), "Esc  goes back".into()),
        ],
        Phase::Failed(message) => vec![
            (theme.error(), format!("{} there is no answer", canvas.symbols().error)),
            (theme.base(), message.clone()),
            (theme.dim(), "trying again every second; Esc goes back".into()),
        ],
    };
    face::draw(canvas, area, &lines);
}

/// What every row is drawn from.
struct Drawing<'a> {
    state: &'a State,
    trace: &'a Trace,
    panes: &'a Panes,
    scale: Scale,
    ticks: &'a [(u16, u64)],
    branches: Branches,
}

impl Drawing<'_> {
    /// Draws the axis, and above the labels what of the trace is not shown.
    fn axis(&self, canvas: &mut Canvas) {
        let area = self.panes.axis;
        if area.height == 0 {
            return;
        }
        let theme = canvas.theme();
        let end = area.x + self.panes.names.saturating_sub(1);
        let mut x = area.x + 1;
        if self.branches.left_out() > 0 {
            let text = format!("{} not drawn", format::plural(self.branches.left_out().into(), "level"));
            x = canvas.text((x, area.y), end.saturating_sub(x), &text, theme.dim()) + 2;
        }
        if self.state.is_path_only() {
            x = canvas.text((x, area.y), end.saturating_sub(x), "critical path", theme.warning()) + 2;
        }
        if self.state.axis().is_zoomed() {
            canvas.text((x, area.y), end.saturating_sub(x), "part of the time", theme.warning());
        }
        let bars = (area.x + self.panes.names, area.y);
        waterfall::axis(canvas, bars, self.scale, self.ticks);
        let unit = if self.panes.bars > 0 { "duration" } else { "" };
        canvas.text_right((bars.0 + self.panes.bars, area.y), 10, unit, theme.dim());
    }

    /// Draws a row, marked where it is the selected one: strongly where its pane has the focus.
    fn row(&mut self, canvas: &mut Canvas, area: Rect, place: u32, selected: Option<Focus>) {
        let node = &self.trace.tree.nodes[place as usize];
        let span = &self.trace.spans[node.span as usize];
        let names = Rect { width: self.panes.names, ..area };
        let bars = Rect { x: area.x + self.panes.names, width: self.panes.bars, ..area };
        let rest = Rect { x: bars.right(), width: area.width - names.width - bars.width, ..area };
        if selected.is_some() {
            canvas.tint(bars, canvas.theme().selected_bar());
        }
        self.name(canvas, names, place);
        self.bar(canvas, bars, place, span);
        let style = if span.ends_before_start { canvas.theme().warning() } else { canvas.theme().dim() };
        let text = if span.ends_before_start { "end<start".into() } else { format::duration(span.duration_ns) };
        canvas.text_right((rest.x, rest.y), rest.width.saturating_sub(1), &text, style);
        if let Some(focus) = selected {
            let theme = canvas.theme();
            canvas.tint(names, theme.selected());
            canvas.tint(rest, theme.selected());
            let style = if focus == Focus::Waterfall { theme.accent() } else { theme.faint() };
            canvas.symbol((area.x, area.y), canvas.symbols().pointer, style);
        }
    }

    fn name(&mut self, canvas: &mut Canvas, area: Rect, place: u32) {
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        let node = &self.trace.tree.nodes[place as usize];
        let span = &self.trace.spans[node.span as usize];
        let y = area.y;
        let end = area.right().saturating_sub(1);
        let mut x = self.branches.draw(canvas, (area.x + 1, y), node);
        let folded = node.descendants > 0 && self.state.is_folded(place);
        let (sign, style) = match (span.is_error(), node.place) {
            (true, _) => (symbols.error, theme.error()),
            (false, Place::Orphan | Place::Cycle) => (symbols.incomplete, theme.warning()),
            (false, _) => (symbols.dot, theme.service(&span.service)),
        };
        canvas.symbol((x, y), sign, style);
        if self.is_match(place) {
            canvas.symbol((area.x, y), symbols.found, theme.found());
        }
        x += 1;
        canvas.symbol((x, y), if folded { symbols.folded } else { " " }, theme.accent());
        x += 1;
        // What is hidden or strange comes first to room: a cut name is still a name.
        let tag = self.tag(place, node, folded);
        let tag_width = tag.as_ref().map_or(0, |(text, _)| sanitize::width(text, 30) + 1);
        let name_end = end.saturating_sub(tag_width).max((x + 6).min(end));
        x = self.text(canvas, (x, y), name_end, (place, node));
        if let Some((text, warning)) = tag {
            let style = if warning { theme.warning() } else { theme.dim() };
            // Apart from the name, at the end of the column.
            let from = end.saturating_sub(tag_width - 1).max(x + 1);
            canvas.text((from, y), end.saturating_sub(from), &text, style);
        }
    }

    fn is_match(&self, place: u32) -> bool {
        self.state.matches().is_some_and(|matches| matches.number_of(place).is_some())
    }

    /// What else there is to know about a row: what it hides, what is strange. True where it is a warning.
    fn tag(&self, place: u32, node: &Node, folded: bool) -> Option<(String, bool)> {
        if folded {
            let errors = self.state.errors_below(place);
            let count = format::count(node.descendants.into());
            let failed = if errors > 0 { format!(" {} failed", format::count(errors.into())) } else { String::new() };
            let found = self.state.matches().map_or(0, |matches| matches.below(place, node.descendants));
            let found = if found > 0 { format!(" {} found", format::count(found as u64)) } else { String::new() };
            return Some((format!("+{count}{failed}{found}"), errors > 0));
        }
        labels::oddity(self.trace, node).map(|oddity| (oddity.to_owned(), true))
    }

    /// Draws service and operation up to the column `end`. Returns the column after them.
    fn text(&self, canvas: &mut Canvas, (mut x, y): (u16, u16), end: u16, (place, node): (u32, &Node)) -> u16 {
        let theme = canvas.theme();
        let span = &self.trace.spans[node.span as usize];
        let room = end.saturating_sub(x);
        let failed = span.is_error().then(|| theme.error());
        let found = if self.is_match(place) { theme.found_text() } else { Style::new() };
        if labels::names_service(self.trace, node) {
            // Where both do not fit, the operation gets half of the room before the service is cut.
            let rest = room.saturating_sub(sanitize::width(&span.operation, room) + 1);
            let style = failed.unwrap_or_else(|| theme.service(&span.service));
            x = canvas.text((x, y), rest.max(room / 2), &span.service, style) + 1;
        }
        let style = failed.unwrap_or_default().patch(found);
        let Some(telling) = labels::telling_end(&span.operation, end.saturating_sub(x)) else {
            return canvas.text((x, y), end.saturating_sub(x), &span.operation, style);
        };
        canvas.symbol((x, y), canvas.symbols().ellipsis, style);
        canvas.text((x + 1, y), end.saturating_sub(x + 1), telling, style)
    }

    fn bar(&self, canvas: &mut Canvas, area: Rect, place: u32, span: &Span) {
        if area.width == 0 {
            return;
        }
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        for &(column, _) in self.ticks.iter().filter(|(column, _)| *column > 0) {
            canvas.symbol((area.x + column, area.y), symbols.grid, theme.faint());
        }
        let at = (area.x, area.y);
        let offset = self.state.offset(span);
        let start = self.scale.column(offset);
        let end = self.scale.column(offset.saturating_add(span.duration_ns));
        let failed_itself = span.is_error() && !self.state.passes_error_on(place);
        let style = if failed_itself { theme.error() } else { theme.service(&span.service) };
        waterfall::bar(canvas, at, area.width, (start, end), style);
        if span.is_error() && !failed_itself && end - start >= 3.0 {
            // What only passes an error on keeps its service's colour and ends in red. The end begins with a cell: one
            // cell has room for one colour beside the background.
            waterfall::bar(canvas, at, area.width, ((end - 0.5).floor(), end), theme.error());
        }
        self.path(canvas, area, place, style);
        self.events(canvas, area, span);
        let shown = f64::from(area.width);
        if end < 0.0 {
            canvas.text(at, 1, if symbols.ascii { "<" } else { "‹" }, theme.dim());
        } else if start >= shown {
            canvas.text((area.right() - 1, area.y), 1, if symbols.ascii { ">" } else { "›" }, theme.dim());
        }
    }

    /// Marks where the answer waited for a span: a line in its bar.
    fn path(&self, canvas: &mut Canvas, area: Rect, place: u32, style: Style) {
        let start = self.trace.summary.start.0;
        let node = &self.trace.tree.nodes[place as usize];
        let segments = self.state.path().segments(node.span);
        let seen = segments.partition_point(|segment| segment.to_ns.saturating_sub(start) < self.scale.from);
        let mut drawn = 0;
        for segment in segments.iter().skip(seen) {
            let from = self.scale.column(segment.from_ns.saturating_sub(start)).max(0.0).ceil();
            let to = self.scale.column(segment.to_ns.saturating_sub(start)).min(f64::from(area.width)).floor();
            if from >= f64::from(area.width) {
                break;
            }
            // Of a segment that is less than a cell there is nothing to see.
            for column in (from as u16).max(drawn)..(to as u16).max(drawn) {
                let style = style.add_modifier(Modifier::REVERSED);
                canvas.symbol((area.x + column, area.y), canvas.symbols().on_path, style);
                drawn = column + 1;
            }
        }
    }

    fn events(&self, canvas: &mut Canvas, area: Rect, span: &Span) {
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        let style = if span.is_error() { theme.error() } else { theme.event() };
        for time in &span.event_times {
            let column = self.scale.column(time.since(self.trace.summary.start));
            if column >= 0.0 && column <= f64::from(self.scale.width) {
                let x = area.x + (column as u16).min(area.width - 1);
                canvas.mark((x, area.y), symbols.event, style);
            }
        }
    }
}
