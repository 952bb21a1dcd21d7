//! Meters that were made while there was no provider: their measurements are lost, which is reported.

use std::fmt::Debug;

use runar_otel_core::report;
use tracing::{
    Event, Metadata,
    field::{Field, Visit},
};

/// Name of the event, at level `debug`, by which the OpenTelemetry API announces such a meter.
const NAME: &str = "NoopMeterProvider.MeterCreation";

/// True for the event that announces such a meter.
#[inline]
pub(super) fn is_told_by(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && metadata.target() == "opentelemetry"
}

/// Reports the meter that an event announces, once for each name.
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

/// The value of the event's field `meter_name`; empty if the event lacks the field.
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
