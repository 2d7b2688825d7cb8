//! Which library of each language makes a span, and how it spells names and attributes.

use super::services::{Language, Process, Service};

/// An instrumentation scope: who made a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

/// What a library instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    HttpServer,
    HttpClient,
    Rpc,
    Sql,
    Redis,
    Messaging,
    /// The service's own code.
    Own,
}

/// Returns the scope under which `process` reports spans about `subject`.
pub(super) fn scope_of(process: Process, subject: Subject) -> Scope {
    if subject == Subject::Own {
        return Scope { name: own_scope(process.service), version: process.version() };
    }
    match process.language() {
        Language::Cpp => Scope { name: "envoy", version: "1.36.2" },
        Language::DotNet => dot_net(subject),
        Language::Go => go(subject),
        Language::Java => Scope { name: java(subject), version: "2.21.0-alpha" },
        Language::NodeJs => node(subject),
        Language::Python => Scope { name: python(subject), version: "0.66b1" },
        Language::Ruby => ruby(subject),
        Language::Rust => rust(subject),
    }
}

fn own_scope(service: Service) -> &'static str {
    match service {
        Service::EdgeGateway => "envoy.filters.http.ext_authz",
        Service::StorefrontBff => "storefront",
        Service::Catalog => "shop.example.catalog",
        Service::Search => "search::query",
        Service::Cart => "shop.example/cart",
        Service::Checkout => "shop.checkout",
        Service::Pricing => "Shop.Pricing",
        Service::Inventory => "shop.example/inventory",
        Service::Payments => "shop.example.payments",
        Service::FraudCheck => "fraud_check.scoring",
        Service::OrdersWorker => "shop.worker",
        Service::Notification => "notification",
        Service::Recommendations => "recommendations.ranking",
        Service::Shipping => "配送",
        Service::Tax => "Shop.Tax",
    }
}

fn java(subject: Subject) -> &'static str {
    match subject {
        Subject::HttpServer => "io.opentelemetry.netty-4.1",
        Subject::HttpClient => "io.opentelemetry.java-http-client",
        Subject::Rpc => "io.opentelemetry.grpc-1.6",
        Subject::Sql => "io.opentelemetry.jdbc",
        Subject::Redis => "io.opentelemetry.lettuce-5.1",
        Subject::Messaging | Subject::Own => "io.opentelemetry.kafka-clients-0.11",
    }
}

fn python(subject: Subject) -> &'static str {
    match subject {
        Subject::HttpServer => "opentelemetry.instrumentation.fastapi",
        Subject::HttpClient => "opentelemetry.instrumentation.httpx",
        Subject::Rpc => "opentelemetry.instrumentation.grpc",
        Subject::Sql => "opentelemetry.instrumentation.psycopg",
        Subject::Redis => "opentelemetry.instrumentation.redis",
        Subject::Messaging | Subject::Own => "opentelemetry.instrumentation.celery",
    }
}

fn node(subject: Subject) -> Scope {
    let (name, version) = match subject {
        Subject::HttpServer => ("@opentelemetry/instrumentation-http", "0.207.0"),
        Subject::HttpClient => ("@opentelemetry/instrumentation-undici", "0.18.0"),
        Subject::Rpc => ("@opentelemetry/instrumentation-grpc", "0.207.0"),
        Subject::Sql => ("@opentelemetry/instrumentation-pg", "0.60.0"),
        Subject::Redis => ("@opentelemetry/instrumentation-ioredis", "0.55.0"),
        Subject::Messaging | Subject::Own => ("@opentelemetry/instrumentation-kafkajs", "0.17.0"),
    };
    Scope { name, version }
}

fn go(subject: Subject) -> Scope {
    let (name, version) = match subject {
        Subject::HttpServer | Subject::HttpClient => {
            ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.63.0")
        }
        Subject::Rpc => ("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.63.0"),
        Subject::Sql => ("github.com/exaring/otelpgx", "v0.9.3"),
        Subject::Redis => ("github.com/redis/go-redis/extra/redisotel", "semver:9.14.0"),
        Subject::Messaging | Subject::Own => ("github.com/twmb/franz-go/plugin/kotel", "v1.6.0"),
    };
    Scope { name, version }
}

fn dot_net(subject: Subject) -> Scope {
    let (name, version) = match subject {
        Subject::HttpServer | Subject::Rpc => ("Microsoft.AspNetCore", ""),
        Subject::HttpClient => ("System.Net.Http", ""),
        Subject::Sql => ("Npgsql", "10.0.0"),
        Subject::Redis => ("OpenTelemetry.Instrumentation.StackExchangeRedis", "1.14.0-beta.1"),
        Subject::Messaging | Subject::Own => ("Confluent.Kafka.Extensions.Diagnostics", "0.5.0"),
    };
    Scope { name, version }
}

fn ruby(subject: Subject) -> Scope {
    let (name, version) = match subject {
        Subject::HttpServer | Subject::Rpc => ("OpenTelemetry::Instrumentation::Rack", "0.27.1"),
        Subject::HttpClient => ("OpenTelemetry::Instrumentation::Faraday", "0.28.0"),
        Subject::Sql => ("OpenTelemetry::Instrumentation::PG", "0.30.1"),
        Subject::Redis => ("OpenTelemetry::Instrumentation::Redis", "0.26.1"),
        Subject::Messaging | Subject::Own => ("OpenTelemetry::Instrumentation::Sidekiq", "0.26.1"),
    };
    Scope { name, version }
}

fn rust(subject: Subject) -> Scope {
    let (name, version) = match subject {
        Subject::HttpServer => ("axum-tracing-opentelemetry", "0.32.1"),
        Subject::HttpClient => ("reqwest-tracing", "0.5.8"),
        Subject::Rpc => ("tonic-tracing-opentelemetry", "0.32.0"),
        Subject::Sql | Subject::Redis | Subject::Messaging | Subject::Own => ("tracing-opentelemetry", "0.32.0"),
    };
    Scope { name, version }
}

/// Returns the attribute key as `service` spells it: one still follows the conventions from before 2023, as many do.
pub(super) fn key_of(service: Service, key: &'static str) -> &'static str {
    if service != Service::FraudCheck {
        return key;
    }
    match key {
        "http.request.method" => "http.method",
        "http.response.status_code" => "http.status_code",
        "url.path" => "http.target",
        "url.scheme" => "http.scheme",
        "server.address" => "net.host.name",
        "server.port" => "net.host.port",
        "user_agent.original" => "http.user_agent",
        "db.system.name" => "db.system",
        "db.query.text" => "db.statement",
        "db.namespace" => "db.name",
        "db.operation.name" => "db.operation",
        current => current,
    }
}
