//! `cache(enabled = true, ttl = 60)`: whether and how long answers may be kept.

use proc_macro2::Span;
use syn::{Error, Expr, ExprLit, Lit, spanned::Spanned as _};

use crate::options::{Errors, Given, Options, Value, unknown};

const OPTIONS: [&str; 2] = ["enabled", "ttl"];

/// Parses the time that answers may be kept, in milliseconds; `None` if they may not.
pub(super) fn parse(given: &Given) -> syn::Result<Option<u64>> {
    let Value::Of(tokens) = &given.value else {
        let message = "`cache` takes options: write `cache(enabled = true, ttl = 60)`";
        return Err(Error::new(given.name.span(), message));
    };
    let mut errors = Errors::default();
    let (mut enabled, mut ttl) = (true, None);
    for option in syn::parse2::<Options>(tokens.clone())?.0 {
        match option.name.to_string().as_str() {
            "enabled" => enabled = errors.keep(option.flag()).unwrap_or(true),
            "ttl" => ttl = errors.keep(milliseconds(&option)),
            _ => errors.push(unknown(&option.name, &OPTIONS)),
        }
    }
    errors.finish()?;
    match (enabled, ttl) {
        (false, _) => Ok(None),
        (true, Some(ttl)) => Ok(Some(ttl)),
        (true, None) => {
            let message =
                "`cache` needs a time: write `cache(enabled = true, ttl = 60)`, in seconds";
            Err(Error::new(given.name.span(), message))
        }
    }
}

/// Parses a positive number of seconds, or a duration such as `"5m"`, into milliseconds.
fn milliseconds(given: &Given) -> syn::Result<u64> {
    let Value::Is(value) = &given.value else {
        return Err(expected(given.name.span()));
    };
    let Expr::Lit(ExprLit { lit, .. }) = value else {
        return Err(expected(value.span()));
    };
    let found = match lit {
        Lit::Int(seconds) => seconds
            .base10_parse::<u64>()
            .ok()
            .and_then(|s| s.checked_mul(1000)),
        Lit::Str(text) => duration(&text.value()),
        _ => None,
    };
    found
        .filter(|milliseconds| *milliseconds > 0)
        .ok_or_else(|| expected(value.span()))
}

fn expected(span: Span) -> Error {
    let message = "`ttl` takes a positive number of seconds, or a duration: write `ttl = 60` or `ttl = \"5m\"` (ms, s, m, h, d)";
    Error::new(span, message)
}

fn duration(said: &str) -> Option<u64> {
    let end = said.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = said.split_at_checked(end)?;
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
        assert_eq!(duration("500ms"), Some(500));
        assert_eq!(duration("5m"), Some(300_000));
        assert_eq!(duration("1 h"), Some(3_600_000));
        assert_eq!(duration("5"), None);
        assert_eq!(duration("m"), None);
        assert_eq!(duration("5 weeks"), None);
    }
}
