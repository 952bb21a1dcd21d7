//! Records while collections, or retirements, of many series run back to back on another thread.

use std::{
    fmt::Write as _,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use runar_otel_benches::{
    target,
    together::{own_schedstat, waited_in},
};

use crate::{
    Result, child,
    effort::Effort,
    peers::{Ours, Peer, Prometheus, PrometheusClient, Raw, Reach},
    series::{Kind, Labels},
    summary::{Latencies, quantile},
};

/// What the other thread does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    /// Records once into each series and collects.
    Collections,
    /// Makes the series anew and lets them go.
    Retirements,
}

use Disturbance::{Collections, Retirements};

struct Case {
    work: &'static str,
    peer: &'static str,
    kind: Kind,
    reach: Reach,
    disturbance: Disturbance,
}

const fn case(
    work: &'static str,
    peer: &'static str,
    kind: Kind,
    reach: Reach,
    disturbance: Disturbance,
) -> Case {
    Case {
        work,
        peer,
        kind,
        reach,
        disturbance,
    }
}

#[rustfmt::skip]
const CASES: [Case; 16] = [
    case("counter, handle", "ours", Kind::Counter, Reach::Handles, Collections),
    case("counter, handle", "raw SDK", Kind::Counter, Reach::Handles, Collections),
    case("counter, handle", "prometheus", Kind::Counter, Reach::Handles, Collections),
    case("counter, handle", "prometheus-client", Kind::Counter, Reach::Handles, Collections),
    case("histogram, handle", "ours", Kind::Histogram, Reach::Handles, Collections),
    case("histogram, handle", "raw SDK", Kind::Histogram, Reach::Handles, Collections),
    case("histogram, handle", "prometheus", Kind::Histogram, Reach::Handles, Collections),
    case("histogram, handle", "prometheus-client", Kind::Histogram, Reach::Handles, Collections),
    case("counter, 3 labels per call", "ours", Kind::Counter, Reach::Labels, Collections),
    case("counter, 3 labels per call", "raw SDK", Kind::Counter, Reach::Labels, Collections),
    case("counter, 3 labels per call", "prometheus", Kind::Counter, Reach::Labels, Collections),
    case("counter, 3 labels per call", "prometheus-client", Kind::Counter, Reach::Labels, Collections),
    case("histogram, 3 labels per call", "ours", Kind::Histogram, Reach::Labels, Collections),
    case("histogram, 3 labels per call", "raw SDK", Kind::Histogram, Reach::Labels, Collections),
    case("counter, 3 labels per call, retirements", "ours", Kind::Counter, Reach::Labels, Retirements),
    case("histogram, 3 labels per call, retirements", "ours", Kind::Histogram, Reach::Labels, Retirements),
];

/// How many series come new while the others are recorded into.
const NEW: usize = 1_000;

/// How many series are recorded into, in turn: few, so that it is the collection that is seen and not the cache.
const WARM: usize = 8;

/// The microseconds that 99 of 100 new series may take.
const TARGET: f64 = 100.0;

/// The method of the series that the other thread lets go.
const PASSING: &str = "PUT";

pub(crate) fn table(effort: Effort) -> Result<String> {
    let series = effort.of(100_000, 200).to_string();
    let milliseconds = effort.of(6_000, 30).to_string();
    let mut out = format!(
        "| {series} series, µs | | p50 | p99 | p99.9 | p99.99 | most | new series p50 | p99 | most | that count | rounds | target |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n"
    );
    for (at, case) in CASES.iter().enumerate() {
        let answer = child::ask(&["during", &at.to_string(), &series, &milliseconds])?;
        let _ = writeln!(out, "| {} | {} |{answer}", case.work, case.peer);
    }
    Ok(out)
}

pub(crate) fn child(arguments: &[&str]) -> Result<()> {
    let [at, series, milliseconds] = arguments else {
        return Err("expected case, series and milliseconds".into());
    };
    let Some(case) = CASES.get(at.parse::<usize>()?) else {
        return Err("no such case".into());
    };
    let (series, time) = (
        series.parse()?,
        Duration::from_millis(milliseconds.parse()?),
    );
    let plan = Plan {
        series,
        reach: case.reach,
        time,
        pause: time / u32::try_from(NEW)?,
    };
    let limit = series + WARM + 2 * NEW;
    let (kind, reach) = (case.kind, case.reach);
    let measured = match case.peer {
        "ours" if case.disturbance == Retirements => {
            let ours = Ours::start(kind, reach, WARM, limit);
            let plan = Plan {
                series: WARM,
                // The other thread disturbs for a part of the time only.
                pause: plan.pause / 8,
                ..plan
            };
            measure(&ours, plan, |disturbing| {
                pass(&ours, series, disturbing);
                Ok(0)
            })?
        }
        "ours" => collected(&Ours::start(kind, reach, series, limit), plan)?,
        "raw SDK" => {
            let raw = Raw::start(kind, reach, series, limit, None)?;
            collected(&raw, plan)?
        }
        "prometheus" => {
            let prometheus = Prometheus::start(kind, reach, series)?;
            collected(&prometheus, plan)?
        }
        _ => {
            let client = PrometheusClient::start(kind, reach, series);
            collected(&client, plan)?
        }
    };
    child::answer(&measured.written(case))
}

/// Makes series and lets them go; the latter is what disturbs.
fn pass(ours: &Ours, series: usize, disturbing: &AtomicBool) {
    disturbing.store(false, Ordering::Relaxed);
    (0..series).for_each(|at| ours.record_labels(&Labels::with_method(PASSING, at)));
    disturbing.store(true, Ordering::Relaxed);
    ours.retire_method(PASSING);
}

