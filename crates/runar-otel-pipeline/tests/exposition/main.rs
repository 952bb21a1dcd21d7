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

fn labels(sample: &Sample) -> Vec<(String, String)> {
    sample.labels.clone()
}
