//! The spill of a push: requests of an earlier process go first, and what is left at the end is kept.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{Sink, failure::Failure, flush::Flush, sink::Refusal, window::Window};
use crate::{
    export::Urgency,
    observe::{Component, PartWatch},
    spill::{Request, Spill, Verdict},
    worker::Worker,
};

/// The time that the last flush leaves for writes to the spill, 250 ms, or half of its time if that is less.
const RESERVE: Duration = Duration::from_millis(250);

/// The time that a push under way has when the process ends, 500 ms: a request that is dropped then is sent twice.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// The spill of a push, if there is one.
#[derive(Debug)]
pub(super) struct Leftover {
    spill: Option<Spill>,
    urgency: watch::Receiver<Urgency>,
}

impl Leftover {
    pub(super) fn new(spill: Option<Spill>, urgency: watch::Receiver<Urgency>) -> Self {
        Self { spill, urgency }
    }

    /// True if what is not delivered now has to go into the spill: the process ends.
    pub(super) fn is_kept(&self) -> bool {
        self.spill.is_some() && *self.urgency.borrow() == Urgency::Last
    }

    /// Returns the time at which a push gives up, so that there is time for the spill.
    pub(super) fn before(&self, deadline: Instant) -> Instant {
        if !self.is_kept() {
            return deadline;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        deadline
            .checked_sub(RESERVE.min(left / 2))
            .unwrap_or(deadline)
    }

    /// Completes when the process ends: a push that nobody waits for must not delay the last one.
    pub(super) fn end_of_process(&self) -> impl Future<Output = ()> + use<> {
        let mut urgency = self.urgency.clone();
        async move {
            if urgency.wait_for(|now| *now == Urgency::Last).await.is_ok() {
                tokio::time::sleep(ON_ITS_WAY).await;
                return;
            }
            std::future::pending::<()>().await;
        }
    }

    /// Sends what earlier processes have left, until somebody waits for a push; returns who does.
    pub(super) async fn begin(
        &self,
        sink: &Sink,
        timeout: Duration,
        flushes: &mut mpsc::UnboundedReceiver<Flush>,
    ) -> Vec<Flush> {
        let mut sending = pin!(self.resend_at_start(sink, timeout));
        let flush = tokio::select! {
            () = &mut sending => None,
            flush = flushes.recv() => flush,
        };
        if let Some(flush) = &flush {
            // A request on its way would be sent twice. The push begins with those that are left.
            let left = flush.deadline.saturating_duration_since(Instant::now());
            let _ = tokio::time::timeout(left / 2, sending).await;
        }
        flush.into_iter().collect()
    }

    /// Sends what earlier processes have left, right after the start; each request has `timeout`. Failures show at the
    /// next push.
    async fn resend_at_start(&self, sink: &Sink, timeout: Duration) {
        let Some(spill) = &self.spill else { return };
        while let Some((ticket, request)) = spill.first().await {
            let now = Instant::now();
            let deadline = now.checked_add(timeout).unwrap_or(now);
            let verdict = self.send(sink, request, deadline).await;
            if spill.settle(ticket, verdict).await.is_err() {
                return;
            }
        }
    }

    /// Sends what earlier processes have left, until half of the time is over.
    ///
    /// # Errors
    /// When there is no connection to the receiver. After any other fault the
    /// requests wait, and newer data may be sent: a request that this receiver cannot take must not hold up all.
    pub(super) async fn resend(&self, sink: &Sink, deadline: Instant) -> Result<(), Failure> {
        let Some(spill) = &self.spill else {
            return Ok(());
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let half = deadline.checked_sub(left / 2).unwrap_or(deadline);
        while let Some((ticket, request)) = spill.first().await {
            let verdict = self.send(sink, request, half).await;
            match spill.settle(ticket, verdict).await {
                Ok(()) => {}
                Err(Some(failure)) if failure.is_before_connection() => return Err(failure),
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        sink: &Sink,
        request: Request,
        deadline: Instant,
    ) -> Verdict<Option<Failure>> {
        if Instant::now() >= deadline {
            return Verdict::Kept(None);
        }
        let watch = PartWatch(Component::default());
        let mut flight = watch.flight(request.count);
        let counted = (&mut flight, request.count);
        match sink
            .send(request.body, counted, deadline, &self.urgency)
            .await
        {
            Ok(_) => Verdict::Delivered,
            Err(Refusal::TooLarge(reason) | Refusal::Final(reason)) => Verdict::Refused(reason),
            Err(Refusal::ForNow(failure, _)) => Verdict::Kept(Some(failure)),
            Err(Refusal::Stuck { .. }) => Verdict::Kept(None),
        }
    }

    /// Keeps requests until the deadline. Returns the consequence in words; `None` without a spill.
    pub(super) async fn keep(&self, requests: Vec<Request>, deadline: Instant) -> Option<String> {
        match &self.spill {
            Some(spill) => Some(spill.keep(requests, deadline).await),
            None => None,
        }
    }
}

/// Encodes what is left of a window.
pub(super) async fn encoded(mut window: Window, sink: &Arc<Sink>, worker: &Worker) -> Vec<Request> {
    let sink = sink.clone();
    let encoding = worker.run(move || {
        let mut requests = Vec::new();
        while let Some(part) = window.next() {
            requests.push(Request {
                count: part.points(),
                body: sink.encode(&window.snapshot, part),
            });
            window.remove();
        }
        requests
    });
    encoding.await.unwrap_or_default()
}
