//! The comparison, metric by metric and point by point.

use std::collections::{BTreeMap, HashMap, HashSet};

use runar_otel_core::labels::LabelSet;
use runar_otel_pipeline::snapshot::{ExponentialHistogram, Histogram, Number, Temporality};

use crate::{
    account::{Accounts, Tally},
    differences,
    expected::{ByStream, Expected},
    plan::{Plan, Stream},
    point::{self, Metric, Point, Value, Values, buckets, overflow},
};

/// One consumer, and what is known about it.
pub(crate) struct Consumer<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) accounts: &'a Accounts,
    pub(crate) expected: &'a Expected,
    /// The instruments that are made.
    pub(crate) made: &'a HashSet<usize>,
    /// The temporality that it prefers.
    pub(crate) temporality: Temporality,
}

impl Consumer<'_> {
    /// Compares everything that the consumer gets; our points by stream, without those that are not compared.
    pub(crate) fn compare(&self, ours: Vec<Metric>) -> Result<HashMap<usize, Vec<Point>>, String> {
        let mut rest = ours;
        let mut by_stream = HashMap::new();
        let mut compared = vec![false; self.plan.streams.len()];
        for (at, stream) in self.plan.streams.iter().enumerate() {
            if compared[at] {
                continue;
            }
            // Streams in conflict look the same, but come in the same order.
            let alike: Vec<usize> = (at..self.plan.streams.len())
                .filter(|other| self.look_the_same(stream, &self.plan.streams[*other]))
                .collect();
            let (metrics, others) = rest.into_iter().partition(|one| self.is_of(one, stream));
            rest = others;
            let metrics: Vec<Metric> = metrics;
            let found = self.compare_in_order(&alike, &metrics)?;
            for (at, place) in found {
                let mut points = metrics[place].points.clone();
                points.retain(|point| !self.is_bounded(at, &point.labels));
                by_stream.insert(at, points);
            }
            alike.into_iter().for_each(|at| compared[at] = true);
        }
        match rest.first() {
            Some(more) => Err(format!("nobody expects {more:#?}")),
            None => Ok(by_stream),
        }
    }

    /// Compares streams that look the same with their metrics, of which some may be missing; the places of the metrics.
    fn compare_in_order(
        &self,
        streams: &[usize],
        metrics: &[Metric],
    ) -> Result<Vec<(usize, usize)>, String> {
        let Some((at, others)) = streams.split_first() else {
            return match metrics.first() {
                Some(more) => Err(format!("nobody expects {more:#?}")),
                None => Ok(Vec::new()),
            };
        };
        let stream = &self.plan.streams[*at];
        let none = Values::new();
        let values = self.values().get(at).unwrap_or(&none);
        let may_lack = |(labels, value)| self.may_lack(*at, labels, value);
        let mut error = format!("there is no metric of\n{stream:#?}");
        if let Some(first) = metrics.first().filter(|_| !values.is_empty()) {
            let compared = self.compare_points(*at, values, &first.points);
            match compared.and_then(|()| self.compare_in_order(others, &metrics[1..])) {
                Ok(mut found) => {
                    found.iter_mut().for_each(|(_, place)| *place += 1);
                    found.push((*at, 0));
                    return Ok(found);
                }
                Err(what) => error = format!("{what}\nin stream {stream:#?}"),
            }
        }
        if values.iter().all(may_lack) {
            return self.compare_in_order(others, metrics);
        }
        Err(error)
    }

    fn look_the_same(&self, one: &Stream, other: &Stream) -> bool {
        let temporality = |stream: &Stream| stream.temporality(self.temporality);
        (one.meter, one.name, one.unit) == (other.meter, other.name, other.unit)
            && one.shape() == other.shape()
            && temporality(one) == temporality(other)
            && one.description(self.made) == other.description(self.made)
    }

    fn values(&self) -> &ByStream {
        match self.temporality {
            Temporality::Cumulative => &self.expected.totals,
            Temporality::Delta => &self.expected.deltas,
        }
    }

    fn is_of(&self, metric: &Metric, stream: &Stream) -> bool {
        metric.meter == stream.meter
            && metric.name == stream.name
            && metric.unit == stream.unit
            && metric.description == stream.description(self.made)
            && metric.shape == stream.shape()
            && metric.temporality == stream.temporality(self.temporality)
    }

    /// True if a point that the SDK has may be missing.
    fn may_lack(&self, at: usize, labels: &LabelSet, value: &Value) -> bool {
        let temporality = self.plan.streams[at].temporality(self.temporality);
        differences::sdk_reports_deltas_of_zero(temporality, value) || self.is_bounded(at, labels)
    }

    /// True if ours does not owe a delta.
    fn is_bounded(&self, at: usize, labels: &LabelSet) -> bool {
        let temporality = self.plan.streams[at].temporality(self.temporality);
        temporality == Temporality::Delta && self.expected.is_bounded(at, labels)
    }

    fn compare_points(&self, at: usize, expected: &Values, ours: &[Point]) -> Result<(), String> {
        let stream = &self.plan.streams[at];
        let mut values: BTreeMap<&LabelSet, Value> = BTreeMap::new();
        for point in ours {
            match values.get_mut(&point.labels) {
                None => drop(values.insert(&point.labels, point.value.clone())),
                // A series that went and came again before it was acknowledged has a point for each life.
                Some(known)
                    if stream.is_observable()
                        && stream.temporality(self.temporality) == Temporality::Delta =>
                {
                    known.add(&point.value, stream.max_size());
                }
                Some(_) => return Err(format!("{:?} is there twice", point.labels)),
            }
        }
        let mut more = values
            .keys()
            .filter(|one| !expected.contains_key(**one) && !self.is_bounded(at, one));
        if let Some(labels) = more.next() {
            return Err(format!("{labels:?} is one too many: {:#?}", values[labels]));
        }
        for (labels, expected) in expected {
            match values.get(labels) {
                None if self.may_lack(at, labels, expected) => {}
                None => return Err(format!("{labels:?} is missing: {expected:#?}")),
                Some(_) if self.is_bounded(at, labels) => {}
                Some(ours) => {
                    let tally = self.tally(at, labels);
                    agree(stream, ours, expected, &tally).map_err(|what| {
                        format!("{what} of {labels:?}: expected {expected:#?}, found {ours:#?}")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The measurements behind a point.
    fn tally(&self, at: usize, labels: &LabelSet) -> Tally {
        let account = if *labels == overflow() {
            let own = &self.expected.own[&at];
            let all = self.plan.streams[at].is_observable();
            self.accounts.without(at, |one| !all && own.contains(one))
        } else {
            self.accounts.of(at, labels).cloned()
        };
        let stream = &self.plan.streams[at];
        let tally = account.map(|account| match stream.temporality(self.temporality) {
            Temporality::Cumulative => account.all,
            Temporality::Delta => account.window,
        });
        tally.unwrap_or_default()
    }
}

fn agree(stream: &Stream, ours: &Value, expected: &Value, tally: &Tally) -> Result<(), String> {
    match (ours, expected) {
        (Value::Number(ours), Value::Number(expected)) => number(stream, *ours, *expected, tally),
        (Value::Explicit(ours), Value::Explicit(expected)) => explicit(ours, expected, tally),
        (Value::Exponential(ours), Value::Exponential(expected)) => {
            exponential(ours, expected, tally)
        }
        _ => Err("the type".to_owned()),
    }
}

fn number(stream: &Stream, ours: Number, expected: Number, tally: &Tally) -> Result<(), String> {
    // The account adds up over collections, what is observed does not; but several sets may be beyond the limit.
    let accumulates = !stream.is_observable() || tally.folded.is_none();
    if stream.is_sum()
        && accumulates
        && let Some(fits) = differences::sdk_wraps_where_ours_saturates(ours, tally)
    {
        return same("the saturated sum", &fits, &true);
    }
    match (ours, expected) {
        (Number::F64(ours), Number::F64(expected)) if stream.is_sum() => {
            near("the sum", ours, expected, tally)
        }
        (ours, expected) => same("the value", &ours, &expected),
    }
}

fn same<T: PartialEq>(what: &str, ours: &T, expected: &T) -> Result<(), String> {
    if ours == expected {
        Ok(())
    } else {
        Err(what.to_owned())
    }
}

/// Sums of doubles depend on the order, by some units in the last place of the sum of all sizes.
fn near(what: &str, ours: f64, expected: f64, tally: &Tally) -> Result<(), String> {
    let slack = 64.0 * f64::EPSILON * tally.sizes;
    // Beyond the range of doubles the order decides whether a sum is infinite.
    let any = !(2.0 * tally.sizes).is_finite();
    if ours == expected || (ours - expected).abs() <= slack || any {
        Ok(())
    } else {
        Err(format!("{what} (within {slack:e})"))
    }
}

fn sums(ours: Option<f64>, expected: Option<f64>, tally: &Tally) -> Result<(), String> {
    match (ours, expected) {
        (Some(ours), Some(expected)) => near("the sum", ours, expected, tally),
        (ours, expected) => same("whether there is a sum", &ours, &expected),
    }
}

fn explicit(ours: &Histogram, expected: &Histogram, tally: &Tally) -> Result<(), String> {
    same("the bounds", &ours.bounds, &expected.bounds)?;
    same("the buckets", &ours.counts, &expected.counts)?;
    same("the count", &ours.count, &expected.count)?;
    same("the least", &ours.min, &expected.min)?;
    same("the greatest", &ours.max, &expected.max)?;
    sums(ours.sum, expected.sum, tally)
}

fn exponential(
    ours: &ExponentialHistogram,
    expected: &ExponentialHistogram,
    tally: &Tally,
) -> Result<(), String> {
    same("the count", &ours.count, &expected.count)?;
    same("the count of zeros", &ours.zero_count, &expected.zero_count)?;
    let thresholds = (ours.zero_threshold, expected.zero_threshold);
    same("the threshold of zero", &thresholds.0, &thresholds.1)?;
    same("the least", &ours.min, &expected.min)?;
    same("the greatest", &ours.max, &expected.max)?;
    sums(ours.sum, expected.sum, tally)?;
    let scale = ours.scale.min(expected.scale);
    let sides = |one: &ExponentialHistogram| -> [point::Buckets; 2] {
        [&one.positive, &one.negative].map(|side| buckets(side, one.scale, scale))
    };
    same("the buckets", &sides(ours), &sides(expected))?;
    // The finest one that fits: *Maintain the ideal scale*.
    same("the scale", &ours.scale, &expected.scale)
}
