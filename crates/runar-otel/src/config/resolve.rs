//! Resolving a configuration: environment first, the builder over it, all problems gathered.

use std::{collections::BTreeMap, path::PathBuf};

use opentelemetry::{KeyValue, Value};
use runar_otel_pipeline::settings::{Signal, redacted};

#[cfg(feature = "subscriber")]
use crate::config::log_filter;
use crate::config::{
    choice::{Destination, MetricsExporterKind, TracesExporterKind},
    environment::Environment,
    otlp::{Layer, Layers, Merged},
    overrides::Overrides,
    pairs,
    problem::{ConfigError, Problem, Source},
    sampler::Sampler,
    settings::Config,
    spans::{SpanBatches, SpanLimits},
};

/// A configuration and the problems in the environment, each to be logged once.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) config: Config,
    pub(crate) problems: Vec<Problem>,
    /// True if exporters of spans were asked for and none of them can be used, so that no trace begins here.
    pub(crate) spans_refused: bool,
}

/// Resolves the configuration.
///
/// `lookup` returns the value of an environment variable.
///
/// # Errors
/// When the builder was given values that cannot be used; the error holds all of them.
pub(crate) fn resolve(
    overrides: &Overrides,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, ConfigError> {
    let mut environment = Environment::new(lookup);
    let mut mistakes = Vec::new();
    let mut config = read(&mut environment);
    overrides.apply(&mut config, &mut mistakes);
    identify(&mut config, overrides, &mut environment, &mut mistakes);
    #[cfg(feature = "subscriber")]
    log_filter::choose(&mut config, overrides, &mut environment, &mut mistakes);
    let spans_asked = !config.traces_exporters.is_empty();
    let mut ignored = leave_out_missing(
        &mut config.metrics_exporters,
        source(overrides.metrics_exporters.as_ref()),
    );
    ignored.extend(leave_out_missing(
        &mut config.traces_exporters,
        source(overrides.traces_exporters.as_ref()),
    ));
    let builder = overrides.otlp(&mut mistakes);
    let general = Layer::from_environment(&mut environment, None);
    for signal in [Signal::Metrics, Signal::Traces] {
        let layers = Layers {
            builder: &builder,
            signal: &Layer::from_environment(&mut environment, Some(signal)),
            general: &general,
        };
        if is_pushed(&config, signal) {
            push(&mut config, signal, layers.merge(signal), &mut ignored);
        }
    }
    let goes_nowhere = config.traces_exporters.is_empty() && overrides.sampler.is_none();
    if goes_nowhere {
        config.sampler = config.sampler.without_exporters();
    }
    let mut problems = environment.into_problems();
    for problem in ignored {
        let list = match problem.source {
            Source::Environment => &mut problems,
            Source::Builder => &mut mistakes,
        };
        if !list.contains(&problem) {
            list.push(problem);
        }
    }
    if mistakes.is_empty() {
        Ok(Resolved {
            config,
            problems,
            spans_refused: spans_asked && goes_nowhere,
        })
    } else {
        Err(ConfigError { problems: mistakes })
    }
}

/// The environment variable of the directory for what is not delivered at the end.
pub(crate) const SPILL_DIR: &str = "RUNAR_OTEL_SPILL_DIR";

/// Reads all settings apart from the protocol, the resource and the log filter.
fn read(environment: &mut Environment<'_>) -> Config {
    let mut config = Config::default();
    if let Some(text) = environment.text("OTEL_CONFIG_FILE") {
        let expected = "to be unset: declarative configuration is not supported yet, \
             the other variables are used";
        environment.report("OTEL_CONFIG_FILE", text, expected);
    }
    config.enabled = !environment.truth("OTEL_SDK_DISABLED").unwrap_or(false);
    replace(
        &mut config.metrics_exporters,
        environment.list("OTEL_METRICS_EXPORTER"),
    );
    replace(
        &mut config.traces_exporters,
        environment.list("OTEL_TRACES_EXPORTER"),
    );
    replace(
        &mut config.propagators,
        environment.list("OTEL_PROPAGATORS"),
    );
    replace(
        &mut config.temporality,
        environment.choice("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"),
    );
    replace(
        &mut config.histogram_aggregation,
        environment.choice("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"),
    );
    replace(
        &mut config.exemplar_filter,
        environment.choice("OTEL_METRICS_EXEMPLAR_FILTER"),
    );
    replace(
        &mut config.sdk_metrics,
        environment.truth("OTEL_RUST_SDK_METRICS"),
    );
    replace(
        &mut config.metric_interval,
        environment.milliseconds("OTEL_METRIC_EXPORT_INTERVAL"),
    );
    replace(
        &mut config.metric_timeout,
        environment.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT"),
    );
    replace(
        &mut config.prometheus.host,
        environment.text("OTEL_EXPORTER_PROMETHEUS_HOST"),
    );
    let port = environment.parsed("OTEL_EXPORTER_PROMETHEUS_PORT", |text| {
        text.parse().map_err(|_| "a port from 0 to 65535".into())
    });
    replace(&mut config.prometheus.port, port);
    replace(&mut config.sampler, Sampler::from_environment(environment));
    config.span_batches = SpanBatches::from_environment(environment);
    config.span_limits = SpanLimits::from_environment(environment);
    replace(&mut config.log_level, environment.choice("OTEL_LOG_LEVEL"));
    config.spill_dir = environment.text(SPILL_DIR).map(PathBuf::from);
    config
}

/// Gathers the attributes of the resource, the strongest source last.
fn identify(
    config: &mut Config,
    overrides: &Overrides,
    environment: &mut Environment<'_>,
    mistakes: &mut Vec<Problem>,
) {
    let mut attributes: BTreeMap<String, Value> = BTreeMap::new();
    for (key, value) in resource_attributes(environment) {
        attributes.insert(key, value.into());
    }
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            attributes.insert(key.to_owned(), value.into());
        }
    };
    set("service.name", environment.text("OTEL_SERVICE_NAME"));
    for KeyValue { key, value, .. } in &overrides.resource_attributes {
        attributes.insert(key.to_string(), value.clone());
    }
    for (method, key, value) in [
        ("service_name", "service.name", &overrides.service_name),
        ("node_id", "runar.node.id", &overrides.node_id),
    ] {
        let Some(value) = value else { continue };
        if value.trim().is_empty() {
            mistakes.push(Problem::builder(method, value, "a name that is not empty"));
        }
        attributes.insert(key.to_owned(), value.clone().into());
    }
    if attributes.remove("").is_some() {
        let expected = "a key that is not empty";
        mistakes.push(Problem::builder("resource_attribute", "", expected));
    }
    let text = |value: Value| value.as_str().into_owned();
    config.service_name = attributes.remove("service.name").map(text);
    config.node_id = attributes.remove("runar.node.id").map(text);
    config.resource_attributes = attributes
        .into_iter()
        .map(|(key, value)| KeyValue::new(key, value))
        .collect();
}

