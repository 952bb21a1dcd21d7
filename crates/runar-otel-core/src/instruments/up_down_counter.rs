//! The up-down counter: a sum that grows and shrinks.

use std::{borrow::Cow, marker::PhantomData};

use super::handle::{Handle, builder_methods, register_methods, retire_methods};
use crate::{
    labels::Labels,
    metric::{InstrumentKind, descriptor::Declaration, number::UpDownNumber},
};

/// A sum that grows and shrinks: queue lengths, open connections, as far as they are counted by changes.
///
/// Where the value itself is known, or is set, a [`Gauge`](crate::Gauge) is the better choice.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::UpDownCounter;
///
/// let queued = UpDownCounter::new("queue_length", "Jobs that wait").with_unit("{job}").register();
/// queued.add(3);
/// queued.decrement();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a counter counts when it is told to"]
pub struct UpDownCounter<T: UpDownNumber = i64> {
    handle: Handle,
    number: PhantomData<T>,
}

impl UpDownCounter<i64> {
    /// Declares an up-down counter of whole numbers. Names and units: see [`name`](crate::metric::name).
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> UpDownCounterBuilder<i64> {
        Self::of(name, description)
    }
}

impl<T: UpDownNumber> UpDownCounter<T> {
    /// Declares an up-down counter of this number type. The first type registered under a name wins, others
    /// convert.
    pub fn of(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> UpDownCounterBuilder<T> {
        let declaration = Declaration::new(
            InstrumentKind::UpDownCounter,
            T::KIND,
            name.into(),
            description.into(),
        );
        UpDownCounterBuilder {
            declaration,
            number: PhantomData,
        }
    }

    /// Adds 1 to the series of the handle.
    pub fn increment(&self) {
        self.handle.record(T::one().value());
    }

    /// Adds 1. Short for [`increment`](Self::increment).
    pub fn inc(&self) {
        self.increment();
    }

    /// Subtracts 1 from the series of the handle.
    pub fn decrement(&self) {
        self.handle.record(T::one().value().negated());
    }

    /// Subtracts 1. Short for [`decrement`](Self::decrement).
    pub fn dec(&self) {
        self.decrement();
    }

    /// Adds `n`, which may be negative. A value that is not finite is dropped.
    pub fn add(&self, n: T) {
        self.handle.record(n.value());
    }

    /// Adds 1 to the series with these labels, which win over those of the handle.
    pub fn increment_with(&self, labels: Labels<'_>) {
        self.handle.record_with(T::one().value(), labels);
    }

    /// Subtracts 1 from the series with these labels.
    pub fn decrement_with(&self, labels: Labels<'_>) {
        self.handle.record_with(T::one().value().negated(), labels);
    }

    /// Adds `n`, which may be negative, to the series with these labels.
    pub fn add_with(&self, n: T, labels: Labels<'_>) {
        self.handle.record_with(n.value(), labels);
    }

    retire_methods!();

    pub(crate) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            number: PhantomData,
        }
    }
}

/// Declares an [`UpDownCounter`].
#[derive(Clone, Debug)]
#[must_use = "a declaration does something once it is registered"]
pub struct UpDownCounterBuilder<T: UpDownNumber = i64> {
    declaration: Declaration,
    number: PhantomData<T>,
}

impl<T: UpDownNumber> UpDownCounterBuilder<T> {
    builder_methods!();
    register_methods!(UpDownCounter<T>);
}
