//! The body of an async function, run within its call.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{guard::Call, verdict::Verdict};

/// Runs the body of an async function within its call. The call ends when the body returns, panics or is dropped.
///
/// A panic is one that unwinds a poll of the body. A future that is dropped while its caller unwinds was cancelled.
/// With `panic = "abort"` the process ends at once, and nothing is counted.
pub fn in_async<F, V>(call: Call, body: F, verdict: V) -> InAsync<F, V>
where
    F: Future,
    V: FnOnce(&F::Output) -> Verdict,
{
    InAsync {
        work: Work::UnderWay { body, verdict },
        call,
    }
}

/// Runs the body of an async function within its call, which goes on after it: in what the function returns.
pub fn in_async_open<F: Future>(call: Call, body: F) -> InAsyncOpen<F> {
    InAsyncOpen {
        body: Some(body),
        call: Some(call),
    }
}

pin_project! {
    /// See [`in_async`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InAsync<F, V> {
        #[pin]
        work: Work<F, V>,
        call: Call,
    }

    impl<F, V> PinnedDrop for InAsync<F, V> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.call.cancel(|| this.work.set(Work::Over));
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

impl<F, V> Future for InAsync<F, V>
where
    F: Future,
    V: FnOnce(&F::Output) -> Verdict,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut work = this.work;
        this.call.run(|| {
            let WorkUnderWay::UnderWay { body, .. } = work.as_mut().project() else {
                return (Poll::Pending, None);
            };
            let Poll::Ready(returned) = body.poll(context) else {
                return (Poll::Pending, None);
            };
            let verdict = match work.project_replace(Work::Over) {
                WorkTaken::UnderWay { verdict, .. } => Some(verdict(&returned)),
                WorkTaken::Over => None,
            };
            (Poll::Ready(returned), verdict)
        })
    }
}

pin_project! {
    /// See [`in_async_open`].
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

impl<F, V> fmt::Debug for InAsync<F, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InAsync")
            .field("call", &self.call)
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
