//! Meters that were made while there was no provider: what they record nobody counts.

use std::fmt::Debug;

use runar_otel_core::report;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{Layer, filter::FilterFn, layer::Context, registry::LookupSpan};

/// The event of the OpenTelemetry API for such a meter, at level `debug`.
const NAME: &str = "NoopMeterProvider.MeterCreation";

/// Hears of such meters, and of nothing else.
pub(super) fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync + 'static,
{
    let only = FilterFn::new(is_of_a_meter).with_max_level_hint(LevelFilter::DEBUG);
    Unheard.with_filter(only)
}

fn is_of_a_meter(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && metadata.target().starts_with("opentelemetry")
}

struct Unheard;

impl<S: Subscriber> Layer<S> for Unheard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
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
