//! The thread that writes reports.

use std::{
    io::{self, Write},
    time::Duration,
};

use tracing::{Dispatch, Level, dispatcher, subscriber::NoSubscriber};

use crate::threads::{background_queue::BackgroundQueue, deferred_drop::caught};

/// The most reports that wait; further ones are dropped.
const MOST: usize = 1024;

static WRITER: BackgroundQueue<Report> =
    BackgroundQueue::new("runar-otel-reports", MOST, |report| {
        // What panics is the subscriber of the application.
        caught(|| write(report));
    });

/// A message, and the subscriber of the thread that reports it.
struct Report {
    level: Level,
    message: String,
    to: Dispatch,
}

/// Queues a report for the thread that writes it.
pub(super) fn queue(level: Level, message: String) {
    // Outside of the lock: it may be the last one that refers to a subscriber.
    let report = Report {
        level,
        message,
        to: dispatcher::get_default(Dispatch::clone),
    };
    drop(WRITER.put(report));
}

/// Waits until all reports are written, but no longer than this; true if they are.
pub fn flush(within: Duration) -> bool {
    WRITER.flush(within)
}

fn write(report: Report) {
    let Report { level, message, to } = report;
    // Within a hook of a subscriber a thread has none: then the global one gets it.
    let _to = (!to.is::<NoSubscriber>()).then(|| dispatcher::set_default(&to));
    if dispatcher::has_been_set() {
        match level {
            Level::ERROR => tracing::error!(target: "runar_otel", "{message}"),
            Level::WARN => tracing::warn!(target: "runar_otel", "{message}"),
            _ => tracing::info!(target: "runar_otel", "{message}"),
        }
    } else {
        // A standard error that is gone is nothing that can be reported.
        let _ = writeln!(io::stderr(), "runar_otel: {message}");
    }
}
