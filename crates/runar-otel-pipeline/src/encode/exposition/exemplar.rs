//! Exemplars in OpenMetrics.

use runar_otel_core::exemplar::Exemplar;

use super::{
    format::Dialect,
    label::{self, Label, LabelRules},
    number::{write_float, write_seconds},
};
use crate::encode::pair::pairs;

/// The largest number of code points in names and values of an exemplar's labels: OpenMetrics 1.0, *Exemplars*.
/// Prometheus drops the whole exemplar beyond it.
const LIMIT: usize = 128;

/// Writes an exemplar behind a sample.
///
/// The ids come first and always fit; filtered attributes follow as far as they fit, and never hide an id.
pub(crate) fn write(out: &mut String, exemplar: &Exemplar) {
    let ids = exemplar
        .span
        .map(|span| (span.trace_id.to_string(), span.span_id.to_string()));
    let mut labels = Vec::new();
    label::collect(
        &mut labels,
        pairs(&exemplar.filtered_attributes),
        &[],
        LabelRules::default(),
    );
    let mut room = LIMIT;
    out.push_str(" # {");
    if let Some((trace_id, span_id)) = &ids {
        out.push_str("trace_id=\"");
        out.push_str(trace_id);
        out.push_str("\",span_id=\"");
        out.push_str(span_id);
        out.push('"');
        room -= "trace_id".len() + trace_id.len() + "span_id".len() + span_id.len();
    }
    labels.retain(|label| {
        let hidden = ids.is_some() && matches!(label.name.as_ref(), "trace_id" | "span_id");
        let length = length(label);
        let fits = !hidden && length <= room;
        if fits {
            room -= length;
        }
        fits
    });
    if ids.is_some() && !labels.is_empty() {
        out.push(',');
    }
    label::write(out, &labels);
    out.push_str("} ");
    write_float(out, exemplar.value, Dialect::OpenMetrics);
    out.push(' ');
    write_seconds(out, exemplar.time);
}

/// Returns the latest exemplar, for a sample that has room for one; NaN values do not count.
pub(crate) fn latest(exemplars: &[Exemplar]) -> Option<&Exemplar> {
    let real = exemplars.iter().filter(|exemplar| !exemplar.value.is_nan());
    real.max_by_key(|exemplar| exemplar.time)
}

/// Hands exemplars, ascending by value, to buckets, ascending by bound.
#[derive(Debug)]
pub(crate) struct ExemplarCursor<'a> {
    rest: &'a [Exemplar],
}

impl<'a> ExemplarCursor<'a> {
    /// Starts with the exemplars of a point.
    pub(crate) fn new(exemplars: &'a [Exemplar]) -> Self {
        Self { rest: exemplars }
    }

    /// Returns the latest exemplar up to a bound and above the bound before.
    pub(crate) fn up_to(&mut self, bound: f64) -> Option<&'a Exemplar> {
        let within = self
            .rest
            .iter()
            .take_while(|exemplar| exemplar.value <= bound)
            .count();
        let (these, rest) = self.rest.split_at(within);
        self.rest = rest;
        latest(these)
    }
}

fn length(label: &Label<'_>) -> usize {
    label.name.chars().count() + label.value.chars().count()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use opentelemetry::{
        KeyValue,
        trace::{SpanId, TraceId},
    };
    use runar_otel_core::exemplar::SpanLink;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn linked(filtered: Vec<KeyValue>) -> String {
        let span = SpanLink::new(TraceId::from(0xabc), SpanId::from(0xdef));
        let exemplar = Exemplar::new(0.5, at(7))
            .with_span(span)
            .with_filtered_attributes(filtered);
        let mut out = String::new();
        write(&mut out, &exemplar);
        out
    }

    const IDS: &str = r#"trace_id="00000000000000000000000000000abc",span_id="0000000000000def""#;

    #[test]
    fn ids_value_and_time_are_written() {
        assert_eq!(linked(Vec::new()), format!(" # {{{IDS}}} 0.5 7.000"));
    }

    #[test]
    fn an_exemplar_without_labels_has_empty_braces() {
        let mut out = String::new();
        write(&mut out, &Exemplar::new(1.0, at(1)));
        assert_eq!(out, " # {} 1.0 1.000");
    }

    #[test]
    fn sixty_five_code_points_fit_beside_the_ids() {
        // One for the name, 64 for the value; `ö` is two bytes but one code point.
        let fits = "ö".repeat(64);
        let written = linked(vec![KeyValue::new("a", fits.clone())]);
        assert_eq!(written, format!(" # {{{IDS},a=\"{fits}\"}} 0.5 7.000"));
        let written = linked(vec![KeyValue::new("a", "ö".repeat(65))]);
        assert_eq!(written, format!(" # {{{IDS}}} 0.5 7.000"));
    }

    #[test]
    fn labels_that_do_not_fit_make_room_for_those_that_do() {
        let written = linked(vec![
            KeyValue::new("a", "x".repeat(70)),
            KeyValue::new("b", "short"),
        ]);
        assert_eq!(written, format!(" # {{{IDS},b=\"short\"}} 0.5 7.000"));
    }

    #[test]
    fn ids_win_over_attributes_of_their_name() {
        let written = linked(vec![KeyValue::new("trace.id", "fake")]);
        assert_eq!(written, format!(" # {{{IDS}}} 0.5 7.000"));
    }

    #[test]
    fn the_latest_of_a_bucket_is_placed_at_its_first_bound() {
        let exemplars = [
            Exemplar::new(1.0, at(5)),
            Exemplar::new(1.5, at(9)),
            Exemplar::new(2.0, at(3)),
            Exemplar::new(7.0, at(1)),
        ];
        let mut cursor = ExemplarCursor::new(&exemplars);
        let values: Vec<Option<f64>> = [1.0, 2.0, 4.0, f64::INFINITY]
            .into_iter()
            .map(|bound| cursor.up_to(bound).map(|exemplar| exemplar.value))
            .collect();
        assert_eq!(values, [Some(1.0), Some(1.5), None, Some(7.0)]);
    }
}
