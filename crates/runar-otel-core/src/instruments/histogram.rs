//! The histogram: a distribution of values.

use std::{borrow::Cow, marker::PhantomData, time::Duration};

use super::{
    handle::{Handle, builder_methods, register_methods, retire_methods, shared_method},
    timer_handle::TimerHandle,
};
use crate::{
    labels::Labels,
    metric::{
        Aggregation, InstrumentKind,
        descriptor::{Declaration, Joining},
        number::HistogramNumber,
    },
};

/// A distribution of values: durations, sizes.
///
/// Inside a sampled span each bucket keeps a link to a trace (an exemplar). A histogram in seconds (unit `s`, or
/// a name that ends in `_seconds`) has the buckets of the semantic conventions,
/// [`SECONDS_BUCKETS`](crate::metric::name::SECONDS_BUCKETS); any other one has
/// [`DEFAULT_BUCKETS`](crate::metric::name::DEFAULT_BUCKETS), unless it says so.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::Histogram;
///
/// let response_time = Histogram::new("http_response_time_seconds", "HTTP response time in seconds")
///     .with_buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0])
///     .register();
/// response_time.observe(0.42);
///
/// let timer = response_time.start_timer();
/// // ... the work ...
/// timer.stop();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a histogram counts what it observes"]
pub struct Histogram<T: HistogramNumber = f64> {
    handle: Handle,
    number: PhantomData<T>,
}

impl Histogram<f64> {
    /// Declares a histogram. Names and units: see [`name`](crate::metric::name).
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> HistogramBuilder<f64> {
        Self::of(name, description)
    }
}

impl<T: HistogramNumber> Histogram<T> {
    /// Declares a histogram of this number type. The first type registered under a name wins, others convert.
    pub fn of(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> HistogramBuilder<T> {
        let declaration = Declaration::new(
            InstrumentKind::Histogram,
            T::KIND,
            name.into(),
            description.into(),
        );
        HistogramBuilder {
            declaration,
            number: PhantomData,
        }
    }

    /// Counts a value. A value that is not finite is dropped.
    pub fn observe(&self, value: T) {
        self.handle.observe(value.value());
    }

    /// Counts a value in the series with these labels, which win over those of the handle.
    pub fn observe_with(&self, value: T, labels: Labels<'_>) {
        self.handle.record_with(value.value(), labels);
    }

    /// Counts a duration, in the unit of the histogram: `s` unless its unit is `ms`, `us`, `ns`, `min`, `h` or `d`.
    pub fn observe_duration(&self, duration: Duration) {
        self.handle.observe(self.handle.duration(duration));
    }

    /// Counts a duration in the series with these labels, which win over those of the handle.
    pub fn observe_duration_with(&self, duration: Duration, labels: Labels<'_>) {
        self.handle
            .record_with(self.handle.duration(duration), labels);
    }

    /// Starts a timer that counts its duration here, when stopped or dropped, in the unit of the histogram.
    pub fn start_timer(&self) -> TimerHandle {
        TimerHandle::start(self.handle.clone(), None)
    }

    retire_methods!();

    pub(crate) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            number: PhantomData,
        }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Declares a [`Histogram`].
#[derive(Clone, Debug)]
#[must_use = "a declaration does something once it is registered"]
pub struct HistogramBuilder<T: HistogramNumber = f64> {
    declaration: Declaration,
    number: PhantomData<T>,
}

impl<T: HistogramNumber> HistogramBuilder<T> {
    builder_methods!();
    shared_method!();

    /// Sets the upper, inclusive bucket bounds, ascending; `+Inf` is implied. None means count and sum only.
    ///
    /// Two histograms of one name with different buckets both keep theirs, each in a scope of its own.
    pub fn with_buckets(mut self, bounds: Vec<f64>) -> Self {
        self.declaration.buckets(bounds);
        self
    }

    /// Makes the metric a base-2 exponential histogram: no bounds to choose, 160 buckets that fit the values.
    ///
    /// Over OTLP it stays one; the text formats of the pull endpoint show it with bounds that are powers of two.
    pub fn exponential(mut self) -> Self {
        self.declaration.descriptor.aggregation = Aggregation::exponential();
        self
    }

    /// Sets the bucket bounds of one among several histograms of the name: the others keep the common scope.
    pub(crate) fn with_buckets_apart(mut self, bounds: Vec<f64>) -> Self {
        self.declaration.descriptor.joining = Joining::Apart;
        self.with_buckets(bounds)
    }

    /// Keeps the default buckets even if a histogram of the name has others.
    pub(crate) fn with_default_buckets(mut self) -> Self {
        self.declaration.descriptor.joining = Joining::SameBuckets;
        self
    }

    register_methods!(Histogram<T>);
}
