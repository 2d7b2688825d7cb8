//! Calls to databases and caches, which send no spans of their own.

use super::call::Call;
use super::exceptions::Exception;
use super::instrumentation::Subject;
use super::scene::SpanKind;
use super::services::Language;
use super::value::any;

/// A database that answers SQL.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) system: &'static str,
    pub(super) namespace: &'static str,
    pub(super) host: &'static str,
    pub(super) port: u16,
}

const REDIS: &str = "redis-cache";

impl Call<'_> {
    /// Runs a statement that takes about `median_ms`.
    pub(super) fn sql(&mut self, database: &Database, text: &str, median_ms: f64) {
        let mut query = self.query(database, text);
        query.work(median_ms);
        self.now = query.close();
    }

    /// Runs a statement that fails after `ms`.
    pub(super) fn sql_fails(&mut self, database: &Database, text: &str, (ms, exception): (f64, &Exception)) {
        let mut query = self.query(database, text);
        query.now += (ms * 1e6) as u64;
        query.set("db.response.status_code", exception.code);
        query.throw(exception);
        self.now = query.close();
    }

    fn query(&mut self, database: &Database, text: &str) -> Call<'_> {
        let (operation, table) = summary(text);
        let name = match self.process.language() {
            Language::Python => operation.to_owned(),
            Language::Java => format!("{operation} {}.{table}", database.namespace),
            _ => format!("{operation} {table}").trim_end().to_owned(),
        };
        let mut query = self.begin(name, SpanKind::Client, Subject::Sql);
        query.set("db.system.name", database.system);
        query.set("db.namespace", database.namespace);
        query.set("db.operation.name", operation);
        if !table.is_empty() {
            query.set("db.collection.name", table);
        }
        query.set("db.query.text", text);
        query.set("server.address", database.host);
        query.set("server.port", database.port);
        query
    }

    /// Sends a command to Redis.
    pub(super) fn redis(&mut self, command: &str, key: &str) {
        let mut query = self.begin(command.to_owned(), SpanKind::Client, Subject::Redis);
        query.set("db.system.name", "redis");
        query.set("db.namespace", "0");
        query.set("db.operation.name", command);
        query.set("db.query.text", format!("{command} {key}"));
        query.set("server.address", REDIS);
        query.set("server.port", 6379);
        query.work(0.35);
        self.now = query.close();
    }

    /// Looks a key up in the cache, and returns whether it was there.
    pub(super) fn is_cached(&mut self, key: &str, share_of_hits: f64) -> bool {
        self.redis("GET", key);
        let hit = self.chance(share_of_hits);
        let event = if hit { "cache.hit" } else { "cache.miss" };
        self.event(event, [("cache.key", any(key)), ("cache.ttl_s", any(300))]);
        hit
    }
}

/// Returns the operation of a statement and the table it is mainly about, empty where there is none.
fn summary(text: &str) -> (&str, &str) {
    // OpenSearch is asked in JSON.
    if text.starts_with('{') {
        return ("search", "");
    }
    let operation = text.split_whitespace().next().unwrap_or_default();
    let mut words = text.split_whitespace();
    let before_table = |word: &&str| matches!(*word, "FROM" | "INTO" | "UPDATE" | "COPY");
    let table = words.find(before_table).and_then(|_| words.next()).unwrap_or_default();
    (operation, table)
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn statements_are_named_by_operation_and_table() {
        for (text, expected) in [
            ("SELECT price\nFROM prices WHERE sku = $1", ("SELECT", "prices")),
            ("INSERT INTO orders (id) VALUES ($1)", ("INSERT", "orders")),
            ("UPDATE stock SET n = n - 1", ("UPDATE", "stock")),
            ("COMMIT", ("COMMIT", "")),
            ("{\n  \"query\": {}\n}", ("search", "")),
        ] {
            assert_eq!(summary(text), expected, "{text}");
        }
    }
}
