//! A snapshot as the families of the `prometheus` crate.

use prometheus::proto::{self, LabelPair, MetricFamily, MetricType};

use super::seen::Seen;
use crate::{
    encode::{
        exposition::{
            bucket::Buckets,
            collision,
            family::{Families, Family, Kind, ScopeLabels, TARGET_INFO},
            format::{Dialect, Options},
            label::{self, Label, LabelRules},
        },
        pair::pairs,
    },
    snapshot::{Data, Number, Point, Resource, Snapshot, Summary},
};

/// Translates a snapshot of cumulative values into families of the `prometheus` crate.
///
/// Names and labels are those of the text exposition: that crate's encoder writes names as they are, so counters carry
/// their `_total`. Histograms of the crate always have a sum; a missing sum becomes zero. Exemplars have no place.
#[must_use]
pub fn families(snapshot: &Snapshot) -> Vec<MetricFamily> {
    let families = Families::of(snapshot, &Options::default(), Dialect::Text);
    let mut translation = Translation::default();
    target_info(&snapshot.resource)
        .into_iter()
        .chain(
            families
                .list
                .iter()
                .map(|family| translation.family(&families, family)),
        )
        .collect()
}

#[derive(Default)]
struct Translation {
    seen: Seen,
    /// True once labels came twice in the family.
    twice: bool,
    written: String,
    buckets: Buckets,
}

impl Translation {
    fn family(&mut self, families: &Families<'_>, from: &Family<'_>) -> MetricFamily {
        let mut metrics = self.metrics(families, from);
        if self.twice {
            // The text page reports these problems.
            let members = collision::merged(from, families, &mut Vec::new());
            metrics = self.metrics(families, &from.of_members(&members));
        }
        open(from.full(), from.help, field_type(from.kind), metrics)
    }

    fn metrics(&mut self, families: &Families<'_>, from: &Family<'_>) -> Vec<proto::Metric> {
        self.seen.clear();
        self.twice = false;
        let mut metrics = Vec::new();
        for (metric, scope) in &from.members {
            let scope = families.scope(*scope);
            match &metric.data {
                Data::Gauge(points) | Data::Sum { points, .. } => {
                    self.each(&mut metrics, from.kind, scope, points, |_, to, point| {
                        number(to, from.kind, point.value);
                    });
                }
                Data::Histogram { points, .. } => {
                    self.each(&mut metrics, from.kind, scope, points, |own, to, point| {
                        own.buckets.explicit(&point.value);
                        to.set_histogram(histogram(&own.buckets, point.value.sum));
                    });
                }
                Data::ExponentialHistogram { points, .. } => {
                    self.each(&mut metrics, from.kind, scope, points, |own, to, point| {
                        own.buckets.exponential(&point.value);
                        to.set_histogram(histogram(&own.buckets, point.value.sum));
                    });
                }
                Data::Summary(points) => {
                    self.each(&mut metrics, from.kind, scope, points, |_, to, point| {
                        to.set_summary(summary(&point.value));
                    });
                }
            }
        }
        metrics
    }

    fn each<V>(
        &mut self,
        metrics: &mut Vec<proto::Metric>,
        kind: Kind,
        scope: &ScopeLabels,
        points: &[Point<V>],
        fill: impl Fn(&mut Self, &mut proto::Metric, &Point<V>),
    ) {
        let mut labels = Vec::new();
        for point in points {
            label::collect(
                &mut labels,
                point.labels.iter(),
                &scope.labels,
                scope.rules(kind),
            );
            self.written.clear();
            label::write(&mut self.written, &labels);
            if self.seen.admit(&self.written) {
                let mut metric = proto::Metric::from_label(label_pairs(&labels));
                fill(self, &mut metric, point);
                metrics.push(metric);
            } else {
                self.twice = true;
            }
        }
    }
}

fn target_info(resource: &Resource) -> Option<MetricFamily> {
    let mut labels = Vec::new();
    label::collect(
        &mut labels,
        pairs(&resource.attributes),
        &[],
        LabelRules::default(),
    );
    if labels.is_empty() {
        return None;
    }
    let mut metric = proto::Metric::from_label(label_pairs(&labels));
    number(&mut metric, Kind::Gauge, Number::U64(1));
    Some(open(
        TARGET_INFO.to_owned(),
        "Target metadata",
        MetricType::GAUGE,
        vec![metric],
    ))
}

fn open(
    name: String,
    help: &str,
    field_type: MetricType,
    metrics: Vec<proto::Metric>,
) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name);
    family.set_help(help.to_owned());
    family.set_field_type(field_type);
    family.set_metric(metrics);
    family
}

fn field_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
        Kind::Summary => MetricType::SUMMARY,
    }
}

fn label_pairs(labels: &[Label<'_>]) -> Vec<LabelPair> {
    labels
        .iter()
        .map(|label| {
            let mut pair = LabelPair::default();
            pair.set_name(label.name.clone().into_owned());
            pair.set_value(label.value.clone().into_owned());
            pair
        })
        .collect()
}

fn number(to: &mut proto::Metric, kind: Kind, value: Number) {
    if kind == Kind::Counter {
        let mut counter = proto::Counter::default();
        counter.set_value(value.as_f64());
        to.set_counter(counter);
    } else {
        let mut gauge = proto::Gauge::default();
        gauge.set_value(value.as_f64());
        to.set_gauge(gauge);
    }
}

fn histogram(from: &Buckets, sum: Option<f64>) -> proto::Histogram {
    let buckets = from.list.iter().map(|(bound, count)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(from.total);
    histogram.set_sample_sum(sum.unwrap_or_default());
    histogram.set_bucket(buckets.collect());
    histogram
}

fn summary(from: &Summary) -> proto::Summary {
    let quantiles = from.quantiles.iter().map(|(at, value)| {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(*at);
        quantile.set_value(*value);
        quantile
    });
    let mut summary = proto::Summary::default();
    summary.set_sample_count(from.count);
    summary.set_sample_sum(from.sum);
    summary.set_quantile(quantiles.collect());
    summary
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;
    use crate::encode::{exposition, sample::everything};

    /// The lines that hold samples, with counts as the other encoder writes them.
    fn samples(text: &str) -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.replace("18446744073709551615", "18446744073709552000"))
            .collect()
    }

    #[test]
    fn their_encoder_writes_what_ours_writes() {
        let sent = families(&everything());
        let theirs = TextEncoder::new().encode_to_string(&sent).unwrap();
        let mut ours = samples(&exposition::text(&everything()).body);
        let sumless = ours
            .iter()
            .position(|line| line.contains(r#"_count{http_route="/\\""#))
            .unwrap();
        let zero = ours[sumless]
            .replace("_count", "_sum")
            .replace("} 2", "} 0");
        ours.insert(sumless, zero);
        assert_eq!(samples(&theirs), ours);
    }

    #[test]
    fn counters_keep_their_suffix() {
        let names: Vec<String> = families(&everything())
            .iter()
            .map(|family| family.name().to_owned())
            .collect();
        assert!(names.contains(&"orders_total".to_owned()), "{names:?}");
    }
}
