//! What a series takes: bytes that are allocated once it is recorded and collected.

use std::fmt::Write as _;

use allocation_counter::measure;
use runar_otel_benches::target::times;

use crate::{
    Result, child,
    effort::Effort,
    peers::{Metrics, Ours, Peer, Prometheus, PrometheusClient, Raw, Reach, Reading, Shared},
    series::Kind,
};

/// The columns: the peers, each by handles and by labels per call where both make a difference.
const PEERS: [(&str, Reach); 9] = [
    ("ours", Reach::Handles),
    ("ours", Reach::Labels),
    ("raw SDK", Reach::Handles),
    ("raw SDK", Reach::Labels),
    ("metrics", Reach::Handles),
    ("prometheus", Reach::Handles),
    ("prometheus", Reach::Labels),
    ("prometheus-client", Reach::Handles),
    ("prometheus-client", Reach::Labels),
];

/// Ours, and what it is compared with in the same way to reach series: the raw SDK and `prometheus`, by their columns.
const COMPARED: [(&str, usize, usize, usize); 2] =
    [("handles", 0, 2, 5), ("labels per call", 1, 3, 6)];

/// At most so many times the raw SDK, and `prometheus`.
const TARGETS: (f64, f64) = (0.85, 0.5);

pub(crate) fn table(effort: Effort) -> Result<String> {
    let mut out = String::from("| bytes per series | series |");
    for (peer, reach) in PEERS {
        let reach = match reach {
            Reach::Handles => "handles",
            Reach::Labels => "labels per call",
        };
        let _ = write!(out, " {peer}, {reach} |");
    }
    for (reach, ..) in COMPARED {
        let _ = write!(
            out,
            " ours ÷ raw SDK, {reach} | ours ÷ prometheus, {reach} |"
        );
    }
    let (raw, prometheus) = TARGETS;
    let _ = writeln!(
        out,
        " target: ≤ {raw:.2} × raw SDK, ≤ {prometheus:.2} × prometheus |"
    );
    let _ = writeln!(out, "|---|---:|{}---|", "---:|".repeat(PEERS.len() + 4));
    let sizes: &[usize] = match effort {
        Effort::Full => &[1_000, 10_000, 100_000, 1_000_000],
        Effort::Check => &[50, 100],
    };
    for kind in Kind::ALL {
        for series in sizes {
            // A million of everything would take too long: counters only, ours and the raw SDK.
            let all = *series < 1_000_000;
            if !all && kind != Kind::Counter {
                continue;
            }
            let mut bytes = Vec::new();
            for (at, (peer, _)) in PEERS.iter().enumerate() {
                if all || matches!(*peer, "ours" | "raw SDK") {
                    let case = ["memory", kind.title(), &at.to_string(), &series.to_string()];
                    bytes.push(Some(child::ask(&case)?.parse::<f64>()?));
                } else {
                    bytes.push(None);
                }
            }
            let _ = write!(out, "| {} | {series} |", kind.title());
            for one in &bytes {
                let _ = match one {
                    Some(one) => write!(out, " {one:.0} |"),
                    None => write!(out, " |"),
                };
            }
            let _ = writeln!(out, "{}", compared(&bytes));
        }
    }
    Ok(out)
}

/// The ratios, and whether they reach their targets.
fn compared(bytes: &[Option<f64>]) -> String {
    let of = |at: usize| bytes.get(at).copied().flatten();
    let (mut cells, mut verdicts) = (String::new(), Vec::new());
    for (reach, own, raw, prometheus) in COMPARED {
        let ratio = |other| Some(of(own)? / of(other)?);
        let ratios = [
            ("raw SDK", ratio(raw), TARGETS.0),
            ("prometheus", ratio(prometheus), TARGETS.1),
        ];
        for (_, ratio, _) in ratios {
            let _ = match ratio {
                Some(ratio) => write!(cells, " {ratio:.2} |"),
                None => write!(cells, " |"),
            };
        }
        let wrong = ratios
            .iter()
            .filter(|(_, ratio, most)| ratio.is_some_and(|ratio| ratio > *most));
        let wrong: Vec<_> = wrong
            .map(|(peer, ratio, most)| times(ratio.unwrap_or(f64::NAN), *most, peer))
            .collect();
        verdicts.push(match wrong.is_empty() {
            true => format!("{reach}: reached"),
            false => format!("{reach}: {}", wrong.join(", ")),
        });
    }
    format!("{cells} {} |", verdicts.join("; "))
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [kind, at, series] = case else {
        return Err("expected kind, peer and series".into());
    };
    let Some((peer, reach)) = PEERS.get(at.parse::<usize>()?) else {
        return Err("no such peer".into());
    };
    let bytes = bytes(Kind::named(kind)?, peer, *reach, series.parse()?)?;
    child::answer(&bytes.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn bytes(kind: Kind, peer: &str, reach: Reach, series: usize) -> Result<f64> {
    let mut kept = None;
    let info = measure(|| kept = Some(collected(kind, peer, reach, series)));
    let labels = match reach {
        // The labels that the caller gives are the caller's.
        Reach::Labels => measure(|| std::mem::forget(labels(series))).bytes_current,
        Reach::Handles => 0,
    };
    drop(kept.transpose()?);
    Ok((info.bytes_current - labels) as f64 / series as f64)
}

fn labels(series: usize) -> Vec<crate::series::Labels> {
    (0..series).map(crate::series::Labels::of).collect()
}

/// Records once into each series and collects, twice.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn collected(kind: Kind, peer: &str, reach: Reach, series: usize) -> Result<Box<dyn Peer>> {
    let reading = Some(Reading::Otlp(Shared::new()));
    let peer: Box<dyn Peer> = match peer {
        "ours" => Box::new(Ours::start(kind, reach, series, series + 1)),
        "raw SDK" => Box::new(Raw::start(kind, reach, series, series + 1, reading)?),
        "metrics" => Box::new(Metrics::start(kind, series)?),
        "prometheus" => Box::new(Prometheus::start(kind, reach, series)?),
        _ => Box::new(PrometheusClient::start(kind, reach, series)),
    };
    for round in 1..=2 {
        if round > 1 {
            peer.touch();
        }
        let shown = peer.total(&peer.scrape()?)?;
        // Gauges show their value, the others how often they were touched.
        let expected = if kind == Kind::Gauge {
            series
        } else {
            round * series
        };
        if (shown - expected as f64).abs() > 1e-6 {
            return Err(format!("shows {shown}, recorded {expected}").into());
        }
    }
    Ok(peer)
}
