//! The arguments of the macros that record: a name, `value: …` and `labels: {…}`.

use proc_macro2::TokenTree;
use quote::ToTokens as _;
use syn::{
    Error, Expr, ExprLit, Ident, Lit, LitStr, Token, braced, bracketed,
    ext::IdentExt as _,
    parse::{Parse as _, ParseStream},
    spanned::Spanned as _,
    token::Brace,
};

use super::Macro;
use crate::{
    crate_path::CratePath,
    names,
    options::{Errors, find_nearest, propose, source_text},
};

/// A use of a macro, parsed.
pub(crate) struct Call {
    pub(crate) crate_path: CratePath,
    pub(crate) name: LitStr,
    pub(crate) value: Option<Expr>,
    pub(crate) labels: Vec<(LitStr, Expr)>,
}

/// Parses the `[$crate]` that the declarative macro puts first.
pub(crate) fn parse_crate_path(input: ParseStream<'_>) -> syn::Result<CratePath> {
    let content;
    bracketed!(content in input);
    Ok(CratePath::from_tokens(content.parse()?))
}

/// Returns the string literal that an expression is, if it is one.
pub(crate) fn find_literal(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        Expr::Group(group) => find_literal(&group.expr),
        _ => None,
    }
}

/// Parses one use and checks it; all errors are reported at once.
pub(crate) fn parse_call(which: Macro, input: ParseStream<'_>) -> syn::Result<Call> {
    let crate_path = parse_crate_path(input)?;
    let mut errors = Errors::default();
    let name = parse_name(which, input)?;
    let mut given = Arguments::default();
    while !input.is_empty() {
        parse_comma(input)?;
        if !input.is_empty() {
            given.parse_argument(which, input, &mut errors)?;
        }
    }
    let name = errors.keep(name);
    let lacks_value = which.needs_value() && given.value.is_none() && !given.is_doubtful;
    if let (Some(name), true) = (&name, lacks_value) {
        errors.at(
            name.span(),
            format!(
                "expected a value: write `{}!({}, value: …)`",
                which.name(),
                name.to_token_stream()
            ),
        );
    }
    errors.finish()?;
    Ok(Call {
        crate_path,
        name: name.unwrap_or_else(|| LitStr::new("", input.span())),
        value: given.value,
        labels: given.labels.unwrap_or_default(),
    })
}

fn parse_comma(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![,]) {
        return input.parse::<Token![,]>().map(drop);
    }
    Err(Error::new(input.span(), "expected `,`"))
}

/// True if a word with `:` (or `=`, by mistake) is next.
fn is_keyed(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any)
        && !input.peek2(Token![::])
        && (input.peek2(Token![:]) || input.peek2(Token![=]) && !input.peek2(Token![==]))
}

/// Parses the name. The outer error ends parsing, after the inner one parsing continues.
fn parse_name(which: Macro, input: ParseStream<'_>) -> syn::Result<syn::Result<LitStr>> {
    if input.is_empty() || is_keyed(input) {
        let expected = format!(
            "expected the name of a metric, as in `{}!(\"name\"{})`",
            which.name(),
            if which.needs_value() {
                ", value: …"
            } else {
                ""
            }
        );
        return Err(Error::new(input.span(), expected));
    }
    let given: Expr = input.parse()?;
    let Some(name) = find_literal(&given) else {
        return Ok(Err(Error::new(
            given.span(),
            format!(
                "expected a string literal; for run-time names use `{}::new`",
                which.handle()
            ),
        )));
    };
    Ok(match names::name_problem(&name.value()) {
        Some(problem) => Err(Error::new(name.span(), problem)),
        None => Ok(name.clone()),
    })
}

#[derive(Default)]
struct Arguments {
    value: Option<Expr>,
    labels: Option<Vec<(LitStr, Expr)>>,
    /// True if an argument was reported that may be meant as the value.
    is_doubtful: bool,
}

