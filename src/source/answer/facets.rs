//! How many of the traces of a list have which values: the newest traces, as many as can be looked at while one waits.

use std::cell::RefCell;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::Steps;
use super::traces::{List, Matching, ground};
use crate::query::ast::{Field, Item, Literal, Scope};
use crate::query::fields::Intrinsic;
use crate::query::{Ground, Memory, Place, Query, Search};
use crate::source::{Facet, Facets, FacetsRequest, Progress, Reply};
use crate::store::{Row, Snapshot, View};

/// How many spans are looked at.
const SPANS: u64 = 250_000;
/// How many values of a field are counted, and the bytes of the longest one: nobody chooses among texts that are longer.
const MAX_VALUES: usize = 20_000;
const MAX_LENGTH: usize = 1_024;

/// Returns the facets of a list.
pub(super) fn facets(request: &FacetsRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Facets {
    let of_filter =
        ground(&request.filter, snapshot, &|| steps(&|| Reply::Facets(Facets { is_all: false, ..Facets::default() })));
    let list = List::new(&request.filter, snapshot, of_filter.as_ref(), memory);
    let everything = Ground::new(&Query::everything(), snapshot, &|_| true, &|| true);
    let reader = Search::new(&everything, memory);
    let columns = request.fields.iter().map(|field| Column::new(field, &request.prefix)).collect();
    let counted = RefCell::new(Counted { columns, traces: 0, spans: 0 });
    let is_enough = || counted.borrow().spans >= SPANS;
    let progress = list.each_block(
        |_| is_enough(),
        |found| {
            if !is_enough() {
                counted.borrow_mut().count(&found, snapshot, &reader);
            }
        },
        |progress| !is_enough() && steps(&|| Reply::Facets(counted.borrow().facets(request, progress))),
    );
    counted.borrow().facets(request, if is_enough() { Progress { searched: 0, ..progress } } else { progress })
}

struct Counted {
    columns: Vec<Column>,
    traces: u64,
    spans: u64,
}

/// The values of a field.
struct Column {
    field: Field,
    kind: Kind,
    prefix: String,
    /// The number of traces that have each, with the values by their spelling and type.
    values: HashMap<String, (Literal, u64)>,
    /// Those of the trace that is looked at.
    of_trace: HashSet<String>,
    /// How often a value came for which there was no room.
    left_out: u64,
}

/// Where a field's values are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Service,
    Operation,
    Other,
}

impl Column {
    fn new(field: &Field, prefix: &str) -> Self {
        let kind = match &field.item {
            Item::Intrinsic(Intrinsic::Name) if !field.of_parent => Kind::Operation,
            Item::Attribute(Scope::Resource, key) if !field.of_parent && &**key == "service.name" => Kind::Service,
            _ => Kind::Other,
        };
        let prefix = prefix.to_lowercase();
        Self { field: field.clone(), kind, prefix, values: HashMap::new(), of_trace: HashSet::default(), left_out: 0 }
    }

    fn look(&mut self, view: &View, place: Place, (row, reader): (&Row, &Search)) {
        let literal = match self.kind {
            Kind::Service => return self.name(view.text(row.service)),
            Kind::Operation => return self.name(view.text(row.operation)),
            Kind::Other => reader.value(place, &self.field),
        };
        if literal == Literal::Nil {
            return;
        }
        let key = format!("{literal:?}");
        if key.len() > MAX_LENGTH {
            self.left_out += 1;
        } else if !self.of_trace.contains(&key) {
            self.count(key, || literal);
        }
    }

    fn name(&mut self, text: &str) {
        if !self.of_trace.contains(text) {
            self.count(text.to_owned(), || Literal::String(text.into()));
        }
    }

    fn count(&mut self, key: String, literal: impl FnOnce() -> Literal) {
        if let Some((_, count)) = self.values.get_mut(&key) {
            *count += 1;
        } else if self.values.len() < MAX_VALUES {
            self.values.insert(key.clone(), (literal(), 1));
        } else {
            self.left_out += 1;
            return;
        }
        self.of_trace.insert(key);
    }

    fn facet(&self, limit: usize) -> Facet {
        let is_wanted = |literal: &Literal| self.prefix.is_empty() || spelled(literal).starts_with(&self.prefix);
        let mut values: Vec<&(Literal, u64)> = self.values.values().filter(|(literal, _)| is_wanted(literal)).collect();
        values.sort_by_cached_key(|(literal, count)| (std::cmp::Reverse(*count), spelled(literal)));
        let others = values.len().saturating_sub(limit) as u64 + self.left_out;
        Facet { field: self.field.clone(), values: values.into_iter().take(limit).cloned().collect(), others }
    }
}

/// Returns a value as it is spelled, in lower case.
fn spelled(literal: &Literal) -> String {
    match literal {
        Literal::Nil => String::new(),
        Literal::Int(number) | Literal::Duration(number) => number.to_string(),
        Literal::Float(number) => number.to_string(),
        Literal::String(text) => text.to_lowercase(),
        Literal::Bool(value) => value.to_string(),
        Literal::Status(status) => status.name().to_owned(),
        Literal::Kind(kind) => kind.name().to_owned(),
    }
}

impl Counted {
    fn count(&mut self, found: &Matching, snapshot: &Snapshot, reader: &Search) {
        self.traces += 1;
        self.spans += u64::from(found.sums.spans);
        self.columns.iter_mut().for_each(|column| column.of_trace.clear());
        for (position, part) in snapshot.parts(found.newest).0 {
            let view = snapshot.view(position);
            for index in view.newest_rows(part) {
                let (row, place) = (view.row(index), Place { position: position as u32, row: index });
                self.columns.iter_mut().for_each(|column| column.look(&view, place, (&row, reader)));
            }
        }
    }

    fn facets(&self, request: &FacetsRequest, progress: Progress) -> Facets {
        let facets = self.columns.iter().map(|column| column.facet(request.limit)).collect();
        Facets { facets, traces: self.traces, is_all: progress.is_complete() }
    }
}
