//! The rules of every variable: unset, valid, invalid, empty; and of the builder over them.

mod refused;
mod secrets;

use std::time::Duration;

use opentelemetry::KeyValue;
use runar_otel_core::exemplar::ExemplarFilter;

use super::*;
use crate::{
    Builder,
    config::{choice::LogLevel, header::header},
};

fn read(variables: &[(&str, &str)], overrides: &Builder) -> Result<Resolved, ConfigError> {
    let lookup = |key: &str| {
        let found = variables.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| (*value).to_owned())
    };
    resolve(&overrides.overrides, &lookup)
}

fn environment(variables: &[(&str, &str)]) -> (Config, Vec<Problem>) {
    let resolved = read(variables, &Builder::default()).unwrap();
    (resolved.config, resolved.problems)
}

fn keys(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| &*problem.key).collect()
}

/// A variable, a valid and an invalid value, and the change that the valid one makes in the default.
type Row = (&'static str, &'static str, &'static str, fn(&mut Config));

const ROWS: &[Row] = &[
    ("OTEL_SDK_DISABLED", "TRUE", "1", |c| c.enabled = false),
    (
        "OTEL_METRICS_EXPORTER",
        "console,prometheus",
        "zipkin",
        |c| {
            c.metrics_exporters = vec![
                MetricsExporterKind::Console,
                MetricsExporterKind::Prometheus,
            ];
        },
    ),
    ("OTEL_TRACES_EXPORTER", "none", "zipkin", |c| {
        c.traces_exporters.clear();
        c.sampler = Sampler::ParentBasedAlwaysOff;
    }),
    ("OTEL_PROPAGATORS", "Baggage", "b3", |c| {
        c.propagators = vec![Propagator::Baggage];
    }),
    ("OTEL_METRICS_EXEMPLAR_FILTER", "always_on", "on", |c| {
        c.exemplar_filter = ExemplarFilter::AlwaysOn;
    }),
    ("OTEL_RUST_SDK_METRICS", "True", "yes", |c| {
        c.sdk_metrics = true;
    }),
    ("OTEL_METRIC_EXPORT_INTERVAL", "1500", "0", |c| {
        c.metric_interval = Duration::from_millis(1500);
    }),
    ("OTEL_METRIC_EXPORT_TIMEOUT", "500", "soon", |c| {
        c.metric_timeout = Duration::from_millis(500);
    }),
    (
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
        "LowMemory",
        "both",
        |c| c.temporality = TemporalityPreference::LowMemory,
    ),
    (
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
        "base2_exponential_bucket_histogram",
        "base10",
        |c| c.histogram_aggregation = HistogramAggregation::Base2Exponential,
    ),
    ("OTEL_EXPORTER_PROMETHEUS_PORT", "0", "65536", |c| {
        c.prometheus.port = 0;
    }),
    ("OTEL_TRACES_SAMPLER", "always_off", "jaeger_remote", |c| {
        c.sampler = Sampler::AlwaysOff;
    }),
    ("OTEL_BSP_SCHEDULE_DELAY", "1000", "0", |c| {
        c.span_batches.delay = Duration::from_secs(1);
    }),
    ("OTEL_BSP_EXPORT_TIMEOUT", "1000", "-1", |c| {
        c.span_batches.timeout = Duration::from_secs(1);
    }),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "200000", "9999999999999", |c| {
        c.span_batches.queue = 200_000;
    }),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2048", "0", |c| {
        c.span_batches.batch = 2048;
    }),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7", "abc", |c| {
        c.span_limits.attributes = 7;
        c.span_limits.attributes_of_event = 7;
        c.span_limits.attributes_of_link = 7;
    }),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0", "1.5", |c| {
        c.span_limits.attributes = 0;
    }),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", "7", "-1", |c| {
        c.span_limits.events = 7;
    }),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", "7", "4294967296", |c| {
        c.span_limits.links = 7;
    }),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "7", "many", |c| {
        c.span_limits.attributes_of_event = 7;
    }),
    ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "7", "many", |c| {
        c.span_limits.attributes_of_link = 7;
    }),
    ("OTEL_LOG_LEVEL", "WARN", "loud", |c| {
        c.log_level = LogLevel::Warn;
        c.log_filter = "warn".to_owned();
    }),
    ("RUST_LOG", "info,a=debug", "a=b=c", |c| {
        c.log_filter = "info,a=debug".to_owned();
    }),
    ("OTEL_RESOURCE_ATTRIBUTES", "b=2%2C,a=1", "a=1,b", |c| {
        c.resource_attributes = vec![KeyValue::new("a", "1"), KeyValue::new("b", "2,")];
    }),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "GRPC", "thrift", |c| {
        for otlp in [&mut c.otlp_metrics, &mut c.otlp_traces] {
            otlp.protocol = Protocol::Grpc;
            otlp.endpoint = Url::new("http://localhost:4317");
        }
    }),
    (
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        "grpc",
        "thrift",
        |c| {
            c.otlp_metrics.protocol = Protocol::Grpc;
            c.otlp_metrics.endpoint = Url::new("http://localhost:4317");
        },
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/", "c:4318", |c| {
        c.otlp_metrics.endpoint = Url::new("http://c/v1/metrics");
        c.otlp_traces.endpoint = Url::new("http://c/v1/traces");
    }),
    (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "http://c/",
        "nowhere",
        |c| {
            c.otlp_traces.endpoint = Url::new("http://c/");
        },
    ),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "100", "0", |c| {
        c.otlp_metrics.timeout = Duration::from_millis(100);
        c.otlp_traces.timeout = Duration::from_millis(100);
    }),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "100", "1s", |c| {
        c.otlp_metrics.timeout = Duration::from_millis(100);
    }),
    (
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        "gzip",
        "zstd",
        |c| {
            c.otlp_traces.compression = Compression::Gzip;
        },
    ),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "lz4", |c| {
        c.otlp_metrics.compression = Compression::Gzip;
        c.otlp_traces.compression = Compression::Gzip;
    }),
    (
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "X-Key=a%20b",
        "x y=1",
        |c| {
            c.otlp_traces.headers = vec![header("x-key", "a b").unwrap()];
        },
    ),
    ("OTEL_EXPORTER_OTLP_INSECURE", "true", "yes", |_| {}),
];

