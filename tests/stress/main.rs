//! Records from everywhere at once, and compares what was counted with what was recorded:
//! `stress SECONDS [processor]`.
//!
//! Layers that record in every hook, span processors, a panic hook, callbacks that make instruments, values dropped while
//! unwinding and at the end of a thread, short threads with small stacks, thousands of threads at a time, forks, an attached
//! reader, scrapes, and providers that come and go: each round has a provider of its own, at whose end all is compared.

#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "a program that tells what went wrong"
)]

mod ends;
mod forks;
mod hooks;
mod ledger;
mod places;

use std::{
    process,
    sync::{
        Barrier, Mutex, PoisonError, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use runar_otel::{MetricsExporterKind, Sampler, Telemetry, View};
use runar_otel_core::report;
use runar_otel_testing::{Metrics as _, Page, try_scrape};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    ends::{DROPPED, ENDED, LAST_CALLS, TIMED, UNWOUND},
    hooks::{CALLBACKS, HOOKS, Hooks, IN_HOOKS, PANICS, PROCESSED, Processor},
    ledger::{Account, quiet, turn},
    places::{BALANCE, CALLS, CHURNED, FOREIGN, SIZES},
};

/// How long a provider lives.
const ROUND: Duration = Duration::from_secs(2);

/// More threads at a time than anything counts with.
const MANY: usize = 4_200;

/// Without a new round for so long, something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

static OVER: AtomicBool = AtomicBool::new(false);

/// When the last round began.
static BEGAN: Mutex<Option<Instant>> = Mutex::new(None);

/// What threads found to be wrong.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() {
    let seconds = std::env::args().nth(1).and_then(|given| given.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(10));
    hooks::count_panics();
    // A registry takes one layer of `tracing-opentelemetry`: ours, or one with a processor of its own.
    let processes = std::env::args()
        .nth(2)
        .is_some_and(|given| given == "processor");
    let spans = SdkTracerProvider::builder()
        .with_span_processor(Processor)
        .build();
    let theirs = tracing_opentelemetry::layer().with_tracer(spans.tracer("stress"));
    tracing_subscriber::registry()
        .with(Hooks)
        .with(processes.then_some(theirs))
        .with((!processes).then(runar_otel::layer))
        .init();
    watch();
    if let Err(what) = forks::before_providers() {
        wrong(what);
    }
    let mut held = Some(quiet());
    let workers = start();
    let (mut rounds, mut recorded) = (0, 0);
    while rounds < 2 || Instant::now() < until {
        recorded += round(rounds, held.take().unwrap_or_else(quiet));
        rounds += 1;
    }
    OVER.store(true, Ordering::Relaxed);
    for worker in workers {
        if worker.join().is_err() {
            wrong("a worker panicked".to_owned());
        }
    }
    let found = WRONG.lock().unwrap_or_else(PoisonError::into_inner);
    found.iter().for_each(|one| println!("{one}"));
    println!(
        "{rounds} rounds, {recorded} measurements in the ledgers, {} forks, {} wrong",
        forks::FORKS.load(Ordering::Relaxed),
        found.len()
    );
    process::exit(i32::from(!found.is_empty()));
}

fn wrong(what: String) {
    WRONG
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(what);
}

/// Ends the process if it hangs.
fn watch() {
    thread::spawn(|| {
        while !OVER.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_secs(1));
            let began = *BEGAN.lock().unwrap_or_else(PoisonError::into_inner);
            if began.is_some_and(|began| began.elapsed() > PATIENCE) {
                println!("hangs");
                process::exit(2);
            }
        }
    });
}

/// Works until the end, a turn at a time.
fn worker(work: impl Fn(u64) + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut number = 0;
        while !OVER.load(Ordering::Relaxed) {
            let _turn = turn();
            work(number);
            number += 1;
        }
    })
}

fn start() -> Vec<thread::JoinHandle<()>> {
    let mut all = vec![
        worker(places::call),
        worker(places::call),
        worker(places::churn),
        worker(places::churn),
        worker(places::level),
        worker(places::foreign),
        worker(|_| ends::unwind()),
        worker(|number| {
            let threads: Vec<_> = (0..8).map(|at| ends::short_thread(number + at)).collect();
            for thread in threads {
                if thread.join().is_err() {
                    wrong("a short thread panicked".to_owned());
                }
            }
        }),
        worker(|_| {
            if let Err(what) = forks::fork_once() {
                wrong(what);
            }
            thread::sleep(Duration::from_millis(20));
        }),
    ];
    all.push(thread::spawn(|| {
        let mut number = 0;
        while !OVER.load(Ordering::Relaxed) {
            places::heckle(number);
            number += 1;
        }
    }));
    all
}

