//! Series that are let go: how much of their memory comes back, and whether ten rounds of fresh ones end where the first
//! one did.

use std::fmt::Write as _;

use allocation_counter::measure;
use runar_otel_benches::target::{at_least, times};

use crate::{
    Result, child,
    effort::Effort,
    peers::{Ours, Peer, Prometheus, PrometheusClient, Reach},
    series::Kind,
};

/// Those that can let series go.
const PEERS: [&str; 3] = ["ours", "prometheus", "prometheus-client"];

const ROUNDS: usize = 10;

/// The first series: all have labels of one length, so that all rounds can take as much.
const FIRST: usize = 1_000_000;

/// The part of the bytes that has to come back.
const BACK: f64 = 0.85;

/// How much more the last round may have than the first one.
const GROWTH: f64 = 1.02;

pub(crate) fn table(effort: Effort) -> Result<String> {
    let series = effort.of(100_000, 200);
    let mut out = format!(
        "| {series} series, let go | | bytes per series | part that came back | with the series: last of {ROUNDS} rounds ÷ first | without: last ÷ first | target |\n|---|---|---:|---:|---:|---:|---|\n"
    );
    for kind in Kind::ALL {
        for peer in PEERS {
            let answer = child::ask(&["retire", kind.title(), peer, &series.to_string()])?;
            let _ = writeln!(out, "| {} | {peer} |{answer}", kind.title());
        }
    }
    Ok(out)
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [kind, name, series] = case else {
        return Err("expected kind, peer and series".into());
    };
    let (kind, series) = (Kind::named(kind)?, series.parse()?);
    let peer: Box<dyn Peer> = match *name {
        "ours" => Box::new(Ours::start(kind, Reach::Labels, 0, series + 1)),
        "prometheus" => Box::new(Prometheus::start(kind, Reach::Labels, 0)?),
        _ => Box::new(PrometheusClient::start(kind, Reach::Labels, 0)),
    };
    let rounds = (0..ROUNDS).map(|round| Round::run(&*peer, round, series));
    let rounds = rounds.collect::<Result<Vec<_>>>()?;
    child::answer(&written(name, series, &rounds))
}

/// The bytes that a round made and gave back.
struct Round {
    made: i64,
    back: i64,
}

impl Round {
    /// Makes fresh series, shows them, and lets them go.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn run(peer: &dyn Peer, round: usize, series: usize) -> Result<Self> {
        let first = FIRST + round * series;
        let fresh = first..first + series;
        let made = measure(|| fresh.for_each(|at| peer.record_new(at))).bytes_current;
        let shown = peer.total(&peer.scrape()?)?;
        if (shown - series as f64).abs() > 1e-6 {
            return Err(format!("round {round} shows {shown} of {series}").into());
        }
        let mut can = false;
        let back = -measure(|| can = peer.retire()).bytes_current;
        let left = peer.total(&peer.scrape()?)?;
        if !can || left.abs() > 1e-6 {
            return Err(format!("round {round} shows {left} of what was let go").into());
        }
        Ok(Self { made, back })
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn written(peer: &str, series: usize, rounds: &[Round]) -> String {
    let (mut with, mut without, mut now) = (Vec::new(), Vec::new(), 0);
    for round in rounds {
        now += round.made;
        with.push(now as f64);
        now -= round.back;
        without.push(now as f64);
    }
    let growth = |all: &[f64]| match (all.first(), all.last()) {
        (Some(first), Some(last)) => last / first,
        _ => f64::NAN,
    };
    let first = rounds.first().map_or((f64::NAN, f64::NAN), |round| {
        (round.made as f64, round.back as f64)
    });
    let (part, with, without) = (first.1 / first.0, growth(&with), growth(&without));
    let verdict = match peer {
        "ours" => format!(
            "{}; {}; {}",
            at_least(part, BACK, "back"),
            times(with, GROWTH, "the first round"),
            times(without, GROWTH, "what is left after it")
        ),
        _ => String::new(),
    };
    format!(
        " {:.0} | {part:.3} | {with:.3} | {without:.3} | {verdict} |",
        first.0 / series as f64
    )
}
