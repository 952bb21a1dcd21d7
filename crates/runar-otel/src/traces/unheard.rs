//! Meters that were made while there was no provider: what they record nobody counts.

use std::fmt::Debug;

use runar_otel_core::report;
use tracing::{
    Event, Metadata,
    field::{Field, Visit},
};

/// The event of the OpenTelemetry API for such a meter, at level `debug`.
const NAME: &str = "NoopMeterProvider.MeterCreation";

/// True for the event that tells of such a meter.
#[inline]
pub(super) fn is_told_by(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && metadata.target() == "opentelemetry"
}

/// Reports the meter that an event tells of.
#[cold]
pub(super) fn report(event: &Event<'_>) {
    let mut meter = MeterName(String::new());
    event.record(&mut meter);
    let MeterName(name) = meter;
    report::once(("meter without a provider", &name), || {
        format!(
            "meter `{name}` was made while telemetry did not run: its instruments record nothing, also later; expected \
             `init()` before it"
        )
    });
}

/// The field `meter_name`.
struct MeterName(String);

impl Visit for MeterName {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "meter_name" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "meter_name" {
            self.0 = format!("{value:?}");
        }
    }
}
