//! A registry of the `prometheus` crate as metrics of a snapshot.

use std::{borrow::Cow, time::SystemTime};

use prometheus::{
    Registry,
    proto::{self, MetricFamily, MetricType},
};
use runar_otel_core::labels::LabelSet;

use super::crossing::Crossing;
use crate::snapshot::{Data, Histogram, Metric, Number, Point, Summary, Temporality};

/// Gathers a registry and translates its families; `start` is when its values began to count, `None` if that is unknown.
///
/// Names stay as they are. Labels become strings.
/// Counters become cumulative monotonic sums, gauges gauges, histograms lose the `+Inf` that ours imply, and
/// summaries stay summaries. Families of unknown type are left out: that crate can neither make nor encode them.
///
/// Returns nothing while the registry itself is being collected on this thread: see [`PrometheusCollector`].
///
/// [`PrometheusCollector`]: super::PrometheusCollector
#[must_use]
pub fn metrics(registry: &Registry, start: Option<SystemTime>, now: SystemTime) -> Vec<Metric> {
    let Some(_crossing) = Crossing::enter() else {
        return Vec::new();
    };
    let window = Window { start, now };
    let families = registry.gather();
    families
        .iter()
        .filter_map(|from| window.metric(from))
        .collect()
}

struct Window {
    start: Option<SystemTime>,
    now: SystemTime,
}

impl Window {
    fn metric(&self, from: &MetricFamily) -> Option<Metric> {
        let metrics = from.get_metric();
        let data = match from.get_field_type() {
            MetricType::COUNTER => Data::Sum {
                points: self.points(metrics, counter),
                temporality: Temporality::Cumulative,
                monotonic: true,
            },
            MetricType::GAUGE => {
                let mut points = self.points(metrics, gauge);
                for point in &mut points {
                    point.start = None;
                }
                Data::Gauge(points)
            }
            MetricType::HISTOGRAM => Data::Histogram {
                points: self.points(metrics, histogram),
                temporality: Temporality::Cumulative,
            },
            MetricType::SUMMARY => Data::Summary(self.points(metrics, summary)),
            _ => return None,
        };
        Some(Metric {
            name: Cow::Owned(from.name().to_owned()),
            description: Cow::Owned(from.help().to_owned()),
            unit: Cow::Borrowed(""),
            data,
        })
    }

    fn points<V>(
        &self,
        metrics: &[proto::Metric],
        value: fn(&proto::Metric) -> V,
    ) -> Vec<Point<V>> {
        metrics
            .iter()
            .map(|from| Point {
                labels: labels(from),
                start: self.start,
                time: self.now,
                value: value(from),
                exemplars: Vec::new(),
            })
            .collect()
    }
}

fn labels(from: &proto::Metric) -> LabelSet {
    let labels: Vec<(&str, &str)> = from
        .get_label()
        .iter()
        .map(|label| (label.name(), label.value()))
        .collect();
    LabelSet::of_pairs(&labels)
}

fn counter(from: &proto::Metric) -> Number {
    let counter: &proto::Counter = from.get_counter();
    Number::F64(counter.get_value())
}

fn gauge(from: &proto::Metric) -> Number {
    let gauge: &proto::Gauge = from.get_gauge();
    Number::F64(gauge.get_value())
}

fn histogram(from: &proto::Metric) -> Histogram {
    let from: &proto::Histogram = from.get_histogram();
    let mut bounds = Vec::new();
    let mut counts = Vec::new();
    let mut before = 0_u64;
    let buckets = from.get_bucket().iter();
    for bucket in buckets.filter(|bucket| bucket.upper_bound() < f64::INFINITY) {
        bounds.push(bucket.upper_bound());
        counts.push(bucket.cumulative_count().saturating_sub(before));
        before = before.max(bucket.cumulative_count());
    }
    // A registry may be written to while it is read: the buckets can be ahead of the count.
    let count = from.get_sample_count().max(before);
    counts.push(count.saturating_sub(before));
    Histogram {
        count,
        sum: Some(from.get_sample_sum()).filter(|sum| !sum.is_nan()),
        min: None,
        max: None,
        bounds: bounds.into(),
        counts,
    }
}

fn summary(from: &proto::Metric) -> Summary {
    let from: &proto::Summary = from.get_summary();
    let quantiles = from.get_quantile().iter();
    Summary {
        count: from.sample_count(),
        sum: from.sample_sum(),
        quantiles: quantiles
            .map(|quantile| (quantile.quantile(), quantile.value()))
            .collect(),
    }
}

/// Reads a value under both models of the `prometheus` crate.
///
/// The plain model has `get_value`, the model behind the default feature `protobuf` has `value`, and an application may
/// switch that feature on for us all. Whichever name is inherent wins over this trait; the other one forwards.
#[allow(
    dead_code,
    reason = "used with the feature `protobuf` of another crate only"
)]
trait Reading {
    fn get_value(&self) -> f64;
    fn value(&self) -> f64;
}

