//! What holds for every query: filters are put together as sets are, sets of spans as the links of their traces say, and
//! the form of the store does not show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use proptest::prelude::*;
use proptest::sample::select;
use spantop::query::parse;
use spantop::source::{Reply, answer};

use crate::fixture;
use crate::spans_request;
use crate::stores::{self, Blocks, Form};

/// Conditions of every type and cost; none of a span that is looked for only once.
const LEAVES: [&str; 40] = [
    "true",
    "status = error",
    "status != unset",
    "kind = server",
    "kind != internal",
    "name =~ \"x|tick|POST.*\"",
    "name !~ \"[a-m].*\"",
    "name < \"o\"",
    "duration > 15ms",
    "duration * 2 <= 40ms",
    "resource.service.name = \"cart\"",
    "resource.service.name != \"fast\"",
    "resource.service.name =~ \".*e.*\"",
    "resource.service.name = nil",
    ".region = \"eu\"",
    ".region != \"eu\"",
    "span.region = nil",
    ".http.status_code = 200",
    ".http.status_code != 200",
    ".http.status_code >= 300",
    ".http.status_code =~ \"5.*\"",
    ".n % 2 = 0",
    ".n > 3.5",
    ".depth < 3",
    ".items != \"cup\"",
    ".cached = true",
    ".lost != nil",
    "any =~ \"(?i).*or.*\"",
    "any !~ \"[a-z]+\"",
    "event:name = \"exception\"",
    "event.n != 1",
    "event:timeSinceStart > 5ms",
    "link:traceID != nil",
    "instrumentation:version = \"1.2\"",
    "instrumentation.lang = nil",
    "span:parentID = \"\"",
    "childCount > 1",
    "parent.kind = client",
    "parent.name != \"tick\"",
    "trace:rootService =~ \"w.*|tree\"",
];

type Spans = BTreeSet<String>;

/// A condition on one span.
#[derive(Clone, Debug)]
enum Filter {
    Leaf(&'static str),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// Spans of traces.
#[derive(Clone, Debug)]
enum Set {
    Filter(Filter),
    /// How many spans a trace has at least.
    Count(Box<Self>, usize),
    Combined(Box<Self>, &'static str, Box<Self>),
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(text) => write!(f, "{text}"),
            Self::Not(of) => write!(f, "!({of})"),
            Self::And(left, right) => write!(f, "({left}) && ({right})"),
            Self::Or(left, right) => write!(f, "({left}) || ({right})"),
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(filter) => write!(f, "{{ {filter} }}"),
            Self::Count(of, least) => write!(f, "({of} | count() >= {least})"),
            Self::Combined(left, operator, right) => write!(f, "({left} {operator} {right})"),
        }
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let leaf = select(&LEAVES[..]).prop_map(Filter::Leaf);
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.prop_map(|of| Filter::Not(Box::new(of))),
            pair.clone().prop_map(|(left, right)| Filter::And(left, right)),
            pair.prop_map(|(left, right)| Filter::Or(left, right)),
        ]
    })
}

const OPERATORS: [&str; 17] =
    ["&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~"];

fn sets() -> impl Strategy<Value = Set> {
    filters().prop_map(Set::Filter).prop_recursive(2, 4, 2, |inner| {
        let inner = inner.prop_map(Box::new);
        prop_oneof![
            1 => (inner.clone(), 1..5_usize).prop_map(|(of, least)| Set::Count(of, least)),
            4 => (inner.clone(), select(&OPERATORS[..]), inner)
                .prop_map(|(left, operator, right)| Set::Combined(left, operator, right)),
        ]
    })
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    vec![
        stores::form(&fixture::requests(), Blocks::Open),
        stores::form(&fixture::requests(), Blocks::Sealed),
        stores::form(&fixture::requests(), Blocks::Each),
        stores::form(&fixture::one_by_one(), Blocks::Mixed),
    ]
});

/// Each span's parent's id, none at roots.
static PARENTS: LazyLock<BTreeMap<String, Option<String>>> = LazyLock::new(|| {
    let requests = fixture::one_by_one();
    let spans = requests.iter().map(|request| &request.resource_spans[0].scope_spans[0].spans[0]);
    let name = |id: &[u8]| {
        let id = id.try_into().ok()?;
        Some(fixture::span_name(spantop::model::SpanId(u64::from_be_bytes(id))))
    };
    spans.map(|span| (name(&span.span_id).unwrap(), name(&span.parent_span_id))).collect()
});

