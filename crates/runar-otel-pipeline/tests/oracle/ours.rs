//! Our provider, and its two consumers.

use std::sync::{Arc, Mutex};

use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use runar_otel_core::{
    gate::{Gate, GateOptions, Streams, View},
    metric::Shape,
    name::SCOPE_NAME,
};
use runar_otel_pipeline::{
    snapshot::{self, Data, Temporality},
    store::{ConsumerId, Store, TemporalityPreference},
};

use crate::{
    api::{self, Handle, RecordBound},
    point::{Metric, Point, Value},
    program::{Filter, METERS, Program, Raw, ViewRule},
};

type ObservedSets = Arc<Mutex<Vec<(Vec<KeyValue>, Raw)>>>;

pub(crate) struct Ours {
    store: Store,
    totals: ConsumerId,
    deltas: Option<ConsumerId>,
    meters: Vec<Meter>,
    handles: Vec<Option<Handle>>,
    bound: Vec<Option<RecordBound>>,
    observed: Vec<Option<ObservedSets>>,
}

impl Ours {
    pub(crate) fn new(program: &Program) -> Self {
        let mut options = GateOptions::default();
        options.views = program.views.iter().map(view).collect();
        options.limit = program.limit;
        options.histogram_aggregation = program.histograms.clone();
        options.exemplar_filter = program.exemplars;
        let streams = Streams::new(options);
        let gate = Gate::new(streams.clone());
        let store = Store::new(streams);
        let count = program.instruments.len();
        Self {
            totals: store.register(TemporalityPreference::Cumulative),
            deltas: None,
            store,
            meters: METERS.map(|name| gate.meter(name)).into(),
            handles: std::iter::repeat_with(|| None).take(count).collect(),
            bound: Vec::new(),
            observed: vec![None; count],
        }
    }

    /// Makes an instrument, unless it is there.
    fn handle(&mut self, program: &Program, index: usize) -> &Handle {
        let instrument = &program.instruments[index];
        let meter = &self.meters[instrument.meter];
        self.handles[index]
            .get_or_insert_with(|| api::make(meter, instrument, instrument.name.to_owned()))
    }

    /// Makes an instrument for others to record.
    pub(crate) fn give(&mut self, program: &Program, index: usize) -> Handle {
        let _ = self.handle(program, index);
        self.handles[index].take().unwrap()
    }

    pub(crate) fn record(
        &mut self,
        program: &Program,
        index: usize,
        value: Raw,
        labels: &[KeyValue],
    ) {
        (self.handle(program, index).record)(value, labels);
    }

    pub(crate) fn bind(&mut self, program: &Program, index: usize, labels: &[KeyValue]) {
        let bound = (self.handle(program, index).bind)(labels);
        self.bound.push(Some(bound));
    }

    pub(crate) fn record_bound(&self, bound: usize, value: Raw) {
        if let Some(bound) = &self.bound[bound] {
            bound(value);
        }
    }

    pub(crate) fn unbind(&mut self, bound: usize) {
        self.bound[bound] = None;
    }

    /// Has the callback of an instrument tell these from now on.
    pub(crate) fn observe(
        &mut self,
        program: &Program,
        index: usize,
        sets: Vec<(Vec<KeyValue>, Raw)>,
    ) {
        if let Some(observed) = &self.observed[index] {
            *observed.lock().unwrap() = sets;
            return;
        }
        let observed: ObservedSets = Arc::new(Mutex::new(sets));
        self.observed[index] = Some(observed.clone());
        let instrument = &program.instruments[index];
        let meter = &self.meters[instrument.meter];
        let tell: api::Tell = Box::new(move |observe| {
            for (labels, value) in &*observed.lock().unwrap() {
                observe(*value, labels);
            }
        });
        api::make_observable(meter, instrument, instrument.name.to_owned(), tell);
    }

    pub(crate) fn register_deltas(&mut self) {
        self.deltas = Some(self.store.register(TemporalityPreference::Delta));
    }

    /// Runs the callbacks, once for both consumers.
    pub(crate) fn collect(&self) {
        let streams = self.store.streams();
        streams.observe(|kind| self.store.deltas(kind));
    }

    pub(crate) fn totals(&self) -> Vec<Metric> {
        metrics(self.store.snapshot(self.totals))
    }

    pub(crate) fn deltas(&self) -> Vec<Metric> {
        let snapshot = self.deltas.map(|deltas| self.store.snapshot(deltas));
        metrics(snapshot.unwrap_or_default())
    }

    pub(crate) fn acknowledge(&self) {
        if let Some(deltas) = self.deltas {
            self.store.acknowledge(deltas);
        }
    }
}

fn view(rule: &ViewRule) -> View {
    let mut view = View::select(rule.name.unwrap_or("*")).aggregation(rule.aggregation.clone());
    if let Some(kind) = rule.kind {
        view = view.of_kind(kind);
    }
    if let Some(meter) = rule.meter {
        view = view.of_meter(METERS[meter]);
    }
    if let Some(unit) = rule.unit {
        view = view.of_unit(unit);
    }
    if let Some(name) = rule.rename {
        view = view.rename(name);
    }
    if let Some(description) = rule.describe {
        view = view.describe(description);
    }
    if let Some(limit) = rule.limit {
        view = view.limit(limit);
    }
    view.validate().unwrap();
    match &rule.filter {
        Filter::All => view,
        Filter::Keep(keys) => view.keep_labels(keys.clone()),
        Filter::Drop(keys) => view.drop_labels(keys.clone()),
    }
}

fn metrics(scopes: Vec<snapshot::ScopeMetrics>) -> Vec<Metric> {
    let mut all = Vec::new();
    // Not what the gate tells of its limits.
    let others = scopes
        .into_iter()
        .filter(|scope| scope.scope.name() != SCOPE_NAME);
    for scope in others {
        for metric in scope.metrics {
            let (shape, temporality, points) = data(metric.data);
            all.push(Metric {
                meter: scope.scope.name().to_owned(),
                name: metric.name.into_owned(),
                unit: metric.unit.into_owned(),
                description: metric.description.into_owned(),
                shape,
                temporality,
                points,
            });
        }
    }
    all
}

fn data(data: Data) -> (Shape, Temporality, Vec<Point>) {
    match data {
        Data::Gauge(all) => (
            Shape::Gauge,
            Temporality::Cumulative,
            points(all, Value::Number),
        ),
        Data::Sum {
            points: all,
            temporality,
            monotonic,
        } => {
            let shape = if monotonic {
                Shape::MonotonicSum
            } else {
                Shape::NonMonotonicSum
            };
            (shape, temporality, points(all, Value::Number))
        }
        Data::Histogram {
            points: all,
            temporality,
        } => (Shape::Histogram, temporality, points(all, Value::Explicit)),
        Data::ExponentialHistogram {
            points: all,
            temporality,
        } => {
            let points = points(all, Value::Exponential);
            (Shape::ExponentialHistogram, temporality, points)
        }
        Data::Summary(all) => panic!("nobody asked for {all:?}"),
    }
}

fn points<V>(all: Vec<snapshot::Point<V>>, value: fn(V) -> Value) -> Vec<Point> {
    let point = |point: snapshot::Point<V>| Point {
        labels: point.labels,
        start: point.start,
        time: point.time,
        value: value(point.value),
    };
    all.into_iter().map(point).collect()
}
