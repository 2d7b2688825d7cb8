//! Runs an expression on one span. It cannot fail: what has no answer is nil, and nil is no match.

use std::cell::OnceCell;

use super::anywhere;
use super::ast::{Field, Item, Operator, Scope};
use super::body;
use super::fields::Intrinsic;
use super::node::Node;
use super::space::{Hand, Origin, Place};
use super::value::Value;
use crate::model::{SpanId, TraceId};
use crate::store::Row;

/// A span, with what is read of it when it is asked for.
pub(super) struct Subject<'h, 'a> {
    hand: &'h Hand<'a>,
    pub(super) place: Place,
    row: OnceCell<Row>,
    /// Its bytes, where they were at hand.
    given: Option<&'h [u8]>,
    body: OnceCell<Vec<u8>>,
    parent: OnceCell<Option<Box<Subject<'h, 'a>>>>,
}

impl<'h, 'a> Subject<'h, 'a> {
    pub(super) fn at(hand: &'h Hand<'a>, place: Place) -> Self {
        Self { hand, place, row: OnceCell::new(), given: None, body: OnceCell::new(), parent: OnceCell::new() }
    }

    pub(super) fn with(hand: &'h Hand<'a>, place: Place, row: Row) -> Self {
        Self { row: row.into(), ..Self::at(hand, place) }
    }

    /// Returns a span that has nothing of its own beside the row.
    pub(super) fn bare(hand: &'h Hand<'a>, place: Place, row: Row) -> Self {
        Self { given: Some(&[]), ..Self::with(hand, place, row) }
    }

    /// Returns the span with its bytes, as [`crate::store::Reader::body`] gives them.
    pub(super) fn with_body(hand: &'h Hand<'a>, place: Place, body: &'h [u8]) -> Self {
        Self { given: Some(body), ..Self::at(hand, place) }
    }

    pub(super) fn row(&self) -> &Row {
        self.row.get_or_init(|| self.hand.space.view(self.place).row(self.place.row))
    }

    fn body(&self) -> &[u8] {
        self.given.unwrap_or_else(|| self.body.get_or_init(|| self.hand.body(self.place)))
    }

