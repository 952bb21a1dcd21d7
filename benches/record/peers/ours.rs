//! `runar-otel`.

use std::{cell::RefCell, rc::Rc};

use prometheus::Registry;
use runar_otel::{Counter, Gauge, Histogram, HistogramBuilder, Timer};

use super::ours_calls;
use crate::{
    case::Case,
    labels::{LabelSets, LabelValues},
    peer::Peer,
    readings::in_registry,
    regime::{LIMIT, Life, Regime},
    result::Result,
    row::Row,
    work::{BUCKETS, LABELS, Work, value},
};

/// Our telemetry, which runs while this lives.
pub(crate) struct Ours {
    /// Read by each case; another one in each life.
    registry: Rc<RefCell<Registry>>,
    life: Option<Life>,
}

impl Ours {
    pub(crate) fn start(regime: Regime) -> Result<Self> {
        let mut own = Self {
            registry: Rc::default(),
            life: None,
        };
        own.live(regime.start()?)?;
        Ok(own)
    }

    /// Ends its telemetry and starts the next one; an exporter goes on.
    pub(crate) fn begin_anew(&mut self, regime: Regime) -> Result<()> {
        if let Some(Life::Telemetry(telemetry)) = self.life.take() {
            telemetry.shutdown().into_result()?;
        }
        self.live(regime.next()?)
    }

    /// Tells whether it shows what was recorded: an exporter does so over HTTP only.
    pub(crate) fn shows(&self) -> bool {
        matches!(self.life, Some(Life::Telemetry(_)))
    }

    fn live(&mut self, life: Life) -> Result<()> {
        let registry = Registry::new();
        if let Life::Telemetry(telemetry) = &life {
            registry.register(Box::new(telemetry.prometheus_collector()))?;
        }
        self.registry.replace(registry);
        self.life = Some(life);
        Ok(())
    }

    pub(crate) fn case(&self, row: &Row) -> Option<Case> {
        let metric = row.metric;
        let registry = Rc::clone(&self.registry);
        let recorded = move || in_registry(&registry.borrow(), metric);
        let sets = LabelSets::new(row.sets);
        Some(match row.work {
            Work::Counter => {
                let counter = LABELS.iter().fold(
                    Counter::new(metric, "Requests"),
                    |counter, (name, value)| counter.with_label(*name, *value),
                );
                let counter = counter.register();
                Case::new(Peer::Ours, move |_| counter.increment(), recorded)
            }
            Work::CounterLabelled => {
                let counter = Counter::new(metric, "Requests").register();
                let record = move |at| counter.increment_with(&labels(sets.of(at)));
                Case::new(Peer::Ours, record, recorded)
            }
            Work::CounterBeyond => {
                let counter = Counter::new(metric, "Requests").register();
                let (known, beyond) = (LabelSets::new(LIMIT), LabelSets::beyond(LIMIT, row.sets));
                (0..LIMIT).for_each(|at| counter.increment_with(&labels(known.of(at))));
                let record = move |at| counter.increment_with(&labels(beyond.of(at)));
                Case::new(Peer::Ours, record, recorded).after(LIMIT)
            }
            Work::Gauge => {
                let gauge = LABELS
                    .iter()
                    .fold(Gauge::new(metric, "Level"), |gauge, (name, value)| {
                        gauge.with_label(*name, *value)
                    });
                let gauge = gauge.register();
                Case::new(Peer::Ours, move |at| gauge.set(value(at)), recorded)
            }
            Work::Histogram => {
                let histogram = LABELS
                    .iter()
                    .fold(histogram(metric), |histogram, (name, value)| {
                        histogram.with_label(*name, *value)
                    });
                let histogram = histogram.register();
                Case::new(Peer::Ours, move |at| histogram.observe(value(at)), recorded)
            }
            Work::HistogramLabelled => {
                let histogram = histogram(metric).register();
                let record = move |at| histogram.observe_with(value(at), &labels(sets.of(at)));
                Case::new(Peer::Ours, record, recorded)
            }
            Work::Timer => {
                let timer = timer(metric);
                let record = move |_| {
                    timer.start().stop();
                };
                Case::new(Peer::Ours, record, recorded)
            }
            Work::Call | Work::LabelledCall | Work::SpannedCall => {
                return ours_calls::case(row, recorded);
            }
        })
    }
}

fn histogram(metric: &'static str) -> HistogramBuilder {
    Histogram::new(metric, "Duration").with_buckets(BUCKETS.into())
}

fn timer(metric: &'static str) -> Timer {
    let timer = Timer::new(metric, "Duration").with_buckets(BUCKETS.into());
    let timer = LABELS.iter().fold(timer, |timer, (name, value)| {
        timer.with_label(*name, *value)
    });
    timer.register()
}

fn labels(of: LabelValues<'_>) -> [(&str, &str); 3] {
    [
        ("method", of.method),
        ("route", of.route),
        ("status", of.status),
    ]
}
