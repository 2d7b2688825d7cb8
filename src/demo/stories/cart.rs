//! The shopping cart: showing it asks for each line's price one by one (an N+1), adding to it is checked first.

use super::tables::{CARTS, PRICES, STOCK};
use super::{any_sku, prices, through_gateway};
use crate::demo::call::{Call, Reply};
use crate::demo::http::Http;
use crate::demo::rpc::{INVALID_ARGUMENT, RESOURCE_EXHAUSTED};
use crate::demo::scene::Scene;
use crate::demo::services::Service;
use crate::demo::value::any;

pub(super) fn show(scene: &mut Scene) {
    // A few customers fill their carts to the brim; theirs is the page that everybody calls slow.
    let lines = if scene.random.chance(0.3) { scene.random.between(12, 37) } else { scene.random.between(1, 4) };
    through_gateway(scene, &Http::get("/api/cart"), |storefront| {
        storefront.set("app.cart.lines", lines);
        let reply = storefront.grpc(Service::Cart, "shop.cart.v1.CartService/GetCart", |cart| {
            load(cart, lines);
            price_each_line(cart, lines);
        });
        if !reply.is_ok() {
            return storefront.respond(502);
        }
        storefront.step("render cart", |render| render.work(1.1));
    });
}

pub(super) fn add(scene: &mut Scene) {
    let sku = any_sku(&mut scene.random);
    through_gateway(scene, &Http::post("/api/cart/items"), |storefront| {
        storefront.set("app.product.sku", sku.as_str());
        storefront.feature_flag("optimistic-cart", 0.5);
        let reply = storefront.grpc(Service::Cart, "shop.cart.v1.CartService/AddItem", |cart| add_item(cart, &sku));
        match reply {
            Reply::Status(INVALID_ARGUMENT) => storefront.respond(422),
            Reply::Status(RESOURCE_EXHAUSTED) => storefront.respond(409),
            Reply::Ok => storefront.respond(201),
            _ => storefront.respond(502),
        }
    });
}

fn add_item(cart: &mut Call, sku: &str) {
    cart.work(0.2);
    if cart.chance(0.03) {
        cart.event("validation.failed", [("field", any("quantity")), ("value", any(0))]);
        return cart.respond(INVALID_ARGUMENT);
    }
    let in_stock = !cart.chance(0.025);
    cart.grpc(Service::Inventory, "shop.inventory.v1.Inventory/Check", |inventory| {
        inventory.sql(&STOCK, "SELECT quantity - reserved FROM stock WHERE sku = $1", 0.8);
        if !in_stock {
            inventory.respond(RESOURCE_EXHAUSTED);
        }
    });
    if !in_stock {
        return cart.respond(RESOURCE_EXHAUSTED);
    }
    let insert = "INSERT INTO lines (cart_id, sku, quantity) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    cart.sql(&CARTS, insert, 1.6);
    cart.redis("DEL", &format!("cart:{sku}"));
}

/// Reads a cart; checkout does it too.
pub(super) fn load(cart: &mut Call, lines: u64) {
    cart.work(0.2);
    if !cart.is_cached("cart:session", 0.6) {
        cart.sql(&CARTS, "SELECT sku, quantity FROM lines WHERE cart_id = $1 ORDER BY added_at", 1.3);
    }
    cart.set("app.cart.lines", lines);
}

fn price_each_line(cart: &mut Call, lines: u64) {
    let request = Http::post("/prices/batch").within_ms(2_000);
    cart.http(Service::Pricing, &request, |pricing| {
        pricing.work(0.4);
        if !prices::connect(pricing) {
            return;
        }
        for _ in 0..lines {
            pricing.sql(&PRICES, "SELECT amount, currency FROM prices WHERE sku = $1", 1.3);
            pricing.work(0.05);
        }
        pricing.step("ApplyDiscounts", |discounts| discounts.work(0.6));
    });
}
