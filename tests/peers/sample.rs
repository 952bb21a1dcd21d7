//! Hand-made telemetry of one call: a span, and metrics whose exemplars point to it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::{Result, http};

pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const SPAN_ID: &str = "00f067aa0ba902b7";
pub(crate) const SERVICE: &str = "order-service";

/// Sends the span and the metrics to a Collector by OTLP/HTTP.
pub(crate) fn push(collector: &str) -> Result<()> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    http::post_json(&format!("{collector}/v1/traces"), &traces(now))?;
    http::post_json(&format!("{collector}/v1/metrics"), &metrics(now)).map(drop)
}

/// The same histogram as an OpenMetrics page.
pub(crate) fn page() -> String {
    format!(
        "# HELP order_duration_seconds How long an order takes.\n\
         # TYPE order_duration_seconds histogram\n\
         # UNIT order_duration_seconds seconds\n\
         order_duration_seconds_bucket{{le=\"0.25\"}} 2\n\
         order_duration_seconds_bucket{{le=\"0.5\"}} 3 # {{trace_id=\"{TRACE_ID}\",span_id=\"{SPAN_ID}\"}} 0.3\n\
         order_duration_seconds_bucket{{le=\"+Inf\"}} 3\n\
         order_duration_seconds_count 3\n\
         order_duration_seconds_sum 0.5\n\
         # EOF\n"
    )
}

fn traces(now: Duration) -> Value {
    let span = json!({
        "traceId": TRACE_ID, "spanId": SPAN_ID, "name": "order", "kind": 1,
        "startTimeUnixNano": nanoseconds(now.saturating_sub(Duration::from_millis(300))), "endTimeUnixNano": nanoseconds(now),
        "attributes": [{"key": "user.type", "value": {"stringValue": "premium"}}],
    });
    let scope = json!({"scope": {"name": "sample"}, "spans": [span]});
    json!({"resourceSpans": [{"resource": resource(), "scopeSpans": [scope]}]})
}

fn metrics(now: Duration) -> Value {
    let explicit = point(
        now,
        &json!({"count": "3", "sum": 0.5, "bucketCounts": ["1", "1", "1", "0"], "explicitBounds": [0.1, 0.25, 0.5]}),
    );
    let buckets = json!({"offset": -20, "bucketCounts": ["1", "1", "1"]});
    let exponential = point(
        now,
        &json!({"count": "3", "sum": 0.5, "scale": 3, "zeroCount": "0", "positive": buckets}),
    );
    let total = point(now, &json!({"asInt": "3"}));
    let metrics = json!([
        {"name": "order.duration", "unit": "s", "description": "How long an order takes.",
         "histogram": {"aggregationTemporality": 2, "dataPoints": [explicit]}},
        {"name": "order.size", "unit": "By", "description": "How large an order is.",
         "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [exponential]}},
        {"name": "order.total", "unit": "{order}", "description": "Orders.",
         "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [total]}},
    ]);
    let scope = json!({"scope": {"name": "sample", "version": "1"}, "metrics": metrics});
    json!({"resourceMetrics": [{"resource": resource(), "scopeMetrics": [scope]}]})
}

/// A data point of the last ten seconds with an exemplar of the span.
fn point(now: Duration, specific: &Value) -> Value {
    let exemplar = json!({"timeUnixNano": nanoseconds(now), "asDouble": 0.3, "traceId": TRACE_ID, "spanId": SPAN_ID});
    let common = json!({
        "startTimeUnixNano": nanoseconds(now.saturating_sub(Duration::from_secs(10))),
        "timeUnixNano": nanoseconds(now),
        "exemplars": [exemplar],
    });
    let fields = [&common, specific]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten();
    Value::Object(
        fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

fn resource() -> Value {
    json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": SERVICE}},
        {"key": "service.instance.id", "value": {"stringValue": "instance-1"}},
        {"key": "host.name", "value": {"stringValue": "host-1"}},
        {"key": "runar.node.id", "value": {"stringValue": "node-1"}},
    ]})
}

fn nanoseconds(time: Duration) -> String {
    time.as_nanos().to_string()
}
