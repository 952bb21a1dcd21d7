//! The provider of the OpenTelemetry SDK, with one reader.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        self as sdk, ManualReader, Pipeline, SdkMeterProvider, data::ResourceMetrics,
        reader::MetricReader,
    },
};
use runar_otel_core::{
    labels::LabelSet,
    metric::{Aggregation, InstrumentKind, Shape},
    name::check_name,
};
use runar_otel_pipeline::snapshot::{Number, Temporality};

use crate::{
    api::{self, Handle, RecordBound},
    differences,
    places::Observed,
    plan::{Plan, Stream},
    point::Values,
    program::{Filter, Instrument, Kind, METERS, NumberType, Program, Raw},
    sdk_data,
};

/// The sets that the callbacks observe, by stream.
type ObservedSets = Arc<Mutex<HashMap<usize, Observed>>>;

pub(crate) struct Sdk {
    provider: SdkMeterProvider,
    reader: Reader,
    temporality: Temporality,
    plan: Arc<Plan>,
    meters: Vec<Meter>,
    handles: Vec<Option<Handle>>,
    bound: Vec<Option<(Kind, RecordBound)>>,
    observed_sets: ObservedSets,
    /// The sets that the last collection observed.
    before: HashMap<usize, Observed>,
}

/// A reader that is also held outside of its provider.
#[derive(Clone, Debug)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, into: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(into)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: sdk::InstrumentKind) -> sdk::Temporality {
        self.0.temporality(kind)
    }
}

impl Sdk {
    pub(crate) fn new(program: &Program, plan: &Arc<Plan>, temporality: Temporality) -> Self {
        let asked = match temporality {
            Temporality::Cumulative => sdk::Temporality::Cumulative,
            Temporality::Delta => sdk::Temporality::Delta,
        };
        let reader = ManualReader::builder().with_temporality(asked).build();
        let reader = Reader(Arc::new(reader));
        let mut builder = SdkMeterProvider::builder().with_reader(reader.clone());
        let rules = Arc::new(Rules {
            plan: plan.clone(),
            histograms: program.histograms.clone(),
            temporality,
        });
        // An instrument has as many streams as there are views, at the most.
        for place in 0..program.views.len().max(1) {
            let rules = rules.clone();
            builder = builder
                .with_view(move |instrument: &sdk::Instrument| rules.stream(instrument, place));
        }
        let provider = builder.build();
        let meters = METERS.map(|name| provider.meter(name));
        let mut new = Self {
            provider,
            reader,
            temporality,
            plan: plan.clone(),
            meters: meters.into(),
            handles: std::iter::repeat_with(|| None)
                .take(program.instruments.len())
                .collect(),
            bound: Vec::new(),
            observed_sets: ObservedSets::default(),
            before: HashMap::new(),
        };
        new.make_observables(program);
        new
    }

    /// Makes an instrument for each observed stream: what the views make of observable instruments is no other matter than
    /// that of the rest, and so the SDK can be fed stream by stream.
    fn make_observables(&mut self, program: &Program) {
        let observed = self.plan.streams.iter().enumerate();
        for (at, stream) in observed.filter(|(_, stream)| stream.is_observable()) {
            let first = &program.instruments[stream.instruments[0]];
            let summed = differences::sdk_has_no_sums_of_gauges(stream);
            let kind = match &summed {
                Some((kind, _)) => *kind,
                None => first.kind.with_number(stream.number),
            };
            let instrument = given(first, kind);
            let sets = self.observed_sets.clone();
            let tell: api::Tell = Box::new(move |observe| {
                for (labels, value) in sets.lock().unwrap().get(&at).into_iter().flatten() {
                    let mut labels = labels.to_key_values();
                    differences::sdk_does_not_count_the_empty_set(&mut labels);
                    let value = raw(*value);
                    let value = summed.as_ref().map_or(value, |(_, signed)| signed(value));
                    observe(value, &labels);
                }
            });
            let meter = &self.meters[instrument.meter];
            api::make_observable(meter, &instrument, format!("{STREAM}{at}"), tell);
        }
    }

    fn handle(&mut self, program: &Program, index: usize) -> &Handle {
        if self.handles[index].is_none() {
            self.handles[index] = Some(self.make(program, index));
        }
        self.handles[index].as_ref().unwrap()
    }

