//! Calls that last as long as what they return.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use runar_otel_core::__private::{
    Call, ErrorType, Owner, Site, in_async_open, in_sync_open, until_drop,
};

use crate::calls::{ACTION, NO_ERRORS, bench, lines, poll_once};

fn begin(site: &'static Site, service: &'static str) -> Call {
    Call::begin(site, Owner::named(service, None), NO_ERRORS)
}

fn outcome(bench: &crate::reader::Bench, service: &str) -> Vec<String> {
    let all = lines(&bench.collect(), "service", service).into_iter();
    all.filter(|line| !line.starts_with("action_duration"))
        .map(|line| line.replace("action=act,", ""))
        .collect()
}

#[derive(Debug)]
struct Busy;

impl ErrorType for Busy {
    const ERROR_TYPES: &'static [&'static str] = &["busy"];

    fn error_type(&self) -> &'static str {
        "busy"
    }
}

struct Items<T>(Vec<T>);

impl<T: Unpin> Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.pop())
    }
}

fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    let polled = poll_once(std::future::poll_fn(|context| {
        Pin::new(&mut *stream).poll_next(context)
    }));
    match polled {
        Poll::Ready(item) => item,
        Poll::Pending => panic!("it is always ready"),
    }
}

#[test]
fn an_iterator_that_ends_is_fine() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let (call, items) = in_sync_open(begin(&SITE, "watched_iterator"), || [1, 2].into_iter());
    let mut items = until_drop!(call, items);
    assert_eq!(items.size_hint(), (2, Some(2)));
    assert_eq!(items.next(), Some(1));
    assert_eq!(
        outcome(&bench, "watched_iterator"),
        ["action_active_requests{action=act} 1"]
    );
    assert_eq!(items.by_ref().count(), 1);
    assert_eq!(
        outcome(&bench, "watched_iterator"),
        ["action_requests_total{outcome=ok} 1"]
    );
    drop(items);
    assert_eq!(outcome(&bench, "watched_iterator"), [""; 0]);
}

#[test]
fn a_stream_that_is_dropped_early_is_cancelled() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let mut opened = Box::pin(in_async_open(begin(&SITE, "watched_early"), async {
        Items(vec![1, 2])
    }));
    let Poll::Ready((call, items)) = poll_once(&mut opened) else {
        panic!("it is ready at once");
    };
    drop(opened);
    let mut items = until_drop!(call, items);
    assert_eq!(next(&mut items), Some(2));
    drop(items);
    assert_eq!(
        outcome(&bench, "watched_early"),
        ["action_requests_total{outcome=cancelled} 1"]
    );
}

#[test]
fn an_error_among_the_items_is_an_error() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let typed: Pin<Box<dyn Stream<Item = Result<u8, Busy>>>> =
        Box::pin(Items(vec![Ok(1), Err(Busy)]));
    let mut items = until_drop!(begin(&SITE, "watched_error"), typed);
    next(&mut items).unwrap().unwrap_err();
    drop(items);
    assert_eq!(
        outcome(&bench, "watched_error"),
        [
            "action_errors_total{error_type=busy} 1",
            "action_requests_total{outcome=error} 1"
        ]
    );
    let mut items = until_drop!(
        begin(&SITE, "watched_error"),
        [Err::<u8, u8>(1), Ok(2)].into_iter()
    );
    assert_eq!(items.by_ref().count(), 2);
    assert_eq!(
        outcome(&bench, "watched_error"),
        [
            "action_errors_total{error_type=_OTHER} 1",
            "action_requests_total{outcome=error} 1"
        ]
    );
}

#[test]
fn an_item_that_panics_is_a_panic() {
    static SITE: Site = Site::new(ACTION);
    let bench = bench();
    let items = std::iter::from_fn(|| -> Option<u8> { panic!("expected") });
    let mut items = until_drop!(begin(&SITE, "watched_panic"), items);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| items.next())).unwrap_err();
    drop(items);
    assert_eq!(
        outcome(&bench, "watched_panic"),
        [
            "action_errors_total{error_type=panic} 1",
            "action_requests_total{outcome=panic} 1"
        ]
    );
}

#[cfg(feature = "http")]
mod http {
    use http_body::{Body, Frame, SizeHint};

    use super::*;

    /// So many frames of one byte; a server knows when it was the last one.
    struct Bytes(usize);

    impl Body for Bytes {
        type Data = &'static [u8];
        type Error = Busy;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Busy>>> {
            self.0 -= 1;
            Poll::Ready(Some(Ok(Frame::data(b"x"))))
        }

        fn is_end_stream(&self) -> bool {
            self.0 == 0
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0 as u64)
        }
    }

    #[test]
    fn a_body_is_over_when_it_says_so() {
        static SITE: Site = Site::new(ACTION);
        let bench = bench();
        let mut body = until_drop!(begin(&SITE, "watched_body"), Bytes(1));
        assert!(!body.is_end_stream());
        let frame = poll_once(std::future::poll_fn(|context| {
            Pin::new(&mut body).poll_frame(context)
        }));
        assert!(matches!(frame, Poll::Ready(Some(Ok(_)))));
        drop(body);
        drop(until_drop!(begin(&SITE, "watched_body"), Bytes(3)));
        assert_eq!(
            outcome(&bench, "watched_body"),
            [
                "action_requests_total{outcome=cancelled} 1",
                "action_requests_total{outcome=ok} 1",
            ]
        );
    }

    #[test]
    fn a_verdict_known_before_the_body_counts() {
        static SITE: Site = Site::new(ACTION);
        let bench = bench();
        let status = ::http::StatusCode::SERVICE_UNAVAILABLE;
        let verdict = runar_otel_core::__private::verdict!(&status);
        drop(until_drop!(
            begin(&SITE, "watched_status"),
            Bytes(0),
            verdict
        ));
        assert_eq!(
            outcome(&bench, "watched_status"),
            [
                "action_errors_total{error_type=503} 1",
                "action_requests_total{outcome=error} 1"
            ]
        );
    }
}
