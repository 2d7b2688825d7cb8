//! The processor time of this process's threads by their name, from Linux's /proc.

use std::collections::HashMap;

/// Nanoseconds on a processor of the threads of each name.
pub(crate) struct Times(HashMap<String, u64>);

impl Times {
    /// Returns the times up to now; none where the system does not tell.
    pub(crate) fn now() -> Option<Self> {
        let mut times = HashMap::new();
        for task in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
            // A thread may end while it is looked at.
            let Ok(name) = std::fs::read_to_string(task.path().join("comm")) else { continue };
            let Ok(statistics) = std::fs::read_to_string(task.path().join("schedstat")) else { continue };
            let running: u64 = statistics.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0);
            *times.entry(name.trim().to_owned()).or_insert(0) += running;
        }
        (!times.is_empty()).then_some(Self(times))
    }

    /// Returns what the threads called `name` have run since `earlier`, in nanoseconds.
    pub(crate) fn since(&self, earlier: &Self, name: &str) -> u64 {
        let at = |times: &Self| times.0.get(name).copied().unwrap_or(0);
        at(self).saturating_sub(at(earlier))
    }
}
