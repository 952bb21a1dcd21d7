//! The fate of the parts of a push: cut, sent again, dropped.

use opentelemetry::KeyValue;

use super::{flight::Flight, observer::Component};
use crate::settings::Signal;

/// Counts what becomes of the parts of a push.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartWatch(pub(crate) Component);

/// The reason why data points are not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// A single point is larger than the receiver takes.
    Size,
    /// The receiver finds the data invalid.
    BadData,
    /// The points could not be encoded.
    Encoding,
}

impl Lost {
    /// Returns the value of `error.type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::BadData => "bad_data",
            Self::Encoding => "encoding",
        }
    }
}

impl PartWatch {
    /// Begins to deliver so many data points.
    pub(crate) fn flight(&self, points: usize) -> Flight<'_> {
        Flight::new(&self.0, Signal::Metrics, points)
    }

    /// Counts a request that was cut into two.
    pub(crate) fn split(&self) {
        if let Some(instruments) = self.0.instruments() {
            instruments.split.add(1, self.0.attributes());
        }
    }

    /// Counts a request that is sent, if an earlier push has sent it already, without success.
    pub(crate) fn sends(&self, again: bool) {
        if again && let Some(instruments) = self.0.instruments() {
            instruments.resent.add(1, self.0.attributes());
        }
    }

    /// Counts data points that are dropped.
    pub(crate) fn dropped(&self, points: usize, why: Lost) {
        if let Some(instruments) = self.0.instruments() {
            let points = u64::try_from(points).unwrap_or(u64::MAX);
            let attributes = self.0.with([KeyValue::new("error.type", why.name())]);
            instruments.dropped.add(points, &attributes);
        }
    }
}
