//! Options of an attribute: `word`, `name = value`, `name(…)`, separated by commas.

use proc_macro2::{Span, TokenStream};
use strsim::osa_distance;
use syn::{
    Error, Expr, Ident, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

/// An option of an attribute, parsed but not yet interpreted.
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// The value behind the name of an option.
pub(crate) enum Value {
    /// No value, as in `skip_span`.
    None,
    /// An expression, as in `name = expression`.
    Is(Expr),
    /// Tokens in parentheses, as in `name(tokens)`.
    Of(TokenStream),
}

/// The options of one attribute.
pub(crate) struct Options(pub(crate) Vec<Given>);

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let given = Punctuated::<Given, Token![,]>::parse_terminated(input)?;
        Ok(Self(given.into_iter().collect()))
    }
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let Ok(name) = Ident::parse_any(input) else {
            return Err(input.error("expected an option, such as `name = …`"));
        };
        if input.peek(Token![:]) && !input.peek(Token![::]) {
            let message = format!("expected `=`, as in `{name} = …`");
            return Err(input.error(message));
        }
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Is(ungrouped(input.parse()?))
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            Value::Of(content.parse()?)
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}

/// Removes the invisible parentheses around expressions that a `macro_rules!` passes on: `name = $name`,
/// `labels = [$label]`.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Array(mut array) => {
            array.elems = array.elems.into_iter().map(ungrouped).collect();
            Expr::Array(array)
        }
        Expr::Unary(mut unary) => {
            *unary.expr = ungrouped(*unary.expr);
            Expr::Unary(unary)
        }
        other => other,
    }
}

/// Gathers errors, so that all are shown at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(Error::new(span, message));
    }

    /// Returns the value, or keeps the error and returns `None`.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Returns the error for an unknown option, with the closest known one.
pub(crate) fn unknown(name: &Ident, known: &[&str]) -> Error {
    let said = name.unraw().to_string();
    let message = match closest(&said, known) {
        Some(close) => format!("unknown option `{said}`: did you mean `{close}`?"),
        None => format!(
            "unknown option `{said}`: expected one of `{}`",
            known.join("`, `")
        ),
    };
    Error::new(name.span(), message)
}

/// Returns the known word that was probably meant: at most a third of its letters are different.
pub(crate) fn closest<'a>(said: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (osa_distance(said, word), *word))
        .filter(|(distance, word)| *distance * 3 <= word.chars().count().max(3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["buckets", "labels", "name", "prefix"];
        assert_eq!(closest("bukets", &known), Some("buckets"));
        assert_eq!(closest("lables", &known), Some("labels"));
        assert_eq!(closest("nmae", &known), Some("name"));
        assert_eq!(closest("unit", &known), None);
        assert_eq!(closest("label", &known), Some("labels"));
    }
}
