//! The gauge: a value that goes up and down.

use std::{
    borrow::Cow,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

use crate::{
    cells::{Cell, Cells},
    descriptor::Declaration,
    gate::stream::InstrumentKind,
    handle::{Handle, Labels, builder_methods, register_methods},
    isolated,
    number::{GaugeNumber, NumberKind, Value},
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
    /// The series of the base labels, from its first use on. Only that of the process is kept: an isolated recorder
    /// may end before its handles do.
    own: Arc<OnceLock<Arc<Cell>>>,
    number: PhantomData<T>,
}

impl Gauge<f64> {
    /// Declares a gauge. Names and units: see [`name`](crate::name).
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

    /// Sets the value. One that is not finite is not exported.
    pub fn set(&self, value: T) {
        self.own(|cell| cell.set(value.value()));
    }

    /// Adds 1.
    pub fn increment(&self) {
        self.add(T::one());
    }

    /// Adds 1. Short for [`increment`](Self::increment).
    pub fn inc(&self) {
        self.increment();
    }

    /// Takes 1 away.
    pub fn decrement(&self) {
        self.sub(T::one());
    }

    /// Takes 1 away. Short for [`decrement`](Self::decrement).
    pub fn dec(&self) {
        self.decrement();
    }

    /// Adds `n`. One that is not finite is ignored: it would stay in the value for ever.
    pub fn add(&self, n: T) {
        self.change(n.value());
    }

    /// Takes `n` away; a gauge of `u64` stops at 0.
    pub fn sub(&self, n: T) {
        self.change(n.value().negated());
    }

    /// Sets the value of the series with these labels, which win over those of the handle.
    pub fn set_with(&self, value: T, labels: Labels<'_>) {
        self.with(labels, |cell| cell.set(value.value()));
    }

    /// Adds 1 to the series with these labels.
    pub fn increment_with(&self, labels: Labels<'_>) {
        self.add_with(T::one(), labels);
    }

    /// Takes 1 away from the series with these labels.
    pub fn decrement_with(&self, labels: Labels<'_>) {
        self.sub_with(T::one(), labels);
    }

    /// Adds `n` to the series with these labels.
    pub fn add_with(&self, n: T, labels: Labels<'_>) {
        self.with(labels, |cell| cell.add(n.value()));
    }

    /// Takes `n` away from the series with these labels.
    pub fn sub_with(&self, n: T, labels: Labels<'_>) {
        self.with(labels, |cell| cell.add(n.value().negated()));
    }

    /// Sets a number of any type.
    pub(crate) fn set_value(&self, value: Value, labels: Labels<'_>) {
        if labels.is_empty() {
            self.own(|cell| cell.set(value));
        } else {
            self.with(labels, |cell| cell.set(value));
        }
    }

    /// Adds a number of any type.
    pub(crate) fn change_with(&self, value: Value, labels: Labels<'_>) {
        if labels.is_empty() {
            self.change(value);
        } else {
            self.with(labels, |cell| cell.add(value));
        }
    }

    /// Counts something that begins (1) or ends (-1) in a gauge of what is under way.
    #[inline]
    pub(crate) fn count_by(&self, by: i64) {
        match self.own.get() {
            Some(cell) if !isolated::in_use() => cell.count_by(by),
            _ => self.find(|cell| cell.add(Value::I64(by))),
        }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    #[inline]
    fn change(&self, value: Value) {
        self.own(|cell| cell.add(value));
    }

    #[inline]
    fn own(&self, usage: impl FnOnce(&Cell)) {
        match self.own.get() {
            Some(cell) if !isolated::in_use() => usage(cell),
            _ => self.find(usage),
        }
    }

    /// The first use, or one beside isolated recorders.
    #[cold]
    fn find(&self, usage: impl FnOnce(&Cell)) {
        let Some(labels) = self.handle.labels() else {
            return;
        };
        if let Some(elsewhere) = self.handle.elsewhere() {
            if let Some(cells) = elsewhere.cells() {
                usage(&cells.cell(labels));
            }
            return;
        }
        let Some(instrument) = self.handle.instrument() else {
            return;
        };
        let Some(cells) = instrument.cells() else {
            return;
        };
        if instrument.home().is_process() {
            usage(self.own.get_or_init(|| cells.cell(labels)));
        } else {
            usage(&cells.cell(labels));
        }
    }

    fn with(&self, labels: Labels<'_>, usage: impl Fn(&Cell)) {
        let Some(base) = self.handle.base() else {
            return;
        };
        let use_of = |cells: &Arc<Cells>| cells.with_labels(base, labels, &usage);
        let own = || self.handle.instrument().and_then(|own| own.cells());
        match self.handle.elsewhere() {
            Some(elsewhere) => elsewhere.cells().map(use_of),
            None => own().map(use_of),
        };
    }

    pub(crate) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            own: Arc::default(),
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

    /// Says that only whole numbers are set, though it shows fractions if others set those.
    pub(crate) fn of_whole_numbers(mut self) -> Self {
        self.declaration.values(NumberKind::I64);
        self
    }

    register_methods!(Gauge<T>);
}
