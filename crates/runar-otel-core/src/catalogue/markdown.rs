//! The catalogue as Markdown.

use std::fmt::{self, Write};

use super::{
    files::files,
    kind,
    list::{Catalogue, Entry},
};

impl Catalogue {
    /// Returns the catalogue as Markdown: one table, sorted by name. The same program gives the same string.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = table(self, &mut text);
        text
    }
}

fn table(catalogue: &Catalogue, out: &mut String) -> fmt::Result {
    out.write_str("# Metrics\n\n")?;
    out.write_str("| name | kind | unit | labels | description | buckets | declared in |\n")?;
    out.write_str("|---|---|---|---|---|---|---|\n")?;
    for entry in catalogue {
        row(entry, out)?;
    }
    Ok(())
}

fn row(entry: &Entry, out: &mut String) -> fmt::Result {
    let labels: Vec<String> = entry.labels.iter().map(|label| code(label)).collect();
    let files: Vec<String> = files(entry).iter().map(|file| cell(file)).collect();
    let bounds = |bounds: &Vec<f64>| {
        let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
        bounds.join(", ")
    };
    writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} | {} |",
        code(&entry.name),
        kind::word(entry.kind),
        code(&entry.unit),
        labels.join(", "),
        cell(&entry.description),
        entry.buckets.as_ref().map(bounds).unwrap_or_default(),
        files.join(", "),
    )
}

/// Formats a word as code; an empty word stays empty.
fn code(word: &str) -> String {
    if word.is_empty() {
        String::new()
    } else {
        format!("`{}`", cell(word).replace('`', "'"))
    }
}

/// Escapes a string so that it stays in its table cell.
fn cell(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_in_its_cell() {
        assert_eq!(cell("a | b\n  c"), "a \\| b c");
        assert_eq!(code("{request}"), "`{request}`");
        assert_eq!(code(""), "");
    }
}
