//! The collections of a reader.

use std::time::Instant;

use super::observer::{Component, Observer};

/// The type of the reader that pushes.
const PERIODIC: &str = "periodic_metric_reader";

/// Measures the collections of a reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReaderWatch(Component);

impl ReaderWatch {
    /// Makes the watch of a push.
    pub(crate) fn periodic(observer: &Observer) -> Self {
        Self::of(observer.component(PERIODIC))
    }

    /// Makes the watch of a component.
    pub(super) fn of(component: Component) -> Self {
        Self(component)
    }

    /// Collects, and records the duration afterwards.
    pub(crate) fn collection<R>(&self, collect: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let collected = collect();
        if let Some(instruments) = self.0.instruments() {
            let took = begun.elapsed().as_secs_f64();
            instruments.collection.record(took, self.0.attributes());
        }
        collected
    }
}
