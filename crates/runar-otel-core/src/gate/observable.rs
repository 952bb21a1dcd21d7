//! Observable instruments, whose callbacks supply values for each collection.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Callback},
};

use super::worker::{JobError, Worker, is_worker};
use crate::{
    exemplar::{ExemplarFilter, MeasuredLabels, is_in_reservoir},
    labels::{LabelFilter, LabelSet, SortedLabels},
    metric::{
        InstrumentKind,
        number::{ApiNumber, NumberKind},
        refusal::refuse,
    },
    report,
    series::{Number, Stream},
    threads::{
        deferred_drop::{self, DeferredDrop, caught},
        forked,
    },
};

/// True where a collection started now would wait for itself: on the thread that runs callbacks, and in the code of a
/// custom reservoir.
#[must_use]
pub fn in_callback() -> bool {
    is_worker() || is_in_reservoir()
}

/// The most values that the callbacks of one instrument observe in one collection: a callback that never returns must
/// not take all memory.
const MOST: usize = 1_000_000;

/// The time that the end waits for values held by callbacks to be dropped.
const A_MOMENT: Duration = Duration::from_millis(100);

/// The observable instruments of a provider.
pub(super) struct Observables {
    all: Mutex<Vec<Arc<Observable>>>,
    /// Held by the collection whose turn it is.
    turn: Mutex<()>,
    worker: Worker,
    timeout: Duration,
}

/// An observable instrument with its callbacks.
struct Observable {
    streams: Box<[Arc<Stream>]>,
    /// Dropped apart: values that callbacks hold may have a `Drop` of their own.
    callbacks: DeferredDrop<Box<dyn Callbacks>>,
    /// True while a callback has not returned from a collection that went on without it.
    away: AtomicBool,
}

impl Observable {
    fn name(&self) -> &str {
        let stream = self.streams.first();
        stream.map_or("", |stream| &*stream.plan().name)
    }
}

/// The callbacks of one instrument, for any number type.
trait Callbacks: Send + Sync {
    /// Runs the callbacks and returns their observations.
    fn run(&self) -> Observations;
}

/// Observations of the callbacks of one instrument.
#[derive(Default)]
struct Observations {
    observed: Vec<ObservedValue>,
    panicked: bool,
    /// True if the callbacks observed more than [`MOST`] values.
    flooded: bool,
}

impl Observations {
    /// Reports observations that are missing.
    fn report(&self, name: &str) {
        if self.panicked {
            report::once(("callback", name), || {
                format!(
                    "a callback of observable metric `{name}` panicked: what it had not observed yet is missing"
                )
            });
        }
        if self.flooded {
            report::once(("callback", "many", name), || {
                format!(
                    "the callbacks of observable metric `{name}` observe more than {MOST} values in one collection: the \
                     rest is missing; expected one value per label set"
                )
            });
        }
    }
}

/// A label set and its value, which may be any double.
type ObservedValue = (LabelSet, Number);

impl<N: ApiNumber> Callbacks for Vec<Callback<N>> {
    fn run(&self) -> Observations {
        let observer = ObservationSink::default();
        let mut panicked = false;
        for callback in self {
            panicked |= caught(|| callback(&observer)).is_none();
        }
        let answer = observer.0.into_inner();
        Observations {
            panicked,
            ..answer.unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// The sink for values that callbacks observe.
#[derive(Default)]
struct ObservationSink(Mutex<Observations>);

impl<N: ApiNumber> AsyncInstrument<N> for ObservationSink {
    fn observe(&self, value: N, attributes: &[KeyValue]) {
        let one = (
            LabelSet::of(attributes),
            Number::of_bits(N::KIND, value.to_bits()),
        );
        let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.observed.len() < MOST {
            answer.observed.push(one);
        } else {
            answer.flooded = true;
        }
    }
}

impl Observables {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            all: Mutex::default(),
            turn: Mutex::default(),
            worker: Worker::default(),
            timeout,
        }
    }

    pub(super) fn add<N: ApiNumber>(
        &self,
        streams: Box<[Arc<Stream>]>,
        callbacks: Vec<Callback<N>>,
    ) {
        if streams.is_empty() || callbacks.is_empty() {
            return;
        }
        let observable = Observable {
            streams,
            callbacks: DeferredDrop::new(Box::new(callbacks)),
            away: AtomicBool::new(false),
        };
        if let Some(mut all) = forked::lock(&self.all) {
            all.push(Arc::new(observable));
        }
    }

    /// Forgets all callbacks. Their values are dropped before this returns, unless that takes longer than [`A_MOMENT`].
    pub(super) fn end(&self) {
        let gone = {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *all)
        };
        self.worker.end();
        if !gone.is_empty() {
            drop(gone);
            deferred_drop::flush(A_MOMENT);
        }
    }

