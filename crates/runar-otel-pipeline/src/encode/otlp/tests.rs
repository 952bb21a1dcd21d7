//! The OTLP of each kind of data.

use opentelemetry::{KeyValue, StringValue, Value};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, ArrayValue, any_value},
    metrics::v1 as proto,
};
use prost::Message as _;
use runar_otel_core::labels::LabelSet;

use super::*;
use crate::{
    encode::sample::{
        at, buckets, counter, everything, exemplar, gauge, histogram, metric as named, point,
        snapshot,
    },
    snapshot::{ExponentialHistogram, Histogram, Number, Summary},
};

/// The message that a receiver reads. Another writer of the same message writes the same bytes.
pub(crate) fn request(snapshot: &Snapshot) -> ExportMetricsServiceRequest {
    let bytes = encode(snapshot);
    let request = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
    assert!(request.encode_to_vec() == bytes, "{request:#?}");
    request
}

fn only(metric: Metric) -> proto::metric::Data {
    let mut request = request(&snapshot(vec![metric]));
    request.resource_metrics[0].scope_metrics[0].metrics[0]
        .data
        .take()
        .unwrap()
}

fn numbers(data: proto::metric::Data) -> Vec<proto::NumberDataPoint> {
    match data {
        proto::metric::Data::Gauge(gauge) => gauge.data_points,
        proto::metric::Data::Sum(sum) => sum.data_points,
        other => panic!("{other:?}"),
    }
}

#[test]
fn large_integers_are_rounded_not_lost() {
    use proto::number_data_point::Value::{AsDouble, AsInt};
    let limit = u64::try_from(i64::MAX).unwrap();
    let values = [limit, limit + 1].map(|value| point(&[], Number::U64(value)));
    let points = numbers(only(counter("x", "", values.to_vec())));
    assert_eq!(points[0].value, Some(AsInt(i64::MAX)));
    assert_eq!(points[1].value, Some(AsDouble(9_223_372_036_854_775_808.0)));
}

#[test]
fn nothing_that_is_no_number_is_sent() {
    let points = vec![
        point(&[], Number::F64(f64::NAN)),
        point(&[], Number::F64(1.0)),
    ];
    assert_eq!(numbers(only(counter("x", "", points))).len(), 1);

    let mut odd = point(
        &[],
        Histogram {
            sum: Some(f64::NAN),
            min: Some(f64::NAN),
            ..buckets(&[1.0], &[1, 0])
        },
    );
    odd.exemplars = vec![exemplar(f64::NAN, 1, 1)];
    let proto::metric::Data::Histogram(sent) = only(histogram("x", "", vec![odd])) else {
        panic!("expected a histogram");
    };
    let sent = &sent.data_points[0];
    assert_eq!((sent.sum, sent.min, sent.exemplars.len()), (None, None, 0));

    let summary = Summary {
        count: 0,
        sum: 0.0,
        quantiles: vec![(0.5, f64::NAN), (0.9, 1.0)],
    };
    let data = only(named("x", "", Data::Summary(vec![point(&[], summary)])));
    let proto::metric::Data::Summary(sent) = data else {
        panic!("expected a summary");
    };
    assert_eq!(sent.data_points[0].quantile_values.len(), 1);
}

#[test]
fn a_gauge_may_be_any_double() {
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let points = values.map(|value| point(&[], Number::F64(value))).to_vec();
    let bits = |value: f64| value.to_bits();
    let encoded = encode(&snapshot(vec![gauge("x", "", points)]));
    let mut request = ExportMetricsServiceRequest::decode(encoded.as_slice()).unwrap();
    let metric = &mut request.resource_metrics[0].scope_metrics[0].metrics[0];
    let sent = numbers(metric.data.take().unwrap())
        .into_iter()
        .map(|point| match point.value {
            Some(Value::AsDouble(value)) => bits(value),
            other => panic!("{other:?}"),
        });
    assert_eq!(sent.collect::<Vec<_>>(), values.map(bits));
}

#[test]
fn an_unknown_start_is_absent() {
    let mut only_point = point(&[], Number::U64(1));
    only_point.start = None;
    let points = numbers(only(counter("x", "", vec![only_point])));
    assert_eq!(points[0].start_time_unix_nano, 0);
}

#[test]
fn exemplars_are_doubles_in_their_order() {
    let mut only_point = point(&[], Number::I64(7));
    let filtered = vec![KeyValue::new("user", 1)];
    only_point.exemplars = vec![
        exemplar(1.0, 5, 0xa),
        runar_otel_core::exemplar::Exemplar::new(2.0, at(3)).with_filtered_attributes(filtered),
    ];
    let points = numbers(only(counter("x", "", vec![only_point])));
    let sent = &points[0].exemplars;
    assert_eq!(sent[0].value, Some(proto::exemplar::Value::AsDouble(1.0)));
    assert_eq!(sent[0].time_unix_nano, 1_700_000_000_005_000_000);
    assert_eq!((sent[0].trace_id.len(), sent[0].span_id.len()), (16, 8));
    assert_eq!(sent[1].value, Some(proto::exemplar::Value::AsDouble(2.0)));
    assert_eq!((sent[1].trace_id.len(), sent[1].span_id.len()), (0, 0));
    assert_eq!(sent[1].filtered_attributes[0].key, "user");
}

