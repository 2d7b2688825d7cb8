//! What fits where the cursor is: fixed words, names of attributes and values with how often they are there; on an empty
//! line the searches that were saved and those of before.

use std::ops::Range;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::history::History;
use crate::query::ast::{self, Field, Literal, Scope};
use crate::query::fields::Intrinsic;
use crate::query::{self, Completion, Wanted};
use crate::source::{AttributesRequest, FacetsRequest, Reply, Request, TraceFilter, Window};
use crate::tui::canvas::Canvas;
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::widgets::input::Input;
use crate::tui::{format, sanitize};

/// How many names and values are asked for at most.
const MOST_ASKED: usize = 100;
/// How many rows are shown at most.
pub const MOST_ROWS: u16 = 10;
/// How many cells an item takes at most, without its note.
const WIDEST_ITEM: u16 = 48;
/// How many cells left of the list are too few to tell anything.
const CRUMBS: u16 = 4;

/// The list, for one place of one text.
#[derive(Debug, Default)]
pub(super) struct Menu {
    /// Saved and earlier searches, where the line is empty.
    recent: Vec<Item>,
    completion: Completion,
    is_shorthand: bool,
    names: Vec<(Arc<str>, u64)>,
    values: Vec<Counted>,
    items: Vec<Item>,
    cursor: Cursor,
}

/// A value that is there so often, and what stands before it where its field is not written yet.
#[derive(Debug)]
struct Counted {
    before: &'static str,
    value: Literal,
    count: u64,
}

/// Something that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What is put into the line.
    pub text: String,
    /// What it is.
    pub note: String,
    /// How often it is there.
    pub count: Option<u64>,
    /// Whether it takes the place of the whole line.
    pub is_whole: bool,
}

/// What a choice changes.
pub(super) struct Choice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Menu {
    /// Returns what fits in a line.
    pub(super) fn at(input: &Input, history: &History) -> Self {
        let mut menu = Self { recent: recent(input, history), ..Self::default() };
        menu.completion = query::complete(input.text(), input.cursor());
        menu.is_shorthand = !query::is_traceql(input.text());
        menu.make_items();
        menu
    }

    /// Returns what fits in the line as it is now; what was known of the same names and values stays until more is known.
    pub(super) fn following(self, input: &Input, history: &History) -> Self {
        let mut menu = Self::at(input, history);
        let (same_scope, same_fields) = (menu.scope() == self.scope(), menu.fields() == self.fields());
        if same_scope {
            menu.names = self.names;
        }
        if same_fields {
            menu.values = self.values;
        }
        menu.make_items();
        menu
    }

    fn scope(&self) -> Option<Scope> {
        self.completion.wants.iter().find_map(|wanted| match wanted {
            Wanted::Attributes(scope) => Some(*scope),
            _ => None,
        })
    }

    /// Returns the fields whose values fit, with what stands before these.
    fn fields(&self) -> Vec<(Field, &'static str)> {
        let field = |wanted: &Wanted| match wanted {
            Wanted::Values(field) => Some((field.clone(), "")),
            _ => None,
        };
        let wanted = self.completion.wants.iter().filter_map(field);
        let service = Field::of_span(ast::Item::Attribute(Scope::Resource, "service.name".into()));
        let operation = Field::of_span(ast::Item::Intrinsic(Intrinsic::Name));
        let common = [(service, "service="), (operation, "operation=")];
        wanted.chain(common.into_iter().filter(|_| self.is_at_word())).collect()
    }

    pub(super) fn wishes(&self, window: Window) -> Vec<Wish> {
        let typed = self.completion.typed.clone();
        let names = self.scope().map(|scope| {
            let request = AttributesRequest { window, scope, part: typed.clone(), limit: MOST_ASKED };
            Wish { slot: Slot::Names, request: Request::Attributes(request), version: 0 }
        });
        let fields = self.fields();
        let values = (!fields.is_empty()).then(|| {
            let filter = TraceFilter { window, ..TraceFilter::default() };
            let fields = fields.into_iter().map(|(field, _)| field).collect();
            let request = FacetsRequest { filter, fields, prefix: typed, limit: MOST_ASKED };
            Wish { slot: Slot::Values, request: Request::Facets(request), version: 0 }
        });
        names.into_iter().chain(values).collect()
    }

    pub(super) fn receive(&mut self, slot: Slot, reply: Reply) {
        match (slot, reply) {
            (Slot::Names, Reply::Attributes(names)) => self.names = names,
            (Slot::Values, Reply::Facets(facets)) => {
                let values = facets.facets.into_iter().zip(self.fields()).flat_map(|(facet, (_, before))| {
                    facet.values.into_iter().map(move |(value, count)| Counted { before, value, count })
                });
                self.values = values.collect();
                self.values.sort_by_key(|counted| std::cmp::Reverse(counted.count));
            }
            _ => return,
        }
        self.make_items();
    }

