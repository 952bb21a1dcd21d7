//! The source of the pull endpoint: snapshots of the collector, as text.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use runar_otel_core::report;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    collect::Collector,
    encode::exposition::{self, Exposition, Options},
    endpoint::{Format, Scrape, ScrapeFailed, ScrapeFuture, Scraped},
    observe::ScrapeWatch,
    snapshot::Snapshot,
    store::{ConsumerId, TemporalityPreference},
    worker::{Pending, Worker},
};

/// Serves scrapes from a [`Collector`], one after the other.
#[derive(Clone)]
pub struct CollectorScrape {
    rendering: Arc<Rendering>,
}

/// Writes a snapshot in a format.
type Write = fn(&Snapshot, &Options, Format) -> Exposition;

struct Rendering {
    collector: Arc<Collector>,
    consumer: ConsumerId,
    watch: ScrapeWatch,
    options: Options,
    write: Write,
    /// The time for which a page may be served again, in nanoseconds; 0 for never. Relaxed: the value stands for
    /// itself.
    reuse: AtomicU64,
    /// The scrape under way, perhaps of a client that gave up: a second scrape beside it would only wait for the same
    /// collection, on one more thread.
    running: Mutex<Running>,
    /// Renders, so that scrapes wait for no push and no name look-up.
    worker: Worker,
}

#[derive(Default)]
struct Running {
    scrape: Option<Pending<String>>,
    /// The last page, with its format and the time of its request; `None` while pages are not served again.
    last: Option<(Format, Instant, Bytes)>,
}

impl CollectorScrape {
    /// Registers a cumulative consumer, as the Prometheus exporter specification demands.
    #[must_use]
    pub fn new(collector: Arc<Collector>, options: Options) -> Self {
        Self::written_by(write, collector, options)
    }

    fn written_by(write: Write, collector: Arc<Collector>, options: Options) -> Self {
        let consumer = collector.register(TemporalityPreference::Cumulative);
        Self {
            rendering: Arc::new(Rendering {
                watch: ScrapeWatch::new(collector.observer()),
                collector,
                consumer,
                options,
                write,
                reuse: AtomicU64::new(0),
                running: Mutex::default(),
                worker: Worker::new("runar-otel-scrape"),
            }),
        }
    }

    /// Sets the time, from its request on, for which a page is served again; zero, the default, lets every scrape
    /// collect.
    pub fn reuse(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.rendering.reuse.store(nanos, Ordering::Relaxed);
    }
}

impl Scrape for CollectorScrape {
    fn scrape(&self, format: Format) -> ScrapeFuture {
        let rendering = self.rendering.clone();
        Box::pin(async move {
            Ok(Scraped {
                content_type: format.content_type(),
                body: rendering.page(format).await?,
            })
        })
    }
}

impl Rendering {
    async fn page(self: Arc<Self>, format: Format) -> Result<Bytes, ScrapeFailed> {
        let mut running = self.running.lock().await;
        if let Some(earlier) = running.scrape.as_mut() {
            let _ = earlier.await;
            running.scrape = None;
        }
        let asked = Instant::now();
        if let Some(page) = self.fresh(&running, format, asked) {
            return Ok(page);
        }
        let own = self.clone();
        // Callbacks of the application run here: they may take long, the runtime may not.
        let rendered = self
            .worker
            .run(move || own.watch.page(|| own.render(format)));
        let body = running.scrape.insert(rendered).await;
        running.scrape = None;
        let Ok(body) = body else {
            report::once(("exposition", "failed"), || {
                "a page of metrics could not be rendered: the scrape was answered with 500"
                    .to_owned()
            });
            return Err(ScrapeFailed);
        };
        let page = Bytes::from(body);
        running.last = (self.reuse() > Duration::ZERO).then(|| (format, asked, page.clone()));
        Ok(page)
    }

    fn render(&self, format: Format) -> String {
        let collect = || self.collector.snapshot(self.consumer);
        let snapshot = self.watch.reader.collection(collect);
        let exposition = (self.write)(&snapshot, &self.options, format);
        for problem in exposition.problems {
            report::once(("exposition", problem.key()), || problem.to_string());
        }
        exposition.body
    }

