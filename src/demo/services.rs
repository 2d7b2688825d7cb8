//! Who works in the shop: the services, what they are written in, where they run and how they export.

use Language::{Cpp, DotNet, Go, Java, NodeJs, Python, Ruby, Rust};

/// A service of the shop, in the order of the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    EdgeGateway,
    StorefrontBff,
    Catalog,
    Search,
    Cart,
    Checkout,
    Pricing,
    Inventory,
    Payments,
    FraudCheck,
    OrdersWorker,
    Notification,
    Recommendations,
    Shipping,
    Tax,
}

/// What a service is written in, which decides its SDK, its instrumentations and its stack traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Cpp,
    DotNet,
    Go,
    Java,
    NodeJs,
    Python,
    Ruby,
    Rust,
}

/// One machine; spans bear the time of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) address: &'static str,
    /// How far its clock lags, in milliseconds. None runs ahead: no span may end in the future.
    pub(super) clock_behind_ms: u64,
}

const ASH: Host = Host { name: "node-ash", address: "10.42.0.11", clock_behind_ms: 0 };
const BIRCH: Host = Host { name: "node-birch", address: "10.42.0.12", clock_behind_ms: 0 };
const CEDAR: Host = Host { name: "node-cedar", address: "10.42.0.13", clock_behind_ms: 0 };
const LARCH: Host = Host { name: "node-larch", address: "10.42.0.14", clock_behind_ms: 6 };

/// What the shop knows of a service.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) language: Language,
    pub(super) version: &'static str,
    /// The version rolled out while the shop is open, and how many seconds after opening.
    pub(super) next_release: Option<(&'static str, u64)>,
    /// One instance runs on each.
    pub(super) hosts: &'static [Host],
    /// How often its batch processor exports.
    pub(super) flush_ms: u64,
    /// How long it keeps a span at least; for the one behind a slow collector.
    pub(super) lag_ms: u64,
    /// Whether it runs on Kubernetes, and its resource says so.
    pub(super) on_kubernetes: bool,
}

const PROFILES: [Profile; 15] = [
    service("edge-gateway", Cpp, "1.36.2", &[ASH, BIRCH], 250),
    service("storefront-bff", NodeJs, "7.31.0", &[ASH, BIRCH], 500).on_kubernetes(),
    service("catalog", Java, "2.14.3", &[ASH, CEDAR], 1_000).on_kubernetes().releases("2.15.0", 150),
    service("search", Rust, "0.19.4", &[CEDAR], 200),
    service("cart", Go, "5.2.1", &[BIRCH, CEDAR], 300).on_kubernetes(),
    service("checkout", Python, "3.8.0", &[ASH, BIRCH], 700).on_kubernetes().releases("3.9.0-rc.1", 210),
    service("pricing", DotNet, "1.0.74", &[CEDAR], 600),
    service("inventory", Go, "4.4.0", &[BIRCH, LARCH], 400).on_kubernetes(),
    service("payments", Java, "6.0.2", &[ASH], 1_000).on_kubernetes(),
    service("fraud-check", Python, "2026.9.1", &[CEDAR], 800),
    service("orders-worker", Python, "3.8.0", &[ASH, BIRCH], 900).on_kubernetes(),
    service("notification", NodeJs, "1.12.5", &[CEDAR], 500),
    service("recommendations", Python, "0.8.0+gpu", &[BIRCH], 3_000).late_by(6_000),
    service("配送サービス", Ruby, "2.3.1", &[ASH], 700).on_kubernetes(),
    service("tax", DotNet, "1.3.0", &[BIRCH], 600),
];

const fn service(
    name: &'static str,
    language: Language,
    version: &'static str,
    hosts: &'static [Host],
    flush_ms: u64,
) -> Profile {
    Profile { name, language, version, next_release: None, hosts, flush_ms, lag_ms: 0, on_kubernetes: false }
}

impl Profile {
    const fn on_kubernetes(mut self) -> Self {
        self.on_kubernetes = true;
        self
    }

    const fn releases(mut self, version: &'static str, seconds: u64) -> Self {
        self.next_release = Some((version, seconds));
        self
    }

    const fn late_by(mut self, ms: u64) -> Self {
        self.lag_ms = ms;
        self
    }
}

impl Service {
    pub(super) const ALL: [Self; 15] = [
        Self::EdgeGateway,
        Self::StorefrontBff,
        Self::Catalog,
        Self::Search,
        Self::Cart,
        Self::Checkout,
        Self::Pricing,
        Self::Inventory,
        Self::Payments,
        Self::FraudCheck,
        Self::OrdersWorker,
        Self::Notification,
        Self::Recommendations,
        Self::Shipping,
        Self::Tax,
    ];

    pub(super) fn profile(self) -> &'static Profile {
        &PROFILES[self as usize]
    }

    /// Returns the name others reach it by; a name in DNS is ASCII.
    pub(super) fn address(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            other => other.profile().name,
        }
    }

    pub(super) fn port(self) -> u16 {
        8080 + self as u16
    }
}

/// One running instance of one release of a service: what exports, under one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Process {
    pub(super) service: Service,
    pub(super) instance: usize,
    /// 0 for the release at opening, 1 for the next.
    pub(super) release: u64,
}

impl Process {
    pub(super) fn host(self) -> Host {
        self.service.profile().hosts[self.instance]
    }

    pub(super) fn version(self) -> &'static str {
        let profile = self.service.profile();
        match profile.next_release {
            Some((version, _)) if self.release > 0 => version,
            _ => profile.version,
        }
    }

    pub(super) fn language(self) -> Language {
        self.service.profile().language
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_services() {
        for (index, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(service as usize, index);
        }
        assert_eq!(Service::Shipping.profile().name, "配送サービス");
        assert_eq!(Service::OrdersWorker.profile().name, "orders-worker");
    }
}
