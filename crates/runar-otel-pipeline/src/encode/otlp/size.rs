//! Estimates of sizes in bytes: for the capacity of a buffer, the room of lengths, and the parts of a snapshot.

use crate::snapshot::{Data, Metric, Point};

/// Estimates the size of so many points of a metric, with its name and description.
pub(super) fn metric_size(metric: &Metric, points: usize) -> usize {
    let texts = metric.name.len() + metric.description.len();
    texts + data_size(&metric.data, points)
}

/// Estimates the size of so many points, by the first one; the others are alike.
pub(super) fn data_size(data: &Data, points: usize) -> usize {
    let one = match data {
        Data::Gauge(all) | Data::Sum { points: all, .. } => point_size(all, |_| 0),
        Data::Histogram { points: all, .. } => {
            point_size(all, |value| 30 + 16 * value.counts.len())
        }
        Data::ExponentialHistogram { points: all, .. } => point_size(all, |value| {
            60 + 2 * (value.positive.counts.len() + value.negative.counts.len())
        }),
        Data::Summary(all) => point_size(all, |value| 20 * value.quantiles.len()),
    };
    one * points
}

fn point_size<V>(points: &[Point<V>], value: impl Fn(&V) -> usize) -> usize {
    let Some(first) = points.first() else {
        return 0;
    };
    // Five bytes of each label are counted in the packed length already.
    let labels = first.labels.packed_len() + 5 * first.labels.iter().count();
    32 + labels + value(&first.value)
}
