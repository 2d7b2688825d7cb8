//! The detail of a span as lines, each at most as wide as the pane: facts, attributes, events, links, resource, scope.

use std::collections::BTreeSet;

use super::state::State;
use crate::model::span::{Event, Link};
use crate::model::tree::Place;
use crate::model::{Attribute, Span, SpanDetail, SpanId, StatusCode, TraceId};
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::widgets::wrap::wrap;
use crate::tui::{format, sanitize};

const MAX_LINES: usize = 20_000;
/// From how many attributes with the same prefix on they are folded into one line.
const LEAST_GROUP: usize = 2;

/// What a line is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Title,
    Plain,
    Dim,
    Error,
    Warning,
    /// The value is a service's name.
    Service,
}

/// What Enter does on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Opens what a link points to.
    Link(TraceId, Option<SpanId>),
    /// Folds or unfolds the attributes with this prefix.
    Group(String),
}

/// A line of the detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub indent: u16,
    pub key: String,
    /// Where the value begins, in cells after the indent.
    pub key_width: u16,
    pub value: String,
    pub role: Role,
    pub target: Option<Target>,
}

/// Where the answer for a span stands.
#[derive(Debug, Default)]
enum Answer {
    #[default]
    Awaited,
    Here(Box<SpanDetail>),
    Missing,
    Failed(String),
}

/// The state of the detail.
#[derive(Debug, Default)]
pub struct Detail {
    answer: Answer,
    lines: Vec<Line>,
    cursor: Cursor,
    grouped: bool,
    open: BTreeSet<String>,
    /// The span, the state of its trace and the width that the lines were made for; none where they must be made anew.
    made_for: Option<(Span, u64, u16)>,
}

impl Detail {
    /// Returns whether this span is here already.
    fn shows(&self, span: SpanId) -> bool {
        matches!(&self.answer, Answer::Here(detail) if detail.span.id == span)
    }

    /// Returns whether the span was asked for and is not held.
    pub fn is_missing(&self) -> bool {
        matches!(self.answer, Answer::Missing)
    }

    pub fn show(&mut self, detail: Option<Box<SpanDetail>>) {
        self.answer = detail.map_or(Answer::Missing, Answer::Here);
        self.made_for = None;
    }

    pub fn fail(&mut self, message: String) {
        self.answer = Answer::Failed(message);
        self.made_for = None;
    }

    /// Makes the lines anew where the span, the width or the answer changed.
    pub fn settle(&mut self, state: &State, width: u16, height: usize) {
        let Some(span) = state.selected_span() else {
            self.lines.clear();
            return;
        };
        let changes = state.changes();
        if self.made_for.as_ref().is_none_or(|made| (&made.0, made.1, made.2) != (span, changes, width)) {
            let same = self.made_for.as_ref().is_none_or(|(made, ..)| made.id == span.id);
            if !same {
                self.cursor = Cursor::default();
                if !self.shows(span.id) {
                    self.answer = Answer::Awaited;
                }
            }
            self.lines = Writer::new(self, width).write(state, span);
            self.made_for = Some((span.clone(), changes, width));
        }
        self.cursor.clamp(self.lines.len(), height);
    }

    pub fn step(&mut self, motion: Motion, height: usize) {
        self.cursor.step(motion, self.lines.len(), height);
    }

    pub fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, self.lines.len(), height);
    }

    /// Selects a line, and returns whether it was selected before.
    pub fn click(&mut self, line: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.lines.len()) else { return false };
        std::mem::replace(&mut self.cursor.selected, row) == row
    }

    /// Folds attributes by prefix, or lists them all.
    pub fn toggle_groups(&mut self) {
        self.grouped = !self.grouped;
        self.open.clear();
        self.made_for = None;
    }

    pub fn toggle_group(&mut self, prefix: &str) {
        if !self.open.remove(prefix) {
            self.open.insert(prefix.to_owned());
        }
        self.made_for = None;
    }

    /// Returns what Enter does on the selected line.
    pub fn target(&self) -> Option<Target> {
        self.lines.get(self.cursor.selected)?.target.clone()
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub fn cursor(&self) -> Cursor {
        self.cursor
    }
}

