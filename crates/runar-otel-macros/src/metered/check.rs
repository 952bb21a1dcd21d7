//! Checks of the options of `#[metered]`, against each other and against the signature.

use std::collections::HashSet;

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{Expr, ExprLit, Lit, LitStr, spanned::Spanned as _};

use super::{
    Role,
    attr::{Bound, Said, Set},
    model::Model,
};
use crate::{
    names,
    options::{Errors, closest},
};

const KINDS: &[&str] = &["server", "client", "producer", "consumer", "internal"];
pub(crate) const LEVELS: &[&str] = &["trace", "debug", "info", "warn", "error"];
/// The labels that the macro and the exporters set.
const OWN: &[&str] = &["service", "action", "outcome", "error_type", "event", "le"];

/// The ends of names that a family adds anyway, and the suffix that would follow each.
const SUFFIXES: &[(&str, &str)] = &[
    ("_total", "_requests_total"),
    ("_active_requests", "_active_requests"),
    ("_duration_seconds", "_duration_seconds"),
];

/// The longest suffix that a family of metrics adds to its name.
const LONGEST_SUFFIX: &str = "_publish_duration_seconds";

/// Gathers all errors in the options of a function.
pub(crate) fn check(model: &Model<'_>, errors: &mut Errors) {
    let said = &model.said;
    if let Some(constness) = &model.signature.constness {
        errors.at(
            constness.span(),
            "a `const fn` cannot be metered: it also runs in the compiler, where nothing can be recorded",
        );
    }
    naming(said, errors);
    not_empty(said.event.as_ref(), errors);
    not_empty(said.service.as_ref(), errors);
    not_empty(said.span_name.as_ref(), errors);
    if let Some(buckets) = &said.buckets {
        increasing(&buckets.value, errors);
    }
    labels(model, errors);
    span(said, errors);
    outcome(model, errors);
}

fn naming(said: &Said, errors: &mut Errors) {
    let prefix = said.prefix.as_ref().map(|prefix| &prefix.value);
    let text = prefix.map_or_else(String::new, LitStr::value);
    let wrong = names::problem(&text).filter(|_| !text.is_empty());
    match (&said.name, prefix.zip(wrong)) {
        (Some(name), None) => name_after(&text, &name.value, errors),
        (name, Some((prefix, problem))) => {
            errors.at(prefix.span(), problem.replacen("metric name", "prefix", 1));
            if let Some(name) = name {
                name_after("", &name.value, errors);
            }
        }
        (None, None) => {}
    }
}

fn name_after(prefix: &str, name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    if let Some(problem) = names::problem(&text) {
        errors.at(name.span(), problem);
    } else if let Some((suffix, stem)) = suffixed(&text) {
        errors.at(
            name.span(),
            format!(
                "`{text}` would become `{text}{suffix}`: write `name = \"{stem}\"`, the suffixes are added"
            ),
        );
    } else if let Some(problem) = names::problem(&format!("{prefix}{text}{LONGEST_SUFFIX}")) {
        errors.at(name.span(), problem);
    }
}

/// Returns the suffix that would be doubled, and the name without any suffix.
fn suffixed(name: &str) -> Option<(&'static str, &str)> {
    let (_, suffix) = SUFFIXES.iter().find(|(end, _)| name.ends_with(end))?;
    let mut stem = name;
    while let Some(shorter) = SUFFIXES.iter().find_map(|(end, _)| stem.strip_suffix(end)) {
        stem = shorter;
    }
    let stem = stem.strip_suffix("_requests").unwrap_or(stem);
    Some((suffix, if stem.is_empty() { "orders" } else { stem }))
}

fn not_empty(set: Option<&Set<LitStr>>, errors: &mut Errors) {
    if let Some(Set { word, value }) = set
        && value.value().is_empty()
    {
        errors.at(value.span(), format!("`{word}` is empty"));
    }
}

fn increasing(bounds: &[Bound], errors: &mut Errors) {
    for (before, bound) in bounds.iter().zip(bounds.iter().skip(1)) {
        if bound.value <= before.value {
            let (bound_said, before_said) = (said(&bound.token), said(&before.token));
            errors.at(
                bound.token.span(),
                format!("bucket bounds must increase: {bound_said} follows {before_said}"),
            );
        }
    }
}

