//! Data points and exemplars in OTLP.
//!
//! Fields are sent in the order of their numbers, as by every other writer.

use std::time::{SystemTime, UNIX_EPOCH};

use runar_otel_core::exemplar::Exemplar;

use super::{
    attribute, field,
    wire::{SMALL, Wire},
};
use crate::{
    encode::pair::pairs,
    snapshot::{ExponentialBuckets, ExponentialHistogram, Histogram, Number, Point, Summary},
};

/// Facts of the previous point, which is mostly like the next one.
pub(super) struct PreviousPoint {
    /// The number of bytes that the length of the point took.
    room: usize,
    start: Moment,
    time: Moment,
}

impl PreviousPoint {
    /// Begins with the points of another metric.
    pub(super) fn new() -> Self {
        let moment = Moment {
            time: UNIX_EPOCH,
            nanos: 0,
        };
        Self {
            room: SMALL,
            start: moment,
            time: moment,
        }
    }
}

/// A time, and its nanoseconds since the epoch.
#[derive(Clone, Copy)]
struct Moment {
    time: SystemTime,
    nanos: u64,
}

impl Moment {
    #[inline]
    fn nanos(&mut self, time: SystemTime) -> u64 {
        if time != self.time {
            *self = Self {
                time,
                nanos: nanos(time),
            };
        }
        self.nanos
    }
}

/// Writes a point of a sum, `NumberDataPoint`; nothing when its value is not a number.
#[inline]
pub(super) fn write_sum(wire: &mut Wire, previous: &mut PreviousPoint, from: &Point<Number>) {
    if !from.value.as_f64().is_nan() {
        write_last(wire, previous, from);
    }
}

/// Writes a point of a gauge, `NumberDataPoint`, whose value may be any double.
#[inline]
pub(super) fn write_last(wire: &mut Wire, previous: &mut PreviousPoint, from: &Point<Number>) {
    let value = value(from.value);
    previous.room = wire.message(field::data::DATA_POINTS, previous.room, |wire| {
        write_times(wire, previous, from);
        match value {
            Scalar::Real(value) => wire.present_double(field::number_point::AS_DOUBLE, value),
            Scalar::Integer(value) => {
                wire.present_fixed(field::number_point::AS_INT, value.cast_unsigned());
            }
        }
        write_exemplars(wire, field::number_point::EXEMPLARS, &from.exemplars);
        attribute::write_list(wire, field::number_point::ATTRIBUTES, from.labels.iter());
    });
}

/// Writes a point with explicit buckets, `HistogramDataPoint`.
#[inline]
pub(super) fn write_histogram(
    wire: &mut Wire,
    previous: &mut PreviousPoint,
    from: &Point<Histogram>,
) {
    let value = &from.value;
    // Counts and bounds are both there, one count more than bounds, or both absent (OTLP, `bucket_counts`).
    let bounds: &[f64] = if value.counts.is_empty() {
        &[]
    } else {
        &value.bounds
    };
    previous.room = wire.message(field::data::DATA_POINTS, previous.room, |wire| {
        write_times(wire, previous, from);
        wire.fixed(field::histogram_point::COUNT, value.count);
        write_real(wire, field::histogram_point::SUM, value.sum);
        wire.packed_fixed(
            field::histogram_point::BUCKET_COUNTS,
            value.counts.iter().copied(),
        );
        wire.packed_fixed(
            field::histogram_point::EXPLICIT_BOUNDS,
            bounds.iter().map(|bound| bound.to_bits()),
        );
        write_exemplars(wire, field::histogram_point::EXEMPLARS, &from.exemplars);
        attribute::write_list(wire, field::histogram_point::ATTRIBUTES, from.labels.iter());
        write_real(wire, field::histogram_point::MIN, value.min);
        write_real(wire, field::histogram_point::MAX, value.max);
    });
}

