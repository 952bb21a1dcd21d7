//! Random programs.

use opentelemetry::{Array, KeyValue, StringValue, Value};
use proptest::{prelude::*, sample::select};
use runar_otel_core::{
    exemplar::ExemplarFilter,
    metric::{Aggregation, InstrumentKind},
};

use crate::{
    plan::{Empty, Plan, Stream},
    program::{Filter, Instrument, KEYS, Kind, Order, Program, Raw, Step, ViewRule},
};

/// The last two are not valid.
const NAMES: [&str; 8] = ["n", "n", "N", "m", "m", "q.time", "1bad", "no good"];
/// The SDK does not take the last one.
const UNITS: [&str; 6] = ["", "", "", "s", "By", "\u{b5}s"];
const ORDERS: [Order; 3] = [Order::TotalsFirst, Order::DeltasFirst, Order::TotalsOnly];
const RENAMES: [&str; 3] = ["n", "r", "r2"];

pub(crate) fn program() -> impl Strategy<Value = Program> {
    let rules = (
        prop::collection::vec(view(), 0..4),
        prop_oneof![2 => Just(2000), 1 => 1..5_usize],
        prop_oneof![4 => Just(Aggregation::Default), 1 => exponential()],
        select(&[
            ExemplarFilter::TraceBased,
            ExemplarFilter::AlwaysOff,
            ExemplarFilter::AlwaysOn,
        ]),
        prop_oneof![3 => Just(0), 1 => 1..4_usize],
    );
    let content = (
        prop::collection::vec(instrument(), 1..6),
        prop::collection::vec(labels(), 1..8),
        prop::collection::vec(step(), 1..60),
    );
    (rules, content).prop_map(|(rules, (instruments, labels, mut steps))| {
        let (views, limit, histograms, exemplars, deltas_from) = rules;
        steps.push(Step::Collect {
            acknowledge: true,
            order: Order::TotalsFirst,
        });
        without_late_empty_set(Program {
            instruments,
            labels,
            views,
            limit,
            histograms,
            exemplars,
            deltas_from,
            steps,
        })
    })
}

/// See [`crate::differences::ours_counts_sets_with_labels`].
fn without_late_empty_set(mut program: Program) -> Program {
    let late = |stream: &Stream| stream.empty == Empty::Late;
    if Plan::new(&program).streams.iter().any(late) {
        program.limit = 2000;
        program.views.iter_mut().for_each(|view| view.limit = None);
    }
    program
}

fn instrument() -> impl Strategy<Value = Instrument> {
    (
        prop_oneof![3 => Just(0), 1 => Just(1_usize)],
        select(&NAMES),
        select(&Kind::ALL),
        select(&UNITS),
        select(&["", "", " told twice"]),
        prop::option::weighted(0.3, prop_oneof![5 => bounds(), 1 => Just(vec![2.0, 1.0])]),
    )
        .prop_map(
            |(meter, name, kind, unit, description, bounds)| Instrument {
                meter,
                name,
                kind,
                told: kind,
                unit,
                description,
                bounds,
            },
        )
}

fn bounds() -> impl Strategy<Value = Vec<f64>> {
    select(vec![
        vec![],
        vec![0.0],
        vec![-1.5, 0.0, 2.0, 7.0],
        vec![1.0, 2.0, 4.0, 8.0, 1e9],
    ])
}

fn exponential() -> impl Strategy<Value = Aggregation> {
    let sizes = select(&[2, 3, 4, 20, 160]);
    (sizes, select(&[-3_i8, 0, 1, 5, 20])).prop_map(|(max_size, max_scale)| {
        Aggregation::Exponential {
            max_size,
            max_scale,
        }
    })
}

