//! The syntax of options, before an attribute gives them a meaning.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Expr, ExprLit, Ident, Lit, LitStr, Token,
    ext::IdentExt as _,
    parse::{Parse as _, ParseStream, Parser as _},
    token::Paren,
};

use super::source::source_text;

/// An option of an attribute, parsed but not yet interpreted.
pub(crate) struct AttributeOption {
    pub(crate) name: Ident,
    pub(crate) value: OptionValue,
}

/// The value behind the name of an option.
pub(crate) enum OptionValue {
    /// No value, as in `skip_span`.
    Absent,
    /// An expression, as in `name = expression`.
    Expression(Expr),
    /// Tokens in parentheses, as in `name(tokens)`.
    Parenthesized(TokenStream),
}

/// The meaning of a string without a name at the beginning of the options: `#[action("get")]`.
#[derive(Clone, Copy)]
pub(crate) enum BareString {
    /// The value of this option.
    ValueOf(&'static str),
    /// A mistake, whose message proposes this option.
    Lacks(&'static str),
}

impl BareString {
    fn option(self) -> &'static str {
        match self {
            Self::ValueOf(option) | Self::Lacks(option) => option,
        }
    }
}

impl AttributeOption {
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name
    }
}

/// Parses options, each or its syntax error, in the order of the source.
pub(super) fn parse_options(
    tokens: TokenStream,
    bare: BareString,
) -> Vec<syn::Result<AttributeOption>> {
    let parse = |input: ParseStream<'_>| {
        let mut options = Vec::new();
        while !input.is_empty() {
            let option = match bare {
                BareString::ValueOf(name) if options.is_empty() && input.peek(LitStr) => {
                    parse_bare(input, name)
                }
                _ => parse_option(input, bare),
            };
            let option = option.and_then(|option| parse_end(input).map(|()| option));
            if option.is_err() {
                skip_to_option(input);
            }
            options.push(option);
        }
        Ok(options)
    };
    parse
        .parse2(tokens)
        .unwrap_or_else(|error| vec![Err(error)])
}

fn parse_bare(input: ParseStream<'_>, name: &str) -> syn::Result<AttributeOption> {
    let text: LitStr = input.parse()?;
    Ok(AttributeOption {
        name: Ident::new(name, text.span()),
        value: OptionValue::Expression(Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: Lit::Str(text),
        })),
    })
}

fn parse_option(input: ParseStream<'_>, bare: BareString) -> syn::Result<AttributeOption> {
    let Ok(name) = Ident::parse_any(input) else {
        let value = match input.fork().parse::<Lit>() {
            Ok(literal) => source_text(&literal),
            Err(_) => "…".to_owned(),
        };
        let message = format!("expected an option, such as `{} = {value}`", bare.option());
        return Err(input.error(message));
    };
    let name = name.unraw();
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        OptionValue::Expression(ungroup(input.parse()?))
    } else if input.peek(Paren) {
        let content;
        syn::parenthesized!(content in input);
        OptionValue::Parenthesized(content.parse()?)
    } else if is_at_end(input) {
        OptionValue::Absent
    } else {
        return Err(input.error(format!("expected `=`, as in `{name} = …`")));
    };
    Ok(AttributeOption { name, value })
}

fn is_at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Parses the comma behind an option.
fn parse_end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if input.peek(Token![,]) {
        return input.parse::<Token![,]>().map(drop);
    }
    Err(input.error("expected `,`"))
}

/// Skips the rest of an option with a syntax error: to a comma before tokens that begin an option, right or wrong. Other
/// commas may be part of the value, as in `|a, b| a`.
fn skip_to_option(input: ParseStream<'_>) {
    while !input.is_empty() {
        let is_comma = input.peek(Token![,]);
        if TokenTree::parse(input).is_err() || is_comma && begins_option(input) {
            return;
        }
    }
}

fn begins_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    Ident::parse_any(&ahead).is_ok()
        && (is_at_end(&ahead)
            || ahead.peek(Paren)
            || ahead.peek(Lit)
            || ahead.peek(Token![=]) && !ahead.peek(Token![==])
            || ahead.peek(Token![:]) && !ahead.peek(Token![::]))
}

/// Removes the invisible parentheses around expressions that a `macro_rules!` passes on: `name = $name`,
/// `labels = [$label]`.
fn ungroup(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungroup(*group.expr),
        Expr::Array(mut array) => {
            array.elems = array.elems.into_iter().map(ungroup).collect();
            Expr::Array(array)
        }
        Expr::Unary(mut unary) => {
            *unary.expr = ungroup(*unary.expr);
            Expr::Unary(unary)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// The names of the options, and the messages in their places.
    fn outline(tokens: TokenStream) -> Vec<String> {
        let options = parse_options(tokens, BareString::Lacks("name")).into_iter();
        options
            .map(|option| match option {
                Ok(option) => option.name.to_string(),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn a_syntax_error_costs_one_option() {
        assert_eq!(
            outline(quote!(name "a", unit = "s", "b", labels: ["c"], fields(a, b), skip_span)),
            [
                "expected `=`, as in `name = …`",
                "unit",
                "expected an option, such as `name = \"b\"`",
                "expected `=`, as in `labels = …`",
                "fields",
                "skip_span",
            ]
        );
    }

    #[test]
    fn a_comma_within_a_value_begins_no_option() {
        assert_eq!(
            outline(quote!(ok_if = |a, b| +, name = "a")),
            ["expected an expression", "name"]
        );
    }
}
