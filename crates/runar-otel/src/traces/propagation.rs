//! The propagators that carry context between processes.

use opentelemetry::{
    global,
    propagation::{TextMapCompositePropagator, TextMapPropagator},
    trace::noop::NoopTextMapPropagator,
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use crate::config::Propagator;

/// Makes these propagators the global ones.
pub(crate) fn install_propagators(propagators: &[Propagator]) {
    global::set_text_map_propagator(composite(propagators));
}

/// Resets the global propagator: context is neither sent nor read any more.
pub(crate) fn remove_propagators() {
    global::set_text_map_propagator(NoopTextMapPropagator::new());
}

fn composite(propagators: &[Propagator]) -> TextMapCompositePropagator {
    let parts = propagators.iter().map(|propagator| match propagator {
        Propagator::TraceContext => {
            Box::new(TraceContextPropagator::new()) as Box<dyn TextMapPropagator + Send + Sync>
        }
        Propagator::Baggage => Box::new(BaggagePropagator::new()),
    });
    TextMapCompositePropagator::new(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_configured_formats() {
        let fields = |propagators: &[Propagator]| {
            let composite = composite(propagators);
            let mut fields: Vec<_> = composite.fields().map(str::to_owned).collect();
            fields.sort();
            fields
        };
        assert_eq!(
            fields(&[Propagator::TraceContext, Propagator::Baggage]),
            ["baggage", "traceparent", "tracestate"]
        );
        assert!(fields(&[]).is_empty());
    }
}
