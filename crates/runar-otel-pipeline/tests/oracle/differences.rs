//! Every difference that the comparison knows of, one function each.
//!
//! Either the OpenTelemetry SDK for Rust (0.33.1) is not as the specification asks, or the specification leaves the matter
//! open. A function either changes the input of the SDK (*fed to*, *given to*), so that the outcome has to be the same, or
//! tells the right outcome where that of the SDK does not serve.

use opentelemetry::{Key, KeyValue};
use runar_otel_core::{
    labels::LabelSet,
    metric::{Aggregation, InstrumentKind},
    name::SECONDS_BUCKETS,
};
use runar_otel_pipeline::snapshot::{Number, Temporality};

use crate::{
    account::{Account, Tally},
    plan::{Empty, Plan, Stream},
    point::Value,
    program::{Filter, Instrument, KEYS, Kind, NumberType, Raw, ViewRule},
};

/// The SDK adds negative values to counters, and takes negative totals of observable ones; we refuse both.
///
/// Metrics API, *Counter*, *Add*: "The increment value is expected to be non-negative"; whether it is validated "is left to
/// implementations". A total below 0 is a reset to every backend. Fed to the SDK: values that are not negative.
pub(crate) fn sdk_counts_negative_values_of_counters(kind: Kind, value: Raw) -> bool {
    let grows = [Kind::F64Counter, Kind::F64ObservableCounter];
    grows.contains(&kind) && value.real < 0.0
}

/// The SDK ignores what is not finite; a gauge of ours, set or observed, that becomes no number does not stay at the value
/// before.
///
/// Metrics SDK, *Numerical limits handling*: the SDK "MUST handle all the possible values". Fed to both: finite values of
/// gauges.
pub(crate) fn sdk_keeps_the_last_finite_value(stream: &Stream) -> bool {
    [InstrumentKind::Gauge, InstrumentKind::ObservableGauge].contains(&stream.kind)
}

/// A finite value instead of one that is not.
pub(crate) fn finite(value: Raw) -> Raw {
    let real = match value.real.is_finite() {
        true => value.real,
        false => 0.5,
    };
    Raw { real, ..value }
}

/// The SDK keeps the first value of a key that comes twice, and may export the key twice; we keep the last value.
///
/// Common, *Attribute collections*: exported collections "MUST by default" have unique keys, and setting a key again
/// "SHOULD overwrite" its value. Fed to the SDK: the last value of each key, still in any order.
pub(crate) fn sdk_keeps_the_first_of_equal_keys(labels: &[KeyValue]) -> Vec<KeyValue> {
    let last = |at: usize| {
        labels[at + 1..]
            .iter()
            .all(|later| later.key != labels[at].key)
    };
    let all = labels.iter().enumerate();
    all.filter(|(at, _)| last(*at))
        .map(|(_, label)| label.clone())
        .collect()
}

/// The key that [`sdk_does_not_count_the_empty_set`] adds.
const MARK: &str = "~";

/// The SDK has a place for the empty label set besides the limit, so that there may be one point too many; we count it as
/// any other.
///
/// Metrics SDK, *Cardinality limits*: "a hard limit on the number of Metric Points"; the empty set is a set. Fed to the SDK:
/// each set with one more label, so that none is empty.
pub(crate) fn sdk_does_not_count_the_empty_set(labels: &mut Vec<KeyValue>) {
    labels.push(KeyValue::new(MARK, true));
}

/// Takes away what [`sdk_does_not_count_the_empty_set`] added.
pub(crate) fn without_mark<'a>(labels: impl Iterator<Item = &'a KeyValue>) -> LabelSet {
    let labels: Vec<KeyValue> = labels
        .filter(|label| label.key.as_str() != MARK)
        .cloned()
        .collect();
    LabelSet::of(&labels)
}

/// The SDK's views have no list of labels to drop: the list to keep is all others.
///
/// Metrics SDK, *Stream configuration*, `attribute_keys`: an exclude-list is a SHOULD.
pub(crate) fn sdk_has_no_list_of_labels_to_drop(keeps: impl Fn(&str) -> bool) -> Vec<Key> {
    let kept = KEYS.into_iter().filter(|key| keeps(key));
    kept.chain([MARK]).map(Key::from).collect()
}