/// Reads `OTEL_RESOURCE_ATTRIBUTES`; one bad entry discards all of it (specification, *Resource SDK*).
fn resource_attributes(environment: &mut Environment<'_>) -> Vec<(String, String)> {
    let key = "OTEL_RESOURCE_ATTRIBUTES";
    let Some(text) = environment.text(key) else {
        return Vec::new();
    };
    match pairs::split(&text).collect::<Result<Vec<_>, _>>() {
        Ok(pairs) => pairs,
        Err(entry) => {
            let entry = redacted(entry);
            let expected = format!(
                "percent-encoded `key=value` pairs separated by commas; {entry:?} is none, all are ignored"
            );
            environment.report(key, text.as_str(), expected);
            Vec::new()
        }
    }
}

/// Leaves out the destinations whose Cargo feature is off, and returns a problem for each.
fn leave_out_missing<D: Destination>(chosen: &mut Vec<D>, source: Source) -> Vec<Problem> {
    let key = match source {
        Source::Builder => D::METHOD,
        Source::Environment => D::VARIABLE,
    };
    let problem = |kind: &D| {
        let feature = kind.missing_feature()?;
        let fate = match source {
            Source::Builder => "",
            Source::Environment => ", and is left out",
        };
        let expected =
            format!("exporters whose Cargo feature is on: this one needs {feature}{fate}");
        Some(Problem::new(source, key, kind.name(), expected))
    };
    let problems = chosen.iter().filter_map(problem).collect();
    *chosen = D::existing(chosen);
    problems
}

fn source<T>(set: Option<&T>) -> Source {
    match set {
        Some(_) => Source::Builder,
        None => Source::Environment,
    }
}

fn is_pushed(config: &Config, signal: Signal) -> bool {
    match signal {
        Signal::Metrics => config
            .metrics_exporters
            .contains(&MetricsExporterKind::Otlp),
        Signal::Traces => config.traces_exporters.contains(&TracesExporterKind::Otlp),
    }
}

/// Takes over the merged settings, or switches the exporter off when they ask for the unsupported.
fn push(config: &mut Config, signal: Signal, merged: Merged, problems: &mut Vec<Problem>) {
    let refused = !merged.refused.is_empty();
    problems.extend(merged.ignored);
    problems.extend(merged.refused);
    match signal {
        Signal::Metrics => config.otlp_metrics = merged.config,
        Signal::Traces => config.otlp_traces = merged.config,
    }
    if !refused {
        return;
    }
    match signal {
        Signal::Metrics => config
            .metrics_exporters
            .retain(|exporter| *exporter != MetricsExporterKind::Otlp),
        Signal::Traces => config
            .traces_exporters
            .retain(|exporter| *exporter != TracesExporterKind::Otlp),
    }
}

fn replace<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}
