//! What a series takes once threads have met in it.

use std::{fmt::Write as _, thread::available_parallelism};

use allocation_counter::measure;
use runar_otel_benches::{target::at_most, together::together};

use crate::{
    Result, child,
    effort::Effort,
    peers::{Ours, Peer, Reach},
    series::Kind,
};

/// The bytes that a striped histogram may have.
const TARGET: f64 = 1_600.0;

/// Records of each thread into a series, before it is looked whether the threads have met.
const RECORDS: usize = 100_000;

/// The series in which threads meet, of many.
const MET: usize = 32;

/// How often that is tried.
const PASSES: usize = 40;

/// Without stripes a series would reach any target.
const STRIPED: f64 = 1.3;

pub(crate) fn table(effort: Effort) -> Result<String> {
    let series = effort.of(1_000, 2).to_string();
    let mut out = String::from(
        "| bytes per series, handles | one thread | threads met | target |\n|---|---:|---:|---|\n",
    );
    for kind in [Kind::Counter, Kind::Histogram] {
        let answer = child::ask(&["striped", kind.title(), &series])?;
        let _ = writeln!(out, "| {} |{answer}", kind.title());
    }
    Ok(out)
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [kind, series] = case else {
        return Err("expected kind and series".into());
    };
    let (kind, series) = (Kind::named(kind)?, series.parse::<usize>()?);
    let mut ours = None;
    let start = || ours = Some(Ours::start(kind, Reach::Handles, series, series + 1));
    let alone = bytes(measure(start).bytes_current, series);
    let ours = ours.ok_or("no metric")?;
    let (mut made, mut records) = (0, 0);
    let met = (series - 1).min(MET);
    for at in 0..met {
        let (bytes, recorded) = meet(&ours, at, series - 1)?;
        made += bytes;
        records += recorded;
    }
    let striped = alone + bytes(made, met);
    let (shown, expected) = (ours.total(&ours.scrape()?)?, series + records);
    if (shown - count(expected)).abs() > 1e-6 {
        return Err(format!("shows {shown}, recorded {expected}").into());
    }
    let verdict = match kind {
        _ if striped < STRIPED * alone => "threads did not meet: not measured".to_owned(),
        Kind::Histogram => at_most(striped, TARGET, "bytes"),
        _ => String::new(),
    };
    child::answer(&format!(" {alone:.0} | {striped:.0} | {verdict} |"))
}

/// Lets twice as many threads as there are cores meet in a series, as many as it gets stripes, until that takes no more
/// memory. The bytes that they made, and how often they recorded.
fn meet(ours: &Ours, series: usize, spare: usize) -> Result<(i64, usize)> {
    let threads = (2 * available_parallelism().map_or(1, usize::from)).clamp(2, 16);
    let (mut bytes, mut records) = (0, 0);
    for _ in 0..PASSES {
        // What the thread itself takes is not the series's.
        let prepare = || {
            ours.record(spare);
            Ok(())
        };
        let record = |_| measure(|| (0..RECORDS).for_each(|_| ours.record(series)));
        let (_, made) = together(threads, prepare, record)?;
        let more: i64 = made.iter().map(|one| one.bytes_current).sum();
        bytes += more;
        records += threads * (RECORDS + 1);
        if bytes > 0 && more == 0 {
            break;
        }
    }
    Ok((bytes, records))
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn bytes(all: i64, series: usize) -> f64 {
    all as f64 / series as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}
