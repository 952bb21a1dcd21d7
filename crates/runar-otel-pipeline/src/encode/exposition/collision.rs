//! Series of one family whose labels become equal on the page.
//!
//! The label sets may differ by their names (`a.b` and `a_b`), by types (`1` and `"1"`) or by a label without a value,
//! which is as good as no label. What one metric counts is added up, so that its total stays right. Of last values and
//! quantiles the first ones stay, and so do those of the first metric: two views may count the same measurements.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    time::SystemTime,
};

use super::{
    family::{Families, Family},
    label,
    problem::{Problem, add_once},
};
use crate::snapshot::{
    Data, ExponentialHistogram, Histogram, Metric, Number, Point, Summary, Temporality,
};

/// The most buckets per side of exponential histograms that are added up.
const MAX_SIZE: usize = 160;

/// Returns the metrics of a family with equal labels once, each with the index of its scope.
pub(crate) fn merged(
    family: &Family<'_>,
    families: &Families<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(Metric, usize)> {
    let mut series: Vec<Series> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (member, (metric, scope)) in family.members.iter().enumerate() {
        let scope = families.scope(*scope);
        let rules = scope.rules(family.kind);
        for point in Value::points(&metric.data) {
            let mut labels = Vec::new();
            label::collect(&mut labels, point.labels.iter(), &scope.labels, rules);
            let mut text = String::new();
            label::write(&mut text, &labels);
            match places.entry(text) {
                Entry::Vacant(free) => {
                    free.insert(series.len());
                    series.push(Series { member, point });
                }
                Entry::Occupied(taken) => {
                    let first = series.get_mut(*taken.get());
                    let absorbed = first.map(|first| first.absorb(Series { member, point }));
                    if let Some(Err(clash)) = absorbed {
                        add_once(problems, clash.problem(family, metric, taken.key()));
                    }
                }
            }
        }
    }
    let mut metrics: Vec<(Metric, usize)> = family
        .members
        .iter()
        .map(|(metric, scope)| (without_points(metric), *scope))
        .collect();
    for Series { member, point } in series {
        if let Some((metric, _)) = metrics.get_mut(member) {
            push(&mut metric.data, point);
        }
    }
    metrics
}

/// A series of the page, with the index of its metric in the family.
struct Series {
    member: usize,
    point: Point<Value>,
}

/// A value of any type.
enum Value {
    Last(Number),
    Sum { number: Number, monotonic: bool },
    Explicit(Histogram),
    Exponential(ExponentialHistogram),
    Quantiles(Summary),
}

/// A reason why a value is not added to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clash {
    /// The values do not add up.
    NoSum,
    /// One of the values is none that a counter can have.
    Forbidden,
}

impl Clash {
    fn problem(self, family: &Family<'_>, metric: &Metric, labels: &str) -> Problem {
        let family = family.full();
        let (metric, labels) = (metric.name.clone().into_owned(), labels.to_owned());
        match self {
            Self::NoSum => Problem::DuplicateSeries {
                family,
                metric,
                labels,
            },
            Self::Forbidden => Problem::ForbiddenValue { family },
        }
    }
}

impl Series {
    /// Adds a series with equal labels, if it is of the same metric and its values add up.
    fn absorb(&mut self, other: Self) -> Result<(), Clash> {
        if self.member != other.member {
            return Err(Clash::NoSum);
        }
        let (own, other) = (&mut self.point, other.point);
        own.value.absorb(other.value)?;
        own.start = earliest(own.start, other.start);
        own.time = own.time.max(other.time);
        own.exemplars.extend(other.exemplars);
        own.exemplars
            .sort_by(|one, next| one.value.total_cmp(&next.value));
        Ok(())
    }
}

