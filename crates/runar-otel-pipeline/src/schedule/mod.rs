//! The schedule: pushes at an interval and scrapes on request, on the private runtime.

mod push;
mod scrape;
mod sink;

pub use push::{FlushError, Push, PushOptions};
pub use scrape::CollectorScrape;
pub use sink::Sink;
