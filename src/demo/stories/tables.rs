//! The databases and topics of the shop.

use crate::demo::database::Database;
use crate::demo::messaging::Topic;
use crate::demo::services::Service;

pub(super) const CATALOG: Database = postgres("catalog", "postgres-replica");
pub(super) const CARTS: Database = postgres("carts", "postgres-main");
pub(super) const PRICES: Database = postgres("pricing", "postgres-main");
pub(super) const STOCK: Database = postgres("inventory", "postgres-main");
pub(super) const ORDERS: Database = postgres("orders", "postgres-main");
pub(super) const LEDGER: Database = postgres("ledger", "postgres-ledger");
pub(super) const PARCELS: Database =
    Database { system: "mysql", namespace: "parcels", host: "mysql-shipping", port: 3306 };

pub(super) const FULFIL_ORDER: Topic = Topic {
    system: "redis",
    destination: "orders",
    producer_span: "apply_async/shop.fulfil_order",
    consumer_span: "run/shop.fulfil_order",
    consumer: Service::OrdersWorker,
    wait_ms: 120.0,
};

pub(super) const ORDER_EVENTS: Topic = Topic {
    system: "kafka",
    destination: "order-events",
    producer_span: "send order-events",
    consumer_span: "process order-events",
    consumer: Service::Notification,
    wait_ms: 350.0,
};

const fn postgres(namespace: &'static str, host: &'static str) -> Database {
    Database { system: "postgresql", namespace, host, port: 5432 }
}
