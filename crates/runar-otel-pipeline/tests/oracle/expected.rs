//! Expectations: the values that our consumers have to get, by those that the SDK reports.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use runar_otel_core::labels::LabelSet;
use runar_otel_pipeline::snapshot::Temporality;

use crate::{
    account::Accounts,
    differences,
    places::{Observed, Places},
    plan::Plan,
    point::{self, Values, overflow},
};

/// Values by stream.
pub(crate) type ByStream = BTreeMap<usize, Values>;

/// The values that are expected after a collection.
#[derive(Debug)]
pub(crate) struct Expected {
    plan: Arc<Plan>,
    places: HashMap<usize, Places>,
    /// The sets that have a series of their own.
    pub(crate) own: HashMap<usize, HashSet<LabelSet>>,
    pub(crate) totals: ByStream,
    /// Deltas that the consumer of deltas has not acknowledged, and totals where it gets those.
    pub(crate) deltas: ByStream,
}

impl Expected {
    pub(crate) fn new(plan: &Arc<Plan>) -> Self {
        Self {
            plan: plan.clone(),
            places: HashMap::new(),
            own: HashMap::new(),
            totals: ByStream::new(),
            deltas: ByStream::new(),
        }
    }

    /// Goes on to the next collection: what callbacks observed, and the totals and deltas of the SDK.
    pub(crate) fn advance(
        &mut self,
        observed: &HashMap<usize, Observed>,
        sdk: (ByStream, ByStream),
        accounts: &Accounts,
    ) {
        let (totals, deltas) = sdk;
        self.totals.clear();
        for at in 0..self.plan.streams.len() {
            let values = totals.get(&at).cloned().unwrap_or_default();
            self.place(at, observed.get(&at), &values);
            let values = self.limited_totals(at, observed.get(&at), values, accounts);
            self.totals.insert(at, values);
        }
        for at in 0..self.plan.streams.len() {
            if !self.is_delta(at) {
                self.deltas.insert(at, self.totals[&at].clone());
                continue;
            }
            let values = deltas.get(&at).cloned().unwrap_or_default();
            let values = self.limited(at, values);
            let pending = self.deltas.entry(at).or_default();
            for (labels, value) in values {
                point::add_to(pending, labels, &value, self.plan.streams[at].max_size());
            }
        }
    }

    /// The consumer of deltas is new: its first deltas are the totals.
    pub(crate) fn register_deltas(&mut self) {
        self.deltas = self.totals.clone();
    }

    /// True if ours does not owe the deltas of a series.
    pub(crate) fn is_bounded(&self, at: usize, labels: &LabelSet) -> bool {
        let places = self.places.get(&at);
        places.is_some_and(|places| places.bounded.contains(labels))
    }

    pub(crate) fn acknowledge(&mut self) {
        self.deltas.clear();
        self.places.values_mut().for_each(Places::acknowledge);
    }

    fn is_delta(&self, at: usize) -> bool {
        self.plan.streams[at].temporality(Temporality::Delta) == Temporality::Delta
    }

    /// Finds out which sets have a place: of synchronous streams the SDK knows.
    fn place(&mut self, at: usize, observed: Option<&Observed>, totals: &Values) {
        let stream = &self.plan.streams[at];
        let own = if differences::sdk_keeps_the_last_observation_beyond_the_limit(stream) {
            let places = self.places.entry(at).or_default();
            if let Some(observed) = observed {
                places.advance(stream, observed);
            }
            places.own.clone()
        } else {
            totals
                .keys()
                .filter(|one| **one != overflow())
                .cloned()
                .collect()
        };
        self.own.insert(at, own);
    }

    /// Totals with what is beyond the limit in one series, and without what is not there in ours.
    fn limited_totals(
        &self,
        at: usize,
        observed: Option<&Observed>,
        mut values: Values,
        accounts: &Accounts,
    ) -> Values {
        let stream = &self.plan.streams[at];
        let own = &self.own[&at];
        if !stream.is_observable() {
            values.retain(|labels, _| {
                let account = if *labels == overflow() {
                    accounts.without(at, |one| own.contains(one))
                } else {
                    accounts.of(at, labels).cloned()
                };
                !differences::sdk_exports_what_is_bound_and_never_recorded(account.as_ref())
            });
            return values;
        }
        if !stream.is_gauge() {
            return self.limited(at, values);
        }
        // The last one observed counts.
        let mut beyond = observed
            .into_iter()
            .flatten()
            .filter(|(labels, _)| !own.contains(labels));
        let last = beyond
            .next_back()
            .and_then(|(labels, _)| values.get(labels).cloned());
        values.retain(|labels, _| own.contains(labels));
        values.extend(last.map(|value| (overflow(), value)));
        values
    }

    /// Adds up what is beyond the limit.
    fn limited(&self, at: usize, values: Values) -> Values {
        let own = &self.own[&at];
        let mut limited = Values::new();
        for (labels, value) in values {
            let labels = if own.contains(&labels) {
                labels
            } else {
                overflow()
            };
            point::add_to(
                &mut limited,
                labels,
                &value,
                self.plan.streams[at].max_size(),
            );
        }
        limited
    }
}
