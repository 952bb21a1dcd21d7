//! Rules of the two formats that the test kit's reader forgives.

use std::collections::{BTreeMap, HashMap, HashSet};

use runar_otel_testing::{Family, Kind, Labels, Page, Sample};

/// The format to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The text format 0.0.4.
    Text,
}

type Outcome<T> = Result<T, String>;

/// Reads the samples of a page; any departure from the format is an error.
pub(crate) fn read(body: &str, format: Format) -> Outcome<Vec<Sample>> {
    let ends = match format {
        Format::OpenMetrics => body.ends_with("# EOF\n"),
        Format::Text => body.is_empty() || body.ends_with('\n'),
    };
    expect(ends, "the end of the page")?;
    check_headers(body.strip_suffix("# EOF\n").unwrap_or(body))?;
    let page = Page::parse(body).map_err(|error| error.to_string())?;
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for family in page.families() {
        expect(
            family.name.ends_with(&unit_suffix(family)),
            "a unit that ends the name",
        )?;
        let mut label_sets = HashSet::new();
        for sample in &family.samples {
            check_sample(sample, family, format)?;
            let owner = *owners.entry(&sample.name).or_insert(&family.name);
            expect(owner == family.name, &format!("one owner of {sample:?}"))?;
            let is_new = label_sets.insert((&sample.name, &sample.labels));
            expect(is_new, &format!("{sample:?} once"))?;
        }
        if family.kind == Kind::Histogram {
            check_buckets(family)?;
        }
    }
    let families = page.families().iter();
    Ok(families.flat_map(|family| family.samples.clone()).collect())
}

/// Checks that lines are samples or headers, and that each header is complete and stands once.
fn check_headers(body: &str) -> Outcome<()> {
    let mut headers = HashSet::new();
    for line in body.split_terminator('\n') {
        expect(!line.is_empty(), "no empty line")?;
        let Some(header) = line.strip_prefix('#') else {
            continue;
        };
        let mut words = header.splitn(4, ' ');
        let (before, keyword) = (words.next(), words.next());
        let (name, rest) = (words.next(), words.next());
        let known = matches!(keyword, Some("TYPE" | "HELP" | "UNIT"));
        expect(before == Some("") && known && rest.is_some(), line)?;
        expect(headers.insert((keyword, name)), &format!("once: {line}"))?;
    }
    Ok(())
}

fn unit_suffix(family: &Family) -> String {
    match family.unit.as_str() {
        "" => String::new(),
        unit => format!("_{unit}"),
    }
}

fn check_sample(sample: &Sample, family: &Family, format: Format) -> Outcome<()> {
    let suffix = sample.name.strip_prefix(family.name.as_str());
    let suffix = suffix.ok_or("a sample of the family")?;
    let allowed: &[&str] = match (family.kind, format) {
        (Kind::Counter, Format::OpenMetrics) => &["_total"],
        (Kind::Counter, Format::Text) | (Kind::Gauge | Kind::Unknown, _) => &[""],
        (Kind::Info, Format::OpenMetrics) => &["_info"],
        (Kind::Histogram, _) => &["_bucket", "_sum", "_count"],
        (Kind::Summary, _) => &["", "_sum", "_count"],
        (kind, _) => return Err(format!("no type {kind:?}")),
    };
    expect(allowed.contains(&suffix), &format!("no {}", sample.name))?;
    expect(sample.timestamp.is_none(), "no time of a sample")?;
    expect(all_have_values(&sample.labels), "a value of each label")?;
    let is_count = ["_total", "_bucket", "_sum", "_count"].contains(&suffix);
    if format == Format::OpenMetrics && is_count {
        expect(sample.value >= 0.0, &format!("no {}", sample.value))?;
    }
    check_exemplar(sample, suffix, format)
}

fn check_exemplar(sample: &Sample, suffix: &str, format: Format) -> Outcome<()> {
    let Some(exemplar) = &sample.exemplar else {
        return Ok(());
    };
    let place = format == Format::OpenMetrics && ["_total", "_bucket"].contains(&suffix);
    expect(place, "no exemplar here")?;
    expect(exemplar.timestamp.is_some(), "the time of an exemplar")?;
    expect(all_have_values(&exemplar.labels), "a value of each label")?;
    let labels = exemplar.labels.iter();
    let length: usize = labels
        .map(|(name, value)| name.chars().count() + value.chars().count())
        .sum();
    expect(length <= 128, "an exemplar of 128 code points")?;
    match sample.labels.get("le") {
        Some(bound) if suffix == "_bucket" => expect(
            exemplar.value <= number(bound)?,
            "an exemplar of its bucket",
        ),
        _ => Ok(()),
    }
}

/// Checks that buckets of one series ascend in bound and count, and end with infinity.
fn check_buckets(family: &Family) -> Outcome<()> {
    let mut last: BTreeMap<Labels, (f64, f64)> = BTreeMap::new();
    let samples = family.samples.iter();
    for sample in samples.filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = sample.labels.clone();
        let bound = number(&labels.remove("le").ok_or("a bound")?)?;
        let before = last.insert(labels, (bound, sample.value));
        let (below, count) = before.unwrap_or((f64::NEG_INFINITY, 0.0));
        expect(below < bound && count <= sample.value, "ascending buckets")?;
    }
    let is_complete = last.values().all(|(bound, _)| bound.is_infinite());
    expect(is_complete, "a bucket up to infinity")
}

fn all_have_values(labels: &Labels) -> bool {
    labels.values().all(|value| !value.is_empty())
}

fn number(text: &str) -> Outcome<f64> {
    text.parse().map_err(|_| format!("a number, not {text}"))
}

fn expect(holds: bool, expected: &str) -> Outcome<()> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected {expected}"))
    }
}