impl Reading for proto::Counter {
    fn get_value(&self) -> f64 {
        self.value()
    }

    fn value(&self) -> f64 {
        self.get_value()
    }
}

impl Reading for proto::Gauge {
    fn get_value(&self) -> f64 {
        self.value()
    }

    fn value(&self) -> f64 {
        self.get_value()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;
    use prometheus::{
        CounterVec, Gauge, HistogramOpts, Opts,
        core::{Collector, Desc},
    };

    use super::*;
    use crate::encode::{
        exposition,
        sample::{at, snapshot},
    };

    fn gathered(collector: impl Collector + 'static) -> Metric {
        let registry = Registry::new();
        registry.register(Box::new(collector)).unwrap();
        metrics(&registry, Some(at(0)), at(1)).remove(0)
    }

    #[test]
    fn counters_keep_name_labels_and_start() {
        let counter = CounterVec::new(Opts::new("jobs_total", "Jobs."), &["kind"]).unwrap();
        counter.with_label_values(&["a"]).inc_by(2.5);
        let metric = gathered(counter);
        let Data::Sum {
            points,
            temporality: Temporality::Cumulative,
            monotonic: true,
        } = &metric.data
        else {
            panic!("{metric:?}");
        };
        assert_eq!(metric.name, "jobs_total");
        assert_eq!(metric.description, "Jobs.");
        assert_eq!(points[0].labels, [KeyValue::new("kind", "a")]);
        assert_eq!(points[0].value, Number::F64(2.5));
        assert_eq!((points[0].start, points[0].time), (Some(at(0)), at(1)));
        let exposition = exposition::text(&snapshot(vec![metric]));
        assert!(exposition.body.contains("\njobs_total{kind=\"a\"} 2.5\n"));
    }

    #[test]
    fn gauges_have_no_start() {
        let gauge = Gauge::new("level", "Level.").unwrap();
        gauge.set(-1.0);
        let Data::Gauge(points) = gathered(gauge).data else {
            panic!("expected a gauge");
        };
        assert_eq!(
            (points[0].start, points[0].value),
            (None, Number::F64(-1.0))
        );
    }

    #[test]
    fn histograms_count_per_bucket() {
        let options = HistogramOpts::new("took", "Took.").buckets(vec![1.0, 2.0]);
        let histogram = prometheus::Histogram::with_opts(options).unwrap();
        for value in [0.5, 1.0, 1.5, 9.0] {
            histogram.observe(value);
        }
        let Data::Histogram { points, .. } = gathered(histogram).data else {
            panic!("expected a histogram");
        };
        let value = &points[0].value;
        assert_eq!((value.count, value.sum), (4, Some(12.0)));
        assert_eq!(
            (&*value.bounds, &*value.counts),
            (&[1.0, 2.0][..], &[2, 1, 1][..])
        );
    }

    /// A collector of one ready family.
    struct Ready(MetricFamily, Desc);

    impl Ready {
        fn new(field_type: MetricType, metric: proto::Metric) -> Self {
            let mut family = MetricFamily::default();
            family.set_name("ready".to_owned());
            family.set_field_type(field_type);
            family.set_metric(vec![metric]);
            let desc = Desc::new("ready".into(), "Ready.".into(), vec![], Default::default());
            Self(family, desc.unwrap())
        }
    }

    impl Collector for Ready {
        fn desc(&self) -> Vec<&Desc> {
            vec![&self.1]
        }

        fn collect(&self) -> Vec<MetricFamily> {
            vec![self.0.clone()]
        }
    }

    #[test]
    fn a_listed_infinity_is_no_bound() {
        let bucket = |bound, count| {
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(count);
            bucket
        };
        let mut histogram = proto::Histogram::default();
        histogram.set_sample_count(5);
        histogram.set_bucket(vec![bucket(1.0, 2), bucket(f64::INFINITY, 5)]);
        let mut metric = proto::Metric::default();
        metric.set_histogram(histogram);
        let Data::Histogram { points, .. } =
            gathered(Ready::new(MetricType::HISTOGRAM, metric)).data
        else {
            panic!("expected a histogram");
        };
        let value = &points[0].value;
        assert_eq!((&*value.bounds, &*value.counts), (&[1.0][..], &[2, 3][..]));
    }

    #[test]
    fn summaries_stay_summaries() {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(0.5);
        quantile.set_value(3.0);
        let mut summary = proto::Summary::default();
        summary.set_sample_count(2);
        summary.set_sample_sum(6.0);
        summary.set_quantile(vec![quantile]);
        let mut metric = proto::Metric::default();
        metric.set_summary(summary);
        let Data::Summary(points) = gathered(Ready::new(MetricType::SUMMARY, metric)).data else {
            panic!("expected a summary");
        };
        let expected = Summary {
            count: 2,
            sum: 6.0,
            quantiles: vec![(0.5, 3.0)],
        };
        assert_eq!(points[0].value, expected);
    }
}
