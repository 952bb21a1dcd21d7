//! The samples of a family, line by line.

use std::time::SystemTime;

use runar_otel_core::exemplar::Exemplar;

use super::{
    Dialect, Options, Problem,
    bucket::Buckets,
    exemplar::{self, Placing},
    family::{Families, Family, Kind, note},
    label::{self, Label, Seen},
    number::{write_float, write_integer, write_number, write_seconds},
};
use crate::snapshot::{Data, Number, Point, Summary};

/// Writes the samples of family after family.
pub(super) struct Series<'a> {
    out: &'a mut String,
    problems: &'a mut Vec<Problem>,
    families: &'a Families<'a>,
    dialect: Dialect,
    options: &'a Options,
    seen: Seen,
    scratch: Vec<Label<'a>>,
    /// The labels of the series at hand, as written.
    labels: String,
    buckets: Buckets,
}

impl<'a> Series<'a> {
    /// Starts to write into `out`.
    pub(super) fn new(
        out: &'a mut String,
        problems: &'a mut Vec<Problem>,
        families: &'a Families<'a>,
        dialect: Dialect,
        options: &'a Options,
    ) -> Self {
        Self {
            out,
            problems,
            families,
            dialect,
            options,
            seen: Seen::default(),
            scratch: Vec::new(),
            labels: String::new(),
            buckets: Buckets::default(),
        }
    }

    /// The text written so far, to put a header at its end.
    pub(super) fn out(&mut self) -> &mut String {
        self.out
    }

    /// Writes all samples of a family.
    pub(super) fn write(&mut self, family: &'a Family<'a>) {
        self.seen.clear();
        for (metric, scope) in &family.members {
            let scope = self.families.scope(*scope);
            match &metric.data {
                Data::Gauge(points) | Data::Sum { points, .. } => {
                    self.each(family, scope, points, Self::number);
                }
                Data::Histogram { points, .. } => {
                    self.each(family, scope, points, |own, family, point| {
                        own.buckets.explicit(&point.value);
                        own.histogram(family, point, point.value.sum);
                    });
                }
                Data::ExponentialHistogram { points, .. } => {
                    self.each(family, scope, points, |own, family, point| {
                        own.buckets.exponential(&point.value);
                        own.histogram(family, point, point.value.sum);
                    });
                }
                Data::Summary(points) => self.each(family, scope, points, Self::summary),
            }
        }
    }

    fn each<V>(
        &mut self,
        family: &'a Family<'a>,
        scope: &'a [Label<'a>],
        points: &'a [Point<V>],
        write: impl Fn(&mut Self, &'a Family<'a>, &'a Point<V>),
    ) {
        self.seen.reserve(points.len());
        for point in points {
            label::collect(
                &mut self.scratch,
                &point.attributes,
                scope,
                family.kind.reserved(),
            );
            self.labels.clear();
            label::write(&mut self.labels, &self.scratch);
            if self.seen.admit(&self.labels) {
                write(self, family, point);
            } else {
                let family = family.full();
                note(self.problems, Problem::DuplicateSeries { family });
            }
        }
    }

    fn number(&mut self, family: &'a Family<'a>, point: &'a Point<Number>) {
        let counts = family.kind == Kind::Counter;
        if counts && self.is_forbidden(family, point.value.as_f64()) {
            return;
        }
        self.sample(family, family.total, None);
        write_number(self.out, point.value, self.dialect);
        let typed = counts && !family.total.is_empty();
        let exemplar = exemplar::latest(&point.exemplars).filter(|_| typed);
        self.end(exemplar);
        if typed {
            self.created(family, point.start);
        }
    }

