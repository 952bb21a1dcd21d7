//! The output on an error: the item as it was, so that only our message shows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItemFn};

/// Returns the item and the messages.
pub(crate) fn restore_item(item: &TokenStream, error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    let item = strip_metered(item);
    quote!(#errors #item)
}

/// Removes any further `#[metered]` from the function, which would report the error again.
fn strip_metered(item: &TokenStream) -> TokenStream {
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(mut function) => {
            super::take_metered(&mut function.attrs);
            quote!(#function)
        }
        Err(_) => item.clone(),
    }
}
