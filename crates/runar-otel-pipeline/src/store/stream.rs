//! One stream: a metric with all its series, in the form of its data.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::KeyValue;
use runar_otel_core::{attributes::Attributes, exemplar::Exemplar, gate::stream::Shape};

use super::{
    accumulate::{Accumulate, Combine, Rule},
    collected::{CollectedData, CollectedMetric, StreamFacts},
    consumer::{ConsumerId, TemporalityPreference},
    series::Window,
    table::{Cursor, Table},
};
use crate::snapshot::{Data, ExponentialHistogram, Histogram, Metric, Number, Point, Temporality};

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    name: Cow<'static, str>,
    description: Cow<'static, str>,
    unit: Cow<'static, str>,
    facts: StreamFacts,
    temporality: Temporality,
    time: SystemTime,
    /// The time of the collection before.
    closed: SystemTime,
    /// The window in which it was last mentioned.
    window: Window,
    /// Who gets deltas; the position is the consumer's slot in every series.
    delta_consumers: Vec<ConsumerId>,
    rule: Rule,
    series: AllSeries,
}

#[derive(Debug)]
enum AllSeries {
    Gauge(Table<Number>),
    Sum(Table<Number>, Monotonic),
    Histogram(Table<Histogram>),
    Exponential(Table<ExponentialHistogram>),
}

type Monotonic = bool;

/// Runs the same code for the table of whatever form the data has.
macro_rules! with_table {
    ($series:expr, $table:ident => $body:expr) => {
        match $series {
            AllSeries::Gauge($table) | AllSeries::Sum($table, _) => $body,
            AllSeries::Histogram($table) => $body,
            AllSeries::Exponential($table) => $body,
        }
    };
}

impl Stream {
    /// Begins the stream of a metric that is seen for the first time.
    pub(super) fn new(metric: &CollectedMetric, consumers: &[TemporalityPreference]) -> Self {
        let delta_consumers: Vec<ConsumerId> = consumers
            .iter()
            .enumerate()
            .filter(|(_, preference)| wants_deltas(**preference, metric))
            .map(|(id, _)| ConsumerId(id))
            .collect();
        let slots = delta_consumers.len();
        let temporality = metric.data.temporality();
        let series = match &metric.data {
            CollectedData::Gauge(_) => AllSeries::Gauge(Table::new(slots, temporality)),
            CollectedData::Sum { monotonic, .. } => {
                AllSeries::Sum(Table::new(slots, temporality), *monotonic)
            }
            CollectedData::Histogram { .. } => AllSeries::Histogram(Table::new(slots, temporality)),
            CollectedData::ExponentialHistogram { .. } => {
                AllSeries::Exponential(Table::new(slots, temporality))
            }
        };
        Self {
            name: metric.name.clone(),
            description: metric.description.clone(),
            unit: metric.unit.clone(),
            facts: metric.facts,
            temporality,
            time: metric.start,
            closed: metric.start,
            window: Window {
                start: metric.start,
                collection: 0,
            },
            delta_consumers,
            rule: Rule {
                combine: match metric.data {
                    CollectedData::Gauge(_) => Combine::Last,
                    _ => Combine::Add,
                },
                monotonic: metric.data.shape() == Shape::MonotonicSum,
                max_size: metric.facts.max_size,
                bounds: None,
            },
            series,
        }
    }

    /// Adds what was collected of it.
    ///
    /// The SDK does not say since when it observes a series, only since when the instrument exists: a total
    /// that a collection observes for the first time is what came after the collection before.
    pub(super) fn add(&mut self, metric: CollectedMetric, collection: u64) {
        let start = match self.temporality {
            Temporality::Delta => metric.start,
            Temporality::Cumulative => metric.start.max(self.closed),
        };
        let window = Window { start, collection };
        self.window = window;
        self.time = self.time.max(metric.time);
        let limit = metric.facts.limit;
        let rule = &mut self.rule;
        match (&mut self.series, metric.data) {
            (AllSeries::Gauge(table), CollectedData::Gauge(points))
            | (AllSeries::Sum(table, _), CollectedData::Sum { points, .. }) => {
                table.add(points, window, rule, limit);
            }
            (AllSeries::Histogram(table), CollectedData::Histogram { points, .. }) => {
                table.add(points, window, rule, limit);
            }
            (AllSeries::Exponential(table), CollectedData::ExponentialHistogram { points, .. }) => {
                table.add(points, window, rule, limit);
            }
            // The identity of a stream contains its shape.
            _ => {}
        }
    }

