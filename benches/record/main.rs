//! What one record costs: ours beside its peers, each doing the same work in its own idiom.
//!
//! `cargo bench -p runar-otel-benches` measures and prints a table of medians; words after `--` choose the lines and
//! columns whose `work | peer` contains one of them. Without `--bench` (`cargo test --benches`) everything runs a few
//! times only. No benchmark counts unless the peer has recorded all of it.

mod measure;
mod peers;
mod readings;
mod setting;
mod table;
mod work;

use std::io::Write;

use runar_otel::exemplar::ExemplarFilter;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    measure::{Contest, Effort, measure},
    peers::{Others, Ours, Peer},
    setting::Setting,
    table::Table,
    work::{Row, Work},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Those that a span makes a difference to, and what it is compared with.
const SPAN_AWARE: &[Peer] = &[Peer::Ours, Peer::Raw, Peer::RawBound];

/// Measured with the default exemplar filter, `trace_based`.
const ROWS: &[Row] = &[
    Row::new(
        "counter, handle",
        "handle_requests_total",
        Work::Counter,
        Peer::ALL,
    ),
    Row::new(
        "counter, 3 labels per call",
        "labelled_requests_total",
        Work::CounterLabelled,
        Peer::ALL,
    ),
    Row::new("gauge, handle", "handle_level", Work::Gauge, Peer::ALL),
    Row::new(
        "histogram, handle",
        "handle_duration_seconds",
        Work::Histogram,
        Peer::ALL,
    ),
    Row::new(
        "histogram, 3 labels per call",
        "labelled_duration_seconds",
        Work::HistogramLabelled,
        Peer::ALL,
    ),
    Row::new(
        "timer, start and stop",
        "timer_duration_seconds",
        Work::Timer,
        Peer::ALL,
    ),
    Row::new(
        "counter, two threads",
        "shared_requests_total",
        Work::Counter,
        Peer::ALL,
    )
    .on_two_threads(),
    Row::new(
        "histogram, two threads",
        "shared_duration_seconds",
        Work::Histogram,
        Peer::ALL,
    )
    .on_two_threads(),
    Row::new(
        "counter, in a sampled span",
        "sampled_requests_total",
        Work::Counter,
        SPAN_AWARE,
    )
    .within(Setting::Sampled),
    Row::new(
        "histogram, in a sampled span",
        "sampled_duration_seconds",
        Work::Histogram,
        SPAN_AWARE,
    )
    .within(Setting::Sampled),
    Row::new(
        "histogram, 3 labels, in a sampled span",
        "sampled_labelled_duration_seconds",
        Work::HistogramLabelled,
        SPAN_AWARE,
    )
    .within(Setting::Sampled),
    Row::new(
        "histogram, in an unsampled span",
        "unsampled_duration_seconds",
        Work::Histogram,
        SPAN_AWARE,
    )
    .within(Setting::Unsampled),
];

/// Measured with the exemplar filter `always_off`.
const ROWS_WITHOUT_EXEMPLARS: &[Row] = &[
    Row::new(
        "histogram, filter always_off",
        "unfiltered_duration_seconds",
        Work::Histogram,
        SPAN_AWARE,
    ),
    Row::new(
        "histogram, filter always_off, in a sampled span",
        "unfiltered_sampled_duration_seconds",
        Work::Histogram,
        SPAN_AWARE,
    )
    .within(Setting::Sampled),
];

fn main() -> Result<()> {
    let (flags, wanted): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let effort = if flags.iter().any(|flag| flag == "--bench") {
        Effort::Full
    } else {
        Effort::Check
    };
    tracing_subscriber::registry()
        .with(runar_otel::layer())
        .init();
    let others = Others::start()?;
    let mut table = Table::default();
    for (filter, rows) in [
        (ExemplarFilter::TraceBased, ROWS),
        (ExemplarFilter::AlwaysOff, ROWS_WITHOUT_EXEMPLARS),
    ] {
        let ours = Ours::start(filter)?;
        let mut contests = Vec::new();
        for row in rows {
            let mut cases = Vec::new();
            for peer in row.peers.iter().filter(|peer| row.is_wanted(peer, &wanted)) {
                cases.extend(peer.case(row, &ours, &others)?);
            }
            contests.push(Contest { row, cases });
        }
        table.extend(measure(&mut contests, effort)?);
    }
    let mut out = std::io::stdout().lock();
    match effort {
        Effort::Full => write!(out, "{table}")?,
        Effort::Check => writeln!(out, "all works recorded; `cargo bench` measures them")?,
    }
    Ok(())
}
