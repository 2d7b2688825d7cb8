//! After the order: a worker fulfils it in the same trace, and the customer is told in another one that links back.

use super::tables::{FULFIL_ORDER, ORDER_EVENTS, ORDERS, PARCELS};
use crate::demo::call::Call;
use crate::demo::exceptions::MAILBOX_UNAVAILABLE;
use crate::demo::http::Http;
use crate::demo::services::Service;
use crate::demo::value::any;

/// Puts an order on the queue.
pub(super) fn hand_over(checkout: &mut Call) {
    checkout.publish(&FULFIL_ORDER, |worker| {
        worker.set("celery.action", "run");
        worker.set("celery.task_name", "shop.fulfil_order");
        worker.sql(&ORDERS, "SELECT id, customer_id, state FROM orders WHERE id = %s", 1.4);
        worker.step("pick items", |pick| pick.work(22.0));
        book_delivery(worker);
        worker.sql(&ORDERS, "UPDATE orders SET state = %s WHERE id = %s", 1.6);
        worker.announce(&ORDER_EVENTS, notify);
        worker.set("celery.state", "SUCCESS");
    });
}

fn book_delivery(worker: &mut Call) {
    let request = Http::post("/deliveries").within_ms(3_000);
    worker.http(Service::Shipping, &request, |shipping| {
        shipping.step("配送を予約", |booking| {
            booking.set("配送.方法", "宅配便");
            booking.set("配送.備考", "置き配希望\n玄関前にお願いします 🙏");
            booking.sql(&PARCELS, "INSERT INTO parcels (order_id, carrier) VALUES (?, ?)", 2.0);
            booking.work(1.0);
        });
        shipping.respond(201);
    });
}

fn notify(consumer: &mut Call) {
    consumer.work(0.5);
    let greeting = consumer.random().pick(&[
        "Danke für deine Bestellung! 🎉",
        "شكرًا لطلبك!",
        "ご注文ありがとうございます",
        "Děkujeme",
    ]);
    consumer.step("render template", |render| {
        render.set("mail.subject", greeting);
        render.set("mail.body", format!("{greeting}\n\nYour parcel leaves today.\n\n— The shop"));
        render.work(2.2);
    });
    let bounces = consumer.chance(0.03);
    consumer.step("smtp send", |smtp| {
        smtp.set("server.address", "smtp.example");
        smtp.work(45.0);
        if bounces {
            smtp.throw(&MAILBOX_UNAVAILABLE);
        }
    });
    if bounces {
        consumer.event("dead_letter", [("messaging.destination.name", any("order-events.dlq"))]);
        consumer.fail("SMTPError", "mailbox unavailable");
    }
}
