//! The state that all exporters of the process share: their endpoints, and the telemetry that was started for them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::ExporterError;
use crate::{
    InitError, Telemetry,
    endpoints::{self, Address, Endpoints, Owner, Served},
};

/// The time limit of a stop, 1 s.
const CLOSING: Duration = Duration::from_secs(1);

static STATE: Mutex<State> = Mutex::new(State {
    own: None,
    slots: Vec::new(),
});

struct State {
    /// Telemetry that was started for exporters; `None` if no exporter needed it.
    own: Option<Telemetry>,
    slots: Vec<Arc<Slot>>,
}

/// Telemetry that exporters had started, when an `init()` takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standalone {
    Ended,
    Absent,
}

/// An exporter that was started, independent of the telemetry that it serves at the moment.
#[derive(Debug)]
pub(super) struct Slot {
    /// The requested address; `None` for the configured one.
    address: Option<Address>,
    reuse: Duration,
    served: Mutex<Option<Arc<Served>>>,
}

impl Slot {
    pub(super) fn new(address: Option<Address>, reuse: Duration) -> Arc<Self> {
        Arc::new(Self {
            address,
            reuse,
            served: Mutex::default(),
        })
    }

    /// Returns the endpoint that serves for the exporter; `None` before it has one.
    pub(super) fn served(&self) -> Option<Arc<Served>> {
        lock(&self.served).clone()
    }

    /// Lets one of these endpoints serve for the exporter, unless one does already.
    fn serve(&self, endpoints: &Endpoints) {
        let mut served = lock(&self.served);
        if served.as_ref().is_some_and(|served| endpoints.has(served)) {
            return;
        }
        let address = self.address.clone();
        let address = address.unwrap_or_else(|| endpoints.default_address());
        *served = endpoints.serve(address, Owner::Exporter);
        if let Some(served) = served.as_ref() {
            served.reuse(self.reuse);
        }
    }
}

/// Starts telemetry of metrics alone.
type Start = fn() -> Result<Telemetry, InitError>;

/// Serves for an exporter; starts telemetry if none runs.
pub(super) fn launch(slot: &Arc<Slot>, start: Start) -> Result<(), ExporterError> {
    {
        let mut state = lock(&STATE);
        start_standalone(&mut state, start)?;
        state.slots.push(slot.clone());
    }
    // Telemetry that is about to start serves all exporters by itself, and disabled telemetry serves none.
    serve_all();
    Ok(())
}

/// Starts telemetry for exporters unless some runs.
fn start_standalone(state: &mut State, start: Start) -> Result<(), ExporterError> {
    if endpoints::current().is_some() {
        return Ok(());
    }
    match start() {
        Ok(telemetry) => state.own = Some(telemetry),
        Err(InitError::Running) => {}
        Err(error) => return Err(ExporterError::Telemetry(error)),
    }
    Ok(())
}

/// Serves for all exporters: telemetry has begun.
pub(crate) fn serve_all() {
    let slots = lock(&STATE).slots.clone();
    let Some(endpoints) = endpoints::current() else {
        return;
    };
    for slot in &slots {
        slot.serve(&endpoints);
    }
    for served in slots.iter().filter_map(|slot| slot.served()) {
        served.wait_tried();
    }
}

/// Ends the telemetry that was started for exporters, because an `init()` takes its place.
pub(crate) fn yield_to_init() -> Standalone {
    // Under the lock: no exporter may start other telemetry meanwhile.
    let mut state = lock(&STATE);
    match state.own.take() {
        Some(telemetry) => {
            drop(telemetry);
            Standalone::Ended
        }
        None => Standalone::Absent,
    }
}

/// Starts telemetry for exporters again: the `init()` that took its place has failed.
pub(crate) fn restart_standalone(start: Start) {
    let started = start_standalone(&mut lock(&STATE), start);
    if started.is_ok() {
        serve_all();
    }
}

/// Stops serving for an exporter.
pub(super) fn stop(slot: &Arc<Slot>) {
    let deadline = Instant::now() + CLOSING;
    let (unshared, last) = {
        let mut state = lock(&STATE);
        state.slots.retain(|other| !Arc::ptr_eq(other, slot));
        let served = lock(&slot.served).take();
        let shares = |other: &Arc<Slot>| {
            let theirs = other.served();
            matches!((&theirs, &served), (Some(theirs), Some(ours)) if Arc::ptr_eq(theirs, ours))
        };
        let unshared = served.clone().filter(|_| !state.slots.iter().any(shares));
        let last = if state.slots.is_empty() {
            state.own.take()
        } else {
            None
        };
        (unshared, last)
    };
    if let (Some(served), Some(endpoints)) = (unshared, endpoints::current()) {
        endpoints.remove(&served, deadline);
    }
    drop(last);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
