//! A future inside a recorder.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::recording::Recording;

pin_project! {
    /// A future that is inside a [`Recorder`](crate::Recorder) whenever it is polled, and while it is dropped; see
    /// [`Recorder::scope`](crate::Recorder::scope).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        #[pin]
        future: Option<F>,
        recorder: Arc<Recording>,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.recorder.run(|| this.future.set(None));
        }
    }
}

impl<F> Scope<F> {
    pub(super) fn new(recorder: Arc<Recording>, future: F) -> Self {
        Self {
            future: Some(future),
            recorder,
        }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        match this.future.as_pin_mut() {
            Some(future) => this.recorder.run(|| future.poll(context)),
            None => Poll::Pending,
        }
    }
}
