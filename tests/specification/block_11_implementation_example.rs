//! *Implementation Example*: every kind of handle, and an exporter that is started and left alone.
//!
//! It starts a real endpoint for the process, so it runs in a process of its own.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    time::Duration,
};

use runar_otel_testing::{Metrics as _, assert_metric, scrape, try_scrape};
use support::{poll, ports};

use super::runar_node;

fn example() {

// ---- the document
use runar_node::metrics::prelude::*;

// Create a simple counter
let requests_counter = Counter::new("http_requests_total", "Total HTTP requests")
    .with_label("service", "api_gateway")
    .register();

// Increment the counter
requests_counter.increment();

// Create a histogram for response time
let response_time = Histogram::new(
    "http_response_time_seconds", 
    "HTTP response time in seconds"
)
    .with_buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
    .register();

// Observe a value
response_time.observe(0.42);

// Create a gauge for concurrent connections
let connections = Gauge::new(
    "active_connections",
    "Number of active connections"
)
    .register();

// Set the gauge value
connections.set(42.0);

// Create a timer for measuring operation duration
let operation_timer = Timer::new(
    "operation_duration_seconds",
    "Time to complete operation"
)
    .register();

// Use the timer
let timer_handle = operation_timer.start();
// ... perform operation ...
timer_handle.stop(); // Automatically records the duration

// Export metrics
MetricsExporter::new()
    .format(ExportFormat::OpenMetrics)
    .protocol(ExportProtocol::Http)
    .interval(Duration::from_secs(15))
    .start();
// ----

}

#[test]
fn the_page_shows_what_the_handles_recorded() {
    let [port] = ports::free().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "block_11_implementation_example::child"])
        .env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
        .env("OTEL_EXPORTER_PROMETHEUS_PORT", port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let address = format!("127.0.0.1:{port}");
    poll::until("the page", Duration::from_secs(20), || {
        match try_scrape(address.clone()) {
            Ok(page) if page.counter("http_requests_total", &[]).is_some() => poll::Look::Found(()),
            other => poll::Look::NotYet(format!("{other:?}")),
        }
    })
    .unwrap();
    let page = scrape(address);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_metric!(page, "http_requests_total", {"service" => "api_gateway"}, == 1);
    assert_metric!(page, "http_response_time_seconds", count == 1, sum == 0.42);
    assert_metric!(page, "active_connections", == 42);
    assert_metric!(page, "operation_duration_seconds", count == 1);
    let times = page.histogram("http_response_time_seconds", &[]).unwrap();
    assert_eq!(times.bounds(), [0.01, 0.05, 0.1, 0.5, 1.0, 5.0]);
}

#[test]
#[ignore = "the process in which the example runs, started by the test above"]
fn child() {
    example();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
