//! The span of a call.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::{Expr, ExprLit, Lit};

use super::{expand::event, hygiene::quote, model::Model};
use crate::place::placed;

/// Opens the span and gives it to the call.
pub(crate) fn in_span(model: &Model<'_>) -> TokenStream {
    if model.said.skip_span.is_some() {
        return TokenStream::new();
    }
    let span = span(model, &quote!(__call.service()));
    if model.metered {
        quote!(__call.in_span(#span);)
    } else {
        // Only the call knows whether the service has `#[metrics]`.
        quote!(if __call.records() { __call.in_span(#span); })
    }
}

/// The same for a call that begins when the arguments are gone: if the span reads them, it is opened before.
pub(crate) fn open_early(model: &Model<'_>) -> (TokenStream, TokenStream) {
    if model.said.fields.is_none() {
        return (TokenStream::new(), in_span(model));
    }
    let p = &model.private;
    let span = span(model, &quote!(#p::tracing::field::Empty));
    let late = quote! {
        __span.record("service", __call.service());
        __call.in_span(__span);
    };
    (quote!(let __span = #span;), late)
}

fn span(model: &Model<'_>, service: &TokenStream) -> TokenStream {
    let p = &model.private;
    let said = &model.said;
    let level = level(model);
    let action = model.name();
    let name = match &said.span_name {
        Some(name) => {
            let name = &name.value;
            quote!(#name)
        }
        None => quote!(#action),
    };
    let of = match event(model) {
        Some(event) => quote!(event = #event),
        None => quote!(action = #action),
    };
    let kind = said.kind.as_ref().map(|kind| {
        let kind = &kind.value;
        quote!(otel.kind = #kind,)
    });
    let fields = said.fields.as_ref().map(|fields| &fields.value);
    let opened = quote! {
        #p::tracing::span!(
            #level,
            #name,
            service = #service,
            #of,
            outcome = #p::tracing::field::Empty,
            "error.type" = #p::tracing::field::Empty,
            otel.status_code = #p::tracing::field::Empty,
            #kind
            #fields
        )
    };
    placed(model.signature.ident.span(), opened)
}

fn level(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    let said = model.said.level.as_ref().map(|level| &level.value);
    let constant = match said {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => format_ident!("{}", text.value().to_uppercase()),
        Some(path) => return quote!(#path),
        None => format_ident!("INFO"),
    };
    quote!(#p::tracing::Level::#constant)
}
