//! What the pull endpoint serves: a snapshot of the collector, as text.

use std::{fmt, sync::Arc};

use runar_otel_core::report;
use tokio::{
    sync::Mutex,
    task::{JoinHandle, spawn_blocking},
};

use crate::{
    collect::Collector,
    encode::exposition,
    endpoint::{Format, Scrape, ScrapeFuture, Scraped},
    store::{ConsumerId, TemporalityPreference},
};

/// Serves scrapes from a [`Collector`], one after the other.
pub struct CollectorScrape {
    rendering: Arc<Rendering>,
}

struct Rendering {
    collector: Arc<Collector>,
    consumer: ConsumerId,
    /// A scrape that has begun and not ended, perhaps since a client that gave up: another one beside it would only
    /// wait for the same collection, on one more thread.
    running: Mutex<Option<JoinHandle<String>>>,
}

impl CollectorScrape {
    /// Registers a cumulative consumer, as the Prometheus exporter specification demands.
    #[must_use]
    pub fn new(collector: Arc<Collector>) -> Self {
        let consumer = collector.register(TemporalityPreference::Cumulative);
        let running = Mutex::default();
        Self {
            rendering: Arc::new(Rendering {
                collector,
                consumer,
                running,
            }),
        }
    }
}

impl Scrape for CollectorScrape {
    fn scrape(&self, format: Format) -> ScrapeFuture {
        let rendering = self.rendering.clone();
        Box::pin(async move {
            Scraped {
                content_type: format.content_type(),
                body: rendering.render(format).await.into(),
            }
        })
    }
}

impl Rendering {
    async fn render(&self, format: Format) -> String {
        let mut running = self.running.lock().await;
        if let Some(earlier) = running.as_mut() {
            let _ = earlier.await;
        }
        let (collector, consumer) = (self.collector.clone(), self.consumer);
        // Callbacks of the application run here: they may take long, the runtime may not.
        let rendered = spawn_blocking(move || render(&collector, consumer, format));
        let body = running.insert(rendered).await;
        *running = None;
        body.unwrap_or_default()
    }
}

fn render(collector: &Collector, consumer: ConsumerId, format: Format) -> String {
    let snapshot = collector.snapshot(consumer);
    let exposition = match format {
        Format::OpenMetrics => exposition::openmetrics(&snapshot),
        Format::Text => exposition::text(&snapshot),
    };
    for problem in exposition.problems {
        report::once(("exposition", problem.to_string()), || problem.to_string());
    }
    exposition.body
}

impl fmt::Debug for CollectorScrape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CollectorScrape")
            .field("consumer", &self.rendering.consumer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::mpsc,
        task::{Context, Waker},
        time::{Duration, SystemTime},
    };

    use runar_otel_core::gate::{GateOptions, Streams};

    use super::*;
    use crate::{
        background::Background,
        collect::{Producer, StoreReader},
        snapshot::ScopeMetrics,
    };

    /// A source of metrics that hangs until it is let go.
    struct Hanging(std::sync::Mutex<mpsc::Receiver<()>>, mpsc::Sender<()>);

    impl Producer for Hanging {
        fn produce(&self, _: SystemTime) -> Vec<ScopeMetrics> {
            let _ = self.1.send(());
            let _ = self.0.lock().unwrap().recv();
            Vec::new()
        }
    }

    #[test]
    fn scrapes_that_hang_take_one_thread() {
        let (release, held) = mpsc::channel();
        let (entered, entries) = mpsc::channel();
        let hanging: Arc<dyn Producer> = Arc::new(Hanging(std::sync::Mutex::new(held), entered));
        let streams = Streams::new(GateOptions::default());
        let collector = Collector::new(StoreReader::new(), streams, Arc::default(), vec![hanging]);
        let scrape = CollectorScrape::new(Arc::new(collector));
        let background = Background::start().unwrap();
        let _entered = background.handle().enter();
        for _ in 0..10 {
            // A client that gives up at once.
            let mut abandoned = pin!(scrape.scrape(Format::Text));
            let _ = abandoned
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
        entries.recv_timeout(Duration::from_secs(10)).unwrap();
        let second = entries.recv_timeout(Duration::from_millis(100));
        assert!(second.is_err(), "a second one hangs beside it");
        release.send(()).unwrap();
    }
}
