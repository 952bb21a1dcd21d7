//! The labels of a measurement, at the place where they are held.

use opentelemetry::{Key, KeyValue};

use crate::labels::{LabelSet, Labels, SortedLabels};

/// The labels of a measurement, before any view took some away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MeasuredLabels<'a> {
    /// The labels of a series that a handle holds.
    Set(&'a LabelSet),
    /// The labels of a handle, and those given with the measurement.
    Joined(&'a LabelSet, Labels<'a>),
    /// Attributes of the OpenTelemetry API.
    Attributes(&'a [KeyValue]),
}

impl MeasuredLabels<'_> {
    /// The labels in canonical form.
    pub(crate) fn to_key_values(self) -> Vec<KeyValue> {
        match self {
            Self::Set(set) => set.to_key_values(),
            Self::Joined(base, labels) => key_values(&SortedLabels::joined(base, labels)),
            Self::Attributes(attributes) => key_values(&SortedLabels::of(attributes)),
        }
    }
}

fn key_values(sorted: &SortedLabels<'_>) -> Vec<KeyValue> {
    let labels = sorted.as_slice().iter();
    labels
        .map(|(name, value)| KeyValue::new(Key::from((*name).to_owned()), value.to_value()))
        .collect()
}