impl Arguments {
    /// Parses the argument after a comma.
    fn parse_argument(
        &mut self,
        which: Macro,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if !is_keyed(input) {
            self.is_doubtful = true;
            return report_unkeyed(which, input, errors);
        }
        let key = Ident::parse_any(input)?;
        if input.peek(Token![=]) {
            let sign: Token![=] = input.parse()?;
            errors.at(sign.span(), format!("expected `:`, as in `{key}: …`"));
        } else {
            input.parse::<Token![:]>()?;
        }
        let twice = || Error::new(key.span(), format!("`{key}` is given twice"));
        match key.to_string().as_str() {
            "value" if which != Macro::Timer => {
                let value = input.parse()?;
                if self.value.replace(value).is_some() {
                    errors.push(twice());
                }
            }
            "labels" => {
                let given = parse_labels(which, input, errors)?;
                if self.labels.replace(given).is_some() {
                    errors.push(twice());
                }
            }
            _ => {
                self.is_doubtful = true;
                errors.push(unknown_key_error(which, &key));
                skip_argument(input);
            }
        }
        Ok(())
    }
}

/// Reports a value or labels without their key.
fn report_unkeyed(which: Macro, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(Brace) {
        let group: TokenTree = input.parse()?;
        errors.at(group.span(), "write `labels: {…}`");
        return Ok(());
    }
    let given: Expr = input.parse()?;
    let message = match which {
        Macro::Timer => "expected `labels: {…}`: a timer measures its value itself".to_owned(),
        _ => format!("write `value: {}`", source_text(&given)),
    };
    errors.at(given.span(), message);
    Ok(())
}

fn unknown_key_error(which: Macro, key: &Ident) -> Error {
    let key_name = key.to_string();
    if which == Macro::Timer && key_name == "value" {
        return Error::new(key.span(), "a timer measures its value itself");
    }
    let nearest = find_nearest(&key_name, which.keys());
    let message = propose("key", &key_name, nearest, which.keys());
    Error::new(key.span(), message)
}

/// Skips tokens up to the next comma.
fn skip_argument(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = TokenTree::parse(input);
    }
}

/// Parses labels: `{"key" => value, …}`.
fn parse_labels(
    which: Macro,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Vec<(LitStr, Expr)>> {
    if !input.peek(Brace) {
        let span = input.span();
        skip_argument(input);
        errors.at(span, "expected braces: write `labels: {\"key\" => value}`");
        return Ok(Vec::new());
    }
    let content;
    braced!(content in input);
    let mut labels: Vec<(LitStr, Expr)> = Vec::new();
    while !content.is_empty() {
        if let Some((key, value)) = parse_label(&content, errors)? {
            check_key(which, &key, &labels, errors);
            labels.push((key, value));
        }
        if !content.is_empty() {
            parse_comma(&content)?;
        }
    }
    Ok(labels)
}

fn parse_label(
    content: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Option<(LitStr, Expr)>> {
    let before = content.span();
    let Ok(key) = content.parse::<LitStr>() else {
        skip_argument(content);
        errors.at(
            before,
            "expected a string literal: the names of labels are known when the program is compiled",
        );
        return Ok(None);
    };
    if content.peek(Token![=>]) {
        content.parse::<Token![=>]>()?;
    } else if content.peek(Token![=]) || content.peek(Token![:]) {
        let sign: TokenTree = content.parse()?;
        errors.at(
            sign.span(),
            format!("expected `=>`, as in `{} => value`", key.to_token_stream()),
        );
    } else {
        let expected = format!(
            "expected `=>` and the label's value, as in `{} => value`",
            key.to_token_stream()
        );
        return Err(Error::new(content.span(), expected));
    }
    Ok(Some((key, content.parse()?)))
}

fn check_key(which: Macro, key: &LitStr, before: &[(LitStr, Expr)], errors: &mut Errors) {
    let name = key.value();
    if name.is_empty() {
        errors.at(
            key.span(),
            "label without a name: expected at least one character",
        );
    } else if name == "le" && which.is_histogram() {
        errors.at(
            key.span(),
            "every histogram has a label `le` for its buckets: expected another name",
        );
    } else if before.iter().any(|(known, _)| known.value() == name) {
        errors.at(key.span(), format!("label `{name}` is given twice"));
    }
}
