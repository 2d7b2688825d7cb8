//! Which rows of a block an expression may hold for, and for which it surely does, told from columns, names, scopes and
//! filters, without reading the spans' bytes one by one.

use memchr::memmem::Finder;

use super::anywhere::Seeker;
use super::ast::{Field, Item, Operator, Scope};
use super::eval::{Subject, any_of};
use super::fields::Intrinsic;
use super::node::{Needs, Node, SERVICE_NAME};
use super::pattern::Pattern;
use super::space::{Hand, Place};
use super::value::Value;
use crate::model::{Kind, SpanId, StatusCode, TraceId};
use crate::store::{Bits, Column, FingerprintOf, Row, Test, View, fingerprint};

/// Rows for which something holds: none but those of `maybe`, and surely those of `sure`, which are among them.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) maybe: Bits,
    pub(super) sure: Bits,
}

impl Found {
    fn exactly(rows: Bits) -> Self {
        Self { sure: rows.clone(), maybe: rows }
    }

    fn unsure(rows: Bits) -> Self {
        Self { sure: Bits::none(rows.len()), maybe: rows }
    }

    fn or(&mut self, other: &Self) {
        self.maybe.or(&other.maybe);
        self.sure.or(&other.sure);
    }
}

/// Narrows down the rows of one block.
pub(super) struct Narrow<'h, 'a> {
    pub(super) hand: &'h Hand<'a>,
    pub(super) position: usize,
}

