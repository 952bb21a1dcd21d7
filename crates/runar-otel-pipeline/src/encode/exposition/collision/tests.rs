//! Series whose labels become equal on the page.

use opentelemetry::{InstrumentationScope, KeyValue};

use super::super::{
    Options, Problem, openmetrics, openmetrics_with,
    tests::{body, both, one},
    text,
};
use crate::{
    encode::sample::{at, buckets, counter, exemplar, gauge, histogram, metric, point, snapshot},
    snapshot::{
        Data, ExponentialHistogram, Naming, Number, Point, ScopeMetrics, Summary, Temporality,
    },
};

fn duplicate(family: &str, metric: &str, labels: &str) -> Problem {
    Problem::DuplicateSeries {
        family: family.to_owned(),
        metric: metric.to_owned(),
        labels: labels.to_owned(),
    }
}

#[test]
fn a_label_set_appears_once() {
    let set = |value: &'static str| {
        point(
            &[KeyValue::new("a", value)],
            Number::U64(value.len() as u64),
        )
    };
    let typed = point(&[KeyValue::new("a", 1)], Number::U64(9));
    let metrics = vec![gauge("x", "", vec![set("1"), typed, set("22")])];
    let exposition = text(&snapshot(metrics));
    assert_eq!(exposition.problems, [duplicate("x", "x", r#"a="1""#)]);
    assert_eq!(
        exposition.problems[0].to_string(),
        "series `{a=\"1\"}` of metric `x` dropped: the family `x` has these labels already, expected values that add \
         up"
    );
    assert_eq!(
        exposition.body,
        "# TYPE x gauge\nx{a=\"1\"} 1\nx{a=\"22\"} 2\n"
    );
}

#[test]
fn label_sets_that_become_one_appear_once() {
    let label = |name: &'static str, value: &'static str| vec![KeyValue::new(name, value)];
    let typed = vec![KeyValue::new("a", 1)];
    let empty = vec![KeyValue::new("a", "1"), KeyValue::new("b", "")];
    let pairs = [
        (label("a.b", "1"), label("a_b", "1"), "a_b=\"1\""),
        (label("a", "1"), typed, "a=\"1\""),
        (label("a", "1"), empty, "a=\"1\""),
        (label("a", "1"), label("a", "1"), "a=\"1\""),
        (
            vec![KeyValue::new("a", f64::NAN)],
            label("a", "NaN"),
            "a=\"NaN\"",
        ),
    ];
    for (one, other, text) in pairs {
        // The first series is written again with those that come after it.
        let between = point(&[KeyValue::new("c", "x")], Number::U64(7));
        let points = vec![
            point(&one, Number::U64(1)),
            between,
            point(&other, Number::U64(9)),
        ];
        let exposition = openmetrics(&snapshot(vec![gauge("x", "", points.clone())]));
        assert_eq!(exposition.problems, [duplicate("x", "x", text)]);
        assert_eq!(
            exposition.body,
            format!("# TYPE x gauge\nx{{{text}}} 1\nx{{c=\"x\"}} 7\n# EOF\n")
        );
        assert_eq!(
            body(vec![counter("x", "", points)]),
            format!("# TYPE x counter\nx_total{{{text}}} 10\nx_total{{c=\"x\"}} 7\n# EOF\n")
        );
    }
}

#[test]
fn sums_of_equal_labels_add_up() {
    let labels = [
        vec![KeyValue::new("a.b", "1")],
        vec![KeyValue::new("a_b", "1")],
        vec![KeyValue::new("a_b", "1"), KeyValue::new("e", "")],
    ];
    let mut points: Vec<_> = labels
        .iter()
        .zip([1, 10, 100])
        .map(|(labels, value)| point(labels, Number::U64(value)))
        .collect();
    points[0].exemplars = vec![exemplar(1.0, 1, 1)];
    points[1].exemplars = vec![exemplar(0.5, 9, 9)];
    let falls = Data::Sum {
        points: points.clone(),
        temporality: Temporality::Cumulative,
        monotonic: false,
    };
    let [openmetrics, text] = both(vec![counter("dup", "", points), metric("falls", "", falls)]);
    assert!(
        openmetrics.contains(
            "\ndup_total{a_b=\"1\"} 111 # {trace_id=\"00000000000000000000000000000009\""
        )
    );
    assert!(openmetrics.contains("\nfalls{a_b=\"1\"} 111\n"));
    assert_eq!(
        text,
        "# TYPE dup_total counter\ndup_total{a_b=\"1\"} 111\n# TYPE falls gauge\nfalls{a_b=\"1\"} 111\n"
    );
}

#[test]
fn the_sum_of_series_begins_with_the_first_of_them() {
    let options = Options {
        start_times: true,
        ..Options::default()
    };
    let starting = |starts: [Option<std::time::SystemTime>; 2]| {
        let points = starts.map(|start| Point {
            start,
            ..point(&[], Number::U64(1))
        });
        let metrics = vec![counter("x", "", points.to_vec())];
        openmetrics_with(&snapshot(metrics), &options).body
    };
    let early = starting([Some(at(7)), Some(at(5))]);
    assert!(
        early.contains("x_total 2\nx_created 1700000000.005\n"),
        "{early}"
    );
    let unknown = starting([Some(at(7)), None]);
    assert!(unknown.ends_with("x_total 2\n# EOF\n"), "{unknown}");
}

#[test]
fn histograms_of_equal_labels_and_bounds_add_up() {
    let points = |bounds: [&[f64]; 2]| {
        let labels = [KeyValue::new("a", 1), KeyValue::new("a", "1")];
        let mut points = labels.iter().zip(bounds);
        let points = points.by_ref().map(|(label, bounds)| {
            let counts = vec![1; bounds.len() + 1];
            point(std::slice::from_ref(label), buckets(bounds, &counts))
        });
        points.collect::<Vec<_>>()
    };
    let fit = points([&[1.0], &[1.0]]);
    let [_, text] = both(vec![histogram("x", "", fit)]);
    assert_eq!(
        text,
        "# TYPE x histogram\nx_bucket{a=\"1\",le=\"1\"} 2\nx_bucket{a=\"1\",le=\"+Inf\"} 4\nx_sum{a=\"1\"} 4\n\
         x_count{a=\"1\"} 4\n"
    );
    let exposition = openmetrics(&snapshot(vec![histogram(
        "x",
        "",
        points([&[1.0], &[2.0]]),
    )]));
    assert_eq!(exposition.problems, [duplicate("x", "x", r#"a="1""#)]);
    assert!(exposition.body.contains("x_count{a=\"1\"} 2\n"));
    let exponential = |value: f64| {
        let mut histogram = ExponentialHistogram::new(20);
        histogram.add(value, 160);
        point(&[], histogram)
    };
    let data = Data::ExponentialHistogram {
        points: vec![exponential(1.5), exponential(3.0), exponential(1000.0)],
        temporality: Temporality::Cumulative,
    };
    let added = body(vec![metric("x", "", data)]);
    assert!(
        added.contains("x_bucket{le=\"4.0\"} 2\n") && added.contains("x_count 3\n"),
        "{added}"
    );
}

#[test]
fn values_of_other_types_are_named_and_left_out() {
    let falls = Data::Sum {
        points: one(2),
        temporality: Temporality::Cumulative,
        monotonic: false,
    };
    let value = Summary {
        count: 1,
        sum: 1.0,
        quantiles: Vec::new(),
    };
    let quantiles = Data::Summary(vec![point(&[], value.clone()), point(&[], value)]);
    let metrics = vec![
        gauge("x.x", "", one(1)),
        metric("x_x", "", falls),
        metric("s", "", quantiles),
    ];
    let exposition = text(&snapshot(metrics));
    let problems = [duplicate("s", "s", ""), duplicate("x_x", "x_x", "")];
    assert_eq!(exposition.problems, problems);
    assert!(exposition.body.ends_with("# TYPE x_x gauge\nx_x 1\n"));
}

#[test]
fn one_report_stands_for_all_duplicates_of_a_metric() {
    let points = (0..100).flat_map(|at| {
        [KeyValue::new("a", at), KeyValue::new("a", at.to_string())]
            .map(|label| point(&[label], Number::I64(at)))
    });
    let exposition = text(&snapshot(vec![gauge("x", "", points.collect())]));
    assert_eq!(exposition.problems, [duplicate("x", "x", r#"a="0""#)]);
    let later = duplicate("x", "x", r#"a="1""#);
    assert!(exposition.problems[0].key() == later.key());
    assert!(duplicate("x", "y", "").key() != later.key());
}

#[test]
fn a_value_that_is_left_out_is_no_duplicate() {
    let points = [-1, 2, -3, 4].map(|value| point(&[KeyValue::new("a", 1)], Number::I64(value)));
    let exposition = openmetrics(&snapshot(vec![counter("x", "", points.to_vec())]));
    let family = "x_total".to_owned();
    assert_eq!(exposition.problems, [Problem::ForbiddenValue { family }]);
    assert_eq!(
        exposition.body,
        "# TYPE x counter\nx_total{a=\"1\"} 6\n# EOF\n"
    );
}

#[test]
fn metrics_of_one_family_share_no_label_set() {
    let metric = |name, value| gauge(name, "", vec![point(&[KeyValue::new("a", "1")], value)]);
    let both = vec![metric("x.y", Number::U64(1)), metric("x_y", Number::U64(2))];
    let histograms = ["h.h", "h_h"].map(|name| {
        let points = vec![point(&[KeyValue::new("a", 1)], buckets(&[], &[1]))];
        histogram(name, "", points)
    });
    let mut metrics = snapshot(both.into_iter().chain(histograms).collect());
    let duplicates = ["h_h", "x_y"].map(|family| duplicate(family, family, r#"a="1""#));
    let expected = "# TYPE h_h histogram\nh_h_bucket{a=\"1\",le=\"+Inf\"} 1\nh_h_sum{a=\"1\"} 1.0\n\
         h_h_count{a=\"1\"} 1\n# TYPE x_y gauge\nx_y{a=\"1\"} 1\n# EOF\n";
    let exposition = openmetrics(&metrics);
    assert_eq!(exposition.problems, duplicates);
    assert_eq!(exposition.body, expected);

    // The same labels in two scopes, which the scope labels distinguish.
    let second = metrics.scopes[0].metrics.split_off(1).remove(0);
    metrics.scopes.push(ScopeMetrics {
        naming: Naming::default(),
        scope: InstrumentationScope::builder("other").build(),
        metrics: vec![metric("x.y", Number::U64(2)), second],
    });
    metrics.scopes[0].scope = InstrumentationScope::builder("one").build();
    let exposition = openmetrics(&metrics);
    assert!(exposition.body.contains(
        "\nx_y{a=\"1\",otel_scope_name=\"one\"} 1\nx_y{a=\"1\",otel_scope_name=\"other\"} 2\n"
    ));
    let options = Options {
        scope_labels: false,
        ..Options::default()
    };
    let exposition = openmetrics_with(&metrics, &options);
    let duplicates = ["x.y", "x_y"].map(|metric| duplicate("x_y", metric, r#"a="1""#));
    assert_eq!(exposition.problems, duplicates);
}

#[test]
fn labels_may_pose_as_those_of_another_scope() {
    let posing = [KeyValue::new("otel.scope.name", "other")];
    let mut metrics = snapshot(vec![gauge("x", "", vec![point(&posing, Number::U64(1))])]);
    metrics.scopes.push(ScopeMetrics {
        naming: Naming::default(),
        scope: InstrumentationScope::builder("other").build(),
        metrics: vec![gauge("x", "", one(2))],
    });
    let exposition = openmetrics(&metrics);
    let labels = r#"otel_scope_name="other""#;
    assert_eq!(exposition.problems, [duplicate("x", "x", labels)]);
    assert_eq!(
        exposition.body,
        "# TYPE x gauge\nx{otel_scope_name=\"other\"} 1\n# EOF\n"
    );
}
