//! The spill: one process leaves its last telemetry in a directory, the next one delivers it first.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{metric::Data, number_data_point::Value},
};
use runar_otel::Counter;
use runar_otel_testing::OtlpReceiver;

/// The number that a child adds to its counter; set for children only.
const ORDERS: &str = "SPILL_TEST_ORDERS";

/// The number of spans of a child, 1 by default.
const SPANS: &str = "SPILL_TEST_SPANS";

const PATIENCE: Duration = Duration::from_secs(20);

/// The application under test: a counter and a span, and the end.
#[test]
fn child() {
    let Ok(orders) = env::var(ORDERS) else {
        return;
    };
    let telemetry = runar_otel::builder().init().unwrap();
    let counter = Counter::new("orders_total", "Orders").register();
    counter.add(orders.parse().unwrap());
    let spans = env::var(SPANS).map_or(1, |spans| spans.parse().unwrap());
    for _ in 0..spans {
        tracing::info_span!("order", orders).in_scope(|| ());
        if spans > 1 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    drop(telemetry);
}

fn run(orders: u64, endpoint: &str, directory: &Path, settings: &[(&str, &str)]) -> Output {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(ORDERS, orders.to_string())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_METRICS_EXPORTER", "otlp")
        .env("RUNAR_OTEL_SPILL_DIR", directory)
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// Returns an endpoint at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Returns the values of the counter of all requests, in the order of their arrival.
fn orders(requests: &[ExportMetricsServiceRequest]) -> Vec<i64> {
    let scopes = requests
        .iter()
        .flat_map(|request| &request.resource_metrics)
        .flat_map(|resource| &resource.scope_metrics);
    let mut all = Vec::new();
    for metric in scopes.flat_map(|scope| &scope.metrics) {
        if metric.name == "orders_total"
            && let Some(Data::Sum(sum)) = &metric.data
        {
            for point in &sum.data_points {
                match point.value {
                    Some(Value::AsInt(value)) => all.push(value),
                    Some(Value::AsDouble(value)) => all.push(format!("{value}").parse().unwrap()),
                    None => {}
                }
            }
        }
    }
    all
}

const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

const TEMPORALITIES: [&str; 2] = ["cumulative", "delta"];

#[test]
fn the_next_process_delivers_what_its_predecessors_could_not() {
    for protocol in PROTOCOLS {
        for temporality in TEMPORALITIES {
            let settings = [
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                (
                    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                    temporality,
                ),
            ];
            let directory = tempfile::tempdir().unwrap();
            let away = nobody();
            for number in [1, 2] {
                let output = run(number, &away, directory.path(), &settings);
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                let place = directory.path().display();
                for kept in ["data points are kept in", "1 spans are kept in"] {
                    assert!(told.contains(&format!("{kept} {place}")), "{told}");
                }
            }
            let receiver = OtlpReceiver::start();
            run(3, &receiver.endpoint(), directory.path(), &settings);
            let received = receiver.wait_until(
                |received| orders(received.requests()).len() >= 3 && received.spans().len() >= 3,
                PATIENCE,
            );
            assert_eq!(orders(received.requests()), [1, 2, 3], "{settings:?}");
            let spans: Vec<_> = received
                .spans()
                .iter()
                .map(|span| format!("{:?}", span.attributes))
                .collect();
            for (span, number) in spans.iter().zip(1..) {
                assert!(span.contains(&format!("{number}")), "{spans:?}");
            }
            assert_eq!(spans.len(), 3);
            // Nothing is left for a fourth one.
            receiver.clear();
            run(4, &receiver.endpoint(), directory.path(), &settings);
            assert_eq!(orders(receiver.received().requests()), [4]);
            assert_eq!(receiver.spans().len(), 1);
        }
    }
}

#[test]
fn a_request_that_is_refused_for_good_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let settings = [("OTEL_TRACES_EXPORTER", "none")];
    run(1, &nobody(), directory.path(), &settings);
    let receiver = OtlpReceiver::start();
    receiver.refuse(1, 400);
    let output = run(2, &receiver.endpoint(), directory.path(), &settings);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("from the spill"), "{told}");
    assert_eq!(orders(receiver.received().requests()), [2]);
}

#[test]
fn a_directory_that_cannot_be_written_is_a_problem_by_name() {
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("file");
    std::fs::write(&file, "").unwrap();
    let directory = file.join("spill");
    let error = runar_otel::builder()
        .spill_dir(&directory)
        .init()
        .unwrap_err();
    let told = error.to_string();
    assert!(told.contains("spill_dir (builder) is"), "{told}");
    assert!(told.contains("a directory that can be written"), "{told}");
    let receiver = OtlpReceiver::start();
    let output = run(1, &receiver.endpoint(), &directory, &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("RUNAR_OTEL_SPILL_DIR (environment) is"),
        "{told}"
    );
    assert_eq!(orders(receiver.received().requests()), [1]);
}

#[test]
fn a_receiver_that_is_silent_costs_no_more_time() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let begun = std::time::Instant::now();
    let output = run(1, &endpoint, directory.path(), &[]);
    assert!(begun.elapsed() < Duration::from_secs(12));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for kept in ["data points are kept in", "1 spans are kept in"] {
        assert!(told.contains(kept), "{told}");
    }
}

#[test]
fn spans_do_not_overflow_their_queue_while_the_receiver_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let settings = [
        (SPANS, "2000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "256"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ];
    // The first attempts are those of a receiver that may come.
    let timeout = [("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "100")];
    let settings: Vec<_> = settings.into_iter().chain(timeout).collect();
    run(1, &nobody(), directory.path(), &settings);
    let receiver = OtlpReceiver::start();
    run(2, &receiver.endpoint(), directory.path(), &[]);
    let spans = receiver.spans();
    let first = spans.len() - 1;
    assert_eq!(first, 2000);
    assert!(format!("{:?}", spans[first].attributes).contains('2'));
}