    /// Puts together what is known and begins as what is typed.
    fn make_items(&mut self) {
        let typed = self.completion.typed.to_lowercase();
        let counted = |text: String, count: u64| Item { text, count: Some(count), ..Item::default() };
        let values = self.values.iter().filter(|counted| unquoted(&counted.value).to_lowercase().starts_with(&typed));
        let values = values.map(|Counted { before, value, count }| {
            counted(format!("{before}{}", query::value_text(value, self.is_shorthand)), *count)
        });
        let words = self.completion.wants.iter().filter_map(|wanted| match wanted {
            Wanted::Word { text, doc, .. } if text.to_lowercase().starts_with(&typed) => {
                Some(Item { text: text.clone(), note: (*doc).to_owned(), ..Item::default() })
            }
            _ => None,
        });
        let scope = self.scope().unwrap_or(Scope::Either);
        let names = self.names.iter().filter(|(name, _)| name.to_lowercase().contains(&typed));
        let names = names.map(|(name, count)| {
            let name = query::attribute_text(scope, name, self.is_shorthand);
            // Alone it would be a word that is looked for.
            let behind = if self.is_at_word() { "=" } else { "" };
            counted(format!("{name}{behind}"), *count)
        });
        self.items = self.recent.iter().cloned().chain(values).chain(words).chain(names).collect();
        self.cursor.clamp(self.items.len(), usize::from(MOST_ROWS));
    }

    /// Returns whether a word of the shorthand stands here, or the beginning of a comparison.
    fn is_at_word(&self) -> bool {
        let is_begun = |wanted: &Wanted| matches!(wanted, Wanted::Word { text, .. } if text == "service=");
        self.is_shorthand && self.completion.wants.iter().any(is_begun)
    }

    pub(super) fn step(&mut self, by: isize) {
        let motion = if by < 0 { Motion::Up(1) } else { Motion::Down(1) };
        self.cursor.step(motion, self.items.len(), usize::from(MOST_ROWS));
    }

    /// Returns what the selected item puts where.
    pub(super) fn selected(&self) -> Option<Choice> {
        let item = self.items.get(self.cursor.selected)?;
        let range = if item.is_whole { 0..usize::MAX } else { self.completion.replace.clone() };
        Some(Choice { range, text: item.text.clone() })
    }

    /// Returns the byte of the line below which the list stands.
    pub(super) fn start(&self) -> usize {
        self.completion.replace.start
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }
}

/// Returns a value as one begins to type it.
fn unquoted(value: &Literal) -> String {
    match value {
        Literal::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

fn recent(input: &Input, history: &History) -> Vec<Item> {
    if !input.text().trim().is_empty() {
        return Vec::new();
    }
    let item = |text: &str, note: &str| Item { text: text.into(), note: note.into(), count: None, is_whole: true };
    let saved = history.saved.iter().map(|saved| item(&saved.query, &saved.name));
    saved.chain(history.newest().map(|query| item(query, ""))).collect()
}

/// Draws a list above a line so that it begins below its column `x`, over whatever is there.
pub fn draw(canvas: &mut Canvas, over: Rect, x: u16, items: &[Item], cursor: Cursor) {
    let theme = canvas.theme();
    let height = (items.len().max(1) as u16).min(MOST_ROWS).min(over.height);
    let text_width = |item: &Item| sanitize::width(&item.text, WIDEST_ITEM).min(WIDEST_ITEM);
    let shown = || items.iter().skip(cursor.first).take(height.into());
    let text = shown().map(text_width).max().unwrap_or(0);
    let notes = shown().map(|item| sanitize::width(&note(item), 60)).max().unwrap_or(0);
    let nothing = "nothing that is known fits here";
    let width = if items.is_empty() { nothing.len() as u16 } else { text + 2 + notes };
    let width = (width + 4).min(over.width);
    let x = x.min(over.right().saturating_sub(width)).max(over.x);
    let area = Rect { x, y: over.bottom() - height, width, height };
    // Of what is left of it no crumbs are seen.
    if area.x - over.x <= CRUMBS {
        canvas.fill(Rect { x: over.x, width: area.x - over.x, ..area }, theme.base());
    }
    canvas.fill(area, theme.base().patch(theme.panel()));
    for y in area.top()..area.bottom() {
        canvas.symbol((area.x, y), canvas.symbols().vertical, theme.faint());
        canvas.symbol((area.right().saturating_sub(1), y), canvas.symbols().vertical, theme.faint());
    }
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if items.is_empty() {
        canvas.text((inside.x + 1, inside.y), inside.width.saturating_sub(1), nothing, theme.dim());
        return;
    }
    for (line, (place, item)) in (0..).zip((cursor.first..).zip(shown())) {
        let row = Rect { y: inside.y + line, height: 1, ..inside };
        draw_item(canvas, row, text.min(row.width.saturating_sub(2)), item);
        if place == cursor.selected {
            canvas.tint(row, theme.selected());
            canvas.symbol((row.x, row.y), canvas.symbols().pointer, theme.accent());
        }
    }
}

/// Draws an item whose text has so much room.
fn draw_item(canvas: &mut Canvas, row: Rect, text: u16, item: &Item) {
    let theme = canvas.theme();
    canvas.text((row.x + 1, row.y), text, &item.text, theme.strong());
    let rest = (row.x + 1 + text + 2).min(row.right());
    let room = row.right().saturating_sub(rest + 1);
    match item.count {
        Some(_) => canvas.text_right((rest, row.y), room, &note(item), theme.dim()),
        None => _ = canvas.text((rest, row.y), room, &note(item), theme.dim()),
    }
}

fn note(item: &Item) -> String {
    item.count.map_or_else(|| item.note.clone(), format::count)
}