impl Narrow<'_, '_> {
    fn view(&self) -> View<'_> {
        self.hand.space.blocks[self.position].view
    }

    /// Returns for which of these rows an expression holds.
    pub(super) fn rows(&self, node: &Node, within: &Bits) -> Found {
        if within.is_empty() {
            return Found::exactly(within.clone());
        }
        match node {
            Node::All(nodes) => {
                let mut found = Found::exactly(within.clone());
                for node in nodes {
                    let next = self.rows(node, &found.maybe);
                    found.maybe = next.maybe;
                    found.sure.and(&next.sure);
                }
                found
            }
            Node::Any(nodes) => {
                let mut found = Found::exactly(Bits::none(within.len()));
                for node in nodes {
                    let mut rest = within.clone();
                    rest.without(&found.sure);
                    found.or(&self.rows(node, &rest));
                }
                found
            }
            Node::Not(inner) if is_boolean(inner) => {
                let inner = self.rows(inner, within);
                let (mut maybe, mut sure) = (within.clone(), within.clone());
                maybe.without(&inner.sure);
                sure.without(&inner.maybe);
                Found { maybe, sure }
            }
            other => self.single(other, within),
        }
    }

    fn single(&self, node: &Node, within: &Bits) -> Found {
        let needs = node.needs();
        if needs == Needs::NOTHING {
            let holds = self.holds(node, &Row::default());
            return Found::exactly(if holds { within.clone() } else { Bits::none(within.len()) });
        }
        if needs.only(Needs::OPERATION) {
            return Found::exactly(self.by_name(node, Column::Operation, within));
        }
        if needs.only(Needs::KIND) {
            let of = |number| view_row(|row| row.facts = facts(Kind::from_number(number), StatusCode::Unset));
            return Found::exactly(self.by_number(node, Column::Kind, (0..6).map(of), within));
        }
        if needs.only(Needs::STATUS) {
            let of = |number| view_row(|row| row.facts = facts(Kind::Unspecified, StatusCode::from_number(number)));
            return Found::exactly(self.by_number(node, Column::Status, (0..3).map(of), within));
        }
        if needs.only(Needs::SERVICE) && !self.has_unknown_service() {
            return Found::exactly(self.by_service(node, within));
        }
        if self.is_of_origin(node) {
            return Found::exactly(self.by_origin(node, within));
        }
        if needs.only(Needs::TRACE) {
            return Found::exactly(self.by_trace(node, within));
        }
        match node {
            Node::Compare(operator, left, right) => match (&**left, &**right) {
                (Node::Field(field), Node::Value(value)) => self.compared(node, (*operator, field, value), within),
                _ => Found::unsure(within.clone()),
            },
            Node::Matches { of, pattern, negated } => self.matched(node, (of, pattern, *negated), within),
            Node::IsNil(field, false) | Node::Field(field) => self.with_key(node, field, within),
            _ => Found::unsure(within.clone()),
        }
    }

    fn holds(&self, node: &Node, row: &Row) -> bool {
        let place = Place { position: self.position as u32, row: 0 };
        Subject::with(self.hand, place, *row).holds(node)
    }

    /// Evaluates once for each number that a column can have.
    fn by_number(&self, node: &Node, column: Column, rows: impl Iterator<Item = Row>, within: &Bits) -> Bits {
        let passing: Vec<bool> = rows.map(|row| self.holds(node, &row)).collect();
        self.keep_one_of(column, &passing, within)
    }

    fn keep_one_of(&self, column: Column, passing: &[bool], within: &Bits) -> Bits {
        let mut rows = within.clone();
        if passing.iter().any(|&passes| passes) {
            self.view().keep(column, &Test::OneOf(passing), &mut rows);
        } else {
            rows = Bits::none(rows.len());
        }
        rows
    }

    /// Evaluates once for each name.
    fn by_name(&self, node: &Node, column: Column, within: &Bits) -> Bits {
        let of = |name| view_row(|row| (row.operation, row.service) = (name, name));
        self.by_number(node, column, (0..self.view().names()).map(of), within)
    }

    /// Where the attribute is missing, or no text, the name stands for that.
    fn has_unknown_service(&self) -> bool {
        let view = self.view();
        (0..view.names()).any(|name| view.text(name) == UNKNOWN_SERVICE)
    }

    fn by_service(&self, node: &Node, within: &Bits) -> Bits {
        let view = self.view();
        let passing: Vec<bool> = (0..view.names()).map(|name| holds_for_service(node, view.text(name))).collect();
        self.keep_one_of(Column::Service, &passing, within)
    }

    /// Evaluates once for each scope.
    fn by_scope(&self, within: &Bits, holds: impl Fn(&Row) -> bool) -> Bits {
        let of = |scope| holds(&view_row(|row| row.scope = scope));
        let passing: Vec<bool> = (0..self.view().scopes()).map(of).collect();
        self.keep_one_of(Column::Scope, &passing, within)
    }

    /// Returns whether it depends on nothing that a span of this block has of its own.
    fn is_of_origin(&self, node: &Node) -> bool {
        node.all_fields(&|field| match &field.item {
            _ if field.of_parent => false,
            Item::Intrinsic(Intrinsic::InstrumentationName | Intrinsic::InstrumentationVersion)
            | Item::Attribute(Scope::Resource | Scope::Instrumentation, _) => true,
            Item::Intrinsic(_) => false,
            Item::Attribute(_, key) => !self.view().may_have(fingerprint(key, FingerprintOf::Key)),
        })
    }

    /// Leaves rows for which it would hold if spans had no attributes of their own.
    fn by_origin(&self, node: &Node, within: &Bits) -> Bits {
        if let Some((_, wanted)) = attribute_wanted(node)
            && !self.view().origin_may_have(wanted)
        {
            return Bits::none(within.len());
        }
        let place = Place { position: self.position as u32, row: 0 };
        self.by_scope(within, |row| Subject::bare(self.hand, place, *row).holds(node))
    }

    /// Evaluates once for each trace of which a row is left.
    fn by_trace(&self, node: &Node, within: &Bits) -> Bits {
        let view = self.view();
        if let Some(id) = id_wanted(node, Intrinsic::TraceId) {
            let id = id.parse::<TraceId>().ok();
            let part = id.and_then(|id| view.find_part(id.0, View::hash(id.0)));
            let mut rows = Bits::none(within.len());
            part.into_iter().flat_map(|part| view.newest_rows(part)).for_each(|row| rows.insert(row));
            rows.and(within);
            return rows;
        }
        let mut parts = view.parts_of(within);
        parts.retain(|part| {
            let row = view.newest_rows(part).next();
            row.is_some_and(|row| Subject::at(self.hand, Place { position: self.position as u32, row }).holds(node))
        });
        let mut rows = view.rows_of(&parts);
        rows.and(within);
        rows
    }

    fn compared(&self, node: &Node, (operator, field, value): (Operator, &Field, &Value), within: &Bits) -> Found {
        if field.of_parent {
            return Found::unsure(within.clone());
        }
        match &field.item {
            Item::Intrinsic(Intrinsic::Duration) => self.by_duration(operator, value, within),
            Item::Intrinsic(Intrinsic::SpanId) if operator == Operator::Equal => self.by_span_id(value, within),
            Item::Intrinsic(Intrinsic::ParentId) if *value == Value::text("") => self.by_parent(operator, within),
            Item::Attribute(_, key) => self.by_attribute(node, key, within),
            Item::Intrinsic(intrinsic) => Found::unsure(self.with_parts(*intrinsic, within)),
        }
    }

    fn by_duration(&self, operator: Operator, value: &Value, within: &Bits) -> Found {
        let Some((least, most)) = range(operator, value) else { return Found::unsure(within.clone()) };
        let mut rows = within.clone();
        if least <= most {
            self.view().keep(Column::Duration, &Test::Between(least, most), &mut rows);
        } else {
            rows = Bits::none(rows.len());
        }
        Found::exactly(rows)
    }

    fn by_span_id(&self, value: &Value, within: &Bits) -> Found {
        let id = if let Value::Text(text) = value { text.parse::<SpanId>().ok() } else { None };
        let (view, mut rows) = (self.view(), Bits::none(within.len()));
        if let Some(id) = id {
            within.iter().filter(|&row| view.span_id(row) == id.0).for_each(|row| rows.insert(row));
        }
        Found::exactly(rows)
    }

    fn by_parent(&self, operator: Operator, within: &Bits) -> Found {
        let is_root = match operator {
            Operator::Equal => 1,
            Operator::NotEqual => 0,
            _ => return Found::unsure(within.clone()),
        };
        let mut rows = within.clone();
        self.view().keep(Column::IsRoot, &Test::Between(is_root, is_root), &mut rows);
        Found::exactly(rows)
    }

    /// Leaves only rows that have events, or links, where it is of one.
    fn with_parts(&self, intrinsic: Intrinsic, within: &Bits) -> Bits {
        let column = match intrinsic {
            Intrinsic::EventName | Intrinsic::EventTimeSinceStart => Column::Events,
            Intrinsic::LinkTraceId | Intrinsic::LinkSpanId => Column::Links,
            _ => return within.clone(),
        };
        self.with_some(column, within)
    }

    fn with_some(&self, column: Column, within: &Bits) -> Bits {
        let mut rows = within.clone();
        self.view().keep(column, &Test::Between(1, u64::MAX), &mut rows);
        rows
    }

    /// Leaves only rows that may have an attribute with this value.
    fn by_attribute(&self, node: &Node, key: &str, within: &Bits) -> Found {
        let (value, wanted) = attribute_wanted(node).unwrap_or((None, fingerprint(key, FingerprintOf::Key)));
        let needle = value.filter(|value| value.len() >= key.len()).unwrap_or(key);
        let finder = Finder::new(needle);
        let find = |bytes: &[u8], from: usize| Some(from + finder.find(bytes.get(from..)?)?);
        self.in_bytes(node, wanted, &find, within)
    }

    fn with_key(&self, node: &Node, field: &Field, within: &Bits) -> Found {
        match &field.item {
            _ if field.of_parent => Found::unsure(within.clone()),
            Item::Attribute(_, key) => self.by_attribute(node, key, within),
            Item::Intrinsic(intrinsic) => Found::unsure(self.with_parts(*intrinsic, within)),
        }
    }

    /// Leaves only rows that may have an attribute with this fingerprint in their bytes, and something that is found there;
    /// or, where the resource counts too, those for which that is enough.
    fn in_bytes(&self, node: &Node, fingerprint: u64, find: Find, within: &Bits) -> Found {
        let Some(scope) = scope_of(node) else { return Found::unsure(within.clone()) };
        let mut own = match scope {
            Scope::Event => self.with_some(Column::Events, within),
            Scope::Link => self.with_some(Column::Links, within),
            _ => within.clone(),
        };
        let of_origin = (scope == Scope::Either).then(|| self.by_origin(node, within));
        let holds = |row, bytes: &[u8]| {
            let place = Place { position: self.position as u32, row };
            Subject::with_body(self.hand, place, bytes).holds(node)
        };
        if self.view().may_have(fingerprint) {
            if let Some(of_origin) = &of_origin {
                own.without(of_origin);
            }
            self.view().keep_with_bytes(find, holds, &mut own);
        } else {
            own.clear();
        }
        match of_origin {
            // What a span has itself counts before what its resource has.
            Some(mut maybe) => {
                maybe.or(&own);
                Found { maybe, sure: own }
            }
            None => Found::exactly(own),
        }
    }

    fn matched(&self, node: &Node, (of, pattern, negated): (&Node, &Pattern, bool), within: &Bits) -> Found {
        if !negated && any_of(of).is_some_and(|field| !field.of_parent) {
            return Found::exactly(self.any_matched(pattern, within));
        }
        let Node::Field(field) = of else { return Found::unsure(within.clone()) };
        match &field.item {
            Item::Attribute(_, key) if !field.of_parent => {
                let finder = Finder::new(&**key);
                let find_key = |bytes: &[u8], from: usize| Some(from + finder.find(bytes.get(from..)?)?);
                let raw = pattern.raw().filter(|_| !negated);
                let find_raw = |bytes: &[u8], from: usize| raw.and_then(|raw| raw.find(bytes, from));
                let find: Find = if raw.is_some() { &find_raw } else { &find_key };
                self.in_bytes(node, fingerprint(key, FingerprintOf::Key), find, within)
            }
            Item::Intrinsic(intrinsic) if !field.of_parent => Found::unsure(self.with_parts(*intrinsic, within)),
            _ => Found::unsure(within.clone()),
        }
    }

    fn any_matched(&self, pattern: &Pattern, within: &Bits) -> Bits {
        let view = self.view();
        let passing: Vec<bool> = (0..view.names()).map(|name| pattern.is_match(view.text(name))).collect();
        let mut found = self.keep_one_of(Column::Service, &passing, within);
        found.or(&self.keep_one_of(Column::Operation, &passing, within));
        found.or(&self.by_scope(within, |row| {
            let origin = self.hand.space.blocks[self.position].origin(row.scope);
            origin.is_some_and(|origin| origin.any(&|text: &str| pattern.is_match(text)))
        }));
        let mut others = within.clone();
        others.without(&found);
        let mut seeker = Seeker::new(pattern);
        // What numbers are spelled with is nowhere in the bytes.
        let raw = pattern.raw().filter(|_| !pattern.may_spell());
        let find = |bytes: &[u8], from: usize| match raw {
            Some(raw) => raw.find(bytes, from),
            None => Some(from),
        };
        view.keep_with_bytes(&find, |_, bytes| seeker.finds(bytes), &mut others);
        found.or(&others);
        found
    }
}