/// The SDK makes two metrics of instruments that differ in their description; we make one, with the longer description.
///
/// Metrics data model, *Producer recommendations*: of conflicting descriptions "the producer SHOULD choose the longer
/// string", the description is "explicitly not identifying". Fed to the SDK: one description per kind and number type.
pub(crate) fn sdk_splits_metrics_by_description(instrument: &Instrument) -> Instrument {
    Instrument {
        description: "",
        ..instrument.clone()
    }
}

/// The SDK counts twice if two views give an instrument one name in two spellings.
///
/// Metrics SDK, *Name conflict*: names are case-insensitive, the first spelling stays. Given to the SDK: names in lower
/// case.
pub(crate) fn sdk_splits_metrics_by_spelling(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The SDK records for the first of two views that leave an instrument one name, and forgets about the other one; we export
/// both. It also adds up what two instruments record whose views do not make the same of a measurement.
///
/// Metrics SDK, *Measurement processing*: if views lead to conflicting metric identities, "the implementation SHOULD apply
/// the View and emit a warning"; *View examples*: "streams from both views will be exported". Given to the SDK: names of
/// their own for streams in conflict.
pub(crate) fn sdk_applies_one_of_conflicting_views(plan: &Plan, at: usize) -> String {
    let name = sdk_splits_metrics_by_spelling(plan.streams[at].name);
    if plan.conflicts(at) {
        format!("{name}/{at}")
    } else {
        name
    }
}

/// The SDK makes nothing of an instrument whose unit is not ASCII; we take the unit as it is.
///
/// Metrics SDK, *Instrument unit*: "it SHOULD NOT validate the instrument unit". Given to the SDK: another unit.
pub(crate) fn sdk_refuses_units_beyond_ascii(unit: &'static str) -> &'static str {
    if unit.is_ascii() { unit } else { "us" }
}

/// The SDK makes nothing of a histogram whose advised bounds are not valid; we take the default ones.
///
/// Metrics SDK, *Instrument advisory parameters*: "emit an error notifying the user and proceed as if the parameter was not
/// provided". Given to the SDK: valid bounds only.
pub(crate) fn sdk_makes_nothing_of_invalid_bounds(instrument: &Instrument) -> Option<Vec<f64>> {
    instrument.valid_bounds().map(<[f64]>::to_vec)
}

/// The SDK has no sums of gauges; we have.
///
/// Metrics SDK, *Sum Aggregation*: of gauges the sum is not monotonic. Fed to the SDK: up-down counters, of whole numbers
/// signed ones, which add up bit by bit as unsigned ones do.
pub(crate) fn sdk_has_no_sums_of_gauges(
    stream: &Stream,
) -> Option<(Kind, impl Fn(Raw) -> Raw + Copy + Send + Sync + use<>)> {
    let number = stream.number;
    let float = number == NumberType::F64;
    let kind = match (stream.is_observable(), float) {
        (false, false) => Kind::I64UpDownCounter,
        (false, true) => Kind::F64UpDownCounter,
        (true, false) => Kind::I64ObservableUpDownCounter,
        (true, true) => Kind::F64ObservableUpDownCounter,
    };
    let signed = move |value: Raw| match number {
        NumberType::U64 => value.whole.cast_signed(),
        _ => value.signed,
    };
    stream.sums_gauges().then_some((kind, move |value| Raw {
        signed: signed(value),
        ..value
    }))
}

/// We make one metric of instruments of whole numbers, signed or not, and convert to the first one's type; the SDK makes
/// two.
///
/// Metrics data model: "floating-point vs. integer" is not identifying; the API: the distinction "between integer and
/// floating point numbers SHOULD" be. Only gauges come in both signs. Where a program mixes them, fed to both: numbers
/// that both types have; and to the SDK: signed ones.
pub(crate) fn sdk_tells_signed_from_unsigned(value: Raw) -> Raw {
    let whole = value.whole >> 1;
    Raw {
        whole,
        signed: i64::try_from(whole).unwrap_or(0),
        ..value
    }
}

/// We have other default bounds for the unit `s`.
///
/// Metrics SDK, *Explicit Bucket Histogram Aggregation*: the default bounds are a SHOULD, "unless they have good reasons".
/// Given to the SDK: our bounds as advised ones.
pub(crate) fn ours_has_bounds_for_seconds(unit: &str) -> Option<&'static [f64]> {
    (unit == "s").then_some(&SECONDS_BUCKETS)
}

/// The SDK frees the places of series that had no measurement in a collection of deltas; ours stay.
///
/// Metrics SDK, *Synchronous instrument cardinality limits*: with deltas, an SDK "MAY choose an arbitrary subset". Given
/// to the SDK: no limit for deltas; the comparison adds up the sets that are beyond the limit in cumulative temporality.
///
/// For what the SDK does with observed sets beyond the limit see [`sdk_keeps_the_last_observation_beyond_the_limit`].
pub(crate) fn sdk_frees_places_of_deltas(
    stream: &Stream,
    temporality: Temporality,
) -> Option<usize> {
    let falls = stream.kind == InstrumentKind::UpDownCounter;
    let limited = !stream.is_observable() && (falls || temporality == Temporality::Cumulative);
    limited.then(|| ours_counts_sets_with_labels(stream))
}

/// Of views that give an instrument one name, each drops what another one drops: a label that is a secret is not exported by
/// way of another view. Views that keep nothing of the instrument do not count.
///
/// Metrics SDK, *Measurement processing*: "the implementation SHOULD apply the View and emit a warning". Given to the SDK: the
/// joined filter.
pub(crate) fn ours_drops_what_a_view_of_the_name_drops(
    instrument: &Instrument,
    view: &ViewRule,
    selecting: &[(usize, &ViewRule)],
) -> Filter {
    let name = |view: &ViewRule| {
        let name = view.rename.unwrap_or(instrument.name);
        name.to_ascii_lowercase()
    };
    let of_name = selecting
        .iter()
        .filter(|(_, other)| name(other) == name(view) && other.aggregation != Aggregation::Drop);
    of_name.fold(Filter::All, |filter, (_, other)| filter.and(&other.filter))
}

/// The set without labels takes no place of the limit in ours; in the SDK it does.
///
/// Metrics SDK, *Cardinality limits*: the limit is of "attribute sets", and says no more. Given to the SDK: one place more
/// where the set comes while there are places. Programs in which it comes later have no limits.
pub(crate) fn ours_counts_sets_with_labels(stream: &Stream) -> usize {
    stream.limit + usize::from(stream.empty == Empty::Early)
}

/// The SDK stores what callbacks observe, so that of all sets beyond the limit only the last one counts; ours add up.
///
/// Metrics SDK, *Synchronous instrument cardinality limits*: "every Measurement is reflected in exactly one Aggregator",
/// and none "dropped during an overflow". *Asynchronous instrument cardinality limits* only asks to prefer those observed
/// first. Given to the SDK: no limit; the comparison does it by our rules, see [`crate::places`].
pub(crate) fn sdk_keeps_the_last_observation_beyond_the_limit(stream: &Stream) -> bool {
    stream.is_observable()
}

/// The SDK stores what callbacks observe, so that of sets that a view makes equal only the last one counts; ours add up.
///
/// Supplementary guidelines, *Asynchronous example: attribute removal in a view*: sums are added up. Fed to the SDK: their
/// sum. The same holds for one set observed by two instruments of one stream, which the API leaves open (*Asynchronous
/// Instrument API*).
pub(crate) fn sdk_keeps_the_last_of_sets_that_a_view_makes_equal(stream: &Stream) -> bool {
    stream.is_sum()
}

/// The SDK is fed with the sum of such sets, and refuses it if it is infinite; ours stops at the greatest double.
///
/// Metrics SDK, *Numerical limits handling*: unspecified. Fed to both: observations whose sum is finite.
pub(crate) fn sdk_refuses_infinite_sums_of_observations(value: Raw) -> Raw {
    let large = value.real.is_finite() && value.real.abs() > 1e300;
    Raw {
        real: if large {
            value.real * 1e-10
        } else {
            value.real
        },
        ..value
    }
}

/// The SDK subtracts totals that fell as if they had not: with overflow checks it panics. Ours begins anew.
///
/// Metrics data model, *Resets and Gaps*. True for a total that fell: the SDK gets to see one collection without the set,
/// which has it forget the total before.
pub(crate) fn sdk_cannot_subtract_what_fell(now: Number, before: Number) -> bool {
    match (now, before) {
        (Number::U64(now), Number::U64(before)) => now < before,
        (now, before) => now.as_f64() < before.as_f64(),
    }
}

/// The SDK adds up whole numbers of a histogram in their type, and panics with overflow checks; ours are doubles.
///
/// Metrics SDK, *Numerical limits handling*: unspecified. Fed to both: numbers whose sum stays in range.
pub(crate) fn sdk_panics_beyond_the_range_of_a_histogram(value: Raw) -> Raw {
    Raw {
        whole: value.whole >> 8,
        signed: value.signed >> 8,
        ..value
    }
}

/// The SDK's exponential histograms do not take the smallest subnormal values beside the largest ones: with two buckets they
/// are counted in none, for want of a scale below -10, and from scale 20 the subtraction of their indices overflows. Ours
/// take them.
///
/// Metrics SDK, *Handle all normal values*: subnormal ones may be rounded to normal ones; *Support a minimum and maximum
/// scale*: a "reasonable" one. Fed to both, where the stream is one of both: no subnormal values.
pub(crate) fn sdk_fails_for_subnormal_values(stream: &Stream) -> bool {
    matches!(
        stream.aggregation,
        Aggregation::Exponential { max_size: 2, .. }
            | Aggregation::Exponential { max_scale: 20, .. }
    )
}

/// See [`sdk_fails_for_subnormal_values`].
pub(crate) fn without_subnormal(value: Raw) -> Raw {
    let real = match value.real.is_subnormal() {
        true => f64::MIN_POSITIVE.copysign(value.real),
        false => value.real,
    };
    Raw { real, ..value }
}

/// The SDK's sums of whole numbers wrap around, ours stop at the end of the range.
///
/// Metrics SDK, *Numerical limits handling*: unspecified. Ours must be what the account says; of sets beyond the limit,
/// whose order the account does not know, the sum may be anything once it can have left the range.
pub(crate) fn sdk_wraps_where_ours_saturates(ours: Number, tally: &Tally) -> Option<bool> {
    let whole = !matches!(ours, Number::F64(_));
    (whole && tally.left_range).then(|| tally.folded.is_none_or(|folded| folded == ours))
}

/// The SDK exports bound series that were never recorded; ours are not there.
///
/// Metrics SDK, *Instrument bind*: a bound instrument "MUST behave identically" to an unbound one.
pub(crate) fn sdk_exports_what_is_bound_and_never_recorded(account: Option<&Account>) -> bool {
    account.is_none()
}

/// The SDK reports deltas of 0: of counters that 0 was added to, and of observed totals that stand still. Ours do not, but
/// for the first point of a series.
///
/// Metrics SDK, *MetricReader*: with deltas, "only [...] measurements recorded since the previous collection"; not that a
/// point without effect must be there.
pub(crate) fn sdk_reports_deltas_of_zero(temporality: Temporality, expected: &Value) -> bool {
    temporality == Temporality::Delta && expected.is_zero()
}

/// The SDK has deltas of gauges: last values only if they were recorded anew, and deltas of their histograms. Ours are
/// cumulative: a consumer of deltas gets the last values each time, and totals of histograms and sums.
///
/// OTLP exporter, *Additional environment variable configuration*: the delta preference names "Counter, Asynchronous Counter
/// and Histogram instrument kinds" and both up-down counters, and does not speak of gauges; metrics SDK, *MetricReader*: "If
/// not configured, the Cumulative temporality SHOULD be used", and then points are exported "regardless of whether new
/// measurements have been recorded", "not just those whose point kinds includes an aggregation temporality field".
/// Compared with: the SDK's totals.
pub(crate) fn sdk_has_deltas_of_gauges(kind: InstrumentKind) -> bool {
    matches!(
        kind,
        InstrumentKind::Gauge | InstrumentKind::ObservableGauge
    )
}

/// The SDK sums up gauges in histograms, but no other instrument whose values may be negative; we do not.
///
/// Metrics SDK, *Histogram Aggregations*: the sum "SHOULD NOT be collected" with such instruments. True if there is a sum;
/// where the SDK has none it says 0.
pub(crate) fn sdk_sums_gauges_in_histograms(kind: InstrumentKind) -> bool {
    matches!(
        kind,
        InstrumentKind::Counter | InstrumentKind::ObservableCounter | InstrumentKind::Histogram
    )
}

/// We bound what is owed of observed series that ended: last deltas beyond the limit are forgotten, or come with the next
/// life of the series, if a consumer does not acknowledge.
///
/// The specification has no acknowledgements. True if too many ended; their deltas are not compared from then on.
pub(crate) fn ours_bounds_what_departed(stream: &Stream, departed: &[LabelSet]) -> bool {
    departed.len() > stream.limit
}
