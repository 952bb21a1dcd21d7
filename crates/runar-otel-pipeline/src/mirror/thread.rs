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
    queue::{CAPACITY, Command, DoneSignal, Measurement, QueueOutput},
};

/// The least time between two reports of losses.
const OUTAGE: Duration = Duration::from_secs(60);

/// The number of measurements taken from the queue at a time: recording threads wait for the lock no longer than that
/// takes.
const CHUNK: usize = 256;

/// The time limit for a measurement to wait until the thread that makes its stream has said so.
const STREAM_PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn spawn(output: QueueOutput, instruments: Instruments) -> io::Result<()> {
    let feeder = Feeder {
        output,
        instruments,
        labels: LabelCache::default(),
        postponed: VecDeque::new(),
        taken: Vec::with_capacity(CHUNK),
        reported_at: None,
    };
    let run = move || {
        feeder.output.begin();
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
    output: QueueOutput,
    instruments: Instruments,
    labels: LabelCache,
    /// Commands that came while a measurement waited for its stream.
    postponed: VecDeque<Command>,
    /// The buffer for measurements taken from the queue.
    taken: Vec<Measurement>,
    /// The time of the last report of losses.
    reported_at: Option<Instant>,
}

impl Feeder {
    fn run(mut self) {
        loop {
            let mut done_signals: Vec<DoneSignal> = Vec::new();
            let mut ends = false;
            while let Some(command) = self.next_command() {
                match command {
                    Command::Make(stream, done) => self.make(&stream, done),
                    Command::Flush(done) => done_signals.push(done),
                    Command::End(done) => {
                        done_signals.push(done);
                        ends = true;
                    }
                }
            }
            self.empty();
            self.report_losses(ends);
            drop(done_signals);
            // The sender of the end may be the last one that the thread would wait for.
            if ends || self.postponed.is_empty() && !self.output.wait(self.patience()) {
                return;
            }
        }
    }

    /// Returns the time until losses are to be reported; `None`, wait without limit, if there are no losses.
    fn patience(&self) -> Option<Duration> {
        let unreported = self.output.state().lost.load(Ordering::Relaxed) > 0;
        unreported.then(|| self.time_to_report())
    }

    fn make(&mut self, stream: &Arc<Stream>, done: DoneSignal) {
        self.output.state().set_making(true);
        self.instruments.add(stream);
        self.output.state().set_making(false);
        drop(done);
    }

    fn next_command(&mut self) -> Option<Command> {
        let postponed = self.postponed.pop_front();
        postponed.or_else(|| self.output.next_command())
    }

    /// Takes at least the measurements that were in the queue at the start.
    fn empty(&mut self) {
        for _ in 0..CAPACITY.div_ceil(CHUNK) {
            let mut taken = std::mem::take(&mut self.taken);
            self.output.take(&mut taken, CHUNK);
            let all = taken.len();
            taken.drain(..).for_each(|one| self.feed(&one));
            self.taken = taken;
            if all < CHUNK {
                return;
            }
        }
    }

    fn feed(&mut self, measurement: &Measurement) {
        let Measurement {
            stream,
            series,
            bits,
        } = measurement;
        if self.knows(*stream) {
            let labels = self.labels.of(series);
            self.instruments.record(*stream, *bits, labels);
        } else {
            self.output.state().lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// True if the stream has its instrument. Waits for it if need be: another thread may record into a stream before
    /// the thread that made the stream says so.
    fn knows(&mut self, stream: usize) -> bool {
        let mut since = None;
        while !self.instruments.knows(stream) {
            let since = *since.get_or_insert_with(Instant::now);
            let left = STREAM_PATIENCE.saturating_sub(since.elapsed());
            match self.output.wait_for_command(left) {
                Some(Command::Make(stream, done)) => self.make(&stream, done),
                Some(command) => self.postponed.push_back(command),
                None => return false,
            }
        }
        true
    }

    /// Reports how many measurements found no room: at once, and then once a minute as long as there are losses.
    fn report_losses(&mut self, at_once: bool) {
        if !at_once && !self.time_to_report().is_zero() {
            return;
        }
        let lost = self.output.state().lost.swap(0, Ordering::Relaxed);
        if lost == 0 {
            return;
        }
        self.reported_at = Some(Instant::now());
        report::say(format!(
            "attached readers miss {lost} measurements: {CAPACITY} others waited for the SDK already; expected fewer at \
             a time, or readers and views that hold up the SDK for less"
        ));
    }

    /// Returns the time until the next report of losses is allowed.
    fn time_to_report(&self) -> Duration {
        let since = self.reported_at.map(|at| at.elapsed());
        since.map_or(Duration::ZERO, |since| OUTAGE.saturating_sub(since))
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
