//! The hook: what makes every collection, by whatever reader, begin with a drain.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use opentelemetry::metrics::MeterProvider;

use super::rings::drain_all;

/// Whether the hook works on a provider: whether something was drained by a collection of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hook(Arc<AtomicBool>);

impl Hook {
    /// Has each collection of the provider empty the rings first. Until the first one nothing is batched: a view
    /// of the provider could have dropped the hook.
    pub(in crate::gate) fn install(&self, provider: &dyn MeterProvider) {
        let works = self.0.clone();
        let _ = provider
            .meter("runar_otel.batching")
            .u64_observable_counter("runar_otel.batching")
            .with_callback(move |_| {
                drain_all();
                works.store(true, Ordering::Relaxed);
            })
            .build();
    }

    /// Whether measurements may wait in rings. Relaxed: the ring publishes them, not this.
    #[inline]
    pub(in crate::gate) fn works(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
