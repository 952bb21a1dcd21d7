//! The generated implementation of `ErrorType`.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Model, Shape, Variant, VariantKind};

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = model.crate_path.private();
    let ident = &model.ident;
    let (of_impl, of_type, of_where) = model.generics.split_for_impl();
    let (types, body) = (generate_types(model), generate_body(model));
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
fn generate_types(model: &Model) -> TokenStream {
    let private = model.crate_path.private();
    let mut names: Vec<&str> = Vec::new();
    let mut inner = Vec::new();
    for kind in model.kinds() {
        match kind {
            VariantKind::Named(name) if !names.contains(&name.as_str()) => names.push(name),
            VariantKind::Named(_) => {}
            VariantKind::Transparent(of) => {
                inner.push(quote!(<#of as #private::ErrorType>::ERROR_TYPES));
            }
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

fn generate_body(model: &Model) -> TokenStream {
    match &model.shape {
        Shape::Struct(only) => generate_value(model, only, |field| quote!(&self.#field)),
        Shape::Enum(variants) if variants.is_empty() => quote!(match *self {}),
        Shape::Enum(variants) => {
            let arms = variants.iter().map(|variant| generate_arm(model, variant));
            quote!(match self { #(#arms),* })
        }
    }
}

fn generate_arm(model: &Model, variant: &Variant) -> TokenStream {
    let ident = &variant.ident;
    let shown = generate_value(model, variant, |_| quote!(inner));
    match &variant.kind {
        VariantKind::Named(_) => quote!(Self::#ident { .. } => #shown),
        VariantKind::Transparent(_) => {
            let field = generate_field(variant);
            quote!(Self::#ident { #field: inner } => #shown)
        }
    }
}

/// Generates the expression for an error type; `inner` makes the access to a transparent variant's only field.
fn generate_value(
    model: &Model,
    variant: &Variant,
    inner: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    match &variant.kind {
        VariantKind::Named(name) => quote!(#name),
        VariantKind::Transparent(_) => {
            let private = model.crate_path.private();
            let inner = inner(generate_field(variant));
            quote!(#private::ErrorType::error_type(#inner))
        }
    }
}

fn generate_field(variant: &Variant) -> TokenStream {
    variant
        .field
        .as_ref()
        .map_or(quote!(0), |field| quote!(#field))
}
