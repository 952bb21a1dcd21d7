//! Places: which observed sets have a series of their own under a limit, by our rules.

use std::collections::HashSet;

use runar_otel_core::{labels::LabelSet, series};

use crate::{differences, plan::Stream, point::overflow};

/// The sets of a stream that the callbacks of a collection observed, in order.
pub(crate) type Observed = Vec<(LabelSet, series::Number)>;

/// The sets of a stream that have a place, and those that do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub(crate) own: HashSet<LabelSet>,
    beyond: HashSet<LabelSet>,
    /// The series that ended since the consumer of deltas last acknowledged.
    departed: Vec<LabelSet>,
    /// Series that were too many, see [`differences::ours_bounds_what_departed`].
    pub(crate) bounded: HashSet<LabelSet>,
}

impl Places {
    /// The consumer of deltas acknowledged.
    pub(crate) fn acknowledge(&mut self) {
        self.departed.clear();
    }

    /// Goes on to the next collection.
    ///
    /// A histogram counts for ever, and so its series stay. Sums and last values end when they are not observed. A sum
    /// beyond the limit stays there as long as it is observed: elsewhere its whole total would count as new.
    pub(crate) fn advance(&mut self, stream: &Stream, observed: &Observed) {
        let is_observed = |labels: &LabelSet| observed.iter().any(|(one, _)| one == labels);
        let overflows = !self.beyond.is_empty();
        if !stream.is_histogram() {
            self.departed
                .extend(self.own.extract_if(|labels| !is_observed(labels)));
        }
        if stream.is_sum() {
            self.beyond.retain(is_observed);
        } else {
            self.beyond.clear();
        }
        for (labels, _) in observed {
            if self.own.contains(labels) || self.beyond.contains(labels) {
                continue;
            }
            // See `differences::ours_counts_sets_with_labels`.
            let taken = self.own.iter().filter(|own| !own.is_empty()).count();
            if labels.is_empty() || taken < stream.limit {
                self.own.insert(labels.clone());
            } else {
                self.beyond.insert(labels.clone());
            }
        }
        if overflows && self.beyond.is_empty() {
            self.departed.push(overflow());
        }
        if differences::ours_bounds_what_departed(stream, &self.departed) {
            self.bounded.extend(self.departed.iter().cloned());
        }
    }
}
