//! Lengths within a packed label set.

/// Writes a length in characters of six bits each, the lowest ones first; all but the last one have bit 6 set.
pub(super) fn write_length(out: &mut String, length: usize) {
    let mut rest = length;
    loop {
        let six = u8::try_from(rest & 0x3F).unwrap_or(0);
        rest >>= 6;
        let more = if rest > 0 { 0x40 } else { 0 };
        out.push(char::from(six | more));
        if rest == 0 {
            return;
        }
    }
}

/// Reads a length; what comes after it.
#[inline]
pub(super) fn read_length(packed: &str) -> Option<(usize, &str)> {
    let bytes = packed.as_bytes();
    let first = usize::from(*bytes.first()?);
    if first < 0x40 {
        return Some((first, packed.get(1..)?));
    }
    let mut length = 0;
    for (at, byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & 0x3F) << (6 * at);
        if byte & 0x40 == 0 {
            return Some((length, packed.get(at + 1..)?));
        }
    }
    None
}
