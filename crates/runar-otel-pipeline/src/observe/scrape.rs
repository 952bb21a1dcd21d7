//! The pages of an endpoint.

use std::time::Instant;

use opentelemetry::metrics::{Histogram, Meter};

use super::{
    observer::{Component, Observer},
    reader::ReaderWatch,
};

/// The type of the reader that serves pages.
const PROMETHEUS: &str = "prometheus_http_text_metric_exporter";

/// Measures the pages of an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct ScrapeWatch {
    /// Measures the collections for pages.
    pub(crate) reader: ReaderWatch,
    component: Component,
    pages: Option<Pages>,
}

/// The instruments of pages.
#[derive(Clone, Debug)]
struct Pages {
    duration: Histogram<f64>,
    size: Histogram<u64>,
}

/// Buckets of page sizes, from 1 kB to 100 MB.
const SIZES: [f64; 11] = [1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8];

impl ScrapeWatch {
    pub(crate) fn new(observer: &Observer) -> Self {
        let component = observer.component(PROMETHEUS);
        Self {
            reader: ReaderWatch::of(component.clone()),
            component,
            pages: observer.meter().map(Pages::new),
        }
    }

    /// Writes a page, and records its duration and size afterwards: the next page shows them.
    pub(crate) fn page(&self, write: impl FnOnce() -> String) -> String {
        let begun = Instant::now();
        let page = write();
        if let Some(pages) = &self.pages {
            let attributes = self.component.attributes();
            let size = u64::try_from(page.len()).unwrap_or(u64::MAX);
            pages
                .duration
                .record(begun.elapsed().as_secs_f64(), attributes);
            pages.size.record(size, attributes);
        }
        page
    }
}

impl Pages {
    fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram("runar_otel.scrape.duration")
                .with_unit("s")
                .with_description("The time to collect and write a page.")
                .build(),
            size: meter
                .u64_histogram("runar_otel.scrape.size")
                .with_unit("By")
                .with_description("The size of a page, before compression.")
                .with_boundaries(SIZES.to_vec())
                .build(),
        }
    }
}
