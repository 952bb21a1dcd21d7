//! The builder's values: they win over the environment, and mistakes in them are errors.

use std::{path::PathBuf, time::Duration};

use opentelemetry::KeyValue;
use runar_otel_core::exemplar::ExemplarFilter;
use runar_otel_pipeline::settings::{Compression, Protocol, Secret, TemporalityPreference};

use crate::config::{
    choice::{HistogramAggregation, MetricsExporterKind, Propagator, TracesExporterKind},
    environment::is_usable,
    header::header,
    otlp::{Entry, Layer, Requested},
    problem::{Problem, Source},
    sampler::{RATIO, Sampler, is_ratio},
    settings::{Config, SubscriberChoice},
    url::Url,
};

const USABLE: &str = "a duration from 1 ms to 2147483647 ms";

/// The values given to the builder, unchecked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) service_name: Option<String>,
    pub(crate) node_id: Option<String>,
    pub(crate) resource_attributes: Vec<KeyValue>,
    pub(crate) otlp_endpoint: Option<Url>,
    pub(crate) otlp_protocol: Option<Protocol>,
    pub(crate) otlp_headers: Vec<(String, Secret)>,
    pub(crate) otlp_timeout: Option<Duration>,
    pub(crate) otlp_compression: Option<Compression>,
    pub(crate) metrics_exporters: Option<Vec<MetricsExporterKind>>,
    pub(crate) traces_exporters: Option<Vec<TracesExporterKind>>,
    pub(crate) metric_interval: Option<Duration>,
    pub(crate) metric_timeout: Option<Duration>,
    pub(crate) prometheus_address: Option<(String, u16)>,
    pub(crate) exemplar_filter: Option<ExemplarFilter>,
    pub(crate) sdk_metrics: Option<bool>,
    pub(crate) temporality: Option<TemporalityPreference>,
    pub(crate) histogram_aggregation: Option<HistogramAggregation>,
    pub(crate) sampler: Option<Sampler>,
    pub(crate) propagators: Option<Vec<Propagator>>,
    #[cfg(feature = "subscriber")]
    pub(crate) log_filter: Option<String>,
    pub(crate) subscriber: SubscriberChoice,
    pub(crate) spill_dir: Option<PathBuf>,
}

impl Overrides {
    /// Puts the values over those of the environment and reports the mistakes among them.
    pub(crate) fn apply(&self, config: &mut Config, mistakes: &mut Vec<Problem>) {
        self.apply_metrics(config, mistakes);
        self.apply_traces(config, mistakes);
        if let Some((host, port)) = &self.prometheus_address {
            if host.trim().is_empty() {
                let expected = "a host name or an address";
                mistakes.push(Problem::builder("prometheus_address", host, expected));
            }
            config.prometheus.host.clone_from(host);
            config.prometheus.port = *port;
        }
        config.subscriber = self.subscriber;
        if self.spill_dir.is_some() {
            config.spill_dir.clone_from(&self.spill_dir);
        }
    }

    fn apply_metrics(&self, config: &mut Config, mistakes: &mut Vec<Problem>) {
        set(
            &mut config.metrics_exporters,
            self.metrics_exporters.as_ref(),
        );
        set(&mut config.temporality, self.temporality.as_ref());
        set(&mut config.sdk_metrics, self.sdk_metrics.as_ref());
        set(&mut config.exemplar_filter, self.exemplar_filter.as_ref());
        set(
            &mut config.histogram_aggregation,
            self.histogram_aggregation.as_ref(),
        );
        for (key, duration, target) in [
            (
                "metric_interval",
                self.metric_interval,
                &mut config.metric_interval,
            ),
            (
                "metric_timeout",
                self.metric_timeout,
                &mut config.metric_timeout,
            ),
        ] {
            check_duration(key, duration, mistakes);
            set(target, duration.as_ref());
        }
    }

    fn apply_traces(&self, config: &mut Config, mistakes: &mut Vec<Problem>) {
        set(&mut config.traces_exporters, self.traces_exporters.as_ref());
        set(&mut config.propagators, self.propagators.as_ref());
        set(&mut config.sampler, self.sampler.as_ref());
        let ratio = self.sampler.and_then(Sampler::ratio);
        if let Some(ratio) = ratio.filter(|ratio| !is_ratio(ratio)) {
            mistakes.push(Problem::builder("sampler", ratio.to_string(), RATIO));
        }
    }

    /// Returns the settings of the protocol, the same for all signals.
    pub(crate) fn otlp(&self, mistakes: &mut Vec<Problem>) -> Layer {
        check_duration("otlp_timeout", self.otlp_timeout, mistakes);
        let mut headers = Vec::new();
        for (name, value) in &self.otlp_headers {
            match header(name, value.expose()) {
                Some(header) => headers.push(header),
                None => mistakes.push(Problem::builder(
                    "otlp_header",
                    name,
                    "a header name, and a value of visible ASCII characters",
                )),
            }
        }
        Layer {
            protocol: self
                .otlp_protocol
                .map(|protocol| entry("otlp_protocol", Requested::Supported(protocol))),
            endpoint: self
                .otlp_endpoint
                .as_ref()
                .map(|endpoint| entry("otlp_endpoint", endpoint.clone())),
            headers: Some(headers),
            timeout: self.otlp_timeout,
            compression: self
                .otlp_compression
                .map(|compression| entry("otlp_compression", compression)),
            insecure: None,
            tls: Vec::new(),
        }
    }
}

fn set<T: Clone>(target: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        target.clone_from(value);
    }
}

fn check_duration(key: &'static str, duration: Option<Duration>, mistakes: &mut Vec<Problem>) {
    if let Some(bad) = duration.filter(|duration| !is_usable(duration)) {
        mistakes.push(Problem::builder(key, format!("{bad:?}"), USABLE));
    }
}

fn entry<T>(key: &'static str, value: T) -> Entry<T> {
    Entry {
        key: key.into(),
        source: Source::Builder,
        value,
    }
}