/// Writes the lines of one span.
struct Writer<'a> {
    detail: &'a Detail,
    width: u16,
    lines: Vec<Line>,
}

impl<'a> Writer<'a> {
    fn new(detail: &'a Detail, width: u16) -> Self {
        // A cell is left free on both sides.
        Self { detail, width: width.saturating_sub(2).max(8), lines: Vec::new() }
    }

    fn write(mut self, state: &State, span: &Span) -> Vec<Line> {
        self.facts(state, span);
        match &self.detail.answer {
            Answer::Awaited => self.note("loading the rest", Role::Dim),
            Answer::Missing => self.note("the span is not held any more", Role::Warning),
            Answer::Failed(message) => self.note(&format!("no answer: {message}"), Role::Error),
            Answer::Here(detail) => self.rest(detail),
        }
        if self.lines.len() > MAX_LINES {
            self.lines.truncate(MAX_LINES);
            self.note("more is not shown here", Role::Warning);
        }
        self.lines
    }

    fn facts(&mut self, state: &State, span: &Span) {
        self.text(0, &span.operation, Role::Title);
        let offset = state.offset(span);
        let mut facts = vec![("service", span.service.to_string(), Role::Service)];
        let role = if span.is_error() { Role::Error } else { Role::Plain };
        facts.push(("status", span.status.name().to_owned(), role));
        if let Answer::Here(detail) = &self.detail.answer
            && !detail.body.status_message.is_empty()
        {
            facts.push(("message", detail.body.status_message.clone(), role));
        }
        let both = |ns: u64| match ns {
            0..1000 => format::exact(ns),
            _ => format!("{}  {}", format::duration(ns), format::exact(ns)),
        };
        let (own_ns, on_path_ns) = state.times(span);
        let whole = state.path().length_ns().max(1);
        let critical = match on_path_ns {
            0 => "not waited for".to_owned(),
            ns => {
                format!("{}  {} of the path", format::duration(ns), format::percent(ns as f64 * 100.0 / whole as f64))
            }
        };
        facts.extend([
            ("kind", span.kind.name().to_owned(), Role::Plain),
            ("duration", both(span.duration_ns), Role::Plain),
            ("self time", both(own_ns), Role::Plain),
            ("critical", critical, Role::Plain),
            ("after", both(offset), Role::Plain),
            ("start", span.start.to_string(), Role::Plain),
            ("end", span.end().to_string(), Role::Plain),
            ("span id", span.id.to_string(), Role::Dim),
            ("parent", span.parent.map_or_else(|| "none".to_owned(), |id| id.to_string()), Role::Dim),
            ("trace id", state.id().to_string(), Role::Dim),
        ]);
        facts.extend(oddities(state, span).into_iter().map(|text| ("note", text, Role::Warning)));
        self.pairs(0, facts.iter().map(|(key, value, role)| (*key, value.as_str(), *role)));
    }