    /// Returns the last page if it has this format and may still be served.
    fn fresh(&self, running: &Running, format: Format, now: Instant) -> Option<Bytes> {
        let (of, asked, page) = running.last.as_ref()?;
        let is_fresh = now.saturating_duration_since(*asked) < self.reuse();
        (*of == format && is_fresh).then(|| page.clone())
    }

    fn reuse(&self) -> Duration {
        Duration::from_nanos(self.reuse.load(Ordering::Relaxed))
    }
}

fn write(snapshot: &Snapshot, options: &Options, format: Format) -> Exposition {
    match format {
        Format::OpenMetrics => exposition::openmetrics_with(snapshot, options),
        Format::Text => exposition::text_with(snapshot, options),
    }
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
    use crate::{background::Background, collect::Producer, snapshot::ScopeMetrics};

    /// A source of metrics that hangs until the test releases it.
    struct Hanging(std::sync::Mutex<mpsc::Receiver<()>>, mpsc::Sender<()>);

    impl Producer for Hanging {
        fn produce(&self, _: SystemTime) -> Vec<ScopeMetrics> {
            let _ = self.1.send(());
            let _ = self.0.lock().unwrap().recv();
            Vec::new()
        }
    }

    /// Counts the calls of `produce`.
    struct Counting(AtomicU64);

    impl Producer for Counting {
        fn produce(&self, _: SystemTime) -> Vec<ScopeMetrics> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Vec::new()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_served_again_for_as_long_as_it_may() {
        let counting = Arc::new(Counting(AtomicU64::new(0)));
        let streams = Streams::new(GateOptions::default());
        let producers: Vec<Arc<dyn Producer>> = vec![counting.clone()];
        let collector = Collector::new(streams, Arc::default(), producers);
        let scrape = CollectorScrape::new(Arc::new(collector), Options::default());
        let collected = async |format, after: u64| {
            tokio::time::sleep(Duration::from_secs(after)).await;
            scrape.scrape(format).await.unwrap();
            counting.0.load(Ordering::Relaxed)
        };
        assert_eq!(collected(Format::Text, 0).await, 1);
        assert_eq!(collected(Format::Text, 0).await, 2);
        scrape.reuse(Duration::from_secs(10));
        assert_eq!(collected(Format::Text, 0).await, 3);
        assert_eq!(collected(Format::Text, 9).await, 3);
        assert_eq!(collected(Format::Text, 2).await, 4);
        assert_eq!(collected(Format::OpenMetrics, 0).await, 5);
    }

    /// A source of metrics that panics.
    struct Broken;

    impl Producer for Broken {
        fn produce(&self, _: SystemTime) -> Vec<ScopeMetrics> {
            panic!("a panic of a source, on purpose")
        }
    }

    fn collector(producers: Vec<Arc<dyn Producer>>) -> Arc<Collector> {
        let streams = Streams::new(GateOptions::default());
        Arc::new(Collector::new(streams, Arc::default(), producers))
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_written_is_a_failure() {
        let write: Write = |_, _, _| panic!("a panic of the encoder, on purpose");
        let scrape = CollectorScrape::written_by(write, collector(Vec::new()), Options::default());
        scrape.reuse(Duration::from_secs(10));
        for _ in 0..2 {
            assert_eq!(scrape.scrape(Format::Text).await, Err(ScrapeFailed));
        }
    }

    #[tokio::test]
    async fn a_source_that_panics_does_not_fail_the_page() {
        let scrape = CollectorScrape::new(collector(vec![Arc::new(Broken)]), Options::default());
        let page = scrape.scrape(Format::OpenMetrics).await.unwrap();
        assert_eq!(page.body, "# EOF\n");
    }

    #[test]
    fn scrapes_that_hang_take_one_thread() {
        let (release, held) = mpsc::channel();
        let (entered, entries) = mpsc::channel();
        let hanging: Arc<dyn Producer> = Arc::new(Hanging(std::sync::Mutex::new(held), entered));
        let streams = Streams::new(GateOptions::default());
        let collector = Collector::new(streams, Arc::default(), vec![hanging]);
        let scrape = CollectorScrape::new(Arc::new(collector), Options::default());
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
