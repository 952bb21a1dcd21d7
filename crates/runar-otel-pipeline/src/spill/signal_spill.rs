//! The spill of one signal, for asynchronous callers.

use std::{
    fmt, io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    sync::watch,
    time::{sleep_until, timeout_at},
};

use super::{Request, SpillOptions, Ticket, Verdict, store::Store};
use crate::{
    export::Urgency,
    settings::Signal,
    worker::{Pending, Worker},
};

/// The requests of one signal that wait in a directory for their delivery.
///
/// Files are read and written on a thread of the spill alone.
#[derive(Clone)]
pub struct Spill(Arc<Inner>);

struct Inner {
    options: SpillOptions,
    signal: Signal,
    worker: Worker,
    /// The open file; `None` before the first use, and after a failure to open it. Only the worker locks it.
    store: Arc<Mutex<Option<Store>>>,
    /// True if nothing waits. A hint: nothing else is read by its order.
    empty: Arc<AtomicBool>,
    /// True if a line has told that the spill cannot be used.
    told: AtomicBool,
    urgency: watch::Sender<Urgency>,
    /// The time at which exports give up in favour of the spill; `None` while the process runs on.
    last_call: watch::Sender<Option<Instant>>,
}

impl Spill {
    /// Makes the spill of a signal. Its files are opened at the first use, on its own thread.
    #[must_use]
    pub fn new(options: SpillOptions, signal: Signal) -> Self {
        Self(Arc::new(Inner {
            options,
            signal,
            worker: Worker::new("runar-otel-spill"),
            store: Arc::default(),
            // Requests of an earlier process may wait.
            empty: Arc::new(AtomicBool::new(false)),
            told: AtomicBool::new(false),
            urgency: watch::Sender::new(Urgency::Calm),
            last_call: watch::Sender::new(None),
        }))
    }

    /// Tells the spill that the process ends within this time: exports under way give up at half of it.
    pub fn end_within(&self, patience: Duration) {
        self.0.urgency.send_replace(Urgency::Last);
        let at = Instant::now().checked_add(patience / 2);
        self.0.last_call.send_replace(at);
    }

    /// Returns the urgency of exports.
    #[must_use]
    pub fn urgency(&self) -> watch::Receiver<Urgency> {
        self.0.urgency.subscribe()
    }

    /// Waits for the time at which an export has to give up because the process ends.
    pub async fn last_call(&self) {
        let mut last_call = self.0.last_call.subscribe();
        let at = match last_call.wait_for(Option::is_some).await {
            Ok(at) => *at,
            Err(_) => None,
        };
        match at {
            Some(at) => sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Keeps requests, the oldest first. Returns the consequence in words.
    pub async fn keep(&self, requests: Vec<Request>, deadline: Instant) -> String {
        let count: usize = requests.iter().map(|request| request.count).sum();
        let data = self.0.signal.data();
        let kept = self.on_store(move |store| store.add(requests, SystemTime::now()));
        let directory = self.directory().display();
        match timeout_at(deadline.into(), kept).await {
            Ok(Ok(Ok(()))) => format!("{count} {data} are kept in {directory}"),
            Ok(Ok(Err(error))) => {
                format!("{count} {data} are lost, {directory} does not take them: {error}")
            }
            Ok(Err(_)) | Err(_) => {
                format!("{count} {data} may be lost, {directory} does not take them in time")
            }
        }
    }

    /// Returns true if nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.empty.load(Ordering::Relaxed)
    }

    /// Returns the oldest request and its ticket; `None` if nothing waits, or if the spill cannot be read. The request
    /// stays until it is [settled](Self::settle).
    pub async fn first(&self) -> Option<(Ticket, Request)> {
        if self.is_empty() {
            return None;
        }
        let first = self.on_store(|store| store.first(SystemTime::now())).await;
        match first {
            Ok(Ok(first)) => {
                let (position, request) = first?;
                let (count, size) = (request.count, request.body.len());
                let ticket = Ticket {
                    position,
                    count,
                    size,
                };
                Some((ticket, request))
            }
            Ok(Err(error)) => {
                self.tell_unusable(&error);
                None
            }
            Err(_) => None,
        }
    }

    /// Removes a request that was sent, unless it has to stay.
    ///
    /// # Errors
    /// With the reason why the request stays.
    pub async fn settle<E>(&self, ticket: Ticket, verdict: Verdict<E>) -> Result<(), E> {
        match verdict {
            Verdict::Delivered => {}
            Verdict::Refused(reason) => tracing::error!(
                target: "runar_otel",
                "{} {} from the spill, {} bytes, are dropped: {reason}",
                ticket.count,
                self.0.signal.data(),
                ticket.size
            ),
            Verdict::Kept(error) => return Err(error),
        }
        let removed = self.on_store(move |store| store.remove(ticket.position));
        if let Ok(Err(error)) = removed.await {
            self.tell_unusable(&error);
        }
        Ok(())
    }

    fn directory(&self) -> &Path {
        &self.0.options.directory
    }

    /// Does the work on the thread of the spill, with its file open.
    fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> io::Result<T> + Send + 'static,
    ) -> Pending<io::Result<T>> {
        let (store, empty) = (self.0.store.clone(), self.0.empty.clone());
        let (options, signal) = (self.0.options.clone(), self.0.signal);
        self.0.worker.run(move || {
            let mut open = store.lock().unwrap_or_else(PoisonError::into_inner);
            let store = match &mut *open {
                Some(store) => store,
                None => open.insert(Store::open(options, signal)?),
            };
            let result = work(store);
            empty.store(store.len() == 0, Ordering::Relaxed);
            result
        })
    }

    fn tell_unusable(&self, error: &io::Error) {
        // A spill that cannot be read is as good as empty until the next request comes.
        self.0.empty.store(true, Ordering::Relaxed);
        if !self.0.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "runar_otel",
                "the spill of {} in {} cannot be used: {error}",
                self.0.signal.word(),
                self.directory().display()
            );
        }
    }
}

impl fmt::Debug for Spill {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Spill")
            .field("options", &self.0.options)
            .field("signal", &self.0.signal)
            .finish_non_exhaustive()
    }
}
