//! Settings of the environment that reach an OpenTelemetry crate, in processes of their own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod heads;
mod program;
#[cfg(unix)]
mod signal;

use std::time::Duration;

use heads::Heads;
use program::run;

/// Variables that send metrics and spans to a receiver of heads.
fn pushed<'a>(endpoint: &'a str, protocol: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
    ]
}

#[test]
fn no_value_of_a_batch_or_limit_stops_the_process() {
    for key in [
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "OTEL_BSP_SCHEDULE_DELAY",
        "OTEL_BSP_EXPORT_TIMEOUT",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_SPAN_LINK_COUNT_LIMIT",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ] {
        for value in ["9999999999999", "-1", "abc", "99999999999999999999999"] {
            let quiet = [
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_TRACES_EXPORTER", "console"),
            ];
            let ended = run("records", &[quiet.as_slice(), &[(key, value)]].concat());
            assert!(ended.success, "{key}={value}: {}", ended.said);
            let told = format!("{key} (environment) is \"{value}\", expected");
            assert_eq!(
                ended.said.matches(&told).count(),
                1,
                "{told}: {}",
                ended.said
            );
            assert!(
                ended.printed.contains("span \"work\""),
                "{key}={value}: {}",
                ended.printed
            );
        }
    }
}

#[test]
fn a_header_that_is_refused_is_sent_with_neither_signal() {
    for protocol in ["http/protobuf", "grpc"] {
        let heads = Heads::start();
        let endpoint = heads.endpoint();
        let mut variables = pushed(&endpoint, protocol);
        variables.push((
            "OTEL_EXPORTER_OTLP_HEADERS",
            "content-type=text/plain,content-encoding=br,content-length=5,host=evil,grpc-timeout=1n,te=x,connection=close,\
             a=%zz,b=1,user-agent=ü",
        ));
        assert!(run("records", &variables).success);
        for path in ["/v1/metrics", "/v1/traces"] {
            let head = heads.of(path, Duration::from_secs(20));
            let mut names: Vec<_> = head.keys().map(axum::http::HeaderName::as_str).collect();
            names.sort_unstable();
            let its_own = match protocol {
                "grpc" => ["te", "grpc-timeout"].as_slice(),
                _ => &["accept", "content-length", "host"],
            };
            names.retain(|name| !its_own.contains(name));
            assert_eq!(
                names,
                ["b", "content-type", "user-agent"],
                "{protocol} {path}: {head:?}"
            );
            let kind = match protocol {
                "grpc" => "application/grpc",
                _ => "application/x-protobuf",
            };
            assert_eq!(head["content-type"], kind);
            assert_eq!(head["b"], "1");
            let agent = head["user-agent"].to_str().unwrap();
            assert!(agent.contains("OTel-OTLP-Exporter-Rust"), "{agent}");
        }
    }
}

#[test]
fn a_compressed_body_is_told_whatever_the_environment_says() {
    let heads = Heads::start();
    let endpoint = heads.endpoint();
    let mut variables = pushed(&endpoint, "http/protobuf");
    variables.push(("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"));
    variables.push(("OTEL_EXPORTER_OTLP_HEADERS", "content-encoding=identity"));
    assert!(run("records", &variables).success);
    let head = heads.of("/v1/traces", Duration::from_secs(20));
    assert_eq!(head["content-encoding"], "gzip");
}

#[test]
fn spans_are_tried_again() {
    let heads = Heads::answering(&[503, 429]);
    let endpoint = heads.endpoint();
    let ended = run("records", &pushed(&endpoint, "http/protobuf"));
    assert!(ended.success, "{}", ended.said);
    assert_eq!(heads.count("/v1/traces"), 3, "{}", ended.said);
}

#[test]
fn a_query_of_the_endpoint_is_sent_and_shown_in_no_line() {
    let heads = Heads::start();
    let traces = format!("{}/v1/traces?key=hunter2", heads.endpoint());
    let metrics = format!("{}/v1/metrics?key=hunter2", heads.endpoint());
    let variables = [
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces.as_str()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", metrics.as_str()),
        ("RUST_LOG", "debug"),
    ];
    let ended = run("records", &variables);
    assert!(
        ended.success && !ended.said.contains("hunter2"),
        "{}",
        ended.said
    );
    heads.of("/v1/traces?key=hunter2", Duration::from_secs(20));
    drop(heads);
    let ended = run("records", &variables);
    assert!(!ended.said.contains("hunter2"), "{}", ended.said);
    assert!(
        ended.said.contains("spans are not delivered"),
        "{}",
        ended.said
    );
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_no_text_counts_as_unset() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    for key in [
        "HEADERS",
        "TRACES_HEADERS",
        "COMPRESSION",
        "PROTOCOL",
        "ENDPOINT",
        "TRACES_ENDPOINT",
        "TIMEOUT",
        "INSECURE",
    ] {
        let key = format!("OTEL_EXPORTER_OTLP_{key}");
        let none = OsStr::from_bytes(b"\xff");
        for protocol in ["http/protobuf", "grpc"] {
            let ended = program::run_with("records", |command| {
                command
                    .env("OTEL_METRICS_EXPORTER", "none")
                    .env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol)
                    .env("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "100")
                    .env(&key, none);
            });
            assert!(ended.success, "{key} {protocol}: {}", ended.said);
        }
    }
}

#[test]
fn exemplars_name_no_trace_that_nobody_has() {
    let refused = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c")];
    let none = [("OTEL_TRACES_EXPORTER", "none")];
    for (traces, told) in [(refused, 1), (none, 0)] {
        let variables = [
            traces.as_slice(),
            &[("OTEL_METRICS_EXPORTER", "prometheus")],
        ]
        .concat();
        let ended = run("shows_its_page", &variables);
        assert!(ended.success, "{}", ended.said);
        assert_eq!(
            ended.said.matches("exemplars do not name them").count(),
            told,
            "{}",
            ended.said
        );
        let has_exemplar = |metric: &str| {
            let mut lines = ended
                .printed
                .lines()
                .filter(|line| line.starts_with(metric));
            let line = lines.next().unwrap_or_else(|| panic!("{}", ended.printed));
            line.contains(" # {")
        };
        assert!(!has_exemplar("begun_total"), "{}", ended.printed);
        assert!(has_exemplar("continued_total"), "{}", ended.printed);
    }
}

#[test]
fn a_propagator_of_the_application_is_kept() {
    for disabled in ["false", "true"] {
        let ended = run(
            "has_propagators",
            &[
                ("OTEL_SDK_DISABLED", disabled),
                ("OTEL_METRICS_EXPORTER", "none"),
            ],
        );
        assert!(ended.success, "{}", ended.said);
        assert_eq!(
            ended
                .said
                .matches("propagator of OpenTelemetry is set already")
                .count(),
            1,
            "{}",
            ended.said
        );
    }
}

#[test]
fn a_guard_that_is_dropped_at_once_is_told() {
    let nowhere = [
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ];
    for (program, told) in [
        ("drops_its_guard", 1),
        ("makes_a_span", 0),
        ("shows_its_page", 0),
    ] {
        let ended = run(program, &nowhere);
        assert!(ended.success, "{}", ended.said);
        assert_eq!(
            ended.said.matches("let _telemetry").count(),
            told,
            "{program}: {}",
            ended.said
        );
    }
}
