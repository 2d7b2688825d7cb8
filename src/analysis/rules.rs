//! What is for people to choose in how figures are made.

use super::HealthRule;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Up to how long a request satisfies, in nanoseconds; up to four times that it is tolerated.
    pub apdex_ns: u64,
    /// Other such times of single services.
    pub apdex_of: Vec<(String, u64)>,
    pub health: HealthRule,
}

impl Default for Rules {
    fn default() -> Self {
        Self { apdex_ns: 500_000_000, apdex_of: Vec::new(), health: HealthRule::default() }
    }
}

impl Rules {
    /// Returns up to how long a request of a service satisfies.
    pub(crate) fn satisfying_ns(&self, service: &str) -> u64 {
        self.apdex_of.iter().find(|(name, _)| name == service).map_or(self.apdex_ns, |(_, ns)| *ns)
    }
}
