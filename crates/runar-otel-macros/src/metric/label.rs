//! Labels of a metric, and the parameters that stand for them.

use proc_macro2::Span;
use syn::{Ident, LitStr};

use crate::options::Errors;

/// A label, and the parameter that stands for it.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) name: String,
    /// The parameter that takes its value.
    pub(super) ident: Ident,
}

/// Checks the names of labels.
pub(super) fn check_labels(given: &[LitStr], buckets: bool, errors: &mut Errors) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for text in given {
        let name = text.value();
        if name.trim().is_empty() {
            errors.at(text.span(), "a label needs a name");
            continue;
        }
        if buckets && name == "le" {
            let message = "label `le` is taken: it is the bucket's bound in Prometheus";
            errors.at(text.span(), message);
            continue;
        }
        let label = Label {
            ident: name_parameter(&name, text.span()),
            name,
        };
        if let Some(other) = labels.iter().find(|other| other.ident == label.ident) {
            let message = if other.name == label.name {
                format!("label `{}` is given twice", label.name)
            } else {
                format!(
                    "labels `{}` and `{}` would both be the parameter `{}`",
                    other.name, label.name, label.ident
                )
            };
            errors.at(text.span(), message);
            continue;
        }
        labels.push(label);
    }
    labels
}

/// Returns the identifier that is closest to a label's name.
fn name_parameter(name: &str, span: Span) -> Ident {
    let mut word: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    if word.starts_with(|c: char| c.is_numeric()) {
        word.insert(0, '_');
    }
    if word.chars().all(|c| c == '_') {
        word = format!("label{word}");
    }
    let known = |word: &str| syn::parse_str::<Ident>(word).is_ok();
    if known(&word) {
        return Ident::new(&word, span);
    }
    // A keyword; four of them cannot be raw.
    match word.as_str() {
        "self" | "Self" | "super" | "crate" => Ident::new(&format!("{word}_"), span),
        _ if known(&format!("r#{word}")) => Ident::new_raw(&word, span),
        _ => Ident::new("label", span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_a_parameter() {
        for (name, ident) in [
            ("source", "source"),
            ("http.method", "http_method"),
            ("type", "r#type"),
            ("self", "self_"),
            ("1st", "_1st"),
            ("_", "label_"),
            ("größe", "größe"),
            ("a-b c", "a_b_c"),
        ] {
            assert_eq!(name_parameter(name, Span::call_site()).to_string(), ident);
        }
    }
}
