//! Random snapshots.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanId, TraceId},
};
use proptest::{collection::vec, option, prelude::*};
use runar_otel_core::{
    exemplar::{Exemplar, SpanLink},
    labels::LabelSet,
};
use runar_otel_pipeline::snapshot::{
    Data, ExponentialBuckets, ExponentialHistogram, Histogram, Metric, Naming, Number, Point,
    Resource, ScopeMetrics, Snapshot, Summary, Temporality,
};

/// A text with everything that may need care.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c\"\\\\\n\r ,={}#_.:0-9ö]{0,12}", any::<String>(),]
}

/// A snapshot with one gauge that has one label.
pub(crate) fn gauge_with(key: &str, value: &str) -> Snapshot {
    let attributes = vec![KeyValue::new(key.to_owned(), value.to_owned())];
    let points = vec![point(&attributes, Number::I64(1), Vec::new())];
    whole(
        &[],
        vec![(
            Naming::OpenTelemetry,
            String::new(),
            vec![metric("x", "", "", Data::Gauge(points))],
        )],
    )
}

/// Any snapshot; names are few, so that they collide.
pub(crate) fn snapshot() -> impl Strategy<Value = Snapshot> {
    let metrics = vec(any_metric(), 0..6);
    (attributes(), vec((naming(), text(), metrics), 0..3))
        .prop_map(|(resource, scopes)| whole(&resource, scopes))
}

fn naming() -> impl Strategy<Value = Naming> {
    prop_oneof![Just(Naming::OpenTelemetry), Just(Naming::Prometheus)]
}

fn whole(resource: &[KeyValue], scopes: Vec<(Naming, String, Vec<Metric>)>) -> Snapshot {
    let resource = Resource {
        attributes: LabelSet::of(resource).to_key_values(),
        schema_url: None,
    };
    let scopes = scopes
        .into_iter()
        .map(|(naming, name, metrics)| ScopeMetrics {
            naming,
            scope: InstrumentationScope::builder(name).build(),
            metrics,
        });
    Snapshot {
        resource: Arc::new(resource),
        scopes: scopes.collect(),
    }
}

fn metric(name: &str, unit: &str, description: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned().into(),
        description: description.to_owned().into(),
        unit: unit.to_owned().into(),
        data,
    }
}

fn any_metric() -> impl Strategy<Value = Metric> {
    let name = prop_oneof![
        "[ab]([._](total|count|sum|bucket|created|info|seconds)){0,2}",
        "target([._]info)?",
        text(),
    ];
    let unit = prop_oneof![
        Just("s"),
        Just("By/s"),
        Just("{x}"),
        Just("1"),
        Just("m2/ö"),
        Just("")
    ];
    (name, unit, text(), data())
        .prop_map(|(name, unit, description, data)| metric(&name, unit, &description, data))
}

fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        points(number()).prop_map(Data::Gauge),
        (points(number()), any::<bool>()).prop_map(|(points, monotonic)| Data::Sum {
            points,
            temporality: Temporality::Cumulative,
            monotonic,
        }),
        points(histogram()).prop_map(|points| Data::Histogram {
            points,
            temporality: Temporality::Cumulative,
        }),
        points(exponential()).prop_map(|points| Data::ExponentialHistogram {
            points,
            temporality: Temporality::Cumulative,
        }),
        points(summary()).prop_map(Data::Summary),
    ]
}

fn points<V: std::fmt::Debug>(
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Vec<Point<V>>> {
    let one = (attributes(), value, vec(exemplar(), 0..4));
    vec(one, 0..4).prop_map(|points| {
        let points = points.into_iter();
        points
            .map(|(attributes, value, mut exemplars)| {
                exemplars.sort_by(|one, next| one.value.total_cmp(&next.value));
                point(&attributes, value, exemplars)
            })
            .collect()
    })
}

fn point<V>(labels: &[KeyValue], value: V, exemplars: Vec<Exemplar>) -> Point<V> {
    Point {
        labels: LabelSet::of(labels),
        start: Some(UNIX_EPOCH),
        time: at(60_000),
        value,
        exemplars,
    }
}

fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof![
        "[ab][._-]?[ab]?",
        Just("le".to_owned()),
        Just("quantile".to_owned()),
        Just("otel.scope.name".to_owned()),
        Just("trace_id".to_owned()),
        text(),
    ];
    let attribute = prop_oneof![
        (key.clone(), text()).prop_map(|(key, value)| KeyValue::new(key, value)),
        (key.clone(), any::<f64>()).prop_map(|(key, value)| KeyValue::new(key, value)),
        (key.clone(), "[01]|true|").prop_map(|(key, value)| KeyValue::new(key, value)),
        (key.clone(), 0..2_i64).prop_map(|(key, value)| KeyValue::new(key, value)),
        (key.clone(), vec(0..2_i64, 0..3))
            .prop_map(|(key, value)| KeyValue::new(key, opentelemetry::Value::Array(value.into()))),
        (key, any::<bool>()).prop_map(|(key, value)| KeyValue::new(key, value)),
    ];
    vec(attribute, 0..4)
}

fn exemplar() -> impl Strategy<Value = Exemplar> {
    (float(), 0_u64..100_000, option::of(1_u64..), attributes()).prop_map(
        |(value, time, span, filtered)| {
            let exemplar = Exemplar::new(value, at(time)).with_filtered_attributes(filtered);
            match span {
                Some(id) => exemplar.with_span(SpanLink::new(
                    TraceId::from(u128::from(id)),
                    SpanId::from(id),
                )),
                None => exemplar,
            }
        },
    )
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![-4.0..64.0, any::<f64>(), Just(0.0), Just(f64::NAN)]
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<u64>().prop_map(Number::U64),
        any::<i64>().prop_map(Number::I64),
        float().prop_map(Number::F64),
    ]
}

fn histogram() -> impl Strategy<Value = Histogram> {
    let bounds = vec(-4.0..64.0, 0..5);
    (bounds, vec(0_u64..9, 6), option::of(float())).prop_map(|(mut bounds, mut counts, sum)| {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        counts.truncate(bounds.len() + 1);
        Histogram {
            count: counts.iter().sum(),
            sum,
            min: None,
            max: None,
            bounds: bounds.into(),
            counts,
        }
    })
}

fn exponential() -> impl Strategy<Value = ExponentialHistogram> {
    let side = || {
        (-40_i32..40, vec(0_u64..3, 0..12))
            .prop_map(|(offset, counts)| ExponentialBuckets { offset, counts })
    };
    (-11_i32..21, side(), side(), 0_u64..3, option::of(float())).prop_map(
        |(scale, positive, negative, zero_count, sum)| {
            let counts = positive.counts.iter().chain(&negative.counts);
            ExponentialHistogram {
                count: counts.sum::<u64>() + zero_count,
                sum,
                min: None,
                max: None,
                scale,
                zero_count,
                zero_threshold: 0.0,
                positive,
                negative,
            }
        },
    )
}

fn summary() -> impl Strategy<Value = Summary> {
    (any::<u64>(), float(), float()).prop_map(|(count, sum, value)| Summary {
        count,
        sum,
        quantiles: vec![(0.5, value), (0.99, value)],
    })
}