    fn make(&self, program: &Program, index: usize) -> Handle {
        let asked = &program.instruments[index];
        let kind = match self.plan.is_mixed(program, index) {
            true => asked.kind.with_number(NumberType::I64),
            false => asked.kind,
        };
        let mut instrument = given(asked, kind);
        instrument.bounds = differences::sdk_makes_nothing_of_invalid_bounds(asked).or_else(|| {
            let bounds = differences::ours_has_bounds_for_seconds(instrument.unit);
            bounds.map(<[f64]>::to_vec)
        });
        // The SDK gets to see a name that is not valid.
        let name = match check_name(asked.name) {
            Ok(()) => format!("{INSTRUMENT}{index}"),
            Err(_) => asked.name.to_owned(),
        };
        let meter = &self.meters[instrument.meter];
        let mut handle = api::make(meter, &instrument, name);
        for at in &self.plan.of_instrument[index] {
            let summed = differences::sdk_has_no_sums_of_gauges(&self.plan.streams[*at]);
            if let Some((kind, signed)) = summed {
                let sum = api::make(meter, &given(asked, kind), format!("{STREAM}{at}"));
                handle = handle.with(sum.converting(signed));
            }
        }
        handle
    }

    pub(crate) fn record(
        &mut self,
        program: &Program,
        index: usize,
        value: Raw,
        labels: &[KeyValue],
    ) {
        let kind = program.instruments[index].kind;
        if differences::sdk_counts_negative_values_of_counters(kind, value) {
            // The instrument is made all the same.
            let _ = self.handle(program, index);
            return;
        }
        let labels = marked(labels);
        (self.handle(program, index).record)(value, &labels);
    }

    pub(crate) fn bind(&mut self, program: &Program, index: usize, labels: &[KeyValue]) {
        let labels = marked(labels);
        let bound = (self.handle(program, index).bind)(&labels);
        self.bound
            .push(Some((program.instruments[index].kind, bound)));
    }

    pub(crate) fn record_bound(&self, bound: usize, value: Raw) {
        if let Some((kind, bound)) = &self.bound[bound]
            && !differences::sdk_counts_negative_values_of_counters(*kind, value)
        {
            bound(value);
        }
    }

    pub(crate) fn unbind(&mut self, bound: usize) {
        self.bound[bound] = None;
    }

    /// Collects: the values by stream.
    pub(crate) fn collect(
        &mut self,
        observed: &HashMap<usize, Observed>,
    ) -> BTreeMap<usize, Values> {
        let mut all = BTreeMap::new();
        let fallen = self.without_fallen(observed);
        if self.temporality == Temporality::Delta
            && let Some(others) = fallen
        {
            self.collect_into(others, &mut all);
        }
        self.collect_into(observed.clone(), &mut all);
        self.before.clone_from(observed);
        all
    }

    fn collect_into(&self, observed: HashMap<usize, Observed>, all: &mut BTreeMap<usize, Values>) {
        *self.observed_sets.lock().unwrap() = observed;
        let mut collected = ResourceMetrics::default();
        self.reader.collect(&mut collected).unwrap();
        sdk_data::add(&collected, &self.plan, all);
    }

    /// See [`differences::sdk_cannot_subtract_what_fell`]: the sums without the sets that fell, if there are some.
    /// Histograms would count twice what is observed twice, and last values have no deltas.
    fn without_fallen(
        &self,
        observed: &HashMap<usize, Observed>,
    ) -> Option<HashMap<usize, Observed>> {
        let fell = |stream: usize, labels: &LabelSet, now: Number| {
            let before = self.before.get(&stream).into_iter().flatten();
            self.plan.streams[stream].shape() == Shape::MonotonicSum
                && before.into_iter().any(|(one, before)| {
                    one == labels && differences::sdk_cannot_subtract_what_fell(now, *before)
                })
        };
        let mut some = false;
        let mut others = observed.clone();
        others.retain(|stream, _| self.plan.streams[*stream].is_sum());
        for (stream, observed) in &mut others {
            let count = observed.len();
            observed.retain(|(labels, now)| !fell(*stream, labels, *now));
            some |= observed.len() < count;
        }
        some.then_some(others)
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.provider.shutdown();
    }
}

/// The instrument as the SDK gets it, of this kind.
fn given(asked: &Instrument, kind: Kind) -> Instrument {
    let mut instrument = differences::sdk_splits_metrics_by_description(asked);
    instrument.unit = differences::sdk_refuses_units_beyond_ascii(asked.unit);
    instrument.kind = kind;
    instrument
}

