//! The context of an unsampled call: where it is current, and for how long.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    sync::Mutex,
    task::{Context as TaskContext, Poll, Waker},
};

use opentelemetry::trace::TraceId;

use super::*;

/// A value that notes the trace in which it is dropped.
#[derive(Clone, Default)]
struct Dropped(Arc<Mutex<Option<TraceId>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(current().trace_id());
    }
}

async fn pause() {
    let mut paused = false;
    poll_fn(|_| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

#[metered(crate = crate)]
async fn waits(dropped: Option<Dropped>) -> (SpanContext, SpanContext) {
    let before = current();
    pause().await;
    drop(dropped);
    (before, current())
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// Calls `waits` once, undecided, to show its place to `tracing`, like [`warm`].
fn show_place() {
    tracing::subscriber::with_default(Registry::default(), || {
        let mut first = pin!(waits(None));
        while poll(first.as_mut()).is_pending() {}
    });
}

#[test]
fn futures_on_one_thread_have_their_context_in_their_polls_alone() {
    let _stage = Stage::new(NEVER);
    show_place();
    let made = traced(|| {
        let (mut one, mut other) = (pin!(waits(None)), pin!(waits(None)));
        assert!(poll(one.as_mut()).is_pending());
        assert!(!current().is_valid());
        assert!(poll(other.as_mut()).is_pending());
        assert!(!current().is_valid());
        let (Poll::Ready(one), Poll::Ready(other)) = (poll(one), poll(other)) else {
            panic!("both were polled twice");
        };
        assert!(one.0.is_valid() && !one.0.is_sampled());
        assert_eq!(one.0, one.1);
        assert_eq!(other.0, other.1);
        assert_ne!(one.0.trace_id(), other.0.trace_id());
        assert!(!current().is_valid());
    });
    assert_eq!(made.hidden(), 2);
}

#[test]
fn a_cancelled_future_drops_in_its_context() {
    let _stage = Stage::new(NEVER);
    show_place();
    let made = traced(|| {
        let dropped = Dropped::default();
        let note = dropped.0.clone();
        let mut future = Box::pin(waits(Some(dropped)));
        assert!(poll(future.as_mut()).is_pending());
        drop(future);
        let trace = *note.lock().unwrap();
        assert!(trace.is_some_and(|trace| trace != TraceId::INVALID));
        assert!(!current().is_valid());
    });
    assert_eq!((made.hidden(), made.others()), (1, 0));
}

/// A future may be polled by one thread and then by another.
#[test]
fn context_goes_with_the_future_to_another_thread() {
    let _stage = Stage::new(NEVER);
    let subscriber = Registry::default().with(crate::layer());
    let dispatch = tracing::Dispatch::new(subscriber);
    show_place();
    tracing::dispatcher::with_default(&dispatch, || {
        let mut future = Box::pin(waits(None));
        assert!(poll(future.as_mut()).is_pending());
        let on_thread = dispatch.clone();
        let ended = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&on_thread, || poll(future.as_mut()))
        });
        let Poll::Ready((before, after)) = ended.join().unwrap() else {
            panic!("polled twice");
        };
        assert!(before.is_valid());
        assert_eq!(before, after);
    });
}

#[test]
fn iterator_that_lasts_has_the_context_in_each_step() {
    #[metered(crate = crate, until = "drop")]
    fn steps() -> impl Iterator<Item = SpanContext> {
        std::iter::repeat_with(current).take(3)
    }
    let _stage = Stage::new(NEVER);
    let made = traced(|| {
        assert_eq!(steps().count(), 3);
        let mut seen = Vec::new();
        for ids in steps() {
            assert!(!current().is_valid());
            seen.push(ids);
        }
        assert!(seen[0].is_valid());
        assert!(seen.iter().all(|ids| *ids == seen[0]), "{seen:?}");
    });
    assert_eq!((made.hidden(), made.others()), (1, 1));
}

/// Fields are evaluated once, before the context of the call is there, in whatever way the function returns.
#[test]
fn fields_are_those_of_the_caller_and_read_once() {
    #[metered(crate = crate, fields(id = note(id)))]
    fn returns(id: u64) -> impl Future<Output = SpanContext> {
        let id = id + 1;
        async move {
            assert_eq!(id, 8);
            current()
        }
    }
    #[metered(crate = crate, fields(id = note(id)))]
    fn plain(id: u64) -> SpanContext {
        current()
    }
    fn note(id: u64) -> u64 {
        assert!(!current().is_valid());
        NOTED.fetch_add(1, Ordering::Relaxed);
        id
    }
    static NOTED: AtomicUsize = AtomicUsize::new(0);

    let _stage = Stage::new(NEVER);
    let made = traced(|| {
        for _ in 0..3 {
            let Poll::Ready(ids) = poll(pin!(returns(7))) else {
                panic!("nothing to wait for");
            };
            assert!(ids.is_valid() && !ids.is_sampled());
            assert!(plain(7).is_valid());
        }
    });
    assert_eq!((made.hidden(), made.others()), (4, 2));
    assert_eq!(NOTED.load(Ordering::Relaxed), 6);
}

/// The body's panic ends the context as well.
#[test]
fn context_ends_with_a_panic() {
    let _stage = Stage::new(NEVER);
    traced(|| {
        let unwound = std::panic::catch_unwind(|| call(|| panic!("as told")));
        assert!(unwound.is_err());
        assert!(!current().is_valid());
    });
}

#[test]
fn baggage_of_the_caller_stays() {
    struct Kept(u8);
    let _stage = Stage::new(NEVER);
    let made = traced(|| {
        let _caller = Context::current_with_value(Kept(7)).attach();
        let kept = call(|| Context::map_current(|context| context.get::<Kept>().map(|it| it.0)));
        assert_eq!(kept, Some(7));
    });
    assert_eq!((made.hidden(), made.others()), (1, 0));
}

#[test]
fn call_in_the_destructor_of_a_thread_local_is_harmless() {
    struct CallAtTheEnd(tracing::Dispatch);
    impl Drop for CallAtTheEnd {
        fn drop(&mut self) {
            tracing::dispatcher::with_default(&self.0, warm);
        }
    }
    thread_local! {
        static LAST: RefCell<Option<CallAtTheEnd>> = const { RefCell::new(None) };
    }
    let _stage = Stage::new(NEVER);
    let dispatch = tracing::Dispatch::new(Registry::default().with(crate::layer()));
    let thread = std::thread::spawn(move || {
        LAST.with(|last| *last.borrow_mut() = Some(CallAtTheEnd(dispatch.clone())));
        tracing::dispatcher::with_default(&dispatch, || (0..2).for_each(|_| warm()));
    });
    thread.join().unwrap();
}
