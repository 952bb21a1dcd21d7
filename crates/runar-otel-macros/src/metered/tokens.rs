//! Small pieces of the generated code.

use proc_macro2::TokenStream;

use super::hygiene::quote;

/// Generates a closure or a future of the user's block. The block may stand in braces of a `macro_rules!`, which the
/// compiler would take for the user's.
pub(crate) fn allow_braces(block: &TokenStream) -> TokenStream {
    quote!(#[allow(unused_braces)] #block)
}
