//! Several threads record while both consumers collect: nothing is lost, nothing counts twice.

use std::{collections::BTreeMap, sync::Barrier, thread, time::SystemTime};

use opentelemetry::KeyValue;
use proptest::{prelude::*, sample::select};
use runar_otel_core::{exemplar::ExemplarFilter, labels::LabelSet, metric::Aggregation};
use runar_otel_pipeline::snapshot::{ExponentialHistogram, Temporality};

use crate::{
    api::Handle,
    expected::ByStream,
    ours::Ours,
    plan::{Plan, Stream},
    point::{self, Metric, Point, Value, Values, overflow},
    program::{Filter, Instrument, Kind, Program, Raw, Step, ViewRule},
    times::Times,
};

/// One measurement, of a value that doubles hold exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    instrument: usize,
    labels: usize,
    value: u16,
    bound: bool,
}

/// The work of several threads at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    /// The work of each thread, done over and over.
    threads: Vec<Vec<Work>>,
    repetitions: usize,
    exemplars: ExemplarFilter,
}

const KINDS: [(&str, Kind); 9] = [
    ("counter", Kind::U64Counter),
    ("counter.real", Kind::F64Counter),
    ("up.down", Kind::I64UpDownCounter),
    ("up.down.real", Kind::F64UpDownCounter),
    ("histogram", Kind::U64Histogram),
    ("exponential", Kind::F64Histogram),
    ("limited", Kind::U64Counter),
    ("limited.histogram", Kind::F64Histogram),
    ("limited.exponential", Kind::F64Histogram),
];

pub(crate) fn crowd() -> impl Strategy<Value = Crowd> {
    let work = (0..KINDS.len(), 0..6_usize, 0..1000_u16, any::<bool>()).prop_map(
        |(instrument, labels, value, bound)| Work {
            instrument,
            labels,
            value,
            bound,
        },
    );
    let threads = prop::collection::vec(prop::collection::vec(work, 1..12), 2..5);
    let exemplars = select(&[ExemplarFilter::AlwaysOn, ExemplarFilter::AlwaysOff]);
    (threads, 1..1000_usize, exemplars).prop_map(|(threads, repetitions, exemplars)| Crowd {
        threads,
        repetitions,
        exemplars,
    })
}

fn program(exemplars: ExemplarFilter) -> Program {
    let view = |name, aggregation, limit| ViewRule {
        name: Some(name),
        kind: None,
        meter: None,
        unit: None,
        rename: None,
        describe: None,
        filter: Filter::All,
        aggregation,
        limit,
    };
    let instrument = |(name, kind)| Instrument {
        meter: 0,
        name,
        kind,
        told: kind,
        unit: "",
        description: "",
        bounds: None,
    };
    let zero = Raw {
        whole: 0,
        signed: 0,
        real: 0.0,
    };
    let step = |instrument| Step::Record {
        instrument,
        labels: 0,
        value: zero,
    };
    let labels = (0..6_i64).map(|n| match n {
        0 => Vec::new(),
        n => vec![KeyValue::new("b", n % 2), KeyValue::new("a", n)],
    });
    Program {
        instruments: KINDS.map(instrument).into(),
        labels: labels.collect(),
        views: vec![
            view("exponential", Aggregation::exponential(), None),
            view("limited", Aggregation::Default, Some(2)),
            view("limited.histogram", Aggregation::Default, Some(2)),
            view("limited.exponential", Aggregation::exponential(), Some(2)),
        ],
        limit: 2000,
        histograms: Aggregation::Default,
        exemplars,
        deltas_from: 0,
        steps: (0..KINDS.len()).map(step).collect(),
    }
}

