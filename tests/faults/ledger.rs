//! The ledger: the totals that were recorded, and the totals that a receiver makes of its requests.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{KeyValue, any_value},
    metrics::v1::{AggregationTemporality, Metric, metric::Data, number_data_point},
};

use crate::finding::Findings;

pub(crate) const SIZE: &str = "faults_size_bytes";
pub(crate) const OPEN: &str = "faults_open";
pub(crate) const OBSERVED: &str = "faults_observed_total";
pub(crate) const CHURN: &str = "faults_churn_total";
pub(crate) const BOUNDS: [f64; 3] = [1.0, 10.0, 100.0];

/// The number of counters, and of label sets of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) metrics: u64,
    pub(crate) sets: u64,
}

impl Shape {
    /// Reads `2x20`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (metrics, sets) = text.split_once('x')?;
        Some(Self {
            metrics: metrics.parse().ok()?,
            sets: sets.parse().ok()?,
        })
    }

    pub(crate) fn text(self) -> String {
        format!("{}x{}", self.metrics, self.sets)
    }

    /// True if there are a histogram, an up-down counter and an observable counter as well.
    pub(crate) fn has_others(self) -> bool {
        self.metrics < 10
    }
}

/// Name of a counter.
pub(crate) fn work(metric: u64) -> String {
    format!("faults_work_{metric}_total")
}

/// The labels of a label set, in the order of their names.
pub(crate) fn labels(set: u64) -> [(&'static str, String); 2] {
    [
        ("path", format!("/a/path/that/takes/some/room/{set}")),
        ("set", format!("set-{set:04}")),
    ]
}

/// The amount that one recording adds to a counter.
pub(crate) fn weight(set: u64) -> u64 {
    set % 7 + 1
}

/// The value that one recording observes in the histogram; a binary fraction, so that sums are exact.
pub(crate) fn value(set: u64) -> f64 {
    match set % 3 {
        0 => 0.5,
        1 => 5.25,
        _ => 50.125,
    }
}

/// Metric and labels of a series.
pub(crate) type Series = String;

/// A value with the parts of a histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Total {
    sum: f64,
    count: u64,
    buckets: Vec<u64>,
}

impl Total {
    fn number(sum: f64) -> Self {
        Self {
            sum,
            ..Self::default()
        }
    }

    fn add(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
        self.buckets
            .resize(self.buckets.len().max(other.buckets.len()), 0);
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
    }
}

/// The totals of all series.
pub(crate) type Totals = BTreeMap<Series, Total>;

fn series(metric: &str, labels: &[(&str, String)]) -> Series {
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    format!("{metric}{{{}}}", labels.collect::<Vec<_>>().join(","))
}

/// The totals after `number` recordings.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(crate) fn expected(shape: Shape, number: u64) -> Totals {
    let mut totals = Totals::new();
    for set in 0..shape.sets {
        let labels = labels(set);
        for metric in 0..shape.metrics {
            let total = Total::number((number * weight(set)) as f64);
            totals.insert(series(&work(metric), &labels), total);
        }
        if shape.has_others() {
            let value = value(set);
            let mut buckets = vec![0; BOUNDS.len() + 1];
            let bucket = BOUNDS.iter().filter(|bound| value > **bound).count();
            buckets[bucket] = number;
            let total = Total {
                sum: number as f64 * value,
                count: number,
                buckets,
            };
            totals.insert(series(SIZE, &labels), total);
            totals.insert(series(OPEN, &labels), Total::number(number as f64));
        }
    }
    if shape.has_others() {
        totals.insert(series(OBSERVED, &[]), Total::number(number as f64));
    }
    totals
}

/// A data point as it was received.
#[derive(Clone, Debug)]
struct Point {
    series: Series,
    start: u64,
    time: u64,
    kind: Kind,
    total: Total,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Delta,
    Cumulative,
}

/// The totals that a receiver makes of its requests.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// The totals after deduplication by series, start and time.
    pub(crate) totals: Totals,
    /// The sum of all deltas of each series as they came.
    naive: BTreeMap<Series, f64>,
    /// Windows of one series that overlap, and repetitions that differ.
    pub(crate) conflicts: Vec<String>,
    /// Data points beyond those of the churning counter.
    pub(crate) points: usize,
}

