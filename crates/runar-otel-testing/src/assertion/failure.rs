//! Messages of failed assertions.

use std::fmt::Write;

use strsim::levenshtein;

use super::{Condition, nearness::is_near};
use crate::{query::Query, series::Series};

/// The number of series that a message lists; further series are counted.
const LISTED: usize = 20;

/// Returns the message for a query that no series matches, with the closest series first.
pub(crate) fn absent(query: &Query, conditions: &[Condition], all: &[Series]) -> String {
    let wanted: Vec<String> = conditions.iter().map(ToString::to_string).collect();
    let mut message = format!("there is no series `{query}`");
    if !wanted.is_empty() {
        let _ = write!(message, " (expected {})", wanted.join(", "));
    }
    let mut near: Vec<&Series> = all.iter().collect();
    near.sort_by_cached_key(|series| {
        (
            levenshtein(&query.name, &series.name),
            query.missed(series),
            series.to_string(),
        )
    });
    match near.first() {
        None => return message + "; there are no series at all",
        Some(nearest) if nearest.name != query.name && is_near(&query.name, &nearest.name) => {
            let _ = write!(message, "; did you mean `{}`?", nearest.name);
        }
        Some(nearest) if nearest.name == query.name => {
            message.push_str(&other_labels(query, nearest));
        }
        Some(_) => {}
    }
    push_list(
        &mut message,
        "there are, the closest first",
        near.into_iter(),
    );
    message
}

/// Returns the labels in which the nearest series of the name differs.
fn other_labels(query: &Query, nearest: &Series) -> String {
    let mut message = String::new();
    for (name, wanted) in &query.labels {
        let known = nearest.labels.keys();
        let slip = known.min_by_key(|known| levenshtein(name, known));
        match (nearest.labels.get(name), slip) {
            (Some(there), _) if there != wanted => {
                let _ = write!(message, "; `{name}` is {there:?} in the closest one");
            }
            (None, Some(slip)) if is_near(name, slip) && !query.labels.contains_key(slip) => {
                let _ = write!(
                    message,
                    "; it has no label `{name}`: did you mean `{slip}`?"
                );
            }
            (None, _) => {
                let _ = write!(message, "; it has no label `{name}`");
            }
            _ => {}
        }
    }
    message
}

/// Returns the message for a condition that does not hold.
pub(crate) fn refuted(
    query: &Query,
    condition: &Condition,
    value: Option<f64>,
    found: &[&Series],
) -> String {
    let mut message = format!("`{query}`: expected {condition}, ");
    match value {
        Some(value) => {
            let _ = write!(message, "found {value}");
        }
        None => message.push_str(&wrong_part(found)),
    }
    let over = match found {
        [_] => "the series",
        _ => "the series, which are added up",
    };
    push_list(&mut message, over, found.iter().copied());
    message
}

/// Explains why there is no value: a number was expected of a histogram, or a count of a number.
fn wrong_part(found: &[&Series]) -> String {
    match found.first() {
        Some(series) if series.distribution().is_some() => {
            format!("but a {} has `count` and `sum`", series.kind)
        }
        Some(series) => format!("but a {} has neither count nor sum", series.kind),
        None => "found none".to_owned(),
    }
}

/// Returns the message for series that should not be there.
pub(crate) fn present(query: &Query, found: &[Series]) -> String {
    let mut message = format!("expected no series `{query}`");
    push_list(&mut message, "found", found.iter());
    message
}

fn push_list<'s>(
    message: &mut String,
    title: &str,
    series: impl ExactSizeIterator<Item = &'s Series>,
) {
    let further = series.len().saturating_sub(LISTED);
    let _ = write!(message, "\n  {title}:");
    for one in series.take(LISTED) {
        let _ = write!(message, "\n    {one}");
    }
    if further > 0 {
        let _ = write!(message, "\n    … and {further} more");
    }
}
