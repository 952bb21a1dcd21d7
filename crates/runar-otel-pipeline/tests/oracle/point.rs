//! Metrics and points in one form, whichever provider they come from.

use std::{collections::BTreeMap, time::SystemTime};

use runar_otel_core::{labels::LabelSet, metric::Shape};
use runar_otel_pipeline::snapshot::{
    ExponentialBuckets, ExponentialHistogram, Histogram, Number, Temporality,
};

/// The value of a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(Number),
    Explicit(Histogram),
    Exponential(ExponentialHistogram),
}

/// A point of ours.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) labels: LabelSet,
    pub(crate) start: Option<SystemTime>,
    pub(crate) time: SystemTime,
    pub(crate) value: Value,
}

/// A metric of ours.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) meter: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    pub(crate) shape: Shape,
    pub(crate) temporality: Temporality,
    pub(crate) points: Vec<Point>,
}

/// Values by label set.
pub(crate) type Values = BTreeMap<LabelSet, Value>;

/// The label set of what exceeds the limit.
pub(crate) fn overflow() -> LabelSet {
    LabelSet::from([opentelemetry::KeyValue::new("otel.metric.overflow", true)])
}

impl Value {
    /// True for a number that changes nothing.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Number(Number::U64(value)) => *value == 0,
            Self::Number(Number::I64(value)) => *value == 0,
            Self::Number(Number::F64(value)) => *value == 0.0,
            _ => false,
        }
    }

    /// Adds a value of the same stream; an exponential histogram keeps to a number of buckets.
    pub(crate) fn add(&mut self, other: &Self, max_size: usize) {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => *one = plus(*one, *other),
            (Self::Explicit(one), Self::Explicit(other)) => add_explicit(one, other),
            (Self::Exponential(one), Self::Exponential(other)) => {
                *one = merged(one, other, max_size);
            }
            (one, other) => panic!("one stream has {one:?} and {other:?}"),
        }
    }
}

/// Adds to the value of a label set.
pub(crate) fn add_to(values: &mut Values, labels: LabelSet, value: &Value, max_size: usize) {
    match values.get_mut(&labels) {
        Some(known) => known.add(value, max_size),
        None => {
            values.insert(labels, value.clone());
        }
    }
}

/// The sum, at the end of the type's range instead of beyond it.
pub(crate) fn plus(one: Number, other: Number) -> Number {
    match (one, other) {
        (Number::U64(one), Number::U64(other)) => Number::U64(one.saturating_add(other)),
        (Number::I64(one), Number::I64(other)) => Number::I64(one.saturating_add(other)),
        (one, other) => Number::F64(one.as_f64() + other.as_f64()),
    }
}

fn extreme(one: Option<f64>, other: Option<f64>, of: fn(f64, f64) -> f64) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(of(one, other)),
        (one, other) => one.or(other),
    }
}

fn add_explicit(one: &mut Histogram, other: &Histogram) {
    assert_eq!(one.bounds, other.bounds);
    one.count += other.count;
    one.sum = one.sum.zip(other.sum).map(|(one, other)| one + other);
    one.min = extreme(one.min, other.min, f64::min);
    one.max = extreme(one.max, other.max, f64::max);
    for (count, more) in one.counts.iter_mut().zip(&other.counts) {
        *count += more;
    }
}

/// Counts by the index of their bucket.
pub(crate) type Buckets = BTreeMap<i64, u64>;

/// The buckets that hold something, at a coarser scale.
pub(crate) fn buckets(buckets: &ExponentialBuckets, scale: i32, to: i32) -> Buckets {
    let mut all = Buckets::new();
    for (index, count) in (i64::from(buckets.offset)..).zip(&buckets.counts) {
        if *count > 0 {
            *all.entry(index >> (scale - to)).or_default() += count;
        }
    }
    all
}

fn span(buckets: &Buckets) -> i64 {
    match (buckets.first_key_value(), buckets.last_key_value()) {
        (Some((first, _)), Some((last, _))) => last - first + 1,
        _ => 0,
    }
}

fn dense(buckets: &Buckets) -> ExponentialBuckets {
    let Some((first, _)) = buckets.first_key_value() else {
        return ExponentialBuckets::default();
    };
    let mut counts = vec![0; usize::try_from(span(buckets)).unwrap()];
    for (index, count) in buckets {
        counts[usize::try_from(index - first).unwrap()] = *count;
    }
    ExponentialBuckets {
        offset: i32::try_from(*first).unwrap(),
        counts,
    }
}

/// Merges two histograms, at the finest scale at which the result fits.
fn merged(
    one: &ExponentialHistogram,
    other: &ExponentialHistogram,
    max_size: usize,
) -> ExponentialHistogram {
    let mut scale = one.scale.min(other.scale);
    let most = i64::try_from(max_size).unwrap();
    let side = |side: fn(&ExponentialHistogram) -> &ExponentialBuckets, scale| {
        let mut all = buckets(side(one), one.scale, scale);
        for (index, count) in buckets(side(other), other.scale, scale) {
            *all.entry(index).or_default() += count;
        }
        all
    };
    loop {
        let positive = side(|one| &one.positive, scale);
        let negative = side(|one| &one.negative, scale);
        if span(&positive) <= most && span(&negative) <= most {
            return ExponentialHistogram {
                count: one.count + other.count,
                sum: one.sum.zip(other.sum).map(|(one, other)| one + other),
                min: extreme(one.min, other.min, f64::min),
                max: extreme(one.max, other.max, f64::max),
                scale,
                zero_count: one.zero_count + other.zero_count,
                zero_threshold: one.zero_threshold.max(other.zero_threshold),
                positive: dense(&positive),
                negative: dense(&negative),
            };
        }
        scale -= 1;
    }
}
