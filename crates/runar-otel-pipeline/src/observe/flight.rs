//! The flight: a batch on its way through an exporter.

use std::{borrow::Cow, time::Duration};

use opentelemetry::KeyValue;

use super::{
    error_type::{error_type, status, status_attribute},
    instruments::Exported,
    observer::Component,
};
use crate::{
    export::{Delivered, ExportError},
    settings::Signal,
};

/// A batch of data points or spans on its way through an exporter, in one request or several.
///
/// Each item counts once: as delivered, or as failed. Items that are left when the flight is dropped have failed for the
/// last reason, or because the time was over.
#[derive(Debug)]
pub struct Flight<'a> {
    exporter: &'a Component,
    signal: Signal,
    /// The items that are neither delivered nor failed.
    left: u64,
    reason: Option<Cow<'static, str>>,
}

impl<'a> Flight<'a> {
    /// Begins: from here on the items are in flight.
    #[must_use]
    pub fn new(exporter: &'a Component, signal: Signal, items: usize) -> Self {
        let mut flight = Self {
            exporter,
            signal,
            left: 0,
            reason: None,
        };
        flight.left = count(items);
        flight.move_inflight(i64::try_from(items).unwrap_or(i64::MAX));
        flight
    }

    /// Notes the end of a request with so many of the items, retries included.
    ///
    /// A request that is too large and has several items counts by its duration only: its items go on in parts.
    pub fn request_ended(
        &mut self,
        items: usize,
        took: Duration,
        end: &Result<Delivered, ExportError>,
    ) {
        if self.exporter.instruments().is_none() {
            return;
        }
        match end {
            Ok(delivered) => {
                let rejected = u64::try_from(delivered.rejected).unwrap_or(0);
                let rejected = rejected.min(count(items));
                let reason = (rejected > 0).then_some(Cow::Borrowed("rejected"));
                self.operation(took, reason.clone(), None);
                self.leave(count(items) - rejected, None);
                self.leave(rejected, reason);
            }
            Err(error) => {
                let reason = Some(error_type(error));
                self.operation(took, reason.clone(), status(error).map(status_attribute));
                self.reason.clone_from(&reason);
                let goes_on = matches!(error, ExportError::TooLarge { .. }) && items > 1;
                if !goes_on {
                    self.leave(count(items), reason);
                }
            }
        }
    }

    /// Notes items that are not sent at all, for a reason in a word.
    pub fn lost(&mut self, items: usize, reason: &'static str) {
        self.leave(count(items), Some(Cow::Borrowed(reason)));
    }

    fn operation(
        &self,
        took: Duration,
        reason: Option<Cow<'static, str>>,
        status: Option<KeyValue>,
    ) {
        let Some(instruments) = self.exporter.instruments() else {
            return;
        };
        let reason = reason.map(|reason| KeyValue::new("error.type", reason));
        let attributes = self.exporter.with(reason.into_iter().chain(status));
        instruments
            .operation
            .record(took.as_secs_f64(), &attributes);
    }

    /// Counts items whose export has ended.
    fn leave(&mut self, items: u64, reason: Option<Cow<'static, str>>) {
        let items = items.min(self.left);
        if items == 0 {
            return;
        }
        self.left -= items;
        if let Some(exported) = self.exported() {
            let reason = reason.map(|reason| KeyValue::new("error.type", reason));
            let attributes = self.exporter.with(reason);
            exported.exported.add(items, &attributes);
        }
        self.move_inflight(i64::try_from(items).map_or(i64::MIN, |items| -items));
    }

    fn move_inflight(&self, items: i64) {
        if items != 0
            && let Some(exported) = self.exported()
        {
            exported.inflight.add(items, self.exporter.attributes());
        }
    }

    fn exported(&self) -> Option<&Exported> {
        let instruments = self.exporter.instruments()?;
        Some(instruments.of(self.signal))
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let reason = self.reason.take();
        self.leave(self.left, reason.or(Some(Cow::Borrowed("timeout"))));
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
