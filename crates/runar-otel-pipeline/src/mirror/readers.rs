//! The SDK's provider, with the readers that the application attached.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use opentelemetry::{InstrumentationScope, metrics::MeterProvider as _};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use runar_otel_core::{SCOPE_NAME, report, series::Mirror};

use super::{
    instruments::Instruments,
    queue::{Command, PATIENCE, QueueInput, queue},
    thread,
    view::NextPlan,
};
use crate::collect::Collector;

/// The time limit for a flush or a shutdown to wait for the queue.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Readers of the OpenTelemetry SDK, with a provider of the SDK that is fed from a gate.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use opentelemetry::metrics::MeterProvider as _;
/// use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
/// use runar_otel_core::gate::{Gate, GateOptions, Streams};
/// use runar_otel_pipeline::{collect::Collector, mirror::SdkReaders};
///
/// let readers = SdkReaders::start(SdkMeterProvider::builder().with_reader(ManualReader::default()));
/// let mut options = GateOptions::default();
/// options.mirror = Some(readers.mirror());
/// let streams = Streams::new(options);
/// let collector = Arc::new(Collector::new(streams.clone(), Arc::default(), Vec::new()));
/// readers.collect_with(&collector);
///
/// Gate::new(streams).meter("shop").u64_counter("orders").build().add(1, &[]);
/// readers.flush()?;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone)]
pub struct SdkReaders(Arc<Inner>);

struct Inner {
    provider: SdkMeterProvider,
    input: Arc<QueueInput>,
    collector: Arc<OnceLock<Weak<Collector>>>,
}

impl SdkReaders {
    /// Builds the provider, and starts the thread that feeds it.
    #[must_use]
    pub fn start(builder: MeterProviderBuilder) -> Self {
        let next_plan = Arc::new(NextPlan::default());
        let provider = builder.with_view(next_plan.view()).build();
        let (input, output) = queue();
        let input = Arc::new(input);
        let collector = Arc::new(OnceLock::new());
        call_before_others(
            &provider,
            BeforeCollection {
                input: input.clone(),
                collector: collector.clone(),
            },
        );
        let instruments = Instruments::new(provider.clone(), next_plan);
        if let Err(error) = thread::spawn(output, instruments) {
            report::say(format!(
                "attached readers get nothing: there is no thread to feed them: {error}"
            ));
        }
        Self(Arc::new(Inner {
            provider,
            input,
            collector,
        }))
    }

    /// Returns the mirror for the gate ([`GateOptions::mirror`](runar_otel_core::gate::GateOptions::mirror)).
    #[must_use]
    pub fn mirror(&self) -> Arc<dyn Mirror> {
        self.0.input.clone()
    }

    /// Lets this collector run the callbacks of the application whenever a reader collects. Only the first one counts.
    pub fn collect_with(&self, collector: &Arc<Collector>) {
        let _ = self.0.collector.set(Arc::downgrade(collector));
    }

    /// Empties the queue, and flushes the readers. May hang as long as a reader does.
    ///
    /// # Errors
    /// When a reader says that it failed.
    pub fn flush(&self) -> Result<(), String> {
        self.0.input.wait(Command::Flush, FLUSH_PATIENCE);
        let flushed = self.0.provider.force_flush();
        flushed.map_err(|error| error.to_string())
    }

    /// Empties the queue, ends the thread, and shuts the readers down. May hang as long as a reader does.
    ///
    /// # Errors
    /// When a reader says that it failed.
    pub fn shutdown(&self) -> Result<(), String> {
        self.0.input.wait(Command::End, FLUSH_PATIENCE);
        let ended = self.0.provider.shutdown();
        ended.map_err(|error| error.to_string())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.input.end();
    }
}

impl fmt::Debug for SdkReaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SdkReaders")
            .field("provider", &self.0.provider)
            .finish_non_exhaustive()
    }
}

/// The work before a reader reads: the callbacks of the application, then the queue.
struct BeforeCollection {
    input: Arc<QueueInput>,
    collector: Arc<OnceLock<Weak<Collector>>>,
}

impl BeforeCollection {
    /// Runs the callbacks of the application, which the SDK does not know, and then waits until the queue is empty of
    /// measurements, also of those that the callbacks made.
    fn run(&self) {
        if let Some(collector) = self.collector.get().and_then(Weak::upgrade) {
            collector.collect();
        }
        self.input.wait(Command::Flush, PATIENCE);
    }
}

/// Makes an instrument that observes nothing, so that it is not exported. The SDK runs callbacks in the order in which
/// they come: this one is the first.
fn call_before_others(provider: &SdkMeterProvider, before: BeforeCollection) {
    let scope = InstrumentationScope::builder(SCOPE_NAME).build();
    let _ = provider
        .meter_with_scope(scope)
        .u64_observable_gauge("runar_otel.collection")
        .with_callback(move |_| before.run())
        .build();
}
