//! The sinks: destinations of pushes.

use std::io::Write as _;

use crate::{
    encode::console,
    export::{Delivered, ExportError},
    snapshot::Snapshot,
};
#[cfg(feature = "otlp")]
use crate::{encode::otlp, export::OtlpExporter};

/// The destination of a push.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sink {
    /// An OTLP receiver, over HTTP or gRPC.
    #[cfg(feature = "otlp")]
    Otlp(OtlpExporter),
    /// Standard output, for people.
    Console,
}

impl Sink {
    /// Delivers a snapshot.
    pub(super) async fn deliver(&self, snapshot: Snapshot) -> Result<Delivered, ExportError> {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(exporter) => {
                let request = otlp::encode(&snapshot);
                drop(snapshot);
                exporter.export(request).await
            }
            Self::Console => {
                let print =
                    move || std::io::stdout().write_all(console::text(&snapshot).as_bytes());
                // A closed standard output is no failure: nobody reads it.
                let _ = tokio::task::spawn_blocking(print).await;
                Ok(Delivered::default())
            }
        }
    }

    /// Returns the name of the sink in log messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            #[cfg(feature = "otlp")]
            Self::Otlp(_) => "otlp",
            Self::Console => "console",
        }
    }
}
