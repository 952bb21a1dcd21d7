//! The span of a call.

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::{Expr, ExprLit, Lit};

use super::{
    hygiene::quote,
    model::{Model, mentions},
};
use crate::{location::set_location, options::Setting, tokens::quote_option};

/// Generates the statement that opens the span and gives it to the call; empty with `skip_span`.
pub(crate) fn generate_span(model: &Model<'_>) -> TokenStream {
    if model.options.skip_span.is_some() {
        return TokenStream::new();
    }
    let opened = generate_opening(model, Service::Known);
    // Only the call knows whether the service has `#[metrics]`, and whether the thread is at its end.
    quote!(if __call.takes_span() { __call.in_span(#opened); })
}

/// Generates statements for a call that begins when the arguments are gone: the first open a span with `fields(…)`,
/// which may read them, the second give the span to the call.
pub(crate) fn generate_early_span(model: &Model<'_>) -> (TokenStream, TokenStream) {
    if model.options.fields.is_none() {
        return (TokenStream::new(), generate_span(model));
    }
    let (p, opened) = (&model.private, generate_opening(model, Service::Later));
    let none = match keeps_span(model) {
        true => quote!(#p::tracing::Span::none()),
        false => quote!(#p::Opened::none()),
    };
    let late = match keeps_span(model) {
        true => quote! {
            __span.record("service", __call.service());
            __call.in_span(__span);
        },
        false => quote! {
            __span.span().record("service", __call.service());
            __call.in_span(__span);
        },
    };
    let early = quote!(let __span = if #p::spans_are_alive() { #opened } else { #none };);
    (early, late)
}

/// The time at which the service becomes known: before the span is opened, or later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Known,
    Later,
}

/// True if the span is made in any case: by `keep_span`, or because its fields await. A decision must not be held
/// across an `.await`: its context is that of the thread.
fn keeps_span(model: &Model<'_>) -> bool {
    let options = &model.options;
    let waits = |fields: &Setting<TokenStream>| mentions(fields.value.clone(), "await");
    options.keep_span.is_some() || options.fields.as_ref().is_some_and(waits)
}

/// Generates the question whether a trace that begins here is recorded, and opens the span, the one for log lines
/// alone, or none.
fn generate_opening(model: &Model<'_>, service: Service) -> TokenStream {
    let recorded = generate_span_macro(model, service, Trace::Recorded);
    if keeps_span(model) {
        return recorded;
    }
    let p = &model.private;
    let unsampled = generate_span_macro(model, service, Trace::Unsampled);
    let kind = quote_option(model.options.kind.as_ref().map(|kind| &kind.value));
    let of = match model.event_name() {
        Some(event) => quote!(("event", #event)),
        None => {
            let action = model.name();
            quote!(("action", #action))
        }
    };
    let (fields, complete) = match (&model.options.fields, service) {
        (None, Service::Known) => (quote!(&[("service", __call.service()), #of]), true),
        _ => (quote!(&[]), false),
    };
    // Log lines do without a span that has no fields of its own.
    let spanless = complete.then(|| {
        quote!(if __head.is_spanless() {
            #p::tracing::Span::none()
        } else)
    });
    quote!({
        static __HEAD: #p::HeadSite = #p::HeadSite::new(#kind);
        let mut __head = __HEAD.decide(#fields, #complete);
        let __span = #spanless if __head.is_unsampled() {
            #unsampled
        } else {
            let __laid_out = __head.lay_out();
            #recorded
        };
        __HEAD.opened(__span, __head)
    })
}

/// The two spans of a function: recorded, or for log lines alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trace {
    Recorded,
    /// For log lines alone: the layer for traces leaves the span out by its field `runar_otel.unsampled`.
    Unsampled,
}

fn generate_span_macro(model: &Model<'_>, service: Service, trace: Trace) -> TokenStream {
    let p = &model.private;
    let options = &model.options;
    let level = generate_level(model);
    let action = model.name();
    let name = match &options.span_name {
        Some(name) => {
            let name = &name.value;
            quote!(#name)
        }
        None => quote!(#action),
    };
    let service = match service {
        Service::Known => quote!(__call.service()),
        Service::Later => quote!(#p::tracing::field::Empty),
    };
    let of = match model.event_name() {
        Some(event) => quote!(event = #event),
        None => quote!(action = #action),
    };
    let kind = options.kind.as_ref().map(|kind| {
        let kind = &kind.value;
        quote!(otel.kind = #kind,)
    });
    let mark = (trace == Trace::Unsampled)
        .then(|| quote!(runar_otel.unsampled = #p::tracing::field::Empty,));
    let fields = options.fields.as_ref().map(|fields| &fields.value);
    let opened = quote! {
        #p::tracing::span!(
            #level,
            #name,
            service = #service,
            #of,
            outcome = #p::tracing::field::Empty,
            "error.type" = #p::tracing::field::Empty,
            otel.status_code = #p::tracing::field::Empty,
            #mark
            #kind
            #fields
        )
    };
    set_location(model.signature.ident.span(), opened)
}

fn generate_level(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    let given = model.options.level.as_ref().map(|level| &level.value);
    let constant = match given {
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => format_ident!("{}", text.value().to_uppercase()),
        Some(path) => return quote!(#path),
        None => format_ident!("INFO"),
    };
    quote!(#p::tracing::Level::#constant)
}
