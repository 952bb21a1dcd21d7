//! Small pieces of generated code.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Generates an `Option` expression.
pub(crate) fn quote_option<T: ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
