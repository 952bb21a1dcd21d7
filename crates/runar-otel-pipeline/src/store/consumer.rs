//! Consumers of the store, and their temporality.

use runar_otel_core::metric::InstrumentKind;

use crate::snapshot::Temporality;

/// Identifier of a consumer of a [`Store`](super::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerId(pub(super) usize);

/// The temporality that a consumer wants, per kind of instrument.
///
/// OpenTelemetry specification, OTLP metrics exporter: *Additional environment variable configuration*
/// (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`). The preferences do not mention gauges, and cumulative
/// temporality is the default where nothing is configured (metrics SDK: *MetricReader*). So every consumer gets the
/// last value of a gauge each time, and totals where a view makes a sum or a histogram of a gauge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemporalityPreference {
    /// Totals for every kind. Prometheus can read nothing else.
    #[default]
    Cumulative,
    /// Deltas for counters and histograms, totals for the rest.
    Delta,
    /// Deltas for synchronous counters and histograms, totals for the rest.
    LowMemory,
}

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