    /// Closes a collection: what it should have observed and did not is gone.
    pub(super) fn close(&mut self, collection: u64, time: SystemTime) {
        if self.window.collection != collection {
            self.window.collection = collection;
            self.time = self.time.max(time);
        }
        self.closed = self.time;
        if self.temporality == Temporality::Cumulative {
            with_table!(&mut self.series, table => table.settle(self.window, &self.rule));
        } else if let AllSeries::Gauge(table) = &mut self.series
            && self.facts.kind.is_observable()
        {
            table.drop_unseen(collection);
        }
    }

    /// Gives exemplars to the series they were measured for.
    pub(super) fn deliver(&mut self, series: Vec<(Attributes, Vec<Exemplar>)>, collection: u64) {
        with_table!(&mut self.series, table => table.deliver(series, collection));
    }

    /// The label set that is equal to this one, if there is one.
    #[inline]
    pub(super) fn known<'a, I: Iterator<Item = &'a KeyValue>>(
        &self,
        cursor: &mut Cursor,
        attributes: impl Fn() -> I,
    ) -> Option<&Attributes> {
        with_table!(&self.series, table => table.known(cursor, attributes))
    }

    /// Ends one series.
    pub(super) fn retire(&mut self, attributes: &Attributes) {
        with_table!(&mut self.series, table => table.retire(attributes));
    }

    /// Adds a consumer.
    pub(super) fn register(&mut self, id: ConsumerId, preference: TemporalityPreference) {
        let gauge = matches!(self.series, AllSeries::Gauge(_));
        if gauge || preference.temporality(self.facts.kind) == Temporality::Cumulative {
            return;
        }
        self.delta_consumers.push(id);
        with_table!(&mut self.series, table => table.register());
    }

    /// Forgets what was handed out to a consumer.
    pub(super) fn acknowledge(&mut self, id: ConsumerId) {
        if let Some(slot) = self.slot(id) {
            with_table!(&mut self.series, table => table.acknowledge(slot));
        }
    }

    /// The metric as a consumer gets it, `None` without points.
    pub(super) fn metric(&mut self, id: ConsumerId) -> Option<Metric> {
        let slot = self.slot(id);
        let (time, rule) = (self.time, &self.rule);
        let data = match &mut self.series {
            AllSeries::Gauge(table) => {
                let (mut points, _) = points(table, None, time, rule)?;
                for point in &mut points {
                    point.start = None;
                }
                Data::Gauge(points)
            }
            AllSeries::Sum(table, monotonic) => {
                let (points, temporality) = points(table, slot, time, rule)?;
                Data::Sum {
                    points,
                    temporality,
                    monotonic: *monotonic,
                }
            }
            AllSeries::Histogram(table) => {
                let (points, temporality) = points(table, slot, time, rule)?;
                Data::Histogram {
                    points,
                    temporality,
                }
            }
            AllSeries::Exponential(table) => {
                let (points, temporality) = points(table, slot, time, rule)?;
                Data::ExponentialHistogram {
                    points,
                    temporality,
                }
            }
        };
        Some(Metric {
            name: self.name.clone(),
            description: self.description.clone(),
            unit: self.unit.clone(),
            data,
        })
    }

    fn slot(&self, id: ConsumerId) -> Option<usize> {
        self.delta_consumers.iter().position(|known| *known == id)
    }
}

fn points<V: Accumulate>(
    table: &mut Table<V>,
    slot: Option<usize>,
    time: SystemTime,
    rule: &Rule,
) -> Option<(Vec<Point<V>>, Temporality)> {
    let (points, temporality) = match slot {
        Some(slot) => (table.deltas(slot, time, rule), Temporality::Delta),
        None => (table.totals(time), Temporality::Cumulative),
    };
    (!points.is_empty()).then_some((points, temporality))
}

fn wants_deltas(preference: TemporalityPreference, metric: &CollectedMetric) -> bool {
    !matches!(metric.data, CollectedData::Gauge(_))
        && preference.temporality(metric.facts.kind) == Temporality::Delta
}
