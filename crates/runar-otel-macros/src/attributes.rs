//! Attributes of other macros: found by the last segment of their path, from whatever module they are imported.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Attribute, Error, LitStr, Meta, Path};

use crate::options::{BareString, OptionReader, source_text, value};

/// Returns the last segment of an attribute's path.
pub(crate) fn name(attribute: &Attribute) -> String {
    last_segment(attribute.path()).map_or_else(String::new, ToString::to_string)
}

fn last_segment(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// True if the last segment of an attribute's path is one of these names.
pub(crate) fn is_named(attribute: &Attribute, names: &[&str]) -> bool {
    names.contains(&name(attribute).as_str())
}

/// Removes and returns the attributes for which `is_taken` is true.
pub(crate) fn take_attributes(
    attributes: &mut Vec<Attribute>,
    is_taken: impl Fn(&Attribute) -> bool,
) -> Vec<Attribute> {
    attributes
        .extract_if(.., |attribute| is_taken(attribute))
        .collect()
}

/// Returns the tokens in the parentheses of an attribute; empty if it has none.
pub(crate) fn tokens(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Ok(TokenStream::new()),
        Meta::List(list) => Ok(list.tokens.clone()),
        Meta::NameValue(given) => {
            let path = source_text(&given.path);
            let message = format!("expected `#[{path}]` or `#[{path}(…)]`");
            Err(Error::new_spanned(given, message))
        }
    }
}

/// Reads the options of an attribute that may be another crate's: their mistakes are that crate's matter.
pub(crate) fn read_leniently(attribute: &Attribute, bare: BareString) -> OptionReader {
    OptionReader::new(tokens(attribute).unwrap_or_default(), bare)
}

/// Returns the topic that an attribute names, if any: `#[event_handler("topic")]`, `#[subscribe(path = "topic")]` or
/// `#[metered(event = "topic")]`.
pub(crate) fn find_topic(attribute: &Attribute) -> Option<LitStr> {
    let names: &[&str] = match name(attribute).as_str() {
        "event_handler" | "subscribe" => &["topic", "path", "event"],
        "metered" => &["event"],
        _ => return None,
    };
    let mut options = read_leniently(attribute, BareString::ValueOf("topic"));
    let topic = options.read_any(names, value::string)?;
    Some(topic.value)
}

/// Adds an option to an attribute.
pub(crate) fn add_option(attribute: &mut Attribute, option: &TokenStream) {
    let path = attribute.path().to_token_stream();
    let given = tokens(attribute).unwrap_or_default();
    let options = if given.is_empty() {
        option.clone()
    } else {
        quote!(#option, #given)
    };
    attribute.meta = syn::parse_quote!(#path(#options));
}

/// True for `#[metrics(skip)]`, which exempts a method from instrumentation.
pub(crate) fn is_skip(attribute: &Attribute) -> bool {
    let mut options = read_leniently(attribute, BareString::Lacks("prefix"));
    is_named(attribute, &["metrics"]) && options.read("skip", value::word).is_some()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_topic_is_found_beside_other_options() {
        let attributes: [Attribute; 5] = [
            parse_quote!(#[event_handler("a")]),
            parse_quote!(#[event_handler("a", metrics = true)]),
            parse_quote!(#[host::event_handler(metrics = true, topic = "a")]),
            parse_quote!(#[subscribe(path = "a")]),
            parse_quote!(#[metered(name = "b", event = "a")]),
        ];
        for attribute in attributes {
            let topic = find_topic(&attribute).map(|topic| topic.value());
            assert_eq!(
                topic.as_deref(),
                Some("a"),
                "{}",
                attribute.to_token_stream()
            );
        }
        assert!(find_topic(&parse_quote!(#[action("a")])).is_none());
    }
}
