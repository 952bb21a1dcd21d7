//! The item as the user wrote it, which is emitted when an attribute fails.

use proc_macro2::TokenStream;
use quote::quote;

/// Returns the generated code, or the item as it was and the message, so that only our message shows.
pub(crate) fn or_original(
    generated: syn::Result<TokenStream>,
    original: &TokenStream,
) -> TokenStream {
    generated.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#original #error)
    })
}
