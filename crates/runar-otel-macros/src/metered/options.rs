//! The options in the parentheses of `#[metered(…)]`, each checked by itself.

use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, Lit, LitStr};

use crate::{
    crate_path::CratePath,
    options::{AttributeOption, BareString, Errors, OptionReader, Setting, ValueForm, value},
};

const KINDS: &[&str] = &["server", "client", "producer", "consumer", "internal"];
const LEVELS: &[&str] = &["trace", "debug", "info", "warn", "error"];

const PREDICATE: ValueForm = ValueForm {
    noun: "a closure or a function that takes the returned value by reference",
    example: " = |returned| …",
};
const FIELDS: ValueForm = ValueForm {
    noun: "fields of the span in parentheses",
    example: "(order_id = %id)",
};
const LEVEL: ValueForm = ValueForm {
    noun: "a level or a path to a `tracing::Level`",
    example: " = \"debug\"",
};

/// The options of `#[metered(…)]`.
pub(crate) struct MeteredOptions {
    pub(crate) name: Option<Setting<LitStr>>,
    pub(crate) prefix: Option<Setting<LitStr>>,
    pub(crate) buckets: Option<Setting<Vec<f64>>>,
    pub(crate) labels: Option<Setting<Vec<LitStr>>>,
    pub(crate) event: Option<Setting<LitStr>>,
    pub(crate) service: Option<Setting<LitStr>>,
    pub(crate) ok_if: Option<Setting<Expr>>,
    pub(crate) error_if: Option<Setting<Expr>>,
    pub(crate) fields: Option<Setting<TokenStream>>,
    pub(crate) kind: Option<Setting<LitStr>>,
    pub(crate) level: Option<Setting<Expr>>,
    pub(crate) span_name: Option<Setting<LitStr>>,
    pub(crate) skip_span: Option<Setting<()>>,
    pub(crate) keep_span: Option<Setting<()>>,
    pub(crate) until: Option<Setting<()>>,
    pub(crate) crate_path: Option<CratePath>,
}

impl MeteredOptions {
    /// Reads the tokens between the parentheses.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, BareString::Lacks("name"));
        let read = Self {
            name: options.read("name", value::metric_name),
            prefix: options.read("prefix", value::prefix),
            buckets: options.read_any(&["buckets", "histogram_buckets"], bounds),
            labels: options.read("labels", labels),
            event: options.read("event", value::text),
            service: options.read("service", value::text),
            ok_if: options.read("ok_if", predicate),
            error_if: options.read("error_if", predicate),
            fields: options.read("fields", |option| option.parenthesized(&FIELDS).cloned()),
            kind: options.read("kind", |option| value::choice(option, KINDS)),
            level: options.read("level", level),
            span_name: options.read("span_name", value::text),
            skip_span: options.read("skip_span", value::word),
            keep_span: options.read("keep_span", value::word),
            until: options.read("until", until),
            crate_path: options.read_crate_path(),
        };
        options.finish(errors);
        read
    }
}

fn bounds(option: &AttributeOption) -> syn::Result<Vec<f64>> {
    option.require_elements(value::bounds(option)?)
}

fn labels(option: &AttributeOption) -> syn::Result<Vec<LitStr>> {
    option.require_elements(value::strings(option)?)
}

fn predicate(option: &AttributeOption) -> syn::Result<Expr> {
    match option.expression(&PREDICATE)? {
        closure @ (Expr::Closure(_) | Expr::Path(_)) => Ok(closure.clone()),
        _ => Err(option.mismatch(&PREDICATE)),
    }
}

fn level(option: &AttributeOption) -> syn::Result<Expr> {
    let level = option.expression(&LEVEL)?;
    match level {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => value::check_choice(option, text, LEVELS)?,
        Expr::Path(_) => {}
        _ => return Err(option.mismatch(&LEVEL)),
    }
    Ok(level.clone())
}

fn until(option: &AttributeOption) -> syn::Result<()> {
    if value::string(option)?.value() == "drop" {
        return Ok(());
    }
    let expected = "expected \"drop\", which measures until the returned value ends or is dropped";
    Err(option.value_error(expected))
}
