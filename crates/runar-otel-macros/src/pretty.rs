//! Generated code as a person would write it, for snapshots.

use proc_macro2::TokenStream;

pub(crate) fn pretty(generated: &TokenStream) -> String {
    match syn::parse2(generated.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("{error} in {generated}"),
    }
}
