//! Accounts: what a program recorded in each series, as far as the comparison has to know it.

use std::{collections::HashMap, time::SystemTime};

use runar_otel_core::labels::LabelSet;
use runar_otel_pipeline::snapshot::Number;

use crate::point;

/// The measurements of a series, added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    /// The sum of the absolute values.
    pub(crate) sizes: f64,
    /// The sum that stops at the end of the type's range.
    pub(crate) folded: Option<Number>,
    /// True if the sum went beyond the range of its type.
    pub(crate) left_range: bool,
}

impl Tally {
    fn add(&mut self, value: Number) {
        self.count += 1;
        self.sizes += value.as_f64().abs();
        let Some(folded) = self.folded else {
            self.folded = Some(value);
            return;
        };
        self.left_range |= match (folded, value) {
            (Number::U64(one), Number::U64(other)) => one.checked_add(other).is_none(),
            (Number::I64(one), Number::I64(other)) => one.checked_add(other).is_none(),
            _ => false,
        };
        self.folded = Some(point::plus(folded, value));
    }

    /// Both, in an unknown order: the sum is known only if no order leaves the range.
    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sizes += other.sizes;
        self.left_range |= other.left_range || self.sizes >= 9e18;
        self.folded = None;
    }
}

/// The measurements of one label set of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) all: Tally,
    /// The same since the consumer of deltas last acknowledged.
    pub(crate) window: Tally,
    /// The time right after the first measurement.
    pub(crate) first: SystemTime,
}

/// All accounts, by stream and the labels that it keeps.
#[derive(Debug, Default)]
pub(crate) struct Accounts(HashMap<(usize, LabelSet), Account>);

impl Accounts {
    /// Notes a measurement that was just made.
    pub(crate) fn add(&mut self, stream: usize, labels: LabelSet, value: Number) {
        let account = self.0.entry((stream, labels)).or_insert_with(|| Account {
            all: Tally::default(),
            window: Tally::default(),
            first: SystemTime::now(),
        });
        account.all.add(value);
        account.window.add(value);
    }

    /// Begins a new window.
    pub(crate) fn acknowledge(&mut self) {
        for account in self.0.values_mut() {
            account.window = Tally::default();
        }
    }

    pub(crate) fn of(&self, stream: usize, labels: &LabelSet) -> Option<&Account> {
        self.0.get(&(stream, labels.clone()))
    }

    /// The account of all label sets of a stream but some.
    pub(crate) fn without(
        &self,
        stream: usize,
        own: impl Fn(&LabelSet) -> bool,
    ) -> Option<Account> {
        let others = self
            .0
            .iter()
            .filter(|((of, labels), _)| *of == stream && !own(labels));
        others
            .map(|(_, account)| account)
            .cloned()
            .reduce(|mut all, one| {
                all.all.join(&one.all);
                all.window.join(&one.window);
                all.first = all.first.min(one.first);
                all
            })
    }
}