/// The beginning of names that stand for a stream in the SDK: one that is observed, or that the SDK does not have.
const STREAM: &str = "stream.";
/// The beginning of names that stand for an instrument in the SDK.
const INSTRUMENT: &str = "instrument.";

/// The rules as the SDK's views need them.
struct Rules {
    plan: Arc<Plan>,
    histograms: Aggregation,
    temporality: Temporality,
}

impl Rules {
    /// The stream that an instrument has at a place, under the name that the plan gives it.
    fn stream(&self, instrument: &sdk::Instrument, place: usize) -> Option<sdk::Stream> {
        let at_end = |beginning| {
            let at = instrument.name().strip_prefix(beginning)?;
            at.parse::<usize>().ok()
        };
        if let Some(at) = at_end(STREAM).filter(|_| place == 0) {
            return Some(self.given(at));
        }
        let streams = &self.plan.of_instrument[at_end(INSTRUMENT)?];
        let mut had = streams
            .iter()
            .filter(|at| !self.plan.streams[**at].sums_gauges());
        match had.nth(place) {
            Some(at) => Some(self.given(*at)),
            None if place == 0 => Some(dropped()),
            None => None,
        }
    }

    fn given(&self, at: usize) -> sdk::Stream {
        let of = &self.plan.streams[at];
        let name = differences::sdk_applies_one_of_conflicting_views(&self.plan, at);
        let mut stream = sdk::Stream::builder().with_name(name);
        if let Some(aggregation) = self.aggregation(of) {
            stream = stream.with_aggregation(aggregation);
        }
        if of.is_observable() {
            assert!(differences::sdk_keeps_the_last_observation_beyond_the_limit(of));
            return stream.build().unwrap();
        }
        let limit = differences::sdk_frees_places_of_deltas(of, self.temporality);
        if let Some(limit) = limit {
            stream = stream.with_cardinality_limit(limit);
        }
        if of.filter != Filter::All {
            let keys = differences::sdk_has_no_list_of_labels_to_drop(|key| of.filter.keeps(key));
            stream = stream.with_allowed_attribute_keys(keys);
        }
        stream.build().unwrap()
    }

    fn aggregation(&self, stream: &Stream) -> Option<sdk::Aggregation> {
        match &stream.asked {
            asked if stream.is_observable() || *asked != Aggregation::Default => {
                Some(aggregation(&stream.aggregation))
            }
            // With the bounds that the instrument advises.
            _ if stream.kind == InstrumentKind::Histogram => {
                (self.histograms != Aggregation::Default).then(|| aggregation(&self.histograms))
            }
            _ => None,
        }
    }
}

/// What views make of an instrument without streams.
fn dropped() -> sdk::Stream {
    let stream = sdk::Stream::builder().with_aggregation(sdk::Aggregation::Drop);
    stream.build().unwrap()
}

fn aggregation(aggregation: &Aggregation) -> sdk::Aggregation {
    match aggregation {
        Aggregation::Drop => sdk::Aggregation::Drop,
        Aggregation::Sum => sdk::Aggregation::Sum,
        Aggregation::LastValue => sdk::Aggregation::LastValue,
        Aggregation::ExplicitBuckets(bounds) => sdk::Aggregation::ExplicitBucketHistogram {
            boundaries: bounds.to_vec(),
            record_min_max: true,
        },
        Aggregation::Exponential {
            max_size,
            max_scale,
        } => sdk::Aggregation::Base2ExponentialHistogram {
            max_size: *max_size,
            max_scale: *max_scale,
            record_min_max: true,
        },
        _ => sdk::Aggregation::Default,
    }
}

/// The labels as the SDK gets them.
fn marked(labels: &[KeyValue]) -> Vec<KeyValue> {
    let mut labels = differences::sdk_keeps_the_first_of_equal_keys(labels);
    differences::sdk_does_not_count_the_empty_set(&mut labels);
    labels
}

fn raw(value: Number) -> Raw {
    let mut raw = Raw {
        whole: 0,
        signed: 0,
        real: 0.0,
    };
    match value {
        Number::U64(value) => raw.whole = value,
        Number::I64(value) => raw.signed = value,
        Number::F64(value) => raw.real = value,
    }
    raw
}
