//! Data points and exemplars in OTLP.
//!
//! Fields are sent in the order of their numbers, as by every other writer.

use std::time::{SystemTime, UNIX_EPOCH};

use runar_otel_core::exemplar::Exemplar;

use super::{
    attribute,
    wire::{SMALL, Wire},
};
use crate::{
    encode::pair::pairs,
    snapshot::{ExponentialBuckets, ExponentialHistogram, Histogram, Number, Point, Summary},
};

/// The field number of the points, in data of every type.
const POINTS: u8 = 1;

/// Facts of the point before, kept because the next point mostly shares them.
pub(super) struct Before {
    /// The number of bytes that the length of the point took.
    room: usize,
    start: Moment,
    time: Moment,
}

impl Before {
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

/// Writes a point of a gauge or a sum, `NumberDataPoint`; nothing when its value is not a number.
#[inline]
pub(super) fn number(wire: &mut Wire, before: &mut Before, from: &Point<Number>) {
    let value = value(from.value);
    if let Scalar::Real(value) = value
        && value.is_nan()
    {
        return;
    }
    before.room = wire.message(POINTS, before.room, |wire| {
        times(wire, before, from);
        match value {
            Scalar::Real(value) => wire.present_double(4, value),
            Scalar::Integer(value) => wire.present_fixed(6, value.cast_unsigned()),
        }
        exemplars(wire, 5, &from.exemplars);
        attribute::list(wire, 7, from.labels.iter());
    });
}

/// Writes a point with explicit buckets, `HistogramDataPoint`.
#[inline]
pub(super) fn histogram(wire: &mut Wire, before: &mut Before, from: &Point<Histogram>) {
    let value = &from.value;
    // Counts and bounds are both there, one count more than bounds, or both absent (OTLP, `bucket_counts`).
    let bounds: &[f64] = if value.counts.is_empty() {
        &[]
    } else {
        &value.bounds
    };
    before.room = wire.message(POINTS, before.room, |wire| {
        times(wire, before, from);
        wire.fixed(4, value.count);
        real(wire, 5, value.sum);
        wire.packed_fixed(6, value.counts.iter().copied());
        wire.packed_fixed(7, bounds.iter().map(|bound| bound.to_bits()));
        exemplars(wire, 8, &from.exemplars);
        attribute::list(wire, 9, from.labels.iter());
        real(wire, 11, value.min);
        real(wire, 12, value.max);
    });
}

/// Writes a point with exponential buckets, `ExponentialHistogramDataPoint`; a side without buckets is absent.
pub(super) fn exponential(
    wire: &mut Wire,
    before: &mut Before,
    from: &Point<ExponentialHistogram>,
) {
    let value = &from.value;
    before.room = wire.message(POINTS, before.room, |wire| {
        attribute::list(wire, 1, from.labels.iter());
        times(wire, before, from);
        wire.fixed(4, value.count);
        real(wire, 5, value.sum);
        wire.signed(6, value.scale);
        wire.fixed(7, value.zero_count);
        buckets(wire, 8, &value.positive);
        buckets(wire, 9, &value.negative);
        exemplars(wire, 11, &from.exemplars);
        real(wire, 12, value.min);
        real(wire, 13, value.max);
        wire.double(14, value.zero_threshold);
    });
}

/// Writes a point with quantiles, `SummaryDataPoint`; exemplars have no place in it.
pub(super) fn summary(wire: &mut Wire, before: &mut Before, from: &Point<Summary>) {
    before.room = wire.message(POINTS, before.room, |wire| {
        times(wire, before, from);
        wire.fixed(4, from.value.count);
        if !from.value.sum.is_nan() {
            wire.double(5, from.value.sum);
        }
        let quantiles = from.value.quantiles.iter();
        for (quantile, value) in quantiles.filter(|(_, value)| !value.is_nan()) {
            wire.message(6, SMALL, |wire| {
                wire.double(1, *quantile);
                wire.double(2, *value);
            });
        }
        attribute::list(wire, 7, from.labels.iter());
    });
}

/// Writes start and time, whose field numbers are the same in every type of point. A start of zero means unknown.
#[inline]
fn times<V>(wire: &mut Wire, before: &mut Before, from: &Point<V>) {
    let start = from.start.map_or(0, |start| before.start.nanos(start));
    wire.fixed(2, start);
    wire.fixed(3, before.time.nanos(from.time));
}

fn buckets(wire: &mut Wire, field: u8, from: &ExponentialBuckets) {
    if from.counts.is_empty() {
        return;
    }
    wire.message(field, SMALL, |wire| {
        wire.signed(1, from.offset);
        wire.packed_varint(2, &from.counts);
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
fn exemplars(wire: &mut Wire, field: u8, from: &[Exemplar]) {
    for exemplar in from.iter().filter(|exemplar| !exemplar.value.is_nan()) {
        wire.message(field, SMALL, |wire| {
            wire.fixed(2, nanos(exemplar.time));
            wire.present_double(3, exemplar.value);
            if let Some(span) = exemplar.span {
                wire.bytes(4, &span.span_id.to_bytes());
                wire.bytes(5, &span.trace_id.to_bytes());
            }
            attribute::list(wire, 7, pairs(&exemplar.filtered_attributes));
        });
    }
}

#[inline]
fn real(wire: &mut Wire, field: u8, value: Option<f64>) {
    if let Some(value) = value.filter(|value| !value.is_nan()) {
        wire.present_double(field, value);
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
