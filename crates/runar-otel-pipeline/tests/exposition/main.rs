//! Any snapshot gives an exposition that reads back: a strict reader against random names, labels and values.

mod any;
mod strict;

use proptest::prelude::*;
use runar_otel_pipeline::{
    bridge,
    encode::{console, exposition, otlp},
};
use runar_otel_testing::{Labels, Sample};

use self::strict::{Format, read};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn openmetrics_reads_back(snapshot in any::snapshot()) {
        let exposition = exposition::openmetrics(&snapshot);
        let read = read(&exposition.body, Format::OpenMetrics);
        prop_assert!(read.is_ok(), "{:?}\n{}", read.err(), exposition.body);
    }

    #[test]
    fn text_reads_back(snapshot in any::snapshot()) {
        let exposition = exposition::text(&snapshot);
        let read = read(&exposition.body, Format::Text);
        prop_assert!(read.is_ok(), "{:?}\n{}", read.err(), exposition.body);
    }

    #[test]
    fn their_encoder_takes_our_families(snapshot in any::snapshot()) {
        let families = bridge::families(&snapshot);
        let written = prometheus::TextEncoder::new().encode_to_string(&families);
        let read = written.map_err(|error| error.to_string()).and_then(|text| read(&text, Format::Text));
        prop_assert!(read.is_ok(), "{:?}", read.err());
    }

    #[test]
    fn both_ways_keep_the_same_series(snapshot in any::snapshot()) {
        let families = bridge::families(&snapshot);
        let theirs = prometheus::TextEncoder::new().encode_to_string(&families).unwrap();
        let theirs = read(&theirs, Format::Text).unwrap();
        let ours = read(&exposition::text(&snapshot).body, Format::Text).unwrap();
        prop_assert_eq!(series(&ours), series(&theirs));
    }

    #[test]
    fn nothing_panics(snapshot in any::snapshot()) {
        let _ = otlp::encode(&snapshot);
        let _ = console::text(&snapshot);
    }

    #[test]
    fn label_values_survive_escaping(value in any::text()) {
        prop_assume!(!value.is_empty());
        let snapshot = any::gauge_with("key", &value);
        for (body, format) in [
            (exposition::openmetrics(&snapshot).body, Format::OpenMetrics),
            (exposition::text(&snapshot).body, Format::Text),
        ] {
            let samples = read(&body, format).unwrap();
            let expected = Labels::from([("key".to_owned(), value.clone())]);
            prop_assert_eq!(samples.iter().map(|sample| &sample.labels).collect::<Vec<_>>(), [&expected]);
        }
    }
}

/// Names and labels, without what the other encoder writes otherwise: bounds, and a sum where there is none.
fn series(samples: &[Sample]) -> Vec<(&str, &Labels)> {
    let own = ["_bucket", "_sum"];
    let samples = samples.iter();
    samples
        .filter(|sample| !own.iter().any(|suffix| sample.name.ends_with(suffix)))
        .map(|sample| (sample.name.as_str(), &sample.labels))
        .collect()
}

#[test]
fn departures_from_the_format_are_refused() {
    let right = "# TYPE a_s histogram\n# UNIT a_s s\na_s_bucket{le=\"1\"} 1 # {b=\"c\"} 1 2\na_s_bucket{le=\"+Inf\"} 1\n# EOF\n";
    assert!(read(right, Format::OpenMetrics).is_ok());
    for (part, wrong) in [
        ("# EOF\n", ""),
        ("# UNIT a_s s\n", "\n"),
        ("# UNIT a_s s\n", "# TYPE a_s histogram\n"),
        ("# UNIT a_s s\n", "# UNIT a_s m\n"),
        ("histogram", "gauge"),
        ("+Inf", "2"),
        ("+Inf", "1"),
        ("+Inf\"} 1", "+Inf\"} 0"),
        ("+Inf\"} 1", "+Inf\"} 1 5"),
        ("+Inf\"", "+Inf\",b=\"\""),
        ("} 1 2", "} 1"),
        ("} 1 2", "} 3 2"),
    ] {
        let page = right.replace(part, wrong);
        assert!(read(&page, Format::OpenMetrics).is_err(), "{page}");
    }
    assert!(read(right, Format::Text).is_err(), "an exemplar");
}
