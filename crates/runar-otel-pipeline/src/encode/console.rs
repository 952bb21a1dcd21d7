//! A snapshot for a human at a terminal.

use std::fmt::{self, Write};

use opentelemetry::KeyValue;
use runar_otel_core::exemplar::Exemplar;

use super::{
    exposition::text_of,
    pair::{Pair, pairs},
};
use crate::snapshot::{
    Data, ExponentialHistogram, Histogram, Metric, Number, Point, Snapshot, Summary, Temporality,
};

/// Writes a snapshot as indented lines: scope, metric, series, exemplars.
///
/// The form is for reading, not for parsing; it may change with any version.
#[must_use]
pub fn text(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_snapshot(&mut out, snapshot);
    out
}

fn write_snapshot(out: &mut String, snapshot: &Snapshot) -> fmt::Result {
    writeln!(
        out,
        "resource {}",
        Labels(pairs(&snapshot.resource.attributes))
    )?;
    for from in &snapshot.scopes {
        let version = from.scope.version().unwrap_or_default();
        let attributes: Vec<KeyValue> = from.scope.attributes().cloned().collect();
        let gap = if version.is_empty() { "" } else { " " };
        writeln!(
            out,
            "scope {}{gap}{version} {}",
            from.scope.name(),
            Labels(pairs(&attributes))
        )?;
        for metric in &from.metrics {
            write_metric(out, metric)?;
        }
    }
    Ok(())
}

fn write_metric(out: &mut String, metric: &Metric) -> fmt::Result {
    write!(out, "  {}", metric.name)?;
    if !metric.unit.is_empty() {
        write!(out, " [{}]", metric.unit)?;
    }
    write!(out, " {}", kind(&metric.data))?;
    if !metric.description.is_empty() {
        write!(out, ": {}", metric.description)?;
    }
    writeln!(out)?;
    match &metric.data {
        Data::Gauge(points) | Data::Sum { points, .. } => {
            write_points(out, points, |out, value| write!(out, "{}", Plain(*value)))
        }
        Data::Histogram { points, .. } => write_points(out, points, write_histogram),
        Data::ExponentialHistogram { points, .. } => write_points(out, points, write_exponential),
        Data::Summary(points) => write_points(out, points, write_summary),
    }
}

fn kind(data: &Data) -> String {
    let (name, temporality) = match data {
        Data::Gauge(_) => ("gauge", None),
        Data::Sum {
            temporality,
            monotonic: true,
            ..
        } => ("counter", Some(temporality)),
        Data::Sum { temporality, .. } => ("up-down counter", Some(temporality)),
        Data::Histogram { temporality, .. } => ("histogram", Some(temporality)),
        Data::ExponentialHistogram { temporality, .. } => {
            ("exponential histogram", Some(temporality))
        }
        Data::Summary(_) => ("summary", None),
    };
    match temporality {
        Some(Temporality::Delta) => format!("{name} (delta)"),
        Some(Temporality::Cumulative) | None => name.to_owned(),
    }
}

fn write_points<V>(
    out: &mut String,
    points: &[Point<V>],
    write: impl Fn(&mut String, &V) -> fmt::Result,
) -> fmt::Result {
    for point in points {
        write!(out, "    {} = ", Labels(point.labels.iter()))?;
        write(out, &point.value)?;
        writeln!(out)?;
        for exemplar in &point.exemplars {
            write_exemplar(out, exemplar)?;
        }
    }
    Ok(())
}

fn write_histogram(out: &mut String, from: &Histogram) -> fmt::Result {
    write_totals(out, from.count, from.sum, from.min, from.max)?;
    let bounds = from.bounds.iter().copied().chain([f64::INFINITY]);
    for (bound, count) in bounds.zip(&from.counts).filter(|(_, count)| **count > 0) {
        write!(out, ", {count} up to {bound}")?;
    }
    Ok(())
}

fn write_exponential(out: &mut String, from: &ExponentialHistogram) -> fmt::Result {
    write_totals(out, from.count, from.sum, from.min, from.max)?;
    write!(out, ", scale {}", from.scale)
}

fn write_summary(out: &mut String, from: &Summary) -> fmt::Result {
    write_totals(out, from.count, Some(from.sum), None, None)?;
    for (quantile, value) in &from.quantiles {
        write!(out, ", q{quantile} {value}")?;
    }
    Ok(())
}

fn write_totals(
    out: &mut String,
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
) -> fmt::Result {
    write!(out, "count {count}")?;
    for (name, value) in [("sum", sum), ("min", min), ("max", max)] {
        if let Some(value) = value {
            write!(out, ", {name} {value}")?;
        }
    }
    Ok(())
}

fn write_exemplar(out: &mut String, from: &Exemplar) -> fmt::Result {
    write!(out, "      exemplar {}", from.value)?;
    if let Some(span) = from.span {
        write!(out, " trace {} span {}", span.trace_id, span.span_id)?;
    }
    if !from.filtered_attributes.is_empty() {
        write!(out, " {}", Labels(pairs(&from.filtered_attributes)))?;
    }
    writeln!(out)
}

/// Labels or attributes in braces.
struct Labels<I>(I);

impl<'a, I: Iterator<Item = Pair<'a>> + Clone> fmt::Display for Labels<I> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        out.write_char('{')?;
        for (name, value) in self.0.clone() {
            // Debug quotes the value and escapes what would garble the terminal.
            write!(out, "{gap}{name}={:?}", text_of(value))?;
            gap = ", ";
        }
        out.write_char('}')
    }
}

struct Plain(Number);

impl fmt::Display for Plain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::U64(value) => value.fmt(out),
            Number::I64(value) => value.fmt(out),
            Number::F64(value) => value.fmt(out),
        }
    }
}
