//! Records while collections of many series run back to back on another thread.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use crate::{
    Effort, Result, child,
    peers::{Ours, Peer, Prometheus, PrometheusClient, Raw, Reach},
    series::Kind,
    summary::{Latencies, quantile},
};

const CASES: [(&str, &str, Kind, Reach); 14] = [
    ("counter, handle", "ours", Kind::Counter, Reach::Handles),
    ("counter, handle", "raw SDK", Kind::Counter, Reach::Handles),
    (
        "counter, handle",
        "prometheus",
        Kind::Counter,
        Reach::Handles,
    ),
    (
        "counter, handle",
        "prometheus-client",
        Kind::Counter,
        Reach::Handles,
    ),
    ("histogram, handle", "ours", Kind::Histogram, Reach::Handles),
    (
        "histogram, handle",
        "raw SDK",
        Kind::Histogram,
        Reach::Handles,
    ),
    (
        "histogram, handle",
        "prometheus",
        Kind::Histogram,
        Reach::Handles,
    ),
    (
        "histogram, handle",
        "prometheus-client",
        Kind::Histogram,
        Reach::Handles,
    ),
    (
        "counter, 3 labels per call",
        "ours",
        Kind::Counter,
        Reach::Labels,
    ),
    (
        "counter, 3 labels per call",
        "raw SDK",
        Kind::Counter,
        Reach::Labels,
    ),
    (
        "counter, 3 labels per call",
        "prometheus",
        Kind::Counter,
        Reach::Labels,
    ),
    (
        "counter, 3 labels per call",
        "prometheus-client",
        Kind::Counter,
        Reach::Labels,
    ),
    (
        "histogram, 3 labels per call",
        "ours",
        Kind::Histogram,
        Reach::Labels,
    ),
    (
        "histogram, 3 labels per call",
        "raw SDK",
        Kind::Histogram,
        Reach::Labels,
    ),
];

/// How many series come new while the others are recorded into.
const NEW: usize = 300;

/// How many series are recorded into, in turn: few, so that it is the collection that is seen and not the cache.
const WARM: usize = 8;

pub(crate) fn table(effort: Effort) -> Result<String> {
    let series = effort.of(100_000, 200).to_string();
    let milliseconds = effort.of(4_000, 30).to_string();
    let mut out = format!(
        "| {series} series, µs | | p50 | p99 | p99.9 | p99.99 | most | new series p50 | p99 | most | collections |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for (at, (work, peer, ..)) in CASES.iter().enumerate() {
        let answer = child::ask(&["during", &at.to_string(), &series, &milliseconds])?;
        let _ = writeln!(out, "| {work} | {peer} | {answer}");
    }
    Ok(out)
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [at, series, milliseconds] = case else {
        return Err("expected case, series and milliseconds".into());
    };
    let Some((_, peer, kind, reach)) = CASES.get(at.parse::<usize>()?) else {
        return Err("no such case".into());
    };
    let (series, time) = (
        series.parse()?,
        Duration::from_millis(milliseconds.parse()?),
    );
    // What is reached by handles has no way to a new series but a new handle: measured with labels.
    let limit = series + 2 * NEW;
    let (kind, reach) = (*kind, *reach);
    match *peer {
        "ours" => measure(
            &Ours::start(kind, reach, series, limit),
            series,
            reach,
            time,
        ),
        "raw SDK" => measure(
            &Raw::start(kind, reach, series, limit, None)?,
            series,
            reach,
            time,
        ),
        "prometheus" => measure(
            &Prometheus::start(kind, reach, series)?,
            series,
            reach,
            time,
        ),
        _ => measure(
            &PrometheusClient::start(kind, reach, series),
            series,
            reach,
            time,
        ),
    }
}

/// Records on this thread while another one collects, without pause.
fn measure(peer: &impl Peer, series: usize, reach: Reach, time: Duration) -> Result<()> {
    let (stop, collections) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut warm = Latencies::new();
    let mut new: Vec<Duration> = Vec::new();
    let records = std::thread::scope(|scope| {
        let thread = scope.spawn(|| -> std::result::Result<(), String> {
            // Relaxed: a flag and a count, nothing else is passed.
            while !stop.load(Ordering::Relaxed) {
                peer.touch();
                drop(peer.scrape().map_err(|error| error.to_string())?);
                collections.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let (start, mut records) = (Instant::now(), 0);
        let pause = time / u32::try_from(NEW).unwrap_or(1);
        let mut next = start + pause;
        while start.elapsed() < time || collections.load(Ordering::Relaxed) < 2 {
            let before = Instant::now();
            peer.record(records % WARM);
            let after = Instant::now();
            records += 1;
            warm.add(after - before);
            if reach == Reach::Labels && after > next && new.len() < NEW {
                next = after + pause;
                let before = Instant::now();
                peer.record_new(series + new.len());
                new.push(before.elapsed());
            }
        }
        stop.store(true, Ordering::Relaxed);
        thread
            .join()
            .map_err(|_| "the collecting thread panicked")??;
        Ok::<_, Box<dyn std::error::Error>>(records)
    })?;
    // The start touched each series once, the other thread with each collection.
    let rounds = 1 + collections.load(Ordering::Relaxed);
    let expected = rounds * series + records + new.len();
    let scrape = peer.scrape()?;
    let shown = peer.total(&scrape)?;
    if (shown - count(expected)).abs() > 1e-6 {
        return Err(format!("shows {shown}, recorded {expected}").into());
    }
    let mut out = String::new();
    for share in [0.5, 0.99, 0.999, 0.9999, 1.0] {
        let _ = write!(out, " {:.2} |", warm.quantile(share) / 1e3);
    }
    for share in [0.5, 0.99, 1.0] {
        let _ = match new.is_empty() {
            true => write!(out, " |"),
            false => write!(
                out,
                " {:.1} |",
                quantile(&mut new, share).as_secs_f64() * 1e6
            ),
        };
    }
    let _ = write!(out, " {} |", rounds - 1);
    child::answer(&out)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}