/// Measures while the other thread records once into each series and collects.
fn collected(peer: &impl Peer, plan: Plan) -> Result<Measured> {
    measure(peer, plan, |disturbing| {
        disturbing.store(true, Ordering::Relaxed);
        peer.touch();
        drop(peer.scrape().map_err(|error| error.to_string())?);
        Ok(plan.series)
    })
}

/// What is recorded.
#[derive(Clone, Copy)]
struct Plan {
    /// How many series there are.
    series: usize,
    reach: Reach,
    time: Duration,
    /// Between two new series.
    pause: Duration,
}

/// What came out.
struct Measured {
    warm: Latencies,
    /// Those of new series that count.
    new: Vec<Duration>,
    made: usize,
    rounds: usize,
}

/// A round of the other thread, which tells when it disturbs; how many records it made that stay.
type Round<'a> = &'a (dyn Fn(&AtomicBool) -> std::result::Result<usize, String> + Sync);

/// Records on this thread while another one disturbs, without pause.
fn measure(
    peer: &impl Peer,
    plan: Plan,
    round: impl Fn(&AtomicBool) -> std::result::Result<usize, String> + Sync,
) -> Result<Measured> {
    let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (others, stay) = (OnceLock::new(), AtomicUsize::new(0));
    let disturbing = AtomicBool::new(false);
    let disturb = |round: Round<'_>| -> std::result::Result<(), String> {
        let _ = others.set(own_schedstat());
        // Relaxed: flags and counts, nothing else is passed.
        while !stop.load(Ordering::Relaxed) {
            stay.fetch_add(round(&disturbing)?, Ordering::Relaxed);
            rounds.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let (measured, records) = std::thread::scope(|scope| {
        let thread = scope.spawn(|| disturb(&round));
        let started = || rounds.load(Ordering::Relaxed) >= 2;
        let disturbed = || disturbing.load(Ordering::Relaxed);
        let waited = || {
            let files = [own_schedstat(), others.get().cloned().flatten()];
            files.iter().flatten().map(|file| waited_in(file)).sum()
        };
        let result = records(peer, plan, started, disturbed, waited);
        stop.store(true, Ordering::Relaxed);
        thread.join().map_err(|_| "the other thread panicked")??;
        Ok::<_, Box<dyn std::error::Error>>(result)
    })?;
    // The start touched each series once.
    let expected = plan.series + stay.load(Ordering::Relaxed) + records + measured.made;
    let scrape = peer.scrape()?;
    let shown = peer.total(&scrape)?;
    if (shown - count(expected)).abs() > 1e-6 {
        return Err(format!("shows {shown}, recorded {expected}").into());
    }
    Ok(Measured {
        rounds: rounds.load(Ordering::Relaxed),
        ..measured
    })
}

/// Records into warm series, and now and then into a new one; what came out, and the records into warm ones.
fn records(
    peer: &impl Peer,
    plan: Plan,
    started: impl Fn() -> bool,
    disturbed: impl Fn() -> bool,
    waited: impl Fn() -> Duration,
) -> (Measured, usize) {
    let mut measured = Measured {
        warm: Latencies::new(),
        new: Vec::with_capacity(NEW),
        made: 0,
        rounds: 0,
    };
    let (start, mut records) = (Instant::now(), 0);
    let mut next = start + plan.pause;
    let labels = plan.reach == Reach::Labels;
    let enough = |made| !labels || made == NEW || start.elapsed() > 3 * plan.time;
    while start.elapsed() < plan.time || !started() || !enough(measured.made) {
        let before = Instant::now();
        peer.record(records % WARM);
        let after = Instant::now();
        records += 1;
        measured.warm.add(after - before);
        if labels && after > next && measured.made < NEW && disturbed() {
            next = after + plan.pause;
            let waiting = waited();
            let before = Instant::now();
            peer.record_new(plan.series + measured.made);
            let taken = before.elapsed();
            measured.made += 1;
            measured
                .new
                .extend(less_waiting(taken, waited().saturating_sub(waiting)));
        }
    }
    (measured, records)
}

/// What a new series took, less the time in which this thread or the other one waited for a core: whoever holds the lock
/// then is not to blame. `None` if that says nothing, because the other one waited while nobody waited for it.
fn less_waiting(taken: Duration, waited: Duration) -> Option<Duration> {
    match waited.is_zero() {
        true => Some(taken),
        false => taken.checked_sub(waited),
    }
}

impl Measured {
    fn written(mut self, case: &Case) -> String {
        let mut out = String::new();
        for share in [0.5, 0.99, 0.999, 0.9999, 1.0] {
            let _ = write!(out, " {:.2} |", self.warm.quantile(share) / 1e3);
        }
        let mut new = |share| quantile(&mut self.new, share).as_secs_f64() * 1e6;
        let (p50, p99, most) = (new(0.5), new(0.99), new(1.0));
        let _ = match self.made {
            0 => write!(out, " | | | |"),
            made => write!(
                out,
                " {p50:.1} | {p99:.1} | {most:.1} | {} of {made} |",
                self.new.len()
            ),
        };
        let verdict = match (case.peer, self.made) {
            (_, 0) => String::new(),
            ("ours", _) => target::at_most(p99, TARGET, "µs for a new series, p99"),
            _ => String::new(),
        };
        let _ = write!(out, " {} | {verdict} |", self.rounds);
        out
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}
