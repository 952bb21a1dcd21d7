//! Orders: work that is recorded in every kind of instrument.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use runar_otel::{Counter, Gauge, Histogram, Timer, UpDownCounter};
use serde_json::{Value, json};

/// The instruments, and what was recorded in them.
pub(crate) struct Orders {
    taken: Counter,
    open: UpDownCounter,
    last: Gauge,
    load: Gauge,
    unknown: Gauge,
    size: Histogram,
    duration: Timer,
    share: Histogram,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    taken: u64,
    seconds: f64,
    bytes: f64,
}

/// Durations in the middle of buckets of the semantic conventions.
const DURATIONS: [u64; 4] = [3, 17, 35, 60];

impl Orders {
    pub(crate) fn register() -> Self {
        Self {
            taken: Counter::new("app_orders_total", "Orders taken")
                .with_unit("{order}")
                .register(),
            open: UpDownCounter::new("app_open_orders", "Orders in work")
                .with_unit("{order}")
                .register(),
            last: Gauge::new("app_last_order", "Number of the last order").register(),
            load: Gauge::new("app_load", "Share of the hands that are busy")
                .with_unit("1")
                .register(),
            unknown: Gauge::new("app_unknown", "No number").register(),
            size: Histogram::new("app_order_size_bytes", "Size of orders")
                .exponential()
                .register(),
            duration: Timer::new("app_order_duration_seconds", "Time per order")
                .with_span()
                .register(),
            share: Histogram::new("app_share_ratio", "Share of the day")
                .with_buckets(vec![0.5])
                .register(),
            ledger: Mutex::default(),
        }
    }

    pub(crate) fn take(&self, number: u64) -> Value {
        for at in 0..number {
            self.one(at);
        }
        self.ledger()
    }

    fn one(&self, at: u64) {
        let kind = if at.is_multiple_of(2) { "even" } else { "odd" };
        tracing::info_span!("order", order.kind = kind).in_scope(|| {
            self.open.increment();
            let handle = self.duration.start();
            let span = handle.span().clone();
            let index = usize::try_from(at).unwrap_or(0) % DURATIONS.len();
            let duration = Duration::from_millis(DURATIONS.get(index).copied().unwrap_or(1));
            span.in_scope(|| work(duration));
            let took = handle.stop();
            let bytes = f64::from(u32::try_from(at).unwrap_or(0)) * 100.0 + 1.0;
            self.size.observe(bytes);
            self.share.observe_with(0.25, &[("kind", kind)]);
            self.taken.increment_with(&[("kind", kind)]);
            self.last.set(f64::from(u32::try_from(at).unwrap_or(0)));
            self.load.set(0.5);
            self.unknown.set(f64::NAN);
            self.open.decrement();
            tracing::info!(at, "order taken");
            let mut ledger = self.ledger.lock().expect("no panic");
            ledger.taken += 1;
            ledger.seconds += took.as_secs_f64();
            ledger.bytes += bytes;
        });
    }

    pub(crate) fn ledger(&self) -> Value {
        let ledger = self.ledger.lock().expect("no panic");
        json!({ "taken": ledger.taken, "seconds": ledger.seconds, "bytes": ledger.bytes })
    }
}

/// Takes so long that the span of the work ends within the bucket it is meant for.
fn work(duration: Duration) {
    let began = Instant::now();
    while began.elapsed() < duration {
        std::thread::sleep(Duration::from_micros(200));
    }
}
