//! `cache(enabled = true, ttl = 60)`: whether and how long answers may be kept.

use syn::{Error, Expr, ExprLit, Lit};

use crate::options::{AttributeOption, BareString, Errors, OptionReader, ValueForm, value};

const CACHE: ValueForm = ValueForm {
    noun: "options",
    example: "(enabled = true, ttl = 60)",
};
const TTL: ValueForm = ValueForm {
    noun: "a positive number of seconds or a duration in ms, s, m, h or d",
    example: " = \"5m\"",
};

/// Parses the time that answers may be kept, in milliseconds; `None` if they may not.
pub(super) fn parse(option: &AttributeOption) -> syn::Result<Option<u64>> {
    let tokens = option.parenthesized(&CACHE)?;
    let mut options = OptionReader::new(tokens.clone(), BareString::Lacks("ttl"));
    let enabled = options.read("enabled", value::flag);
    let ttl = options.read("ttl", parse_milliseconds);
    let lacks_ttl = options.lacks("ttl");
    let mut errors = Errors::default();
    options.finish(&mut errors);
    let enabled = enabled.is_none_or(|enabled| enabled.value);
    if enabled && lacks_ttl {
        let message = "`cache` needs a time: write `cache(enabled = true, ttl = 60)`, in seconds";
        errors.push(Error::new(option.name.span(), message));
    }
    errors.finish()?;
    Ok(ttl.filter(|_| enabled).map(|ttl| ttl.value))
}

/// Parses a positive number of seconds, or a duration such as `"5m"`, into milliseconds.
fn parse_milliseconds(option: &AttributeOption) -> syn::Result<u64> {
    let Expr::Lit(ExprLit { lit, .. }) = option.expression(&TTL)? else {
        return Err(option.mismatch(&TTL));
    };
    let milliseconds = match lit {
        Lit::Int(seconds) => seconds
            .base10_parse::<u64>()
            .ok()
            .and_then(|seconds| seconds.checked_mul(1000)),
        Lit::Str(text) => parse_duration(&text.value()),
        _ => None,
    };
    milliseconds
        .filter(|milliseconds| *milliseconds > 0)
        .ok_or_else(|| option.mismatch(&TTL))
}

fn parse_duration(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(500));
        assert_eq!(parse_duration("5m"), Some(300_000));
        assert_eq!(parse_duration("1 h"), Some(3_600_000));
        assert_eq!(parse_duration("5"), None);
        assert_eq!(parse_duration("m"), None);
        assert_eq!(parse_duration("5 weeks"), None);
    }
}