/// Returns the number as written in the source.
fn said(token: &Expr) -> String {
    token.to_token_stream().to_string().replace("- ", "-")
}

fn labels(model: &Model<'_>, errors: &mut Errors) {
    let Some(labels) = &model.said.labels else {
        return;
    };
    if model.role == Role::Event {
        errors.at(
            labels.word.span(),
            "the metrics of events have fixed labels: event, service, outcome and error_type",
        );
    }
    let mut seen = HashSet::new();
    for label in &labels.value {
        let text = label.value();
        if text.is_empty() {
            errors.at(label.span(), "a label is empty");
        } else if OWN.contains(&text.as_str()) {
            errors.at(
                label.span(),
                format!(
                    "`#[metered]` itself sets the label `{text}`: choose another name, such as `{}`",
                    other(&text, model)
                ),
            );
        } else if !seen.insert(text.clone()) {
            errors.at(label.span(), format!("label `{text}` is given twice"));
        }
    }
}

/// Returns another name for a label whose name is taken.
fn other(label: &str, model: &Model<'_>) -> String {
    match label {
        "le" => "bound".to_owned(),
        _ => format!("{}_{label}", model.name()),
    }
}

fn span(said: &Said, errors: &mut Errors) {
    if let Some(Set { value, .. }) = &said.kind {
        one_of(value, "kind", KINDS, errors);
    }
    if let Some(Set {
        value: Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }),
        ..
    }) = &said.level
    {
        one_of(text, "level", LEVELS, errors);
    }
    if said.skip_span.is_none() {
        return;
    }
    let words = [
        said.span_name.as_ref().map(|set| &set.word),
        said.fields.as_ref().map(|set| &set.word),
        said.kind.as_ref().map(|set| &set.word),
        said.level.as_ref().map(|set| &set.word),
        said.keep_span.as_ref().map(|set| &set.word),
    ];
    for word in words.into_iter().flatten() {
        errors.at(
            word.span(),
            format!("`{word}` is of the span, and `skip_span` says that there is none"),
        );
    }
}

fn one_of(text: &LitStr, word: &str, known: &[&str], errors: &mut Errors) {
    let value = text.value();
    if known.contains(&value.as_str()) {
        return;
    }
    let message = match closest(&value.to_lowercase(), known) {
        Some(close) => format!("unknown {word} `{value}`: did you mean `{close}`?"),
        None => format!(
            "unknown {word} `{value}`: expected one of `{}`",
            known.join("`, `")
        ),
    };
    errors.at(text.span(), message);
}

fn outcome(model: &Model<'_>, errors: &mut Errors) {
    let said = &model.said;
    if let (Some(_), Some(second)) = (&said.ok_if, &said.error_if) {
        errors.at(
            second.word.span(),
            "`ok_if` and `error_if` say the same thing: give one",
        );
    }
    let Some(until) = &said.until else {
        return;
    };
    let judged = said.ok_if.as_ref().or(said.error_if.as_ref());
    if let Some(judged) = judged {
        errors.at(
            judged.word.span(),
            format!(
                "`{}` looks at the returned value, but `until = \"drop\"` at how it ends: give one",
                judged.word
            ),
        );
    }
    if until.value.value() != "drop" {
        errors.at(
            until.value.span(),
            "`until` expects \"drop\": measure until what is returned ends or is dropped",
        );
    } else if model.opened.is_none() {
        errors.at(
            returned_span(model),
            "`until = \"drop\"` needs `impl Stream`, `Pin<Box<dyn Stream>>`, `BoxStream`, `impl Iterator`, `Box<dyn Iterator>`, `impl Body`, an `http::Response` with such a body, or a `Result` of one of these",
        );
    }
}

/// Returns the span of the return type, else that of the function's name.
fn returned_span(model: &Model<'_>) -> Span {
    match &model.signature.output {
        syn::ReturnType::Type(_, returned) => returned.span(),
        syn::ReturnType::Default => model.signature.ident.span(),
    }
}
