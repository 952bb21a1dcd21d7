//! A strict reader of the two formats.

use std::collections::{HashMap, HashSet};

/// The format to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Our text format 0.0.4.
    Text,
    /// The text format as the `prometheus` crate writes it.
    Foreign,
}

/// One sample.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The name with its suffix.
    pub(crate) name: String,
    /// Labels, unescaped.
    pub(crate) labels: Labels,
    /// The value.
    pub(crate) value: f64,
    /// Labels and value of the exemplar.
    pub(crate) exemplar: Option<(Labels, f64)>,
}

type Labels = Vec<(String, String)>;
type Outcome<T> = Result<T, String>;

/// Reads an exposition; any departure from the format is an error.
pub(crate) fn read(body: &str, format: Format) -> Outcome<Vec<Sample>> {
    let mut lines: Vec<&str> = body.split('\n').collect();
    expect(lines.pop() == Some(""), "no line feed at the end")?;
    if format == Format::OpenMetrics {
        expect(lines.pop() == Some("# EOF"), "no EOF")?;
    }
    let mut family: Option<(String, String)> = None;
    let mut keywords: HashSet<(String, String)> = HashSet::new();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut series = HashSet::new();
    let mut samples = Vec::new();
    for line in lines {
        let Some(header) = line.strip_prefix("# ") else {
            let sample = sample(line)?;
            let (name, kind) = family.as_ref().ok_or("a sample before any header")?;
            belongs(&sample, name, kind, format)?;
            let owner = names
                .entry(sample.name.clone())
                .or_insert_with(|| name.clone());
            expect(
                owner == name,
                &format!("two families write {}", sample.name),
            )?;
            let mut labels = sample.labels.clone();
            labels.sort();
            expect(
                series.insert((sample.name.clone(), labels)),
                &format!("twice: {line}"),
            )?;
            samples.push(sample);
            continue;
        };
        let mut parts = header.splitn(3, ' ');
        let keyword = parts.next().unwrap_or_default();
        let name = parts.next().ok_or("no name")?.to_owned();
        let rest = parts.next().ok_or("no text")?;
        expect(["TYPE", "HELP", "UNIT"].contains(&keyword), header)?;
        expect(is_name(&name, true), &name)?;
        expect(keywords.insert((keyword.to_owned(), name.clone())), header)?;
        match keyword {
            "TYPE" => {
                keywords.insert((rest.to_owned(), name.clone()));
                family = Some((name, rest.to_owned()));
            }
            "UNIT" => expect(name.ends_with(&format!("_{rest}")), header)?,
            _ => drop(unescape(rest)?),
        }
    }
    buckets(&samples, &keywords)?;
    Ok(samples)
}

fn belongs(sample: &Sample, name: &str, kind: &str, format: Format) -> Outcome<()> {
    let suffix = sample.name.strip_prefix(name).ok_or("foreign sample")?;
    let allowed: &[&str] = match (kind, format) {
        ("counter", Format::OpenMetrics) => &["_total"],
        ("counter", _) => {
            expect(name.ends_with("_total"), name)?;
            &[""]
        }
        ("gauge", _) => &[""],
        ("info", Format::OpenMetrics) => &["_info"],
        ("histogram", _) => &["_bucket", "_sum", "_count"],
        ("summary", _) => &["", "_sum", "_count"],
        _ => return Err(format!("type {kind}")),
    };
    expect(allowed.contains(&suffix), &sample.name)?;
    let names: HashSet<&str> = sample
        .labels
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    expect(names.len() == sample.labels.len(), "a label twice")?;
    let counted = ["_total", "_bucket", "_sum", "_count"].contains(&suffix);
    if format == Format::OpenMetrics && counted {
        expect(
            sample.value >= 0.0,
            &format!("{}: {}", sample.name, sample.value),
        )?;
    }
    exemplar(sample, suffix, format)
}

