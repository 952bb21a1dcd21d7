//! The push: collects and delivers at an interval, and on request.

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use super::{FlushError, PendingFlush, PushOptions, Sink, flush::Flush, pusher::Pusher};
use crate::{collect::Collector, export::Urgency, spill::Spill};

/// A handle to a sink that gets metrics at an interval. Dropping the last clone ends the pushes.
#[derive(Clone, Debug)]
pub struct Push {
    flushes: mpsc::UnboundedSender<Flush>,
    urgency: Arc<watch::Sender<Urgency>>,
}

impl Push {
    /// Starts to push on the private runtime; the first push comes after one interval.
    #[must_use]
    pub fn spawn(
        handle: &Handle,
        collector: Arc<Collector>,
        sink: Sink,
        options: PushOptions,
    ) -> Self {
        Self::spawn_with(handle, collector, sink, options, None)
    }

    /// Like [`spawn`](Self::spawn); what is not delivered at the end of the process goes into the spill, if there is
    /// one, and what is there already goes first.
    #[must_use]
    pub fn spawn_with(
        handle: &Handle,
        collector: Arc<Collector>,
        sink: Sink,
        options: PushOptions,
        spill: Option<Spill>,
    ) -> Self {
        let (flushes, requests) = mpsc::unbounded_channel();
        let (urgency, raised) = watch::channel(Urgency::Calm);
        let pusher = Pusher::new(collector, sink, options, raised, spill);
        handle.spawn(pusher.run(requests));
        Self {
            flushes,
            urgency: Arc::new(urgency),
        }
    }

    /// Tells the push that the process ends: a receiver to which there is no connection is given up at once.
    pub fn hurry(&self) {
        self.urgency.send_replace(Urgency::Last);
    }

    /// Collects and delivers now; any thread or runtime may call it.
    ///
    /// The pending flush is waited for at most until `patience` is over, and the delivery ends by then as well.
    #[must_use]
    pub fn begin_flush(&self, patience: Duration) -> PendingFlush {
        let (flush, pending) = Flush::new(patience);
        match self.flushes.send(flush) {
            Ok(()) => pending,
            Err(_) => PendingFlush::stopped(),
        }
    }

    /// Collects and delivers now, and waits for the delivery.
    ///
    /// # Errors
    /// When it takes longer than `patience`, when the receiver does not take the metrics, and after a shutdown.
    pub fn flush(&self, patience: Duration) -> Result<(), FlushError> {
        self.begin_flush(patience).wait()
    }
}