fn found(form: &Form, text: &str) -> Spans {
    let query = Arc::new(parse(text).unwrap_or_else(|problems| panic!("{}", problems.render(text))).query);
    match answer(&spans_request(&query), &form.snapshot) {
        Reply::Spans(list) => list.rows.iter().map(|row| fixture::span_name(row.id)).collect(),
        other => panic!("{other:?}"),
    }
}

/// Returns the spans for which a condition holds: those of the cases hold that it is right.
fn leaf(text: &'static str) -> Spans {
    static FOUND: Mutex<BTreeMap<&str, Spans>> = Mutex::new(BTreeMap::new());
    let mut all = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    all.entry(text).or_insert_with(|| found(&FORMS[0], &format!("{{ {text} }}"))).clone()
}

fn holds(filter: &Filter) -> Spans {
    match filter {
        Filter::Leaf(text) => leaf(text),
        Filter::Not(of) => {
            let of = holds(of);
            PARENTS.keys().filter(|span| !of.contains(*span)).cloned().collect()
        }
        Filter::And(left, right) => &holds(left) & &holds(right),
        Filter::Or(left, right) => &holds(left) | &holds(right),
    }
}

/// The first letter of a span's name is that of its trace.
fn traces(spans: &Spans) -> BTreeSet<char> {
    spans.iter().filter_map(|span| span.chars().next()).collect()
}

fn in_traces(spans: &Spans, traces: &BTreeSet<char>) -> Spans {
    spans.iter().filter(|span| span.starts_with(|trace| traces.contains(&trace))).cloned().collect()
}

fn parent(span: &str) -> Option<&String> {
    PARENTS.get(span).and_then(Option::as_ref)
}

/// Returns whether `below` is below `above`.
fn is_below(above: &str, below: &str) -> bool {
    let mut next = parent(below);
    for _ in 0..PARENTS.len() {
        match next {
            Some(parent_name) if parent_name == above => return true,
            Some(parent_name) => next = parent(parent_name),
            None => return false,
        }
    }
    false
}

/// Returns whether right stands in a relation to left.
fn stands(relation: &str, left: &str, right: &str) -> bool {
    match relation {
        ">" => parent(right).is_some_and(|parent| parent == left),
        "<" => parent(left).is_some_and(|parent| parent == right),
        ">>" => is_below(left, right),
        "<<" => is_below(right, left),
        _ => left != right && parent(left).is_some() && parent(left) == parent(right),
    }
}

fn combined(left: &Spans, operator: &str, right: &Spans) -> Spans {
    let reached = |relation: &str| -> Spans {
        right.iter().filter(|right| left.iter().any(|left| stands(relation, left, right))).cloned().collect()
    };
    match operator.split_at(1) {
        ("&", "&") => {
            let both = &traces(left) & &traces(right);
            in_traces(&(left | right), &both)
        }
        ("|", _) => left | right,
        ("!", relation) => right - &reached(relation),
        ("&", relation) => {
            let on_left = left.iter().filter(|left| right.iter().any(|right| stands(relation, left, right)));
            &on_left.cloned().collect() | &reached(relation)
        }
        _ => reached(operator),
    }
}

fn spans(set: &Set) -> Spans {
    match set {
        Set::Filter(filter) => holds(filter),
        Set::Count(of, least) => {
            let of = spans(of);
            let count = |trace: &char| of.iter().filter(|span| span.starts_with(*trace)).count();
            let many = traces(&of).into_iter().filter(|trace| count(trace) >= *least).collect();
            in_traces(&of, &many)
        }
        Set::Combined(left, operator, right) => combined(&spans(left), operator, &spans(right)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn filters_are_put_together_as_sets_are(filter in filters()) {
        let expected = holds(&filter);
        for form in FORMS.iter() {
            prop_assert_eq!(&found(form, &format!("{{ {filter} }}")), &expected, "{}", filter);
        }
    }

    #[test]
    fn sets_are_put_together_as_the_links_of_their_traces_say(set in sets()) {
        let expected = spans(&set);
        for form in FORMS.iter() {
            prop_assert_eq!(&found(form, &set.to_string()), &expected, "{}", set);
        }
    }
}
