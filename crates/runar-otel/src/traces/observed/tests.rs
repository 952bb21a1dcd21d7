//! Spans counted by a provider whose receiver holds up the first export.

#![cfg(feature = "otlp-http")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use runar_otel_core::gate::{Gate, GateOptions, Streams};
use runar_otel_pipeline::{
    background::Background,
    collect::Collector,
    encode::exposition,
    observe::Observer,
    settings::{Signal, TemporalityPreference},
    store::ConsumerId,
};

use crate::{
    config::{Config, OtlpConfig, Sampler, Url},
    traces::{provider, shutdown},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Spans, counted, and the place where the counts are read.
struct Rig {
    provider: SdkTracerProvider,
    collector: Collector,
    consumer: ConsumerId,
    _background: Background,
}

impl Rig {
    fn new(config: &Config) -> Self {
        let streams = Streams::new(GateOptions::default());
        let observer = Observer::new(&Gate::new(streams.clone()));
        let background = Background::start().unwrap();
        let provider = provider::builder(
            config,
            &Default::default(),
            Resource::builder_empty().build(),
            background.handle(),
            &observer,
        );
        let collector = Collector::new(streams, Arc::default(), Vec::new());
        Self {
            provider: provider.unwrap().build(),
            consumer: collector.register(TemporalityPreference::Cumulative),
            collector,
            _background: background,
        }
    }

    /// Returns the value of the sample with this name and these labels; `None` without one.
    fn value(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let page = exposition::text(&self.collector.snapshot(self.consumer)).body;
        let mut lines = page.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('{'))
                && labels.iter().all(|label| line.contains(label))
                && (labels.iter().any(|label| label.starts_with("error_type"))
                    || !line.contains("error_type"))
        });
        let line = lines.next()?;
        assert_eq!(lines.next(), None, "{page}");
        line.rsplit(' ').next()?.parse().ok()
    }

    fn wait(&self, name: &str, value: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.value(name, &[]) != Some(value) {
            assert!(Instant::now() < deadline, "{name} is not {value}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn spans(&self, count: usize) {
        for _ in 0..count {
            self.provider.tracer("test").start("s").end();
        }
    }
}

/// Answers each request with status 200, on each connection; the first one waits.
fn answer(collector: &TcpListener, go_on: &mpsc::Receiver<()>) {
    let mut held = true;
    while let Ok((mut stream, _)) = collector.accept() {
        while read(&mut stream) {
            if std::mem::take(&mut held) {
                let _ = go_on.recv_timeout(PATIENCE);
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).unwrap();
        }
    }
}

/// Reads a request with a body; `false` at the end of the connection.
fn read(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => return false,
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        let start = request.windows(4).position(|four| four == b"\r\n\r\n");
        if request.len() >= start.unwrap() + 4 + length {
            return true;
        }
    }
}

fn pushed_to(port: u16, timeout: Duration) -> Config {
    Config {
        otlp_traces: OtlpConfig {
            endpoint: Url::new(format!("http://127.0.0.1:{port}/v1/traces")),
            timeout,
            ..OtlpConfig::of(Signal::Traces)
        },
        ..Config::default()
    }
}

#[test]
fn spans_are_counted_from_their_start_to_their_export_and_those_that_find_no_place() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let (go_on, may_go_on) = mpsc::channel();
    thread::spawn(move || answer(&receiver, &may_go_on));
    let mut config = pushed_to(port, PATIENCE);
    config.span_batches.queue = 4;
    config.span_batches.batch = 4;
    config.span_batches.delay = Duration::from_secs(3600);
    let rig = Rig::new(&config);
    let live = rig.provider.tracer("test").start("live");
    rig.spans(4);
    rig.wait("otel_sdk_exporter_span_inflight", 4.0);
    assert_eq!(
        rig.value("otel_sdk_processor_span_queue_size", &[]),
        Some(0.0)
    );
    rig.spans(4);
    assert_eq!(
        rig.value("otel_sdk_processor_span_queue_size", &[]),
        Some(4.0)
    );
    assert_eq!(
        rig.value("otel_sdk_processor_span_queue_capacity", &[]),
        Some(4.0)
    );
    rig.spans(3);
    assert_eq!(rig.value("otel_sdk_span_live", &[]), Some(1.0));
    drop(live);
    go_on.send(()).unwrap();
    shutdown::shutdown(&rig.provider, PATIENCE).unwrap();
    let processed = "otel_sdk_processor_span_processed_total";
    let name = "otel_component_name=\"batching_span_processor/0\"";
    assert_eq!(rig.value(processed, &[name]), Some(8.0));
    assert_eq!(
        rig.value(processed, &["error_type=\"queue_full\""]),
        Some(4.0)
    );
    let sampled = "otel_span_sampling_result=\"RECORD_AND_SAMPLE\"";
    let root = "otel_span_parent_origin=\"none\"";
    assert_eq!(
        rig.value("otel_sdk_span_started_total", &[sampled, root]),
        Some(12.0)
    );
    assert_eq!(rig.value("otel_sdk_span_live", &[]), Some(0.0));
    assert_eq!(
        rig.value("otel_sdk_processor_span_queue_size", &[]),
        Some(0.0)
    );
    assert_eq!(rig.value("otel_sdk_exporter_span_inflight", &[]), Some(0.0));
    let exporter = [
        "otel_component_type=\"otlp_http_span_exporter\"",
        "server_address=\"127.0.0.1\"",
        &format!("server_port=\"{port}\""),
    ];
    assert_eq!(
        rig.value("otel_sdk_exporter_span_exported_total", &exporter),
        Some(8.0)
    );
    let operations = "otel_sdk_exporter_operation_duration_seconds_count";
    assert_eq!(rig.value(operations, &exporter), Some(2.0));
}

#[test]
fn spans_that_are_not_recorded_count_as_started_only() {
    let config = Config {
        sampler: Sampler::ParentBasedAlwaysOff,
        ..Config::default()
    };
    let rig = Rig::new(&config);
    rig.spans(3);
    let dropped = ["otel_span_sampling_result=\"DROP\""];
    assert_eq!(
        rig.value("otel_sdk_span_started_total", &dropped),
        Some(3.0)
    );
    assert_eq!(rig.value("otel_sdk_span_live", &[]), None);
}

#[test]
fn spans_of_a_receiver_that_is_away_have_failed_by_its_reason() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let config = pushed_to(port, Duration::from_millis(300));
    let rig = Rig::new(&config);
    rig.spans(3);
    shutdown::flush(&rig.provider, PATIENCE).unwrap_err();
    let refused = ["error_type=\"connection_refused\""];
    let exported = "otel_sdk_exporter_span_exported_total";
    assert_eq!(rig.value(exported, &refused), Some(3.0));
    assert_eq!(rig.value("otel_sdk_exporter_span_inflight", &[]), Some(0.0));
}
