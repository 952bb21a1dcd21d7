//! Fields without control characters: no value begins a line of its own, or speaks to the terminal.

use std::{
    error::Error,
    fmt::{self, Write},
};

use tracing::field::{Field, Visit};

/// A visitor that hands the values on with their control characters escaped, but for tabs.
pub(crate) struct Printable<'a, V>(pub(crate) &'a mut V);

/// Forwards values that cannot have control characters.
macro_rules! forward {
    ($($method:ident: $value:ty),*) => {
        $(fn $method(&mut self, field: &Field, value: $value) {
            self.0.$method(field, value);
        })*
    };
}

impl<V: Visit> Visit for Printable<'_, V> {
    forward!(record_f64: f64, record_i64: i64, record_u64: u64, record_i128: i128, record_u128: u128, record_bool: bool);

    /// Records a string. A field is written with its `Debug`, which escapes; the message is not, and is escaped here.
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() == "message" && value.contains(is_control) {
            true => self
                .0
                .record_debug(field, &format_args!("{}", Escaped(&value))),
            false => self.0.record_str(field, value),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        match Told::of(value) {
            Some(told) => self.0.record_error(field, &told),
            None => self.0.record_error(field, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.record_debug(field, &EscapedDebug(value));
    }
}

/// A control character that is not written: all but the tab.
fn is_control(character: char) -> bool {
    character.is_control() && character != '\t'
}

/// A value whose text is escaped as it is written.
struct Escaped<'a>(&'a dyn fmt::Display);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// A value whose `Debug`, or the text of `%value`, is escaped as it is written.
struct EscapedDebug<'a>(&'a dyn fmt::Debug);

impl fmt::Debug for EscapedDebug<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{:?}", self.0)
    }
}

/// A writer that escapes control characters.
struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_control) {
            match part.char_indices().next_back() {
                Some((at, last)) if is_control(last) => {
                    self.0.write_str(part.get(..at).unwrap_or_default())?;
                    write!(self.0, "{}", last.escape_debug())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// The text of an error and its sources, escaped.
#[derive(Debug)]
struct Told {
    text: String,
    source: Option<Box<Self>>,
}

impl Told {
    /// Escapes an error; `None` if nothing has to be escaped.
    fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let texts = texts(error);
        let is_told = texts.iter().any(|text| text.contains(is_control));
        is_told.then(|| Self::from_texts(&texts)).flatten()
    }

    fn from_texts(texts: &[String]) -> Option<Self> {
        let (first, sources) = texts.split_first()?;
        Some(Self {
            text: Escaped(first).to_string(),
            source: Self::from_texts(sources).map(Box::new),
        })
    }
}

/// The largest number of sources of an error that are shown, 100: a chain may be a circle.
const MOST_SOURCES: usize = 100;

fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.take(MOST_SOURCES).map(ToString::to_string).collect()
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
