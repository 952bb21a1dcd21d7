//! The generated implementation of `ErrorType`.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Kind, Model, Shape, Variant};

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = model.crate_path.private();
    let ident = &model.ident;
    let (of_impl, of_type, of_where) = model.generics.split_for_impl();
    let (types, body) = (types(model), body(model));
    quote! {
        #[automatically_derived]
        impl #of_impl #private::ErrorType for #ident #of_type #of_where {
            const ERROR_TYPES: &'static [&'static str] = #types;

            fn error_type(&self) -> &'static str {
                #body
            }
        }
    }
}

/// Generates the list of all error types: the names, and the types of the errors in transparent variants.
fn types(model: &Model) -> TokenStream {
    let private = model.crate_path.private();
    let mut names: Vec<&str> = Vec::new();
    let mut inner = Vec::new();
    for kind in model.kinds() {
        match kind {
            Kind::Named(name) if !names.contains(&name.as_str()) => names.push(name),
            Kind::Named(_) => {}
            Kind::Transparent(of) => inner.push(quote!(<#of as #private::ErrorType>::ERROR_TYPES)),
        }
    }
    let names = quote!(&[#(#names),*]);
    if inner.is_empty() {
        return names;
    }
    quote! {{
        const LISTS: &[&[&str]] = &[#names, #(#inner),*];
        const TYPES: [&str; #private::length(LISTS)] = #private::join(LISTS);
        &TYPES
    }}
}

fn body(model: &Model) -> TokenStream {
    match &model.shape {
        Shape::Struct(only) => value(model, only, |field| quote!(&self.#field)),
        Shape::Enum(variants) if variants.is_empty() => quote!(match *self {}),
        Shape::Enum(variants) => {
            let arms = variants.iter().map(|variant| arm(model, variant));
            quote!(match self { #(#arms),* })
        }
    }
}

fn arm(model: &Model, variant: &Variant) -> TokenStream {
    let ident = &variant.ident;
    let shown = value(model, variant, |_| quote!(inner));
    match &variant.kind {
        Kind::Named(_) => quote!(Self::#ident { .. } => #shown),
        Kind::Transparent(_) => {
            let field = field(variant);
            quote!(Self::#ident { #field: inner } => #shown)
        }
    }
}

/// Generates the expression for an error type; `inner` makes the access to a transparent variant's only field.
fn value(
    model: &Model,
    variant: &Variant,
    inner: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    match &variant.kind {
        Kind::Named(name) => quote!(#name),
        Kind::Transparent(_) => {
            let private = model.crate_path.private();
            let inner = inner(field(variant));
            quote!(#private::ErrorType::error_type(#inner))
        }
    }
}

fn field(variant: &Variant) -> TokenStream {
    variant
        .field
        .as_ref()
        .map_or(quote!(0), |field| quote!(#field))
}
