//! The thread between the queue and the SDK.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Weak, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use opentelemetry::{Context, KeyValue};
use runar_otel_core::{
    caught, report,
    series::{Series, Stream},
};

use super::{
    instruments::Instruments,
    queue::{CAPACITY, Measured, Order, Outlet, Tell},
};

/// Losses that are no further apart are told of together.
const OUTAGE: Duration = Duration::from_secs(60);

/// How many measurements are taken from the queue at a time: recording threads wait no longer than that.
const CHUNK: usize = 256;

/// How long a measurement waits for the thread that makes its stream.
const STREAM_PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn spawn(outlet: Outlet, instruments: Instruments) -> io::Result<()> {
    let feeder = Feeder {
        outlet,
        instruments,
        labels: LabelCache::default(),
        postponed: VecDeque::new(),
        taken: Vec::with_capacity(CHUNK),
        told: None,
    };
    let run = move || {
        feeder.outlet.begin();
        // Spans of what the SDK does here would be spans of telemetry about itself.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        if caught(|| feeder.run()).is_none() {
            report::say("attached readers get nothing more: the thread that feeds them panicked");
        }
    };
    let name = "runar-otel-mirror".to_owned();
    thread::Builder::new().name(name).spawn(run)?;
    Ok(())
}

struct Feeder {
    outlet: Outlet,
    instruments: Instruments,
    labels: LabelCache,
    /// Orders that came while a measurement waited for its stream.
    postponed: VecDeque<Order>,
    /// Measurements that are out of the queue.
    taken: Vec<Measured>,
    /// The time of the last report of losses.
    told: Option<Instant>,
}

impl Feeder {
    fn run(mut self) {
        loop {
            let mut waiting: Vec<Tell> = Vec::new();
            let mut ends = false;
            while let Some(order) = self.next_order() {
                match order {
                    Order::Made(stream, tell) => self.make(&stream, tell),
                    Order::Empty(tell) => waiting.push(tell),
                    Order::End(tell) => {
                        waiting.push(tell);
                        ends = true;
                    }
                }
            }
            self.empty();
            self.tell_losses(ends);
            drop(waiting);
            // Who ends it may be the last one that it would wait for.
            if ends || self.postponed.is_empty() && !self.outlet.wait(self.patience()) {
                return;
            }
        }
    }

    /// How long to wait for something to do, if there are losses to be told of.
    fn patience(&self) -> Option<Duration> {
        let untold = self.outlet.state().lost.load(Ordering::Relaxed) > 0;
        untold.then(|| self.untold_for())
    }

    fn make(&mut self, stream: &Arc<Stream>, tell: Tell) {
        self.outlet.state().set_making(true);
        self.instruments.add(stream);
        self.outlet.state().set_making(false);
        drop(tell);
    }

    fn next_order(&mut self) -> Option<Order> {
        let postponed = self.postponed.pop_front();
        postponed.or_else(|| self.outlet.next_order())
    }

    /// Takes everything that was in the queue when this began, at least.
    fn empty(&mut self) {
        for _ in 0..CAPACITY.div_ceil(CHUNK) {
            let mut taken = std::mem::take(&mut self.taken);
            self.outlet.take(&mut taken, CHUNK);
            let all = taken.len();
            taken.drain(..).for_each(|one| self.feed(&one));
            self.taken = taken;
            if all < CHUNK {
                return;
            }
        }
    }

    fn feed(&mut self, measured: &Measured) {
        let Measured {
            stream,
            series,
            bits,
        } = measured;
        if self.knows(*stream) {
            let labels = self.labels.of(series);
            self.instruments.record(*stream, *bits, labels);
        } else {
            self.outlet.state().lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for a stream if need be: another thread may record into it before the one that made it says so.
    fn knows(&mut self, stream: usize) -> bool {
        let mut since = None;
        while !self.instruments.knows(stream) {
            let since = *since.get_or_insert_with(Instant::now);
            let left = STREAM_PATIENCE.saturating_sub(since.elapsed());
            match self.outlet.wait_for_order(left) {
                Some(Order::Made(stream, tell)) => self.make(&stream, tell),
                Some(order) => self.postponed.push_back(order),
                None => return false,
            }
        }
        true
    }

    /// Tells how many measurements found no room: once, and once a minute as long as it goes on.
    fn tell_losses(&mut self, at_once: bool) {
        if !at_once && !self.untold_for().is_zero() {
            return;
        }
        let lost = self.outlet.state().lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        self.told = Some(Instant::now());
        report::say(format!(
            "attached readers miss {lost} measurements: {CAPACITY} others waited for the SDK already; expected fewer at \
             a time, or readers and views that hold up the SDK for less"
        ));
    }

    /// How long losses have to wait to be told of.
    fn untold_for(&self) -> Duration {
        let told = self.told.map(|told| told.elapsed());
        told.map_or(Duration::ZERO, |told| OUTAGE.saturating_sub(told))
    }
}

/// A series, and its labels as the SDK wants them.
type Labelled = (Weak<Series>, Box<[KeyValue]>);

/// The labels of series, by address.
#[derive(Default)]
struct LabelCache {
    by_series: HashMap<usize, Labelled, RandomState>,
    /// How many there were after the last look for those that are gone.
    kept: usize,
}

/// So many series may have gone unnoticed.
const SLACK: usize = 1000;

impl LabelCache {
    /// A series is known by its address, which a weak reference keeps from becoming another's.
    fn of(&mut self, series: &Arc<Series>) -> &[KeyValue] {
        if self.by_series.len() > 2 * self.kept + SLACK {
            self.by_series
                .retain(|_, (series, _)| series.strong_count() > 0);
            self.kept = self.by_series.len();
        }
        let key = Arc::as_ptr(series).addr();
        let (_, labels) = self.by_series.entry(key).or_insert_with(|| {
            let labels = series.labels().to_key_values().into();
            (Arc::downgrade(series), labels)
        });
        labels
    }
}
