//! Snapshots for tests, among them one with every type of data.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    InstrumentationScope, KeyValue, StringValue, Value,
    trace::{SpanId, TraceId},
};
use runar_otel_core::{
    exemplar::{Exemplar, SpanLink},
    labels::LabelSet,
};

use crate::snapshot::{
    Data, ExponentialBuckets, ExponentialHistogram, Histogram, Metric, Naming, Number, Point,
    Resource, ScopeMetrics, Snapshot, Summary, Temporality,
};

/// Returns the time so many milliseconds after a fixed moment.
pub(crate) fn at(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_700_000_000_000 + milliseconds)
}

/// A data point that started at zero and was read a minute later.
pub(crate) fn point<V>(labels: &[KeyValue], value: V) -> Point<V> {
    Point {
        labels: LabelSet::of(labels),
        start: Some(at(0)),
        time: at(60_000),
        value,
        exemplars: Vec::new(),
    }
}

/// An exemplar with a span.
pub(crate) fn exemplar(value: f64, milliseconds: u64, trace: u128) -> Exemplar {
    Exemplar::new(value, at(milliseconds))
        .with_span(SpanLink::new(TraceId::from(trace), SpanId::from(0x51)))
}

/// A metric without description.
pub(crate) fn metric(name: &'static str, unit: &'static str, data: Data) -> Metric {
    Metric {
        name: name.into(),
        description: "".into(),
        unit: unit.into(),
        data,
    }
}

/// A cumulative monotonic sum.
pub(crate) fn counter(
    name: &'static str,
    unit: &'static str,
    points: Vec<Point<Number>>,
) -> Metric {
    let data = Data::Sum {
        points,
        temporality: Temporality::Cumulative,
        monotonic: true,
    };
    metric(name, unit, data)
}

/// A gauge without description.
pub(crate) fn gauge(name: &'static str, unit: &'static str, points: Vec<Point<Number>>) -> Metric {
    metric(name, unit, Data::Gauge(points))
}

/// A cumulative histogram.
pub(crate) fn histogram(
    name: &'static str,
    unit: &'static str,
    points: Vec<Point<Histogram>>,
) -> Metric {
    let data = Data::Histogram {
        points,
        temporality: Temporality::Cumulative,
    };
    metric(name, unit, data)
}

/// Explicit buckets with a sum of one per value.
pub(crate) fn buckets(bounds: &[f64], counts: &[u64]) -> Histogram {
    let count: u64 = counts.iter().sum();
    Histogram {
        count,
        sum: Some(f64::from(u32::try_from(count).unwrap())),
        min: None,
        max: None,
        bounds: bounds.into(),
        counts: counts.to_vec(),
    }
}

/// A snapshot of some metrics in one scope, without a resource.
pub(crate) fn snapshot(metrics: Vec<Metric>) -> Snapshot {
    Snapshot {
        resource: Arc::default(),
        scopes: vec![ScopeMetrics {
            naming: Naming::default(),
            scope: InstrumentationScope::default(),
            metrics,
        }],
    }
}

/// A snapshot with every type of data, in two scopes.
pub(crate) fn everything() -> Snapshot {
    let resource = Resource {
        attributes: vec![
            KeyValue::new("host.cpus", 8),
            KeyValue::new("service.name", "shop"),
        ],
        schema_url: Some("https://opentelemetry.io/schemas/1.42.0".into()),
    };
    let shop = InstrumentationScope::builder("shop")
        .with_version("1.2.0")
        .with_schema_url("https://example.com/schema")
        .with_attributes([KeyValue::new("team", "checkout")])
        .build();
    let library = InstrumentationScope::builder("library").build();
    Snapshot {
        resource: Arc::new(resource),
        scopes: vec![
            ScopeMetrics {
                naming: Naming::default(),
                scope: shop,
                metrics: vec![orders(), durations(), sizes(), temperature(), quantiles()],
            },
            ScopeMetrics {
                naming: Naming::default(),
                scope: library,
                metrics: vec![orders(), queue()],
            },
        ],
    }
}

fn orders() -> Metric {
    let mut first = point(
        &[
            KeyValue::new("kind", "new \"big\"\n"),
            KeyValue::new("paid", true),
        ],
        Number::U64(3),
    );
    first.exemplars = vec![exemplar(1.0, 2_000, 0xa1), exemplar(1.0, 1_000, 0xa2)];
    let tags: Vec<StringValue> = vec!["x".into(), "y".into()];
    let second = point(
        &[KeyValue::new("tags", Value::Array(tags.into()))],
        Number::U64(u64::MAX),
    );
    Metric {
        description: "Orders taken.".into(),
        ..counter("orders", "{order}", vec![first, second])
    }
}

fn durations() -> Metric {
    let value = Histogram {
        min: Some(0.05),
        max: Some(7.0),
        sum: Some(8.25),
        ..buckets(&[0.1, 1.0, 5.0], &[1, 2, 0, 1])
    };
    let mut first = point(&[KeyValue::new("http.route", "/pay")], value);
    first.exemplars = vec![
        exemplar(0.05, 100, 0xb1),
        exemplar(0.2, 300, 0xb2),
        exemplar(1.0, 200, 0xb3),
        exemplar(7.0, 400, 0xb4).with_filtered_attributes(vec![KeyValue::new("user.id", 42)]),
    ];
    let sumless = Histogram {
        sum: None,
        ..buckets(&[], &[2])
    };
    let second = point(&[KeyValue::new("http.route", "/\\")], sumless);
    Metric {
        description: "How long a request took.".into(),
        ..histogram("http.server.request.duration", "s", vec![first, second])
    }
}

fn sizes() -> Metric {
    let value = ExponentialHistogram {
        count: 7,
        sum: Some(40.5),
        min: Some(0.0),
        max: Some(9.0),
        scale: 1,
        zero_count: 1,
        zero_threshold: 0.0,
        positive: ExponentialBuckets {
            offset: 2,
            counts: vec![1, 2, 0, 0, 3],
        },
        negative: ExponentialBuckets::default(),
    };
    let mut only = point(&[], value);
    only.exemplars = vec![exemplar(9.0, 500, 0xc1)];
    let data = Data::ExponentialHistogram {
        points: vec![only],
        temporality: Temporality::Cumulative,
    };
    metric("message.size", "By", data)
}

fn temperature() -> Metric {
    let mut only = point(&[KeyValue::new("room", "")], Number::F64(-21.5));
    only.start = None;
    gauge("room.temperature", "Cel", vec![only])
}

fn quantiles() -> Metric {
    let value = Summary {
        count: 10,
        sum: 5.5,
        quantiles: vec![(0.5, 0.5), (0.99, 1.0)],
    };
    metric("wait", "s", Data::Summary(vec![point(&[], value)]))
}

fn queue() -> Metric {
    let data = Data::Sum {
        points: vec![point(&[], Number::I64(-4))],
        temporality: Temporality::Cumulative,
        monotonic: false,
    };
    metric("queue.length", "{item}", data)
}
