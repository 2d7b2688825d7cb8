//! What the facets show: the values of some fields with counts, and which of them the query names.

use std::sync::Arc;

use crate::query::ast::{Field, Item, Literal, Scope};
use crate::query::fields::Intrinsic;
use crate::source::{AttributesRequest, Facet, Facets, FacetsRequest, Request, TraceFilter, Window};
use crate::tui::search::{self, Mark};
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::widgets::input::{Edit, Input};

/// How many values of a field are shown.
const MOST_VALUES: usize = 8;
/// How many attributes can be added.
pub(crate) const MOST_ADDED: usize = 16;
/// How many names are offered.
const MOST_NAMES: usize = 50;

/// What is asked of every trace: a title, and the fields of which the first one with values counts.
const ALWAYS: [(&str, &[Known]); 5] = [
    ("service", &[Known::Attribute(Scope::Resource, "service.name")]),
    ("operation", &[Known::Intrinsic(Intrinsic::Name)]),
    ("status", &[Known::Intrinsic(Intrinsic::Status)]),
    ("kind", &[Known::Intrinsic(Intrinsic::Kind)]),
    (
        "HTTP status",
        &[
            Known::Attribute(Scope::Span, "http.response.status_code"),
            Known::Attribute(Scope::Span, "http.status_code"),
        ],
    ),
];

/// A field as a constant.
#[derive(Clone, Copy)]
enum Known {
    Intrinsic(Intrinsic),
    Attribute(Scope, &'static str),
}

impl Known {
    fn field(self) -> Field {
        Field::of_span(match self {
            Self::Intrinsic(intrinsic) => Item::Intrinsic(intrinsic),
            Self::Attribute(scope, name) => Item::Attribute(scope, name.into()),
        })
    }
}

/// A line of the facets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row {
    Title {
        name: String,
        /// The place among those that were added.
        added: Option<usize>,
        /// How many values are not shown.
        others: u64,
    },
    Value {
        field: Field,
        value: Literal,
        count: u64,
        mark: Mark,
    },
}

/// The state of the facets.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub is_open: bool,
    added: Vec<Arc<str>>,
    facets: Option<Facets>,
    /// An answer that may be a part only, while one to the same question is shown.
    coming: Option<Facets>,
    shown_search: u64,
    failure: Option<String>,
    rows: Vec<Row>,
    cursor: Cursor,
    adding: Option<Adding>,
}

/// The name of an attribute while it is typed.
#[derive(Debug, Default)]
pub(crate) struct Adding {
    pub input: Input,
    pub items: Vec<search::Item>,
    pub cursor: Cursor,
}

impl State {
    fn fields(&self) -> Vec<Field> {
        let always = ALWAYS.iter().flat_map(|(_, fields)| fields.iter().map(|known| known.field()));
        let attribute = |name: &Arc<str>| Field::of_span(Item::Attribute(Scope::Either, Arc::clone(name)));
        always.chain(self.added.iter().map(attribute)).collect()
    }

    /// Returns what the facets want to know of the traces that a filter lets through.
    pub(crate) fn wishes(&self, filter: TraceFilter, version: u64) -> Vec<Wish> {
        if !self.is_open {
            return Vec::new();
        }
        let window = filter.window;
        let request = FacetsRequest { filter, fields: self.fields(), prefix: String::new(), limit: MOST_VALUES };
        let mut wishes = vec![Wish { slot: Slot::Facets, request: Request::Facets(request), version }];
        wishes.extend(self.adding.as_ref().map(|adding| adding.wish(window)));
        wishes
    }

    /// Takes an answer as far as it is known; the query in force is `text`. Where an earlier one to the same question is
    /// shown, that stays until the new one is whole.
    pub(crate) fn show(&mut self, facets: Facets, search: u64, text: &str) {
        self.failure = None;
        if self.facets.is_some() && self.shown_search == search {
            self.coming = Some(facets);
            return;
        }
        self.coming = None;
        self.facets = Some(facets);
        self.shown_search = search;
        self.arrange(text);
    }

    /// Takes note that the answer is whole.
    pub(crate) fn end(&mut self, text: &str) {
        if let Some(facets) = self.coming.take() {
            self.facets = Some(facets);
            self.arrange(text);
        }
    }

