//! Without the feature `spill` there is none.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Request, Ticket, Verdict};
use crate::export::Urgency;

/// A spill, of which there is none without the feature `spill`.
#[derive(Clone, Debug)]
pub struct Spill(Infallible);

impl Spill {
    /// Does nothing at all.
    pub fn end_within(&self, _: Duration) {
        match self.0 {}
    }

    /// Returns the urgency of exports.
    #[must_use]
    pub fn urgency(&self) -> watch::Receiver<Urgency> {
        match self.0 {}
    }

    /// Waits for nothing.
    pub async fn last_call(&self) {
        match self.0 {}
    }

    /// Keeps no requests.
    pub async fn keep(&self, _: Vec<Request>, _: Instant) -> String {
        match self.0 {}
    }

    /// Returns true if nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.0 {}
    }

    /// Returns no request.
    pub async fn first(&self) -> Option<(Ticket, Request)> {
        match self.0 {}
    }

    /// Removes no request.
    ///
    /// # Errors
    /// Never.
    pub async fn settle<E>(&self, _: Ticket, _: Verdict<E>) -> Result<(), E> {
        match self.0 {}
    }
}