/// Settles the requests of one process.
pub(crate) fn settle(requests: &[ExportMetricsServiceRequest]) -> Account {
    account(requests.iter().flat_map(points))
}

fn account(received: impl Iterator<Item = Point>) -> Account {
    let mut account = Account::default();
    let mut all: BTreeMap<Series, Vec<Point>> = BTreeMap::new();
    for point in received {
        account.points += 1;
        all.entry(point.series.clone()).or_default().push(point);
    }
    for (series, mut points) in all {
        points.sort_by_key(|point| (point.start, point.time));
        if deltas(&points).next().is_some() {
            let sum = deltas(&points).map(|point| point.total.sum).sum();
            account.naive.insert(series.clone(), sum);
        }
        let mut kept: Vec<Point> = Vec::new();
        for point in points {
            match kept.last() {
                Some(last) if (last.start, last.time) == (point.start, point.time) => {
                    if last.total != point.total {
                        let text = format!(
                            "{series}: one window, two values: {:?} and {:?}",
                            last.total, point.total
                        );
                        account.conflicts.push(text);
                    }
                }
                _ => kept.push(point),
            }
        }
        for pair in kept.windows(2) {
            let [one, next] = pair else { continue };
            if one.kind == Kind::Delta && next.start < one.time {
                account.conflicts.push(format!(
                    "{series}: {}..{} and {}..{} overlap",
                    millis(one.start),
                    millis(one.time),
                    millis(next.start),
                    millis(next.time)
                ));
            }
        }
        let cumulative = kept.iter().filter(|point| point.kind == Kind::Cumulative);
        let mut starts: Vec<u64> = cumulative.map(|point| millis(point.start)).collect();
        starts.dedup();
        if starts.len() > 1 {
            account
                .conflicts
                .push(format!("{series}: one total, starts at {starts:?}"));
        }
        let mut total = Total::default();
        match kept
            .iter()
            .filter(|point| point.kind == Kind::Cumulative)
            .max_by_key(|point| point.time)
        {
            Some(last) => total = last.total.clone(),
            None => kept.iter().for_each(|point| total.add(&point.total)),
        }
        account.totals.insert(series, total);
    }
    account
}

impl Account {
    /// The amount that a receiver without deduplication has more than was recorded; negative while something is missing.
    pub(crate) fn surplus(&self, expected: &Totals) -> f64 {
        let each = self
            .naive
            .iter()
            .map(|(series, sum)| sum - expected.get(series).map_or(0.0, |total| total.sum));
        each.sum()
    }
}

fn deltas(points: &[Point]) -> impl Iterator<Item = &Point> {
    points.iter().filter(|point| point.kind == Kind::Delta)
}

/// Milliseconds, without the part that all points of a minute share.
fn millis(nanos: u64) -> u64 {
    nanos / 1_000_000 % 100_000
}

/// The differences between totals, three of them in words; `None` if there is none.
pub(crate) fn differences(expected: &Totals, found: &Totals) -> Option<String> {
    let differing: Vec<String> = expected
        .iter()
        .filter(|(series, total)| found.get(*series) != Some(total))
        .map(|(series, total)| match found.get(series) {
            Some(found) => format!("{series}: recorded {}, received {}", total.sum, found.sum),
            None => format!("{series}: recorded {}, received nothing", total.sum),
        })
        .collect();
    let unknown = found
        .keys()
        .filter(|series| !expected.contains_key(*series))
        .count();
    if differing.is_empty() && unknown == 0 {
        return None;
    }
    let shown = differing.iter().take(2).cloned().collect::<Vec<_>>();
    Some(format!(
        "{} of {} series differ, {unknown} are unknown: {}",
        differing.len(),
        expected.len(),
        shown.join("; ")
    ))
}

/// The start times of the delta points of a metric in a request.
pub(crate) fn starts(request: &ExportMetricsServiceRequest, metric: &str) -> Vec<u64> {
    points(request)
        .filter(|point| point.series.starts_with(metric) && point.kind == Kind::Delta)
        .map(|point| point.start)
        .collect()
}