impl Value {
    fn points(data: &Data) -> Vec<Point<Self>> {
        match data {
            Data::Gauge(points) => each(points, |number| Self::Last(*number)),
            Data::Sum {
                points, monotonic, ..
            } => each(points, |number| Self::Sum {
                number: *number,
                monotonic: *monotonic,
            }),
            Data::Histogram { points, .. } => each(points, |value| Self::Explicit(value.clone())),
            Data::ExponentialHistogram { points, .. } => {
                each(points, |value| Self::Exponential(value.clone()))
            }
            Data::Summary(points) => each(points, |value| Self::Quantiles(value.clone())),
        }
    }

    fn absorb(&mut self, other: Self) -> Result<(), Clash> {
        match (self, other) {
            (Self::Sum { number, monotonic }, Self::Sum { number: more, .. }) => {
                add(number, more, *monotonic)
            }
            (Self::Explicit(own), Self::Explicit(other)) => match own.merge(&other) {
                true => Ok(()),
                false => Err(Clash::NoSum),
            },
            (Self::Exponential(own), Self::Exponential(other)) => {
                own.merge(&other, MAX_SIZE);
                Ok(())
            }
            _ => Err(Clash::NoSum),
        }
    }
}

/// Adds a number to a sum. A value that the sum cannot have would spoil it for ever.
fn add(sum: &mut Number, more: Number, monotonic: bool) -> Result<(), Clash> {
    let is_right = |number: Number| {
        let value = number.as_f64();
        let least = if monotonic { 0.0 } else { f64::NEG_INFINITY };
        value >= least
    };
    match (is_right(*sum), is_right(more)) {
        (true, true) => {
            *sum = sum.plus(more);
            return Ok(());
        }
        (false, true) => *sum = more,
        (_, false) => {}
    }
    Err(Clash::Forbidden)
}

fn each<V>(points: &[Point<V>], value: impl Fn(&V) -> Value) -> Vec<Point<Value>> {
    let points = points.iter().map(|point| with(point, value(&point.value)));
    points.collect()
}

fn with<V, W>(point: &Point<V>, value: W) -> Point<W> {
    Point {
        labels: point.labels.clone(),
        start: point.start,
        time: point.time,
        value,
        exemplars: point.exemplars.clone(),
    }
}

/// Puts a point back to the points of its type.
fn push(data: &mut Data, point: Point<Value>) {
    let Point {
        labels,
        start,
        time,
        value,
        exemplars,
    } = point;
    macro_rules! put {
        ($points:ident, $value:ident) => {
            $points.push(Point {
                labels,
                start,
                time,
                value: $value,
                exemplars,
            })
        };
    }
    match (data, value) {
        (Data::Gauge(points), Value::Last(number))
        | (Data::Sum { points, .. }, Value::Sum { number, .. }) => put!(points, number),
        (Data::Histogram { points, .. }, Value::Explicit(value)) => put!(points, value),
        (Data::ExponentialHistogram { points, .. }, Value::Exponential(value)) => {
            put!(points, value);
        }
        (Data::Summary(points), Value::Quantiles(value)) => put!(points, value),
        // A value came out of data of its own type.
        _ => {}
    }
}

fn without_points(metric: &Metric) -> Metric {
    let temporality = Temporality::Cumulative;
    let data = match &metric.data {
        Data::Gauge(_) => Data::Gauge(Vec::new()),
        Data::Sum { monotonic, .. } => Data::Sum {
            points: Vec::new(),
            temporality,
            monotonic: *monotonic,
        },
        Data::Histogram { .. } => Data::Histogram {
            points: Vec::new(),
            temporality,
        },
        Data::ExponentialHistogram { .. } => Data::ExponentialHistogram {
            points: Vec::new(),
            temporality,
        },
        Data::Summary(_) => Data::Summary(Vec::new()),
    };
    Metric {
        name: metric.name.clone(),
        description: Cow::Borrowed(""),
        unit: metric.unit.clone(),
        data,
    }
}

/// Returns the start of a sum of two series: the first one, unknown if either is.
fn earliest(one: Option<SystemTime>, other: Option<SystemTime>) -> Option<SystemTime> {
    Some(one?.min(other?))
}

#[cfg(test)]
mod tests;
