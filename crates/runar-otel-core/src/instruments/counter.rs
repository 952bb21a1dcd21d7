//! The counter: a sum that only grows.

use std::{borrow::Cow, marker::PhantomData};

use super::handle::{Handle, builder_methods, register_methods, retire_methods, shared_method};
use crate::{
    labels::Labels,
    metric::{
        InstrumentKind,
        descriptor::Declaration,
        name::SCOPE_NAME,
        number::{CounterNumber, Value},
        refusal::refuse,
    },
};

/// A sum that only grows: requests, bytes, errors.
///
/// A handle is cheap to clone, and can be made and used before `init()`: the first 4096 measurements of a process, of
/// all its handles, wait for the first `init()`. After a shutdown it does nothing until the next one.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::Counter;
///
/// let requests = Counter::new("http_requests_total", "Total HTTP requests")
///     .with_label("service", "api_gateway")
///     .register();
/// requests.increment();
/// requests.add(2);
/// requests.inc_by_with(1, &[("method", "GET")]);
///
/// let energy = Counter::<f64>::of("energy_joules_total", "Energy used").register();
/// energy.add(0.25);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a counter counts when it is told to"]
pub struct Counter<T: CounterNumber = u64> {
    handle: Handle,
    number: PhantomData<T>,
}

impl Counter<u64> {
    /// Declares a counter of whole numbers. Names and units: see [`name`](crate::metric::name).
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> CounterBuilder<u64> {
        Self::of(name, description)
    }
}

impl<T: CounterNumber> Counter<T> {
    /// Declares a counter of this number type. The first type registered under a name wins, others convert.
    pub fn of(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> CounterBuilder<T> {
        let declaration = Declaration::new(
            InstrumentKind::Counter,
            T::KIND,
            name.into(),
            description.into(),
        );
        CounterBuilder {
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

    /// Adds `n`. A value that is negative or not finite is refused and reported once.
    pub fn add(&self, n: T) {
        if self.accepts(n.value()) {
            self.handle.record(n.value());
        }
    }

    /// Adds `n`. The same as [`add`](Self::add).
    pub fn inc_by(&self, n: T) {
        self.add(n);
    }

    /// Adds 1 to the series with these labels.
    pub fn increment_with(&self, labels: Labels<'_>) {
        self.handle.record_with(T::one().value(), labels);
    }

    /// Adds 1 to the series with these labels. Short for [`increment_with`](Self::increment_with).
    pub fn inc_with(&self, labels: Labels<'_>) {
        self.increment_with(labels);
    }

    /// Adds `n` to the series with these labels, which win over those of the handle.
    pub fn add_with(&self, n: T, labels: Labels<'_>) {
        if self.accepts(n.value()) {
            self.handle.record_with(n.value(), labels);
        }
    }

    /// Adds `n` to the series with these labels. The same as [`add_with`](Self::add_with).
    pub fn inc_by_with(&self, n: T, labels: Labels<'_>) {
        self.add_with(n, labels);
    }

    retire_methods!();

    /// Adds a number of any type.
    pub(crate) fn change(&self, value: Value, labels: Labels<'_>) {
        if !self.accepts(value) {
            return;
        }
        if labels.is_empty() {
            self.handle.record(value);
        } else {
            self.handle.record_with(value, labels);
        }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    fn accepts(&self, value: Value) -> bool {
        let accepted = !value.is_negative() && value.is_finite();
        if !accepted {
            self.refuse(value);
        }
        accepted
    }

    #[cold]
    fn refuse(&self, value: Value) {
        let Some(descriptor) = self.handle.descriptor() else {
            return;
        };
        let kind = InstrumentKind::Counter;
        refuse(SCOPE_NAME, &descriptor.name, kind, value.as_f64());
    }

    pub(crate) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            number: PhantomData,
        }
    }
}

/// Declares a [`Counter`].
#[derive(Clone, Debug)]
#[must_use = "a declaration does something once it is registered"]
pub struct CounterBuilder<T: CounterNumber = u64> {
    declaration: Declaration,
    number: PhantomData<T>,
}

impl<T: CounterNumber> CounterBuilder<T> {
    builder_methods!();
    shared_method!();
    register_methods!(Counter<T>);
}
