//! The timer: the duration of an operation, linked to the span in which it happens.

use std::{borrow::Cow, future::Future, time::Duration};

use tracing::Instrument as _;

use super::{
    handle::{Handle, builder_methods},
    histogram::Histogram,
    timer_handle::TimerHandle,
};
use crate::metric::{
    Aggregation, InstrumentKind, descriptor::Declaration, error::RegisterError, number::NumberKind,
};

/// Measures durations of operations: a histogram, in seconds unless its unit says otherwise.
///
/// A measurement carries the ids of the span that was active when the timer was *started*, also when it is stopped
/// on another task. With [`with_span`](TimerBuilder::with_span) every start opens a child span of the timer's
/// name, whose duration is the recorded value (within microseconds) and to which the exemplar leads.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::Timer;
///
/// let operation = Timer::new("operation_duration_seconds", "Time to complete operation").register();
///
/// let handle = operation.start();
/// // ... the work ...
/// handle.stop();
///
/// let sum = operation.time(|| 1 + 1);
/// assert_eq!(sum, 2);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a timer measures once it is started"]
pub struct Timer {
    histogram: Histogram<f64>,
    /// The name of the span that every start opens.
    span: Option<Cow<'static, str>>,
}

impl Timer {
    /// Declares a timer. Names and units: see [`name`](crate::metric::name); the unit is `s` unless the name's suffix
    /// or `with_unit` says otherwise.
    #[expect(
        clippy::new_ret_no_self,
        reason = "the specification's API: new declares, register makes"
    )]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> TimerBuilder {
        let (name, description) = (name.into(), description.into());
        let mut declaration = Declaration::new(
            InstrumentKind::Histogram,
            NumberKind::F64,
            name.clone(),
            description,
        );
        if crate::metric::name::unit_of_name(&name).is_none() {
            declaration.unit("s".into());
        }
        TimerBuilder {
            declaration,
            span: None,
            name,
        }
    }

    /// Ends the series of the handle; see [`Histogram::retire`](crate::Histogram::retire).
    pub fn retire(&self) {
        self.histogram.retire();
    }

    /// Starts to measure. The handle records when it is stopped or dropped.
    pub fn start(&self) -> TimerHandle {
        TimerHandle::start(self.histogram.handle().clone(), self.span.as_deref())
    }

    /// Measures a function. Its span, if the timer has one, is active inside.
    pub fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        let handle = self.start();
        handle.span().clone().in_scope(work)
    }

    /// Measures a future, from its first poll to its end or drop. Its span, if the timer has one, is active inside.
    pub async fn time_async<F: Future>(&self, work: F) -> F::Output {
        let handle = self.start();
        let span = handle.span().clone();
        work.instrument(span).await
    }

    /// Records a duration that was measured elsewhere.
    pub fn observe(&self, duration: Duration) {
        self.histogram.observe_duration(duration);
    }
}

/// Declares a [`Timer`].
#[derive(Clone, Debug)]
#[must_use = "a declaration does something once it is registered"]
pub struct TimerBuilder {
    declaration: Declaration,
    name: Cow<'static, str>,
    span: Option<Cow<'static, str>>,
}

impl TimerBuilder {
    builder_methods!();

    /// Sets the upper, inclusive bucket bounds, ascending, in the unit of the timer.
    pub fn with_buckets(mut self, bounds: Vec<f64>) -> Self {
        self.declaration.buckets(bounds);
        self
    }

    /// Makes the metric a base-2 exponential histogram, see
    /// [`HistogramBuilder::exponential`](crate::HistogramBuilder::exponential).
    pub fn exponential(mut self) -> Self {
        self.declaration.descriptor.aggregation = Aggregation::exponential();
        self
    }

    /// Opens a child span of the timer's name with every start (target `runar_otel::timer`, level `INFO`).
    pub fn with_span(mut self) -> Self {
        self.span = Some(self.name.clone());
        self
    }

    /// Registers the timer and returns it; see [`CounterBuilder::register`](crate::CounterBuilder::register).
    #[track_caller]
    pub fn register(self) -> Timer {
        let handle = Handle::register(&self.declaration, std::panic::Location::caller());
        Timer {
            histogram: Histogram::from_handle(handle),
            span: self.span,
        }
    }

    /// Registers the timer strictly.
    ///
    /// # Errors
    /// An invalid name, unit, label or bucket bound; a name that is taken by another kind or with another unit.
    #[track_caller]
    pub fn try_register(self) -> Result<Timer, RegisterError> {
        let handle = Handle::try_register(&self.declaration, std::panic::Location::caller())?;
        Ok(Timer {
            histogram: Histogram::from_handle(handle),
            span: self.span,
        })
    }
}
