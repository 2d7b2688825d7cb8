use super::*;
use crate::query::ast::{At, Operator, Second};

fn folded(function: &Function, numbers: &[f64]) -> Fold {
    let mut fold = Fold::of(function);
    for &number in numbers {
        fold.add(number);
    }
    fold
}

fn quantiles() -> Function {
    let field = FieldAt {
        field: Field::of_span(Item::Attribute(crate::query::ast::Scope::Either, "x".into())),
        at: At::default(),
    };
    Function::Quantile(field, vec![0.5])
}

#[test]
fn quantiles_are_by_nearest_rank_and_within_a_hundredth_when_classified() {
    let numbers: Vec<f64> = (1..=100).map(|number| f64::from(number) * 1e6).collect();
    let mut fold = folded(&quantiles(), &numbers);
    assert_eq!((fold.quantile(0.5), fold.quantile(0.95), fold.quantile(1.0)), (Some(5e7), Some(9.5e7), Some(1e8)));
    assert_eq!((fold.quantile(0.0), folded(&quantiles(), &[]).quantile(0.5)), (Some(1e6), None));
    fold.classify();
    for (part, exact) in [(0.0, 1e6), (0.5, 5e7), (0.95, 9.5e7), (1.0, 1e8)] {
        let found = fold.quantile(part).unwrap();
        assert!((found - exact).abs() <= exact / 100.0, "{found} for {exact}");
    }
}

#[test]
fn a_grid_begins_at_a_multiple_of_its_step() {
    let grid = Grid::over(105, 131, 10);
    assert_eq!((grid.from_ns, grid.to_ns, grid.samples()), (100, 140, 4));
    assert_eq!((grid.place(99), grid.place(100), grid.place(139), grid.place(140)), (None, Some(0), Some(3), None));
}

#[test]
fn a_grid_at_the_end_of_time_has_no_samples() {
    for step_ns in [1, 10, u64::MAX] {
        let grid = Grid::over(u64::MAX, 0, step_ns);
        assert!(grid.from_ns <= grid.to_ns && grid.samples() <= 1, "{grid:?}");
    }
}

fn line(name: &str, values: &[f64]) -> Line {
    let labels = vec![(Arc::from("name"), Literal::String(name.into()))];
    Line { labels, values: values.iter().map(|&value| Some(value)).collect() }
}

#[test]
fn second_stages_choose_samples_at_each_time() {
    let lines = || vec![line("a", &[1.0, 9.0]), line("b", &[2.0, 2.0]), line("c", &[3.0, 1.0])];
    let drawn = |stages: &[Second]| {
        let values = |line: Line| {
            line.values.iter().map(|v| v.map_or("-".into(), |v| v.to_string())).collect::<Vec<String>>().join(" ")
        };
        second::apply(stages, lines()).into_iter().map(values).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(drawn(&[Second::TopK(1, At::default())]), "- 9, 3 -");
    assert_eq!(drawn(&[Second::BottomK(1, At::default())]), "1 -, - 1");
    assert_eq!(drawn(&[Second::Having(Operator::Greater, Literal::Int(2), At::default())]), "- 9, 3 -");
}