    /// Runs all callbacks, and enters the values that they observed.
    pub(super) fn run(&self, deltas: impl Fn(InstrumentKind) -> usize) {
        if in_callback() {
            return;
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self
            .all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut entries = ObservationsByStream::default();
        for observable in &all {
            let observed = self.run_callbacks(observable).unwrap_or_default();
            for stream in &observable.streams {
                entries.add(stream, &observed);
            }
        }
        let time = SystemTime::now();
        for entry in entries.streams {
            let stream = &entry.stream;
            stream.observe(entry.observed, deltas(stream.plan().kind), time);
            // Only now has each set its series.
            for (kept, (labels, value)) in &entry.offers {
                stream.offer_observed(kept, *value, MeasuredLabels::Set(labels));
            }
        }
    }

    /// Runs the callbacks of one instrument; `None` if they do not return in time.
    fn run_callbacks(&self, observable: &Arc<Observable>) -> Option<Vec<ObservedValue>> {
        if observable.away.swap(true, Ordering::AcqRel) {
            return None;
        }
        let asked = observable.clone();
        let answer = self.worker.run(self.timeout, move || {
            let callbacks = asked.callbacks.get();
            let answer = callbacks.map(|callbacks| callbacks.run());
            asked.away.store(false, Ordering::Release);
            answer
        });
        let name = observable.name();
        match answer {
            Ok(answer) => {
                let answer = answer?;
                answer.report(name);
                Some(answer.observed)
            }
            Err(JobError::TimedOut) => {
                report::once(("callback", "late", name), || {
                    format!(
                        "a callback of observable metric `{}` has not returned within {:?}: collections go on without \
                         it until it returns",
                        name, self.timeout
                    )
                });
                None
            }
            Err(JobError::Panicked | JobError::NoThread) => {
                observable.away.store(false, Ordering::Release);
                report::once(("callback", "thread", name), || {
                    format!(
                        "observable metric `{}` is missing: there is no thread for its callback",
                        name
                    )
                });
                None
            }
        }
    }
}

/// Observations by stream.
#[derive(Default)]
struct ObservationsByStream {
    streams: Vec<StreamObservations>,
    places: HashMap<usize, usize>,
}

/// Observations of one stream.
struct StreamObservations {
    stream: Arc<Stream>,
    observed: Vec<ObservedValue>,
    places: HashMap<LabelSet, usize>,
    /// Candidates for exemplars, with the labels that a view leaves.
    offers: Vec<(LabelSet, ObservedValue)>,
}

impl ObservationsByStream {
    /// Adds the values that one instrument observed for a stream, in the number type of the stream. Of one set that is
    /// observed twice the last value counts.
    fn add(&mut self, stream: &Arc<Stream>, observed: &[ObservedValue]) {
        let key = Arc::as_ptr(stream).addr();
        let place = *self.places.entry(key).or_insert(self.streams.len());
        if place == self.streams.len() {
            self.streams.push(StreamObservations {
                stream: stream.clone(),
                observed: Vec::new(),
                places: HashMap::new(),
                offers: Vec::new(),
            });
        }
        let Some(entry) = self.streams.get_mut(place) else {
            return;
        };
        let all = observed.iter().filter(|(_, value)| accepts(stream, *value));
        let mut last: HashMap<&LabelSet, Number> =
            all.map(|(labels, value)| (labels, *value)).collect();
        for (labels, _) in observed {
            let Some(value) = last.remove(labels) else {
                continue;
            };
            let value = value.to(stream.number());
            let kept = kept_labels(stream.rules().labels.as_ref(), labels);
            if stream.rules().exemplars == ExemplarFilter::AlwaysOn {
                entry.offers.push((kept.clone(), (labels.clone(), value)));
            }
            stream.merge(&mut entry.observed, &mut entry.places, (kept, value));
        }
    }
}

/// False for a value that a callback may not supply. A set whose only value is refused was not observed.
///
/// A level of doubles takes any double, as one that is set does: an unknown last value is shown as such.
fn accepts(stream: &Stream, value: Number) -> bool {
    let plan = stream.plan();
    let monotonic = plan.kind == InstrumentKind::ObservableCounter;
    let is_any = stream.is_level() && stream.number() == NumberKind::F64;
    let takes = (value.is_finite() || is_any) && !(monotonic && value.is_less(Number::U64(0)));
    if !takes {
        refuse(plan.scope.name(), &plan.name, plan.kind, value.as_f64());
    }
    takes
}

/// The labels that a view leaves.
fn kept_labels(filter: Option<&LabelFilter>, labels: &LabelSet) -> LabelSet {
    let Some(filter) = filter else {
        return labels.clone();
    };
    let mut sorted = SortedLabels::joined(labels, &[] as &[KeyValue]);
    sorted.retain(|name| filter.keeps(name));
    sorted.to_set()
}
