//! One instrument behind all handles of its name.

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue, metrics::Meter};

use crate::{
    attributes::Attributes,
    cells::Cells,
    descriptor::Descriptor,
    gate::{
        BoundSeries, Gate, Source,
        stream::{Aggregation, InstrumentKind},
    },
    interned::Interned,
    late::{Found, Late, Make},
    number::Value,
    provider::{Home, Provider},
};

/// The scope of everything that is recorded through the facade.
pub const SCOPE_NAME: &str = "runar_otel";

/// Whether it is a [`Gauge`](crate::Gauge): set by the code, though a callback reads it.
pub(crate) fn is_own_gauge(scope: &InstrumentationScope, kind: InstrumentKind) -> bool {
    kind == InstrumentKind::ObservableGauge && scope.name() == SCOPE_NAME
}

/// Where an instrument lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// With all others.
    Common,
    /// By itself: a second histogram of one name, with buckets of its own. In the common scope the SDK would
    /// silently give it the first one's.
    Own,
}

/// An instrument of the facade.
#[derive(Debug)]
pub(crate) struct Instrument {
    descriptor: Descriptor,
    place: Scope,
    scope: InstrumentationScope,
    home: Home,
    recorder: Late<Recorder>,
    /// The series that labels given with a measurement lead to.
    sets: Interned<Series>,
    /// The values of a gauge; `None` for the other kinds.
    cells: Option<Arc<Cells>>,
}

impl Instrument {
    /// Declares an instrument; the provider makes it with the first use.
    pub(crate) fn new(descriptor: Descriptor, place: Scope, home: Home) -> Self {
        let builder =
            InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
        let scope = match place {
            Scope::Common => builder,
            Scope::Own => builder
                .with_attributes([KeyValue::new("buckets", buckets(&descriptor.aggregation))]),
        };
        let cells =
            (descriptor.kind == InstrumentKind::Gauge).then(|| Cells::new(descriptor.number));
        Self {
            place,
            scope: scope.build(),
            home,
            recorder: Late::default(),
            sets: Interned::default(),
            cells,
            descriptor,
        }
    }

    /// Where it lives.
    pub(crate) fn scope(&self) -> Scope {
        self.place
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    pub(crate) fn sets(&self) -> &Interned<Series> {
        &self.sets
    }

    pub(crate) fn cells(&self) -> Option<&Arc<Cells>> {
        self.cells.as_ref()
    }

    /// Makes it in the current provider, if that has not happened yet.
    pub(crate) fn bind(&self) {
        let _ = self.with(|_| ());
    }

    /// Uses the instrument of the current provider; nothing happens without one.
    #[inline]
    pub(crate) fn with<R>(&self, usage: impl FnOnce(&Recorder) -> R) -> Option<R> {
        match self
            .recorder
            .with(self.home.provider(), |gate| self.make(gate), usage)
        {
            Found::Used(used) => Some(used),
            Found::Nothing | Found::NotNow => None,
        }
    }

    /// The instrument of the provider that everything goes to: the outer `None` says that more has to be asked, the
    /// inner one that nothing is recorded.
    #[inline]
    pub(crate) fn at_hand(&self) -> Option<Option<&Recorder>> {
        self.recorder.at_hand()
    }

    /// Whose provider it records to.
    #[inline]
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    fn make(&self, gate: &Gate) -> Make<Recorder> {
        let kind = self.descriptor.kind;
        let (name, unit) = (&self.descriptor.name, self.descriptor.unit.as_str());
        self.sets
            .limit(gate.streams().limit(&self.scope, name, unit, kind));
        let meter = gate.meter_with(self.scope.clone(), self.descriptor.aggregation.clone());
        match meter.source(&self.descriptor) {
            Some(source) if source.is_dropped() => Make::Nothing,
            Some(source) => Make::Made(Recorder::Source(source)),
            None => {
                if let Some(cells) = &self.cells {
                    cells.observe(&Meter::new(Arc::new(meter)), &self.descriptor);
                    let kind = InstrumentKind::ObservableGauge;
                    cells.limit(gate.streams().limit(&self.scope, name, unit, kind));
                }
                Make::Made(Recorder::Observed)
            }
        }
    }
}

fn buckets(aggregation: &Aggregation) -> String {
    match aggregation {
        Aggregation::ExplicitBuckets(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            bounds.join(",")
        }
        Aggregation::Exponential {
            max_size,
            max_scale,
        } => format!("exponential {max_size} {max_scale}"),
        _ => "default".to_owned(),
    }
}

/// An instrument of the current provider.
pub(crate) enum Recorder {
    Source(Arc<dyn Source>),
    /// A gauge: its cells are read by a callback.
    Observed,
}

/// One series of an instrument, bound in whatever provider is current.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) labels: Attributes,
    bound: Late<BoundSeries>,
}

impl Series {
    pub(crate) fn new(labels: &Attributes) -> Self {
        Self {
            labels: labels.clone(),
            bound: Late::default(),
        }
    }

    /// Records, if that takes no more than a look at what is bound.
    #[inline]
    #[must_use]
    pub(crate) fn record_at_hand(&self, value: Value) -> bool {
        let Some(bound) = self.bound.at_hand() else {
            return false;
        };
        if let Some(bound) = bound {
            bound.record(value);
        }
        true
    }

    /// What is bound in the provider that everything goes to, see [`Late::at_hand`].
    #[inline]
    pub(crate) fn at_hand(&self) -> Option<Option<&BoundSeries>> {
        self.bound.at_hand()
    }

    /// Records; tells whether there is something to record to.
    pub(crate) fn record(
        &self,
        instrument: &Instrument,
        provider: &Provider,
        value: Value,
    ) -> bool {
        let make = |_: &Gate| match instrument.with(|recorder| recorder.bind(&self.labels)) {
            Some(made) => made,
            None => Make::Nothing,
        };
        match self.bound.with(provider, make, |bound| bound.record(value)) {
            Found::Used(()) => true,
            Found::Nothing => false,
            Found::NotNow => instrument
                .with(|recorder| recorder.record(value, &self.labels))
                .is_some(),
        }
    }
}

impl Recorder {
    pub(crate) fn record(&self, value: Value, labels: &[KeyValue]) {
        if let Self::Source(source) = self {
            source.record(value, labels);
        }
    }

    fn bind(&self, labels: &Attributes) -> Make<BoundSeries> {
        match self {
            Self::Source(source) => source.bind(labels).map_or(Make::NotNow, Make::Made),
            Self::Observed => Make::Nothing,
        }
    }
}