    fn rest(&mut self, detail: &SpanDetail) {
        self.section("Attributes", detail.body.attributes.len(), detail.body.dropped_attributes);
        self.attributes(&detail.body.attributes);
        if !detail.body.events.is_empty() || detail.body.dropped_events > 0 {
            self.section("Events", detail.body.events.len(), detail.body.dropped_events);
            detail.body.events.iter().for_each(|event| self.event(event, &detail.span));
        }
        if !detail.body.links.is_empty() || detail.body.dropped_links > 0 {
            self.section("Links", detail.body.links.len(), detail.body.dropped_links);
            detail.body.links.iter().for_each(|link| self.link(link));
        }
        self.section("Resource", detail.resource.attributes.len(), 0);
        self.attributes(&detail.resource.attributes);
        self.section("Scope", detail.scope.attributes.len(), 0);
        let scope = [("name", detail.scope.name.as_str()), ("version", &detail.scope.version)];
        self.pairs(0, scope.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k, v, Role::Plain)));
        self.attributes(&detail.scope.attributes);
        self.section("As received", 0, 0);
        let flags = format!("{:#010x}", detail.body.flags);
        let size = format::bytes(detail.encoded_bytes as u64);
        let facts = [
            ("flags", flags.as_str()),
            ("trace state", &detail.body.trace_state),
            ("size", &size),
            ("resource schema", &detail.resource.schema_url),
            ("scope schema", &detail.scope.schema_url),
        ];
        self.pairs(0, facts.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k, v, Role::Dim)));
    }

    fn section(&mut self, title: &str, count: usize, dropped: u32) {
        let count = if count > 0 { format!(" {count}") } else { String::new() };
        let dropped = if dropped > 0 { format!(", {dropped} dropped by the sender") } else { String::new() };
        let text = format!("{title}{count}{dropped}");
        self.text(0, "", Role::Plain);
        self.text(0, &text, Role::Title);
    }

    /// Attributes by key; with the same prefix in one line where they are grouped.
    fn attributes(&mut self, attributes: &[Attribute]) {
        let mut sorted: Vec<&Attribute> = attributes.iter().collect();
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
        if !self.detail.grouped {
            self.attribute_pairs(0, &sorted);
            return;
        }
        for group in sorted.chunk_by(|a, b| prefix(&a.key) == prefix(&b.key)) {
            let name = prefix(&group[0].key);
            if group.len() < LEAST_GROUP || name.is_empty() {
                self.attribute_pairs(0, group);
                continue;
            }
            let open = self.detail.open.contains(name);
            let sign = if open { '-' } else { '+' };
            let target = Some(Target::Group(name.to_owned()));
            self.push(0, (&format!("{sign} {name}."), 0), &format!("{} attributes", group.len()), (Role::Dim, target));
            if open {
                self.attribute_pairs(2, group);
            }
        }
    }

    fn attribute_pairs(&mut self, indent: u16, attributes: &[&Attribute]) {
        let texts: Vec<(&str, String)> = attributes.iter().map(|a| (a.key.as_str(), a.value.to_string())).collect();
        self.pairs(indent, texts.iter().map(|(key, value)| (*key, value.as_str(), Role::Plain)));
    }

    fn event(&mut self, event: &Event, span: &Span) {
        let is_exception = event.name == "exception";
        let after = if event.time < span.start {
            format!("-{}", format::duration(span.start.since(event.time)))
        } else {
            format!("+{}", format::duration(event.time.since(span.start)))
        };
        let role = if is_exception { Role::Error } else { Role::Plain };
        self.push(0, (&after, 11), &event.name, (role, None));
        let attribute = |key: &str| event.attributes.iter().find(|a| a.key == key).map(|a| a.value.to_string());
        let told = ["exception.type", "exception.message", "exception.stacktrace"];
        if is_exception {
            let [kind, message, stack] = told.map(attribute);
            let head = [kind, message].into_iter().flatten().collect::<Vec<_>>().join(": ");
            self.text(2, &head, Role::Error);
            if let Some(stack) = stack {
                self.text(2, &stack, Role::Dim);
            }
        }
        let is_told = |a: &&Attribute| is_exception && told.contains(&a.key.as_str());
        let others: Vec<&Attribute> = event.attributes.iter().filter(|a| !is_told(a)).collect();
        self.attribute_pairs(2, &others);
        if event.dropped_attributes > 0 {
            self.text(2, &format!("{} attributes dropped by the sender", event.dropped_attributes), Role::Dim);
        }
    }

    fn link(&mut self, link: &Link) {
        let target = link.trace.map(|trace| Target::Link(trace, link.span));
        let trace = link.trace.map_or_else(|| "no valid trace id".to_owned(), |id| id.to_string());
        self.push(0, ("> trace", 9), &trace, (Role::Plain, target.clone()));
        if let Some(span) = link.span {
            self.push(0, ("  span", 9), &span.to_string(), (Role::Dim, target));
        }
        if !link.trace_state.is_empty() {
            self.push(0, ("  state", 9), &link.trace_state, (Role::Dim, None));
        }
        let attributes: Vec<&Attribute> = link.attributes.iter().collect();
        self.attribute_pairs(2, &attributes);
    }

    /// Keys and values, the values below one another.
    fn pairs<'b>(&mut self, indent: u16, pairs: impl Iterator<Item = (&'b str, &'b str, Role)> + Clone) {
        let most = (self.width * 45 / 100).max(4);
        let widest = pairs.clone().map(|(key, ..)| sanitize::width(key, most)).max().unwrap_or(0).min(most);
        for (key, value, role) in pairs {
            self.push(indent, (key, widest + 2), value, (role, None));
        }
    }

    fn note(&mut self, text: &str, role: Role) {
        self.text(0, "", Role::Plain);
        self.text(0, text, role);
    }

    fn text(&mut self, indent: u16, text: &str, role: Role) {
        self.push(indent, ("", 0), text, (role, None));
    }

    fn push(
        &mut self,
        indent: u16,
        (key, key_width): (&str, u16),
        value: &str,
        (role, target): (Role, Option<Target>),
    ) {
        if self.lines.len() > MAX_LINES {
            return;
        }
        let key_width =
            key_width.max(if key.is_empty() { 0 } else { sanitize::width(key, self.width).min(self.width) + 1 });
        // A key that leaves little room for its value stands on a line of its own.
        let beside = self.width.saturating_sub(indent + key_width);
        let crowded = beside < 12 || beside < 36 && sanitize::width(value, beside) > beside;
        let own_line = crowded && !key.is_empty();
        let (indent_after, value_at) = if own_line { (indent + 2, 0) } else { (indent, key_width) };
        let line = |key: &str, value: String| Line {
            indent,
            key: key.to_owned(),
            key_width: value_at,
            value,
            role,
            target: target.clone(),
        };
        let room = self.width.saturating_sub(indent_after + value_at).max(4);
        let mut values = wrap(value, room).into_iter();
        if own_line {
            self.lines.push(line(key, String::new()));
        } else {
            self.lines.push(line(key, values.next().unwrap_or_default()));
        }
        self.lines.extend(values.map(|value| Line { indent: indent_after, ..line("", value) }));
    }
}

