//! The body of an async function, run within its call.

use std::{
    borrow::BorrowMut,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::guard::Call;
use crate::outcome::verdict::Verdict;

/// Runs the body of an async function within its call. The call ends when the body returns, panics or is dropped.
///
/// A panic is one that unwinds a poll of the body. A future that is dropped while its caller unwinds was cancelled.
/// With `panic = "abort"` the process ends at once, and nothing is counted.
///
/// The attributes lend the call: moved, it would be written in parts and at once read as a whole, for which the
/// processor waits.
#[inline]
pub fn in_async<C, F, V>(call: C, body: F, verdict: V) -> InAsync<C, F, V>
where
    C: BorrowMut<Call>,
    F: Future,
    V: FnOnce(&F::Output) -> Verdict,
{
    InAsync {
        work: Work::UnderWay { body, verdict },
        call,
    }
}

/// Runs the body of an async function within its call, and returns the call with the result, so that it can last as
/// long as a returned stream or body.
pub fn in_async_open<F: Future>(call: Call, body: F) -> InAsyncOpen<F> {
    InAsyncOpen {
        body: Some(body),
        call: Some(call),
    }
}

pin_project! {
    /// The future of an asynchronous call, see [`in_async`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InAsync<C: BorrowMut<Call>, F, V> {
        #[pin]
        work: Work<F, V>,
        call: C,
    }

    impl<C: BorrowMut<Call>, F, V> PinnedDrop for InAsync<C, F, V> {
        #[inline]
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.call.borrow_mut().cancel(|| this.work.set(Work::Over));
        }
    }
}

pin_project! {
    // So that the body can be dropped within the call, whatever happens.
    #[project = WorkUnderWay]
    #[project_replace = WorkTaken]
    enum Work<F, V> {
        UnderWay {
            #[pin]
            body: F,
            verdict: V,
        },
        Over,
    }
}

impl<C, F, V> Future for InAsync<C, F, V>
where
    C: BorrowMut<Call>,
    F: Future,
    V: FnOnce(&F::Output) -> Verdict,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let (mut work, call) = (this.work, this.call.borrow_mut());
        let polled = {
            let mut part = call.part();
            let polled = match work.as_mut().project() {
                WorkUnderWay::UnderWay { body, .. } => body.poll(context),
                WorkUnderWay::Over => Poll::Pending,
            };
            let verdict = match &polled {
                Poll::Ready(returned) => match work.project_replace(Work::Over) {
                    WorkTaken::UnderWay { verdict, .. } => Some(verdict(returned)),
                    WorkTaken::Over => None,
                },
                Poll::Pending => None,
            };
            part.ends(verdict);
            polled
        };
        call.over();
        polled
    }
}

pin_project! {
    /// The future of an asynchronous call that is handed on when its body returns, see [`in_async_open`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InAsyncOpen<F> {
        #[pin]
        body: Option<F>,
        // Until it is handed on.
        call: Option<Call>,
    }

    impl<F> PinnedDrop for InAsyncOpen<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(call) = this.call {
                call.cancel(|| this.body.set(None));
            }
        }
    }
}

impl<F: Future> Future for InAsyncOpen<F> {
    type Output = (Call, F::Output);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut body, Some(call)) = (this.body, this.call.as_mut()) else {
            return Poll::Pending;
        };
        let polled = call.run(|| {
            let polled = match body.as_mut().as_pin_mut() {
                Some(body) => body.poll(context),
                None => Poll::Pending,
            };
            if polled.is_ready() {
                body.set(None);
            }
            (polled, None)
        });
        let Poll::Ready(returned) = polled else {
            return Poll::Pending;
        };
        match this.call.take() {
            Some(call) => Poll::Ready((call, returned)),
            None => Poll::Pending,
        }
    }
}

impl<C: BorrowMut<Call>, F, V> fmt::Debug for InAsync<C, F, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InAsync")
            .field("call", self.call.borrow())
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for InAsyncOpen<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InAsyncOpen")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
