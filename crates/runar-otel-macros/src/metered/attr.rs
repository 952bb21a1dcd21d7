//! The options in the parentheses of `#[metered(…)]`, each checked by itself.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, UnOp, ext::IdentExt as _,
    parse::Parser as _, spanned::Spanned as _,
};

use crate::options::{Errors, Given, Options, Value, unknown};

const KNOWN: &[&str] = &[
    "name",
    "prefix",
    "buckets",
    "histogram_buckets",
    "labels",
    "event",
    "service",
    "ok_if",
    "error_if",
    "fields",
    "kind",
    "level",
    "span_name",
    "skip_span",
    "keep_span",
    "until",
    "crate",
];

/// An option that was given: its word, for messages, and its value.
pub(crate) struct Set<T> {
    pub(crate) word: Ident,
    pub(crate) value: T,
}

/// A bucket bound in seconds, with its token for messages.
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) token: Expr,
}

/// The options of `#[metered(…)]`.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) name: Option<Set<LitStr>>,
    pub(crate) prefix: Option<Set<LitStr>>,
    pub(crate) buckets: Option<Set<Vec<Bound>>>,
    pub(crate) labels: Option<Set<Vec<LitStr>>>,
    pub(crate) event: Option<Set<LitStr>>,
    pub(crate) service: Option<Set<LitStr>>,
    pub(crate) ok_if: Option<Set<Expr>>,
    pub(crate) error_if: Option<Set<Expr>>,
    pub(crate) fields: Option<Set<TokenStream>>,
    pub(crate) kind: Option<Set<LitStr>>,
    pub(crate) level: Option<Set<Expr>>,
    pub(crate) span_name: Option<Set<LitStr>>,
    pub(crate) skip_span: Option<Set<()>>,
    pub(crate) keep_span: Option<Set<()>>,
    pub(crate) until: Option<Set<LitStr>>,
    pub(crate) krate: Option<Set<Path>>,
}

impl Said {
    /// Reads the tokens between the parentheses.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut said = Self::default();
        if let Some(Ok(literal)) = starts_with_literal(&tokens) {
            errors.push(Error::new_spanned(
                &literal,
                format!(
                    "expected an option, such as `name = {}`",
                    literal.to_token_stream()
                ),
            ));
            return said;
        }
        if let Some(options) = errors.keep(syn::parse2::<Options>(tokens)) {
            for given in options.0 {
                said.take(given, errors);
            }
        }
        said
    }

    fn take(&mut self, Given { name, value }: Given, errors: &mut Errors) {
        match name.unraw().to_string().as_str() {
            "name" => put(&mut self.name, &name, text(&name, value), errors),
            "prefix" => put(&mut self.prefix, &name, text(&name, value), errors),
            "event" => put(&mut self.event, &name, text(&name, value), errors),
            "service" => put(&mut self.service, &name, text(&name, value), errors),
            "kind" => put(&mut self.kind, &name, text(&name, value), errors),
            "span_name" => put(&mut self.span_name, &name, text(&name, value), errors),
            "until" => put(&mut self.until, &name, text(&name, value), errors),
            "labels" => put(&mut self.labels, &name, texts(&name, value), errors),
            "buckets" | "histogram_buckets" => {
                put(&mut self.buckets, &name, bounds(&name, value), errors);
            }
            "ok_if" => put(&mut self.ok_if, &name, predicate(&name, value), errors),
            "error_if" => put(&mut self.error_if, &name, predicate(&name, value), errors),
            "fields" => put(&mut self.fields, &name, fields(&name, value), errors),
            "level" => put(&mut self.level, &name, level(&name, value), errors),
            "skip_span" => put(&mut self.skip_span, &name, nothing(&name, &value), errors),
            "keep_span" => put(&mut self.keep_span, &name, nothing(&name, &value), errors),
            "crate" => put(&mut self.krate, &name, path(&name, value), errors),
            _ => errors.push(unknown(&name, KNOWN)),
        }
    }
}

/// Returns the tokens between the parentheses of an attribute; empty if it has none.
pub(crate) fn tokens(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(given) => Err(Error::new_spanned(
            given,
            "expected `#[metered]` or `#[metered(…)]`",
        )),
    }
}

fn starts_with_literal(tokens: &TokenStream) -> Option<syn::Result<Lit>> {
    let first = tokens.clone().into_iter().next()?;
    matches!(first, proc_macro2::TokenTree::Literal(_))
        .then(|| syn::parse2(first.to_token_stream()))
}

fn put<T>(slot: &mut Option<Set<T>>, word: &Ident, value: syn::Result<T>, errors: &mut Errors) {
    if let Some(before) = slot {
        let (first, second) = (before.word.unraw(), word.unraw());
        let message = if first == second {
            format!("`{second}` is given twice")
        } else {
            format!("`{second}` and `{first}` are the same option: give one")
        };
        errors.at(word.span(), message);
    } else if let Some(value) = errors.keep(value) {
        let word = word.clone();
        *slot = Some(Set { word, value });
    }
}

