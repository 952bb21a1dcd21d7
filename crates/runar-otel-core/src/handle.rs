//! The handle: an instrument with base labels, shared by its clones.

use std::{panic::Location, sync::Arc, time::Duration};

use opentelemetry::{Key, KeyValue};

use crate::{
    attributes::{Attributes, canonical},
    descriptor::{Declaration, Descriptor},
    error::RegisterError,
    instrument::{BoundRecorder, Instrument},
    late::Late,
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
    labels: Attributes,
    bound: Late<BoundRecorder>,
}

impl Handle {
    /// Registers strictly: what is not done as asked is an error.
    pub(crate) fn try_register(
        declaration: &Declaration,
        at: &'static Location<'static>,
    ) -> Result<Self, RegisterError> {
        let descriptor = declaration.descriptor(at)?;
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
        let registered = registry::register(descriptor);
        if let Some(conflict) = registered.conflict {
            report::once(("conflict", conflict.to_string()), || conflict.to_string());
        }
        registered
            .instrument
            .map(|instrument| Self::new(instrument, declaration))
            .unwrap_or_default()
    }

    fn new(instrument: Arc<Instrument>, declaration: &Declaration) -> Self {
        let label = |(key, value): &(String, String)| KeyValue::new(key.clone(), value.clone());
        let labels: Vec<KeyValue> = declaration.labels.iter().map(label).collect();
        Self(Some(Arc::new(Shared {
            instrument,
            labels: canonical(&labels),
            bound: Late::default(),
        })))
    }

    pub(crate) fn descriptor(&self) -> Option<&Descriptor> {
        self.0.as_ref().map(|shared| shared.instrument.descriptor())
    }

    pub(crate) fn instrument(&self) -> Option<&Arc<Instrument>> {
        self.0.as_ref().map(|shared| &shared.instrument)
    }

    pub(crate) fn labels(&self) -> Option<&Attributes> {
        self.0.as_ref().map(|shared| &shared.labels)
    }

    /// A duration in the unit of the metric, seconds unless that is another unit of time.
    pub(crate) fn duration(&self, duration: Duration) -> Value {
        let unit = self.descriptor().map(|descriptor| descriptor.unit.code());
        let seconds = duration.as_secs_f64();
        Value::F64(match unit.as_deref() {
            Some("ms") => seconds * 1e3,
            Some("us") => seconds * 1e6,
            Some("ns") => seconds * 1e9,
            Some("min") => seconds / 60.0,
            Some("h") => seconds / 3600.0,
            Some("d") => seconds / 86400.0,
            _ => seconds,
        })
    }

    /// Records into the series of the base labels.
    #[inline]
    pub(crate) fn record(&self, value: Value) {
        let Some(shared) = &self.0 else { return };
        let bind = || {
            shared
                .instrument
                .with(|recorder| recorder.bind(&shared.labels))
                .flatten()
        };
        shared.bound.with(|_| bind(), |bound| bound.record(value));
    }

    /// Records into the series of the base labels and these.
    pub(crate) fn record_with(&self, value: Value, labels: Labels<'_>) {
        let Some(shared) = &self.0 else { return };
        shared
            .instrument
            .with(|recorder| recorder.record(value, &shared.merged(labels)));
    }

    /// The base labels and these; of one name, these win.
    pub(crate) fn merged(&self, labels: Labels<'_>) -> Vec<KeyValue> {
        self.0
            .as_ref()
            .map(|shared| shared.merged(labels))
            .unwrap_or_default()
    }
}

impl Shared {
    fn merged(&self, labels: Labels<'_>) -> Vec<KeyValue> {
        let mut merged = Vec::with_capacity(self.labels.len() + labels.len());
        merged.extend(self.labels.iter().cloned());
        for (key, value) in labels {
            match merged.iter_mut().find(|known| known.key.as_str() == *key) {
                Some(known) => known.value = (*value).to_owned().into(),
                None => merged.push(KeyValue::new(
                    Key::from((*key).to_owned()),
                    (*value).to_owned(),
                )),
            }
        }
        merged
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
            <$handle>::from_handle(crate::handle::Handle::register(
                &self.declaration,
                std::panic::Location::caller(),
            ))
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
