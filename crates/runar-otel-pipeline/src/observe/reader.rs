//! Collections, and the pages that are made of them.

use std::time::Instant;

use super::observer::{Component, Observer};

/// The type of the reader that pushes.
const PERIODIC: &str = "periodic_metric_reader";

/// The type of the reader that serves pages.
#[cfg(feature = "prometheus-endpoint")]
const PROMETHEUS: &str = "prometheus_http_text_metric_exporter";

/// Measures the collections of a reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReaderWatch(Component);

impl ReaderWatch {
    /// Makes the watch of a push.
    pub(crate) fn periodic(observer: &Observer) -> Self {
        Self(observer.component(PERIODIC))
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

/// Measures the pages of an endpoint.
#[cfg(feature = "prometheus-endpoint")]
#[derive(Clone, Debug, Default)]
pub(crate) struct ScrapeWatch {
    pub(crate) reader: ReaderWatch,
}

#[cfg(feature = "prometheus-endpoint")]
impl ScrapeWatch {
    pub(crate) fn new(observer: &Observer) -> Self {
        Self {
            reader: ReaderWatch(observer.component(PROMETHEUS)),
        }
    }

    /// Writes a page, and records its duration and size afterwards: the next page shows them.
    pub(crate) fn page(&self, write: impl FnOnce() -> String) -> String {
        let begun = Instant::now();
        let page = write();
        let component = &self.reader.0;
        if let Some(instruments) = component.instruments() {
            let (took, size) = (begun.elapsed().as_secs_f64(), page.len());
            let size = u64::try_from(size).unwrap_or(u64::MAX);
            instruments
                .scrape_duration
                .record(took, component.attributes());
            instruments.scrape_size.record(size, component.attributes());
        }
        page
    }
}
