//! The text of a label's value: borrowed from a string, else written without allocating.

use std::{
    fmt::{self, Display, Write},
    ops::Deref,
};

/// The bytes of an inline text: enough for each number, and for a UUID. Such a text needs no allocation; the price is 40
/// bytes on the stack.
const INLINE: usize = 40;

/// The text of a label's value, read through `Deref` to `str`.
///
/// A string is borrowed; a short text that must be written (a number) lives on the stack.
#[derive(Clone, Debug)]
pub struct Text<'a>(TextStorage<'a>);

#[derive(Clone, Debug)]
enum TextStorage<'a> {
    Borrowed(&'a str),
    Inline { bytes: [u8; INLINE], length: usize },
    Owned(String),
}

impl<'a> Text<'a> {
    /// Borrows a string.
    #[must_use]
    #[inline]
    pub fn borrowed(text: &'a str) -> Self {
        Self(TextStorage::Borrowed(text))
    }

    /// Writes the text that a value displays. If its `Display` fails, the text written until then stays.
    #[must_use]
    pub fn shown(value: &(impl Display + ?Sized)) -> Self {
        let mut text = Self(TextStorage::Inline {
            bytes: [0; INLINE],
            length: 0,
        });
        let _ = write!(text, "{value}");
        text
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        match &mut self.0 {
            TextStorage::Inline { bytes, length } => {
                let end = *length + more.len();
                if let Some(free) = bytes.get_mut(*length..end) {
                    free.copy_from_slice(more.as_bytes());
                    *length = end;
                    return Ok(());
                }
            }
            TextStorage::Owned(text) => {
                text.push_str(more);
                return Ok(());
            }
            TextStorage::Borrowed(_) => {}
        }
        let mut owned = String::from(&**self);
        owned.push_str(more);
        self.0 = TextStorage::Owned(owned);
        Ok(())
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match &self.0 {
            TextStorage::Borrowed(text) => text,
            // Only whole texts were copied in.
            TextStorage::Inline { bytes, length } => bytes
                .get(..*length)
                .and_then(|bytes| str::from_utf8(bytes).ok())
                .unwrap_or(""),
            TextStorage::Owned(text) => text,
        }
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_stay_on_the_stack_and_long_ones_are_whole() {
        let short = Text::shown(&u64::MAX);
        assert!(matches!(short.0, TextStorage::Inline { .. }));
        assert_eq!(&*short, "18446744073709551615");
        let long = "ä".repeat(INLINE);
        assert_eq!(&*Text::shown(&long), long);
        assert_eq!(
            &*Text::shown(&format_args!("{}{long}", 1)),
            format!("1{long}")
        );
        assert_eq!(&*Text::shown(""), "");
    }

    #[test]
    fn a_long_text_that_is_written_in_pieces_grows_in_place() {
        let mut text = Text::shown(&"x".repeat(INLINE));
        let (mut moves, mut before) = (0, text.as_ptr());
        for _ in 0..10_000 {
            let _ = text.write_str("ä");
            moves += usize::from(text.as_ptr() != before);
            before = text.as_ptr();
        }
        assert_eq!(text.len(), INLINE + 20_000);
        assert!(moves < 50, "it was copied {moves} times");
    }

    #[test]
    fn a_display_that_fails_is_harmless() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("half")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(&*Text::shown(&Broken), "half");
    }
}
