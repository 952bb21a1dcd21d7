//! Delta temporality against a receiver that fails at first: every delta arrives once.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{AggregationTemporality, metric::Data, number_data_point::Value},
};
use prost::Message as _;

use crate::application::{Application, number};

/// A receiver that refuses the first requests and keeps what it then takes.
struct Receiver {
    address: String,
    taken: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
}

impl Receiver {
    fn start(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Vec<_>>> = Arc::default();
        let (kept, mut left) = (taken.clone(), refusals);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let body = body(&stream);
                let status = if left > 0 {
                    "503 Service Unavailable"
                } else {
                    "200 OK"
                };
                if left == 0 {
                    kept.lock()
                        .unwrap()
                        .push(ExportMetricsServiceRequest::decode(body.as_slice()).unwrap());
                }
                left = left.saturating_sub(1);
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = (&stream).write_all(head.as_bytes());
            }
        });
        Self { address, taken }
    }

    /// What the deltas of all sums and histogram counts add up to, by name.
    fn totals(&self) -> BTreeMap<String, f64> {
        let mut totals = BTreeMap::new();
        let taken = self.taken.lock().unwrap();
        let scopes = taken
            .iter()
            .flat_map(|request| &request.resource_metrics)
            .flat_map(|r| &r.scope_metrics);
        for metric in scopes.flat_map(|scope| &scope.metrics) {
            let delta = |temporality: i32| temporality == AggregationTemporality::Delta as i32;
            let sum: f64 = match metric.data.as_ref().unwrap() {
                Data::Sum(sum) if delta(sum.aggregation_temporality) => sum
                    .data_points
                    .iter()
                    .filter_map(|point| point.value)
                    .map(as_f64)
                    .sum(),
                Data::Histogram(histogram) if delta(histogram.aggregation_temporality) => histogram
                    .data_points
                    .iter()
                    .filter_map(|point| point.sum)
                    .sum(),
                Data::ExponentialHistogram(histogram)
                    if delta(histogram.aggregation_temporality) =>
                {
                    histogram
                        .data_points
                        .iter()
                        .filter_map(|point| point.sum)
                        .sum()
                }
                _ => continue,
            };
            *totals.entry(metric.name.clone()).or_default() += sum;
        }
        totals
    }
}

fn as_f64(value: Value) -> f64 {
    match value {
        Value::AsInt(value) => f64::from(i32::try_from(value).unwrap()),
        Value::AsDouble(value) => value,
    }
}

fn body(stream: &TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}

#[test]
fn deltas_that_were_refused_arrive_with_the_next_ones() {
    let receiver = Receiver::start(2);
    let mut application = Application::start(&[
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.address),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "240"),
    ]);
    application.tell("orders 3");
    assert_ne!(application.tell("flush")["error"], serde_json::Value::Null);
    application.tell("orders 3");
    application.tell("flush");
    application.tell("orders 3");
    application.tell("flush");
    let ledger = application.tell("orders 3");
    let (ended, _) = application.end();
    assert_eq!(ended["error"], serde_json::Value::Null);

    let totals = receiver.totals();
    assert!(
        receiver.taken.lock().unwrap().len() >= 2,
        "deltas, not one total"
    );
    assert!(
        (totals["app_orders_total"] - 12.0).abs() < f64::EPSILON,
        "{totals:?}"
    );
    assert!(
        (totals["app_order_duration_seconds"] - number(&ledger, "seconds")).abs() < 1e-9,
        "{totals:?}"
    );
    assert!(
        (totals["app_order_size_bytes"] - number(&ledger, "bytes")).abs() < 1e-9,
        "{totals:?}"
    );
    assert!(
        !totals.contains_key("app_open_orders"),
        "up-down counters stay cumulative: {totals:?}"
    );
}
