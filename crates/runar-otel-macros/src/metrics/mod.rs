//! `#[metrics]`: metrics for a whole service, on its struct or its impl.

mod field;
mod impl_block;
mod options;
mod structure;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Error, Item};

use crate::{
    host::method,
    options::{BareString, Errors, OptionReader, value},
    original::or_original,
};

pub(crate) fn metrics(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    match syn::parse2(item.clone()) {
        Ok(Item::Struct(item)) => {
            let fallback = structure::strip_attributes(item.clone()).into_token_stream();
            or_original(structure::expand(arguments, &item), &fallback)
        }
        Ok(Item::Impl(block)) => {
            let fallback = method::strip_attributes(block.clone()).into_token_stream();
            or_original(impl_block::expand(arguments, block), &fallback)
        }
        other => or_original(expand_function(&arguments, other, item), item),
    }
}

/// Expands the attribute on a function: `skip` leaves the function out for the attribute below. Everything else is an
/// error.
fn expand_function(
    arguments: &TokenStream,
    found: syn::Result<Item>,
    item: &TokenStream,
) -> syn::Result<TokenStream> {
    let Ok(mut function) = syn::parse2::<syn::ImplItemFn>(item.clone()) else {
        // An item that cannot be parsed may well be an impl that is still being written.
        let place = match found? {
            Item::Enum(_) => ", not on an enum: put it on its impl",
            Item::Trait(_) => ", not on a trait: put it on the impl of the trait",
            Item::Mod(_) => ", not on a module",
            _ => "",
        };
        let message =
            format!("`#[metrics]` belongs on the struct of a service or on its impl{place}");
        return Err(Error::new(Span::call_site(), message));
    };
    let mut options = OptionReader::new(arguments.clone(), BareString::Lacks("prefix"));
    let skip = options.read("skip", value::word);
    let mut errors = Errors::default();
    options.finish(&mut errors);
    if skip.is_none() || errors.finish().is_err() {
        let message =
            "`#[metrics]` is for a whole service: to meter one function put `#[metered]` on it";
        return Err(Error::new(Span::call_site(), message));
    }
    method::refuse_contradiction(&function.attrs)?;
    method::mark_function(&mut function.block);
    Ok(function.into_token_stream())
}
