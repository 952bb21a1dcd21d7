//! Resolving a call site to its metric, by its first use.

use super::measured::Measured;
use crate::{
    binding::registry,
    catalogue::{SiteDeclaration, SiteKind, linked},
    instruments::{counter::Counter, gauge::Gauge, handle::Handle},
    metric::{
        InstrumentKind,
        descriptor::Declaration,
        number::{NumberKind, Value},
    },
};

/// The instrument that a call site records into. The number types do not matter here: values convert to that of the
/// metric.
#[derive(Debug)]
pub(crate) enum SiteInstrument {
    Counter(Counter<f64>),
    UpDown(Handle),
    Gauge(Gauge<f64>),
    Histogram(Handle),
    /// No instrument: the metric of the name is of a kind that the site cannot change, which was reported.
    Nothing,
}

impl SiteInstrument {
    #[cold]
    pub(crate) fn resolve(site: &SiteDeclaration, value: Option<Measured>) -> Self {
        let kind = instrument_kind(site);
        let number = number_kind(kind, value);
        let mut declaration = Declaration::new(kind, number, site.name.into(), "".into());
        if value.is_some_and(is_whole) {
            declaration.values(NumberKind::I64);
        }
        if site.kind == SiteKind::Timer || matches!(value, Some(Measured::Duration(_))) {
            declaration.assume_unit("s");
        }
        let handle = Handle::register(&declaration, site.at);
        linked::report_labels(site);
        if !handle.is_registered() {
            return Self::Nothing;
        }
        match kind {
            InstrumentKind::Counter => Self::Counter(Counter::from_handle(handle)),
            InstrumentKind::UpDownCounter => Self::UpDown(handle),
            InstrumentKind::Gauge => Self::Gauge(Gauge::from_handle(handle)),
            InstrumentKind::Histogram => Self::Histogram(handle),
            _ => Self::Nothing,
        }
    }
}

/// The known kind of the name, if the site can record into that; else the kind that the macro makes. A kind that does
/// not fit is then found and reported by the registration.
fn instrument_kind(site: &SiteDeclaration) -> InstrumentKind {
    registry::kind_of(site.name)
        .or_else(|| linked::kind(site.name))
        .filter(|kind| site.kind.fits(*kind))
        .unwrap_or_else(|| site.kind.instrument())
}

/// The number type of a metric that begins with this value: that of a handle declared with defaults, so that the order
/// of declarations does not matter. Only a counter has fractions if it begins with one.
fn number_kind(kind: InstrumentKind, value: Option<Measured>) -> NumberKind {
    let whole = value.is_some_and(is_whole);
    match kind {
        InstrumentKind::Counter if whole => NumberKind::U64,
        InstrumentKind::UpDownCounter if whole => NumberKind::I64,
        _ => NumberKind::F64,
    }
}

fn is_whole(value: Measured) -> bool {
    matches!(value, Measured::Number(Value::U64(_) | Value::I64(_)))
}