/// Returns what stands before the first dot of a key.
fn prefix(key: &str) -> &str {
    key.split_once('.').map_or("", |(prefix, _)| prefix)
}

/// What is strange about a span's place in the trace.
fn oddities(state: &State, span: &Span) -> Vec<String> {
    let mut notes = Vec::new();
    if span.ends_before_start {
        notes.push("its end was before its start; it is drawn without a duration".to_owned());
    }
    let Some(trace) = state.trace() else { return notes };
    let Some(place) = state.rows().get(state.cursor().selected) else { return notes };
    let node = &trace.tree.nodes[*place as usize];
    match node.place {
        Place::Orphan => notes.push("its parent is not held: not received, late, or evicted".to_owned()),
        Place::Cycle => notes.push("it is its own ancestor; the cycle was cut here".to_owned()),
        Place::Root | Place::Child => {}
    }
    if let Some(parent) = node.parent.map(|p| &trace.spans[trace.tree.nodes[p as usize].span as usize])
        && span.start < parent.start
    {
        let by = format::duration(parent.start.since(span.start));
        notes.push(format!("it starts {by} before its parent: the clocks differ"));
    }
    if span.status == StatusCode::Unset && span.event_count > 0 && span.duration_ns == 0 {
        notes.push("it has no duration".to_owned());
    }
    notes
}
