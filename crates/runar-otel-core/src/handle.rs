//! The handle: an instrument with base labels, shared by its clones.

use std::{panic::Location, sync::Arc, time::Duration};

use opentelemetry::KeyValue;

use crate::{
    attributes::{Attributes, canonical},
    catalogue::registered,
    cells::Cells,
    descriptor::{Declaration, Descriptor},
    duration::TimeUnit,
    early,
    error::RegisterError,
    gate::BoundSeries,
    instrument::{Instrument, Recorder, Series},
    isolated,
    number::Value,
    registry, report,
};

/// Labels given with one measurement: name and value.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// What every handle has inside. One of a refused registration has nothing and does nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handle(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    instrument: Arc<Instrument>,
    /// The series of the base labels.
    own: Series,
    /// The hash of the base labels, see [`Interned`](crate::interned::Interned).
    seed: u64,
}

impl Handle {
    /// Registers strictly: what is not done as asked is an error.
    pub(crate) fn try_register(
        declaration: &Declaration,
        at: &'static Location<'static>,
    ) -> Result<Self, RegisterError> {
        let descriptor = declaration.descriptor(at)?;
        registered::note(&descriptor, &declaration.labels);
        let registered = registry::register(descriptor);
        match (registered.instrument, registered.conflict) {
            (Some(instrument), None) => Ok(Self::new(instrument, declaration)),
            (_, Some(conflict)) => Err(conflict),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Registers as far as it goes and reports the rest, once.
    pub(crate) fn register(declaration: &Declaration, at: &'static Location<'static>) -> Self {
        let descriptor = match declaration.descriptor(at) {
            Ok(descriptor) => descriptor,
            Err(refused) => {
                report::once(("refused", refused.to_string()), || {
                    format!("{refused}; it records nothing")
                });
                return Self::default();
            }
        };
        registered::note(&descriptor, &declaration.labels);
        let registered = registry::register(descriptor);
        report_conflict(registered.conflict.as_ref());
        registered
            .instrument
            .map(|instrument| Self::new(instrument, declaration))
            .unwrap_or_default()
    }

    fn new(instrument: Arc<Instrument>, declaration: &Declaration) -> Self {
        let labels: Vec<(&str, &str)> = declaration
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let labels = instrument.sets().merged(&canonical(&[]), &labels);
        Self(Some(Arc::new(Shared {
            seed: instrument.sets().base(&labels),
            instrument,
            own: Series::new(&labels),
        })))
    }

    pub(crate) fn descriptor(&self) -> Option<&Descriptor> {
        self.0.as_ref().map(|shared| shared.instrument.descriptor())
    }

    pub(crate) fn instrument(&self) -> Option<&Arc<Instrument>> {
        self.0.as_ref().map(|shared| &shared.instrument)
    }

    pub(crate) fn labels(&self) -> Option<&Attributes> {
        self.0.as_ref().map(|shared| &shared.own.labels)
    }

    /// The base labels and their hash, see [`Interned`](crate::interned::Interned).
    pub(crate) fn base(&self) -> Option<(&Attributes, u64)> {
        self.0
            .as_ref()
            .map(|shared| (&shared.own.labels, shared.seed))
    }

    /// A duration in the unit of the metric, seconds unless that is another unit of time.
    pub(crate) fn duration(&self, duration: Duration) -> Value {
        self.time_unit().value(duration)
    }

    /// The unit of the metric's durations: to be asked once where many are recorded.
    pub(crate) fn time_unit(&self) -> TimeUnit {
        TimeUnit::of(self.descriptor().map(|descriptor| descriptor.unit.as_str()))
    }

    /// Records into the series of the base labels. What is not finite is dropped: converted to a whole number it would
    /// be the largest one.
    #[inline]
    pub(crate) fn record(&self, value: Value) {
        let Some(shared) = &self.0 else { return };
        if !value.is_finite() {
            return;
        }
        if !shared.own.record_at_hand(value) {
            shared.record_base(value);
        }
    }

    /// Records into the series of the base labels and these; of one name, these win. What is not finite is dropped.
    pub(crate) fn record_with(&self, value: Value, labels: Labels<'_>) {
        let Some(shared) = &self.0 else { return };
        if !value.is_finite() {
            return;
        }
        let base = &shared.own.labels;
        match shared.instrument.at_hand() {
            Some(None) => return,
            Some(Some(_)) => {}
            None => {
                if let Some(elsewhere) = shared.elsewhere() {
                    return elsewhere.record(value, &shared.instrument.sets().merged(base, labels));
                }
            }
        }
        let sets = shared.instrument.sets();
        match sets.get((base, shared.seed), labels, Series::new) {
            Some(series) => {
                if !series.record_at_hand(value) {
                    shared.record(series, value);
                }
            }
            None => shared.record_once(value, &sets.merged(base, labels)),
        }
    }

    /// The series of the base labels in the provider that everything goes to, see [`Late::at_hand`](crate::late::Late::at_hand).
    pub(crate) fn at_hand(&self) -> Option<Option<&BoundSeries>> {
        self.0.as_ref().and_then(|shared| shared.own.at_hand())
    }

    /// The instrument that stands for this one in the isolated recorder that is current.
    #[inline]
    pub(crate) fn elsewhere(&self) -> Option<Elsewhere> {
        self.0.as_ref().and_then(|shared| shared.elsewhere())
    }
}

/// What a handle records to while an isolated recorder is current that is not its own.
pub(crate) struct Elsewhere(Option<Arc<Instrument>>);

impl Elsewhere {
    fn record(&self, value: Value, labels: &[KeyValue]) {
        if let Some(instrument) = &self.0 {
            let _ = instrument.with(|recorder| recorder.record(value, labels));
        }
    }

    pub(crate) fn cells(&self) -> Option<&Arc<Cells>> {
        self.0.as_ref().and_then(|instrument| instrument.cells())
    }
}

impl Shared {
    #[inline]
    fn elsewhere(&self) -> Option<Elsewhere> {
        if !isolated::in_use() && self.instrument.home().is_process() {
            return None;
        }
        self.find_elsewhere()
    }

    #[cold]
    fn find_elsewhere(&self) -> Option<Elsewhere> {
        let (home, descriptor) = (self.instrument.home(), self.instrument.descriptor());
        let registered = match isolated::current() {
            Some(isolated) if isolated.registry().home().is(home) => return None,
            Some(isolated) => isolated.registry().register(descriptor.clone()),
            // Its recorder has ended, it has not: a static that was first used inside.
            None if home.has_ended() => registry::register(descriptor.clone()),
            None => return None,
        };
        // Of two units the first one stays, as it does in the process: said there. Of two kinds nothing is recorded.
        if registered.instrument.is_none() {
            report_conflict(registered.conflict.as_ref());
        }
        Some(Elsewhere(registered.instrument))
    }

    /// Records into the series of the base labels, wherever that is.
    #[cold]
    fn record_base(&self, value: Value) {
        match self.elsewhere() {
            Some(elsewhere) => elsewhere.record(value, &self.own.labels),
            None => self.record(&self.own, value),
        }
    }

    /// Records into a series of the instrument; keeps the measurement if there is no provider yet.
    fn record(&self, series: &Series, value: Value) {
        if !series.record(&self.instrument, self.instrument.home().provider(), value) {
            early::keep(&self.instrument, value, || series.labels.clone());
        }
    }

    /// Records into a series that is not kept.
    fn record_once(&self, value: Value, labels: &Attributes) {
        let record = |recorder: &Recorder| recorder.record(value, labels);
        if self.instrument.with(record).is_none() {
            early::keep(&self.instrument, value, || labels.clone());
        }
    }
}

fn report_conflict(conflict: Option<&RegisterError>) {
    if let Some(conflict) = conflict {
        let said = conflict.to_string();
        report::once(("conflict", said.clone()), || said);
    }
}

/// The builder methods that all instruments share.
macro_rules! builder_methods {
    () => {
        /// Adds a label that every measurement of the handle carries.
        pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.declaration.label(name.into(), value.into());
            self
        }

        /// States the unit, in UCUM: `s`, `By`, `1`, `{request}`. Without it the name's suffix tells
        /// (`_seconds`, `_bytes`, `_ratio`), else there is none.
        pub fn with_unit(mut self, unit: impl Into<std::borrow::Cow<'static, str>>) -> Self {
            self.declaration.unit(unit.into());
            self
        }
    };
}
pub(crate) use builder_methods;

/// The two ways to finish a builder.
macro_rules! register_methods {
    ($handle:ty) => {
        /// Registers the metric and returns a handle to it.
        ///
        /// The same declaration twice gives the same series. Whatever is wrong with it is reported once, with
        /// both places in the source; the handle is harmless then: of two units the first one stays, of two
        /// kinds too, and an invalid declaration records nothing.
        #[track_caller]
        pub fn register(self) -> $handle {
            self.register_at(std::panic::Location::caller())
        }

        /// The same for a metric that is declared elsewhere.
        pub(crate) fn register_at(self, at: &'static std::panic::Location<'static>) -> $handle {
            <$handle>::from_handle(crate::handle::Handle::register(&self.declaration, at))
        }

        /// Registers the metric strictly.
        ///
        /// # Errors
        /// An invalid name, unit, label or bucket bound; a name that is taken by another kind or with another
        /// unit.
        #[track_caller]
        pub fn try_register(self) -> Result<$handle, crate::error::RegisterError> {
            crate::handle::Handle::try_register(&self.declaration, std::panic::Location::caller())
                .map(<$handle>::from_handle)
        }
    };
}
pub(crate) use register_methods;
