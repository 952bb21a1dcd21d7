//! The fields of spans and events in log lines.

use std::{cell::Cell, fmt};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::{RecordFields, VisitOutput},
    fmt::{
        FormatFields,
        format::{DefaultVisitor, Writer},
    },
};

use crate::traces::printable::Printable;

/// The default field format of `tracing-subscriber`, with control characters escaped, and faster: strings that need neither escapes nor colours are written
/// at a fifth of the cost. Every span writes its fields when it is made, whether or not there will be a line in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QuickFields;

impl<'writer> FormatFields<'writer> for QuickFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        if writer.has_ansi_escapes() {
            let mut visitor = DefaultVisitor::new(writer, true);
            fields.record(&mut Printable(&mut visitor));
            return visitor.finish();
        }
        let mut visitor = QuickVisitor::new(writer);
        fields.record(&mut visitor);
        visitor.finish()
    }
}

thread_local! {
    /// A buffer that the next visitor uses again, which saves growing a new one for each span.
    static ROOM: Cell<String> = const { Cell::new(String::new()) };
}

/// The largest capacity of a buffer that is kept for the next visitor, in bytes.
const MOST_ROOM: usize = 4096;

struct QuickVisitor<'writer> {
    writer: Writer<'writer>,
    /// Fields that are formatted, but not yet written to `writer`.
    pending: String,
    is_empty: bool,
    result: fmt::Result,
}

impl<'writer> QuickVisitor<'writer> {
    fn new(writer: Writer<'writer>) -> Self {
        Self {
            writer,
            pending: ROOM.try_with(Cell::take).unwrap_or_default(),
            is_empty: true,
            result: Ok(()),
        }
    }

    fn flush(&mut self) {
        if self.result.is_ok() && !self.pending.is_empty() {
            self.result = self.writer.write_str(&self.pending);
            self.pending.clear();
        }
    }

    /// Writes a field with the default visitor of `tracing-subscriber`.
    fn usual(
        &mut self,
        field: &Field,
        record: impl FnOnce(&mut Printable<'_, DefaultVisitor<'_>>),
    ) {
        self.flush();
        if self.result.is_err() {
            return;
        }
        if is_of_log(field.name()) {
            let mut visitor = DefaultVisitor::new(Writer::new(&mut self.pending), self.is_empty);
            record(&mut Printable(&mut visitor));
            self.is_empty &= self.pending.is_empty();
            return;
        }
        let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_empty);
        record(&mut Printable(&mut visitor));
        self.result = visitor.finish();
        self.is_empty = false;
    }

    fn finish(mut self) -> fmt::Result {
        self.flush();
        self.pending.clear();
        if self.pending.capacity() <= MOST_ROOM {
            let _ = ROOM.try_with(|room| room.set(self.pending));
        }
        self.result
    }
}

impl Visit for QuickVisitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let name = field.name();
        let is_usual = name == "message" || name.starts_with("r#") || is_of_log(name);
        if is_usual || !is_plain(value) {
            return self.usual(field, |visitor| visitor.record_str(field, value));
        }
        if !self.is_empty {
            self.pending.push(' ');
        }
        self.is_empty = false;
        self.pending.push_str(name);
        self.pending.push_str("=\"");
        self.pending.push_str(value);
        self.pending.push('"');
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.usual(field, |visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.usual(field, |visitor| visitor.record_debug(field, value));
    }
}

/// True for fields of the `log` crate's records. They may be left out, depending on features of `tracing-subscriber`.
fn is_of_log(name: &str) -> bool {
    name.starts_with("log.")
}

/// True if the `Debug` format of a string escapes nothing: printable ASCII without `"` and `\`.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::format::DefaultFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Text(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Text {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines<F>(fields: F, colour: bool, work: impl Fn()) -> String
    where
        F: for<'writer> FormatFields<'writer> + Send + Sync + 'static,
    {
        let text = Text::default();
        let output = text.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(colour)
            .with_writer(move || output.clone())
            .fmt_fields(fields)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(text.0.lock().unwrap().clone()).unwrap()
    }

    fn all_kinds() {
        let cause = io::Error::other("no \"disk\"");
        let error: &(dyn std::error::Error + 'static) = &cause;
        let late = tracing::field::Empty;
        let span = tracing::info_span!("sale", shop = "north", id = 7, till = "a\\b", more = late);
        span.record("more", "added");
        let _entered = span.entered();
        let _none = tracing::info_span!("none", later = late).entered();
        tracing::info!("sold");
        tracing::info!(text = "plain", "sold {}", 2);
        tracing::info!(log.target = "hidden", text = "first", other = "second");
        tracing::info!(
            message = "a message",
            escaped = "\u{1b}[31m",
            umlaut = "\u{e4}",
            empty = ""
        );
        tracing::info!(yes = true, text = "between", r#type = "raw", debug = ?Some(1), error);
        tracing::info!(error, text = "after an error");
    }

    #[test]
    fn fields_look_as_they_do_by_default() {
        for colour in [false, true] {
            let ours = lines(QuickFields, colour, all_kinds);
            assert_eq!(ours, lines(DefaultFields::new(), colour, all_kinds));
            assert_eq!(ours.lines().count(), 6, "{ours}");
        }
        let ours = lines(QuickFields, false, all_kinds);
        let span = r#"sale{shop="north" id=7 till="a\\b" more="added"}:none:"#;
        assert!(ours.contains(span), "{ours}");
    }

    fn hostile() {
        let bad = "one\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J\u{9b}2J\r\u{7f}\tend";
        let cause = io::Error::other(bad);
        let error: &(dyn std::error::Error + 'static) = &cause;
        let _span = tracing::info_span!("sale", shop = %bad, till = bad, other = error).entered();
        tracing::info!("{bad}");
        tracing::info!(message = bad, shown = %bad, debug = ?Raw(bad), error, text = bad);
    }

    /// A value with a `Debug` of its own, which escapes nothing.
    struct Raw(&'static str);

    impl fmt::Debug for Raw {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    #[test]
    fn no_value_begins_a_line_or_speaks_to_the_terminal() {
        let plain = lines(QuickFields, false, hostile);
        assert_eq!(plain.lines().count(), 2, "{plain}");
        let is_clean =
            |text: &str| !text.contains(|it: char| it.is_control() && !"\n\t".contains(it));
        assert!(is_clean(&plain), "{plain:?}");
        assert!(plain.contains("one\\n2026"), "{plain}");
        let coloured = lines(QuickFields, true, hostile);
        assert_eq!(coloured.lines().count(), 2, "{coloured}");
        assert!(!coloured.contains("\u{1b}[2J"), "{coloured:?}");
        // Apart from its colours a line is the same.
        let bare: String = coloured
            .split('\u{1b}')
            .enumerate()
            .map(|(at, part)| match at {
                0 => part,
                _ => part.split_once('m').map_or(part, |(_, rest)| rest),
            })
            .collect();
        assert_eq!(bare, plain);
    }

    /// An error with a source.
    #[derive(Debug)]
    struct Chained(&'static str, Option<Box<Chained>>);

    impl fmt::Display for Chained {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Chained {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            let source = self.1.as_deref()?;
            Some(source)
        }
    }

    #[test]
    fn the_sources_of_an_error_are_shown_and_escaped() {
        let shown = |inner: &'static str| {
            lines(QuickFields, false, || {
                let error = Chained("outer", Some(Box::new(Chained(inner, None))));
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::info!(error);
            })
        };
        let usual = shown("inner");
        assert_eq!(shown("in\nner"), usual.replace("inner", "in\\nner"));
        assert!(usual.contains("inner"), "{usual}");
    }
}
