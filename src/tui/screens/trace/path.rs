//! Where the time of the trace goes: its critical path by span, which rows lead to it, and self times.

use crate::analysis::critical_path::{CriticalPath, Segment, self_times};
use crate::model::Trace;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Path {
    /// By span, then by time.
    segments: Vec<Segment>,
    /// Where those of a span begin; those of the next span follow.
    first: Vec<u32>,
    /// Of each span its time on the path, and its self time, in nanoseconds.
    of_spans: Vec<u64>,
    own: Vec<u64>,
    /// Of each node, whether it is on the path, or something below it is.
    leads: Vec<bool>,
}

impl Path {
    /// Returns the path of a trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let CriticalPath { segments, of_spans } = CriticalPath::of(trace);
        let (segments, first) = by_span(segments, trace.spans.len());
        let nodes = &trace.tree.nodes;
        let mut leads = vec![false; nodes.len()];
        for (at, node) in nodes.iter().enumerate().rev() {
            leads[at] |= of_spans.get(node.span as usize).is_some_and(|ns| *ns > 0);
            if leads[at]
                && let Some(parent) = node.parent.and_then(|parent| leads.get_mut(parent as usize))
            {
                *parent = true;
            }
        }
        Self { segments, first, of_spans, own: self_times(trace), leads }
    }

    /// Returns the segments of a span.
    pub(super) fn segments(&self, span: u32) -> &[Segment] {
        let at = |span: u32| self.first.get(span as usize).map_or(0, |first| *first as usize);
        self.segments.get(at(span)..at(span + 1)).unwrap_or_default()
    }

    /// Returns the self time of a span, and its time on the path.
    pub(super) fn times(&self, span: u32) -> (u64, u64) {
        let of = |times: &[u64]| times.get(span as usize).copied().unwrap_or_default();
        (of(&self.own), of(&self.of_spans))
    }

    /// Returns how long the path is.
    pub(super) fn length_ns(&self) -> u64 {
        self.of_spans.iter().sum()
    }

    /// Returns whether a node leads to the path.
    pub(super) fn leads(&self, node: u32) -> bool {
        self.leads.get(node as usize).copied().unwrap_or_default()
    }
}

/// Sorts segments by their spans, of which there are so many; those of a span stay in order. Returns where those of each begin.
fn by_span(segments: Vec<Segment>, spans: usize) -> (Vec<Segment>, Vec<u32>) {
    let mut first = vec![0_u32; spans + 1];
    for segment in &segments {
        if let Some(next) = first.get_mut(segment.span as usize + 1) {
            *next += 1;
        }
    }
    for at in 1..first.len() {
        first[at] += first[at - 1];
    }
    let (mut free, mut sorted) = (first.clone(), segments.clone());
    for segment in segments {
        let Some(place) = free.get_mut(segment.span as usize) else { continue };
        if let Some(slot) = sorted.get_mut(*place as usize) {
            *slot = segment;
        }
        *place += 1;
    }
    (sorted, first)
}
