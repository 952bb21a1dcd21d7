//! What a call does, the same for everybody.

use std::{
    convert::Infallible,
    hint::black_box,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

/// Counts how often the body of a function ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body(Arc<AtomicUsize>);

impl Body {
    /// What the function does. It is called by one thread: a load and a store are enough, and cheaper than an addition.
    ///
    /// # Errors
    /// Never; but nobody can know that before.
    pub(crate) fn run(&self, at: usize) -> Result<usize, Infallible> {
        let ran = self.0.load(Relaxed);
        self.0.store(ran + 1, Relaxed);
        Ok(black_box(at))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(crate) fn ran(&self) -> f64 {
        self.0.load(Relaxed) as f64
    }
}

/// Polls a future that is ready at once.
pub(crate) fn poll<T>(future: impl Future<Output = T>) {
    let ready = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(value) = ready {
        black_box(&value);
    }
}
