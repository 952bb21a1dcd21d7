//! The rules of the exposition, each by its name.

use opentelemetry::{InstrumentationScope, KeyValue, StringValue, Value};

use super::*;
use crate::{
    encode::sample::{buckets, counter, exemplar, gauge, histogram, metric, point, snapshot},
    snapshot::{
        Data, ExponentialBuckets, ExponentialHistogram, Histogram, Metric, Naming, Number, Point,
        ScopeMetrics, Summary, Temporality,
    },
};

pub(super) fn one(value: u64) -> Vec<Point<Number>> {
    vec![point(&[], Number::U64(value))]
}

pub(super) fn body(metrics: Vec<Metric>) -> String {
    let exposition = openmetrics(&snapshot(metrics));
    assert_eq!(exposition.problems, []);
    exposition.body
}

/// The lines of both formats, each without problems.
pub(super) fn both(metrics: Vec<Metric>) -> [String; 2] {
    let text = text(&snapshot(metrics.clone()));
    assert_eq!(text.problems, []);
    [body(metrics), text.body]
}

fn type_conflict(family: &str, metric: &str) -> Problem {
    Problem::TypeConflict {
        family: family.to_owned(),
        metric: metric.to_owned(),
    }
}

fn name_clash(family: &str, metric: &str) -> Problem {
    Problem::NameClash {
        family: family.to_owned(),
        metric: metric.to_owned(),
    }
}

#[test]
fn an_empty_snapshot_is_a_valid_exposition() {
    assert_eq!(openmetrics(&snapshot(vec![])).body, "# EOF\n");
    assert_eq!(text(&snapshot(vec![])).body, "");
    assert_eq!(body(vec![gauge("x", "", vec![])]), "# EOF\n");
}

#[test]
fn a_counter_has_its_suffix_on_samples_only_in_openmetrics() {
    let [openmetrics, text] = both(vec![counter("sent", "By", one(5))]);
    assert_eq!(
        openmetrics,
        "# TYPE sent_bytes counter\n# UNIT sent_bytes bytes\nsent_bytes_total 5\n# EOF\n"
    );
    assert_eq!(
        text,
        "# TYPE sent_bytes_total counter\nsent_bytes_total 5\n"
    );
}

#[test]
fn a_unit_that_does_not_end_the_name_is_not_written() {
    assert_eq!(
        body(vec![gauge("seconds", "s", one(1))]),
        "# TYPE seconds gauge\nseconds 1\n# EOF\n"
    );
}

#[test]
fn help_is_escaped_as_the_format_says() {
    let described = Metric {
        description: "a \"b\" \\ c\nd".into(),
        ..gauge("x", "", one(1))
    };
    let [openmetrics, text] = both(vec![described]);
    assert!(openmetrics.contains("# HELP x a \\\"b\\\" \\\\ c\\nd\n"));
    assert!(text.starts_with("# HELP x a \"b\" \\\\ c\\nd\n# TYPE x gauge\n"));
}

#[test]
fn families_are_sorted_and_scopes_share_a_header() {
    let mut snapshot = snapshot(vec![gauge("z", "", one(1)), counter("a", "", one(2))]);
    snapshot.scopes.push(ScopeMetrics {
        naming: Naming::default(),
        scope: InstrumentationScope::builder("other").build(),
        metrics: vec![Metric {
            description: "Late.".into(),
            ..counter("a", "", one(3))
        }],
    });
    let exposition = text(&snapshot);
    assert_eq!(exposition.problems, []);
    assert_eq!(
        exposition.body,
        "# HELP a_total Late.\n# TYPE a_total counter\na_total 2\n\
         a_total{otel_scope_name=\"other\"} 3\n# TYPE z gauge\nz 1\n"
    );
}

#[test]
fn of_two_types_the_first_stays() {
    let exposition = openmetrics(&snapshot(vec![
        gauge("x", "", one(1)),
        histogram("x", "", vec![point(&[], buckets(&[], &[1]))]),
    ]));
    assert_eq!(exposition.problems, [type_conflict("x", "x")]);
    assert_eq!(exposition.body, "# TYPE x gauge\nx 1\n# EOF\n");
}

#[test]
fn of_two_descriptions_the_first_stays() {
    let described = |text: &'static str, key| Metric {
        description: text.into(),
        ..gauge(
            "x",
            "",
            vec![point(&[KeyValue::new(key, 1)], Number::U64(1))],
        )
    };
    let metrics = vec![described("One.", "a"), described("Two.", "b")];
    let exposition = text(&snapshot(metrics));
    let family = "x".to_owned();
    assert_eq!(exposition.problems, [Problem::HelpConflict { family }]);
    assert_eq!(
        exposition.body,
        "# HELP x One.\n# TYPE x gauge\nx{a=\"1\"} 1\nx{b=\"1\"} 1\n"
    );
}

