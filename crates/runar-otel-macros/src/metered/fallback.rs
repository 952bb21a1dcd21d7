//! What is emitted when something is wrong: the item as it was, so that only our message shows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItemFn};

/// The item and the messages.
pub(crate) fn fallback(item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let item = without_ours(item);
    quote!(#errors #item)
}

/// The function without any further `#[metered]`, which would complain again.
fn without_ours(item: &TokenStream) -> TokenStream {
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(mut function) => {
            super::take_ours(&mut function.attrs);
            quote!(#function)
        }
        Err(_) => item.clone(),
    }
}
