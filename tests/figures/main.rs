//! What the figures are, against recorded traffic with its ground truth, and against figures made in the simplest way of
//! spans that chance made: in stores of every form, in any order, over any window.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calls;
mod chance;
mod corpus;
mod demo;
mod errors;
mod findings;
mod past;
#[path = "../queries/recorded.rs"]
mod recorded;
#[path = "../queries/stores.rs"]
#[expect(dead_code, reason = "not every form is needed here")]
mod stores;

use spantop::analysis::Performance;
use spantop::source::{FiguresRequest, Reply, Request, Selection, answer};
use stores::Form;

/// Returns the figures of some spans.
fn figures(form: &Form, of: &Selection, is_quick: bool) -> Performance {
    let request = FiguresRequest { of: of.clone(), is_quick, with_operations: true, ..FiguresRequest::default() };
    match answer(&Request::Figures(request), &form.snapshot) {
        Reply::Figures(figured) => figured.performance,
        other => panic!("{other:?}"),
    }
}