/// Writes a point with exponential buckets, `ExponentialHistogramDataPoint`; a side without buckets is absent.
pub(super) fn write_exponential(
    wire: &mut Wire,
    previous: &mut PreviousPoint,
    from: &Point<ExponentialHistogram>,
) {
    let value = &from.value;
    previous.room = wire.message(field::data::DATA_POINTS, previous.room, |wire| {
        attribute::write_list(
            wire,
            field::exponential_point::ATTRIBUTES,
            from.labels.iter(),
        );
        write_times(wire, previous, from);
        wire.fixed(field::exponential_point::COUNT, value.count);
        write_real(wire, field::exponential_point::SUM, value.sum);
        wire.signed(field::exponential_point::SCALE, value.scale);
        wire.fixed(field::exponential_point::ZERO_COUNT, value.zero_count);
        write_buckets(wire, field::exponential_point::POSITIVE, &value.positive);
        write_buckets(wire, field::exponential_point::NEGATIVE, &value.negative);
        write_exemplars(wire, field::exponential_point::EXEMPLARS, &from.exemplars);
        write_real(wire, field::exponential_point::MIN, value.min);
        write_real(wire, field::exponential_point::MAX, value.max);
        wire.double(
            field::exponential_point::ZERO_THRESHOLD,
            value.zero_threshold,
        );
    });
}

/// Writes a point with quantiles, `SummaryDataPoint`; exemplars have no place in it.
pub(super) fn write_summary(wire: &mut Wire, previous: &mut PreviousPoint, from: &Point<Summary>) {
    previous.room = wire.message(field::data::DATA_POINTS, previous.room, |wire| {
        write_times(wire, previous, from);
        wire.fixed(field::summary_point::COUNT, from.value.count);
        if !from.value.sum.is_nan() {
            wire.double(field::summary_point::SUM, from.value.sum);
        }
        let quantiles = from.value.quantiles.iter();
        for (quantile, value) in quantiles.filter(|(_, value)| !value.is_nan()) {
            wire.message(field::summary_point::QUANTILE_VALUES, SMALL, |wire| {
                wire.double(field::quantile::QUANTILE, *quantile);
                wire.double(field::quantile::VALUE, *value);
            });
        }
        attribute::write_list(wire, field::summary_point::ATTRIBUTES, from.labels.iter());
    });
}

/// Writes start and time, whose field numbers are the same in every type of point. A start of zero means unknown.
#[inline]
fn write_times<V>(wire: &mut Wire, previous: &mut PreviousPoint, from: &Point<V>) {
    let start = from.start.map_or(0, |start| previous.start.nanos(start));
    wire.fixed(field::point::START_TIME, start);
    wire.fixed(field::point::TIME, previous.time.nanos(from.time));
}

fn write_buckets(wire: &mut Wire, number: u8, from: &ExponentialBuckets) {
    if from.counts.is_empty() {
        return;
    }
    wire.message(number, SMALL, |wire| {
        wire.signed(field::buckets::OFFSET, from.offset);
        wire.packed_varint(field::buckets::BUCKET_COUNTS, &from.counts);
    });
}

/// The two types of number in OTLP.
enum Scalar {
    Integer(i64),
    Real(f64),
}

fn value(number: Number) -> Scalar {
    match number {
        Number::I64(value) => Scalar::Integer(value),
        // Rounded beats wrong: the integer of OTLP is signed.
        Number::U64(value) => {
            i64::try_from(value).map_or_else(|_| Scalar::Real(number.as_f64()), Scalar::Integer)
        }
        Number::F64(value) => Scalar::Real(value),
    }
}

#[inline]
fn write_exemplars(wire: &mut Wire, number: u8, from: &[Exemplar]) {
    for exemplar in from.iter().filter(|exemplar| !exemplar.value.is_nan()) {
        wire.message(number, SMALL, |wire| {
            wire.fixed(field::exemplar::TIME, nanos(exemplar.time));
            wire.present_double(field::exemplar::AS_DOUBLE, exemplar.value);
            if let Some(span) = exemplar.span {
                wire.bytes(field::exemplar::SPAN_ID, &span.span_id.to_bytes());
                wire.bytes(field::exemplar::TRACE_ID, &span.trace_id.to_bytes());
            }
            attribute::write_list(
                wire,
                field::exemplar::FILTERED_ATTRIBUTES,
                pairs(&exemplar.filtered_attributes),
            );
        });
    }
}

#[inline]
fn write_real(wire: &mut Wire, field: u8, value: Option<f64>) {
    if let Some(value) = value.filter(|value| !value.is_nan()) {
        wire.present_double(field, value);
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
