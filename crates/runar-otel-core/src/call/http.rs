//! Outcomes of the `http` crates: responses, and bodies that a call lasts as long as.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};

use super::until_drop::{UntilDrop, step};
use crate::outcome::{
    item_verdict::{FindWatch, JudgeItem, Watch, WatchOf},
    traits::Outcome,
    verdict::{OTHER, Verdict},
};

/// A status of 500 and above is an error of the server, with the status as its type: `500`, `503`. A mistake of the
/// client is no error of the service.
impl Outcome for http::StatusCode {
    const ERROR_TYPES: &'static [&'static str] = &["500", "502", "503", "504"];

    fn error_type(&self) -> Option<&'static str> {
        if !self.is_server_error() {
            return None;
        }
        Some(match self.as_u16() {
            500 => "500",
            501 => "501",
            502 => "502",
            503 => "503",
            504 => "504",
            505 => "505",
            506 => "506",
            507 => "507",
            508 => "508",
            510 => "510",
            511 => "511",
            _ => OTHER,
        })
    }
}

/// Decides by the status of the response.
impl<B> Outcome for http::Response<B> {
    const ERROR_TYPES: &'static [&'static str] = http::StatusCode::ERROR_TYPES;

    fn error_type(&self) -> Option<&'static str> {
        self.status().error_type()
    }
}

/// The watcher of a body: the call is over when the body says so, and in error when one of its frames is.
#[derive(Debug)]
pub enum BodyFrames {}

impl<B: Body> Watch<B> for BodyFrames {
    /// True at the end of the stream: a server does not ask for another frame then.
    fn is_over(body: &B) -> bool {
        body.is_end_stream()
    }
}

impl<I, E> JudgeItem<Result<I, E>> for BodyFrames {
    fn judge(frame: &Result<I, E>) -> Verdict {
        match frame {
            Ok(_) => Verdict::Ok,
            Err(_) => Verdict::Error(OTHER),
        }
    }
}

impl<B: Body> FindWatch for &&&&&WatchOf<'_, B> {
    type Watch = BodyFrames;
}

impl<B, W> Body for UntilDrop<B, W>
where
    B: Body,
    W: Watch<B> + JudgeItem<Result<Frame<B::Data>, B::Error>>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let (body, call, error) = self.parts();
        call.run(|| {
            let polled = match body.as_pin_mut() {
                Some(body) => body.poll_frame(context),
                None => Poll::Ready(None),
            };
            let verdict = match &polled {
                Poll::Ready(frame) => step::<_, W>(error, frame.as_ref()),
                Poll::Pending => None,
            };
            (polled, verdict)
        })
    }

    fn is_end_stream(&self) -> bool {
        self.value().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.value()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
