//! Values of options, by the type that an option expects.

use proc_macro2::TokenStream;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, UnOp, parse::Parser as _};

use super::{
    errors::Errors,
    list::{AttributeOption, OptionValue},
    nearest::{find_nearest, propose},
    source::source_text,
};
use crate::names;

/// The form that the value of an option has, for messages.
pub(crate) struct ValueForm {
    /// The value in words: `a string`.
    pub(crate) noun: &'static str,
    /// An example, as it follows the name: ` = "…"`.
    pub(crate) example: &'static str,
}

const STRING: ValueForm = ValueForm {
    noun: "a string",
    example: " = \"…\"",
};
const STRINGS: ValueForm = ValueForm {
    noun: "a list of strings",
    example: " = [\"…\", \"…\"]",
};
const BOUNDS: ValueForm = ValueForm {
    noun: "a list of numbers",
    example: " = [0.1, 0.5, 1.0]",
};
const FLAG: ValueForm = ValueForm {
    noun: "`true` or `false`",
    example: " = true",
};
const PATH: ValueForm = ValueForm {
    noun: "a path",
    example: " = my_crate::otel",
};

impl AttributeOption {
    /// Returns the expression behind `=`.
    pub(crate) fn expression(&self, form: &ValueForm) -> syn::Result<&Expr> {
        match &self.value {
            OptionValue::Expression(expression) => Ok(expression),
            OptionValue::Absent | OptionValue::Parenthesized(_) => Err(self.mismatch(form)),
        }
    }

    /// Returns the tokens in parentheses: `fields(id = %id)`.
    pub(crate) fn parenthesized(&self, form: &ValueForm) -> syn::Result<&TokenStream> {
        match &self.value {
            OptionValue::Parenthesized(tokens) => Ok(tokens),
            OptionValue::Absent | OptionValue::Expression(_) => Err(self.mismatch(form)),
        }
    }

    /// Returns the error for a value of another form.
    pub(crate) fn mismatch(&self, form: &ValueForm) -> Error {
        let ValueForm { noun, example } = form;
        self.value_error(&format!("expected {noun}, as in `{}{example}`", self.name))
    }

    /// Returns an error that shows the value, and says what is `expected`.
    pub(crate) fn value_error(&self, expected: &str) -> Error {
        let name = &self.name;
        match &self.value {
            OptionValue::Absent => {
                Error::new(name.span(), format!("`{name}` has no value: {expected}"))
            }
            OptionValue::Expression(value) => {
                let message = format!("`{name}` is `{}`: {expected}", source_text(value));
                Error::new_spanned(value, message)
            }
            OptionValue::Parenthesized(_) => {
                Error::new(name.span(), format!("`{name}` has parentheses: {expected}"))
            }
        }
    }

    /// Returns the error for an empty list.
    pub(crate) fn require_elements<T>(&self, elements: Vec<T>) -> syn::Result<Vec<T>> {
        match (&self.value, elements.is_empty()) {
            (OptionValue::Expression(list), true) => {
                let message = format!("`{}` is empty: expected at least one", self.name);
                Err(Error::new_spanned(list, message))
            }
            _ => Ok(elements),
        }
    }

    fn elements(&self, form: &ValueForm) -> syn::Result<impl Iterator<Item = &Expr>> {
        match self.expression(form)? {
            Expr::Array(array) => Ok(array.elems.iter()),
            _ => Err(self.mismatch(form)),
        }
    }

    fn element_mismatch(&self, element: &Expr, elements: &str, form: &ValueForm) -> Error {
        let (name, value) = (&self.name, source_text(element));
        let example = form.example;
        let message =
            format!("`{name}` contains `{value}`: expected {elements}, as in `{name}{example}`");
        Error::new_spanned(element, message)
    }
}

/// Parses a string: `description = "…"`.
pub(crate) fn string(option: &AttributeOption) -> syn::Result<LitStr> {
    match option.expression(&STRING)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.clone()),
        _ => Err(option.mismatch(&STRING)),
    }
}

/// Parses a string that is not blank: `path = "…"`.
pub(crate) fn text(option: &AttributeOption) -> syn::Result<LitStr> {
    let text = string(option)?;
    if text.value().trim().is_empty() {
        return Err(option.value_error("expected a string that is not blank"));
    }
    Ok(text)
}