/// Returns the expression behind `=`, or an error that names what is expected there.
fn value_of(word: &Ident, value: Value, expected: &str) -> syn::Result<Expr> {
    match value {
        Value::Is(expr) => Ok(expr),
        Value::None | Value::Of(_) => Err(Error::new(word.span(), wrong(word, expected))),
    }
}

fn wrong(word: &Ident, expected: &str) -> String {
    format!("`{}` expects {expected}", word.unraw())
}

fn text(word: &Ident, value: Value) -> syn::Result<LitStr> {
    let expected = format!("a string literal: `{} = \"…\"`", word.unraw());
    match value_of(word, value, &expected)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text),
        other => Err(Error::new_spanned(other, wrong(word, &expected))),
    }
}

fn texts(word: &Ident, value: Value) -> syn::Result<Vec<LitStr>> {
    let expected = format!("string literals: `{} = [\"…\", \"…\"]`", word.unraw());
    let list = list(word, value, &expected)?;
    gather(list.into_iter().map(|element| match element {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text),
        other => Err(Error::new_spanned(other, "expected a string literal")),
    }))
}

fn bounds(word: &Ident, value: Value) -> syn::Result<Vec<Bound>> {
    let expected = format!("numbers: `{} = [0.1, 0.5, 1.0]`", word.unraw());
    let list = list(word, value, &expected)?;
    gather(list.into_iter().map(|token| match number(&token) {
        Some(value) if value.is_finite() => Ok(Bound { value, token }),
        _ => Err(Error::new_spanned(
            token,
            "expected a number in seconds, such as `0.5`",
        )),
    }))
}

fn list(word: &Ident, value: Value, expected: &str) -> syn::Result<Vec<Expr>> {
    match value_of(word, value, expected)? {
        Expr::Array(array) if array.elems.is_empty() => Err(Error::new_spanned(
            array,
            format!("`{}` is empty: expected at least one", word.unraw()),
        )),
        Expr::Array(array) => Ok(array.elems.into_iter().collect()),
        other => Err(Error::new_spanned(other, wrong(word, expected))),
    }
}

/// Returns all values, or all errors in one.
fn gather<T>(results: impl Iterator<Item = syn::Result<T>>) -> syn::Result<Vec<T>> {
    let mut errors = Errors::default();
    let values = results.filter_map(|result| errors.keep(result)).collect();
    errors.finish()?;
    Ok(values)
}

fn number(token: &Expr) -> Option<f64> {
    match token {
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(-number(&unary.expr)?),
        _ => None,
    }
}

fn predicate(word: &Ident, value: Value) -> syn::Result<Expr> {
    let expected = format!(
        "a closure or a function that takes the returned value by reference: `{} = |returned| …`",
        word.unraw()
    );
    match value_of(word, value, &expected)? {
        closure @ (Expr::Closure(_) | Expr::Path(_)) => Ok(closure),
        other => Err(Error::new_spanned(other, wrong(word, &expected))),
    }
}

fn fields(word: &Ident, value: Value) -> syn::Result<TokenStream> {
    let expected = wrong(
        word,
        "fields of the span in parentheses: `fields(order_id = %id)`",
    );
    match value {
        Value::Of(tokens) => Ok(tokens),
        Value::Is(expr) => Err(Error::new_spanned(expr, expected)),
        Value::None => Err(Error::new(word.span(), expected)),
    }
}

fn level(word: &Ident, value: Value) -> syn::Result<Expr> {
    let expected =
        "\"trace\", \"debug\", \"info\", \"warn\", \"error\", or a path to a `tracing::Level`";
    match value_of(word, value, expected)? {
        level @ (Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        })
        | Expr::Path(_)) => Ok(level),
        other => Err(Error::new_spanned(other, wrong(word, expected))),
    }
}

fn nothing(word: &Ident, value: &Value) -> syn::Result<()> {
    let span = match value {
        Value::None => return Ok(()),
        Value::Is(expr) => expr.span(),
        Value::Of(_) => word.span(),
    };
    Err(Error::new(span, format!("`{word}` takes no value")))
}

fn path(word: &Ident, value: Value) -> syn::Result<Path> {
    let expected = "the path of the crate: `crate = my_crate::otel`";
    match value_of(word, value, expected)? {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        // As serde writes it: `crate = "my_crate::otel"`.
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Path::parse_mod_style
            .parse2(text.parse()?)
            .map_err(|_| Error::new(text.span(), wrong(word, expected))),
        other => Err(Error::new_spanned(other, wrong(word, expected))),
    }
}
