//! Which service has which colour: the one its name hashes to, or the next that no other service has. So services are
//! told apart as long as there are colours, and a service keeps its own for as long as the screen is open.

use std::sync::Arc;

use foldhash::HashMap;

/// How many services are remembered; further ones have the colour of their name, shared or not.
const MAX_SERVICES: usize = 1_024;

/// The colours given so far, as numbers below a count that the theme sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ServiceColors {
    given: HashMap<Arc<str>, usize>,
}

impl ServiceColors {
    /// Gives a colour out of `count` to a service that has none.
    pub(super) fn learn(&mut self, name: &Arc<str>, count: usize) {
        if self.given.contains_key(name) || self.given.len() >= MAX_SERVICES {
            return;
        }
        let own = own(name, count);
        let is_free = |color: &usize| !self.given.values().any(|given| given == color);
        let free = (0..count).map(|step| (own + step) % count).find(is_free);
        self.given.insert(Arc::clone(name), free.unwrap_or(own));
    }

    /// Returns a service's colour.
    pub(super) fn of(&self, name: &str, count: usize) -> usize {
        self.given.get(name).copied().unwrap_or_else(|| own(name, count))
    }
}

fn own(name: &str, count: usize) -> usize {
    stable_hash(name) as usize % count.max(1)
}

/// FNV-1a with a final mix: the same on every run and machine, which seeded hashes are not.
fn stable_hash(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let hash = (hash ^ (hash >> 16)).wrapping_mul(0x7feb_352d);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_different_colours_while_there_are_some_and_keep_them() {
        let names: Vec<Arc<str>> = (0..20).map(|i| Arc::from(format!("service-{i}"))).collect();
        let mut colors = ServiceColors::default();
        for name in &names {
            colors.learn(name, 16);
        }
        let given: Vec<usize> = names.iter().map(|name| colors.of(name, 16)).collect();
        let distinct: std::collections::BTreeSet<usize> = given.iter().take(16).copied().collect();
        assert_eq!(distinct.len(), 16);
        for name in names.iter().rev() {
            colors.learn(name, 16);
        }
        assert_eq!(names.iter().map(|name| colors.of(name, 16)).collect::<Vec<_>>(), given);
    }

    #[test]
    fn a_name_alone_decides_where_nobody_else_has_its_colour() {
        let mut colors = ServiceColors::default();
        let before = colors.of("gateway", 16);
        colors.learn(&Arc::from("gateway"), 16);
        assert_eq!(colors.of("gateway", 16), before);
    }
}
