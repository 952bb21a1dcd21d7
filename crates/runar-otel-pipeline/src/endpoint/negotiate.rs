//! Content negotiation: the text format and the coding that a client wants (RFC 9110, "Content Negotiation").

use crate::encode::exposition::{OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE};

/// The text formats of the endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The Prometheus text format 0.0.4, which everybody understands but which has no exemplars.
    #[default]
    Text,
    /// OpenMetrics 1.0, which has exemplars.
    OpenMetrics,
}

impl Format {
    /// Returns the value of `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => TEXT_CONTENT_TYPE,
            Self::OpenMetrics => OPENMETRICS_CONTENT_TYPE,
        }
    }

    fn matches(self, range: &Range<'_>) -> Option<Specificity> {
        let (kind, subtype, versions): (_, _, &[&str]) = match self {
            Self::Text => ("text", "plain", &["0.0.4"]),
            // Version 0.0.1 became 1.0.0; clients that ask for 0.0.1 read both.
            Self::OpenMetrics => ("application", "openmetrics-text", &["1.0.0", "0.0.1"]),
        };
        if range.kind == "*" && range.subtype == "*" {
            return Some(Specificity::Anything);
        }
        if !range.kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        if range.subtype == "*" {
            return Some(Specificity::Kind);
        }
        let named = range.subtype.eq_ignore_ascii_case(subtype)
            && range
                .version
                .is_none_or(|version| versions.contains(&version));
        named.then_some(Specificity::Name)
    }
}

/// Returns the format that an `Accept` header asks for.
///
/// OpenMetrics if it weighs more than the text format, or as much and is named. The text format in every other case:
/// without the header, for `*/*`, and for a header that makes no sense.
#[must_use]
pub fn format(accept: Option<&str>) -> Format {
    let ranges: Vec<Range<'_>> = accept.map(ranges).unwrap_or_default();
    let text = preference(Format::Text, &ranges);
    let open = preference(Format::OpenMetrics, &ranges);
    let by_name = open.specificity > Specificity::Anything;
    if open.quality > text.quality
        || (open.quality > 0.0 && by_name && open.quality >= text.quality)
    {
        return Format::OpenMetrics;
    }
    Format::Text
}

/// True if an `Accept-Encoding` header allows gzip and does not prefer `identity`.
#[must_use]
pub fn accepts_gzip(accept_encoding: Option<&str>) -> bool {
    let mut gzip = None;
    let mut anything = None;
    let mut identity = None;
    for coding in parts(accept_encoding.unwrap_or_default(), ',') {
        let (name, parameters) = head_and_parameters(coding);
        let Some(quality) = quality(parameters) else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => identity = Some(quality),
            "*" => anything = Some(quality),
            _ => {}
        }
    }
    let gzip = gzip.or(anything).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// A media range of an `Accept` header.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

/// The precision with which a range names a format; the most precise range counts.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Specificity {
    None,
    Anything,
    Kind,
    Name,
}

struct Preference {
    specificity: Specificity,
    quality: f32,
}

fn preference(format: Format, ranges: &[Range<'_>]) -> Preference {
    let mut best = Preference {
        specificity: Specificity::None,
        quality: 0.0,
    };
    for range in ranges {
        let Some(specificity) = format.matches(range) else {
            continue;
        };
        if (specificity, range.quality) > (best.specificity, best.quality) {
            best = Preference {
                specificity,
                quality: range.quality,
            };
        }
    }
    best
}

/// Parses the ranges of a header, without malformed ones.
fn ranges(accept: &str) -> Vec<Range<'_>> {
    parts(accept, ',').filter_map(range).collect()
}

fn range(text: &str) -> Option<Range<'_>> {
    let (media, parameters) = head_and_parameters(text);
    let (kind, subtype) = media.split_once('/')?;
    Some(Range {
        kind: kind.trim(),
        subtype: subtype.trim(),
        version: parameter(parameters, "version"),
        quality: quality(parameters)?,
    })
}

fn head_and_parameters(text: &str) -> (&str, &str) {
    let (head, parameters) = text.split_once(';').unwrap_or((text, ""));
    (head.trim(), parameters)
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parts(parameters, ';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// Returns the weight `q`, 1 without one, or `None` if it is no number from 0 to 1.
fn quality(parameters: &str) -> Option<f32> {
    let Some(text) = parameter(parameters, "q") else {
        return Some(1.0);
    };
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let weight = text.parse().ok()?;
    (0.0..=1.0).contains(&weight).then_some(weight)
}

/// Splits a header at the separators that stand outside quotes.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c| {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !literal => escaped = true,
            '"' if !literal => quoted = !quoted,
            _ => {}
        }
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,\
        text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    const PROMETHEUS_2_PROTOBUF: &str = "application/vnd.google.protobuf;\
        proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    const BROWSER: &str =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    #[test]
    fn openmetrics_is_for_those_who_name_it() {
        for accept in [
            PROMETHEUS_3,
            "application/openmetrics-text",
            "application/openmetrics-text; version=0.0.1",
            "APPLICATION/OpenMetrics-Text;Version=\"1.0.0\" ; Q=0.1",
            "text/plain;q=0.5, application/openmetrics-text;q=0.5",
            "application/*",
            "text/plain;q=0, */*",
            "text/plain;note=\"a,b;q=1\";q=0.1,application/openmetrics-text;q=0.2",
        ] {
            assert_eq!(format(Some(accept)), Format::OpenMetrics, "{accept}");
        }
    }

    #[test]
    fn everybody_else_gets_the_text_format() {
        assert_eq!(format(None), Format::Text);
        for accept in [
            "",
            "*/*",
            "text/*",
            "text/plain",
            BROWSER,
            PROMETHEUS_2_PROTOBUF,
            "application/json",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0, */*",
            "application/openmetrics-text;q=0.1, text/plain;q=0.2",
            "application/openmetrics-text;q=0.2, */*",
            "application/openmetrics-text;q=nan",
            "application/openmetrics-text;q=2",
            "application/openmetrics-text;q=0",
            "\"application/openmetrics-text",
        ] {
            assert_eq!(format(Some(accept)), Format::Text, "{accept}");
        }
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for accept in [
            "gzip",
            "deflate, GZIP;q=0.5",
            "*",
            "x-gzip",
            "identity;q=0.5, gzip",
        ] {
            assert!(accepts_gzip(Some(accept)), "{accept}");
        }
        for accept in [
            "",
            "br",
            "gzip;q=0",
            "*, gzip;q=0.0",
            "gzip;q=0.1, identity",
            "gzip;q=x",
        ] {
            assert!(!accepts_gzip(Some(accept)), "{accept}");
        }
        assert!(!accepts_gzip(None));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = (format(Some(&text)), accepts_gzip(Some(&text)));
        }

        #[test]
        fn anything_like_a_header_is_answered(
            text in r#"(application/openmetrics-text|text/plain|\*/\*|gzip|;|,|=|"|\\|q|version|0\.5|1|é| ){0,20}"#
        ) {
            let _ = (format(Some(&text)), accepts_gzip(Some(&text)));
        }

        #[test]
        fn the_higher_weight_wins(open in 1_u16..=1000, text in 1_u16..=1000) {
            let weight = |thousandths: u16| f32::from(thousandths) / 1000.0;
            let accept = format!(
                "text/plain;q={},application/openmetrics-text;q={}",
                weight(text),
                weight(open),
            );
            let expected = if open >= text { Format::OpenMetrics } else { Format::Text };
            prop_assert_eq!(format(Some(&accept)), expected);
        }
    }
}