/// So many threads at a time, each of which records and waits for the others.
fn many_threads() {
    let _turn = turn();
    let all = Barrier::new(MANY);
    thread::scope(|scope| {
        for _ in 0..MANY {
            let small = thread::Builder::new().stack_size(64 << 10);
            let body = || {
                DROPPED.add(1);
                runar_otel::metrics::increment!("stress_dropped_total");
                all.wait();
            };
            if let Err(error) = small.spawn_scoped(scope, body) {
                println!("not so many threads here: {error}");
                process::exit(3);
            }
        }
    });
}

/// The accounts.
fn accounts() -> impl Iterator<Item = &'static Account> {
    let single = [
        &PANICS,
        &CALLBACKS,
        &IN_HOOKS,
        &DROPPED,
        &ENDED,
        &LAST_CALLS,
        &TIMED,
        &UNWOUND,
        &CHURNED,
        &SIZES,
        &BALANCE,
    ];
    single
        .into_iter()
        .chain(&HOOKS)
        .chain(&PROCESSED)
        .chain(&CALLS)
        .chain(&FOREIGN)
}

/// The life of a provider, which begins while nobody records; how much was recorded.
fn round(number: u64, held: RwLockWriteGuard<'_, ()>) -> u64 {
    *BEGAN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    let registry = prometheus::Registry::new();
    accounts().for_each(Account::clear);
    let telemetry = begin(&registry);
    places::make_theirs();
    let _observed = hooks::observable();
    drop(held);
    if number.is_multiple_of(30) {
        many_threads();
    }
    let ends = Instant::now() + ROUND;
    while Instant::now() < ends {
        let _ = telemetry.force_flush();
        let _ = registry.gather();
        if let Some(address) = telemetry.prometheus_address()
            && let Err(error) = try_scrape(address)
        {
            wrong(format!("no scrape: {error}"));
        }
        thread::sleep(Duration::from_millis(30));
    }
    let held = quiet();
    if let Err(found) = compare(&telemetry) {
        found
            .into_iter()
            .for_each(|one| wrong(format!("round {number}: {one}")));
    }
    let recorded = accounts().map(Account::recorded).sum();
    drop(held);
    if let Err(error) = telemetry.shutdown().into_result() {
        wrong(format!("round {number}: {error}"));
    }
    recorded
}

fn begin(registry: &prometheus::Registry) -> Telemetry {
    let reader = opentelemetry_prometheus::exporter().with_registry(registry.clone());
    let reader = reader
        .build()
        .unwrap_or_else(|error| panic!("a reader: {error}"));
    let begun = runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Prometheus])
        .traces_exporters([])
        // Without exporters no trace would begin here.
        .sampler(Sampler::ParentBasedAlwaysOn)
        .prometheus_address("127.0.0.1", 0)
        .view(View::select("stress_churned_total").limit(200))
        .reader(reader)
        .without_subscriber()
        .init();
    begun.unwrap_or_else(|error| panic!("telemetry: {error}"))
}

/// Compares the page with the ledger. What is reported because of a scrape is counted by a hook, too.
fn compare(telemetry: &Telemetry) -> Result<(), Vec<String>> {
    let mut found = Vec::new();
    for _ in 0..5 {
        report::flush(Duration::from_secs(5));
        let Some(address) = telemetry.prometheus_address() else {
            return Err(vec!["there is no endpoint".to_owned()]);
        };
        found = match try_scrape(address) {
            Ok(page) => differences(&page),
            Err(error) => vec![error.to_string()],
        };
        if found.is_empty() {
            return Ok(());
        }
    }
    Err(found)
}

fn differences(page: &Page) -> Vec<String> {
    let active = page.gauge("action_active_requests", &[]);
    let left = active.filter(|left| *left != 0.0);
    let under_way = left.map(|left| format!("{left} calls are still under way"));
    accounts()
        .filter_map(|account| account.wrong_in(page))
        .chain(under_way)
        .collect()
}
