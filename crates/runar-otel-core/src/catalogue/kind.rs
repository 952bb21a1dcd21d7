//! The words for the kinds of metrics.

use crate::metric::InstrumentKind;

/// The kind in one word of the documentation.
pub(super) fn word(kind: InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Counter => "counter",
        InstrumentKind::UpDownCounter => "up-down counter",
        InstrumentKind::Histogram => "histogram",
        InstrumentKind::Gauge => "gauge",
        InstrumentKind::ObservableCounter => "observable counter",
        InstrumentKind::ObservableUpDownCounter => "observable up-down counter",
        InstrumentKind::ObservableGauge => "observable gauge",
    }
}