/// Returns the scope of an attribute that is compared, matched, or asked whether it is there.
fn scope_of(node: &Node) -> Option<Scope> {
    let field = match node {
        Node::Field(field) | Node::IsNil(field, _) => field,
        Node::Compare(_, of, _) | Node::Matches { of, .. } => match &**of {
            Node::Field(field) => field,
            _ => return None,
        },
        _ => return None,
    };
    if let Item::Attribute(scope, _) = &field.item { Some(*scope) } else { None }
}

/// Returns the fingerprint of the attribute that a span or its origin has to have, with the value if that is a text.
fn attribute_wanted(node: &Node) -> Option<(Option<&str>, u64)> {
    let Node::Compare(Operator::Equal, field, value) = node else { return None };
    let (Node::Field(Field { of_parent: false, item: Item::Attribute(_, key) }), Node::Value(value)) =
        (&**field, &**value)
    else {
        return None;
    };
    let (text, of) = match value {
        Value::Text(text) => (Some(&**text), FingerprintOf::String(text)),
        Value::Bool(value) => (None, FingerprintOf::Bool(*value)),
        number => (None, number.as_number().map_or(FingerprintOf::Key, FingerprintOf::Number)),
    };
    Some((text, fingerprint(key, of)))
}

/// Looks for something in bytes, from a place on, and returns where it is.
type Find<'f> = &'f dyn Fn(&[u8], usize) -> Option<usize>;

