//! Scrapes: where their time goes, and how long the encoding takes.

use std::{fmt::Write as _, time::Duration};

use opentelemetry_prometheus_text_exporter::PrometheusExporter as TextExporter;
use runar_otel_benches::target::times;

use crate::{
    Result, child,
    effort::Effort,
    peers::{
        Format, Metrics, Ours, Peer, Prometheus, PrometheusClient, Raw, Reach, Reading, Scrape,
        Shared,
    },
    series::Kind,
    summary::median,
};

/// One line of the table.
struct Line {
    title: &'static str,
    format: &'static str,
    /// Whose encoding ours is compared with: that of the same format.
    is_ours: bool,
    samples: Vec<Scrape>,
}

pub(crate) fn table(effort: Effort) -> Result<String> {
    let mut tables = String::new();
    for (kind, series) in [
        (Kind::Counter, effort.of(100_000, 200)),
        (Kind::Histogram, effort.of(20_000, 100)),
    ] {
        let samples = effort.of(21, 2);
        let case = [
            "scrape",
            kind.title(),
            &series.to_string(),
            &samples.to_string(),
        ];
        tables.push_str(&child::ask(&case)?);
    }
    Ok(tables)
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [kind, series, samples] = case else {
        return Err("expected kind, series and samples".into());
    };
    let kind = Kind::named(kind)?;
    let table = measure(kind, series.parse()?, samples.parse()?)?;
    child::answer(&table)
}

type Titled = (&'static str, &'static str, Box<dyn Peer>);

/// The others, each with the format that it writes.
fn others(kind: Kind, series: usize) -> Result<Vec<Titled>> {
    let limit = series + 10;
    let raw = |reading| Raw::start(kind, Reach::Handles, series, limit, reading);
    Ok(vec![
        ("opentelemetry-prometheus", "text", Box::new(raw(None)?)),
        (
            "opentelemetry-prometheus-text-exporter",
            "text",
            Box::new(raw(Some(Reading::Text(TextExporter::new())))?),
        ),
        (
            "opentelemetry-proto",
            "OTLP",
            Box::new(raw(Some(Reading::Otlp(Shared::new())))?),
        ),
        (
            "metrics-exporter-prometheus",
            "text",
            Box::new(Metrics::start(kind, series)?),
        ),
        (
            "prometheus",
            "text",
            Box::new(Prometheus::start(kind, Reach::Handles, series)?),
        ),
        (
            "prometheus-client",
            "OpenMetrics",
            Box::new(PrometheusClient::start(kind, Reach::Handles, series)),
        ),
    ])
}

fn measure(kind: Kind, series: usize, samples: usize) -> Result<String> {
    let ours = Ours::start(kind, Reach::Handles, series, series + 10);
    let others = others(kind, series)?;
    let line = |title, format, is_ours| Line {
        title,
        format,
        is_ours,
        samples: Vec::new(),
    };
    let formats = [
        (Format::OpenMetrics, "OpenMetrics"),
        (Format::Text, "text"),
        (Format::Otlp, "OTLP"),
    ];
    let mut lines: Vec<Line> = formats
        .iter()
        .map(|(_, name)| line("ours", name, true))
        .collect();
    lines.extend(
        others
            .iter()
            .map(|(title, format, _)| line(title, format, false)),
    );
    // All take turns, so that a slow moment hits them alike; ours in another order each time, because the first one
    // also tidies up memory that others have left.
    let (mut own_rounds, mut rounds) = (1, 1);
    for sample in 0..samples {
        let (own_lines, other_lines) = lines.split_at_mut(formats.len());
        let mut turns: Vec<_> = formats.iter().zip(own_lines).collect();
        turns.rotate_left(sample % formats.len());
        for ((format, _), line) in turns {
            ours.encode_as(*format);
            ours.touch();
            own_rounds += 1;
            line.take(&ours, own_rounds * series)?;
        }
        rounds += 1;
        for ((_, _, peer), line) in others.iter().zip(other_lines) {
            peer.touch();
            line.take(&**peer, rounds * series)?;
        }
    }
    Ok(written(kind, series, &mut lines))
}

impl Line {
    /// Takes a sample, and looks whether it shows what was recorded.
    fn take(&mut self, peer: &dyn Peer, expected: usize) -> Result<()> {
        let mut scrape = peer.scrape()?;
        let shown = peer.total(&scrape)?;
        if (shown - count(expected)).abs() > 1e-6 {
            return Err(format!(
                "{} {}: shows {shown}, recorded {expected}",
                self.title, self.format
            )
            .into());
        }
        scrape.body.truncate(scrape.body.len().min(1));
        self.samples.push(scrape);
        Ok(())
    }

    fn median(&self, of: impl Fn(&Scrape) -> Duration) -> f64 {
        let mut times: Vec<Duration> = self.samples.iter().map(of).collect();
        median(&mut times)
    }
}

fn written(kind: Kind, series: usize, lines: &mut [Line]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "| {series} {}s, ms | format | collect | encode | whole | ours ÷ its encode | ours ÷ its whole | target |\n|---|---|---:|---:|---:|---:|---:|---|",
        kind.title()
    );
    let encode = |line: &Line| line.median(|scrape| scrape.encode);
    let whole = |line: &Line| line.median(Scrape::whole);
    for line in &*lines {
        let own = lines
            .iter()
            .find(|own| own.is_ours && own.format == line.format);
        let _ = write!(
            out,
            "| {} | {} | {:.1} | {:.1} | {:.1} |",
            line.title,
            line.format,
            line.median(|scrape| scrape.collect),
            encode(line),
            whole(line),
        );
        let _ = match own.filter(|_| !line.is_ours) {
            Some(own) => writeln!(
                out,
                " {:.2} | {:.2} | |",
                encode(own) / encode(line),
                whole(own) / whole(line)
            ),
            None => writeln!(out, " | | {} |", verdict(line, lines)),
        };
    }
    out.push('\n');
    out
}

/// Tells whether a whole scrape of ours reaches its target beside the fastest of the others: of OTLP the only one, of
/// OpenMetrics whoever writes a page.
fn verdict(own: &Line, lines: &[Line]) -> String {
    let is_otlp = |line: &Line| line.format == "OTLP";
    if own.format == "text" {
        return String::new();
    }
    let others = lines.iter().filter(|line| !line.is_ours);
    let whole = |line: &Line| line.median(Scrape::whole);
    let fastest = others
        .filter(|line| is_otlp(line) == is_otlp(own))
        .min_by(|one, other| whole(one).total_cmp(&whole(other)));
    let ratio = fastest.map_or(f64::NAN, |fastest| whole(own) / whole(fastest));
    times(ratio, 0.6, fastest.map_or("", |fastest| fastest.title))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}
