//! Jobs by the clock, which have roots of their own.

use super::tables::{LEDGER, ORDERS, PRICES};
use crate::demo::call::Call;
use crate::demo::exceptions::SERIALIZATION_FAILURE;
use crate::demo::http::Http;
use crate::demo::instrumentation::Subject;
use crate::demo::scene::{Scene, SpanKind};
use crate::demo::services::Service;

const UPDATE_PRICES: &str = "UPDATE prices SET amount = $2, valid_from = now() WHERE sku = ANY($1)";

/// Fetches exchange rates and rewrites the price list; about one run in eight meets a concurrent update.
pub(super) fn refresh_prices(scene: &mut Scene) {
    let mut job = scene.root(Service::Pricing, "RefreshPriceList", SpanKind::Internal, Subject::Own);
    job.set("job.schedule", "0 * * * * ?");
    job.work(2.0);
    let rates = Http::get("/latest").query("base=EUR".to_owned()).within_ms(2_000);
    job.http_outside("rates.example", &rates, (200, 140.0));
    for _ in 0..4 {
        job.sql(&PRICES, UPDATE_PRICES, 18.0);
        job.work(1.5);
    }
    if job.chance(0.12) {
        job.sql_fails(&PRICES, UPDATE_PRICES, (35.0, &SERIALIZATION_FAILURE));
        job.fail(SERIALIZATION_FAILURE.kind, SERIALIZATION_FAILURE.message);
    }
    job.redis("DEL", "price:*");
    job.close();
}

/// Compares orders with the ledger.
pub(super) fn reconcile(scene: &mut Scene) {
    let mut job = scene.root(Service::OrdersWorker, "run/shop.reconcile", SpanKind::Consumer, Subject::Messaging);
    job.set("celery.task_name", "shop.reconcile");
    job.set("messaging.destination.name", "beat");
    job.together(|fork| {
        fork.branch(|call| call.sql(&ORDERS, "SELECT id, total FROM orders WHERE created_at > %s", 60.0));
        fork.branch(|call| call.sql(&LEDGER, "SELECT order_id, amount FROM authorisations WHERE state = 'ok'", 85.0));
    });
    job.step("compare", |compare: &mut Call| compare.work(30.0));
    job.close();
}
