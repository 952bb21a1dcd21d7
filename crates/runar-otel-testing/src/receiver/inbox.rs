//! The inbox: the data received, and the refusals to come.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use opentelemetry_proto::tonic::collector::{
    metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};

use super::Received;

#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    received: Received,
    refusals: usize,
    status: u16,
    /// The number of requests so far, refused ones included; waiting threads wake up when it changes.
    arrivals: usize,
}

/// The status with which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16);

impl Inbox {
    pub(super) fn metrics(&self, request: ExportMetricsServiceRequest) -> Result<(), Refusal> {
        self.accept(|received| received.take_metrics(request))
    }

    pub(super) fn spans(&self, request: &ExportTraceServiceRequest) -> Result<(), Refusal> {
        self.accept(|received| received.take_spans(request))
    }

    fn accept(&self, take: impl FnOnce(&mut Received)) -> Result<(), Refusal> {
        let mut state = self.state();
        state.arrivals += 1;
        let result = if state.refusals > 0 {
            state.refusals -= 1;
            state.received.refuse();
            Err(Refusal(state.status))
        } else {
            take(&mut state.received);
            Ok(())
        };
        drop(state);
        self.changed.notify_all();
        result
    }

    pub(super) fn refuse(&self, requests: usize, status: u16) {
        let mut state = self.state();
        state.refusals = requests;
        state.status = status;
    }

    pub(super) fn received(&self) -> Received {
        self.state().received.clone()
    }

    pub(super) fn clear(&self) {
        self.state().received = Received::default();
    }

    /// Waits until `is_enough` is true of the data received; the error is the data at the deadline.
    pub(super) fn wait(
        &self,
        mut is_enough: impl FnMut(&Received) -> bool,
        deadline: Instant,
    ) -> Result<Received, Received> {
        loop {
            // The condition is not checked under the lock: it may look at the receiver itself.
            let (received, seen) = {
                let state = self.state();
                (state.received.clone(), state.arrivals)
            };
            if is_enough(&received) {
                return Ok(received);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(received);
            }
            let waiting = self
                .changed
                .wait_timeout_while(self.state(), left, |state| state.arrivals == seen);
            drop(waiting);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
