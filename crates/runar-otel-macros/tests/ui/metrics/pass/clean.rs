//! What `#[metrics]` generates is clean.

#![deny(warnings, missing_docs, clippy::pedantic)]

extern crate runar_otel_host as runar_otel;

use runar_otel_core::{Counter, Gauge};
use runar_otel_macros::{action, metered, metrics};

/// A service.
#[metrics(prefix = "api_", events = true, service = "api", actions = true, default)]
#[derive(Clone, Debug)]
pub struct Service<'a, T: 'a>
where
    T: Clone,
{
    #[inject]
    items: Vec<&'a T>,
    #[metric_field]
    ratio: Gauge,
    #[metric_field(name = "hits", description = "Hits", unit = "{hit}")]
    hits: Counter,
}

#[metrics]
impl<'a, T: Clone> Service<'a, T> {
    /// An action.
    #[action]
    #[metered]
    pub async fn length(&self) -> usize {
        self.hits.increment();
        self.ratio.set(1.0);
        self.items.len()
    }
}

/// A service whose impl alone is metered.
#[derive(Debug)]
pub struct Alone;

#[metrics(prefix = "alone_")]
impl Alone {
    /// An action.
    #[action]
    #[must_use]
    pub fn check(&self) -> bool {
        true
    }

    /// A function.
    #[metered]
    #[must_use]
    pub fn one() -> u8 {
        1
    }
}

/// The same through another path.
#[metrics(crate = runar_otel_host)]
#[derive(Debug)]
pub struct Renamed;

fn main() {
    let service = Service::<u8>::default();
    drop(service.length());
    assert!(Alone.check() && Alone::one() == 1);
}
