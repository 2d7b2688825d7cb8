//! A supplier's file comes in: one trace of more than a hundred spans.

use super::tables::STOCK;
use crate::demo::call::Call;
use crate::demo::http::Http;
use crate::demo::instrumentation::Subject;
use crate::demo::scene::{Scene, SpanKind};
use crate::demo::services::Service;
use crate::demo::value::any;

const BATCHES: u64 = 12;
const UPSERTS: u64 = 6;

pub(super) fn stock(scene: &mut Scene) {
    let mut import = scene.root(Service::Inventory, "import stock", SpanKind::Internal, Subject::Own);
    import.set("import.file", "s3://suppliers/nordlicht/bestände-2026-11-22.csv");
    import.set("import.columns", vec!["sku", "menge", "lager"]);
    let file = Http::get("/suppliers/nordlicht").within_ms(10_000);
    import.http_outside("s3.eu-central-1.example", &file, (200, 180.0));
    import.step("parse csv", |parse| parse.work(35.0));
    for batch in 0..BATCHES {
        import.step("import batch", |call| import_batch(call, batch));
        import.event("progress", [("import.batch", any(batch + 1)), ("import.batches", any(BATCHES))]);
    }
    import.succeed();
    import.close();
}

/// Writes one batch: ten spans with the batch's own.
fn import_batch(batch: &mut Call, number: u64) {
    batch.set("import.batch", number);
    batch.sql(&STOCK, "BEGIN", 0.3);
    for _ in 0..UPSERTS {
        batch.sql(
            &STOCK,
            "INSERT INTO stock (sku, warehouse, quantity) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE",
            4.0,
        );
    }
    batch.sql(&STOCK, "COMMIT", 3.0);
    batch.redis("DEL", "stock:*");
    batch.work(2.0);
}
