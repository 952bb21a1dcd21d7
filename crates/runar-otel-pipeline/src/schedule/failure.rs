//! The failure of a push.

use std::time::Duration;

use super::outage::Problem;

/// The reason why a push has not delivered everything.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) problem: Problem,
    pub(super) reason: String,
}

impl Failure {
    /// True if no connection was made: the receiver has seen nothing.
    pub(super) fn is_before_connection(&self) -> bool {
        matches!(self.problem, Problem::Export(kind) if kind.is_before_connection())
    }

    pub(super) fn slow_collection() -> Self {
        let reason = "the collection takes longer than a push may, perhaps because of a callback";
        Self {
            problem: Problem::SlowCollection,
            reason: reason.to_owned(),
        }
    }

    /// Adds the wait that the receiver asks for.
    pub(super) fn and_wait(mut self, wait: Option<Duration>) -> Self {
        if let Some(wait) = wait {
            self.reason += &format!("; no push for {} s, as it asks", wait.as_secs());
        }
        self
    }

    pub(super) fn slow_delivery() -> Self {
        Self {
            problem: Problem::SlowDelivery,
            reason: "nobody takes the data in time".to_owned(),
        }
    }

    pub(super) fn panicked(work: &str) -> Self {
        Self {
            problem: Problem::Panic,
            reason: format!("{work} panicked, or the system refuses a thread"),
        }
    }
}