/// Parses a list of strings: `labels = ["a", "b"]`.
pub(crate) fn strings(option: &AttributeOption) -> syn::Result<Vec<LitStr>> {
    let elements = option.elements(&STRINGS)?;
    Errors::gather(elements.map(|element| match element {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.clone()),
        other => Err(option.element_mismatch(other, "strings", &STRINGS)),
    }))
}

/// Parses bucket bounds: finite numbers that increase.
pub(crate) fn bounds(option: &AttributeOption) -> syn::Result<Vec<f64>> {
    let elements = option.elements(&BOUNDS)?;
    let mut before: Option<(f64, &Expr)> = None;
    Errors::gather(elements.map(|element| {
        let bound = number(element)
            .filter(|bound| bound.is_finite())
            .ok_or_else(|| option.element_mismatch(element, "finite numbers", &BOUNDS))?;
        match before.replace((bound, element)) {
            Some((last, token)) if bound <= last => {
                let (bound, last) = (source_text(element), source_text(token));
                let message = format!("bucket bounds must increase: {bound} follows {last}");
                Err(Error::new_spanned(element, message))
            }
            _ => Ok(bound),
        }
    }))
}

fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => Some(-number(expr)?),
        _ => None,
    }
}

/// Parses a flag: `actions`, `actions = true` or `actions = false`.
pub(crate) fn flag(option: &AttributeOption) -> syn::Result<bool> {
    match &option.value {
        OptionValue::Absent => Ok(true),
        OptionValue::Expression(Expr::Lit(ExprLit {
            lit: Lit::Bool(flag),
            ..
        })) => Ok(flag.value),
        _ => Err(option.mismatch(&FLAG)),
    }
}

/// Parses a word without a value: `skip_span`.
pub(crate) fn word(option: &AttributeOption) -> syn::Result<()> {
    match option.value {
        OptionValue::Absent => Ok(()),
        _ => Err(option.value_error("expected the word alone")),
    }
}

/// Parses a path: `crate = a::b`, or as serde writes it, `crate = "a::b"`.
pub(crate) fn path(option: &AttributeOption) -> syn::Result<Path> {
    match option.expression(&PATH)? {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => {
            let tokens = text.parse().map_err(|_| option.mismatch(&PATH))?;
            let path = Path::parse_mod_style.parse2(tokens);
            path.map_err(|_| option.mismatch(&PATH))
        }
        _ => Err(option.mismatch(&PATH)),
    }
}

/// Parses one of the `known` words: `kind = "server"`.
pub(crate) fn choice(option: &AttributeOption, known: &[&str]) -> syn::Result<LitStr> {
    let text = string(option)?;
    check_choice(option, &text, known)?;
    Ok(text)
}

/// Refuses a word that is not `known`.
pub(crate) fn check_choice(
    option: &AttributeOption,
    text: &LitStr,
    known: &[&str],
) -> syn::Result<()> {
    let word = text.value();
    if known.contains(&word.as_str()) {
        return Ok(());
    }
    let nearest = find_nearest(&word, known);
    let message = propose(&option.name.to_string(), &word, nearest, known);
    Err(Error::new(text.span(), message))
}

/// Parses a valid name of a metric.
pub(crate) fn metric_name(option: &AttributeOption) -> syn::Result<LitStr> {
    valid(string(option)?, names::name_problem)
}

/// Parses a valid prefix of names of metrics, which may be empty.
pub(crate) fn prefix(option: &AttributeOption) -> syn::Result<LitStr> {
    valid(string(option)?, names::prefix_problem)
}

/// Parses a unit: ASCII, at most 63 characters.
pub(crate) fn unit(option: &AttributeOption) -> syn::Result<LitStr> {
    valid(string(option)?, |unit| {
        if !unit.is_ascii() {
            Some(format!(
                "unit `{unit}` is not ASCII: expected a UCUM code such as `s`, `By` or `{{request}}`"
            ))
        } else if unit.len() > 63 {
            let length = unit.len();
            Some(format!("unit has {length} characters: expected at most 63"))
        } else {
            None
        }
    })
}

/// Returns the string, or its problem as an error.
pub(crate) fn valid(text: LitStr, problem: impl Fn(&str) -> Option<String>) -> syn::Result<LitStr> {
    match problem(&text.value()) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text),
    }
}
