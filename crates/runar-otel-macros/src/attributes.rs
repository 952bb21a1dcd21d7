//! Attributes of other macros: found by the last segment of their path, from whatever module they are imported.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, Meta, Path,
    parse::{ParseStream, Parser as _},
};

use crate::options::{Given, Options, Value};

/// Returns the last segment of an attribute's path.
pub(crate) fn name(attribute: &Attribute) -> String {
    last(attribute.path()).map_or_else(String::new, ToString::to_string)
}

fn last(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// True if the last segment of an attribute's path is one of these names.
pub(crate) fn is(attribute: &Attribute, names: &[&str]) -> bool {
    names.contains(&name(attribute).as_str())
}

/// Removes and returns the attributes for which `taken` is true.
pub(crate) fn take(
    attributes: &mut Vec<Attribute>,
    taken: impl Fn(&Attribute) -> bool,
) -> Vec<Attribute> {
    let (taken, kept) = std::mem::take(attributes).into_iter().partition(taken);
    *attributes = kept;
    taken
}

/// Parses the options of an attribute; none if it has no parentheses.
pub(crate) fn options(attribute: &Attribute) -> syn::Result<Vec<Given>> {
    Ok(arguments(tokens(attribute))?.1)
}

/// Returns the tokens in the parentheses of an attribute; empty if it has none.
pub(crate) fn tokens(attribute: &Attribute) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

/// Parses arguments that may begin with a string: `("user.updated")`, `("get", metrics = true)`.
pub(crate) fn arguments(tokens: TokenStream) -> syn::Result<(Option<syn::LitStr>, Vec<Given>)> {
    let parse = |input: ParseStream<'_>| {
        let first = if input.peek(syn::LitStr) {
            let first = input.parse()?;
            if !input.is_empty() {
                input.parse::<syn::Token![,]>()?;
            }
            Some(first)
        } else {
            None
        };
        Ok((first, input.parse::<Options>()?.0))
    };
    parse.parse2(tokens)
}

/// Adds an option to an attribute.
pub(crate) fn add(attribute: &mut Attribute, option: &TokenStream) {
    let path = attribute.path().to_token_stream();
    let said = tokens(attribute);
    let said = if said.is_empty() {
        option.clone()
    } else {
        quote!(#option, #said)
    };
    attribute.meta = syn::parse_quote!(#path(#said));
}

/// True for `#[metrics(skip)]`, which exempts a method from instrumentation.
pub(crate) fn skips(attribute: &Attribute) -> bool {
    is(attribute, &["metrics"])
        && options(attribute).is_ok_and(|options| {
            options
                .iter()
                .any(|given| given.name == "skip" && matches!(given.value, Value::None))
        })
}
