//! A customer searches, in whatever script they write.

use super::through_gateway;
use crate::demo::call::Call;
use crate::demo::database::Database;
use crate::demo::http::Http;
use crate::demo::scene::Scene;
use crate::demo::services::Service;

const INDEX: Database = Database { system: "opensearch", namespace: "products", host: "opensearch", port: 9200 };

const WORDS: [&str; 10] = [
    "tea pot",
    "café crème ☕",
    "قهوة عربية",
    "コーヒー豆",
    "🎧 écouteurs",
    "Käsereibe",
    "שעון קיר",
    "lámpara",
    "чайник",
    "mug -red",
];

const QUERY: &str = r#"{
  "query": {
    "bool": {
      "must": [{ "multi_match": { "query": "?", "fields": ["title^3", "description"] } }],
      "filter": [{ "term": { "locale": "?" } }]
    }
  },
  "size": 24
}"#;

pub(super) fn results(scene: &mut Scene) {
    let words = scene.random.pick(&WORDS);
    let request = Http::get("/api/search").query(format!("q={}", escaped(words)));
    through_gateway(scene, &request, |storefront| {
        if storefront.chance(0.02) {
            storefront.set("app.validation.errors", vec!["q: must not be longer than 80 characters"]);
            return storefront.respond(400);
        }
        let reply = ask(storefront, words);
        if !reply {
            return storefront.respond(502);
        }
        storefront.step("render results", |render| render.work(1.8));
    });
}

pub(super) fn suggestions(scene: &mut Scene) {
    let words = scene.random.pick(&WORDS);
    let request = Http::get("/api/suggest").query(format!("q={}", escaped(words)));
    through_gateway(scene, &request, |storefront| {
        storefront.http(Service::Search, &Http::get("/suggest").within_ms(200), |search| {
            search.set("search.query", words);
            search.step("prefix lookup", |lookup| lookup.work(0.25));
        });
    });
}

/// Returns whether results came.
fn ask(storefront: &mut Call, words: &str) -> bool {
    let request = Http::get("/search").query(format!("q={}", escaped(words))).within_ms(1_500);
    let reply = storefront.http(Service::Search, &request, |search| {
        search.set("search.query", words);
        search.step("parse", |parse| {
            parse.set("search.terms", words.split(' ').collect::<Vec<_>>());
            parse.work(0.08);
        });
        let heavy = search.chance(0.03);
        search.sql(&INDEX, QUERY, if heavy { 320.0 } else { 11.0 });
        let hits = search.random().between(0, 900);
        search.step("rerank", |rerank| {
            rerank.set("search.hits", hits);
            rerank.work(1.2);
        });
        if search.chance(0.004) {
            search.fail("opensearch::Error", "all shards failed");
            search.respond(500);
        }
    });
    reply.is_ok()
}

/// Returns a text as it stands in a URL (RFC 3986, everything but letters and digits escaped).
fn escaped(text: &str) -> String {
    let plain_or_escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(plain_or_escaped).collect()
}
