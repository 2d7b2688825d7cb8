//! What happens in the shop, a file a story, and how often.

mod browse;
mod cart;
mod checkout;
mod fulfilment;
mod health;
mod import;
mod jobs;
mod payment;
mod prices;
mod search;
mod tables;

use super::call::Call;
use super::http::{Http, Visitor};
use super::random::Random;
use super::scene::Scene;
use super::services::Service;

/// Tells what happens, from the scene's start on.
pub(super) type Story = fn(&mut Scene);

/// What customers do, of a thousand visits.
const VISITS: [(u64, Story); 9] = [
    (395, browse::product_page),
    (170, search::results),
    (80, search::suggestions),
    (95, cart::show),
    (85, cart::add),
    (70, checkout::place_order),
    (90, health::probe),
    (10, browse::lost_robot),
    (5, browse::gateway_crashes),
];

/// What happens by the clock: seconds after opening, seconds between, the story.
pub(super) const TIMETABLE: [(f64, f64, Story); 4] = [
    (2.0, 60.0, jobs::refresh_prices),
    (9.0, 75.0, import::stock),
    (30.0, 45.0, jobs::reconcile),
    (4.0, 5.0, health::probe),
];

/// Returns what the next customer does.
pub(super) fn any_visit(random: &mut Random) -> Story {
    let total: u64 = VISITS.iter().map(|(weight, _)| weight).sum();
    let mut left = random.bits() % total;
    for (weight, story) in VISITS {
        if left < weight {
            return story;
        }
        left -= weight;
    }
    health::probe
}

const BROWSERS: [&str; 6] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "ShopApp/8.3.1 (iPhone17,2; iOS 26.1)",
    "ShopApp/8.2.0 (Android 16; Pixel 10)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
];

const ADDRESSES: [&str; 5] =
    ["203.0.113.7", "198.51.100.23", "192.0.2.144", "203.0.113.201", "2001:db8:85a3::8a2e:370:7334"];

const CUSTOMERS: [&str; 8] = ["zoë.müller", "李雷", "Олена", "يوسف", "josé.núñez", "alice", "ぽんた", "sinéad"];

const LANGUAGES: [&str; 5] = ["de-DE,de;q=0.9,en;q=0.5", "en-GB", "fr-FR,fr;q=0.8", "ja-JP", "ar-EG,ar;q=0.9"];

/// Lets a customer's request through the gateway, and hands it to the storefront.
fn through_gateway(scene: &mut Scene, request: &Http, storefront: impl FnOnce(&mut Call)) {
    let visitor = Visitor { address: scene.random.pick(&ADDRESSES), user_agent: scene.random.pick(&BROWSERS) };
    scene.visit(Service::EdgeGateway, visitor, request, |gateway| {
        gateway.work(0.15);
        gateway.step("ext_authz", |authorisation| authorisation.work(0.4));
        let reply = gateway.http(Service::StorefrontBff, request, |server| {
            let (customer, language) = (server.random().pick(&CUSTOMERS), server.random().pick(&LANGUAGES));
            server.set("enduser.id", customer);
            server.set("http.request.header.accept-language", vec![language]);
            server.work(0.5);
            storefront(server);
            server.work(0.7);
        });
        gateway.reply = reply;
        gateway.work(0.1);
    });
}

/// Returns the article number of some product.
fn any_sku(random: &mut Random) -> String {
    format!("{}-{:04}", random.pick(&["TEA", "CUP", "POT", "BOOK", "LAMP", "SOAP"]), random.between(1, 9_999))
}
