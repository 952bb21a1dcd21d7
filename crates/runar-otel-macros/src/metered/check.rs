//! Checks of the options of `#[metered]`, against each other and against the signature.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned as _;

use super::{Role, model::Model, options::MeteredOptions};
use crate::{names, options::Errors};

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
pub(crate) fn check_options(model: &Model<'_>, errors: &mut Errors) {
    let options = &model.options;
    if let Some(constness) = &model.signature.constness {
        errors.at(
            constness.span(),
            "a `const fn` cannot be metered: it also runs in the compiler, where nothing can be recorded",
        );
    }
    check_name(options, errors);
    check_labels(model, errors);
    check_span(options, errors);
    check_outcome(model, errors);
}

/// Checks the name of a family of metrics, which is valid by itself.
fn check_name(options: &MeteredOptions, errors: &mut Errors) {
    let Some(name) = options.name.as_ref().map(|name| &name.value) else {
        return;
    };
    let prefix = options.prefix.as_ref();
    let prefix = prefix.map_or_else(String::new, |prefix| prefix.value.value());
    let text = name.value();
    if let Some((suffix, stem)) = find_suffix(&text) {
        errors.at(
            name.span(),
            format!(
                "`{text}` would become `{text}{suffix}`: write `name = \"{stem}\"`, the suffixes are added"
            ),
        );
    } else if let Some(problem) = names::name_problem(&format!("{prefix}{text}{LONGEST_SUFFIX}")) {
        errors.at(name.span(), problem);
    }
}

/// Returns the suffix that would be doubled, and the name without any suffix.
fn find_suffix(name: &str) -> Option<(&'static str, &str)> {
    let (_, suffix) = SUFFIXES.iter().find(|(end, _)| name.ends_with(end))?;
    let mut stem = name;
    while let Some(shorter) = SUFFIXES.iter().find_map(|(end, _)| stem.strip_suffix(end)) {
        stem = shorter;
    }
    let stem = stem.strip_suffix("_requests").unwrap_or(stem);
    Some((suffix, if stem.is_empty() { "orders" } else { stem }))
}

fn check_labels(model: &Model<'_>, errors: &mut Errors) {
    let Some(labels) = &model.options.labels else {
        return;
    };
    if model.role == Role::Event {
        errors.at(
            labels.name.span(),
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
                    propose_label(&text, model)
                ),
            );
        } else if !seen.insert(text.clone()) {
            errors.at(label.span(), format!("label `{text}` is given twice"));
        }
    }
}

/// Returns another name for a label whose name is taken.
fn propose_label(label: &str, model: &Model<'_>) -> String {
    match label {
        "le" => "bound".to_owned(),
        _ => format!("{}_{label}", model.name()),
    }
}

fn check_span(options: &MeteredOptions, errors: &mut Errors) {
    if options.skip_span.is_none() {
        return;
    }
    let names = [
        options.span_name.as_ref().map(|option| &option.name),
        options.fields.as_ref().map(|option| &option.name),
        options.kind.as_ref().map(|option| &option.name),
        options.level.as_ref().map(|option| &option.name),
        options.keep_span.as_ref().map(|option| &option.name),
    ];
    for name in names.into_iter().flatten() {
        errors.at(
            name.span(),
            format!("`{name}` is of the span, and `skip_span` says that there is none"),
        );
    }
}

fn check_outcome(model: &Model<'_>, errors: &mut Errors) {
    let options = &model.options;
    if let (Some(_), Some(second)) = (&options.ok_if, &options.error_if) {
        errors.at(
            second.name.span(),
            "`ok_if` and `error_if` say the same thing: give one",
        );
    }
    if options.until.is_none() {
        return;
    }
    let judged = options.ok_if.as_ref().or(options.error_if.as_ref());
    if let Some(judged) = judged {
        errors.at(
            judged.name.span(),
            format!(
                "`{}` looks at the returned value, but `until = \"drop\"` at how it ends: give one",
                judged.name
            ),
        );
    }
    if model.lasting.is_none() {
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
