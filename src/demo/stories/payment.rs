//! Paying: a bank that sometimes answers only at the second or third try, and sometimes says no.

use super::tables::LEDGER;
use crate::demo::call::{Call, Reply};
use crate::demo::exceptions::{BANK_UNAVAILABLE, PAYMENT_DECLINED};
use crate::demo::http::Http;
use crate::demo::services::Service;
use crate::demo::value::any;

const BANK: &str = "api.nordbank.example";
const TRIES: i32 = 3;
/// The wait before the second try, in milliseconds; it doubles each time.
const BACK_OFF_MS: f64 = 80.0;

enum Outcome {
    Authorised,
    Declined,
    Unavailable,
}

/// Asks `payments` to authorise the order's total.
pub(super) fn authorise(checkout: &mut Call) -> Reply {
    let request = Http::post("/authorisations").within_ms(5_000);
    checkout.http(Service::Payments, &request, |payments| {
        payments.work(0.6);
        payments.sql(&LEDGER, "INSERT INTO authorisations (order_id, amount, state) VALUES (?, ?, 'pending')", 1.7);
        let outcome = payments.step("AuthorisationService.authorise", ask_bank);
        payments.sql(&LEDGER, "UPDATE authorisations SET state = ?, bank_reference = ? WHERE id = ?", 1.5);
        match outcome {
            Outcome::Authorised => {}
            Outcome::Declined => payments.respond(402),
            Outcome::Unavailable => payments.respond(502),
        }
    })
}

fn ask_bank(step: &mut Call) -> Outcome {
    let cents = step.random().between(500, 30_000);
    step.set("payment.amount", cents as f64 / 100.0);
    step.set("payment.currency", "EUR");
    step.set("card.brand", "visa");
    // A bank that failed once is likely to fail again.
    let mut failure = 0.1;
    for attempt in 1..=TRIES {
        let request = Http::post("/v2/authorisations").within_ms(1_500);
        let latency_ms = if step.chance(0.015) { 4_000.0 } else { 110.0 };
        if step.chance(failure) {
            step.http_outside(BANK, &request, (503, 210.0));
        } else if step.chance(0.045) {
            step.http_outside(BANK, &request, (402, 90.0));
            step.throw(&PAYMENT_DECLINED);
            return Outcome::Declined;
        } else if step.http_outside(BANK, &request, (200, latency_ms)).is_ok() {
            step.set("payment.attempts", attempt);
            return Outcome::Authorised;
        }
        failure = 0.45;
        if attempt < TRIES {
            let back_off = BACK_OFF_MS * f64::from(1 << (attempt - 1));
            step.event("retry", [("retry.attempt", any(attempt + 1)), ("retry.back_off_ms", any(back_off))]);
            step.work(back_off);
        }
    }
    step.throw(&BANK_UNAVAILABLE);
    Outcome::Unavailable
}
