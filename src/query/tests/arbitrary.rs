//! Any tree that a text can be read as.

use proptest::prelude::*;

use crate::model::{Kind, StatusCode};
use crate::query::ast::*;
use crate::query::fields::{FIELDS, SCOPES};

fn at() -> At {
    At::default()
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z._-]{0,8}", "[ -~ü]{1,6}", Just("duration".to_owned()), Just("span.x".to_owned())]
}

fn field() -> impl Strategy<Value = Field> {
    let intrinsic = (0..FIELDS.len()).prop_map(|at| Item::Intrinsic(FIELDS[at].intrinsic));
    let attribute = ((0..SCOPES.len()), key()).prop_map(|(at, key)| Item::Attribute(SCOPES[at].scope, key.into()));
    (any::<bool>(), prop_oneof![intrinsic, attribute]).prop_map(|(of_parent, item)| Field { of_parent, item })
}

fn field_at() -> impl Strategy<Value = FieldAt> {
    field().prop_map(|field| FieldAt { field, at: at() })
}

fn number() -> impl Strategy<Value = Literal> {
    let float = any::<f64>().prop_filter("no sign of its own", |number| number.is_finite() && *number != 0.0);
    prop_oneof![
        any::<i64>().prop_map(Literal::Int),
        float.prop_map(Literal::Float),
        (i64::MIN + 1..i64::MAX).prop_map(Literal::Duration),
        (0..100_i64).prop_map(|ms| Literal::Duration(ms * 1_000_000)),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        number(),
        Just(Literal::Nil),
        any::<String>().prop_map(|text| Literal::String(text.into())),
        "[a-z`\"\\\\]{0,5}".prop_map(|text| Literal::String(text.into())),
        any::<bool>().prop_map(Literal::Bool),
        prop::sample::select(vec![StatusCode::Ok, StatusCode::Error, StatusCode::Unset]).prop_map(Literal::Status),
        prop::sample::select(Kind::ALL.to_vec()).prop_map(Literal::Kind),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf =
        prop_oneof![literal().prop_map(|literal| Expr::Literal(literal, at())), field_at().prop_map(Expr::Field)];
    leaf.prop_recursive(5, 24, 2, |inner| {
        let operators = Operator::ALL.map(|(operator, _)| operator).to_vec();
        let binary = (prop::sample::select(operators), inner.clone(), inner.clone());
        // The minus of a number is its own.
        let negated = inner.clone().prop_filter("a number", |inner| !matches!(inner, Expr::Literal(..)));
        prop_oneof![
            4 => binary.prop_map(|(operator, left, right)| {
                Expr::Binary(Box::new(Binary { operator, left, right, at: at() }))
            }),
            1 => inner.prop_map(|inner| Expr::Not(Box::new(inner), at())),
            1 => negated.prop_map(|inner| Expr::Negate(Box::new(inner), at())),
        ]
    })
}

fn comparison() -> impl Strategy<Value = Operator> {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual])
}

fn having() -> impl Strategy<Value = Stage> {
    let of = prop::sample::select(vec![
        Aggregate::Min as fn(FieldAt) -> Aggregate,
        Aggregate::Max,
        Aggregate::Avg,
        Aggregate::Sum,
    ]);
    let aggregate = prop_oneof![Just(Aggregate::Count), (of, field_at()).prop_map(|(of, field)| of(field))];
    (aggregate, comparison(), number())
        .prop_map(|(aggregate, comparison, value)| Stage::Having(Having { aggregate, comparison, value, at: at() }))
}

fn other_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        having(),
        expr().prop_map(|expr| Stage::By(expr, at())),
        prop::collection::vec(field_at(), 1..3).prop_map(|fields| Stage::Select(fields, at())),
        Just(Stage::Coalesce(at())),
    ]
}

fn spansets() -> impl Strategy<Value = Spansets> {
    let leaf = prop::option::of(expr()).prop_map(|expr| Spansets::Spans(expr, at()));
    leaf.prop_recursive(4, 12, 3, |inner| {
        let ways = Combine::ALL.map(|(combine, _)| combine).to_vec();
        let combined = (prop::sample::select(ways), inner.clone(), inner.clone());
        // Alone it would be its own parentheses.
        let pipeline = (inner.clone(), prop::collection::vec(other_stage(), 1..3)).prop_map(|(first, rest)| {
            Spansets::Pipeline(std::iter::once(Stage::Spansets(first)).chain(rest).collect(), at())
        });
        prop_oneof![
            3 => combined.prop_map(|(combine, left, right)| {
                Spansets::Combined(Box::new(Combined { combine, left, right, at: at() }))
            }),
            1 => pipeline,
            1 => inner.prop_map(|inner| Spansets::Without(Box::new(inner), at())),
        ]
    })
}

fn metrics() -> impl Strategy<Value = Metrics> {
    let of = prop::sample::select(vec![
        Function::Min as fn(FieldAt) -> Function,
        Function::Max,
        Function::Avg,
        Function::Sum,
        Function::Histogram,
    ]);
    let function = prop_oneof![
        Just(Function::Rate),
        Just(Function::Count),
        (of, field_at()).prop_map(|(of, field)| of(field)),
        (field_at(), prop::collection::vec(0.0..=1.0, 1..3))
            .prop_map(|(field, parts)| Function::Quantile(field, parts)),
        (prop::option::of(expr()), prop::option::of(1..u32::MAX))
            .prop_map(|(expr, most)| Function::Compare(expr, most)),
    ];
    let second = prop_oneof![
        (1..u32::MAX).prop_map(|count| Second::TopK(count, at())),
        (1..u32::MAX).prop_map(|count| Second::BottomK(count, at())),
        (comparison(), number()).prop_map(|(operator, value)| Second::Having(operator, value, at())),
    ];
    let by = prop::collection::vec(field_at(), 0..3);
    (function, by, prop::collection::vec(second, 0..3)).prop_map(|(function, by, seconds)| Metrics {
        function,
        by,
        seconds,
        at: at(),
    })
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    let stage = prop_oneof![2 => spansets().prop_map(Stage::Spansets), 1 => other_stage()];
    let hint = Just(Hint { name: "most_recent".into(), value: Literal::Bool(true), at: at() });
    (prop::collection::vec(stage, 1..4), prop::option::of(metrics()), prop::collection::vec(hint, 0..2))
        .prop_map(|(pipeline, metrics, hints)| Query { pipeline, metrics, hints })
}