/// What spans without `service.name` have as their service.
const UNKNOWN_SERVICE: &str = "unknown_service";

fn view_row(set: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::default();
    set(&mut row);
    row
}

fn facts(kind: Kind, status: StatusCode) -> crate::store::RowFacts {
    crate::store::RowFacts::new(kind, status, false, 0, 0)
}

/// Whether it comes to true or false, never to nothing.
fn is_boolean(node: &Node) -> bool {
    matches!(node, Node::All(_) | Node::Any(_) | Node::Compare(..) | Node::Matches { .. } | Node::IsNil(..))
        || matches!(node, Node::Not(inner) if is_boolean(inner))
}

/// Returns the id that a field has to be equal to.
fn id_wanted(node: &Node, intrinsic: Intrinsic) -> Option<&str> {
    match node {
        Node::Compare(Operator::Equal, left, right) => match (&**left, &**right) {
            (Node::Field(field), Node::Value(Value::Text(text)))
                if field.item == Item::Intrinsic(intrinsic) && !field.of_parent =>
            {
                Some(text)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Evaluates an expression over the name of the service alone.
fn holds_for_service(node: &Node, service: &str) -> bool {
    value_for_service(node, service).is_true()
}

fn value_for_service<'a>(node: &'a Node, service: &'a str) -> Value<'a> {
    let value = |node: &'a Node| value_for_service(node, service);
    match node {
        Node::Value(value) => value.clone(),
        Node::Field(field) if matches!(&field.item, Item::Attribute(_, key) if &**key == SERVICE_NAME) => {
            Value::text(service)
        }
        Node::Field(_) => Value::Nil,
        Node::Not(inner) => match value(inner) {
            Value::Bool(holds) => Value::Bool(!holds),
            _ => Value::Nil,
        },
        Node::Negate(inner) => value(inner).negated(),
        Node::All(nodes) => Value::Bool(nodes.iter().all(|node| value(node).is_true())),
        Node::Any(nodes) => Value::Bool(nodes.iter().any(|node| value(node).is_true())),
        Node::Compare(operator, left, right) => Value::Bool(value(left).compare(*operator, &value(right))),
        Node::Matches { of, pattern, negated } => {
            Value::Bool(value(of).matches(&|text| pattern.is_match(text), *negated))
        }
        Node::IsNil(_, wanted) => Value::Bool(!wanted),
        Node::Arithmetic(operator, left, right) => value(left).arithmetic(*operator, &value(right)),
    }
}

/// Returns the durations for which a comparison holds, none where that is no single range.
fn range(operator: Operator, value: &Value) -> Option<(u64, u64)> {
    let number = match value {
        Value::Int(number) => i128::from(*number),
        Value::Float(number) if number.is_finite() => return range_of_float(operator, *number),
        _ => return None,
    };
    let (least, most) = match operator {
        Operator::Equal => (number, number),
        Operator::Less => (0, number - 1),
        Operator::LessOrEqual => (0, number),
        Operator::Greater => (number + 1, u64::MAX.into()),
        Operator::GreaterOrEqual => (number, u64::MAX.into()),
        _ => return None,
    };
    Some(clamped(least, most))
}

fn range_of_float(operator: Operator, number: f64) -> Option<(u64, u64)> {
    // Rounding at the largest numbers does no harm: no span takes centuries.
    let (floor, ceil) = (number.floor() as i128, number.ceil() as i128);
    let (least, most) = match operator {
        Operator::Equal => (ceil, floor),
        Operator::Less => (0, ceil.saturating_sub(1)),
        Operator::LessOrEqual => (0, floor),
        Operator::Greater => (floor.saturating_add(1), u64::MAX.into()),
        Operator::GreaterOrEqual => (ceil, u64::MAX.into()),
        _ => return None,
    };
    Some(clamped(least, most))
}

/// Returns a range of which nothing is left as one that ends before it begins.
fn clamped(least: i128, most: i128) -> (u64, u64) {
    let most = most.min(u64::MAX.into());
    match (u64::try_from(least.max(0)), u64::try_from(most)) {
        (Ok(least), Ok(most)) => (least, most),
        _ => (1, 0),
    }
}