fn aggregation() -> impl Strategy<Value = Aggregation> {
    prop_oneof![
        6 => Just(Aggregation::Default),
        1 => Just(Aggregation::Drop),
        1 => Just(Aggregation::Sum),
        1 => Just(Aggregation::LastValue),
        3 => bounds().prop_map(|bounds| Aggregation::ExplicitBuckets(bounds.into())),
        3 => exponential(),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let keys = || prop::sample::subsequence(&KEYS[..], 0..=KEYS.len());
    prop_oneof![
        2 => Just(Filter::All),
        1 => keys().prop_map(Filter::Keep),
        1 => keys().prop_map(Filter::Drop),
    ]
}

fn view() -> impl Strategy<Value = ViewRule> {
    let kinds: Vec<InstrumentKind> = Kind::ALL.iter().map(|kind| kind.instrument()).collect();
    let selector = (
        prop::option::weighted(0.7, select(&NAMES[..6])),
        prop::option::weighted(0.3, select(kinds)),
        prop::option::weighted(0.2, 0..2_usize),
        prop::option::weighted(0.2, select(&UNITS[..4])),
    );
    let stream = (
        prop::option::weighted(0.3, select(&RENAMES)),
        prop::option::weighted(0.7, Just("as the view says")),
        filter(),
        aggregation(),
        prop::option::weighted(0.3, 1..5_usize),
    );
    (selector, stream).prop_map(|((name, kind, meter, unit), stream)| {
        let (rename, describe, filter, aggregation, limit) = stream;
        ViewRule {
            rename: name.and(rename),
            // Metrics of two kinds may look the same otherwise.
            describe: kind.and(describe),
            name,
            kind,
            meter,
            unit,
            filter,
            aggregation,
            limit,
        }
    })
}

fn value() -> impl Strategy<Value = Value> {
    let strings = ["x", "", "\u{e9}"].map(StringValue::from).to_vec();
    prop_oneof![
        4 => select(&["x", "y", ""]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..2_i64).prop_map(Value::from),
        1 => select(&[0.5, 1.0]).prop_map(Value::F64),
        1 => prop::collection::vec(0..2_i64, 0..3).prop_map(|all| Value::Array(all.into())),
        1 => prop::sample::subsequence(strings, 0..=2).prop_map(|all| Value::Array(Array::String(all))),
    ]
}

fn labels() -> impl Strategy<Value = Vec<KeyValue>> {
    let label = (select(&KEYS), value()).prop_map(|(key, value)| KeyValue::new(key, value));
    prop::collection::vec(label, 0..5)
}

pub(crate) fn raw() -> impl Strategy<Value = Raw> {
    let whole = prop_oneof![
        8 => 0..30_u64,
        2 => any::<u32>().prop_map(u64::from),
        1 => (0..4_u64).prop_map(|less| u64::MAX - less),
        1 => any::<u64>(),
    ];
    let signed = prop_oneof![
        8 => -30..30_i64,
        2 => any::<i32>().prop_map(i64::from),
        1 => select(&[i64::MAX, i64::MIN, i64::MAX - 3]),
    ];
    (whole, signed, real()).prop_map(|(whole, signed, real)| Raw {
        whole,
        signed,
        real,
    })
}

fn real() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-20..60_i32).prop_map(|tenths| f64::from(tenths) * 0.1),
        4 => (-20..60_i32).prop_map(|quarters| f64::from(quarters) * 0.25),
        2 => Just(0.0),
        2 => (-40..40_i32).prop_map(|power| 2_f64.powi(power)),
        2 => (1..1000_i32, -12..12_i32).prop_map(|(digits, power)| f64::from(digits) * 10_f64.powi(power)),
        1 => any::<f64>(),
        1 => select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]),
        1 => select(&[f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..8_usize;
    prop_oneof![
        24 => (index(), index(), raw()).prop_map(|(instrument, labels, value)| Step::Record {
            instrument,
            labels,
            value
        }),
        3 => (index(), index())
            .prop_map(|(instrument, labels)| Step::Bind { instrument, labels }),
        6 => (index(), raw()).prop_map(|(bound, value)| Step::RecordBound { bound, value }),
        1 => index().prop_map(|bound| Step::Unbind { bound }),
        8 => (index(), prop::collection::vec((index(), raw()), 0..6))
            .prop_map(|(instrument, sets)| Step::Observe { instrument, sets }),
        8 => (prop::bool::weighted(0.8), select(&ORDERS))
            .prop_map(|(acknowledge, order)| Step::Collect { acknowledge, order }),
    ]
}
