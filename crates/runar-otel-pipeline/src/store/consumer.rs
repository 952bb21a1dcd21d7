//! Consumers of the store, and their temporality.

use runar_otel_core::metric::InstrumentKind;

use crate::{settings::TemporalityPreference, snapshot::Temporality};

/// Identifier of a consumer of a [`Store`](super::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerId(pub(super) usize);

impl TemporalityPreference {
    /// Returns the temporality for an instrument of this kind.
    #[must_use]
    pub fn temporality(self, kind: InstrumentKind) -> Temporality {
        let delta = match self {
            Self::Cumulative => false,
            Self::Delta => matches!(
                kind,
                InstrumentKind::Counter
                    | InstrumentKind::ObservableCounter
                    | InstrumentKind::Histogram
            ),
            Self::LowMemory => {
                matches!(kind, InstrumentKind::Counter | InstrumentKind::Histogram)
            }
        };
        if delta {
            Temporality::Delta
        } else {
            Temporality::Cumulative
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [InstrumentKind; 7] = [
        InstrumentKind::Counter,
        InstrumentKind::ObservableCounter,
        InstrumentKind::Histogram,
        InstrumentKind::UpDownCounter,
        InstrumentKind::ObservableUpDownCounter,
        InstrumentKind::Gauge,
        InstrumentKind::ObservableGauge,
    ];

    fn deltas(preference: TemporalityPreference) -> [bool; 7] {
        KINDS.map(|kind| preference.temporality(kind) == Temporality::Delta)
    }

    #[test]
    fn preferences_map_kinds_as_the_exporter_specification_says() {
        assert_eq!(deltas(TemporalityPreference::Cumulative), [false; 7]);
        assert_eq!(
            deltas(TemporalityPreference::Delta),
            [true, true, true, false, false, false, false]
        );
        assert_eq!(
            deltas(TemporalityPreference::LowMemory),
            [true, false, true, false, false, false, false]
        );
    }
}
