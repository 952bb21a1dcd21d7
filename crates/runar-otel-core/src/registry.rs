//! The registry: one instrument per name in the process, whoever asks for it.

use std::{
    collections::HashMap,
    panic::Location,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use crate::{
    descriptor::{Descriptor, Unit},
    error::RegisterError,
    gate::stream::{Aggregation, InstrumentKind},
    instrument::{Instrument, Scope},
    number::NumberKind,
    report,
};

/// By lower-case name: OpenTelemetry names do not differ by case. The first of each is the one that counts;
/// the others are histograms of its name with buckets of their own.
static INSTRUMENTS: LazyLock<Mutex<HashMap<String, Vec<Arc<Instrument>>>>> =
    LazyLock::new(Mutex::default);

/// What came of a registration.
pub(crate) struct Registered {
    /// The instrument to record with, `None` if the name stands for another kind.
    pub(crate) instrument: Option<Arc<Instrument>>,
    /// What was not done as asked.
    pub(crate) conflict: Option<RegisterError>,
}

/// Finds the instrument of a descriptor, or makes it.
pub(crate) fn register(descriptor: Descriptor) -> Registered {
    let (number, at) = (descriptor.number, descriptor.at);
    let (instrument, conflict) = find_or_insert(descriptor);
    if let Some(made) = &instrument {
        // Not under the lock: whoever hears the report may register a metric of its own.
        report_rounding(made.descriptor(), number, at);
        made.bind();
    }
    Registered {
        instrument,
        conflict,
    }
}

fn find_or_insert(descriptor: Descriptor) -> (Option<Arc<Instrument>>, Option<RegisterError>) {
    let mut instruments = INSTRUMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let named = instruments
        .entry(descriptor.name.to_ascii_lowercase())
        .or_default();
    let Some(first) = named.first().cloned() else {
        let made = Arc::new(Instrument::new(descriptor, Scope::Common));
        named.push(made.clone());
        return (Some(made), None);
    };
    let known = first.descriptor();
    if known.kind != descriptor.kind {
        return (None, Some(kind_conflict(known, &descriptor)));
    }
    let conflict = unit_conflict(known, &descriptor);
    if wants_the_same(known, &descriptor) {
        return (Some(first), conflict);
    }
    let own = named
        .iter()
        .skip(1)
        .find(|other| other.descriptor().aggregation == descriptor.aggregation);
    if let Some(own) = own {
        return (Some(own.clone()), conflict);
    }
    let made = Arc::new(Instrument::new(
        Descriptor {
            unit: known.unit.clone(),
            ..descriptor
        },
        Scope::Own,
    ));
    named.push(made.clone());
    (Some(made), conflict)
}

/// Buckets that were not asked for join whatever is there.
fn wants_the_same(known: &Descriptor, asked: &Descriptor) -> bool {
    asked.kind != InstrumentKind::Histogram
        || asked.aggregation == Aggregation::Default
        || asked.aggregation == known.aggregation
}

/// The first number type of a name wins; who loses fractions by that should know.
fn report_rounding(known: &Descriptor, asked: NumberKind, at: &Location<'_>) {
    if asked != NumberKind::F64 || known.number == NumberKind::F64 {
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
    (*unit != known.unit.code()).then(|| RegisterError::UnitConflict {
        name: asked.name.clone().into_owned(),
        unit: unit.clone().into_owned(),
        at: asked.at,
        first: known.unit.code().into_owned(),
        first_at: known.at,
    })
}

/// Makes all instruments in a new provider, so that the first measurement need not.
pub(crate) fn bind_all() {
    let all: Vec<Arc<Instrument>> = {
        let instruments = INSTRUMENTS.lock().unwrap_or_else(PoisonError::into_inner);
        instruments.values().flatten().cloned().collect()
    };
    for instrument in all {
        instrument.bind();
    }
}
