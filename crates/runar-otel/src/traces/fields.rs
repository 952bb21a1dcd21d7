//! The fields of spans and events in log lines.

use std::{cell::Cell, fmt};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::{RecordFields, VisitOutput},
    fmt::{
        FormatFields,
        format::{DefaultFields, DefaultVisitor, Writer},
    },
};

/// The default field format of `tracing-subscriber`, faster: strings that need neither escapes nor colours are written
/// at a fifth of the cost. Every span writes its fields when it is made, whether or not there will be a line in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QuickFields;

impl<'writer> FormatFields<'writer> for QuickFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        if writer.has_ansi_escapes() {
            return DefaultFields::new().format_fields(writer, fields);
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
    fn usual(&mut self, field: &Field, record: impl FnOnce(&mut DefaultVisitor<'_>)) {
        self.flush();
        if self.result.is_err() {
            return;
        }
        if is_of_log(field.name()) {
            let visitor = &mut DefaultVisitor::new(Writer::new(&mut self.pending), self.is_empty);
            record(visitor);
            self.is_empty &= self.pending.is_empty();
            return;
        }
        let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_empty);
        record(&mut visitor);
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
}
