//! A query made ready to run on traces: its filters taken out and numbered, the rest as stages over sets of spans.

use super::ast::{Aggregate, Combine, Field, Having, Literal, Operator, Query, Spansets, Stage};
use super::leaf::Leaf;
use super::node::Node;

/// See the module.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) leaves: Vec<Leaf>,
    pub(super) stages: Vec<Step>,
    /// What is shown beside each span.
    pub(super) selected: Vec<Field>,
    /// Filters of which every trace that matches has a span of at least one; none where that cannot be told.
    pub(super) anchors: Option<Vec<usize>>,
}

/// A stage.
#[derive(Debug)]
pub(super) enum Step {
    Spans(Spans),
    Having { aggregate: Sum, comparison: Operator, value: Literal },
    By(Node),
    Coalesce,
}

/// Spans of one trace.
#[derive(Debug)]
pub(super) enum Spans {
    Leaf(usize),
    Pipeline(Vec<Step>),
    Combined(Combine, Box<Spans>, Box<Spans>),
    Without(Box<Spans>),
}

/// A number of a group of spans.
#[derive(Debug)]
pub(super) enum Sum {
    Count,
    Of(Fold, Node),
}

/// How numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Min,
    Max,
    Avg,
    Sum,
}

impl Plan {
    pub(super) fn of(query: &Query) -> Self {
        let selected = query.selected().cloned().collect();
        let mut plan = Self { leaves: Vec::new(), stages: Vec::new(), selected, anchors: None };
        plan.stages = plan.steps(&query.pipeline);
        plan.anchors = plan.anchors_of(&plan.stages);
        plan
    }

    /// Returns the one filter of a query that is nothing else.
    pub(super) fn single(&self) -> Option<&Leaf> {
        match self.stages.as_slice() {
            [Step::Spans(Spans::Leaf(leaf))] => self.leaves.get(*leaf),
            _ => None,
        }
    }

    fn steps(&mut self, stages: &[Stage]) -> Vec<Step> {
        let mut steps = Vec::new();
        for stage in stages {
            match stage {
                Stage::Spansets(spans) => steps.push(Step::Spans(self.spans(spans))),
                Stage::Having(having) => steps.push(step_of(having)),
                Stage::By(expr, _) => steps.push(Step::By(Node::of(expr))),
                // Shown beside what comes out, and changes nothing of it.
                Stage::Select(..) => {}
                Stage::Coalesce(_) => steps.push(Step::Coalesce),
            }
        }
        steps
    }

    fn spans(&mut self, spans: &Spansets) -> Spans {
        match spans {
            Spansets::Spans(expr, _) => {
                self.leaves.push(Leaf::of(expr.as_ref()));
                Spans::Leaf(self.leaves.len() - 1)
            }
            Spansets::Pipeline(stages, _) => Spans::Pipeline(self.steps(stages)),
            Spansets::Combined(combined) => {
                let [left, right] = [&combined.left, &combined.right].map(|side| Box::new(self.spans(side)));
                Spans::Combined(combined.combine, left, right)
            }
            Spansets::Without(inner, _) => Spans::Without(Box::new(self.spans(inner))),
        }
    }

    fn anchors_of(&self, steps: &[Step]) -> Option<Vec<usize>> {
        // A later filter may be the one that few traces pass.
        let of = |step: &Step| if let Step::Spans(spans) = step { self.anchors_of_spans(spans) } else { None };
        steps.iter().filter_map(of).min_by_key(|anchors| self.weight(anchors))
    }

    fn anchors_of_spans(&self, spans: &Spans) -> Option<Vec<usize>> {
        match spans {
            Spans::Leaf(leaf) => Some(vec![*leaf]),
            Spans::Pipeline(steps) => self.anchors_of(steps),
            Spans::Without(_) => None,
            Spans::Combined(Combine::Or, left, right) => {
                let mut anchors = self.anchors_of_spans(left)?;
                anchors.extend(self.anchors_of_spans(right)?);
                Some(anchors)
            }
            Spans::Combined(Combine::Structural { mode: super::ast::Mode::Not, .. }, _, right) => {
                self.anchors_of_spans(right)
            }
            Spans::Combined(_, left, right) => {
                let sides = [left, right].map(|side| self.anchors_of_spans(side));
                sides.into_iter().flatten().min_by_key(|anchors| self.weight(anchors))
            }
        }
    }

    /// Returns how much there is to look at to find the spans of these filters, as an order.
    fn weight(&self, anchors: &[usize]) -> (bool, usize) {
        let leaves = || anchors.iter().filter_map(|&leaf| self.leaves.get(leaf));
        (leaves().any(Leaf::is_everything), leaves().filter(|leaf| leaf.is_dear()).count())
    }
}

fn step_of(having: &Having) -> Step {
    let of = |fold, field: &super::ast::FieldAt| Sum::Of(fold, Node::Field(field.field.clone()));
    let aggregate = match &having.aggregate {
        Aggregate::Count => Sum::Count,
        Aggregate::Min(field) => of(Fold::Min, field),
        Aggregate::Max(field) => of(Fold::Max, field),
        Aggregate::Avg(field) => of(Fold::Avg, field),
        Aggregate::Sum(field) => of(Fold::Sum, field),
    };
    Step::Having { aggregate, comparison: having.comparison, value: having.value.clone() }
}