/// Lets all threads record; an error tells where the points of our consumers differ from that.
pub(crate) fn run(crowd: &Crowd) -> Result<(), String> {
    let program = program(crowd.exemplars);
    let plan = Plan::new(&program);
    let mut ours = Ours::new(&program);
    ours.register_deltas();
    let handles: Vec<Handle> = (0..KINDS.len()).map(|at| ours.give(&program, at)).collect();
    let mut windows = Windows::default();
    let begin = Barrier::new(crowd.threads.len());
    thread::scope(|scope| {
        let (begin, handles, program) = (&begin, &handles, &program);
        let all: Vec<_> = crowd
            .threads
            .iter()
            .map(|works| scope.spawn(|| record(program, handles, works, crowd.repetitions, begin)))
            .collect();
        while !all.iter().all(thread::ScopedJoinHandle::is_finished) {
            windows.collect(&plan, &ours)?;
        }
        Ok::<(), String>(())
    })?;
    // The last windows are acknowledged. The second one holds the sums that came after their counts had been taken.
    windows.count = 0;
    windows.collect(&plan, &ours)?;
    windows.count = 0;
    let totals = windows.collect(&plan, &ours)?;
    for (at, stream) in plan.streams.iter().enumerate() {
        let recorded = recorded(&program, &plan, crowd, at);
        let all = [
            ("totals", totals.get(&at)),
            ("deltas", windows.acknowledged.get(&at)),
        ];
        for (whose, values) in all {
            check(stream, values.unwrap_or(&Values::new()), &recorded)
                .map_err(|error| format!("{whose} of {}: {error}", stream.name))?;
        }
    }
    Ok(())
}

/// Does the work of one thread.
fn record(
    program: &Program,
    handles: &[Handle],
    works: &[Work],
    repetitions: usize,
    begin: &Barrier,
) {
    let all = works.iter().map(|work| -> Box<dyn Fn()> {
        let handle = &handles[work.instrument];
        let (labels, value) = (program.labels(work.labels), raw(*work));
        if work.bound {
            let bound = (handle.bind)(labels);
            Box::new(move || bound(value))
        } else {
            Box::new(move || (handle.record)(value, labels))
        }
    });
    let all: Vec<_> = all.collect();
    begin.wait();
    for _ in 0..repetitions {
        all.iter().for_each(|record| record());
    }
}

fn raw(work: Work) -> Raw {
    // Sums that also shrink get values of both signs.
    let sign = 1 - 2 * i64::from(work.value % 2);
    let falls = matches!(
        KINDS[work.instrument].1,
        Kind::I64UpDownCounter | Kind::F64UpDownCounter
    );
    Raw {
        whole: work.value.into(),
        signed: sign * i64::from(work.value),
        real: f64::from(work.value) * if falls { sign as f64 } else { 1.0 },
    }
}

/// The points that our consumers got.
#[derive(Default)]
struct Windows {
    count: usize,
    acknowledged: ByStream,
    times: [Times; 2],
}

impl Windows {
    /// Collects for both consumers; the one of deltas acknowledges two times of three. The totals.
    fn collect(&mut self, plan: &Plan, ours: &Ours) -> Result<ByStream, String> {
        let began = SystemTime::now();
        ours.collect();
        let mut by_stream: Vec<BTreeMap<usize, Vec<Point>>> = Vec::new();
        let temporalities = [Temporality::Cumulative, Temporality::Delta];
        let consumers = [ours.totals(), ours.deltas()];
        for ((metrics, temporality), times) in consumers
            .into_iter()
            .zip(temporalities)
            .zip(&mut self.times)
        {
            let points = points(plan, metrics);
            let checked = points
                .iter()
                .map(|(at, points)| (*at, points.clone()))
                .collect();
            times.check(began, plan, None, temporality, &checked)?;
            by_stream.push(points);
        }
        let mut by_stream = by_stream.into_iter().map(values);
        let (totals, deltas) = (by_stream.next().unwrap(), by_stream.next().unwrap());
        if self.count % 3 != 1 {
            ours.acknowledge();
            self.times[1].acknowledge();
            add_all(plan, &mut self.acknowledged, deltas);
        }
        self.count += 1;
        // Totals are there each time.
        for (at, stream) in plan.streams.iter().enumerate() {
            if stream.temporality(Temporality::Delta) == Temporality::Cumulative
                && let Some(values) = totals.get(&at)
            {
                self.acknowledged.insert(at, values.clone());
            }
        }
        Ok(totals)
    }
}

