//! The identity of a stream.

use std::borrow::Cow;

use runar_otel_core::gate::stream::Shape;

use super::collected::CollectedMetric;

/// What identifies a stream within its scope.
///
/// OpenTelemetry specification, metrics SDK: *Duplicate instrument registration*: names are compared
/// without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamId {
    name: String,
    unit: Cow<'static, str>,
    shape: Shape,
}

impl StreamId {
    /// Identifies the stream of this name, unit and shape.
    #[must_use]
    pub fn new(name: &str, unit: Cow<'static, str>, shape: Shape) -> Self {
        Self {
            name: name.to_ascii_lowercase(),
            unit,
            shape,
        }
    }

    pub(super) fn of(metric: &CollectedMetric) -> Self {
        Self::new(&metric.name, metric.unit.clone(), metric.data.shape())
    }
}