    fn origin(&self) -> Option<&'a Origin> {
        self.hand.space.blocks[self.place.position as usize].origin(self.row().scope)
    }

    fn name(&self, name: u32) -> &'a str {
        self.hand.space.view(self.place).text(name)
    }

    fn parent(&self) -> Option<&Self> {
        let find = || {
            if self.row().parent_id == 0 {
                return None;
            }
            let view = self.hand.space.view(self.place);
            let part = view.part_of_row(self.place.row);
            let here = view.find_span(part, self.row().parent_id).map(|row| Place { row, ..self.place });
            let elsewhere = || {
                let rows = self.hand.rows(self.hand.newest_of(self.place));
                Some(rows.spans[rows.ordinal(self.row().parent_id)? as usize].0)
            };
            Some(Box::new(Subject::at(self.hand, here.or_else(elsewhere)?)))
        };
        self.parent.get_or_init(find).as_deref()
    }

    /// Returns what a field is on this span.
    pub(super) fn field(&self, field: &Field) -> Value<'_> {
        if field.of_parent {
            return self.parent().map_or(Value::Nil, |parent| parent.item(&field.item));
        }
        self.item(&field.item)
    }

    fn item(&self, item: &Item) -> Value<'_> {
        match item {
            Item::Intrinsic(intrinsic) => self.intrinsic(*intrinsic),
            Item::Attribute(scope, key) => self.attribute(*scope, key),
        }
    }

    fn attribute(&self, scope: Scope, key: &str) -> Value<'_> {
        let resource = || self.origin().map_or(Value::Nil, |origin| body::of_decoded(&origin.resource.attributes, key));
        let span = || body::attribute(self.body(), body::SPAN_ATTRIBUTES, key);
        match scope {
            Scope::Either => Some(span()).filter(|value| !value.is_nil()).unwrap_or_else(resource),
            Scope::Span => span(),
            Scope::Resource => resource(),
            Scope::Instrumentation => {
                self.origin().map_or(Value::Nil, |origin| body::of_decoded(&origin.scope.attributes, key))
            }
            Scope::Event => body::of_events(self.body(), |event| body::attribute(event, body::EVENT_ATTRIBUTES, key)),
            Scope::Link => body::of_links(self.body(), |link| body::attribute(link, body::LINK_ATTRIBUTES, key)),
        }
    }

    /// Calls `on` with the name of each attribute of span, event or link.
    pub(super) fn attribute_names(&self, scope: Scope, on: &mut dyn FnMut(&str)) {
        match scope {
            Scope::Either | Scope::Span => body::keys(self.body(), on),
            Scope::Event => body::keys_of_events(self.body(), on),
            Scope::Link => body::keys_of_links(self.body(), on),
            Scope::Resource | Scope::Instrumentation => {}
        }
    }

    fn intrinsic(&self, intrinsic: Intrinsic) -> Value<'_> {
        let row = self.row();
        let facts = || self.hand.facts(self.place);
        let id = |id: u64| if id == 0 { String::new() } else { SpanId(id).to_string() };
        let owned = |text: String| Value::Text(text.into());
        match intrinsic {
            Intrinsic::Duration => Value::number(row.duration_ns),
            Intrinsic::Name => Value::text(self.name(row.operation)),
            Intrinsic::Kind => Value::Kind(row.facts.kind()),
            Intrinsic::Status => Value::Status(row.facts.status()),
            Intrinsic::StatusMessage => Value::Text(body::status_message(self.body())),
            Intrinsic::SpanId => owned(id(row.span_id)),
            Intrinsic::ParentId => owned(id(row.parent_id)),
            Intrinsic::ChildCount => {
                let rows = self.hand.rows(self.hand.newest_of(self.place));
                Value::Int(rows.children(row.span_id).into())
            }
            Intrinsic::TraceDuration => facts().map_or(Value::Nil, |facts| Value::number(facts.sums.duration_ns())),
            Intrinsic::TraceId => facts().map_or(Value::Nil, |facts| owned(TraceId(facts.id).to_string())),
            Intrinsic::RootName => self.of_root(|root| root.operation),
            Intrinsic::RootService => self.of_root(|root| root.service),
            Intrinsic::EventName => body::of_events(self.body(), body::event_name),
            Intrinsic::EventTimeSinceStart => {
                body::of_events(self.body(), |event| body::event_time(event, row.start_ns))
            }
            Intrinsic::LinkTraceId => body::of_links(self.body(), body::link_trace),
            Intrinsic::LinkSpanId => body::of_links(self.body(), body::link_span),
            Intrinsic::InstrumentationName => {
                self.origin().map_or(Value::Nil, |origin| Value::text(&origin.scope.name))
            }
            Intrinsic::InstrumentationVersion => {
                self.origin().map_or(Value::Nil, |origin| Value::text(&origin.scope.version))
            }
            // Compared without being put together; nobody asks for it as a value.
            Intrinsic::Any => Value::Other,
            Intrinsic::Slow => Value::Bool(self.is_slow()),
        }
    }

    fn of_root(&self, name: impl Fn(&Row) -> u32) -> Value<'_> {
        let space = self.hand.space;
        let root = self.hand.facts(self.place).and_then(|facts| facts.root);
        let place = root.and_then(|root| Some((space.snapshot.position(root.block)?, root.row)));
        place.map_or(Value::Nil, |(position, row)| {
            let view = &space.blocks[position].view;
            Value::text(view.text(name(&view.row(row))))
        })
    }

    fn is_slow(&self) -> bool {
        let space = self.hand.space;
        space.slow.as_ref().is_some_and(|slow| {
            let is_local_root = || {
                let parent = self.parent();
                parent.is_none_or(|parent| parent.name(parent.row().service) != self.name(self.row().service))
            };
            slow.is_slow(self.name(self.row().service), self.row(), is_local_root)
        })
    }

    /// Returns whether `is_match` holds for one of the texts that `any` stands for.
    fn any(&self, is_match: &dyn Fn(&str) -> bool) -> bool {
        is_match(self.name(self.row().service))
            || is_match(self.name(self.row().operation))
            || self.origin().is_some_and(|origin| origin.any(is_match))
            || anywhere::any_matches(self.body(), is_match)
    }

    /// Returns whether an expression is true.
    pub(super) fn holds(&self, node: &Node) -> bool {
        match node {
            Node::All(nodes) => nodes.iter().all(|node| self.holds(node)),
            Node::Any(nodes) => nodes.iter().any(|node| self.holds(node)),
            other => self.value(other).is_true(),
        }
    }

    /// Returns what an expression comes to.
    pub(super) fn value(&self, node: &Node) -> Value<'_> {
        match node {
            Node::Value(value) => value.clone(),
            Node::Field(field) => self.field(field),
            Node::All(_) | Node::Any(_) => Value::Bool(self.holds(node)),
            Node::Not(inner) => match self.value(inner) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Nil,
            },
            Node::Negate(inner) => self.value(inner).negated(),
            Node::IsNil(field, wanted) => Value::Bool(self.is_nil(field) == *wanted),
            Node::Compare(operator, left, right) => Value::Bool(self.compare(*operator, left, right)),
            Node::Matches { of, pattern, negated } => {
                let is_match = |text: &str| pattern.is_match(text);
                Value::Bool(match any_of(of) {
                    Some(subject) => self
                        .or_parent(subject)
                        .is_some_and(|subject| subject.any(&|text: &str| is_match(text) != *negated)),
                    None => self.value(of).matches(&is_match, *negated),
                })
            }
            Node::Arithmetic(operator, left, right) => self.value(left).arithmetic(*operator, &self.value(right)),
        }
    }

    fn compare(&self, operator: Operator, left: &Node, right: &Node) -> bool {
        match any_of(left) {
            Some(field) => {
                let right = self.value(right);
                let subject = self.or_parent(field);
                subject.is_some_and(|subject| subject.any(&|text| Value::text(text).compare(operator, &right)))
            }
            None => self.value(left).compare(operator, &self.value(right)),
        }
    }

    /// Returns the span that a field is of.
    fn or_parent(&self, field: &Field) -> Option<&Self> {
        if field.of_parent { self.parent() } else { Some(self) }
    }

    fn is_nil(&self, field: &Field) -> bool {
        // There is always an operation, whichever text it is.
        if field.item == Item::Intrinsic(Intrinsic::Any) {
            return self.or_parent(field).is_none();
        }
        self.field(field).is_nil()
    }
}

/// Returns the field where a node is `any`.
pub(super) fn any_of(node: &Node) -> Option<&Field> {
    match node {
        Node::Field(field) if field.item == Item::Intrinsic(Intrinsic::Any) => Some(field),
        _ => None,
    }
}

impl Origin {
    /// Returns whether `is_match` holds for the value of an attribute, as it is spelled.
    pub(super) fn any(&self, is_match: &dyn Fn(&str) -> bool) -> bool {
        anywhere::any_decoded_matches(&self.resource.attributes, is_match)
            || anywhere::any_decoded_matches(&self.scope.attributes, is_match)
    }
}
