//! The provider that handles record to: none before `init()`, one after it, another one after the next.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use arc_swap::ArcSwapOption;

use crate::gate::{Gate, Streams};

/// The provider of the process.
pub(crate) static PROCESS: Provider = Provider::none();

/// The generation of a provider that has not had a gate yet.
pub(crate) const NONE_YET: u64 = 0;

/// The next generation of any provider.
static NEXT: AtomicU64 = AtomicU64::new(NONE_YET + 1);

/// Set besides in the generation of a provider where nothing is recorded: after the decision against telemetry, and
/// after its end.
const OFF: u64 = 1 << 63;

/// The generation of the process's provider while all records go there; [`NONE_YET`] while there are isolated
/// recorders, and before the first provider.
static SOLE: AtomicU64 = AtomicU64::new(NONE_YET);

/// The generation of the provider that all records go to, whatever their handle. No other provider shares it.
#[inline]
pub(crate) fn sole() -> u64 {
    SOLE.load(Ordering::Acquire)
}

/// True if nothing is recorded in the process, except that gauges keep their values.
#[inline]
pub(crate) fn is_off() -> bool {
    sole() & OFF != 0
}

/// The mark that stands in the place of the generation while nothing is recorded.
pub(crate) fn off() -> Option<u64> {
    Some(sole()).filter(|sole| sole & OFF != 0)
}

/// The number of isolated recorders: in production 0, and then nobody looks for one. Relaxed: a thread that makes one
/// current has made it, or got it from the thread that has, so it sees the count.
static ISOLATED: AtomicUsize = AtomicUsize::new(0);

/// True if there is an isolated recorder in the process.
#[inline]
pub(crate) fn has_isolated() -> bool {
    ISOLATED.load(Ordering::Relaxed) != 0
}

/// Counts an isolated recorder that begins.
pub(crate) fn count_isolated() {
    ISOLATED.fetch_add(1, Ordering::Relaxed);
    update_sole();
}

/// Counts an isolated recorder off.
pub(crate) fn uncount_isolated() {
    ISOLATED.fetch_sub(1, Ordering::Relaxed);
    update_sole();
}

/// Determines where all records go, after the provider of the process or the number of isolated recorders has changed.
fn update_sole() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _lock = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let sole = if has_isolated() {
        NONE_YET
    } else {
        match PROCESS.generation() {
            generation if generation != NONE_YET && PROCESS.current().is_none() => generation | OFF,
            generation => generation,
        }
    };
    SOLE.store(sole, Ordering::Release);
}

/// The place of a gate that handles record to; empty before `init()`.
#[derive(Debug)]
pub(crate) struct Provider {
    current: ArcSwapOption<Gate>,
    /// The streams of a gate that was taken away: their last collection is still to be made.
    leaving: ArcSwapOption<Streams>,
    /// The streams that ended last: under the next gate, those with the same rules are used again.
    ended: ArcSwapOption<Streams>,
    /// A new number after every change of `current`, unlike that of any other provider. Release pairs with Acquire: a
    /// thread that sees the new generation also sees its gate.
    generation: AtomicU64,
}

impl Provider {
    const fn none() -> Self {
        Self {
            current: ArcSwapOption::const_empty(),
            leaving: ArcSwapOption::const_empty(),
            ended: ArcSwapOption::const_empty(),
            generation: AtomicU64::new(NONE_YET),
        }
    }

    /// Makes a provider that keeps its gate.
    pub(crate) fn of(gate: Arc<Gate>) -> Self {
        let provider = Self::none();
        provider.replace(Some(gate));
        provider
    }

    /// Replaces the gate: streams that the next one uses again begin anew. With `None`, earlier records can still be
    /// collected until [`finish`](Self::finish).
    pub(crate) fn replace(&self, gate: Option<Arc<Gate>>) {
        let next = gate.as_ref().map(|gate| gate.streams().clone());
        let before = self.current.swap(gate);
        let before = before.map(|gate| gate.streams().clone());
        match next {
            None if before.is_some() => self.leaving.store(before),
            None => {}
            Some(next) => {
                let ending = before.filter(|before| !Arc::ptr_eq(&next, before));
                ending.inspect(|streams| self.end(streams));
                self.finish();
            }
        }
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        self.generation.store(next, Ordering::Release);
        update_sole();
    }

    /// Ends the streams of the gate that was taken away.
    pub(crate) fn finish(&self) {
        if let Some(streams) = self.leaving.swap(None) {
            self.end(&streams);
        }
    }

    fn end(&self, streams: &Arc<Streams>) {
        streams.end();
        self.ended.store(Some(streams.clone()));
    }

    /// Frees the streams that ended and are not used again, once the next gate has found its own.
    pub(crate) fn free_ended(&self) {
        if let Some(streams) = self.ended.swap(None) {
            streams.free_sleeping();
        }
    }

    pub(crate) fn current(&self) -> Option<Arc<Gate>> {
        self.current.load_full()
    }

    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// The owner of the provider that a handle records to.
#[derive(Clone, Debug)]
pub(crate) enum Recorder {
    Process,
    /// An isolated recorder, with its provider.
    Isolated(Arc<Provider>),
}

impl Recorder {
    #[inline]
    pub(crate) fn provider(&self) -> &Provider {
        match self {
            Self::Process => &PROCESS,
            Self::Isolated(provider) => provider,
        }
    }

    #[inline]
    pub(crate) fn is_process(&self) -> bool {
        matches!(self, Self::Process)
    }

    /// True if the provider is that of an isolated recorder that has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !self.is_process() && self.provider().current().is_none()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Process, Self::Process) => true,
            (Self::Isolated(one), Self::Isolated(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}
