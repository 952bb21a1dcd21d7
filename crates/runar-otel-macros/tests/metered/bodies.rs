//! Responses: their status says how a call went, and with `until = "drop"` it lasts as long as the body.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use http::{Response, StatusCode};
use http_body::{Body, Frame};
use runar_otel_macros::metered;

use crate::recorded::{calls, start};

/// A body of so many frames.
#[derive(Debug)]
struct Frames(usize);

impl Body for Frames {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(left) = self.0.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(b"frame"))))
    }
}

#[metered(name = "bodies_status")]
fn answer(status: StatusCode) -> Response<Frames> {
    let mut response = Response::new(Frames(1));
    *response.status_mut() = status;
    response
}

#[metered(name = "bodies_lasting", until = "drop")]
fn page(frames: usize) -> Response<impl Body<Data = &'static [u8], Error = Infallible> + Unpin> {
    Response::new(Frames(frames))
}

#[metered(name = "bodies_result", until = "drop")]
#[allow(clippy::type_complexity)]
fn page_or_not(
    frames: Option<usize>,
) -> Result<Response<Pin<Box<dyn Body<Data = &'static [u8], Error = Infallible>>>>, String> {
    let frames = frames.ok_or("none")?;
    Ok(Response::new(Box::pin(Frames(frames))))
}

fn read(mut body: impl Body<Error = Infallible> + Unpin) {
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(_)) = Pin::new(&mut body).poll_frame(&mut context) {}
}

#[test]
fn the_status_says_how_a_call_went() {
    start();
    answer(StatusCode::OK);
    answer(StatusCode::NOT_FOUND);
    answer(StatusCode::SERVICE_UNAVAILABLE);
    let calls = calls("bodies_status");
    assert_eq!((calls.ended["ok"], calls.ended["error"]), (2, 1));
    assert_eq!(calls.errors["503"], 1);
}

#[test]
fn a_call_lasts_as_long_as_the_body() {
    start();
    let page = page(2);
    assert_eq!(calls("bodies_lasting").active, 1);
    read(page.into_body());
    let calls = calls("bodies_lasting");
    assert_eq!((calls.ended["ok"], calls.active), (1, 0));
}

#[test]
fn a_response_in_a_result_is_one_too() {
    start();
    read(page_or_not(Some(1)).unwrap().into_body());
    drop(page_or_not(Some(1)).unwrap());
    assert!(page_or_not(None).is_err());
    let calls = calls("bodies_result");
    let ended = ["ok", "cancelled", "error"].map(|outcome| calls.ended[outcome]);
    assert_eq!((ended, calls.active), ([1, 1, 1], 0));
}
