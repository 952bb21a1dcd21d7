//! Targets of a row.

use crate::peer::Peer;

/// What ours has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At most so many times the fastest other.
    Fastest(f64),
    /// At most so many times this one.
    Times(f64, Peer),
    /// Faster than this one.
    Faster(Peer),
    /// At most so many times ours in the row of this title.
    Row(f64, &'static str),
}
