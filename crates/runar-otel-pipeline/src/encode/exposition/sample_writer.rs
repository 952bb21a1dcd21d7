//! The samples of a family, line by line.

use std::{ops::Range, time::SystemTime};

use runar_otel_core::exemplar::Exemplar;

use super::{
    bucket::Buckets,
    collision,
    exemplar::{self, ExemplarCursor},
    family::{Families, Family, Kind, ScopeLabels},
    format::{Dialect, Options},
    label_hashes::LabelHashes,
    label_templates::LabelTemplates,
    number::{write_float, write_integer, write_number, write_seconds},
    problem::{Problem, add_once},
};
use crate::snapshot::{Data, Number, Point, Summary};

/// Writes the samples of family after family.
pub(super) struct SampleWriter<'a> {
    out: &'a mut String,
    problems: &'a mut Vec<Problem>,
    families: &'a Families<'a>,
    dialect: Dialect,
    options: &'a Options,
    hashes: LabelHashes,
    /// Positions in the page of the labels of one metric, which are hashed at its end.
    places: Vec<Range<usize>>,
    templates: LabelTemplates<'a>,
    /// The labels of the series at hand, as written.
    labels: String,
    /// The beginning of the bucket lines of the series at hand.
    head: String,
    buckets: Buckets,
    bounds: Bounds,
}

