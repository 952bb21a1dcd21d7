//! The sinks: destinations of pushes.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout_at};

use super::failure::Failure;
#[cfg(feature = "otlp")]
use super::outage::Problem;
#[cfg(feature = "otlp")]
use crate::{
    encode::otlp::encode_part,
    export::{ExportError, OtlpExporter, Patience},
};
use crate::{
    encode::{console, otlp::Part},
    export::{Delivered, Urgency},
    snapshot::Snapshot,
    worker::{Pending, Worker},
};

/// The destination of a push.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sink {
    /// An OTLP receiver, over HTTP or gRPC.
    #[cfg(feature = "otlp")]
    Otlp(OtlpExporter),
    /// Standard output, for people.
    Console(Console),
}

impl Sink {
    /// Returns the destination for messages, without secrets.
    pub(super) fn destination(&self) -> String {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => exporter.destination().to_owned(),
            Self::Console(_) => "standard output".to_owned(),
        }
    }

    /// Returns the advice for somebody who has no receiver there.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => {
                "if there is no Collector: OTEL_METRICS_EXPORTER=none, or a list without `otlp`"
            }
            Self::Console(_) => "",
        }
    }

    /// Encodes a part. The same part gives the same bytes.
    pub(super) fn encode(
        &self,
        snapshot: &Snapshot,
        #[cfg_attr(
            not(feature = "otlp"),
            expect(unused_variables, reason = "it is whole")
        )]
        part: &Part,
    ) -> Vec<u8> {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => encode_part(snapshot, part),
            // For people: a snapshot is not cut.
            Self::Console(_) => console::text(snapshot).into_bytes(),
        }
    }

    /// True if the sink takes a snapshot in parts.
    pub(super) fn takes_parts(&self) -> bool {
        !matches!(self, Self::Console(_))
    }

    /// Sends an encoded part, until the deadline.
    pub(super) async fn send(
        &self,
        body: Vec<u8>,
        deadline: Instant,
        urgency: &watch::Receiver<Urgency>,
    ) -> Result<Delivered, Refusal> {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => {
                let total = deadline.saturating_duration_since(Instant::now());
                let patience = Patience {
                    // The reason is known before the push ends.
                    total: total.saturating_sub(MARGIN),
                    urgency: urgency.clone(),
                };
                Ok(exporter.export_within(body, patience).await?)
            }
            Self::Console(console) => {
                let _ = urgency;
                let stuck = |taken| move |_| Refusal::Stuck { taken };
                let earlier = timeout_at(deadline.into(), console.finished());
                earlier.await.map_err(stuck(false))?;
                console.begin(body).await;
                let written = timeout_at(deadline.into(), console.finished());
                written.await.map_err(stuck(true))?;
                Ok(Delivered::default())
            }
        }
    }
}

/// The time before the end of a push at which an export gives up, 20 ms.
#[cfg(feature = "otlp")]
const MARGIN: Duration = Duration::from_millis(20);

/// The reason why a sink has not taken data.
#[cfg_attr(
    not(feature = "otlp"),
    expect(dead_code, reason = "standard output refuses nothing")
)]
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request is too large.
    TooLarge(String),
    /// The data must not be sent again.
    Final(String),
    /// The data may be sent again, after the wait that the receiver wants, if it has said one.
    ForNow(Failure, Option<Duration>),
    /// Nobody reads in time.
    Stuck {
        /// True if the data is handed over all the same.
        taken: bool,
    },
}

#[cfg(feature = "otlp")]
impl From<ExportError> for Refusal {
    fn from(error: ExportError) -> Self {
        let reason = error.chain();
        match error {
            ExportError::TooLarge { .. } => Self::TooLarge(reason),
            _ if error.is_final() => Self::Final(reason),
            _ => {
                let problem = Problem::Export(error.kind());
                Self::ForNow(Failure { problem, reason }, error.retry_after())
            }
        }
    }
}

/// Writes to standard output on a thread of its own: a reader that does not read holds up nobody else.
#[derive(Debug)]
pub struct Console {
    worker: Worker,
    /// The last write, perhaps still under way.
    writing: tokio::sync::Mutex<Option<Pending<()>>>,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Makes the console; its thread starts with the first write.
    #[must_use]
    pub fn new() -> Self {
        Self {
            worker: Worker::new("runar-otel-console"),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until the write under way, if there is one, is done.
    pub(super) async fn finished(&self) {
        let mut writing = self.writing.lock().await;
        if let Some(earlier) = writing.as_mut() {
            let _ = earlier.await;
        }
        *writing = None;
    }

    /// Begins to write; the write is done whatever becomes of its caller.
    pub(super) async fn begin(&self, text: Vec<u8>) {
        let write = move || {
            let mut output = io::stdout().lock();
            // A closed standard output is no failure: nobody reads it.
            let _ = output.write_all(&text).and_then(|()| output.flush());
        };
        *self.writing.lock().await = Some(self.worker.run(write));
    }
}
