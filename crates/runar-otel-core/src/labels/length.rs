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

/// Reads a length. Returns it with the rest of the string.
#[inline]
pub(super) fn read_length(packed: &str) -> Option<(usize, &str)> {
    let (length, after) = length_of(packed.as_bytes())?;
    Some((length, packed.get(after..)?))
}

/// Reads a length. Returns it with the position of its end.
#[inline]
pub(super) fn length_of(packed: &[u8]) -> Option<(usize, usize)> {
    let first = usize::from(*packed.first()?);
    if first < 0x40 {
        return Some((first, 1));
    }
    let mut length = 0;
    for (at, byte) in packed.iter().enumerate() {
        length |= usize::from(byte & 0x3F) << (6 * at);
        if byte & 0x40 == 0 {
            return Some((length, at + 1));
        }
    }
    None
}
