//! Test kit of runar-otel: test what your code measures, as you test what it returns.
//!
#![doc = include_str!("../README.md")]
//!
//! # Sources
//!
//! Assertions and typed reads work on any type that implements [`Metrics`]: a [`Recorder`], an [`OtlpReceiver`] or its
//! [`Received`] data, a [`Page`], or a source of your own. They have the same names everywhere, with two differences:
//! on a page a counter ends in `_total` and its unit is the suffix (`seconds` for `s`); an up-down counter keeps its
//! type over OTLP and is a gauge on a page.

mod assertion;
mod catalogue;
mod fail;
mod golden;
mod metrics;
mod otlp;
mod page;
mod query;
#[cfg(feature = "receiver")]
mod receiver;
mod recorder;
#[cfg(feature = "scrape")]
mod scrape;
mod series;

/// Functions and types that the macros call. Not a stable interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::assertion::{Comparison, Condition, Part, check, check_none};
}

pub use runar_otel_core::clock::ManualClock;

#[cfg(feature = "receiver")]
pub use crate::receiver::{OtlpReceiver, Received};
#[cfg(feature = "scrape")]
pub use crate::scrape::{ScrapeError, scrape, scrape_text, try_scrape};
pub use crate::{
    assertion::Expected,
    catalogue::assert_catalogue,
    golden::assert_file,
    metrics::Metrics,
    otlp::FinishedSpan,
    page::{Family, Page, PageExemplar, ParseError, Sample},
    query::{Extent, Query},
    recorder::{Recorder, RecorderBuilder, Scope},
    series::{Bucket, Distribution, Exemplar, Kind, Labels, Series, Value},
};
