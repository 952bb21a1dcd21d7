//! The lines that open a family.

use super::{
    family::{Family, Kind},
    format::Dialect,
    number::{Quotes, write_escaped},
};

/// Writes the header of a family in the order that its format demands.
pub(super) fn write(out: &mut String, family: &Family<'_>, dialect: Dialect) {
    match dialect {
        Dialect::OpenMetrics => write_openmetrics(out, family),
        Dialect::Text => write_text(out, family),
    }
}

fn write_openmetrics(out: &mut String, family: &Family<'_>) {
    let name = family.base.as_str();
    write_line(out, "TYPE", name, kind(family));
    let unit = family.unit.as_ref();
    // OpenMetrics 1.0: the unit and an underscore before it must end the name.
    let ends = name
        .strip_suffix(unit)
        .is_some_and(|rest| rest.ends_with('_'));
    if !unit.is_empty() && ends {
        write_line(out, "UNIT", name, unit);
    }
    write_help(out, name, family.help, Quotes::Escaped);
}

fn write_text(out: &mut String, family: &Family<'_>) {
    let name = family.full();
    write_help(out, &name, family.help, Quotes::Plain);
    let kind = match family.kind {
        Kind::Counter => "counter",
        _ => kind(family),
    };
    write_line(out, "TYPE", &name, kind);
}

fn kind(family: &Family<'_>) -> &'static str {
    match family.kind {
        // OpenMetrics has no counter without the suffix.
        Kind::Counter if family.total.is_empty() => "unknown",
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
    }
}

fn write_line(out: &mut String, keyword: &str, name: &str, value: &str) {
    write_start(out, keyword, name);
    out.push_str(value);
    out.push('\n');
}

fn write_help(out: &mut String, name: &str, help: &str, quotes: Quotes) {
    if !help.is_empty() {
        write_start(out, "HELP", name);
        write_escaped(out, help, quotes);
        out.push('\n');
    }
}

fn write_start(out: &mut String, keyword: &str, name: &str) {
    out.push_str("# ");
    out.push_str(keyword);
    out.push(' ');
    out.push_str(name);
    out.push(' ');
}
