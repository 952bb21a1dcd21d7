//! A line of a page, read as a sample.

use std::str::FromStr;

use super::family::{PageExemplar, Sample};
use crate::series::Labels;

type Outcome<T> = Result<T, String>;

/// Reads `name{labels} value [timestamp] [# {labels} value [timestamp]]`.
pub(super) fn sample(line: &str) -> Outcome<Sample> {
    let end = line
        .find(['{', ' ', '\t'])
        .ok_or("a value after the name")?;
    let (name, rest) = line.split_at(end);
    if !is_name(name, Colon::Allowed) {
        return Err(format!("a name, not `{name}`"));
    }
    let (labels, rest) = labels_of(rest.trim_start())?;
    let (numbers, exemplar) = match rest.split_once(" # ") {
        Some((numbers, exemplar)) => (numbers, Some(self::exemplar(exemplar)?)),
        None => (rest, None),
    };
    let (value, timestamp) = value_and_time(numbers)?;
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value,
        timestamp,
        exemplar,
    })
}

fn exemplar(text: &str) -> Outcome<PageExemplar> {
    if !text.starts_with('{') {
        return Err("the labels of an exemplar in braces".to_owned());
    }
    let (labels, numbers) = labels_of(text)?;
    let (value, timestamp) = value_and_time(numbers)?;
    Ok(PageExemplar {
        labels,
        value,
        timestamp,
    })
}

fn value_and_time(text: &str) -> Outcome<(f64, Option<f64>)> {
    let mut numbers = text.split_ascii_whitespace();
    let value = number(numbers.next().ok_or("a value")?)?;
    let timestamp = numbers.next().map(number).transpose()?;
    match numbers.next() {
        Some(further) => Err(format!("the end of the line, not `{further}`")),
        None => Ok((value, timestamp)),
    }
}

/// Reads labels in braces, if there are any, and returns them with the rest of the line.
fn labels_of(text: &str) -> Outcome<(Labels, &str)> {
    let mut labels = Labels::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return Ok((labels, text));
    };
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once("=\"").ok_or("a label as name=\"value\"")?;
        if !is_name(name.trim(), Colon::Forbidden) {
            return Err(format!("the name of a label, not `{name}`"));
        }
        let (value, after) = quoted(after)?;
        if labels.insert(name.trim().to_owned(), value).is_some() {
            return Err(format!("the label `{name}` once"));
        }
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("a comma or a brace after a label".to_owned()),
        }
    }
}

/// Reads up to the closing quote, and returns the string, unescaped, with the rest of the line.
fn quoted(text: &str) -> Outcome<(String, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    });
    let (value, rest) = text.split_at(end.ok_or("a closing quote")?);
    Ok((unescape(value)?, rest.strip_prefix('"').unwrap_or(rest)))
}

/// Undoes `\\`, `\"` and `\n`.
pub(super) fn unescape(text: &str) -> Outcome<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(special @ ('"' | '\\')) => special,
                other => return Err(format!("\\\\, \\\" or \\n, not \\{}", other.unwrap_or(' '))),
            },
            other => other,
        });
    }
    Ok(plain)
}

fn number(text: &str) -> Outcome<f64> {
    f64::from_str(text).map_err(|_| format!("a number, not `{text}`"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Colon {
    Allowed,
    Forbidden,
}

pub(super) fn is_name(name: &str, colon: Colon) -> bool {
    let valid = |character: char| {
        character.is_ascii_alphanumeric()
            || character == '_'
            || (colon == Colon::Allowed && character == ':')
    };
    !name.is_empty()
        && name.chars().all(valid)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_labels_value_time_and_exemplar() {
        let line =
            r#"a_bucket{le="0.5",path="C:\\x \"q\" # {\n"} 3 1.5 # {trace_id="7f"} 0.25 2.5"#;
        let sample = sample(line).unwrap();
        assert_eq!(sample.labels["path"], "C:\\x \"q\" # {\n");
        assert_eq!((sample.value, sample.timestamp), (3.0, Some(1.5)));
        let exemplar = sample.exemplar.unwrap();
        assert_eq!(exemplar.labels["trace_id"], "7f");
        assert_eq!((exemplar.value, exemplar.timestamp), (0.25, Some(2.5)));
    }

    #[test]
    fn special_numbers_are_numbers() {
        for (text, expected) in [("+Inf", f64::INFINITY), ("-Inf", f64::NEG_INFINITY)] {
            assert_eq!(sample(&format!("a {text}")).unwrap().value, expected);
        }
        assert!(sample("a NaN").unwrap().value.is_nan());
    }

    #[test]
    fn a_bad_sample_is_refused() {
        for line in [
            "",
            "a",
            "a x",
            "a 1 2 3",
            "1a 1",
            "a{b} 1",
            "a{b=\"c} 1",
            "a{b=\"c\" d=\"e\"} 1",
            "a{b=\"c\",b=\"d\"} 1",
            "a{b:c=\"d\"} 1",
            "a{b=\"\\t\"} 1",
            "a 1 # trace_id 1",
        ] {
            assert!(sample(line).is_err(), "{line}");
        }
    }
}
