//! Data points that were dropped.

use runar_otel_core::report;
use tracing::Level;

/// The data points that were dropped in one push.
#[derive(Debug, Default)]
pub(super) struct DropTally {
    points: usize,
    first: String,
    reason: String,
}

impl DropTally {
    /// Adds data points, of which the first is named.
    pub(super) fn add(&mut self, points: usize, first: String, reason: &str) {
        if self.points == 0 {
            (self.first, self.reason) = (first, reason.to_owned());
        }
        self.points += points;
    }

    /// Logs what was dropped, in one line, and returns the line.
    pub(super) fn log(self) -> String {
        let Self {
            points,
            first,
            reason,
        } = self;
        let line = match points {
            1 => format!("the data point {first} is dropped: {reason}"),
            _ => format!("{points} data points are dropped, the first one is {first}: {reason}"),
        };
        report::log(Level::ERROR, line.clone());
        line
    }
}