#[test]
fn samples_of_two_families_never_share_a_name() {
    let clashing = |second: Metric| {
        let first = histogram("x", "", vec![point(&[], buckets(&[], &[1]))]);
        let metrics = snapshot(vec![first, second]);
        (openmetrics(&metrics).problems, text(&metrics).problems)
    };
    for name in ["x_count", "x_sum", "x_bucket"] {
        let (openmetrics, text) = clashing(gauge(name, "", one(1)));
        assert_eq!(openmetrics, [name_clash("x", name)]);
        assert_eq!(text, openmetrics);
    }
    let (openmetrics, text) = clashing(gauge("x_created", "", one(1)));
    assert_eq!(openmetrics, [name_clash("x", "x_created")]);
    assert_eq!(text, []);
}

#[test]
fn a_counter_and_a_gauge_of_one_family_clash_in_openmetrics_only() {
    let metrics = snapshot(vec![counter("x", "", one(1)), gauge("x", "", one(2))]);
    assert_eq!(openmetrics(&metrics).problems, [name_clash("x_total", "x")]);
    assert_eq!(text(&metrics).problems, []);
    let metrics = snapshot(vec![counter("x", "", one(1)), gauge("x.total", "", one(2))]);
    for exposition in [openmetrics(&metrics), text(&metrics)] {
        assert_eq!(exposition.problems, [type_conflict("x_total", "x.total")]);
    }
}

#[test]
fn a_metric_cannot_pose_as_the_resource() {
    let metrics = snapshot(vec![gauge("target.info", "", one(1))]);
    for exposition in [openmetrics(&metrics), text(&metrics)] {
        assert_eq!(
            exposition.problems,
            [type_conflict("target_info", "target.info")]
        );
    }
}

#[test]
fn label_values_of_any_type_become_text() {
    let strings: Vec<StringValue> = vec!["a\"".into(), "b".into()];
    let labels = [
        KeyValue::new("array", Value::Array(strings.into())),
        KeyValue::new("bool", true),
        KeyValue::new("bools", Value::Array(vec![true, false].into())),
        KeyValue::new("float", 0.5),
        KeyValue::new("floats", Value::Array(vec![1.0, f64::NAN].into())),
        KeyValue::new("int", -3),
        KeyValue::new("ints", Value::Array(vec![1_i64, 2].into())),
    ];
    let points = vec![
        point(&labels, Number::U64(1)),
        point(&labels[1..2], Number::U64(2)),
    ];
    assert_eq!(
        body(vec![gauge("x", "", points)]),
        "# TYPE x gauge\nx{array=\"[\\\"a\\\\\\\"\\\",\\\"b\\\"]\",bool=\"true\",bools=\"[true,false]\",\
         float=\"0.5\",floats=\"[1,\\\"NaN\\\"]\",int=\"-3\",ints=\"[1,2]\"} 1\nx{bool=\"true\"} 2\n# EOF\n"
    );
}

#[test]
fn label_names_that_become_one_are_joined() {
    let joined = |value: &'static str| [KeyValue::new("a_b", "2"), KeyValue::new("a.b", value)];
    let points = vec![
        point(&joined("1"), Number::U64(1)),
        point(&joined("3"), Number::U64(2)),
        point(&[KeyValue::new("a-b", "1")], Number::U64(3)),
    ];
    assert_eq!(
        body(vec![gauge("x", "", points)]),
        "# TYPE x gauge\nx{a_b=\"1;2\"} 1\nx{a_b=\"3;2\"} 2\nx{a_b=\"1\"} 3\n# EOF\n"
    );
}

#[test]
fn deltas_are_left_out() {
    let data = Data::Sum {
        points: one(1),
        temporality: Temporality::Delta,
        monotonic: false,
    };
    let exposition = openmetrics(&snapshot(vec![metric("x", "", data)]));
    let metric = "x".to_owned();
    assert_eq!(exposition.problems, [Problem::Delta { metric }]);
    assert_eq!(exposition.body, "# EOF\n");
}

#[test]
fn a_histogram_without_sum_writes_no_false_one() {
    let value = Histogram {
        sum: None,
        ..buckets(&[1.0], &[1, 1])
    };
    let [openmetrics, text] = both(vec![histogram("x", "", vec![point(&[], value)])]);
    assert_eq!(
        openmetrics,
        "# TYPE x histogram\nx_bucket{le=\"1.0\"} 1\nx_bucket{le=\"+Inf\"} 2\n# EOF\n"
    );
    assert_eq!(
        text,
        "# TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_count 2\n"
    );
}

#[test]
fn openmetrics_has_no_sum_beside_negative_values() {
    let negative_bound = point(&[KeyValue::new("a", 1)], buckets(&[-1.0], &[1, 1]));
    let negative_sum = point(
        &[KeyValue::new("a", 2)],
        Histogram {
            sum: Some(-3.0),
            ..buckets(&[1.0], &[1, 1])
        },
    );
    let [openmetrics, text] = both(vec![histogram("x", "", vec![negative_bound, negative_sum])]);
    assert!(!openmetrics.contains("_sum") && !openmetrics.contains("_count"));
    assert!(text.contains("x_sum{a=\"1\"} 2\n") && text.contains("x_sum{a=\"2\"} -3\n"));
}

