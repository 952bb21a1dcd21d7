//! State that an observed stream keeps from one collection to the next.

use std::{collections::HashMap, time::SystemTime};

use super::value::Number;
use crate::labels::LabelSet;

/// State left by the collection before.
#[derive(Debug)]
pub(super) struct ObservedState {
    /// The time of that collection: a total that is observed for the first time counts from then.
    pub(super) before: SystemTime,
    /// The sets beyond the cardinality limit, with their totals.
    pub(super) beyond: HashMap<LabelSet, BeyondSet>,
}

/// A set beyond the limit.
#[derive(Debug)]
pub(super) struct BeyondSet {
    pub(super) total: Number,
    /// The position in the sum: rounding depends on the order, and a sum of counters must not fall unless one of them
    /// does.
    pub(super) rank: usize,
}

impl Default for ObservedState {
    fn default() -> Self {
        Self::since(SystemTime::UNIX_EPOCH)
    }
}

impl ObservedState {
    pub(super) fn since(before: SystemTime) -> Self {
        Self {
            before,
            beyond: HashMap::new(),
        }
    }
}