    pub(crate) fn fail(&mut self, message: String) {
        self.failure = Some(message);
    }

    /// Takes the names of attributes that could be added.
    pub(crate) fn show_names(&mut self, names: Vec<(Arc<str>, u64)>) {
        let Some(adding) = &mut self.adding else { return };
        let item = |(name, count): (Arc<str>, u64)| search::Item {
            text: name.to_string(),
            count: Some(count),
            ..search::Item::default()
        };
        adding.items = names.into_iter().map(item).collect();
        adding.cursor = Cursor::default();
    }

    /// Makes the rows anew: the answer, and what the query names of it. The cursor stays on its value.
    pub(crate) fn arrange(&mut self, text: &str) {
        let Some(facets) = &self.facets else { return };
        let selected = self.rows.get(self.cursor.selected).cloned();
        let before = std::mem::take(&mut self.rows);
        let mut rows = Vec::new();
        let mut left = facets.facets.as_slice();
        for (name, fields) in ALWAYS {
            let (these, rest) = left.split_at_checked(fields.len()).unwrap_or((left, &[]));
            left = rest;
            let facet = these.iter().find(|facet| !facet.values.is_empty());
            section(&mut rows, (name.to_owned(), None), facet, (text, &before));
        }
        for (i, name) in self.added.iter().enumerate() {
            let field = |facet: &&Facet| matches!(&facet.field.item, Item::Attribute(_, known) if known == name);
            section(&mut rows, (name.to_string(), Some(i)), left.iter().find(field), (text, &before));
        }
        self.rows = rows;
        let place = selected.and_then(|selected| self.rows.iter().position(|row| row.is_same(&selected)));
        self.cursor.selected = place.unwrap_or(self.cursor.selected).min(self.rows.len().saturating_sub(1));
    }

    pub(crate) fn step(&mut self, motion: Motion, height: usize) {
        self.cursor.step(motion, self.rows.len(), height);
    }

