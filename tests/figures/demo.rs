//! The shop of the demo has one service that degrades: it is warned of before its score crosses the limit, and nobody else is.

use std::sync::Arc;

use prost::Message;
use spantop::demo::Shop;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::source::{Reply, Request, Selection, Trends, Window, answer};
use spantop::store::{Limits, Store, Writer};

const OPENED: Timestamp = Timestamp(1_795_353_600_000_000_000);
const MINUTE_NS: u64 = 60_000_000_000;
const LIMIT: f64 = 70.0;
const DEGRADES: &str = "pricing";
/// After so many minutes its score is below the limit for certain.
const LATEST: u64 = 45;

/// A shop at work, and a store of what it sends.
struct Working {
    shop: Shop,
    store: Arc<Store>,
    writer: Writer,
}

impl Working {
    fn new(seed: u64) -> Self {
        let (store, writer) = Writer::new(Limits::default());
        let mut shop = Shop::new(seed);
        shop.advance(OPENED);
        Self { shop, store, writer }
    }

    /// Works until a minute after opening; returns what is told then.
    fn work(&mut self, minute: u64) -> Trends {
        let now = OPENED.plus(minute * MINUTE_NS);
        for request in self.shop.advance(now) {
            self.writer.append(&otlp::scan(request.encode_to_vec().into()).unwrap(), now);
        }
        let of = Selection { window: Window { from: None, to: Some(now) }, ..Selection::default() };
        match answer(&Request::Trends(of), &self.store.snapshot()) {
            Reply::Trends(trends) => trends,
            other => panic!("{other:?}"),
        }
    }
}

/// Looks at the services each minute until the one that degrades is below the limit.
fn check(seed: u64) {
    let mut working = Working::new(seed);
    let mut warned = None;
    for minute in 1..=LATEST {
        for service in working.work(minute).services {
            let is_warned = service.trend.warning.is_some();
            let score = service.trend.health.last().map_or(100.0, |(_, score)| *score);
            if &*service.service != DEGRADES {
                assert!(!is_warned, "{} at {score} after {minute} minutes", service.service);
            } else if score < LIMIT {
                assert!(warned.is_some(), "below {LIMIT} after {minute} minutes, and no word before");
                return;
            } else if is_warned {
                warned = warned.or(Some(minute));
            }
        }
    }
    panic!("{DEGRADES} never is below {LIMIT}");
}

// Each is some work: so they are three tests, which run side by side. The first is the shop that is shown unless one says otherwise.

#[test]
fn who_degrades_is_warned_of_in_the_usual_shop_and_nobody_else() {
    check(7);
}

#[test]
fn who_degrades_is_warned_of_in_another_shop_and_nobody_else() {
    check(1);
}

#[test]
fn who_degrades_is_warned_of_in_a_third_shop_and_nobody_else() {
    check(2);
}
