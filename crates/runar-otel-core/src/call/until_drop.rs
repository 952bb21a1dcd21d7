//! A value that keeps a call open: a stream, an iterator, a response body.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::guard::Call;
use crate::outcome::{
    item_verdict::{AnyItem, JudgeItem, Watch},
    verdict::Verdict,
};

pin_project! {
    /// A value together with the call that it keeps open. See [`until_drop`].
    #[must_use = "a value that is dropped at once is a cancelled call"]
    pub struct UntilDrop<T, W: Watch<T> = AnyItem> {
        #[pin]
        value: Option<T>,
        call: Call,
        // The first error among the items.
        error: Option<&'static str>,
        watch: PhantomData<W>,
    }

    impl<T, W: Watch<T>> PinnedDrop for UntilDrop<T, W> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let over = this.value.as_ref().get_ref().as_ref().is_some_and(W::is_over);
            let rest = || this.value.set(None);
            match this.error.take() {
                Some(kind) => this.call.end(Verdict::Error(kind), rest),
                None if over => this.call.end(Verdict::Ok, rest),
                None => this.call.cancel(rest),
            }
        }
    }
}

/// Lets a call last until a value ends or is dropped.
///
/// The macro of the same name also looks at the items: an `Err` among them makes it an error.
pub fn until_drop<T>(call: Call, value: T) -> UntilDrop<T> {
    watched(call, value, Verdict::Ok, PhantomData)
}

/// Lets a call last like [`until_drop`], with a verdict that is known already, and with verdicts on the items; see
/// `until_drop!`.
pub fn watched<T, W: Watch<T>>(
    call: Call,
    value: T,
    known: Verdict,
    _watch: PhantomData<W>,
) -> UntilDrop<T, W> {
    UntilDrop {
        value: Some(value),
        call,
        error: match known {
            Verdict::Ok => None,
            Verdict::Error(kind) => Some(kind),
        },
        watch: PhantomData,
    }
}

/// Judges an item of an iterator or stream; `None` while there is another item. The first error stays; the last item
/// ends the call.
pub(crate) fn step<I, W: JudgeItem<I>>(
    error: &mut Option<&'static str>,
    item: Option<&I>,
) -> Option<Verdict> {
    match item.map(W::judge) {
        Some(Verdict::Error(kind)) => {
            error.get_or_insert(kind);
            None
        }
        Some(Verdict::Ok) => None,
        None => Some(error.take().into()),
    }
}

impl<T, W> Iterator for UntilDrop<T, W>
where
    T: Iterator,
    W: Watch<T> + JudgeItem<T::Item>,
{
    type Item = T::Item;

    fn next(&mut self) -> Option<T::Item> {
        let (value, error) = (&mut self.value, &mut self.error);
        self.call.run(|| {
            let item = value.as_mut().and_then(Iterator::next);
            let verdict = step::<_, W>(error, item.as_ref());
            (item, verdict)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.value
            .as_ref()
            .map_or((0, Some(0)), Iterator::size_hint)
    }
}

impl<T, W> Stream for UntilDrop<T, W>
where
    T: Stream,
    W: Watch<T> + JudgeItem<T::Item>,
{
    type Item = T::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T::Item>> {
        let this = self.project();
        let (value, error) = (this.value, this.error);
        this.call.run(|| {
            let polled = match value.as_pin_mut() {
                Some(value) => value.poll_next(context),
                None => Poll::Ready(None),
            };
            let verdict = match &polled {
                Poll::Ready(item) => step::<_, W>(error, item.as_ref()),
                Poll::Pending => None,
            };
            (polled, verdict)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.value.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<T, W: Watch<T>> UntilDrop<T, W> {
    #[cfg(feature = "http")]
    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Returns the value and the call as separate parts, for other kinds of values.
    #[cfg(feature = "http")]
    pub(crate) fn parts(
        self: Pin<&mut Self>,
    ) -> (Pin<&mut Option<T>>, &mut Call, &mut Option<&'static str>) {
        let this = self.project();
        (this.value, this.call, this.error)
    }
}

impl<T, W: Watch<T>> fmt::Debug for UntilDrop<T, W> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UntilDrop")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
