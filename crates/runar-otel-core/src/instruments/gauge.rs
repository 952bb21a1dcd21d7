//! The gauge: a value that goes up and down.

use std::{borrow::Cow, marker::PhantomData};

use super::handle::{Handle, builder_methods, register_methods, retire_methods, shared_method};
use crate::{
    labels::Labels,
    metric::{
        InstrumentKind,
        descriptor::Declaration,
        number::{GaugeNumber, NumberKind},
    },
};

/// A value that goes up and down: memory in use, open connections, a ratio.
///
/// Each series is one atomic, read when metrics are collected: `set`, `increment` and `decrement` from all
/// threads are exact, also before `init()`. A series that was never touched is not exported. A gauge has no
/// exemplars: its value is not a measurement of any one request.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::Gauge;
///
/// let connections = Gauge::new("active_connections", "Number of active connections").register();
/// connections.set(42.0);
/// connections.increment();
/// connections.set_with(7.0, &[("network", "mainnet")]);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a gauge shows what it is told"]
pub struct Gauge<T: GaugeNumber = f64> {
    handle: Handle,
    number: PhantomData<T>,
}

impl Gauge<f64> {
    /// Declares a gauge. Names and units: see [`name`](crate::metric::name).
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> GaugeBuilder<f64> {
        Self::of(name, description)
    }
}

impl<T: GaugeNumber> Gauge<T> {
    /// Declares a gauge of this number type. The first type registered under a name wins, others convert.
    pub fn of(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> GaugeBuilder<T> {
        let declaration = Declaration::new(
            InstrumentKind::Gauge,
            T::KIND,
            name.into(),
            description.into(),
        );
        GaugeBuilder {
            declaration,
            number: PhantomData,
        }
    }

    /// Sets the value. A gauge of `f64` takes any value, and exports NaN and infinity as such: NaN says that the value is
    /// unknown. It stays until the next `set`.
    pub fn set(&self, value: T) {
        self.handle.set(value.value(), &[]);
    }

    /// Adds 1 to the level.
    pub fn increment(&self) {
        self.add(T::one());
    }

    /// Adds 1. Short for [`increment`](Self::increment).
    pub fn inc(&self) {
        self.increment();
    }

    /// Subtracts 1 from the level.
    pub fn decrement(&self) {
        self.sub(T::one());
    }

    /// Subtracts 1. Short for [`decrement`](Self::decrement).
    pub fn dec(&self) {
        self.decrement();
    }

    /// Adds `n`. A value that is not finite is ignored: it would stay in the level for ever.
    pub fn add(&self, n: T) {
        self.handle.adjust(n.value(), &[]);
    }

    /// Subtracts `n`; a gauge of `u64` stops at 0.
    pub fn sub(&self, n: T) {
        self.handle.adjust(n.value().negated(), &[]);
    }

    /// Sets the value of the series with these labels, which win over those of the handle.
    pub fn set_with(&self, value: T, labels: Labels<'_>) {
        self.handle.set(value.value(), labels);
    }

    /// Adds 1 to the series with these labels.
    pub fn increment_with(&self, labels: Labels<'_>) {
        self.add_with(T::one(), labels);
    }

    /// Subtracts 1 from the series with these labels.
    pub fn decrement_with(&self, labels: Labels<'_>) {
        self.sub_with(T::one(), labels);
    }

    /// Adds `n` to the series with these labels.
    pub fn add_with(&self, n: T, labels: Labels<'_>) {
        self.handle.adjust(n.value(), labels);
    }

    /// Subtracts `n` from the series with these labels.
    pub fn sub_with(&self, n: T, labels: Labels<'_>) {
        self.handle.adjust(n.value().negated(), labels);
    }

    retire_methods!();

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            number: PhantomData,
        }
    }
}

/// Declares a [`Gauge`].
#[derive(Clone, Debug)]
#[must_use = "a declaration does something once it is registered"]
pub struct GaugeBuilder<T: GaugeNumber = f64> {
    declaration: Declaration,
    number: PhantomData<T>,
}

impl<T: GaugeNumber> GaugeBuilder<T> {
    builder_methods!();
    shared_method!();

    /// Marks the gauge as one that is set to whole numbers only; it still shows fractions that other handles set.
    pub(crate) fn of_whole_numbers(mut self) -> Self {
        self.declaration.values(NumberKind::I64);
        self
    }

    register_methods!(Gauge<T>);
}
