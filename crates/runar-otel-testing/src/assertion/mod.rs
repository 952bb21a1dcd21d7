//! Assertions on metrics that show the series found when they fail.

mod comparison;
mod condition;
mod failure;
mod grammar;
mod nearness;

pub use self::{
    comparison::Comparison,
    condition::{Condition, Expected, Part},
};

use crate::{fail::fail, metrics::Metrics, query::Query};

/// Fails unless series are there, and all conditions hold over them.
#[track_caller]
pub fn check<M: Metrics + ?Sized>(source: &M, query: &Query, conditions: &[Condition]) {
    let all = source.series();
    let found: Vec<_> = all.iter().filter(|series| query.matches(series)).collect();
    if found.is_empty() {
        fail(&failure::absent(query, conditions, &all));
    }
    for condition in conditions {
        let value = condition.part.of(&found);
        if value.is_none_or(|value| !condition.comparison.holds(value, condition.expected)) {
            fail(&failure::refuted(query, condition, value, &found));
        }
    }
}

/// Fails if there is a series that matches the query.
#[track_caller]
pub fn check_none<M: Metrics + ?Sized>(source: &M, query: &Query) {
    let found = source.find(query);
    if !found.is_empty() {
        fail(&failure::present(query, &found));
    }
}
