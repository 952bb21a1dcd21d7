//! The source of assertions and typed reads: anything that can list its series.

use crate::{
    query::Query,
    series::{Distribution, Exemplar, Kind, Series},
};

/// A source of series: a [`Recorder`](crate::Recorder), a scraped [`Page`](crate::Page), or the data that an
/// [`OtlpReceiver`](crate::OtlpReceiver) received.
///
/// Implement [`series`](Self::series) for a source of your own, and [`assert_metric!`](crate::assert_metric) works on
/// it. The labels of a typed read are those that a series must have at least.
///
/// # Examples
/// ```
/// use runar_otel_testing::{Metrics, Page, assert_metric};
///
/// let page = Page::parse("# TYPE orders counter\norders_total{outcome=\"ok\"} 3.0\n# EOF\n")?;
/// assert_eq!(page.counter("orders_total", &[("outcome", "ok")]), Some(3.0));
/// assert_metric!(page, "orders_total", {"outcome" => "ok"}, == 3);
/// # Ok::<(), runar_otel_testing::ParseError>(())
/// ```
pub trait Metrics {
    /// Returns all series as they are now.
    fn series(&self) -> Vec<Series>;

    /// Returns the series that match the query.
    fn find(&self, query: &Query) -> Vec<Series> {
        let mut found = self.series();
        found.retain(|series| query.matches(series));
        found
    }

    /// Returns the sum over the matching series of a counter, `None` without any.
    fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.find(&Query::new(name).labels(labels));
        let counters = found.iter().filter(|series| series.kind == Kind::Counter);
        sum(counters.filter_map(Series::number))
    }

    /// Returns the sum over the matching series of a gauge or up-down counter, `None` without any.
    fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.find(&Query::new(name).labels(labels));
        let gauges = found
            .iter()
            .filter(|series| matches!(series.kind, Kind::Gauge | Kind::UpDownCounter));
        sum(gauges.filter_map(Series::number))
    }

    /// Returns count, sum and buckets of the one histogram or summary with these labels; `None` without any, and when
    /// several match.
    fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<Distribution> {
        let found = self.find(&Query::new(name).labels(labels));
        match found.as_slice() {
            [one] => one.distribution().cloned(),
            _ => None,
        }
    }

    /// Returns the exemplars of all matching series.
    fn exemplars(&self, name: &str, labels: &[(&str, &str)]) -> Vec<Exemplar> {
        let found = self.find(&Query::new(name).labels(labels));
        found
            .into_iter()
            .flat_map(|series| series.exemplars)
            .collect()
    }
}

impl<M: Metrics + ?Sized> Metrics for &M {
    fn series(&self) -> Vec<Series> {
        (**self).series()
    }
}

impl Metrics for [Series] {
    fn series(&self) -> Vec<Series> {
        self.to_vec()
    }
}

impl Metrics for Vec<Series> {
    fn series(&self) -> Vec<Series> {
        self.clone()
    }
}

fn sum(mut numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let first = numbers.next()?;
    Some(numbers.fold(first, |sum, number| sum + number))
}
