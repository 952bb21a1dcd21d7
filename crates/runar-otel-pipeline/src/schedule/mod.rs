//! The schedule: pushes at an interval and scrapes on request, on the private runtime.

mod push;
#[cfg(feature = "prometheus-endpoint")]
mod scrape;
mod sink;

pub use push::{FlushError, Push, PushOptions};
#[cfg(feature = "prometheus-endpoint")]
pub use scrape::CollectorScrape;
pub use sink::Sink;
