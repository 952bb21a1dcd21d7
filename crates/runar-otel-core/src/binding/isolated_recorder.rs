//! Isolated recorders: a test has its metrics for itself, beside others in the same process.
//!
//! While one is current on a thread, everything that is recorded through the facade goes to it instead of the
//! process's provider, whatever handle it is recorded with. A handle that was made meanwhile belongs to it and
//! records there from any thread, as long as the recorder lives. Instruments of third parties
//! (`opentelemetry::global`) are not isolated.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    provider::{self, Provider, Recorder, has_isolated},
    recorder_clock::Clock,
};
use crate::{gate::Gate, threads::forked};

thread_local!(static CURRENT: RefCell<Option<Arc<IsolatedRecorder>>> = const { RefCell::new(None) });

/// A recorder for a test: instruments, provider and clock of its own.
#[derive(Debug)]
pub struct IsolatedRecorder {
    recorder: Recorder,
    clock: Clock,
    /// Values made here by [`RecorderLocal`]s and others, by address and type.
    values: Mutex<ValuesByKey>,
}

type ValuesByKey = HashMap<(usize, TypeId), Arc<dyn Any + Send + Sync>>;

impl IsolatedRecorder {
    /// Makes a recorder that records through a gate.
    #[must_use]
    pub fn new(gate: Gate, clock: Clock) -> Arc<Self> {
        provider::count_isolated();
        Arc::new(Self {
            recorder: Recorder::Isolated(Arc::new(Provider::of(Arc::new(gate)))),
            clock,
            values: Mutex::default(),
        })
    }

    /// Runs code with this recorder as the current one of the thread.
    pub fn scope<R>(self: &Arc<Self>, work: impl FnOnce() -> R) -> R {
        with_current(Some(self.clone()), work)
    }

    /// Wraps a future that has this recorder as the current one whenever it is polled.
    pub fn scoped<F: Future>(self: &Arc<Self>, future: F) -> ScopedFuture<F> {
        ScopedFuture {
            future: Some(future),
            isolated: self.clone(),
        }
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the value made here for the key, which is made now if there is none. Not under the lock: making may ask
    /// for another value.
    pub(crate) fn value<T: Send + Sync + 'static>(
        &self,
        key: usize,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let key = (key, TypeId::of::<T>());
        let lock = || self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&key).cloned();
        let made = known.unwrap_or_else(|| {
            let fresh: Arc<dyn Any + Send + Sync> = Arc::new(make());
            lock().entry(key).or_insert(fresh).clone()
        });
        made.downcast()
            .unwrap_or_else(|_| unreachable!("the type is part of the key"))
    }
}

impl Drop for IsolatedRecorder {
    fn drop(&mut self) {
        self.recorder.provider().replace(None);
        self.recorder.provider().finish();
        provider::uncount_isolated();
    }
}

pin_project! {
    /// A future inside an isolated recorder, which is also current while the future is dropped.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ScopedFuture<F> {
        #[pin]
        future: Option<F>,
        isolated: Arc<IsolatedRecorder>,
    }

    impl<F> PinnedDrop for ScopedFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.isolated.scope(|| this.future.set(None));
        }
    }
}

impl<F: Future> Future for ScopedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.future.as_pin_mut() {
            Some(future) => this.isolated.scope(|| future.poll(context)),
            None => Poll::Pending,
        }
    }
}

/// True if there is a provider to record to: that of the process, or of an isolated recorder that is current.
pub(crate) fn has_provider() -> bool {
    provider::PROCESS.current().is_some() || current().is_some()
}

/// The recorder that is current on this thread.
#[inline]
pub(crate) fn current() -> Option<Arc<IsolatedRecorder>> {
    if has_isolated() {
        current_of_thread()
    } else {
        None
    }
}

#[cold]
fn current_of_thread() -> Option<Arc<IsolatedRecorder>> {
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

fn with_current<R>(isolated: Option<Arc<IsolatedRecorder>>, work: impl FnOnce() -> R) -> R {
    struct Reset(Option<Arc<IsolatedRecorder>>);
    impl Drop for Reset {
        fn drop(&mut self) {
            let before = self.0.take();
            let _ = CURRENT.try_with(|current| current.replace(before));
        }
    }
    let before = CURRENT.try_with(|current| current.replace(isolated));
    let _reset = Reset(before.ok().flatten());
    work()
}

/// Runs code outside of all isolated recorders: whatever it makes belongs to the process.
#[inline]
pub(crate) fn run_outside<R>(work: impl FnOnce() -> R) -> R {
    if has_isolated() {
        with_current(None, work)
    } else {
        work()
    }
}

/// The recorder in which a call or timer began, and in which it ends: also in a drop that happens elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct CurrentRecorder(Option<Arc<IsolatedRecorder>>);

impl CurrentRecorder {
    /// The recorder that is current now.
    #[inline]
    pub(crate) fn now() -> Self {
        Self(current())
    }

    #[inline]
    pub(crate) fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(isolated) => isolated.scope(work),
            None => run_outside(work),
        }
    }
}

/// A value made once for the process, and once in every isolated recorder: for instance the target of a call site.
#[derive(Debug)]
pub(crate) struct RecorderLocal<T>(OnceLock<T>);

impl<T: Send + Sync + 'static> RecorderLocal<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Lends the value of the current recorder, which is made first if there is none.
    #[inline]
    pub(crate) fn with<R>(
        &'static self,
        make: impl FnOnce() -> T,
        usage: impl FnOnce(&T) -> R,
    ) -> R {
        match current() {
            Some(isolated) => usage(&isolated.value(std::ptr::from_ref(self).addr(), make)),
            None => match self.0.get() {
                Some(made) => usage(made),
                None => self.make(make, usage),
            },
        }
    }

    /// Makes the value outside of the initialisation: making may report a problem to a subscriber that comes back here.
    #[cold]
    fn make<R>(&'static self, make: impl FnOnce() -> T, usage: impl FnOnce(&T) -> R) -> R {
        let made = make();
        if forked::is_child() {
            // A thread of the parent may have stopped while initialising.
            return usage(&made);
        }
        usage(self.0.get_or_init(|| made))
    }
}
