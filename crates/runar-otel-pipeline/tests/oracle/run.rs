//! Running one program in both providers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::SystemTime,
};

use opentelemetry::KeyValue;
use runar_otel_core::labels::LabelSet;
use runar_otel_pipeline::snapshot::{Number, Temporality};

use crate::{
    account::Accounts,
    compare::Consumer,
    differences,
    expected::Expected,
    ours::Ours,
    places::Observed,
    plan::{Plan, Stream},
    point::plus,
    program::{NumberType, Order, Program, Raw, Step},
    sdk::Sdk,
    times::Times,
};

/// Both providers, and what is known about the program so far.
pub(crate) struct Run<'p> {
    program: &'p Program,
    plan: Arc<Plan>,
    ours: Ours,
    totals: Sdk,
    deltas: Sdk,
    expected: Expected,
    accounts: Accounts,
    /// Instrument and labels of what is bound; nothing once it is dropped.
    bound: Vec<Option<(usize, LabelSet)>>,
    /// The sets that the callbacks tell, by instrument.
    told: HashMap<usize, Vec<(LabelSet, Raw)>>,
    /// The instruments that are made.
    made: HashSet<usize>,
    collections: usize,
    began: SystemTime,
    times: [Times; 2],
}

/// Runs a program; the first thing in which both differ.
pub(crate) fn run(program: &Program) -> Result<(), String> {
    let plan = Arc::new(Plan::new(program));
    let mut run = Run {
        program,
        ours: Ours::new(program),
        totals: Sdk::new(program, &plan, Temporality::Cumulative),
        deltas: Sdk::new(program, &plan, Temporality::Delta),
        expected: Expected::new(&plan),
        plan,
        accounts: Accounts::default(),
        bound: Vec::new(),
        told: HashMap::new(),
        made: HashSet::new(),
        collections: 0,
        began: SystemTime::now(),
        times: Default::default(),
    };
    for (at, step) in program.steps.iter().enumerate() {
        run.step(step)
            .map_err(|error| format!("after step {at}, {step:?}: {error}"))?;
    }
    Ok(())
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let instrument = self.program.instrument_of(step);
        self.made.extend(instrument);
        match (step, instrument) {
            (Step::Record { labels, value, .. }, Some(instrument)) => {
                self.record(instrument, *labels, *value);
            }
            (Step::Bind { labels, .. }, Some(instrument)) => self.bind(instrument, *labels),
            (Step::Observe { sets, .. }, Some(instrument)) => self.observe(instrument, sets),
            (Step::RecordBound { bound, value }, _) if !self.bound.is_empty() => {
                self.record_bound(bound % self.bound.len(), *value);
            }
            (Step::Unbind { bound }, _) if !self.bound.is_empty() => {
                let bound = bound % self.bound.len();
                self.bound[bound] = None;
                self.ours.unbind(bound);
                self.totals.unbind(bound);
                self.deltas.unbind(bound);
            }
            (Step::Collect { acknowledge, order }, _) => {
                return self.collect(*acknowledge, *order);
            }
            _ => {}
        }
        Ok(())
    }

    fn record(&mut self, instrument: usize, labels: usize, value: Raw) {
        let (program, value) = (self.program, self.fit(instrument, value));
        let labels = program.labels(labels);
        self.ours.record(program, instrument, value, labels);
        self.totals.record(program, instrument, value, labels);
        self.deltas.record(program, instrument, value, labels);
        self.account(instrument, &LabelSet::of(labels), value);
    }

    fn bind(&mut self, instrument: usize, labels: usize) {
        let program = self.program;
        let labels = program.labels(labels);
        self.ours.bind(program, instrument, labels);
        self.totals.bind(program, instrument, labels);
        self.deltas.bind(program, instrument, labels);
        self.bound.push(Some((instrument, LabelSet::of(labels))));
    }

    fn record_bound(&mut self, bound: usize, value: Raw) {
        let Some((instrument, labels)) = self.bound[bound].clone() else {
            return;
        };
        let value = self.fit(instrument, value);
        self.ours.record_bound(bound, value);
        self.totals.record_bound(bound, value);
        self.deltas.record_bound(bound, value);
        self.account(instrument, &labels, value);
    }

    /// Sets of one callback are distinct.
    fn observe(&mut self, instrument: usize, sets: &[(usize, Raw)]) {
        let kind = self.program.instruments[instrument].kind;
        let mut known = HashSet::new();
        let mut told = Vec::new();
        let mut ours: Vec<(Vec<KeyValue>, Raw)> = Vec::new();
        for (labels, value) in sets {
            let labels = self.program.labels(*labels);
            let canonical = LabelSet::of(labels);
            if known.insert(canonical.clone()) {
                let value = differences::sdk_refuses_infinite_sums_of_observations(*value);
                let value = self.fit(instrument, value);
                if !differences::sdk_counts_negative_values_of_counters(kind, value) {
                    told.push((canonical, value));
                }
                ours.push((labels.to_vec(), value));
            }
        }
        self.told.insert(instrument, told);
        self.ours.observe(self.program, instrument, ours);
    }

    /// A value that both can take in the streams of an instrument.
    fn fit(&self, instrument: usize, mut value: Raw) -> Raw {
        if self.plan.feeds(instrument, Stream::is_histogram) {
            value = differences::sdk_panics_beyond_the_range_of_a_histogram(value);
        }
        if self
            .plan
            .feeds(instrument, differences::sdk_fails_for_subnormal_values)
        {
            value = differences::without_subnormal(value);
        }
        if self
            .plan
            .feeds(instrument, differences::sdk_keeps_the_last_finite_value)
        {
            value = differences::finite(value);
        }
        if self.plan.is_mixed(self.program, instrument) {
            value = differences::sdk_tells_signed_from_unsigned(value);
        }
        value
    }

    /// Notes a measurement that was just made.
    fn account(&mut self, instrument: usize, labels: &LabelSet, value: Raw) {
        let kind = self.program.instruments[instrument].kind;
        let refused = differences::sdk_counts_negative_values_of_counters(kind, value);
        for at in &self.plan.of_instrument[instrument] {
            let stream = &self.plan.streams[*at];
            if let Some(number) = finite(value, stream.number).filter(|_| !refused) {
                self.accounts.add(*at, stream.kept(labels), number);
            }
        }
    }

    fn collect(&mut self, acknowledge: bool, order: Order) -> Result<(), String> {
        let registers = self.collections == self.program.deltas_from;
        if registers {
            self.ours.register_deltas();
        }
        let observed = self.observed();
        for (at, observed) in &observed {
            for (labels, value) in observed {
                self.accounts.add(*at, labels.clone(), *value);
            }
        }
        self.began = SystemTime::now();
        self.ours.collect();
        let sdk = (
            self.totals.collect(&observed),
            self.deltas.collect(&observed),
        );
        self.expected.advance(&observed, sdk, &self.accounts);
        if registers {
            self.expected.register_deltas();
        }
        let consumers: &[Temporality] = match order {
            Order::TotalsFirst => &[Temporality::Cumulative, Temporality::Delta],
            Order::DeltasFirst => &[Temporality::Delta, Temporality::Cumulative],
            Order::TotalsOnly => &[Temporality::Cumulative],
        };
        for temporality in consumers {
            self.compare(*temporality)
                .map_err(|error| format!("{temporality:?}: {error}"))?;
        }
        if order == Order::TotalsOnly {
            self.times[1].skip();
        }
        let reads = self.collections >= self.program.deltas_from && order != Order::TotalsOnly;
        if acknowledge && reads {
            self.ours.acknowledge();
            self.expected.acknowledge();
            self.accounts.acknowledge();
            self.times[1].acknowledge();
        }
        self.collections += 1;
        Ok(())
    }

    fn compare(&mut self, temporality: Temporality) -> Result<(), String> {
        let deltas = temporality == Temporality::Delta;
        if deltas && self.collections < self.program.deltas_from {
            return Ok(());
        }
        let ours = if deltas {
            self.ours.deltas()
        } else {
            self.ours.totals()
        };
        let consumer = Consumer {
            plan: &self.plan,
            accounts: &self.accounts,
            expected: &self.expected,
            made: &self.made,
            temporality,
        };
        let points = consumer.compare(ours)?;
        let times = &mut self.times[usize::from(deltas)];
        times.check(
            self.began,
            &self.plan,
            Some(&self.accounts),
            temporality,
            &points,
        )
    }

    /// The sets that the callbacks tell now, by stream.
    fn observed(&self) -> HashMap<usize, Observed> {
        let mut all: HashMap<usize, Observed> = HashMap::new();
        for (at, stream) in self.plan.streams.iter().enumerate() {
            for told in stream
                .instruments
                .iter()
                .filter_map(|one| self.told.get(one))
            {
                let observed = all.entry(at).or_default();
                for (labels, value) in told {
                    let Some(value) = finite(*value, stream.number) else {
                        continue;
                    };
                    let labels = stream.kept(labels);
                    let known = observed.iter_mut().find(|(known, _)| *known == labels);
                    match known.filter(|_| !stream.is_histogram()) {
                        None => observed.push((labels, value)),
                        Some((_, known))
                            if differences::sdk_keeps_the_last_of_sets_that_a_view_makes_equal(
                                stream,
                            ) =>
                        {
                            *known = plus(*known, value);
                        }
                        Some((_, known)) => *known = value,
                    }
                }
            }
        }
        all
    }
}

fn finite(value: Raw, number: NumberType) -> Option<Number> {
    match number {
        NumberType::U64 => Some(Number::U64(value.whole)),
        NumberType::I64 => Some(Number::I64(value.signed)),
        NumberType::F64 => value.real.is_finite().then_some(Number::F64(value.real)),
    }
}