#[test]
fn attributes_keep_their_type() {
    let strings: Vec<StringValue> = vec!["a".into()];
    let attributes = [
        KeyValue::new("array", Value::Array(strings.into())),
        KeyValue::new("bool", true),
        KeyValue::new("float", 0.5),
        KeyValue::new("int", 3),
        KeyValue::new("text", "t"),
    ];
    let points = numbers(only(gauge(
        "x",
        "",
        vec![point(&attributes, Number::I64(0))],
    )));
    let values: Vec<any_value::Value> = points[0]
        .attributes
        .iter()
        .map(|pair| pair.value.clone().unwrap().value.unwrap())
        .collect();
    assert!(matches!(&values[0], any_value::Value::ArrayValue(array) if array.values.len() == 1));
    assert_eq!(values[1], any_value::Value::BoolValue(true));
    assert_eq!(values[2], any_value::Value::DoubleValue(0.5));
    assert_eq!(values[3], any_value::Value::IntValue(3));
    assert_eq!(values[4], any_value::Value::StringValue("t".to_owned()));
}

#[test]
fn labels_are_written_as_attributes_are() {
    let strings: Vec<StringValue> = vec!["a".into(), "".into()];
    let labels = [
        KeyValue::new("", "no name"),
        KeyValue::new("bools", Value::Array(vec![true, false].into())),
        KeyValue::new("empty", ""),
        KeyValue::new("false", false),
        KeyValue::new("floats", Value::Array(vec![0.0, -0.5, f64::NAN].into())),
        KeyValue::new("ints", Value::Array(vec![0_i64, i64::MIN].into())),
        KeyValue::new("long", "x".repeat(200)),
        KeyValue::new("nan", f64::NAN),
        KeyValue::new("none", Value::Array(Vec::<bool>::new().into())),
        KeyValue::new("strings", Value::Array(strings.into())),
        KeyValue::new("zero", 0),
    ];
    let mut all = snapshot(vec![gauge("x", "", vec![point(&labels, Number::I64(0))])]);
    all.resource = Resource {
        attributes: labels.to_vec(),
        schema_url: None,
    }
    .into();
    let request = request(&all);
    let sent = &request.resource_metrics[0];
    let attributes = &sent.resource.as_ref().unwrap().attributes;
    let data = sent.scope_metrics[0].metrics[0].data.clone().unwrap();
    let points = numbers(data);
    // Compared by their text: a value that is not a number is unlike itself.
    assert_eq!(
        format!("{:?}", points[0].attributes),
        format!("{attributes:?}")
    );
    let array = |values: &[any_value::Value]| {
        let values = values.iter().map(|value| AnyValue {
            value: Some(value.clone()),
        });
        Some(any_value::Value::ArrayValue(ArrayValue {
            values: values.collect(),
        }))
    };
    let value = |at: usize| attributes[at].value.clone().unwrap().value;
    assert_eq!(attributes[0].key, "");
    assert_eq!(
        value(1),
        array(&[true, false].map(any_value::Value::BoolValue))
    );
    assert_eq!(value(2), Some(any_value::Value::StringValue(String::new())));
    assert_eq!(
        value(5),
        array(&[0, i64::MIN].map(any_value::Value::IntValue))
    );
    assert_eq!(
        value(6),
        Some(any_value::Value::StringValue("x".repeat(200)))
    );
    assert_eq!(value(8), array(&[]));
    assert_eq!(
        value(9),
        array(&["a", ""].map(|text| any_value::Value::StringValue(text.to_owned())))
    );
    assert_eq!(value(10), Some(any_value::Value::IntValue(0)));
}

#[test]
fn bounds_go_with_counts() {
    let bare = Histogram {
        counts: Vec::new(),
        ..buckets(&[1.0], &[1, 0])
    };
    let data = only(histogram("x", "", vec![point(&[], bare)]));
    let proto::metric::Data::Histogram(sent) = data else {
        panic!("expected a histogram");
    };
    let sent = &sent.data_points[0];
    assert_eq!(
        (
            sent.count,
            sent.explicit_bounds.len(),
            sent.bucket_counts.len()
        ),
        (1, 0, 0)
    );
}

#[test]
fn empty_sides_of_an_exponential_histogram_are_absent() {
    let value = ExponentialHistogram {
        count: 0,
        sum: None,
        min: None,
        max: None,
        scale: 3,
        zero_count: 0,
        zero_threshold: 0.0,
        positive: crate::snapshot::ExponentialBuckets {
            offset: -2,
            counts: vec![0],
        },
        negative: Default::default(),
    };
    let data = Data::ExponentialHistogram {
        points: vec![point(&[], value)],
        temporality: Temporality::Delta,
    };
    let proto::metric::Data::ExponentialHistogram(sent) = only(named("x", "", data)) else {
        panic!("expected an exponential histogram");
    };
    assert_eq!(sent.aggregation_temporality, 1);
    let sent = &sent.data_points[0];
    assert_eq!(sent.positive.as_ref().map(|side| side.offset), Some(-2));
    assert_eq!(sent.negative, None);
    assert_eq!(sent.sum, None);
}

#[test]
fn many_points_are_written_as_one_is() {
    let mut all = everything();
    for scope in &mut all.scopes {
        for metric in &mut scope.metrics {
            match &mut metric.data {
                Data::Gauge(points) | Data::Sum { points, .. } => repeat(points),
                Data::Histogram { points, .. } => repeat(points),
                Data::ExponentialHistogram { points, .. } => repeat(points),
                Data::Summary(points) => repeat(points),
            }
        }
    }
    // `request` compares with the bytes of the generated messages, whose lengths now take two and three bytes.
    let request = request(&all);
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    assert!(metrics.iter().all(|metric| metric.encoded_len() > 1 << 14));
}

fn repeat<V: Clone>(points: &mut Vec<Point<V>>) {
    let long = KeyValue::new("long", "x".repeat(300));
    for point in points.iter_mut() {
        let mut labels = point.labels.to_key_values();
        labels.push(long.clone());
        point.labels = LabelSet::of(&labels);
    }
    *points = points
        .iter()
        .cloned()
        .cycle()
        .take(100 * points.len())
        .collect();
}
