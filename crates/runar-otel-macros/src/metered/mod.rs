//! `#[metered]`: its options, their checks, and the expansion of the function.

mod check;
mod expand;
mod fallback;
mod hygiene;
mod instrumentation;
mod item;
mod labels;
mod marker;
mod model;
mod options;
mod result_type;
mod returned;
mod span;
mod tail;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Block, Error, Signature};

pub(crate) use self::instrumentation::{Instrumentation, Role};
pub(crate) use self::marker::MARKER;
use self::{model::Model, options::MeteredOptions};
use crate::{attributes, crate_path::CratePath, options::Errors};

/// Expands the attribute.
pub(crate) fn expand(options: &TokenStream, item: &TokenStream) -> TokenStream {
    expand_function(options, item).unwrap_or_else(|error| fallback::restore_item(item, &error))
}

fn expand_function(options: &TokenStream, item: &TokenStream) -> syn::Result<TokenStream> {
    let mut function = item::parse_function(item.clone())?;
    let (role, event) = model::find_role(&function.attrs);
    let instrumentation = Instrumentation {
        role,
        metered: true,
        event,
        owner: None,
        crate_path: CratePath::default(),
    };
    function
        .attrs
        .insert(0, syn::parse_quote!(#[metered(#options)]));
    instrument(
        &mut function.attrs,
        &function.sig,
        &mut function.block,
        &instrumentation,
    )?;
    Ok(quote!(#function))
}

/// Instruments a function in place.
///
/// Takes the options of a `#[metered(…)]` among its attributes, and removes all of those attributes. A function that
/// is instrumented already stays as it is.
pub(crate) fn instrument(
    attributes: &mut Vec<Attribute>,
    signature: &Signature,
    block: &mut Block,
    instrumentation: &Instrumentation,
) -> syn::Result<()> {
    let ours = take_metered(attributes);
    if marker::is_marked(block) {
        return Ok(());
    }
    let mut errors = Errors::default();
    let options = MeteredOptions::read(merge_options(&ours, &mut errors), &mut errors);
    let model = Model::new(options, instrumentation, !ours.is_empty(), signature, block);
    check::check_options(&model, &mut errors);
    errors.finish()?;
    let body = expand::expand(&model, block);
    *block = syn::parse2(body)?;
    Ok(())
}

/// Removes our attribute, however its path begins.
fn take_metered(attributes: &mut Vec<Attribute>) -> Vec<Attribute> {
    attributes::take_attributes(attributes, |attribute| {
        attributes::is_named(attribute, &["metered"])
    })
}

/// Returns the one list of options. Some hosts repeat the attributes of a function unchanged: equal lists count as one.
fn merge_options(ours: &[Attribute], errors: &mut Errors) -> TokenStream {
    let mut first = TokenStream::new();
    for attribute in ours {
        let tokens = errors
            .keep(attributes::tokens(attribute))
            .unwrap_or_default();
        if first.is_empty() {
            first = tokens;
        } else if !tokens.is_empty() && tokens.to_string() != first.to_string() {
            let span = tokens
                .into_iter()
                .next()
                .map_or_else(Span::call_site, |token| token.span());
            errors.push(Error::new(
                span,
                "`#[metered]` stands twice with different options: put them into one",
            ));
        }
    }
    first
}
