//! The reservoir: keeps a few of many measurements. An extension point.

use std::{cell::OnceCell, time::SystemTime};

use opentelemetry::{Context, KeyValue};

use super::{Exemplar, MeasuredLabels, SpanLink};
use crate::{labels::LabelFilter, threads::context::with_context};

/// Keeps some of the measurements of one series between two collections.
///
/// OpenTelemetry specification, metrics SDK: *ExemplarReservoir*. Implementations are called on the
/// recording path, one call at a time: `offer` should be short and should not allocate. A reservoir may record: that is
/// counted, and offered to no custom reservoir. A thread of its own drops it.
///
/// # Examples
///
/// A reservoir that keeps the largest value:
///
/// ```
/// use runar_otel_core::exemplar::{Exemplar, ExemplarReservoir, Measurement};
///
/// #[derive(Default)]
/// struct Largest(Option<Exemplar>);
///
/// impl ExemplarReservoir for Largest {
///     fn offer(&mut self, measurement: &Measurement<'_>) {
///         if self.0.as_ref().is_none_or(|kept| kept.value < measurement.value()) {
///             self.0 = Some(measurement.to_exemplar());
///         }
///     }
///
///     fn collect(&mut self) -> Vec<Exemplar> {
///         self.0.take().into_iter().collect()
///     }
/// }
/// ```
pub trait ExemplarReservoir: Send {
    /// Offers a measurement that has passed the filter and is already counted.
    fn offer(&mut self, measurement: &Measurement<'_>);

    /// Hands over what was kept and starts anew.
    fn collect(&mut self) -> Vec<Exemplar>;
}

/// A measurement as offered to a reservoir.
///
/// The clock is read and attributes are copied only when the reservoir asks for them.
#[derive(Debug)]
pub struct Measurement<'a> {
    value: f64,
    origin: MeasuredLabels<'a>,
    filter: Option<&'a LabelFilter>,
    span: Option<SpanLink>,
    /// The time of a value that a callback observed; `None` for a value recorded now.
    time: Option<SystemTime>,
    attributes: OnceCell<Vec<KeyValue>>,
}

impl<'a> Measurement<'a> {
    pub(crate) fn new(
        value: f64,
        origin: MeasuredLabels<'a>,
        filter: Option<&'a LabelFilter>,
        span: Option<SpanLink>,
    ) -> Self {
        Self {
            value,
            origin,
            filter,
            span,
            time: None,
            attributes: OnceCell::new(),
        }
    }

    /// Sets the time of a value that a callback observed.
    pub(crate) fn at(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// The value, in the unit of the metric.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the attributes of the measurement, sorted by key, with those that a view removes. Copies them when
    /// called first.
    #[must_use]
    pub fn attributes(&self) -> &[KeyValue] {
        self.attributes.get_or_init(|| self.origin.to_key_values())
    }

    /// The ids of the active span; `None` without one.
    #[must_use]
    pub fn span(&self) -> Option<SpanLink> {
        self.span
    }

    /// The context in which the measurement is taken, an empty one at the end of a thread. Costs a clone.
    #[must_use]
    pub fn context(&self) -> Context {
        with_context(Context::clone).unwrap_or_default()
    }

    /// The time of the measurement. Reads the clock, unless a callback observed the value.
    #[must_use]
    pub fn timestamp(&self) -> SystemTime {
        self.time.unwrap_or_else(SystemTime::now)
    }

    /// Makes an exemplar of the measurement, with the current time and the attributes that a view removed.
    #[must_use]
    pub fn to_exemplar(&self) -> Exemplar {
        let filtered_attributes = self
            .filter
            .map_or_else(Vec::new, |filter| filter.removed(self.attributes()));
        Exemplar {
            value: self.value,
            time: self.timestamp(),
            filtered_attributes,
            span: self.span,
        }
    }
}