#[test]
fn unset_gives_the_documented_default() {
    assert_eq!(environment(&[]), (Config::default(), Vec::new()));
    let config = Config::default();
    assert_eq!(
        config.otlp_metrics.endpoint.expose(),
        "http://localhost:4318/v1/metrics"
    );
    assert_eq!(
        config.otlp_traces.endpoint.expose(),
        "http://localhost:4318/v1/traces"
    );
    assert_eq!(config.sampler, Sampler::ParentBasedAlwaysOn);
}

#[test]
fn valid_value_changes_its_setting_only() {
    for (key, valid, _, change) in ROWS {
        let mut expected = Config::default();
        change(&mut expected);
        assert_eq!(
            environment(&[(key, valid)]),
            (expected, Vec::new()),
            "{key}"
        );
    }
}

#[test]
fn invalid_value_is_reported_once_and_gives_the_default() {
    for (key, _, invalid, _) in ROWS {
        let (config, problems) = environment(&[(key, invalid)]);
        assert_eq!(config, Config::default(), "{key}");
        assert_eq!(keys(&problems), [*key]);
        assert_eq!(problems[0].source, Source::Environment);
    }
}

#[test]
fn empty_value_counts_as_unset() {
    for (key, ..) in ROWS {
        let found = environment(&[(key, " ")]);
        assert_eq!(found, (Config::default(), Vec::new()), "{key}");
    }
}

#[test]
fn any_host_serves_and_service_name_wins() {
    let (config, problems) = environment(&[
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0"),
        ("OTEL_SERVICE_NAME", "shop"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other,runar.node.id=n1",
        ),
    ]);
    assert_eq!(config.prometheus.host, "0.0.0.0");
    assert_eq!(config.service_name.as_deref(), Some("shop"));
    assert_eq!(config.node_id.as_deref(), Some("n1"));
    assert!(config.resource_attributes.is_empty() && problems.is_empty());
}

#[test]
fn variables_of_a_signal_win_over_general_ones() {
    let (config, problems) = environment(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:1"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics:2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "b=2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2"),
    ]);
    assert!(problems.is_empty());
    assert_eq!(config.otlp_metrics.endpoint.expose(), "http://metrics:2");
    assert_eq!(config.otlp_metrics.headers, [header("b", "2").unwrap()]);
    assert_eq!(config.otlp_metrics.timeout, Duration::from_millis(2));
    assert_eq!(
        config.otlp_traces.endpoint.expose(),
        "http://general:1/v1/traces"
    );
    assert_eq!(config.otlp_traces.headers, [header("a", "1").unwrap()]);
    assert_eq!(config.otlp_traces.timeout, Duration::from_millis(1));
}

#[test]
fn a_batch_is_no_larger_than_the_queue() {
    let (config, problems) = environment(&[
        ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "11"),
    ]);
    assert_eq!(
        (config.span_batches.queue, config.span_batches.batch),
        (10, 10)
    );
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE (environment) is \"11\", expected at most the size of the queue, 10, which \
             is used"
        ]
    );
    let (config, problems) = environment(&[("OTEL_BSP_MAX_QUEUE_SIZE", "10")]);
    assert_eq!((config.span_batches.batch, problems.len()), (10, 0));
}