fn exemplar(sample: &Sample, suffix: &str, format: Format) -> Outcome<()> {
    let Some((labels, value)) = &sample.exemplar else {
        return Ok(());
    };
    expect(
        format == Format::OpenMetrics,
        "an exemplar in the text format",
    )?;
    expect(
        ["_total", "_bucket"].contains(&suffix),
        "exemplar misplaced",
    )?;
    let length: usize = labels
        .iter()
        .map(|(name, value)| name.chars().count() + value.chars().count())
        .sum();
    expect(length <= 128, "an exemplar beyond 128 code points")?;
    let mut labels = sample.labels.iter();
    let bound = labels.find(|(name, _)| name == "le" && suffix == "_bucket");
    match bound {
        Some((_, bound)) => expect(*value <= number(bound)?, "an exemplar above its bucket"),
        None => Ok(()),
    }
}

/// Checks that buckets of one series ascend in bound and count, and end with infinity.
fn buckets(samples: &[Sample], keywords: &HashSet<(String, String)>) -> Outcome<()> {
    let mut last: HashMap<(String, Labels), (f64, f64)> = HashMap::new();
    for sample in samples {
        let Some(family) = sample.name.strip_suffix("_bucket") else {
            continue;
        };
        if !keywords.contains(&("histogram".to_owned(), family.to_owned())) {
            continue;
        }
        let mut labels = sample.labels.clone();
        let (le, bound) = labels.pop().ok_or("no bound")?;
        expect(le == "le", &le)?;
        let bound = number(&bound)?;
        let before = last.insert((family.to_owned(), labels), (bound, sample.value));
        let (below, count) = before.unwrap_or((f64::NEG_INFINITY, 0.0));
        expect(
            below < bound && count <= sample.value,
            "buckets out of order",
        )?;
    }
    let complete = last.values().all(|(bound, _)| bound.is_infinite());
    expect(complete, "no bucket up to infinity")
}

fn sample(line: &str) -> Outcome<Sample> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    expect(is_name(name, true), name)?;
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let rest = rest.strip_prefix(' ').ok_or("no space before the value")?;
    let (value, exemplar) = match rest.split_once(" # {") {
        Some((value, rest)) => {
            let (labels, rest) = self::labels(rest)?;
            let rest = rest.strip_prefix(' ').ok_or("no value of the exemplar")?;
            let (value_of, time) = rest.split_once(' ').ok_or("no time")?;
            number(time)?;
            (value, Some((labels, number(value_of)?)))
        }
        None => (rest, None),
    };
    Ok(Sample {
        name: name.to_owned(),
        labels,
        value: number(value)?,
        exemplar,
    })
}

/// Reads labels up to the closing brace; gives what follows it.
fn labels(text: &str) -> Outcome<(Labels, &str)> {
    let mut labels = Vec::new();
    let mut rest = text;
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((labels, rest));
    }
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("no value of a label")?;
        expect(is_name(name, false), name)?;
        let end = closing_quote(after).ok_or("no closing quote")?;
        let (value, after) = after.split_at(end);
        expect(!value.is_empty(), "a label without a value")?;
        labels.push((name.to_owned(), unescape(value)?));
        let after = after.get(1..).unwrap_or_default();
        if let Some(after) = after.strip_prefix('}') {
            return Ok((labels, after));
        }
        rest = after.strip_prefix(',').ok_or("no comma between labels")?;
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    })
}

fn unescape(text: &str) -> Outcome<String> {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some(special @ ('"' | '\\')) => special,
                other => return Err(format!("escaped {other:?}")),
            },
            other => other,
        });
    }
    Ok(plain)
}

fn number(text: &str) -> Outcome<f64> {
    let known = ["NaN", "+Inf", "-Inf", "inf", "-inf"].contains(&text);
    let plain = text
        .chars()
        .all(|character| character.is_ascii_digit() || "+-.e".contains(character));
    expect(known || plain, text)?;
    text.parse().map_err(|_| format!("no number: {text}"))
}

fn is_name(name: &str, colon: bool) -> bool {
    let valid = |character: char| {
        character.is_ascii_alphanumeric() || character == '_' || (colon && character == ':')
    };
    !name.is_empty()
        && name.chars().all(valid)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn expect(holds: bool, what: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}
