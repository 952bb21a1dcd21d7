//! Parts of a snapshot, each sent in a request of its own.

use std::ops::Range;

use super::size::{data_size, metric_size};
use crate::{
    encode::exposition::text_of,
    snapshot::{Data, Metric, ScopeMetrics, Snapshot},
};

/// A run of points of one metric, by positions in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    scope: usize,
    metric: usize,
    pub(super) points: Range<usize>,
}

impl Run {
    pub(super) fn scope<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a ScopeMetrics> {
        snapshot.scopes.get(self.scope)
    }

    pub(super) fn metric<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Metric> {
        self.scope(snapshot)?.metrics.get(self.metric)
    }

    /// Estimates the size in bytes.
    pub(super) fn size(&self, snapshot: &Snapshot) -> usize {
        self.metric(snapshot)
            .map_or(0, |metric| metric_size(metric, self.points.len()))
    }

    /// Cuts off the first `most` points; the rest stays.
    fn take(&mut self, most: usize) -> Self {
        let middle = self.points.start + most.min(self.points.len());
        let first = self.points.start..middle;
        self.points.start = middle;
        Self {
            points: first,
            ..self.clone()
        }
    }
}

/// A part of a snapshot: some points of some metrics, in the order of the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    runs: Vec<Run>,
}

impl Part {
    /// Returns the part that holds every point of the snapshot.
    #[must_use]
    pub fn whole(snapshot: &Snapshot) -> Self {
        let mut runs = Vec::new();
        for (scope, metrics) in snapshot.scopes.iter().enumerate() {
            for (metric, of) in metrics.metrics.iter().enumerate() {
                runs.push(Run {
                    scope,
                    metric,
                    points: 0..points(&of.data),
                });
            }
        }
        Self { runs }
    }

    /// Returns the number of points.
    #[must_use]
    pub fn points(&self) -> usize {
        self.runs.iter().map(|run| run.points.len()).sum()
    }

    /// Cuts the part into two with half of the points each; `None` with fewer than two points.
    #[must_use]
    pub fn halves(&self) -> Option<[Self; 2]> {
        let half = self.points() / 2;
        if half == 0 {
            return None;
        }
        let (mut first, mut second) = (Self::default(), Self::default());
        let mut left = half;
        for mut run in self.runs.iter().cloned() {
            if left > 0 {
                let taken = run.take(left);
                left -= taken.points.len();
                first.runs.push(taken);
            }
            if !run.points.is_empty() {
                second.runs.push(run);
            }
        }
        Some([first, second])
    }

    /// Describes the first point by its metric and labels, for messages.
    #[must_use]
    pub fn first_point(&self, snapshot: &Snapshot) -> String {
        let Some((run, metric)) = self
            .runs
            .first()
            .and_then(|run| Some((run, run.metric(snapshot)?)))
        else {
            return String::new();
        };
        let at = run.points.start;
        let labels = match &metric.data {
            Data::Gauge(points) | Data::Sum { points, .. } => points.get(at).map(|one| &one.labels),
            Data::Histogram { points, .. } => points.get(at).map(|one| &one.labels),
            Data::ExponentialHistogram { points, .. } => points.get(at).map(|one| &one.labels),
            Data::Summary(points) => points.get(at).map(|one| &one.labels),
        };
        // The labels may be what is too large.
        let labels: Vec<String> = labels
            .into_iter()
            .flat_map(|labels| labels.iter())
            .map(|(key, value)| format!("{key}={:.40}", text_of(value)))
            .take(8)
            .collect();
        format!("{}{{{}}}", metric.name, labels.join(","))
    }

    /// Returns the runs of each scope.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &[Run]> {
        self.runs.chunk_by(|one, next| one.scope == next.scope)
    }

    /// Estimates the size in bytes.
    pub(super) fn size(&self, snapshot: &Snapshot) -> usize {
        self.runs.iter().map(|run| run.size(snapshot)).sum()
    }
}