fn points(plan: &Plan, metrics: Vec<Metric>) -> BTreeMap<usize, Vec<Point>> {
    let at = |name: &str| plan.streams.iter().position(|stream| stream.name == name);
    let all = metrics.into_iter();
    all.map(|metric| (at(&metric.name).unwrap(), metric.points))
        .collect()
}

fn values(points: BTreeMap<usize, Vec<Point>>) -> ByStream {
    let values = |points: Vec<Point>| -> Values {
        let all = points.into_iter();
        all.map(|point| (point.labels, point.value)).collect()
    };
    points
        .into_iter()
        .map(|(at, points)| (at, values(points)))
        .collect()
}

fn add_all(plan: &Plan, all: &mut ByStream, more: ByStream) {
    for (at, values) in more {
        let stream = &plan.streams[at];
        let known = all.entry(at).or_default();
        if stream.temporality(Temporality::Delta) == Temporality::Cumulative {
            *known = values;
            continue;
        }
        for (labels, value) in values {
            point::add_to(known, labels, &value, stream.max_size());
        }
    }
}

/// All values that were recorded in a stream, by label set.
fn recorded(
    program: &Program,
    plan: &Plan,
    crowd: &Crowd,
    at: usize,
) -> BTreeMap<LabelSet, Vec<f64>> {
    let mut all: BTreeMap<LabelSet, Vec<f64>> = BTreeMap::new();
    for work in crowd.threads.iter().flatten() {
        if plan.of_instrument[work.instrument].contains(&at) {
            let labels = LabelSet::of(program.labels(work.labels));
            let values = std::iter::repeat_n(raw(*work).real, crowd.repetitions);
            all.entry(labels).or_default().extend(values);
        }
    }
    all
}

/// A set that has a series of its own has all of its values there, the others are in the overflow series.
fn check(
    stream: &Stream,
    values: &Values,
    recorded: &BTreeMap<LabelSet, Vec<f64>>,
) -> Result<(), String> {
    let with_labels = |sets: &mut dyn Iterator<Item = &LabelSet>| {
        sets.filter(|one| **one != overflow() && !one.is_empty())
            .count()
    };
    let own = with_labels(&mut values.keys());
    if own != with_labels(&mut recorded.keys()).min(stream.limit) {
        return Err(format!("{own} sets have a series: {values:#?}"));
    }
    let mut beyond = recorded.clone();
    for (labels, value) in values.iter().filter(|(one, _)| **one != overflow()) {
        let recorded = beyond.remove(labels).unwrap_or_default();
        holds(value, &recorded).map_err(|error| format!("{labels:?}: {error}"))?;
    }
    let beyond: Vec<f64> = beyond.into_values().flatten().collect();
    match values.get(&overflow()) {
        Some(value) => holds(value, &beyond).map_err(|error| format!("the overflow: {error}")),
        None if beyond.is_empty() => Ok(()),
        None => Err("there is no overflow".to_owned()),
    }
}

/// True if the value is just that of these measurements.
fn holds(value: &Value, recorded: &[f64]) -> Result<(), String> {
    let (sum, count) = (recorded.iter().sum::<f64>(), recorded.len() as u64);
    let extremes = (
        recorded.iter().copied().reduce(f64::min),
        recorded.iter().copied().reduce(f64::max),
    );
    let fits = match value {
        Value::Number(number) => number.as_f64() == sum,
        Value::Explicit(all) => {
            let bucket = |value: f64| all.bounds.partition_point(|bound| *bound < value);
            let mut counts = vec![0; all.bounds.len() + 1];
            recorded
                .iter()
                .for_each(|value| counts[bucket(*value)] += 1);
            (all.count, &all.counts) == (count, &counts)
                && (all.sum, all.min, all.max) == (Some(sum), extremes.0, extremes.1)
        }
        Value::Exponential(all) => {
            let mut alone = ExponentialHistogram::new(20);
            recorded.iter().for_each(|value| alone.add(*value, 160));
            *all == alone
        }
    };
    match fits {
        true => Ok(()),
        false => Err(format!(
            "{count} values, {sum} in sum, {extremes:?} are {value:#?}"
        )),
    }
}
