//! The time axis: which stretch of the trace is shown.

/// The stretch shown, in nanoseconds since the trace began; the whole trace, however it grows, unless zoomed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    zoom: Option<(u64, u64)>,
}

impl Axis {
    /// The least stretch shown.
    const LEAST_NS: u64 = 100;

    /// Returns from when to when is shown of a trace that long.
    pub fn range(&self, duration_ns: u64) -> (u64, u64) {
        self.zoom.unwrap_or((0, duration_ns.max(1)))
    }

    /// Returns whether a part is shown only.
    pub fn is_zoomed(&self) -> bool {
        self.zoom.is_some()
    }

    /// Shows `factor` times as much, keeping `center` where it is as far as the trace reaches.
    pub fn zoom(&mut self, factor: f64, center: u64, duration_ns: u64) {
        let (from, to) = self.range(duration_ns);
        let center = center.clamp(from, to);
        let length = ((to - from) as f64 * factor) as u64;
        let before = ((center - from) as f64 * factor) as u64;
        self.show(center.saturating_sub(before), length, duration_ns);
    }

    /// Shows a stretch with a little room around.
    pub fn fit(&mut self, from: u64, length: u64, duration_ns: u64) {
        let margin = length / 20;
        self.show(from.saturating_sub(margin), length.saturating_add(2 * margin), duration_ns);
    }

    /// Moves by eighths of what is shown.
    pub fn pan(&mut self, eighths: i64, duration_ns: u64) {
        let (from, to) = self.range(duration_ns);
        let length = to - from;
        let by = (length / 8).max(1).saturating_mul(eighths.unsigned_abs());
        let moved = if eighths < 0 { from.saturating_sub(by) } else { from.saturating_add(by) };
        self.show(moved, length, duration_ns);
    }

    /// Shows the whole trace.
    pub fn reset(&mut self) {
        self.zoom = None;
    }

    fn show(&mut self, from: u64, length: u64, duration_ns: u64) {
        let length = length.max(Self::LEAST_NS);
        let from = from.min(duration_ns.saturating_sub(length));
        self.zoom = (length < duration_ns).then_some((from, from + length));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zooming_keeps_the_center_and_ends_at_the_whole() {
        let mut axis = Axis::default();
        axis.zoom(0.5, 600, 1000);
        assert_eq!(axis.range(1000), (300, 800));
        axis.zoom(0.5, 600, 1000);
        assert_eq!(axis.range(1000), (450, 700));
        axis.pan(100, 1000);
        assert_eq!(axis.range(1000), (750, 1000));
        axis.zoom(2.0, 0, 1000);
        axis.zoom(2.0, 0, 1000);
        assert!(!axis.is_zoomed());
    }

    proptest! {
        #[test]
        fn what_is_shown_lies_in_the_trace(
            steps in proptest::collection::vec((0_u8..4, any::<u64>(), any::<u64>()), 0..20),
            duration: u64,
        ) {
            let mut axis = Axis::default();
            for (kind, a, b) in steps {
                match kind {
                    0 => axis.zoom(0.5, a, duration),
                    1 => axis.zoom(2.0, a, duration),
                    2 => axis.fit(a, b, duration),
                    _ => axis.pan((a as i64) % 100, duration),
                }
                let (from, to) = axis.range(duration);
                prop_assert!(from < to && to <= duration.max(1));
            }
        }
    }
}
