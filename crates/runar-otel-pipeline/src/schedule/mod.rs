//! The schedule: pushes at an interval and scrapes on request, on the private runtime.

mod dropped;
mod failure;
mod flush;
mod leftover;
mod options;
mod outage;
mod push;
mod pusher;
#[cfg(feature = "prometheus-endpoint")]
mod scrape;
mod sink;
mod window;

pub use flush::{FlushError, PendingFlush};
pub use options::PushOptions;
pub use outage::{Outage, Problem};
pub use push::Push;
#[cfg(feature = "prometheus-endpoint")]
pub use scrape::CollectorScrape;
pub use sink::{Console, Sink};

#[cfg(test)]
mod tests;
