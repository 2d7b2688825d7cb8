//! Who calls whom.

mod far;

use self::far::Far;
use super::Steps;
use super::figures::Made;
use super::selected::{Going, Selected, on_all_cores};
use crate::analysis::{Collecting, Exact, Graph, Named, Rows, Rules, Sought, Starts};
use crate::query::Memory;
use crate::source::{Dependencies, DependenciesRequest, Progress, Reply, Selection};
use crate::store::{Bits, Calls, Snapshot, Timing};

/// Returns services, what they call, and the edges between them.
pub(super) fn dependencies(
    request: &DependenciesRequest,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Dependencies {
    let going =
        |progress| steps(&|| Reply::Dependencies(Box::new(Dependencies { progress, ..Dependencies::default() })));
    // A service has edges to spans of others.
    let of = Selection { service: None, ..request.of.clone() };
    let selected = Selected::new(&of, snapshot, memory, &going);
    let made = selected.as_ref().and_then(|selected| {
        let graph = Calling::of(selected, snapshot, &going)?.graph(request, rules, &going)?;
        let graph = match &request.of.service {
            Some(service) => graph.around(service),
            None => graph,
        };
        Some(Dependencies { graph, progress: selected.all_searched() })
    });
    made.unwrap_or_default()
}

/// The calls of the blocks that are asked.
struct Calling<'a> {
    selected: &'a Selected<'a>,
    starts: Starts,
    /// Of each block.
    calls: Vec<Calls>,
    far: Far,
}

impl<'a> Calling<'a> {
    fn of(selected: &'a Selected<'a>, snapshot: &Snapshot, going: Going) -> Option<Self> {
        let spans = &selected.spans;
        let all = on_all_cores(spans.views.len(), |positions| {
            positions.map(|position| spans.views[position].calls()).collect::<Vec<_>>()
        });
        let calls: Vec<Calls> = all.into_iter().flatten().collect();
        let of = selected.all_searched().of;
        let far = Far::find(snapshot, spans, &calls, &|_| going(Progress { searched: 0, of }))?;
        Some(Self { selected, starts: selected.starts(), calls, far })
    }

    fn graph(&self, request: &DependenciesRequest, rules: &Rules, going: Going) -> Option<Graph> {
        let (is_exact, starts) = (!request.is_quick, self.starts);
        let collected = self.collect();
        let made = Made::of(self.selected, starts, rules, (is_exact, false), going)?;
        let (exact, is_all_exact) = is_exact.then(|| self.look(&collected, rules)).unzip();
        let services = made.performance(None, rules).services;
        let services = services.into_iter().map(|service| (service.service, service.figures));
        let mut graph = collected.graph(services, |service| rules.satisfying_ns(service), exact.as_deref());
        graph.is_approximate = !(is_all_exact.unwrap_or_default() && made.is_exact());
        Some(graph)
    }

    /// Adds up all calls.
    fn collect(&self) -> Collecting {
        let spans = &self.selected.spans;
        let all = on_all_cores(spans.views.len(), |positions| {
            let (mut collected, mut gone) = (Collecting::default(), Collecting::default());
            for position in positions {
                let (view, calls) = (&spans.views[position], &self.calls[position]);
                let is_whole = spans.rows(position, self.starts) == Rows::All;
                let Some(tallies) = is_whole.then(|| view.call_tallies()).flatten() else {
                    self.each(position, |edge, caller, callee| {
                        let edge = collected.edge(edge);
                        collected.add(edge, caller, callee);
                    });
                    continue;
                };
                collected.add_all(&tallies, view, calls);
                // It was written down before the block knew that another one has their callees.
                for call in self.far.answered[position].iter().filter_map(|row| calls.bare_call(view, row)) {
                    let edge = gone.edge(&Named::of(&call.edge, view, calls));
                    gone.add(edge, &view.timing(call.caller), None);
                }
            }
            collected.take_away(&gone);
            collected
        });
        let mut collected = Collecting::default();
        for other in &all {
            collected.merge(other);
        }
        self.each_far(|edge, caller, callee| {
            let edge = collected.edge(edge);
            collected.add(edge, caller, callee);
        });
        collected
    }

    /// Finds out exactly what classes tell roughly; returns with it whether all of it.
    fn look(&self, collected: &Collecting, rules: &Rules) -> (Vec<Exact>, bool) {
        let sums = || collected.sums(|service| rules.satisfying_ns(service));
        let (sought, is_all_exact) = Sought::of(sums());
        let look = |edge: &Named, caller: &Timing, callee: Option<&Timing>, kept: &mut _| {
            let Some(number) = collected.find(edge) else { return };
            sought.look(2 * number, callee.unwrap_or(caller), kept);
            if callee.is_some() {
                sought.look(2 * number + 1, caller, kept);
            }
        };
        let all = on_all_cores(self.selected.spans.views.len(), |positions| {
            let mut kept = sought.kept();
            for position in positions {
                self.each(position, |edge, caller, callee| look(edge, caller, callee, &mut kept));
            }
            kept
        });
        let mut kept = sought.kept();
        for other in all {
            kept.merge(other);
        }
        self.each_far(|edge, caller, callee| look(edge, caller, callee, &mut kept));
        (sought.exact(sums().map(|(sums, _)| sums), kept), is_all_exact)
    }

    /// Hands over the calls within a block that are asked for.
    fn each(&self, position: usize, mut each: impl FnMut(&Named, &Timing, Option<&Timing>)) {
        let spans = &self.selected.spans;
        let (view, calls) = (&spans.views[position], &self.calls[position]);
        let rows = match spans.rows(position, self.starts) {
            Rows::None => return,
            Rows::All => Bits::all(view.len()),
            Rows::Some(rows) => rows,
        };
        calls.each(view, &rows, &self.far.answered[position], |call, [caller, callee]| {
            each(&Named::of(&call.edge, view, calls), caller, call.callee.map(|_| callee));
        });
    }

    /// Hands over the calls between blocks that are asked for.
    fn each_far(&self, mut each: impl FnMut(&Named, &Timing, Option<&Timing>)) {
        let spans = &self.selected.spans;
        let rows: Vec<Rows> = (0..spans.views.len()).map(|position| spans.rows(position, self.starts)).collect();
        for &(caller, callee, kind) in &self.far.pairs {
            let is_asked = match &rows[callee.0] {
                Rows::None => false,
                Rows::All => true,
                Rows::Some(rows) => rows.has(callee.1),
            };
            if is_asked {
                let [one, other] = [caller, callee].map(|(position, row)| spans.views[position].timing(row));
                let name = |position: usize, of: &Timing| spans.views[position].text(of.service);
                let (caller, callee) = (name(caller.0, &one), name(callee.0, &other));
                each(&Named { caller, callee, is_outside: false, kind }, &one, Some(&other));
            }
        }
    }
}
