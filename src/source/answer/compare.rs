//! Two sets of traces side by side.

use super::Steps;
use super::each_trace::{Traces, Whole};
use super::selected::{Going, Selected};
use super::trace;
use crate::analysis::compare::Collecting;
use crate::query::Memory;
use crate::source::{CompareRequest, CompareSide, Compared, Progress, Reply};
use crate::store::Snapshot;

/// Returns them.
pub(super) fn compare(request: &CompareRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Compared {
    let going = |progress| steps(&|| Reply::Compared(Box::new(Compared { progress, ..Compared::default() })));
    make(request, snapshot, memory, &going).unwrap_or_default()
}

/// Returns none where that was ended.
fn make(request: &CompareRequest, snapshot: &Snapshot, memory: &Memory, going: Going) -> Option<Compared> {
    let mut all = Collecting::default();
    for (number, side) in request.sides.iter().enumerate() {
        match side {
            CompareSide::Nothing => {}
            CompareSide::Trace(id) => {
                if let Some(trace) = trace::open(*id, snapshot) {
                    all.add(number, &trace);
                }
            }
            CompareSide::Selection(of) => {
                let selected = Selected::new(of, snapshot, memory, going)?;
                let traces = Traces::new(&selected, snapshot, selected.starts());
                let look = |collecting: &mut Collecting, whole: Whole| collecting.add(number, &whole.trace);
                let merge = |mut one: Collecting, other: Collecting| {
                    one.merge(other);
                    one
                };
                // The whole is not known before both sides are.
                let going = |progress: Progress| going(Progress { of: progress.of * 2, ..progress });
                all.merge(traces.each((Collecting::default, merge), None, look, &going)?);
            }
        }
    }
    Some(Compared { comparison: all.finish(), progress: Progress::default() })
}