/// Cuts a snapshot into parts of at most so many points, and of about so many bytes or fewer.
///
/// The sizes are estimates: a part may turn out larger, and is then to be cut by [`Part::halves`]. A snapshot without
/// points has no parts.
#[must_use]
pub fn split(snapshot: &Snapshot, most_points: usize, most_bytes: usize) -> Vec<Part> {
    let (most_points, most_bytes) = (most_points.max(1), most_bytes.max(1));
    let mut parts = Vec::new();
    let mut part = Part::default();
    let (mut points, mut bytes) = (0, 0);
    for mut run in Part::whole(snapshot).runs {
        let Some(metric) = run.metric(snapshot) else {
            continue;
        };
        let (head, one) = (metric_size(metric, 0), data_size(&metric.data, 1).max(1));
        while !run.points.is_empty() {
            let room = most_bytes.saturating_sub(bytes + head) / one;
            let fits = room.min(most_points - points);
            if fits == 0 && points > 0 {
                parts.push(std::mem::take(&mut part));
                (points, bytes) = (0, 0);
                continue;
            }
            let taken = run.take(fits.max(1));
            points += taken.points.len();
            bytes += head + one * taken.points.len();
            part.runs.push(taken);
            if points == most_points {
                parts.push(std::mem::take(&mut part));
                (points, bytes) = (0, 0);
            }
        }
    }
    if points > 0 {
        parts.push(part);
    }
    parts
}

fn points(data: &Data) -> usize {
    match data {
        Data::Gauge(points) | Data::Sum { points, .. } => points.len(),
        Data::Histogram { points, .. } => points.len(),
        Data::ExponentialHistogram { points, .. } => points.len(),
        Data::Summary(points) => points.len(),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        collector::metrics::v1::ExportMetricsServiceRequest, metrics::v1::metric::Data as Sent,
    };
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::encode::{
        otlp::{encode, encode_part},
        sample::everything,
    };

    /// A point as its metric's name and its own encoding.
    fn sent(requests: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for request in requests {
            let request = ExportMetricsServiceRequest::decode(&**request).unwrap();
            let scopes = request.resource_metrics.into_iter().flat_map(|resource| {
                assert!(resource.resource.is_some());
                resource.scope_metrics
            });
            for metric in scopes.flat_map(|scope| scope.metrics) {
                let points: Vec<Vec<u8>> = match metric.data.unwrap() {
                    Sent::Gauge(data) => encoded(&data.data_points),
                    Sent::Sum(data) => encoded(&data.data_points),
                    Sent::Histogram(data) => encoded(&data.data_points),
                    Sent::ExponentialHistogram(data) => encoded(&data.data_points),
                    Sent::Summary(data) => encoded(&data.data_points),
                };
                let name = metric.name;
                all.extend(points.into_iter().map(|point| (name.clone(), point)));
            }
        }
        all
    }

    fn encoded<M: Message>(points: &[M]) -> Vec<Vec<u8>> {
        points.iter().map(Message::encode_to_vec).collect()
    }

    fn parts(snapshot: &Snapshot, parts: &[Part]) -> Vec<Vec<u8>> {
        parts
            .iter()
            .map(|part| encode_part(snapshot, part))
            .collect()
    }

    proptest! {
        #[test]
        fn parts_hold_each_point_once_and_keep_the_limit(most in 1_usize..40, bytes in 1_usize..4000) {
            let snapshot = everything();
            let cut = split(&snapshot, most, bytes);
            prop_assert!(cut.iter().all(|part| (1..=most).contains(&part.points())));
            prop_assert_eq!(sent(&parts(&snapshot, &cut)), sent(&[encode(&snapshot)]));
        }
    }

    #[test]
    fn halves_hold_each_point_once() {
        let snapshot = everything();
        let mut cut = vec![Part::whole(&snapshot)];
        let whole = sent(&[encode(&snapshot)]);
        while cut.iter().any(|part| part.points() > 1) {
            cut = cut
                .into_iter()
                .flat_map(|part| part.halves().map_or_else(|| vec![part], Vec::from))
                .collect();
            assert_eq!(sent(&parts(&snapshot, &cut)), whole);
        }
        assert!(cut.iter().all(|part| part.halves().is_none()));
    }

    #[test]
    fn nothing_has_no_parts() {
        let mut snapshot = everything();
        snapshot.scopes.clear();
        assert_eq!(split(&snapshot, 10, 10), []);
    }

    #[test]
    fn a_point_is_named() {
        let snapshot = everything();
        let part = &split(&snapshot, 1, 1)[0];
        let name = &snapshot.scopes[0].metrics[0].name;
        assert!(part.first_point(&snapshot).starts_with(&**name));
    }
}
