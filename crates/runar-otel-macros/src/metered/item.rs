//! The item under the attribute, which must be a function.

use proc_macro2::TokenStream;
use syn::{Error, ImplItemFn, Item, TraitItemFn, spanned::Spanned as _};

const TYPE: &str = "for a whole service put `#[metrics]` on the type or on its impl";

/// Parses the function, or returns an error that says where the attribute belongs.
pub(crate) fn parse_function(item: TokenStream) -> syn::Result<ImplItemFn> {
    let problem = match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(function) => return Ok(function),
        Err(problem) => problem,
    };
    if let Ok(method) = syn::parse2::<TraitItemFn>(item.clone()) {
        return Err(Error::new(
            method.sig.ident.span(),
            "a method without a body cannot be metered: put it on the impl, or give a default body",
        ));
    }
    let (span, instead) = match syn::parse2::<Item>(item) {
        Ok(Item::Impl(of)) => (
            of.impl_token.span(),
            "for a whole service put `#[metrics]` on the impl",
        ),
        Ok(Item::Struct(of)) => (of.struct_token.span(), TYPE),
        Ok(Item::Enum(of)) => (of.enum_token.span(), TYPE),
        Ok(Item::Union(of)) => (of.union_token.span(), TYPE),
        Ok(Item::Trait(of)) => (
            of.trait_token.span(),
            "put it on the methods of the impl, or on those of the trait that have a body",
        ),
        Ok(Item::Mod(of)) => (of.mod_token.span(), "put it on each function of the module"),
        Ok(of) => (of.span(), "put it on the functions that are to be measured"),
        Err(_) => return Err(problem),
    };
    let message = format!("`#[metered]` is for functions and methods: {instead}");
    Err(Error::new(span, message))
}