impl<'a> SampleWriter<'a> {
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
            hashes: LabelHashes::default(),
            places: Vec::new(),
            templates: LabelTemplates::default(),
            labels: String::new(),
            head: String::new(),
            buckets: Buckets::default(),
            bounds: Bounds::default(),
        }
    }

    /// Returns the page written so far, to put a header at its end.
    pub(super) fn out(&mut self) -> &mut String {
        self.out
    }

    /// Writes all samples of a family. Only the written labels show which series have equal ones; a family with such
    /// series is written again.
    pub(super) fn write(&mut self, family: &'a Family<'a>) {
        let (start, problems) = (self.out.len(), self.problems.len());
        self.hashes.clear();
        self.write_members(family);
        if !self.hashes.all_differ() {
            self.out.truncate(start);
            self.problems.truncate(problems);
            self.write_merged(family);
        }
    }

    #[cold]
    fn write_merged(&mut self, family: &Family<'_>) {
        let members = collision::merged(family, self.families, self.problems);
        let family = family.of_members(&members);
        let mut again = SampleWriter::new(
            self.out,
            self.problems,
            self.families,
            self.dialect,
            self.options,
        );
        again.write_members(&family);
    }

    fn write_members(&mut self, family: &'a Family<'a>) {
        for (metric, scope) in &family.members {
            let scope = self.families.scope(*scope);
            match &metric.data {
                Data::Gauge(points) | Data::Sum { points, .. } => {
                    self.write_numbers(family, scope, points);
                }
                Data::Histogram { points, .. } => {
                    self.write_each(family, scope, points, |own, family, point| {
                        own.buckets.explicit(&point.value);
                        own.write_histogram(family, point, point.value.sum);
                    });
                }
                Data::ExponentialHistogram { points, .. } => {
                    self.write_each(family, scope, points, |own, family, point| {
                        own.buckets.exponential(&point.value);
                        own.write_histogram(family, point, point.value.sum);
                    });
                }
                Data::Summary(points) => {
                    self.write_each(family, scope, points, Self::write_summary);
                }
            }
        }
    }

    /// Writes one sample per point. Its labels go straight to their place in the page.
    fn write_numbers(
        &mut self,
        family: &'a Family<'a>,
        scope: &'a ScopeLabels,
        points: &'a [Point<Number>],
    ) {
        self.templates.begin();
        self.places.clear();
        let rules = scope.rules(family.kind);
        let head = format!("{}{}{{", family.base, family.total);
        let first = self.out.len();
        for (at, point) in points.iter().enumerate() {
            if at == 1 {
                self.make_room(first, points.len());
            }
            let line = self.out.len();
            self.out.push_str(&head);
            let start = self.out.len();
            self.templates
                .write(self.out, &point.labels, &scope.labels, rules);
            let labels = start..self.out.len();
            if family.kind == Kind::Counter && self.reject_forbidden(family, point.value.as_f64()) {
                self.out.truncate(line);
                continue;
            }
            self.places.push(labels.clone());
            self.write_point(family, point, labels);
        }
        for place in self.places.drain(..) {
            self.hashes.add(self.out.get(place).unwrap_or_default());
        }
    }

    /// Makes room for all points of a metric, of which the first one is written: the others will be about as long.
    fn make_room(&mut self, start: usize, points: usize) {
        let length = self.out.len() - start;
        self.out.reserve((length + length / 8) * points);
    }

    fn write_each<V>(
        &mut self,
        family: &'a Family<'a>,
        scope: &'a ScopeLabels,
        points: &'a [Point<V>],
        write: impl Fn(&mut Self, &'a Family<'a>, &'a Point<V>),
    ) {
        self.templates.begin();
        let rules = scope.rules(family.kind);
        let start = self.out.len();
        for (at, point) in points.iter().enumerate() {
            if at == 1 {
                self.make_room(start, points.len());
            }
            self.labels.clear();
            self.templates
                .write(&mut self.labels, &point.labels, &scope.labels, rules);
            write(self, family, point);
            self.hashes.add(&self.labels);
        }
    }

    /// Completes the sample that ends with these labels: value, exemplar and start time.
    fn write_point(
        &mut self,
        family: &'a Family<'a>,
        point: &'a Point<Number>,
        labels: Range<usize>,
    ) {
        if labels.is_empty() {
            // No braces around nothing.
            self.out.pop();
        } else {
            self.out.push('}');
        }
        self.out.push(' ');
        write_number(self.out, point.value, self.dialect);
        let typed = family.kind == Kind::Counter && !family.total.is_empty();
        let exemplar = exemplar::latest(&point.exemplars).filter(|_| typed);
        self.end_sample(exemplar);
        if typed && self.options.start_times {
            self.labels.clear();
            self.labels
                .push_str(self.out.get(labels).unwrap_or_default());
            self.write_created(family, point.start);
        }
    }

    fn write_histogram<V>(
        &mut self,
        family: &'a Family<'a>,
        point: &'a Point<V>,
        sum: Option<f64>,
    ) {
        self.head.clear();
        self.head.push_str(&family.base);
        self.head.push_str("_bucket{");
        self.head.push_str(&self.labels);
        if !self.labels.is_empty() {
            self.head.push(',');
        }
        let mut cursor = ExemplarCursor::new(&point.exemplars);
        let buckets = std::mem::take(&mut self.buckets);
        let bounds = std::mem::take(&mut self.bounds).of(&buckets.list, self.dialect);
        let counts = buckets.list.iter().map(|(_, count)| *count);
        for ((bound, text), count) in bounds.list.iter().zip(counts.chain([buckets.total])) {
            self.out.push_str(&self.head);
            self.out.push_str(text);
            write_integer(self.out, count);
            self.end_sample(cursor.up_to(*bound));
        }
        self.bounds = bounds;
        // OpenMetrics 1.0, *Histogram*: no sum beside negative buckets, no negative one, and a count if and only if
        // there is a sum; `+Inf` says it anyway. The text format always has a count, and a sum of zero for want of
        // a sum would be a lie.
        let sum = match self.dialect {
            Dialect::OpenMetrics => sum.filter(|sum| *sum >= 0.0 && !buckets.has_negative()),
            Dialect::Text => sum,
        };
        if let Some(sum) = sum {
            self.write_sample(family, "_sum", sum);
        }
        if sum.is_some() || self.dialect == Dialect::Text {
            self.write_count(family, buckets.total);
        }
        self.write_created(family, point.start);
        self.buckets = buckets;
    }

    fn write_summary(&mut self, family: &'a Family<'a>, point: &'a Point<Summary>) {
        for (quantile, value) in &point.value.quantiles {
            // A quantile that is no number is an empty window; a negative one is forbidden.
            if !value.is_nan() && self.reject_forbidden(family, *value) {
                continue;
            }
            let mut own = String::new();
            write_own(&mut own, "quantile", *quantile, self.dialect);
            self.begin_sample(family, "", Some(&own));
            write_float(self.out, *value, self.dialect);
            self.end_sample(None);
        }
        if !self.reject_forbidden(family, point.value.sum) {
            self.write_sample(family, "_sum", point.value.sum);
        }
        self.write_count(family, point.value.count);
        self.write_created(family, point.start);
    }

    fn write_count(&mut self, family: &'a Family<'a>, count: u64) {
        self.begin_sample(family, "_count", None);
        write_integer(self.out, count);
        self.end_sample(None);
    }

    fn write_sample(&mut self, family: &'a Family<'a>, suffix: &str, value: f64) {
        self.begin_sample(family, suffix, None);
        write_float(self.out, value, self.dialect);
        self.end_sample(None);
    }

    fn write_created(&mut self, family: &'a Family<'a>, start: Option<SystemTime>) {
        let wanted = self.options.start_times && self.dialect == Dialect::OpenMetrics;
        if let Some(start) = start.filter(|_| wanted) {
            self.begin_sample(family, "_created", None);
            write_seconds(self.out, start);
            self.end_sample(None);
        }
    }

    /// Writes name and labels of a sample, with its own label last.
    fn begin_sample(&mut self, family: &'a Family<'a>, suffix: &str, own: Option<&str>) {
        self.out.push_str(&family.base);
        self.out.push_str(suffix);
        if self.labels.is_empty() && own.is_none() {
            self.out.push(' ');
            return;
        }
        self.out.push('{');
        self.out.push_str(&self.labels);
        if let Some(own) = own {
            if !self.labels.is_empty() {
                self.out.push(',');
            }
            self.out.push_str(own);
        }
        self.out.push_str("} ");
    }

    fn end_sample(&mut self, exemplar: Option<&'a Exemplar>) {
        if let Some(exemplar) = exemplar.filter(|_| self.dialect == Dialect::OpenMetrics) {
            exemplar::write(self.out, exemplar);
        }
        self.out.push('\n');
    }

    /// True, and noted as a problem, for values below zero and NaN, which OpenMetrics 1.0 forbids where something is
    /// counted.
    fn reject_forbidden(&mut self, family: &Family<'_>, value: f64) -> bool {
        let forbidden = self.dialect == Dialect::OpenMetrics && (value.is_nan() || value < 0.0);
        if forbidden {
            let family = family.full();
            add_once(self.problems, Problem::ForbiddenValue { family });
        }
        forbidden
    }
}

/// The labels of the buckets, kept because they are the same in one series after the other.
#[derive(Debug, Default)]
struct Bounds {
    /// Each bound, `+Inf` too, with its label up to the count.
    list: Vec<(f64, String)>,
}

impl Bounds {
    /// Returns these labels if they fit the buckets, else new ones.
    fn of(self, buckets: &[(f64, u64)], dialect: Dialect) -> Self {
        let bounds = || {
            buckets
                .iter()
                .map(|(bound, _)| *bound)
                .chain([f64::INFINITY])
        };
        // Bounds are never NaN or minus zero: equal bounds have equal text.
        if self.list.iter().map(|(bound, _)| *bound).eq(bounds()) {
            return self;
        }
        let label = |bound| {
            let mut own = String::new();
            write_own(&mut own, "le", bound, dialect);
            own.push_str("} ");
            (bound, own)
        };
        Self {
            list: bounds().map(label).collect(),
        }
    }
}

/// Writes the label that a sample has by its type, `le` or `quantile`.
fn write_own(out: &mut String, name: &str, value: f64, dialect: Dialect) {
    out.push_str(name);
    out.push_str("=\"");
    write_float(out, value, dialect);
    out.push('"');
}
