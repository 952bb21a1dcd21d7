//! The Protobuf wire format: fields written one after the other into one buffer.
//!
//! Fields with the default value are left out, as in proto3; functions called `present_…` write them as well.

/// The number of bytes that the length of a small message takes: one up to 127 bytes.
pub(super) const SMALL: usize = 1;

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH_DELIMITED: u8 = 2;

/// A buffer that Protobuf fields are written to.
#[derive(Debug)]
pub(super) struct Wire(Vec<u8>);

impl Wire {
    /// Makes a buffer with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Returns the bytes written so far.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes a message within this one.
    ///
    /// The length of the message comes first and is known last: `room` bytes are kept for it, and the message is moved
    /// if they are too few or too many. Only large messages need a good guess. Returns the number of bytes that the
    /// length needed.
    #[inline]
    pub(super) fn message(
        &mut self,
        field: u8,
        room: usize,
        write: impl FnOnce(&mut Self),
    ) -> usize {
        self.key(field, LENGTH_DELIMITED);
        let start = self.0.len();
        self.0.resize(start + room, 0);
        write(self);
        let body = start + room;
        let length = self.0.len() - body;
        let needed = varint_size(length as u64);
        if needed != room {
            self.shift(body, start + needed, length);
        }
        let mut rest = length as u64;
        for byte in self.0.iter_mut().skip(start).take(needed) {
            *byte = low_bits(rest);
            rest >>= 7;
        }
        needed
    }

    /// Begins a message of a known length, which the caller writes.
    #[inline]
    pub(super) fn begin(&mut self, field: u8, length: usize) {
        self.key(field, LENGTH_DELIMITED);
        self.varint(length as u64);
    }

    #[cold]
    fn shift(&mut self, from: usize, to: usize, length: usize) {
        if to > from {
            self.0.resize(to + length, 0);
        }
        self.0.copy_within(from..from + length, to);
        self.0.truncate(to + length);
    }

    /// Writes a string, unless it is empty.
    #[inline]
    pub(super) fn text(&mut self, field: u8, text: &str) {
        if !text.is_empty() {
            self.present_text(field, text);
        }
    }

    /// Writes a string, even an empty one.
    #[inline]
    pub(super) fn present_text(&mut self, field: u8, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// Writes bytes, even none.
    #[inline]
    pub(super) fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.begin(field, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// Writes an `int64`, `bool` or enumeration, zero too.
    #[inline]
    pub(super) fn present_integer(&mut self, field: u8, value: i64) {
        self.key(field, VARINT);
        self.varint(value.cast_unsigned());
    }

    /// Writes a `sint32`, unless it is zero.
    pub(super) fn signed(&mut self, field: u8, value: i32) {
        if value != 0 {
            self.key(field, VARINT);
            let zigzag = (value << 1) ^ (value >> 31);
            self.varint(u64::from(zigzag.cast_unsigned()));
        }
    }

    /// Writes a `fixed64`, unless it is zero.
    #[inline]
    pub(super) fn fixed(&mut self, field: u8, value: u64) {
        if value != 0 {
            self.present_fixed(field, value);
        }
    }

    /// Writes a `fixed64` or `sfixed64`, zero too.
    #[inline]
    pub(super) fn present_fixed(&mut self, field: u8, value: u64) {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a `double`, unless it is zero.
    pub(super) fn double(&mut self, field: u8, value: f64) {
        if value != 0.0 {
            self.present_double(field, value);
        }
    }

    /// Writes a `double`, zero too.
    #[inline]
    pub(super) fn present_double(&mut self, field: u8, value: f64) {
        self.present_fixed(field, value.to_bits());
    }

    /// Writes a packed list of `fixed64` or, bit by bit, `double`; an empty list is absent.
    #[inline]
    pub(super) fn packed_fixed(&mut self, field: u8, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() == 0 {
            return;
        }
        self.begin(field, values.len() * 8);
        for value in values {
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Writes a packed list of `uint64`; an empty list is absent.
    pub(super) fn packed_varint(&mut self, field: u8, values: &[u64]) {
        if !values.is_empty() {
            self.message(field, SMALL, |wire| {
                for value in values {
                    wire.varint(*value);
                }
            });
        }
    }

    /// Writes the key of a field, in one byte: field numbers of OTLP are below 16.
    #[inline]
    fn key(&mut self, field: u8, kind: u8) {
        self.0.push(field << 3 | kind);
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(low_bits(value));
            value >>= 7;
        }
        self.0.push(low_bits(value));
    }
}

/// Returns the size, in bytes, of a field whose content has this length.
#[inline]
pub(super) fn field_size(length: usize) -> usize {
    1 + varint_size(length as u64) + length
}

/// Returns the size, in bytes, of a number as a varint.
#[inline]
pub(super) fn varint_size(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Returns the next byte of a varint: its low seven bits, and a high bit if more bytes follow.
#[inline]
fn low_bits(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    if value >= 0x80 { low | 0x80 } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_seven_bits_per_byte() {
        for value in [
            0,
            1,
            127,
            128,
            300,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut wire = Wire::with_capacity(0);
            wire.varint(value);
            let mut expected = Vec::new();
            prost::encoding::encode_varint(value, &mut expected);
            assert_eq!(wire.0, expected);
            assert_eq!(varint_size(value), expected.len());
        }
    }

    #[test]
    fn a_wrong_guess_of_the_length_does_no_harm() {
        for length in [0, 1, 127, 128, 20_000] {
            let text = "x".repeat(length);
            let mut expected = Wire::with_capacity(0);
            expected.bytes(3, text.as_bytes());
            for room in 0..6 {
                let mut wire = Wire::with_capacity(0);
                wire.message(3, room, |wire| wire.0.extend_from_slice(text.as_bytes()));
                assert_eq!(wire.0, expected.0, "{length} {room}");
            }
        }
    }
}