#[test]
fn a_limit_of_lengths_is_said_to_be_missing() {
    for key in [
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ] {
        let (config, problems) = environment(&[(key, "10")]);
        assert_eq!((config, keys(&problems)), (Config::default(), vec![key]));
    }
}

#[test]
fn sampler_takes_its_ratio() {
    for (name, argument, sampler, problems) in [
        ("traceidratio", "0.25", Sampler::TraceIdRatio(0.25), 0),
        (
            "parentbased_traceidratio",
            "",
            Sampler::ParentBasedTraceIdRatio(1.0),
            0,
        ),
        ("traceidratio", "1.5", Sampler::TraceIdRatio(1.0), 1),
        ("traceidratio", "NaN", Sampler::TraceIdRatio(1.0), 1),
        ("always_on", "x", Sampler::AlwaysOn, 0),
    ] {
        let variables = [
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ];
        let (config, found) = environment(&variables);
        assert_eq!(
            (config.sampler, found.len()),
            (sampler, problems),
            "{name} {argument}"
        );
    }
}

#[test]
fn builder_wins_over_the_environment() {
    let variables = [
        ("OTEL_SERVICE_NAME", "environment"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://environment"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1"),
        ("OTEL_LOG_LEVEL", "trace"),
    ];
    let builder = Builder::default()
        .service_name("builder")
        .node_id("n")
        .resource_attribute("b", 2)
        .otlp_endpoint("http://builder")
        .otlp_header("B", "2")
        .metric_interval(Duration::from_secs(2))
        .sampler(Sampler::AlwaysOff)
        .metrics_exporters([MetricsExporterKind::Otlp, MetricsExporterKind::Otlp])
        .log_filter("warn")
        .without_subscriber();
    let Resolved {
        config, problems, ..
    } = read(&variables, &builder).unwrap();
    assert_eq!(problems, []);
    assert_eq!(config.service_name.as_deref(), Some("builder"));
    assert_eq!(config.node_id.as_deref(), Some("n"));
    assert_eq!(
        config.resource_attributes,
        [KeyValue::new("a", "1"), KeyValue::new("b", 2)]
    );
    assert_eq!(
        config.otlp_traces.endpoint.expose(),
        "http://builder/v1/traces"
    );
    assert_eq!(
        config.otlp_traces.headers,
        [header("a", "1").unwrap(), header("b", "2").unwrap()]
    );
    assert_eq!(config.metric_interval, Duration::from_secs(2));
    assert_eq!(config.metrics_exporters, [MetricsExporterKind::Otlp]);
    assert_eq!(config.sampler, Sampler::AlwaysOff);
    assert_eq!(config.log_filter, "warn");
    assert_eq!(config.subscriber, SubscriberChoice::Leave);
}

#[test]
fn rust_log_wins_over_the_builder() {
    let builder = Builder::default().log_filter("warn");
    let resolved = read(&[("RUST_LOG", "debug")], &builder).unwrap();
    assert_eq!(resolved.config.log_filter, "debug");
}

#[test]
fn all_mistakes_of_the_builder_are_reported_at_once() {
    let builder = Builder::default()
        .service_name(" ")
        .node_id("")
        .resource_attribute("", 1)
        .otlp_endpoint("https://c")
        .otlp_header("a b", "c")
        .otlp_timeout(Duration::ZERO)
        .metric_interval(Duration::ZERO)
        .metric_timeout(Duration::MAX)
        .prometheus_address("", 1)
        .sampler(Sampler::TraceIdRatio(f64::NAN))
        .log_filter("a=b=c");
    let error = read(&[], &builder).unwrap_err();
    let mut found = keys(&error.problems);
    found.sort_unstable();
    let expected = [
        "log_filter",
        "metric_interval",
        "metric_timeout",
        "node_id",
        "otlp_endpoint",
        "otlp_header",
        "otlp_timeout",
        "prometheus_address",
        "resource_attribute",
        "sampler",
        "service_name",
    ];
    assert_eq!(found, expected);
    assert!(
        error
            .problems
            .iter()
            .all(|problem| problem.source == Source::Builder)
    );
}

#[test]
fn declarative_configuration_is_said_to_be_missing() {
    let (_, problems) = environment(&[("OTEL_CONFIG_FILE", "/etc/otel.yaml")]);
    assert_eq!(keys(&problems), ["OTEL_CONFIG_FILE"]);
}
