//! A part of a call that runs in another task.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::frames::{self, Frame};

/// Keeps a future in the call that it is made in, on whatever task it is polled: for spawned tasks.
///
/// Labels that are added in it are those of that call, and its actions are parts of the service's request rather than
/// requests of their own: until the call is over. Events that it publishes belong to the service of that call in any
/// case. Outside of any call it does nothing.
///
/// # Examples
///
/// ```
/// # use runar_otel_core::in_call;
/// # async fn load(id: u64) {}
/// # fn spawn(future: impl Future<Output = ()> + Send + 'static) {}
/// # fn handle() {
/// spawn(in_call(load(7)));
/// # }
/// ```
pub fn in_call<F: Future>(future: F) -> InCall<F> {
    InCall {
        chain: frames::copy_chain(),
        future: Some(future),
    }
}

pin_project! {
    /// A future that runs within the calls that were under way when it was made, see [`in_call`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InCall<F> {
        chain: Vec<Frame>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InCall<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _exchanged = frames::swap_chain(this.chain);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InCall<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _exchanged = frames::swap_chain(this.chain);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for InCall<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InCall")
            .field("calls", &self.chain.len())
            .finish_non_exhaustive()
    }
}
