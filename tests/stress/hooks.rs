//! Places that others call: hooks of layers, span processors, the panic hook, callbacks.

use std::{cell::Cell, time::Duration};

use opentelemetry::{Context, KeyValue, global, metrics::ObservableCounter};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use runar_otel::{Counter, prelude::*};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer, registry::LookupSpan};

use crate::ledger::Account;

pub(crate) static HOOKS: [Account; 7] = [
    Account::new("stress_hooks_total", &[("hook", "new_span")]),
    Account::new("stress_hooks_total", &[("hook", "record")]),
    Account::new("stress_hooks_total", &[("hook", "enter")]),
    Account::new("stress_hooks_total", &[("hook", "exit")]),
    Account::new("stress_hooks_total", &[("hook", "close")]),
    Account::new("stress_hooks_total", &[("hook", "event")]),
    Account::new("stress_hooks_total", &[("hook", "follows_from")]),
];

pub(crate) static PROCESSED: [Account; 2] = [
    Account::new("stress_processed_total", &[("at", "start")]),
    Account::new("stress_processed_total", &[("at", "end")]),
];

pub(crate) static PANICS: Account = Account::new("stress_panics_total", &[]);

pub(crate) static CALLBACKS: Account = Account::new("stress_callbacks_total", &[]);

pub(crate) static IN_HOOKS: Account =
    Account::new("action_requests_total", &[("action", "inside_a_hook")]);

/// Records in each hook of each span and event, whatever its level, while the extensions of the span are locked.
pub(crate) struct Hooks;

struct Held;

impl Hooks {
    fn record<S>(hook: usize, id: Option<&Id>, own: bool, context: &layer::Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        thread_local!(static DEPTH: Cell<u32> = const { Cell::new(0) });
        let span = id.and_then(|id| context.span(id));
        let mut extensions = span.as_ref().map(|span| span.extensions_mut());
        if let Some(extensions) = &mut extensions {
            extensions.replace(Held);
        }
        if !own {
            return metrics::increment!("stress_hooks_of_others_total");
        }
        let names = [
            "new_span",
            "record",
            "enter",
            "exit",
            "close",
            "event",
            "follows_from",
        ];
        let (Some(account), Some(name)) = (HOOKS.get(hook), names.get(hook)) else {
            return;
        };
        account.add(1);
        metrics::increment!("stress_hooks_total", labels: {"hook" => *name});
        metrics::set!("stress_last_hook", value: 1.0);
        metrics::observe!("stress_hooks_size", value: 1.0);
        drop(metrics::timer!("stress_hooks_seconds"));
        metrics::add_label!("tier", "hooked");
        // One level deep: a call has hooks of its own.
        let depth = DEPTH.try_with(|depth| depth.replace(depth.get() + 1));
        if depth == Ok(0) && extensions.is_none() {
            IN_HOOKS.add(1);
            inside_a_hook();
        }
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

#[metered]
fn inside_a_hook() {}

/// True for what this program does: what a server does while it answers a scrape would never be quiet.
fn is_own(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("stress")
}

fn is_own_span<S>(id: &Id, context: &layer::Context<'_, S>) -> bool
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    context.metadata(id).is_some_and(is_own)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hooks {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        Self::record(0, Some(id), is_own_span(id, &context), &context);
    }

    fn on_record(&self, id: &Id, _: &Record<'_>, context: layer::Context<'_, S>) {
        Self::record(1, Some(id), is_own_span(id, &context), &context);
    }

    fn on_enter(&self, id: &Id, context: layer::Context<'_, S>) {
        Self::record(2, Some(id), is_own_span(id, &context), &context);
    }

    fn on_exit(&self, id: &Id, context: layer::Context<'_, S>) {
        Self::record(3, Some(id), is_own_span(id, &context), &context);
    }

    fn on_close(&self, id: Id, context: layer::Context<'_, S>) {
        Self::record(4, Some(&id), is_own_span(&id, &context), &context);
    }

    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        Self::record(5, None, is_own(event.metadata()), &context);
    }

    fn on_follows_from(&self, id: &Id, _: &Id, context: layer::Context<'_, S>) {
        Self::record(6, Some(id), is_own_span(id, &context), &context);
    }
}

/// Records when a span begins and ends.
#[derive(Debug)]
pub(crate) struct Processor;

impl Processor {
    fn record(at: usize, name: &'static str) {
        if let Some(account) = PROCESSED.get(at) {
            account.add(1);
        }
        metrics::increment!("stress_processed_total", labels: {"at" => name});
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _: &mut Span, _: &Context) {
        Self::record(0, "start");
    }

    fn on_end(&self, _: SpanData) {
        Self::record(1, "end");
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Counts panics instead of telling them.
pub(crate) fn count_panics() {
    std::panic::set_hook(Box::new(|_| {
        PANICS.add(1);
        metrics::increment!("stress_panics_total");
    }));
}

/// A counter whose callback records, makes instruments and asks for a scrape of its own.
pub(crate) fn observable() -> ObservableCounter<u64> {
    let meter = global::meter("stress");
    let counter = meter.u64_observable_counter("stress_observed");
    let callback = |observer: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
        CALLBACKS.add(1);
        metrics::increment!("stress_callbacks_total");
        let name = format!(
            "stress_made_in_callbacks_{}_total",
            CALLBACKS.recorded() % 20
        );
        Counter::new(name, "Made in a callback")
            .register()
            .increment();
        let meter = global::meter("stress");
        let foreign = meter.u64_counter("stress_foreign_in_callbacks").build();
        foreign.add(1, &[KeyValue::new("at", "callback")]);
        observer.observe(1, &[]);
    };
    counter.with_callback(callback).build()
}
