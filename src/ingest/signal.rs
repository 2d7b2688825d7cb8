//! The three signals that SDKs send. Traces are kept; logs and metrics are answered so that the SDK stays quiet.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::admission::Encoding;
use super::refusal::Refusal;
use crate::otlp::response;

/// What an OTLP request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    pub(super) fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    pub(super) fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// Says, for a signal that is not kept, what a developer can do about it; none for traces.
    pub(super) fn not_kept(self) -> Option<&'static str> {
        match self {
            Self::Traces => None,
            Self::Logs => Some("spantop keeps only traces: set OTEL_LOGS_EXPORTER=none so that logs are not sent here"),
            Self::Metrics => {
                Some("spantop keeps only traces: set OTEL_METRICS_EXPORTER=none so that metrics are not sent here")
            }
        }
    }

    /// Returns the name that responses use.
    pub(super) fn in_response(self) -> response::Signal {
        match self {
            Self::Traces => response::Signal::Traces,
            Self::Logs => response::Signal::Logs,
            Self::Metrics => response::Signal::Metrics,
        }
    }

    /// Counts the records or points of a request that is not kept, all of which are rejected.
    pub(super) fn count(self, body: &[u8], encoding: Encoding) -> Result<u64, Refusal> {
        match encoding {
            Encoding::Protobuf => self.count_protobuf(body),
            Encoding::Json => count_json(body),
        }
    }

    fn count_protobuf(self, body: &[u8]) -> Result<u64, Refusal> {
        let unreadable = |error| Refusal::unreadable("read the request as OTLP protobuf", &error);
        let count = match self {
            Self::Traces => 0,
            Self::Logs => {
                let request = ExportLogsServiceRequest::decode(body).map_err(unreadable)?;
                let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
            Self::Metrics => {
                let request = ExportMetricsServiceRequest::decode(body).map_err(unreadable)?;
                let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
                scopes.flat_map(|scope| &scope.metrics).map(|metric| metric.data.as_ref().map_or(0, points)).sum()
            }
        };
        Ok(count as u64)
    }
}

fn count_json(body: &[u8]) -> Result<u64, Refusal> {
    let request: JsonRequest =
        serde_json::from_slice(body).map_err(|error| Refusal::unreadable("read the request as OTLP/JSON", &error))?;
    Ok(request.count() as u64)
}

fn points(data: &Data) -> usize {
    match data {
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::Sum(sum) => sum.data_points.len(),
        Data::Histogram(histogram) => histogram.data_points.len(),
        Data::ExponentialHistogram(histogram) => histogram.data_points.len(),
        Data::Summary(summary) => summary.data_points.len(),
    }
}

/// As much of a request of logs or metrics as counting needs; what else is in it is passed over without recursion.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonRequest {
    #[serde(default, alias = "resourceLogs")]
    resource_metrics: Option<Vec<JsonResource>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonResource {
    #[serde(default, alias = "scopeLogs")]
    scope_metrics: Option<Vec<JsonScope>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonScope {
    log_records: Option<Vec<IgnoredAny>>,
    metrics: Option<Vec<JsonMetric>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonMetric {
    gauge: Option<JsonPoints>,
    sum: Option<JsonPoints>,
    histogram: Option<JsonPoints>,
    exponential_histogram: Option<JsonPoints>,
    summary: Option<JsonPoints>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonPoints {
    data_points: Option<Vec<IgnoredAny>>,
}

impl JsonRequest {
    fn count(&self) -> usize {
        let scopes =
            self.resource_metrics.iter().flatten().flat_map(|resource| resource.scope_metrics.iter().flatten());
        scopes.map(JsonScope::count).sum()
    }
}

impl JsonScope {
    fn count(&self) -> usize {
        let points = self.metrics.iter().flatten().map(JsonMetric::count).sum::<usize>();
        self.log_records.as_ref().map_or(0, Vec::len) + points
    }
}

impl JsonMetric {
    fn count(&self) -> usize {
        let kinds = [&self.gauge, &self.sum, &self.histogram, &self.exponential_histogram, &self.summary];
        let points = kinds.into_iter().flatten().filter_map(|points| points.data_points.as_ref());
        points.map(Vec::len).sum()
    }
}
