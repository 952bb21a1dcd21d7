//! Programs: instruments, and steps that record, observe and collect.

use opentelemetry::KeyValue;
use runar_otel_core::{
    exemplar::ExemplarFilter,
    metric::{Aggregation, InstrumentKind},
    name::check_bounds,
};

/// The names of the meters.
pub(crate) const METERS: [&str; 2] = ["one", "two"];

/// The keys of labels, without that of [`crate::differences::sdk_does_not_count_the_empty_set`].
pub(crate) const KEYS: [&str; 4] = ["B", "a", "b", "c"];

/// The number types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NumberType {
    U64,
    I64,
    F64,
}

/// The constructors of instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    U64Counter,
    F64Counter,
    I64UpDownCounter,
    F64UpDownCounter,
    U64Gauge,
    I64Gauge,
    F64Gauge,
    U64Histogram,
    F64Histogram,
    U64ObservableCounter,
    F64ObservableCounter,
    I64ObservableUpDownCounter,
    F64ObservableUpDownCounter,
    U64ObservableGauge,
    I64ObservableGauge,
    F64ObservableGauge,
}

impl Kind {
    pub(crate) const ALL: [Self; 16] = [
        Self::U64Counter,
        Self::F64Counter,
        Self::I64UpDownCounter,
        Self::F64UpDownCounter,
        Self::U64Gauge,
        Self::I64Gauge,
        Self::F64Gauge,
        Self::U64Histogram,
        Self::F64Histogram,
        Self::U64ObservableCounter,
        Self::F64ObservableCounter,
        Self::I64ObservableUpDownCounter,
        Self::F64ObservableUpDownCounter,
        Self::U64ObservableGauge,
        Self::I64ObservableGauge,
        Self::F64ObservableGauge,
    ];

    pub(crate) fn instrument(self) -> InstrumentKind {
        match self {
            Self::U64Counter | Self::F64Counter => InstrumentKind::Counter,
            Self::I64UpDownCounter | Self::F64UpDownCounter => InstrumentKind::UpDownCounter,
            Self::U64Gauge | Self::I64Gauge | Self::F64Gauge => InstrumentKind::Gauge,
            Self::U64Histogram | Self::F64Histogram => InstrumentKind::Histogram,
            Self::U64ObservableCounter | Self::F64ObservableCounter => {
                InstrumentKind::ObservableCounter
            }
            Self::I64ObservableUpDownCounter | Self::F64ObservableUpDownCounter => {
                InstrumentKind::ObservableUpDownCounter
            }
            Self::U64ObservableGauge | Self::I64ObservableGauge | Self::F64ObservableGauge => {
                InstrumentKind::ObservableGauge
            }
        }
    }

    pub(crate) fn number(self) -> NumberType {
        match self {
            Self::U64Counter
            | Self::U64Gauge
            | Self::U64Histogram
            | Self::U64ObservableCounter
            | Self::U64ObservableGauge => NumberType::U64,
            Self::I64UpDownCounter
            | Self::I64Gauge
            | Self::I64ObservableUpDownCounter
            | Self::I64ObservableGauge => NumberType::I64,
            _ => NumberType::F64,
        }
    }

    /// The constructor of the same kind of instrument with another number type.
    pub(crate) fn with_number(self, number: NumberType) -> Self {
        let same =
            |other: &Self| other.instrument() == self.instrument() && other.number() == number;
        Self::ALL.into_iter().find(same).unwrap_or(self)
    }

    pub(crate) fn is_observable(self) -> bool {
        self.instrument().is_observable()
    }
}

/// A value for an instrument of any number type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw {
    pub(crate) whole: u64,
    pub(crate) signed: i64,
    pub(crate) real: f64,
}

/// An instrument as it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Instrument {
    /// An index of [`METERS`].
    pub(crate) meter: usize,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The kind of which the description tells.
    pub(crate) told: Kind,
    pub(crate) unit: &'static str,
    pub(crate) description: &'static str,
    /// Advised bounds, for histograms.
    pub(crate) bounds: Option<Vec<f64>>,
}

impl Instrument {
    /// The advised bounds, if they are valid.
    pub(crate) fn valid_bounds(&self) -> Option<&[f64]> {
        self.bounds
            .as_deref()
            .filter(|bounds| check_bounds(bounds).is_ok())
    }

    /// The description as both providers may know it: it tells kind and number type, which a metric does not.
    pub(crate) fn base_description(&self) -> String {
        let float = self.told.number() == NumberType::F64;
        let number = if float { "fractions" } else { "whole" };
        format!("{:?}, {number}", self.told.instrument())
    }

    /// The description that we get.
    pub(crate) fn full_description(&self) -> String {
        format!("{}{}", self.base_description(), self.description)
    }
}

