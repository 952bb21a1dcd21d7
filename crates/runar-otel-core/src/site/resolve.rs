//! Resolving a call site to its metric, by its first use.

use super::{
    measured::Measured,
    metric_site::{MetricSite, SiteKind},
};
use crate::{
    catalogue::known,
    counter::Counter,
    descriptor::Declaration,
    gauge::Gauge,
    handle::Handle,
    metric::InstrumentKind,
    number::{NumberKind, Value},
    registry,
};

/// What a call site records into. The number types do not matter here: values convert to the metric's.
#[derive(Debug)]
pub(super) enum Target {
    Counter(Counter<f64>),
    UpDown(Handle),
    Gauge(Gauge<f64>),
    Histogram(Handle),
    /// The name stands for something that the site cannot change: reported.
    Nothing,
}

impl MetricSite {
    /// Uses the metric; of the first value the number type is taken.
    #[inline]
    pub(super) fn target<R>(
        &'static self,
        value: Option<Measured>,
        usage: impl FnOnce(&Target) -> R,
    ) -> R {
        self.target.with(|| self.resolve(value), usage)
    }

    #[cold]
    fn resolve(&self, value: Option<Measured>) -> Target {
        let kind = self.instrument_kind();
        let number = number_kind(kind, value);
        let mut declaration = Declaration::new(kind, number, self.name.into(), "".into());
        if value.is_some_and(is_whole) {
            declaration.values(NumberKind::I64);
        }
        if self.kind == SiteKind::Timer || matches!(value, Some(Measured::Duration(_))) {
            declaration.assume_unit("s");
        }
        let handle = Handle::register(&declaration, self.at);
        known::report_labels(self);
        if !handle.is_registered() {
            return Target::Nothing;
        }
        match kind {
            InstrumentKind::Counter => Target::Counter(Counter::from_handle(handle)),
            InstrumentKind::UpDownCounter => Target::UpDown(handle),
            InstrumentKind::Gauge => Target::Gauge(Gauge::from_handle(handle)),
            InstrumentKind::Histogram => Target::Histogram(handle),
            _ => Target::Nothing,
        }
    }

    /// What the name is known as, if the site can record into that; else what the macro makes. Whatever does not
    /// fit is then found and reported by the registration.
    fn instrument_kind(&self) -> InstrumentKind {
        registry::kind_of(self.name)
            .or_else(|| known::kind(self.name))
            .filter(|kind| self.kind.fits(*kind))
            .unwrap_or_else(|| self.kind.instrument())
    }
}

/// The number type for a metric of which this is the first value: that of the handle that one declares without saying
/// more, so that the order in which they come does not matter. Only a counter has fractions if it begins with one.
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
