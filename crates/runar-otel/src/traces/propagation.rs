//! The propagators that carry context between processes.

use std::sync::LazyLock;

use opentelemetry::{
    Context, global,
    propagation::{
        Extractor, Injector, TextMapCompositePropagator, TextMapPropagator,
        text_map_propagator::FieldIter,
    },
    trace::noop::NoopTextMapPropagator,
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use crate::config::Propagator;

/// The outcome of installing the global propagator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PropagatorInstall {
    /// Ours is the global one now.
    Installed,
    /// The application has set one, which is kept.
    Foreign,
}

/// Makes these propagators the global ones, unless the application has set one before.
pub(crate) fn install_propagators(propagators: &[Propagator]) -> PropagatorInstall {
    if global::get_text_map_propagator(owner) == Owner::Application {
        return PropagatorInstall::Foreign;
    }
    global::set_text_map_propagator(Ours::new(propagators));
    PropagatorInstall::Installed
}

/// Resets the global propagator if it is ours: context is neither sent nor read any more.
pub(crate) fn remove_propagators() {
    if global::get_text_map_propagator(owner) == Owner::Us {
        global::set_text_map_propagator(NoopTextMapPropagator::new());
    }
}

/// The owner of a global propagator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Nobody: a propagator without fields, as the API has it at first, carries nothing.
    Nobody,
    Us,
    Application,
}

/// Finds the owner by the fields of a propagator: ours are those of [`FIELDS`], at the same address.
fn owner(propagator: &dyn TextMapPropagator) -> Owner {
    let Some(first) = propagator.fields().next() else {
        return Owner::Nobody;
    };
    match FIELDS
        .iter()
        .any(|field| std::ptr::eq(field.as_str(), first))
    {
        true => Owner::Us,
        false => Owner::Application,
    }
}

/// The fields of our propagators: those of Trace Context, then that of Baggage.
static FIELDS: LazyLock<[String; 3]> =
    LazyLock::new(|| ["traceparent", "tracestate", "baggage"].map(str::to_owned));

/// Our propagator. Its fields tell it from one of the application's own.
#[derive(Debug)]
struct Ours {
    all: TextMapCompositePropagator,
    fields: &'static [String],
}

impl Ours {
    fn new(propagators: &[Propagator]) -> Self {
        let parts = propagators.iter().map(|propagator| match propagator {
            Propagator::TraceContext => {
                Box::new(TraceContextPropagator::new()) as Box<dyn TextMapPropagator + Send + Sync>
            }
            Propagator::Baggage => Box::new(BaggagePropagator::new()),
        });
        let [trace @ .., baggage] = &*FIELDS;
        let has = |propagator| propagators.contains(&propagator);
        Self {
            all: TextMapCompositePropagator::new(parts.collect()),
            fields: match (has(Propagator::TraceContext), has(Propagator::Baggage)) {
                (true, true) => &*FIELDS,
                (true, false) => trace,
                (false, true) => std::slice::from_ref(baggage),
                (false, false) => &[],
            },
        }
    }
}

impl TextMapPropagator for Ours {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.all.inject_context(context, injector);
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.all.extract_with_context(context, extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(self.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_configured_formats() {
        use Propagator::{Baggage, TraceContext};
        for propagators in [
            &[TraceContext, Baggage][..],
            &[Baggage, TraceContext],
            &[TraceContext],
            &[Baggage],
            &[],
        ] {
            let ours = Ours::new(propagators);
            let names = |propagator: &dyn TextMapPropagator| {
                let mut names: Vec<_> = propagator.fields().map(str::to_owned).collect();
                names.sort();
                names
            };
            assert_eq!(names(&ours), names(&ours.all), "{propagators:?}");
        }
    }

    #[test]
    fn a_propagator_of_the_application_is_told_from_ours() {
        let ours = Ours::new(&[Propagator::Baggage]);
        assert_eq!(owner(&ours), Owner::Us);
        assert_eq!(owner(&NoopTextMapPropagator::new()), Owner::Nobody);
        assert_eq!(owner(&BaggagePropagator::new()), Owner::Application);
        assert_eq!(owner(&TraceContextPropagator::new()), Owner::Application);
    }
}
