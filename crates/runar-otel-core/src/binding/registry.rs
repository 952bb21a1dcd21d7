//! The registry: one instrument per name in the process, shared by all handles.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    instrument::{Instrument, ScopeKind},
    isolated_recorder::{self, IsolatedRecorder},
    provider::Recorder,
};
use crate::{
    catalogue::precedence,
    metric::{
        Aggregation, InstrumentKind,
        descriptor::{Descriptor, Joining, Unit},
        error::RegisterError,
        number::NumberKind,
    },
    report,
    threads::forked,
};

/// The registry of the process.
static PROCESS: Registry = Registry::new(Recorder::Process);

/// The instruments that record to one provider.
#[derive(Debug)]
pub(crate) struct Registry {
    recorder: Recorder,
    /// Instruments by lower-case name: OpenTelemetry names do not differ by case. The first one of a name counts; the
    /// others are histograms of the name with buckets of their own.
    instruments: Mutex<Instruments>,
}

type Instruments = BTreeMap<String, Vec<Arc<Instrument>>>;

/// The result of a registration.
pub(crate) struct Registration {
    /// The instrument to record with, `None` if the name stands for another kind.
    pub(crate) instrument: Option<Arc<Instrument>>,
    /// The request that was not granted; `None` if the metric is registered as requested.
    pub(crate) conflict: Option<RegisterError>,
}

/// Finds the instrument of a descriptor, or makes it: in the isolated recorder that is current, else for the process.
pub(crate) fn register(descriptor: Descriptor) -> Registration {
    match isolated_recorder::current() {
        Some(isolated) => register_in(&isolated, descriptor),
        None => PROCESS.register(descriptor),
    }
}

/// Registers in an isolated recorder.
pub(crate) fn register_in(isolated: &IsolatedRecorder, descriptor: Descriptor) -> Registration {
    registry_of(isolated).register(descriptor)
}

/// The registry of an isolated recorder.
fn registry_of(isolated: &IsolatedRecorder) -> Arc<Registry> {
    let key = std::ptr::from_ref(&PROCESS).addr();
    isolated.value(key, || Registry::new(isolated.recorder().clone()))
}

/// The kind of a registered name: in the isolated recorder that is current, or for the process, whose handles record in
/// isolation too.
pub(crate) fn kind_of(name: &str) -> Option<InstrumentKind> {
    isolated_recorder::current()
        .and_then(|isolated| registry_of(&isolated).kind_of(name))
        .or_else(|| PROCESS.kind_of(name))
}

impl Registry {
    const fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            instruments: Mutex::new(BTreeMap::new()),
        }
    }

    fn register(&self, descriptor: Descriptor) -> Registration {
        let (values, at) = (descriptor.values, descriptor.at);
        let (instrument, conflict) = self.find_or_insert(descriptor);
        if let Some(made) = &instrument {
            // Not under the lock: a subscriber that hears the report may register a metric of its own.
            report_rounding(made.descriptor(), values, at);
            precedence::report_buckets(made.descriptor());
            made.bind();
        }
        Registration {
            instrument,
            conflict,
        }
    }

    fn find_or_insert(
        &self,
        descriptor: Descriptor,
    ) -> (Option<Arc<Instrument>>, Option<RegisterError>) {
        // Before the lock: it may report.
        let declared = precedence::declared(&descriptor);
        let Some(mut instruments) = forked::lock(&self.instruments) else {
            return (None, None);
        };
        let named = instruments
            .entry(descriptor.name.to_ascii_lowercase())
            .or_default();
        let make =
            |descriptor, scope| Arc::new(Instrument::new(descriptor, scope, self.recorder.clone()));
        if let (true, Some(declared)) = (named.is_empty(), declared) {
            named.push(make(declared, ScopeKind::Common));
        }
        let first = named.first().cloned();
        let first = first.as_deref().map(Instrument::descriptor);
        if let Some(first) = first.filter(|first| first.kind != descriptor.kind) {
            return (None, Some(kind_conflict(first, &descriptor)));
        }
        let conflict = first.and_then(|first| unit_conflict(first, &descriptor));
        if let Some(known) = named.iter().find(|known| fits(known, &descriptor)) {
            return (Some(known.clone()), conflict);
        }
        let taken = named.iter().any(|known| known.scope() == ScopeKind::Common);
        let scope = match descriptor.joining {
            Joining::Any | Joining::SameBuckets if !taken => ScopeKind::Common,
            _ => ScopeKind::Own,
        };
        let unit = first.map_or(&descriptor.unit, |first| &first.unit).clone();
        let made = make(Descriptor { unit, ..descriptor }, scope);
        named.push(made.clone());
        (Some(made), conflict)
    }

    /// The kind of a name; `None` if it is not registered.
    fn kind_of(&self, name: &str) -> Option<InstrumentKind> {
        let instruments = forked::lock(&self.instruments)?;
        let named = instruments.get(&name.to_ascii_lowercase())?;
        Some(named.first()?.descriptor().kind)
    }

    fn lock(&self) -> MutexGuard<'_, Instruments> {
        self.instruments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The instruments of all names.
    fn all(&self) -> Vec<Arc<Instrument>> {
        let instruments = self.lock();
        instruments.values().flatten().cloned().collect()
    }
}

/// True if a known instrument of the name is the requested one. A request without buckets joins the common one,
/// whatever its buckets.
fn fits(known: &Instrument, asked: &Descriptor) -> bool {
    let common = known.scope() == ScopeKind::Common;
    if asked.kind != InstrumentKind::Histogram {
        return true;
    }
    match asked.joining {
        Joining::Any if asked.aggregation == Aggregation::Default => common,
        Joining::Any | Joining::SameBuckets => have_the_same_buckets(known.descriptor(), asked),
        Joining::Apart => !common && have_the_same_buckets(known.descriptor(), asked),
    }
}

fn have_the_same_buckets(known: &Descriptor, asked: &Descriptor) -> bool {
    known.effective_aggregation() == asked.effective_aggregation()
}

/// Reports a registration with fractions for a metric of whole numbers: the first number type of a name wins.
fn report_rounding(known: &Descriptor, values: NumberKind, at: &Location<'_>) {
    if values != NumberKind::F64 || known.number == NumberKind::F64 {
        return;
    }
    report::once(("number", &known.name), || {
        format!(
            "metric `{}` at {at} records fractions, but {} registered it for whole numbers: values are rounded",
            known.name, known.at
        )
    });
}

fn kind_conflict(known: &Descriptor, asked: &Descriptor) -> RegisterError {
    RegisterError::Kind {
        name: asked.name.clone().into_owned(),
        kind: asked.kind,
        at: asked.at,
        first: known.kind,
        first_at: known.at,
    }
}

fn unit_conflict(known: &Descriptor, asked: &Descriptor) -> Option<RegisterError> {
    let Unit::Stated(unit) = &asked.unit else {
        return None;
    };
    // A mere annotation says what is counted: no contradiction to a metric that says nothing.
    if unit.starts_with('{') && known.unit == Unit::FromName("") {
        return None;
    }
    (unit != known.unit.as_str()).then(|| RegisterError::UnitConflict {
        name: asked.name.clone().into_owned(),
        unit: unit.clone().into_owned(),
        at: asked.at,
        first: known.unit.as_str().to_owned(),
        first_at: known.at,
    })
}

/// Makes all instruments in a new provider of the process, so that the first measurement does not have to.
pub(crate) fn bind_all() {
    for instrument in PROCESS.all() {
        instrument.bind();
    }
}