/// Labels that a view leaves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    All,
    Keep(Vec<&'static str>),
    Drop(Vec<&'static str>),
}

impl Filter {
    pub(crate) fn keeps(&self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Keep(keys) => keys.contains(&key),
            Self::Drop(keys) => !keys.contains(&key),
        }
    }
}

impl Filter {
    /// Keeps what both keep.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let kept = |names: &[&'static str], by: &Self| {
            let both = names.iter().filter(|name| by.keeps(name));
            Self::Keep(both.copied().collect())
        };
        match (self, other) {
            (Self::All, other) | (other, Self::All) => other.clone(),
            (Self::Keep(names), by) | (by, Self::Keep(names)) => kept(names, by),
            (Self::Drop(one), Self::Drop(other)) => {
                let more = other.iter().filter(|name| !one.contains(name));
                Self::Drop(one.iter().chain(more).copied().collect())
            }
        }
    }

    /// True if both are the same, whatever the order of the names.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let sorted = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names
        };
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Keep(one), Self::Keep(other)) | (Self::Drop(one), Self::Drop(other)) => {
                sorted(one) == sorted(other)
            }
            _ => false,
        }
    }
}

/// A view.
#[derive(Clone, Debug)]
pub(crate) struct ViewRule {
    /// The name it selects; all names without one.
    pub(crate) name: Option<&'static str>,
    pub(crate) kind: Option<InstrumentKind>,
    pub(crate) meter: Option<usize>,
    pub(crate) unit: Option<&'static str>,
    /// Another name, only with `name`.
    pub(crate) rename: Option<&'static str>,
    /// Another description, only with `kind`.
    pub(crate) describe: Option<&'static str>,
    pub(crate) filter: Filter,
    pub(crate) aggregation: Aggregation,
    pub(crate) limit: Option<usize>,
}

impl ViewRule {
    pub(crate) fn selects(
        &self,
        meter: &str,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> bool {
        self.name
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.meter.is_none_or(|wanted| METERS[wanted] == meter)
            && self.unit.is_none_or(|wanted| wanted == unit)
    }
}

/// The order in which the consumers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    TotalsFirst,
    DeltasFirst,
    /// The consumer of deltas does not read this time.
    TotalsOnly,
}

/// One thing that happens. Label sets and instruments are indices, taken modulo the number there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Record {
        instrument: usize,
        labels: usize,
        value: Raw,
    },
    Bind {
        instrument: usize,
        labels: usize,
    },
    RecordBound {
        bound: usize,
        value: Raw,
    },
    Unbind {
        bound: usize,
    },
    /// Has the callback of an instrument tell these from now on.
    Observe {
        instrument: usize,
        sets: Vec<(usize, Raw)>,
    },
    /// Callbacks run, and consumers read.
    Collect {
        /// True if the consumer of deltas acknowledges what it reads.
        acknowledge: bool,
        order: Order,
    },
}

/// The rules, and what happens under them.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) labels: Vec<Vec<KeyValue>>,
    pub(crate) views: Vec<ViewRule>,
    /// The limit where no view has one.
    pub(crate) limit: usize,
    /// The aggregation of histograms that no view speaks about: the default or exponential.
    pub(crate) histograms: Aggregation,
    pub(crate) exemplars: ExemplarFilter,
    /// The consumer of deltas comes before the collection of this number.
    pub(crate) deltas_from: usize,
    pub(crate) steps: Vec<Step>,
}

impl Program {
    /// The instruments in the order in which they are made: when they are first needed.
    pub(crate) fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        for instrument in self
            .steps
            .iter()
            .filter_map(|step| self.instrument_of(step))
        {
            if !order.contains(&instrument) {
                order.push(instrument);
            }
        }
        order
    }

    /// The instrument that a step needs, if there is one of the sort.
    pub(crate) fn instrument_of(&self, step: &Step) -> Option<usize> {
        let (index, observable) = match step {
            Step::Record { instrument, .. } | Step::Bind { instrument, .. } => (instrument, false),
            Step::Observe { instrument, .. } => (instrument, true),
            _ => return None,
        };
        let all = self.instruments.iter().enumerate();
        let fit: Vec<usize> = all
            .filter(|(_, one)| one.kind.is_observable() == observable)
            .map(|(at, _)| at)
            .collect();
        (!fit.is_empty()).then(|| fit[index % fit.len()])
    }

    /// The labels of a step that may make a series, and the value unless it does so for sure.
    pub(crate) fn may_make_series(&self, step: &Step) -> Option<(&[KeyValue], Option<Raw>)> {
        match step {
            Step::Record { labels, value, .. } => Some((self.labels(*labels), Some(*value))),
            Step::Bind { labels, .. } => Some((self.labels(*labels), None)),
            _ => None,
        }
    }

    /// A label set by its index.
    pub(crate) fn labels(&self, index: usize) -> &[KeyValue] {
        &self.labels[index % self.labels.len()]
    }
}
