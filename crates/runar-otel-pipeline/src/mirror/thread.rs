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

/// The least time between two reports of losses.
const OUTAGE: Duration = Duration::from_secs(60);

/// The number of measurements taken from the queue at a time: recording threads wait for the lock no longer than that
/// takes.
const CHUNK: usize = 256;

/// The time limit for a measurement to wait until the thread that makes its stream has said so.
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
        // Spans of the SDK's work here would be telemetry about telemetry.
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
    /// The buffer for measurements taken from the queue.
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
            // The sender of the end may be the last one that the thread would wait for.
            if ends || self.postponed.is_empty() && !self.outlet.wait(self.patience()) {
                return;
            }
        }
    }

    /// Returns the time until losses are to be reported; `None`, wait without limit, if there are no losses.
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

    /// Takes at least the measurements that were in the queue at the start.
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

    /// True if the stream has its instrument. Waits for it if need be: another thread may record into a stream before
    /// the thread that made the stream says so.
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

    /// Reports how many measurements found no room: at once, and then once a minute as long as there are losses.
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

    /// Returns the time until the next report of losses is allowed.
    fn untold_for(&self) -> Duration {
        let told = self.told.map(|told| told.elapsed());
        told.map_or(Duration::ZERO, |told| OUTAGE.saturating_sub(told))
    }
}

/// A series, and its labels as the SDK takes them.
type Labelled = (Weak<Series>, Box<[KeyValue]>);

/// The labels of series, by address.
#[derive(Default)]
struct LabelCache {
    by_series: HashMap<usize, Labelled, RandomState>,
    /// The number of series after the last removal of dead ones.
    kept: usize,
}

/// The number of new series, beyond a doubling, after which dead ones are removed.
const SLACK: usize = 1000;

impl LabelCache {
    /// Returns the labels of a series, by its address; a weak reference keeps the address from being reused.
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