/// True if a request has the overflow series of the churning counter.
pub(crate) fn overflows(request: &ExportMetricsServiceRequest) -> bool {
    metrics(request)
        .filter(|metric| metric.name == CHURN)
        .flat_map(read)
        .any(|point| point.series.contains("otel.metric.overflow"))
}

/// The number of points of the churning counter.
pub(crate) fn churned(request: &ExportMetricsServiceRequest) -> usize {
    let churn = metrics(request).filter(|metric| metric.name == CHURN);
    churn.flat_map(read).count()
}

fn metrics(request: &ExportMetricsServiceRequest) -> impl Iterator<Item = &Metric> {
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|of| &of.scope_metrics);
    scopes.flat_map(|scope| &scope.metrics)
}

fn points(request: &ExportMetricsServiceRequest) -> impl Iterator<Item = Point> {
    metrics(request)
        .filter(|metric| metric.name.starts_with("faults_") && metric.name != CHURN)
        .flat_map(read)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn read(metric: &Metric) -> Vec<Point> {
    let kind = |temporality| match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Delta) => Kind::Delta,
        _ => Kind::Cumulative,
    };
    match &metric.data {
        Some(Data::Sum(sum)) => {
            let points = sum.data_points.iter().map(|point| Point {
                series: series(&metric.name, &attributes(&point.attributes)),
                start: point.start_time_unix_nano,
                time: point.time_unix_nano,
                kind: kind(sum.aggregation_temporality),
                total: Total::number(match point.value {
                    Some(number_data_point::Value::AsInt(value)) => value as f64,
                    Some(number_data_point::Value::AsDouble(value)) => value,
                    None => 0.0,
                }),
            });
            points.collect()
        }
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.iter().map(|point| Point {
                series: series(&metric.name, &attributes(&point.attributes)),
                start: point.start_time_unix_nano,
                time: point.time_unix_nano,
                kind: kind(histogram.aggregation_temporality),
                total: Total {
                    sum: point.sum.unwrap_or_default(),
                    count: point.count,
                    buckets: point.bucket_counts.clone(),
                },
            });
            points.collect()
        }
        _ => Vec::new(),
    }
}

fn attributes(attributes: &[KeyValue]) -> Vec<(&str, String)> {
    let mut read: Vec<(&str, String)> = attributes
        .iter()
        .map(|attribute| {
            let value = attribute
                .value
                .as_ref()
                .and_then(|value| value.value.as_ref());
            let text = match value {
                Some(any_value::Value::StringValue(text)) => text.clone(),
                other => format!("{other:?}"),
            };
            (attribute.key.as_str(), text)
        })
        .collect();
    read.sort();
    read
}

/// Expects that the ledger finds faults in windows that are made up.
pub(crate) fn judge(findings: &mut Findings) {
    let settle = |windows: &[(u64, u64, f64)], kind| {
        account(windows.iter().map(|(start, time, sum)| Point {
            series: "made_up".to_owned(),
            start: start * 1_000_000,
            time: time * 1_000_000,
            kind,
            total: Total::number(*sum),
        }))
    };
    let expected = Totals::from([("made_up".to_owned(), Total::number(7.0))]);
    let rows: [(&[_], _, _, _); 5] = [
        (&[(0, 1, 3.0), (1, 2, 4.0)], Kind::Delta, true, 0),
        (
            &[(0, 1, 3.0), (0, 1, 3.0), (1, 2, 4.0)],
            Kind::Delta,
            true,
            0,
        ),
        (&[(0, 1, 3.0), (0, 2, 7.0)], Kind::Delta, false, 1),
        (
            &[(0, 1, 3.0), (0, 1, 4.0), (1, 2, 4.0)],
            Kind::Delta,
            true,
            1,
        ),
        (&[(0, 1, 3.0), (1, 2, 7.0)], Kind::Cumulative, true, 1),
    ];
    for (windows, kind, exact, conflicts) in rows {
        let found = settle(windows, kind);
        let is_exact = differences(&expected, &found.totals).is_none();
        let right = is_exact == exact && found.conflicts.len() == conflicts;
        findings.expect("judges", right, format!("{windows:?}: {found:?}"));
    }
}
