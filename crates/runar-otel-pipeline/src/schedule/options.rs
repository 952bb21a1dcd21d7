//! Options of a push.

use std::time::Duration;

use crate::store::TemporalityPreference;

/// Interval, limits and temporality of a push.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PushOptions {
    /// The time between two pushes, 60 seconds by default.
    pub interval: Duration,
    /// The time limit of one collection and delivery, retries included; 30 seconds by default.
    pub timeout: Duration,
    /// The temporality that the sink prefers; cumulative by default.
    pub temporality: TemporalityPreference,
    /// The most data points of one request; no limit by default.
    pub max_points: usize,
    /// The size at which requests are cut, in bytes before compression; 3 MiB by default: gRPC servers, the Collector's
    /// among them, take 4 MiB. A single larger point is sent all the same.
    pub max_bytes: usize,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
            temporality: TemporalityPreference::Cumulative,
            max_points: usize::MAX,
            max_bytes: 3 * 1024 * 1024,
        }
    }
}
