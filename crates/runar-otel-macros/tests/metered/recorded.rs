//! What was recorded of the calls of one function.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use runar_otel_core::{
    gate::{Gate, GateOptions, Streams},
    labels::LabelSet,
    metric::Shape,
    series::{Consumer, Stream},
};

/// The calls of one function, or of all that share its name and labels.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Calls {
    /// How many ended how; zeros are left out.
    pub(crate) ended: BTreeMap<String, u64>,
    /// How many durations there are of each outcome.
    pub(crate) timed: BTreeMap<String, u64>,
    /// How many errors there are of each type; zeros are left out.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) active: i64,
}

impl Calls {
    /// As many of each outcome as given, each with its duration, none active.
    pub(crate) fn ended<const N: usize>(outcomes: [(&str, u64); N]) -> Self {
        let ended: BTreeMap<String, u64> = counts(outcomes);
        let errors = ["error", "panic"].into_iter().filter_map(|outcome| {
            let kind = if outcome == "error" {
                "_OTHER"
            } else {
                "panic"
            };
            Some((kind.to_owned(), *ended.get(outcome)?))
        });
        Self {
            errors: errors.collect(),
            timed: ended.clone(),
            ended,
            active: 0,
        }
    }
}

fn counts<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    let owned = counts.map(|(name, count)| (name.to_owned(), count));
    owned.into_iter().collect()
}

/// What was recorded of the function whose metrics begin with `name`, since the start.
pub(crate) fn calls(name: &str) -> Calls {
    let whole = |metric: &str, label: &str| -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for (labels, value) in series(&format!("{name}_{metric}")) {
            if value != 0 {
                *found.entry(labels[label].clone()).or_default() += value.unsigned_abs();
            }
        }
        found
    };
    let active = series(&format!("{name}_active_requests"));
    Calls {
        ended: whole("requests_total", "outcome"),
        timed: whole("duration_seconds", "outcome"),
        errors: whole("errors_total", "error_type"),
        active: active.iter().map(|(_, value)| value).sum(),
    }
}

/// The series of a metric: labels, and value or count.
pub(crate) fn series(metric: &str) -> Vec<(BTreeMap<String, String>, i64)> {
    let streams = RECORDER.all().into_iter();
    let found = streams.filter(|stream| stream.plan().name == metric);
    found.flat_map(|stream| read(&stream)).collect()
}

/// Makes the provider of this process, before the first call.
pub(crate) fn start() {
    LazyLock::force(&RECORDER);
}

static RECORDER: LazyLock<Arc<Streams>> = LazyLock::new(|| {
    let streams = Streams::new(GateOptions::default());
    runar_otel_core::install(Arc::new(Gate::new(streams.clone())));
    streams
});

fn read(stream: &Stream) -> Vec<(BTreeMap<String, String>, i64)> {
    let mut found = Vec::new();
    let (all, now) = (Consumer::default(), SystemTime::now());
    if stream.plan().shape() == Some(Shape::Histogram) {
        stream.histograms(all, now, |set, reading| {
            found.push((labels(set), i64::try_from(reading.value.count).unwrap()));
        });
    } else {
        stream.numbers(all, now, |set, reading| {
            found.push((labels(set), whole(reading.value.as_f64())));
        });
    }
    found
}

#[expect(clippy::cast_possible_truncation, reason = "the tests count to ten")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

fn labels(set: &LabelSet) -> BTreeMap<String, String> {
    set.to_key_values()
        .iter()
        .map(|label| (label.key.to_string(), label.value.to_string()))
        .collect()
}
