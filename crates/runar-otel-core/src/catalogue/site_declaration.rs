//! Call sites of `metrics::increment!` and the like, as they are declared.

use std::panic::Location;

use linkme::distributed_slice;

use crate::metric::InstrumentKind;

/// The call sites in all crates that are linked.
#[distributed_slice]
pub static METRIC_SITES: [&'static SiteDeclaration];

/// The macro of a call site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// `increment!`: a counter, unless the name is known as a gauge or an up-down counter.
    Counter,
    /// `set!`: a gauge.
    Gauge,
    /// `decrement!`: a gauge, unless the name is known as an up-down counter.
    Decrement,
    /// `observe!`: a histogram.
    Histogram,
    /// `timer!`: a histogram of durations.
    Timer,
}

impl SiteKind {
    /// The kind of the metric if no declaration says it.
    #[must_use]
    pub fn instrument(self) -> InstrumentKind {
        match self {
            Self::Counter => InstrumentKind::Counter,
            Self::Gauge | Self::Decrement => InstrumentKind::Gauge,
            Self::Histogram | Self::Timer => InstrumentKind::Histogram,
        }
    }

    /// True if the macro can record into a metric of this kind.
    #[must_use]
    pub fn fits(self, kind: InstrumentKind) -> bool {
        match self {
            Self::Counter => matches!(
                kind,
                InstrumentKind::Counter | InstrumentKind::Gauge | InstrumentKind::UpDownCounter
            ),
            Self::Decrement => {
                matches!(kind, InstrumentKind::Gauge | InstrumentKind::UpDownCounter)
            }
            _ => kind == self.instrument(),
        }
    }
}

/// The declaration of a call site.
#[derive(Debug)]
pub struct SiteDeclaration {
    pub(crate) name: &'static str,
    pub(crate) kind: SiteKind,
    pub(crate) labels: &'static [&'static str],
    pub(crate) at: &'static Location<'static>,
}
