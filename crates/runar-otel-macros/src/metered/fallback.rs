//! The output on an error: the item as it was, so that only our message shows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItemFn};

/// Returns the item and the messages.
pub(crate) fn fallback(item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let item = without_ours(item);
    quote!(#errors #item)
}

/// Removes any further `#[metered]` from the function, which would report the error again.
fn without_ours(item: &TokenStream) -> TokenStream {
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(mut function) => {
            super::take_ours(&mut function.attrs);
            quote!(#function)
        }
        Err(_) => item.clone(),
    }
}