    fn histogram<V>(&mut self, family: &'a Family<'a>, point: &'a Point<V>, sum: Option<f64>) {
        let mut placing = Placing::new(&point.exemplars);
        let buckets = std::mem::take(&mut self.buckets);
        for (bound, count) in &buckets.list {
            self.bucket(family, *bound, *count, placing.up_to(*bound));
        }
        self.bucket(
            family,
            f64::INFINITY,
            buckets.total,
            placing.up_to(f64::INFINITY),
        );
        // OpenMetrics 1.0, *Histogram*: no sum beside negative buckets, no negative one, and a count if and only if
        // there is a sum; `+Inf` says it anyway. The text format always has a count, and a sum of zero for want of
        // a sum would be a lie.
        let sum = match self.dialect {
            Dialect::OpenMetrics => sum.filter(|sum| *sum >= 0.0 && !buckets.has_negative()),
            Dialect::Text => sum,
        };
        if let Some(sum) = sum {
            self.real(family, "_sum", sum);
        }
        if sum.is_some() || self.dialect == Dialect::Text {
            self.count(family, buckets.total);
        }
        self.created(family, point.start);
        self.buckets = buckets;
    }

    fn bucket(
        &mut self,
        family: &'a Family<'a>,
        bound: f64,
        count: u64,
        exemplar: Option<&'a Exemplar>,
    ) {
        self.sample(family, "_bucket", Some(("le", bound)));
        write_integer(self.out, count);
        self.end(exemplar);
    }

    fn summary(&mut self, family: &'a Family<'a>, point: &'a Point<Summary>) {
        for (quantile, value) in &point.value.quantiles {
            // A quantile that is no number is an empty window; a negative one is forbidden.
            if !value.is_nan() && self.is_forbidden(family, *value) {
                continue;
            }
            self.sample(family, "", Some(("quantile", *quantile)));
            write_float(self.out, *value, self.dialect);
            self.end(None);
        }
        if !self.is_forbidden(family, point.value.sum) {
            self.real(family, "_sum", point.value.sum);
        }
        self.count(family, point.value.count);
        self.created(family, point.start);
    }

    fn count(&mut self, family: &'a Family<'a>, count: u64) {
        self.sample(family, "_count", None);
        write_integer(self.out, count);
        self.end(None);
    }

    fn real(&mut self, family: &'a Family<'a>, suffix: &str, value: f64) {
        self.sample(family, suffix, None);
        write_float(self.out, value, self.dialect);
        self.end(None);
    }

    fn created(&mut self, family: &'a Family<'a>, start: Option<SystemTime>) {
        let wanted = self.options.start_times && self.dialect == Dialect::OpenMetrics;
        if let Some(start) = start.filter(|_| wanted) {
            self.sample(family, "_created", None);
            write_seconds(self.out, start);
            self.end(None);
        }
    }

    /// Writes name and labels of a sample.
    fn sample(&mut self, family: &'a Family<'a>, suffix: &str, extra: Option<(&str, f64)>) {
        self.out.push_str(&family.base);
        self.out.push_str(suffix);
        if !self.labels.is_empty() || extra.is_some() {
            self.out.push('{');
            self.out.push_str(&self.labels);
            if let Some((name, value)) = extra {
                if !self.labels.is_empty() {
                    self.out.push(',');
                }
                self.out.push_str(name);
                self.out.push_str("=\"");
                write_float(self.out, value, self.dialect);
                self.out.push('"');
            }
            self.out.push('}');
        }
        self.out.push(' ');
    }

    fn end(&mut self, exemplar: Option<&'a Exemplar>) {
        if let Some(exemplar) = exemplar.filter(|_| self.dialect == Dialect::OpenMetrics) {
            exemplar::write(self.out, exemplar);
        }
        self.out.push('\n');
    }

    /// OpenMetrics 1.0 forbids negative values and those that are no number where something is counted.
    fn is_forbidden(&mut self, family: &'a Family<'a>, value: f64) -> bool {
        let forbidden = self.dialect == Dialect::OpenMetrics && (value.is_nan() || value < 0.0);
        if forbidden {
            let family = family.full();
            note(self.problems, Problem::ForbiddenValue { family });
        }
        forbidden
    }
}
