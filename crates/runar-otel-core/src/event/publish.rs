//! Published events, which the application declares because no macro can see them.

use std::{
    borrow::Cow,
    fmt,
    marker::PhantomData,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::published_events::{EventHandles, Publisher};
use crate::{
    action::family_handles::CallEnd,
    call::frames,
    outcome::{
        traits::ErrorType,
        verdict::{OTHER, kind_of},
    },
};
use crate::{
    binding::{isolated_recorder::CurrentRecorder, provider},
    clock::Start,
};

/// The result of publishing an event: success, or a kind of error.
///
/// Every `Result` implements it, and `()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether the event was published",
    label = "expected a future of a `Result` or `()`",
    note = "implement `Published` for `{Self}`, or map what the future returns to a `Result`"
)]
pub trait Published {
    /// The error types that are counted from zero.
    const ERROR_TYPES: &'static [&'static str] = &[];

    /// The kind of error (label `error_type`), `None` for a success.
    fn error_type(&self) -> Option<&'static str>;
}

impl Published for () {
    fn error_type(&self) -> Option<&'static str> {
        None
    }
}

impl<T, E> Published for Result<T, E> {
    const ERROR_TYPES: &'static [&'static str] = &[OTHER];

    fn error_type(&self) -> Option<&'static str> {
        self.is_err().then_some(OTHER)
    }
}

/// The source of the error type of a failed publication.
#[doc(hidden)]
pub trait Naming<R> {
    const ERROR_TYPES: &'static [&'static str];
    fn error_type(returned: &R) -> Option<&'static str>;
}

/// The error type comes from the returned value: see [`Published`].
#[doc(hidden)]
#[derive(Debug)]
pub struct AsReturned;

impl<R: Published> Naming<R> for AsReturned {
    const ERROR_TYPES: &'static [&'static str] = R::ERROR_TYPES;

    fn error_type(returned: &R) -> Option<&'static str> {
        returned.error_type()
    }
}

/// The error type comes from the type of the error: see [`EventPublished::by_error_type`].
#[doc(hidden)]
#[derive(Debug)]
pub struct ByErrorType;

impl<T, E: ErrorType> Naming<Result<T, E>> for ByErrorType {
    const ERROR_TYPES: &'static [&'static str] = E::ERROR_TYPES;

    fn error_type(returned: &Result<T, E>) -> Option<&'static str> {
        returned.as_ref().err().map(kind_of)
    }
}

/// Counts the publishing of an event, and how long it takes: `event_published_total`,
/// `event_publish_duration_seconds`, `event_publish_failures_total`.
///
/// The event belongs to the service of the innermost call that the future is polled in. A service with
/// `#[metrics]` counts what it publishes if it says `events = true`. A future that is never polled counts nothing.
///
/// An error is of the type `_OTHER`, unless [`by_error_type`](EventPublished::by_error_type) asks it.
///
/// # Examples
///
/// ```
/// # use runar_otel_core::event_published;
/// # struct Bus;
/// # impl Bus { async fn publish(&self, event: &str) -> Result<(), std::io::Error> { Ok(()) } }
/// # async fn example(bus: Bus) -> Result<(), std::io::Error> {
/// event_published("user.updated", bus.publish("user.updated")).await
/// # }
/// ```
#[track_caller]
pub fn event_published<F>(event: impl Into<Cow<'static, str>>, future: F) -> EventPublished<F>
where
    F: Future<Output: Published>,
{
    EventPublished {
        future: Some(future),
        state: Publication::Waiting {
            event: event.into(),
            at: Location::caller(),
        },
        naming: PhantomData,
    }
}

pin_project! {
    /// The future of a counted publication, see [`event_published`].
    #[must_use = "futures do nothing unless polled"]
    pub struct EventPublished<F, N = AsReturned> {
        #[pin]
        future: Option<F>,
        state: Publication,
        naming: PhantomData<fn() -> N>,
    }

    impl<F, N> PinnedDrop for EventPublished<F, N> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _part = PublicationPart {
                state: this.state,
                end: Some(CallEnd::Cancelled),
            };
            this.future.set(None);
        }
    }
}

impl<T, E: ErrorType, F: Future<Output = Result<T, E>>> EventPublished<F> {
    /// Counts errors by the kinds that their [`ErrorType`] names, instead of as `_OTHER`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use runar_otel_core::{ErrorType, event_published};
    /// struct QueueFull;
    ///
    /// impl ErrorType for QueueFull {
    ///     const ERROR_TYPES: &'static [&'static str] = &["queue_full"];
    ///     fn error_type(&self) -> &'static str {
    ///         "queue_full"
    ///     }
    /// }
    ///
    /// # async fn example() {
    /// let publishing = async { Err::<(), QueueFull>(QueueFull) };
    /// let _ = event_published("user.updated", publishing).by_error_type().await;
    /// # }
    /// ```
    pub fn by_error_type(mut self) -> EventPublished<F, ByErrorType> {
        EventPublished {
            future: self.future.take(),
            state: std::mem::replace(&mut self.state, Publication::Silent),
            naming: PhantomData,
        }
    }
}

enum Publication {
    Waiting {
        event: Cow<'static, str>,
        at: &'static Location<'static>,
    },
    UnderWay {
        event: Cow<'static, str>,
        handles: Arc<EventHandles>,
        started: Start,
        here: CurrentRecorder,
    },
    /// The publication is over, or not counted.
    Silent,
}

impl Publication {
    /// Begins to count with the first poll, if the service counts its events.
    fn begin(&mut self, error_types: &'static [&'static str]) {
        let Self::Waiting { event, at } = self else {
            return;
        };
        if provider::is_off() {
            *self = Self::Silent;
            return;
        }
        let publisher = Publisher::of(frames::innermost(|_| true), at);
        let event = std::mem::take(event);
        *self = match publisher.map(|publisher| publisher.handles(&event, error_types)) {
            Some(handles) => Self::UnderWay {
                event,
                handles,
                started: Start::now(),
                here: CurrentRecorder::now(),
            },
            None => Self::Silent,
        };
    }

    fn finish(&mut self, end: CallEnd) {
        let state = std::mem::replace(self, Self::Silent);
        if let Self::UnderWay {
            event,
            handles,
            started,
            here,
        } = state
        {
            here.enter(|| handles.record_end(&event, end, started.elapsed()));
        }
    }
}

/// A poll, or the end. Dropped without an end if the publication continues later.
struct PublicationPart<'a> {
    state: &'a mut Publication,
    end: Option<CallEnd>,
}

impl Drop for PublicationPart<'_> {
    fn drop(&mut self) {
        if let Some(end) = self.end {
            self.state.finish(end);
        }
    }
}

impl<F: Future, N: Naming<F::Output>> Future for EventPublished<F, N> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            return Poll::Pending;
        };
        this.state.begin(N::ERROR_TYPES);
        let mut part = PublicationPart {
            state: this.state,
            end: Some(CallEnd::Panic),
        };
        let polled = future.poll(context);
        part.end = match &polled {
            Poll::Ready(returned) => {
                Some(N::error_type(returned).map_or(CallEnd::Ok, CallEnd::Error))
            }
            Poll::Pending => None,
        };
        polled
    }
}

impl<F, N> fmt::Debug for EventPublished<F, N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EventPublished")
    }
}
