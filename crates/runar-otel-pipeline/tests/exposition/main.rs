//! Any snapshot gives an exposition that reads back: a strict reader against random names, labels and values.

mod any;
mod reader;

use proptest::prelude::*;
use runar_otel_pipeline::{
    bridge,
    encode::{console, exposition, otlp},
};

use self::reader::{Format, Sample, read};

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
        let read = written.map_err(|error| error.to_string()).and_then(|text| read(&text, Format::Foreign));
        prop_assert!(read.is_ok(), "{:?}", read.err());
    }

    #[test]
    fn both_ways_keep_the_same_series(snapshot in any::snapshot()) {
        let families = bridge::families(&snapshot);
        let theirs = prometheus::TextEncoder::new().encode_to_string(&families).unwrap();
        let theirs = read(&theirs, Format::Foreign).unwrap();
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
            let expected = vec![("key".to_owned(), value.clone())];
            prop_assert_eq!(samples.iter().map(labels).collect::<Vec<_>>(), vec![expected]);
        }
    }
}

/// Names and labels, without what the other encoder writes otherwise: bounds, and a sum where there is none.
fn series(samples: &[Sample]) -> Vec<(String, Vec<(String, String)>)> {
    let own = ["_bucket", "_sum"];
    let samples = samples.iter();
    samples
        .filter(|sample| !own.iter().any(|suffix| sample.name.ends_with(suffix)))
        .map(|sample| (sample.name.clone(), labels(sample)))
        .collect()
}

fn labels(sample: &Sample) -> Vec<(String, String)> {
    sample.labels.clone()
}
