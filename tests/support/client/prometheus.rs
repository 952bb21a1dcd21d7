//! What Prometheus has stored: samples and exemplars.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{encoded, json, list, text};
use crate::poll::{self, Look};
use crate::{Error, Result};

const PEER: &str = "Prometheus";

/// Label names and values, the metric's name as `__name__`.
pub type Labels = BTreeMap<String, String>;

/// One element of an instant vector.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// The series.
    pub labels: Labels,
    /// The value; of a native histogram its count.
    pub value: f64,
    /// A native histogram as Prometheus writes it: `{count, sum, buckets: [[kind, low, high, count], …]}`, all strings.
    pub histogram: Option<Value>,
}

/// One stored exemplar.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exemplar {
    /// Its labels, `trace_id` and `span_id` among them.
    pub labels: Labels,
    /// The measured value.
    pub value: f64,
    /// When it was measured, in seconds since 1970.
    pub timestamp: f64,
}

/// The exemplars of one series.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExemplarSeries {
    /// The series.
    pub series_labels: Labels,
    /// Its exemplars, oldest first.
    pub exemplars: Vec<Exemplar>,
}

/// What Prometheus knows of a metric that it has scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// Counter, gauge, histogram …
    pub kind: String,
    /// The unit as OpenMetrics writes it, empty if there is none.
    pub unit: String,
    /// The description.
    pub help: String,
}

/// A client of one Prometheus.
#[derive(Clone, Debug)]
pub struct Prometheus {
    address: String,
}

impl Prometheus {
    /// A client of the Prometheus at `address`, for instance `http://127.0.0.1:9090`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }

    /// Where its API and web interface are.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Evaluates an instant vector now.
    ///
    /// # Errors
    /// [`Error::Http`] when it does not answer, [`Error::Answer`] when it does not accept the query.
    pub fn query(&self, promql: &str) -> Result<Vec<Sample>> {
        let answer = self.ask(&format!("query?query={}", encoded(promql)))?;
        list(&answer, "/data/result").iter().map(sample).collect()
    }

    /// Finds the exemplars of the series that occur in `promql`, of the last and the next hour.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub fn query_exemplars(&self, promql: &str) -> Result<Vec<ExemplarSeries>> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let (start, end) = (now.saturating_sub(3600), now + 3600);
        let answer = self.ask(&format!(
            "query_exemplars?start={start}&end={end}&query={}",
            encoded(promql)
        ))?;
        list(&answer, "/data").iter().map(exemplar_series).collect()
    }

    /// Finds what it was told about the metric with this name; nothing if it came by OTLP.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub fn metadata(&self, metric: &str) -> Result<Vec<Metadata>> {
        let answer = self.ask(&format!("metadata?metric={}", encoded(metric)))?;
        let found = list(&answer, &format!("/data/{metric}")).iter();
        Ok(found
            .map(|one| Metadata {
                kind: text(one, "/type"),
                unit: text(one, "/unit"),
                help: text(one, "/help"),
            })
            .collect())
    }

    /// Repeats [`Self::query`] until `expected` is content with the samples.
    ///
    /// # Errors
    /// [`Error::Deadline`] with the last samples, or what [`Self::query`] says.
    pub fn wait_for(
        &self,
        promql: &str,
        within: Duration,
        expected: impl Fn(&[Sample]) -> bool,
    ) -> Result<Vec<Sample>> {
        wait(promql, within, || self.query(promql), expected)
    }

    /// Repeats [`Self::query_exemplars`] until `expected` is content with them.
    ///
    /// # Errors
    /// [`Error::Deadline`] with the last exemplars, or what [`Self::query_exemplars`] says.
    pub fn wait_for_exemplars(
        &self,
        promql: &str,
        within: Duration,
        expected: impl Fn(&[ExemplarSeries]) -> bool,
    ) -> Result<Vec<ExemplarSeries>> {
        wait(
            &format!("exemplars of {promql}"),
            within,
            || self.query_exemplars(promql),
            expected,
        )
    }

    fn ask(&self, request: &str) -> Result<Value> {
        let url = format!("{}/api/v1/{request}", self.address);
        json(PEER, &url)?.ok_or_else(|| Error::answer(PEER, format!("{url} does not exist")))
    }
}

fn wait<T: std::fmt::Debug>(
    what: &str,
    within: Duration,
    ask: impl Fn() -> Result<Vec<T>>,
    expected: impl Fn(&[T]) -> bool,
) -> Result<Vec<T>> {
    poll::until(what, within, || match ask() {
        Ok(found) if expected(&found) => Look::Found(found),
        Ok(found) => Look::NotYet(format!("{found:?}")),
        Err(error) => Look::Hopeless(error),
    })
}

fn sample(found: &Value) -> Result<Sample> {
    let histogram = found.pointer("/histogram/1").cloned();
    let value = match &histogram {
        Some(histogram) => text(histogram, "/count"),
        None => text(found, "/value/1"),
    };
    Ok(Sample {
        labels: labels(found, "/metric"),
        value: number(&value)?,
        histogram,
    })
}

fn exemplar_series(found: &Value) -> Result<ExemplarSeries> {
    let exemplars = list(found, "/exemplars")
        .iter()
        .map(exemplar)
        .collect::<Result<_>>()?;
    Ok(ExemplarSeries {
        series_labels: labels(found, "/seriesLabels"),
        exemplars,
    })
}

fn exemplar(found: &Value) -> Result<Exemplar> {
    let timestamp = found
        .pointer("/timestamp")
        .and_then(Value::as_f64)
        .unwrap_or_default();
    Ok(Exemplar {
        labels: labels(found, "/labels"),
        value: number(&text(found, "/value"))?,
        timestamp,
    })
}

fn labels(value: &Value, pointer: &str) -> Labels {
    let found = value.pointer(pointer).and_then(Value::as_object);
    let text = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().unwrap_or_default().to_owned())
    };
    found
        .map(|found| found.iter().map(text).collect())
        .unwrap_or_default()
}

/// Rust reads `+Inf`, `-Inf` and `NaN` as Prometheus writes them.
fn number(text: &str) -> Result<f64> {
    text.parse()
        .map_err(|error| Error::answer(PEER, format!("value {text:?}: {error}")))
}
