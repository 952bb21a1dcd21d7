//! Families from the text of a page.

use super::{
    family::Family,
    line::{self, Colon},
};
use crate::series::Kind;

/// The first line of a page that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the page: expected {expected}: {text}")]
#[non_exhaustive]
pub struct ParseError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The expected form of the line or of a part of it.
    pub expected: String,
    /// The line itself.
    pub text: String,
}

/// The format of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenMetrics,
    Text,
}

pub(super) fn families(text: &str) -> Result<Vec<Family>, ParseError> {
    let format = match text.lines().last() {
        Some("# EOF") => Format::OpenMetrics,
        _ => Format::Text,
    };
    let mut families = Vec::new();
    for (at, line) in text.lines().enumerate() {
        read(&mut families, line, format).map_err(|expected| ParseError {
            line: at + 1,
            expected,
            text: line.to_owned(),
        })?;
    }
    Ok(families)
}

fn read(families: &mut Vec<Family>, line: &str, format: Format) -> Result<(), String> {
    if let Some(comment) = line.strip_prefix('#') {
        return header(families, comment.trim_start());
    }
    if line.trim().is_empty() {
        return Ok(());
    }
    let sample = line::sample(line)?;
    let last = families.last_mut();
    let family = match last.filter(|family| family.owns(&sample.name)) {
        Some(family) => family,
        // A sample without any header is a family of its own.
        None => start(families, &sample.name)?,
    };
    if format == Format::OpenMetrics && family.kind == Kind::Counter && sample.name == family.name {
        return Err("`_total` at the end of a counter's sample".to_owned());
    }
    family.samples.push(sample);
    Ok(())
}

fn header(families: &mut Vec<Family>, text: &str) -> Result<(), String> {
    let mut words = text.splitn(3, ' ');
    let (keyword, name) = (words.next().unwrap_or_default(), words.next());
    let rest = words.next().unwrap_or_default();
    let (true, Some(name)) = (["TYPE", "HELP", "UNIT"].contains(&keyword), name) else {
        return Ok(());
    };
    let known = families.last().is_some_and(|last| last.name == name);
    let family = match families.last_mut() {
        Some(last) if known => last,
        _ => start(families, name)?,
    };
    match keyword {
        "TYPE" => family.kind = kind(rest)?,
        "UNIT" => rest.clone_into(&mut family.unit),
        _ => family.help = line::unescape(rest)?,
    }
    Ok(())
}

/// Begins a family; none comes twice on a page.
fn start<'f>(families: &'f mut Vec<Family>, name: &str) -> Result<&'f mut Family, String> {
    if !line::is_name(name, Colon::Allowed) {
        return Err(format!("a name, not `{name}`"));
    }
    if families.iter().any(|family| family.name == name) {
        return Err(format!("the lines of `{name}` together"));
    }
    families.push(Family::new(name));
    families.last_mut().ok_or_else(String::new)
}

fn kind(text: &str) -> Result<Kind, String> {
    Ok(match text {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "summary" => Kind::Summary,
        "info" => Kind::Info,
        "unknown" | "untyped" | "stateset" | "gaugehistogram" => Kind::Unknown,
        other => return Err(format!("a type, not `{other}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_in_any_order() {
        let text =
            "# HELP a_total A \\\\ text\n# TYPE a_total counter\na_total{b=\"c\"} 1\nfree 2\n";
        let families = families(text).unwrap();
        assert_eq!(families.len(), 2);
        assert_eq!(families[0].kind, Kind::Counter);
        assert_eq!(families[0].help, "A \\ text");
        assert_eq!(families[1].kind, Kind::Unknown);
    }

    #[test]
    fn a_counter_of_openmetrics_ends_with_total() {
        assert!(families("# TYPE a counter\na 1\n").is_ok());
        let error = families("# TYPE a counter\na 1\n# EOF\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.to_string().contains("`_total`"), "{error}");
    }

    #[test]
    fn families_do_not_mix() {
        let error = families("a 1\nb 1\na 2\n").unwrap_err();
        assert_eq!(error.line, 3);
    }

    #[test]
    fn comments_and_empty_lines_are_nothing() {
        assert_eq!(families("# any words\n\n#\n").unwrap(), []);
    }
}