#[test]
fn values_that_openmetrics_forbids_are_named() {
    let family = "x_total".to_owned();
    for forbidden in [-1.0, f64::NAN] {
        let points = vec![point(&[], Number::F64(forbidden))];
        let metrics = snapshot(vec![counter("x", "", points)]);
        let problems = openmetrics(&metrics).problems;
        let family = family.clone();
        assert_eq!(problems, [Problem::ForbiddenValue { family }]);
        assert_eq!(text(&metrics).problems, []);
    }
}

#[test]
fn a_gauge_may_be_any_double() {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let points = values.map(|value| point(&[KeyValue::new("a", value)], Number::F64(value)));
    let [openmetrics, text] = both(vec![gauge("x", "", points.to_vec())]);
    let lines = "x{a=\"NaN\"} NaN\nx{a=\"Infinity\"} +Inf\nx{a=\"-Infinity\"} -Inf\n";
    assert!(
        openmetrics.contains(lines) && text.ends_with(lines),
        "{text}"
    );
}

#[test]
fn an_empty_window_has_quantiles_that_are_no_number() {
    let value = Summary {
        count: 0,
        sum: 0.0,
        quantiles: vec![(0.5, f64::NAN)],
    };
    let attributes = [KeyValue::new("quantile", "mine")];
    let data = Data::Summary(vec![point(&attributes, value)]);
    assert_eq!(
        body(vec![metric("x", "", data)]),
        "# TYPE x summary\nx{exported_quantile=\"mine\",quantile=\"0.5\"} NaN\n\
         x_sum{exported_quantile=\"mine\"} 0.0\nx_count{exported_quantile=\"mine\"} 0\n# EOF\n"
    );
}

#[test]
fn exemplars_stay_off_what_cannot_carry_them() {
    let mut number = point(&[], Number::U64(1));
    number.exemplars = vec![exemplar(1.0, 1, 1)];
    let mut counted = number.clone();
    counted.exemplars.push(exemplar(2.0, 9, 9));
    let metrics = vec![
        gauge("g", "", vec![number]),
        counter("c", "", vec![counted]),
    ];
    let [openmetrics, text] = both(metrics);
    assert!(openmetrics.contains("\ng 1\n"));
    assert!(openmetrics.contains("\nc_total 1 # {trace_id=\"00000000000000000000000000000009\""));
    assert!(!text.contains(" # "));
}

#[test]
fn exemplars_of_exponential_histograms_sit_in_the_converted_bucket() {
    let value = ExponentialHistogram {
        count: 2,
        sum: Some(5.0),
        min: None,
        max: None,
        scale: 0,
        zero_count: 0,
        zero_threshold: 0.0,
        positive: ExponentialBuckets {
            offset: 0,
            counts: vec![1, 1],
        },
        negative: ExponentialBuckets::default(),
    };
    let mut only = point(&[], value);
    only.exemplars = vec![exemplar(2.0, 1, 1), exemplar(3.0, 1, 1)];
    let data = Data::ExponentialHistogram {
        points: vec![only],
        temporality: Temporality::Cumulative,
    };
    let written = body(vec![metric("x", "", data)]);
    let placed: Vec<&str> = written
        .lines()
        .filter(|line| line.contains(" # {"))
        .filter_map(|line| line.split_once('}').map(|(start, _)| start))
        .collect();
    assert_eq!(placed, ["x_bucket{le=\"2.0\"", "x_bucket{le=\"4.0\""]);
}

#[test]
fn a_page_can_omit_all_but_the_metrics() {
    let options = Options {
        scope_labels: false,
        target_info: false,
        suffixes: false,
        start_times: true,
    };
    let mut snapshot = snapshot(vec![
        counter("sent", "By", one(5)),
        counter("x_total", "", one(1)),
    ]);
    snapshot.scopes[0].scope = InstrumentationScope::builder("shop").build();
    snapshot.resource = Resource {
        attributes: vec![KeyValue::new("service.name", "shop")],
        schema_url: None,
    }
    .into();
    assert_eq!(
        openmetrics_with(&snapshot, &options).body,
        "# TYPE sent unknown\nsent 5\n# TYPE x counter\nx_total 1\nx_created 1700000000.000\n# EOF\n"
    );
    assert_eq!(
        text_with(&snapshot, &options).body,
        "# TYPE sent counter\nsent 5\n# TYPE x_total counter\nx_total 1\n"
    );
}

#[test]
fn problems_are_said_in_words() {
    assert_eq!(
        type_conflict("x", "y").to_string(),
        "metric `y` dropped: expected the type of the family `x`"
    );
}
