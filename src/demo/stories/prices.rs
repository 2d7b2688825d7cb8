//! The database of prices, as `pricing` reaches it: through a pool that leaks connections until somebody restarts the
//! service, so that requests wait ever longer and ever more of them fail.

use super::tables::PRICES;
use crate::demo::call::Call;
use crate::demo::exceptions::POOL_EXHAUSTED;

/// How many connections the pool has.
const POOL: f64 = 50.0;
/// How many of the requests that need a connection fail once all have leaked.
const MOST_FAILED: f64 = 0.25;
const MOST_WAIT_MS: f64 = 140.0;
/// How long one waits for a connection before giving up.
const PATIENCE_MS: f64 = 250.0;

/// Takes a connection; without one the request has failed.
pub(super) fn connect(pricing: &mut Call) -> bool {
    let leaked = pricing.scene.weather.leaked(pricing.now);
    if leaked == 0.0 {
        return true;
    }
    let fails = pricing.chance(MOST_FAILED * leaked);
    pricing.step("NpgsqlConnection.Open", |open| {
        open.set("db.client.connection.pool.name", "prices");
        open.set("app.pool.in_use", (POOL * leaked) as u64);
        open.work(if fails { PATIENCE_MS } else { 0.1 + MOST_WAIT_MS * leaked });
        if fails {
            open.throw(&POOL_EXHAUSTED);
        }
    });
    if fails {
        pricing.respond(500);
    }
    !fails
}

/// Asks for prices, where there is a connection.
pub(super) fn query(pricing: &mut Call, statement: &str, median_ms: f64) -> bool {
    let is_connected = connect(pricing);
    if is_connected {
        pricing.sql(&PRICES, statement, median_ms);
    }
    is_connected
}