    pub(crate) fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, self.rows.len(), height);
    }

    /// Selects the row on a line; returns whether it was selected before.
    pub(crate) fn click(&mut self, line: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.rows.len()) else { return false };
        std::mem::replace(&mut self.cursor.selected, row) == row
    }

    /// Keeps the selected row on the screen.
    pub(crate) fn settle(&mut self, height: usize) {
        self.cursor.clamp(self.rows.len(), height);
    }

    /// Returns the selected value.
    pub(crate) fn selected(&self) -> Option<(&Field, &Literal)> {
        match self.rows.get(self.cursor.selected)? {
            Row::Value { field, value, .. } => Some((field, value)),
            Row::Title { .. } => None,
        }
    }

    /// Begins to ask for the name of an attribute.
    pub(crate) fn begin_adding(&mut self) {
        self.adding = Some(Adding::default());
    }

    /// Forgets the name that was typed; returns whether one was asked for.
    pub(crate) fn stop_adding(&mut self) -> bool {
        self.adding.take().is_some()
    }

    /// Adds the attribute that was typed, or the one that was chosen of those that fit. Returns whether there was room.
    pub(crate) fn add(&mut self) -> bool {
        let Some(adding) = self.adding.take() else { return true };
        let chosen = adding.items.get(adding.cursor.selected).map(|item| item.text.as_str());
        let name = chosen.unwrap_or(adding.input.text()).trim();
        if name.is_empty() || self.added.iter().any(|known| **known == *name) {
            return true;
        }
        let has_room = self.added.len() < MOST_ADDED;
        if has_room {
            self.added.push(name.into());
            self.rows.push(Row::Title { name: name.to_owned(), added: Some(self.added.len() - 1), others: 0 });
            self.cursor.selected = self.rows.len() - 1;
        }
        has_room
    }

    /// Removes the attribute at the cursor; returns whether it is one that was added.
    pub(crate) fn remove(&mut self, text: &str) -> bool {
        let rows = self.rows.get(..=self.cursor.selected).unwrap_or_default();
        let title = rows.iter().rev().find_map(|row| match row {
            Row::Title { added, .. } => Some(*added),
            Row::Value { .. } => None,
        });
        let Some(place) = title.flatten().filter(|place| *place < self.added.len()) else { return false };
        self.added.remove(place);
        if self.facets.is_none() {
            // Without an answer there are no rows but the titles of what was added.
            self.rows.retain(|row| !matches!(row, Row::Title { added: Some(at), .. } if *at == place));
            for row in &mut self.rows {
                if let Row::Title { added: Some(at), .. } = row {
                    *at -= usize::from(*at > place);
                }
            }
            self.cursor.selected = self.cursor.selected.min(self.rows.len().saturating_sub(1));
        }
        self.arrange(text);
        true
    }

    pub(crate) fn insert(&mut self, text: &str) {
        if let Some(adding) = &mut self.adding {
            adding.input.insert(text);
        }
    }

    pub(crate) fn edit(&mut self, edit: Edit) {
        if let Some(adding) = &mut self.adding {
            adding.input.edit(edit);
        }
    }

    /// Moves in the names that fit.
    pub(crate) fn step_names(&mut self, motion: Motion) {
        if let Some(adding) = &mut self.adding {
            adding.cursor.step(motion, adding.items.len(), search::MOST_ROWS.into());
        }
    }

    /// Puts the selected name into the line.
    pub(crate) fn complete(&mut self) {
        if let Some(adding) = &mut self.adding
            && let Some(item) = adding.items.get(adding.cursor.selected)
        {
            adding.input = Input::new(&item.text);
        }
    }

    pub(crate) fn adding(&self) -> Option<&Adding> {
        self.adding.as_ref()
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub(crate) fn facets(&self) -> Option<&Facets> {
        self.facets.as_ref()
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

impl Adding {
    fn wish(&self, window: Window) -> Wish {
        let part = self.input.text().trim().to_owned();
        let request = AttributesRequest { window, scope: Scope::Either, part, limit: MOST_NAMES };
        Wish { slot: Slot::Names, request: Request::Attributes(request), version: 0 }
    }
}

impl Row {
    /// Returns whether it stands for the same, however often that is there.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Title { name, .. }, Self::Title { name: other, .. }) => name == other,
            (Self::Value { field, value, .. }, Self::Value { field: other, value: known, .. }) => {
                field == other && value == known
            }
            _ => false,
        }
    }
}

/// Adds the rows of a field. What the query names and no trace has any more was there `before`, and stays: how else would
/// one take it out.
fn section(
    rows: &mut Vec<Row>,
    (name, added): (String, Option<usize>),
    facet: Option<&Facet>,
    (text, before): (&str, &[Row]),
) {
    let title = Row::Title { name, added, others: facet.map_or(0, |facet| facet.others) };
    let gone = named_before(&title, before, text);
    rows.push(title);
    let first = rows.len();
    rows.extend(facet.into_iter().flat_map(|facet| {
        facet.values.iter().map(|(value, count)| {
            let mark = search::mark(text, &facet.field, value);
            Row::Value { field: facet.field.clone(), value: value.clone(), count: *count, mark }
        })
    }));
    for row in gone {
        if !rows.iter().skip(first).any(|known| known.is_same(&row)) {
            rows.push(row);
        }
    }
}

/// Returns the values below a title that the query names, as rows without traces.
fn named_before(title: &Row, before: &[Row], text: &str) -> Vec<Row> {
    let below = before.iter().skip_while(|row| !row.is_same(title)).skip(1);
    let values = below.map_while(|row| match row {
        Row::Value { field, value, .. } => Some((field, value)),
        Row::Title { .. } => None,
    });
    let row = |(field, value): (&Field, &Literal)| {
        let mark = search::mark(text, field, value);
        (mark != Mark::None).then(|| Row::Value { field: field.clone(), value: value.clone(), count: 0, mark })
    };
    values.filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_added_and_removed_before_anything_is_known_of_them() {
        let mut state = State::default();
        for name in ["tenant", "region"] {
            state.begin_adding();
            state.insert(name);
            assert!(state.add());
        }
        assert!(state.remove("") && state.remove(""));
        assert!(!state.remove(""));
        assert!(state.rows.is_empty() && state.added.is_empty());
    }
}
