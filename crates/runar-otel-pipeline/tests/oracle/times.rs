//! Start times, by the specification: the SDK has only one per metric.
//!
//! OpenTelemetry specification, metrics SDK, *Start timestamps* and *MetricReader*; data model, *Temporality* and *Overlap*.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use runar_otel_core::{labels::LabelSet, metric::Shape};
use runar_otel_pipeline::snapshot::{Number, Temporality};

use crate::{
    account::Accounts,
    plan::{Plan, Stream},
    point::{Point, Value, overflow},
};

/// The points that one consumer got.
#[derive(Debug, Default)]
pub(crate) struct Times {
    collection: usize,
    /// The time at which the collection began.
    began: Option<SystemTime>,
    /// True if the consumer did not read after some collection since.
    skipped: bool,
    totals: HashMap<(usize, LabelSet), Total>,
    /// The end of the last point that was acknowledged.
    acknowledged: HashMap<(usize, LabelSet), SystemTime>,
    /// The points that were not acknowledged.
    sent: HashMap<(usize, LabelSet), Sent>,
}

#[derive(Debug)]
struct Sent {
    collection: usize,
    starts: HashSet<SystemTime>,
    end: SystemTime,
}

#[derive(Debug)]
struct Total {
    collection: usize,
    start: SystemTime,
    time: SystemTime,
    value: Value,
}

impl Times {
    /// Checks everything that the consumer got with a collection that began at this time. Without accounts, nobody knows
    /// when something was recorded for the first time.
    pub(crate) fn check(
        &mut self,
        began: SystemTime,
        plan: &Plan,
        accounts: Option<&Accounts>,
        preferred: Temporality,
        by_stream: &HashMap<usize, Vec<Point>>,
    ) -> Result<(), String> {
        self.collection += 1;
        self.began = Some(began);
        for (at, points) in by_stream {
            let stream = &plan.streams[*at];
            if stream.is_gauge() {
                continue;
            }
            let checked = match stream.temporality(preferred) {
                Temporality::Cumulative => points
                    .iter()
                    .try_for_each(|point| self.check_total(*at, stream, accounts, point)),
                Temporality::Delta => self.check_deltas(*at, points),
            };
            checked.map_err(|error| format!("{error}\nin stream {stream:#?}"))?;
        }
        self.skipped = false;
        Ok(())
    }

    /// Callbacks ran, and the consumer did not read.
    pub(crate) fn skip(&mut self) {
        self.skipped = true;
    }

    /// A start stays for the life of a series; a new life begins after the one before.
    fn check_total(
        &mut self,
        at: usize,
        stream: &Stream,
        accounts: Option<&Accounts>,
        point: &Point,
    ) -> Result<(), String> {
        let start = point.start.ok_or("a point has no start")?;
        if start > point.time {
            return Err(format!("a point ends before its start: {point:#?}"));
        }
        let key = (at, point.labels.clone());
        match self.totals.get(&key) {
            None => {
                let first = match accounts {
                    None => Some(point.time),
                    Some(_) if stream.is_observable() => self.began,
                    Some(accounts) => accounts.of(at, &point.labels).map(|account| account.first),
                };
                if point.labels != overflow() && first.is_none_or(|first| start > first) {
                    return Err(format!("a start after the first measurement: {point:#?}"));
                }
            }
            Some(before) if before.time > point.time => {
                return Err(format!("time runs back: {before:#?} {point:#?}"));
            }
            Some(before) => {
                let ends = before.ends_before(self.collection, stream, point);
                let may_end = ends || stream.is_observable() && self.skipped;
                if before.start != start && !may_end {
                    return Err(format!("the start changed: {before:#?} {point:#?}"));
                }
                if (ends || before.start != start) && start < before.time {
                    return Err(format!("two lives overlap: {before:#?} {point:#?}"));
                }
            }
        }
        let total = Total {
            collection: self.collection,
            start,
            time: point.time,
            value: point.value.clone(),
        };
        self.totals.insert(key, total);
        Ok(())
    }

    /// Deltas of a series do not overlap; what was not acknowledged comes again with the same start.
    fn check_deltas(&mut self, at: usize, points: &[Point]) -> Result<(), String> {
        let mut sets: HashMap<&LabelSet, Vec<(SystemTime, SystemTime)>> = HashMap::new();
        for point in points {
            let start = point.start.ok_or("a point has no start")?;
            sets.entry(&point.labels)
                .or_default()
                .push((start, point.time));
        }
        for (labels, mut windows) in sets {
            windows.sort_unstable();
            let key = (at, labels.clone());
            let mut until = self.acknowledged.get(&key).copied();
            for (start, end) in &windows {
                if start > end || until.is_some_and(|until| *start < until) {
                    return Err(format!(
                        "deltas of {labels:?} overlap: {until:#?} {windows:#?}"
                    ));
                }
                until = Some(*end);
            }
            let starts: HashSet<SystemTime> = windows.iter().map(|(start, _)| *start).collect();
            let end = until.ok_or("there is no window")?;
            if let Some(sent) = self.sent.get(&key)
                && (!sent.starts.is_subset(&starts) || end < sent.end)
            {
                return Err(format!(
                    "{labels:?} was sent as {sent:#?}, now {windows:#?}"
                ));
            }
            let sent = Sent {
                collection: self.collection,
                starts,
                end,
            };
            self.sent.insert(key, sent);
        }
        Ok(())
    }

    /// The consumer acknowledges what it got last.
    pub(crate) fn acknowledge(&mut self) {
        let last = self.collection;
        let last = self.sent.extract_if(|_, sent| sent.collection == last);
        self.acknowledged
            .extend(last.map(|(key, sent)| (key, sent.end)));
    }
}

impl Total {
    /// True if the point belongs to another life: the series was not there meanwhile, or a total fell that only grows.
    fn ends_before(&self, collection: usize, stream: &Stream, point: &Point) -> bool {
        let fell = match (&self.value, &point.value) {
            (Value::Number(Number::U64(before)), Value::Number(Number::U64(now))) => now < before,
            (Value::Number(before), Value::Number(now)) => now.as_f64() < before.as_f64(),
            _ => false,
        };
        stream.is_observable()
            && (self.collection + 1 < collection || stream.shape() == Shape::MonotonicSum && fell)
    }
}
