//! Values that an instrument refuses: they are dropped, and reported once per instrument.

use super::InstrumentKind;
use crate::report;

/// Reports a refused value: one that is not finite would stay in a sum for ever, and a sum that only grows takes no
/// negative one.
#[cold]
pub(crate) fn refuse(scope: &str, name: &str, kind: InstrumentKind, value: f64) {
    let expected = match value.is_finite() {
        true => "a number of 0 or more",
        false => "a finite number",
    };
    report::once(("refused", scope, name, expected), || {
        let metric = match kind {
            InstrumentKind::Counter | InstrumentKind::ObservableCounter => "counter",
            InstrumentKind::Histogram => "histogram",
            _ => "metric",
        };
        format!("{metric} `{name}` was given {value}: expected {expected}")
    });
}
