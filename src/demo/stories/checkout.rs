//! A customer orders: the deepest trace of the shop, through nine services before the answer and more after it.

use super::tables::{ORDERS, PARCELS, PRICES, STOCK};
use super::{any_sku, cart, fulfilment, payment, prices, through_gateway};
use crate::demo::call::{Call, Reply};
use crate::demo::exceptions::{ADDRESS_INVALID, DEADLOCK};
use crate::demo::http::Http;
use crate::demo::rpc::{RESOURCE_EXHAUSTED, UNAVAILABLE};
use crate::demo::scene::Scene;
use crate::demo::services::Service;
use crate::demo::value::{any, map};

const LOCK_STOCK: &str = "SELECT quantity, reserved FROM stock WHERE sku = $1 FOR UPDATE";
const INSERT_LINES: &str = "\
INSERT INTO order_lines (order_id, sku, quantity, amount)
SELECT $1, sku, quantity, amount
  FROM unnest($2::text[], $3::int[], $4::numeric[]) AS lines (sku, quantity, amount)";

pub(super) fn place_order(scene: &mut Scene) {
    let lines = scene.random.between(1, 4);
    through_gateway(scene, &Http::post("/api/checkout"), |storefront| {
        storefront.feature_flag("one-page-checkout", 0.8);
        let request = Http::post("/checkout").within_ms(8_000);
        storefront.reply = storefront.http(Service::Checkout, &request, |checkout| check_out(checkout, lines));
    });
}

fn check_out(checkout: &mut Call, lines: u64) {
    describe_order(checkout, lines);
    if !checkout.step("validate basket", validate) {
        return checkout.respond(422);
    }
    checkout.grpc(Service::Cart, "shop.cart.v1.CartService/GetCart", |server| cart::load(server, lines));
    let mut reserved = Reply::Ok;
    checkout.together(|fork| {
        fork.branch(quote);
        fork.branch(|call| reserved = reserve(call, lines));
        fork.branch(score);
        fork.branch(quote_shipping);
    });
    match reserved {
        Reply::Ok => {}
        Reply::Status(RESOURCE_EXHAUSTED) => return checkout.respond(409),
        _ => return checkout.respond(503),
    }
    match payment::authorise(checkout) {
        Reply::Ok => {}
        Reply::Status(402) => {
            release(checkout);
            return checkout.respond(402);
        }
        _ => {
            release(checkout);
            return checkout.respond(502);
        }
    }
    checkout.step("create order", |order| {
        order.sql(&ORDERS, "INSERT INTO orders (customer_id, total, state) VALUES ($1, $2, $3) RETURNING id", 1.9);
        order.sql(&ORDERS, INSERT_LINES, 2.4);
        order.sql(&ORDERS, "COMMIT", 1.1);
        order.succeed();
    });
    fulfilment::hand_over(checkout);
    checkout.respond(201);
}

fn describe_order(checkout: &mut Call, lines: u64) {
    let items: Vec<_> = (0..lines)
        .map(|_| {
            let sku = any_sku(checkout.random());
            let quantity = checkout.random().between(1, 3);
            let cents = checkout.random().between(199, 8_999);
            map([("sku", any(sku)), ("quantity", any(quantity)), ("price", any(cents as f64 / 100.0))])
        })
        .collect();
    let city = checkout.random().pick(&["Köln", "Łódź", "東京", "القاهرة", "São Paulo", "Reykjavík"]);
    let giftwrap = checkout.chance(0.2);
    checkout.set("app.order.lines", items);
    checkout.set(
        "app.order.delivery",
        map([
            ("address", map([("city", any(city)), ("floor", any(3)), ("lift", any(true))])),
            ("options", any(vec!["tracked", if giftwrap { "gift wrap 🎁" } else { "plain" }])),
        ]),
    );
    checkout.work(0.8);
}

fn validate(step: &mut Call) -> bool {
    step.work(1.1);
    // The release candidate knows fewer countries' postcodes.
    let valid = !step.chance(if step.process.release == 0 { 0.04 } else { 0.15 });
    if !valid {
        step.throw(&ADDRESS_INVALID);
    }
    valid
}

/// Prices the basket, taxes included.
fn quote(call: &mut Call) {
    call.http(Service::Pricing, &Http::post("/quotes").within_ms(1_500), |pricing| {
        pricing.work(0.5);
        if !prices::query(pricing, "SELECT sku, amount, currency FROM prices WHERE sku = ANY($1)", 2.1) {
            return;
        }
        pricing.http(Service::Tax, &Http::get("/rates").query("country=DE".to_owned()), |tax| {
            tax.work(0.3);
            if !tax.is_cached("rates:DE", 0.95) {
                tax.sql(&PRICES, "SELECT class, rate FROM tax_rates WHERE country = $1", 1.2);
            }
        });
        pricing.step("ApplyDiscounts", |discounts| discounts.work(1.4));
    });
}

/// Reserves each line in one transaction, which now and then meets another one head-on.
fn reserve(call: &mut Call, lines: u64) -> Reply {
    call.grpc(Service::Inventory, "shop.inventory.v1.Inventory/Reserve", |inventory| {
        for _ in 0..lines {
            if inventory.chance(0.006) {
                inventory.sql_fails(&STOCK, LOCK_STOCK, (1_004.0, &DEADLOCK));
                inventory.sql(&STOCK, "ROLLBACK", 0.3);
                return inventory.respond(UNAVAILABLE);
            }
            inventory.sql(&STOCK, LOCK_STOCK, 0.9);
        }
        if inventory.chance(0.02) {
            inventory.sql(&STOCK, "ROLLBACK", 0.3);
            return inventory.respond(RESOURCE_EXHAUSTED);
        }
        inventory.sql(&STOCK, "UPDATE stock SET reserved = reserved + $2 WHERE sku = $1", 1.2);
        inventory.sql(&STOCK, "COMMIT", 0.9);
    })
}

/// Gives back what was reserved, without waiting for it.
fn release(call: &mut Call) {
    call.detached(|call| {
        call.grpc(Service::Inventory, "shop.inventory.v1.Inventory/Release", |inventory| {
            inventory.sql(&STOCK, "UPDATE stock SET reserved = reserved - $2 WHERE sku = $1", 1.3);
        });
    });
}

fn score(call: &mut Call) {
    call.http(Service::FraudCheck, &Http::post("/score").within_ms(1_000), |fraud| {
        fraud.redis("HGETALL", "velocity:customer");
        fraud.step("score order", |model| {
            let score = model.random().unit();
            model.set("fraud.score", score);
            model.set("fraud.rules", vec!["velocity", "géolocalisation", "bin-country"]);
            model.set("fraud.signals", map([("new_device", any(false)), ("distance_km", any(score * 40.0))]));
            model.work(12.0);
        });
    });
}

fn quote_shipping(call: &mut Call) {
    call.http(Service::Shipping, &Http::get("/quotes").within_ms(1_500), |shipping| {
        shipping.step("配送料を計算", |quote| {
            quote.work(0.9);
            quote.sql(&PARCELS, "SELECT zone, price FROM tariffs WHERE country = ?", 1.5);
        });
    });
}
