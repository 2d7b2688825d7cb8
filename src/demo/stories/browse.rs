//! A customer looks at a product: the storefront asks four services at once. Here the shop is slow when the model
//! server or the replica is.

use super::tables::CATALOG;
use super::{any_sku, prices, through_gateway};
use crate::demo::call::{Call, Reply};
use crate::demo::exceptions::STATEMENT_TIMEOUT;
use crate::demo::http::Http;
use crate::demo::scene::Scene;
use crate::demo::services::Service;
use crate::demo::value::any;
use crate::demo::{rpc, value};

const SELECT_PRODUCT: &str = "\
SELECT p.sku, p.title, p.description, p.weight_g, b.name AS brand
  FROM products p
  JOIN brands b ON b.id = p.brand_id
 WHERE p.sku = $1
   AND p.locale = $2";
const SELECT_IMAGES: &str = "SELECT url, alt, position FROM images WHERE sku = $1 ORDER BY position";
const SELECT_STOCK: &str = "SELECT warehouse, quantity FROM stock WHERE sku = $1";

/// What the statement timeout of the replica is set to.
const STATEMENT_TIMEOUT_MS: f64 = 1_200.0;

pub(super) fn product_page(scene: &mut Scene) {
    let sku = any_sku(&mut scene.random);
    let request = Http::get("/api/products/{sku}").at(format!("/api/products/{sku}"));
    through_gateway(scene, &request, |storefront| page(storefront, &sku));
}

/// The gateway dies before it exported: a trace whose root never comes.
pub(super) fn gateway_crashes(scene: &mut Scene) {
    product_page(scene);
    scene.lose(Service::EdgeGateway);
}

/// A robot tries paths that the shop never had.
pub(super) fn lost_robot(scene: &mut Scene) {
    let path = scene.random.pick(&["/wp-login.php", "/.env", "/admin/config.php", "/%E2%98%83/../etc/passwd"]);
    let request = Http::get("/{*path}").at(path.to_owned());
    through_gateway(scene, &request, |storefront| storefront.respond(404));
}

fn page(storefront: &mut Call, sku: &str) {
    storefront.set("app.product.sku", sku);
    let new_layout = storefront.feature_flag("product-page-v2", 0.3);
    let mut product = Reply::Ok;
    storefront.together(|fork| {
        fork.branch(|call| product = ask_catalog(call, sku));
        fork.branch(|call| recommendations(call, sku));
        fork.branch(|call| price(call, sku));
        fork.branch(|call| availability(call, sku));
    });
    match product {
        Reply::TimedOut => return storefront.respond(504),
        reply if !reply.is_ok() => {
            storefront.reply = reply;
            return;
        }
        _ => {}
    }
    storefront.step(if new_layout { "render product v2" } else { "render product" }, |render| render.work(2.4));
    if storefront.chance(0.06) {
        storefront.detached(|call| call.step("send page view", |beacon| beacon.work(9.0)));
    }
}

fn ask_catalog(call: &mut Call, sku: &str) -> Reply {
    let request = Http::get("/products/{sku}").at(format!("/products/{sku}")).within_ms(1_000);
    call.http(Service::Catalog, &request, |catalog| {
        catalog.work(0.6);
        if catalog.is_cached(&format!("product:{sku}"), 0.7) {
            return;
        }
        if catalog.chance(0.012) {
            return catalog.respond(404);
        }
        if catalog.scene.weather.is_replica_slow(catalog.now) {
            if catalog.chance(0.2) {
                catalog.sql_fails(&CATALOG, SELECT_PRODUCT, (STATEMENT_TIMEOUT_MS, &STATEMENT_TIMEOUT));
                return catalog.respond(503);
            }
            catalog.sql(&CATALOG, SELECT_PRODUCT, 430.0);
        } else {
            catalog.sql(&CATALOG, SELECT_PRODUCT, 2.2);
        }
        catalog.sql(&CATALOG, SELECT_IMAGES, 1.1);
        catalog.step("ProductMapper.toView", |mapper| mapper.work(0.5));
        catalog.redis("SETEX", &format!("product:{sku}"));
    })
}

/// Asks for similar products; the page does without them when they are late.
fn recommendations(call: &mut Call, sku: &str) {
    let request = Http::get("/similar").query(format!("sku={sku}&limit=12")).within_ms(800);
    let reply = call.http(Service::Recommendations, &request, |server| {
        server.redis("HGETALL", &format!("features:{sku}"));
        let slow = server.scene.weather.is_model_server_slow(server.now);
        let ranked = server.step("✨ rank candidates", |ranking| {
            let candidates = ranking.random().between(80, 400);
            ranking.set("ml.candidates", candidates);
            ranking.set(
                "ml.model",
                value::map([("name", any("two-tower")), ("version", any("2026-11-02")), ("k", any(12))]),
            );
            let infer = Http::post("/v2/models/two-tower/infer");
            let latency = if slow { 1_100.0 } else { 14.0 };
            let overloaded = slow && ranking.chance(0.15);
            let status = if overloaded { 503 } else { 200 };
            ranking.http_outside("model-server", &infer, (status, latency));
            ranking.work(1.5);
            !overloaded
        });
        if !ranked {
            server.respond(503);
        }
    });
    if !reply.is_ok() {
        let reason = if reply == Reply::TimedOut { "timeout" } else { "unavailable" };
        call.event("fallback", [("fallback.to", any("bestsellers")), ("fallback.reason", any(reason))]);
    }
}

fn price(call: &mut Call, sku: &str) {
    let request = Http::get("/prices/{sku}").at(format!("/prices/{sku}")).within_ms(500);
    call.http(Service::Pricing, &request, |pricing| {
        pricing.work(0.3);
        if !pricing.is_cached(&format!("price:{sku}"), 0.9) {
            prices::query(pricing, "SELECT amount, currency FROM prices WHERE sku = $1", 1.4);
        }
    });
}

fn availability(call: &mut Call, sku: &str) {
    call.grpc(Service::Inventory, "shop.inventory.v1.Inventory/Available", |inventory| {
        inventory.set("app.product.sku", sku);
        inventory.work(0.2);
        inventory.sql(&super::tables::STOCK, SELECT_STOCK, 0.9);
        if inventory.chance(0.002) {
            inventory.respond(rpc::UNAVAILABLE);
        }
    });
}
