//! The parts of a page: families, samples and exemplars.

use crate::series::{Kind, Labels};

/// A metric of a page with its samples.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Family {
    /// The name, as the `TYPE` line has it.
    pub name: String,
    /// The type; [`Kind::Unknown`] without a `TYPE` line, and for types that are none of ours.
    pub kind: Kind,
    /// The unit; empty without a `UNIT` line.
    pub unit: String,
    /// The description; empty without a `HELP` line.
    pub help: String,
    /// The samples, in the order of the page.
    pub samples: Vec<Sample>,
}

/// A sample: a line with name, labels and value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// The name, suffix included.
    pub name: String,
    /// The labels, unescaped.
    pub labels: Labels,
    /// The value; may be infinite or not a number.
    pub value: f64,
    /// The time, in seconds in OpenMetrics, in milliseconds in the text format; samples rarely have one.
    pub timestamp: Option<f64>,
    /// The exemplar; OpenMetrics only.
    pub exemplar: Option<PageExemplar>,
}

/// The exemplar of a sample.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PageExemplar {
    /// The labels, among them `trace_id` and `span_id`.
    pub labels: Labels,
    /// The measured value.
    pub value: f64,
    /// The time of the measurement, in seconds since 1970; `None` if the page has none.
    pub timestamp: Option<f64>,
}

impl Family {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Unknown,
            unit: String::new(),
            help: String::new(),
            samples: Vec::new(),
        }
    }

    /// True if a sample of this name belongs to the family.
    pub(super) fn owns(&self, sample: &str) -> bool {
        let Some(suffix) = sample.strip_prefix(self.name.as_str()) else {
            return false;
        };
        match self.kind {
            Kind::Counter => ["_total", "_created", ""].contains(&suffix),
            Kind::Histogram => ["_bucket", "_sum", "_count", "_created"].contains(&suffix),
            Kind::Summary => ["", "_sum", "_count", "_created"].contains(&suffix),
            Kind::Info => suffix == "_info",
            Kind::Gauge | Kind::UpDownCounter => suffix.is_empty(),
            // `gaugehistogram` and `stateset` land here as well.
            Kind::Unknown => ["", "_bucket", "_gsum", "_gcount"].contains(&suffix),
        }
    }
}
