//! `#[derive(ErrorType)]`: the variants of an error as values of the label `error_type`.

mod expand;
mod model;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

pub(crate) fn error_type(item: TokenStream) -> TokenStream {
    syn::parse2(item)
        .and_then(|input| model::Model::parse(&input))
        .map_or_else(syn::Error::into_compile_error, |model| {
            expand::expand(&model)
        })
}
