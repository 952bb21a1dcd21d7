//! The pull endpoint: a small HTTP server from which Prometheus scrapes.
//!
//! The server runs on the runtime of [`Background`](crate::background::Background) and knows no metrics itself: a
//! [`Scrape`] renders the page.

mod activity;
mod connection;
mod listen;
mod negotiate;
mod respond;
mod server;
#[cfg(test)]
mod tests;

pub use negotiate::{Format, accepts_gzip, format};
pub use respond::{Scrape, ScrapeFailed, ScrapeFuture, Scraped};
pub use server::{Endpoint, EndpointOptions};
