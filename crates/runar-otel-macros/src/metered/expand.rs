//! The body of a metered function: a declaration, the begin of a call, and the original body inside of that call.

use proc_macro2::{Literal, TokenStream};
use quote::format_ident;
use syn::{Block, Type};

use super::{
    hygiene::quote,
    instrumentation::Role,
    labels::{generate_early_labels, generate_labels},
    marker::MARKER,
    model::Model,
    result_type::ResultType,
    returned::{Work, annotation, is_static, nameable},
    span::{generate_early_span, generate_span},
    tail::{Tail, classify_body},
    tokens::allow_braces,
};
use crate::{location::set_location, tokens::quote_option};

/// Generates the new body.
pub(crate) fn expand(model: &Model<'_>, block: &Block) -> TokenStream {
    let marker = format_ident!("{}", MARKER);
    let declaration = generate_declaration(model);
    let work = match model.work {
        Work::Awaited => expand_awaited(model, block),
        Work::Called => expand_called(model, block),
        Work::Returned { boxed } => expand_returned(model, block, boxed),
    };
    quote!({
        const #marker: () = ();
        #declaration
        #work
    })
}

/// Generates the static call site, with all facts known at compile time, and its link into `SITES`.
fn generate_declaration(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    let options = &model.options;
    let role = match model.role {
        Role::Action => quote!(Action),
        Role::Event => quote!(Event),
        Role::Job => quote!(Job),
    };
    let (name, metered) = (model.name(), model.metered);
    let family = quote_option(options.name.as_ref().map(|name| &name.value));
    let prefix = quote_option(options.prefix.as_ref().map(|prefix| &prefix.value));
    let service = quote_option(options.service.as_ref().map(|service| &service.value));
    let event = quote_option(model.event_name());
    let labels = model.labels();
    let buckets = quote_option(options.buckets.as_ref().map(|buckets| {
        let bounds = buckets
            .value
            .iter()
            .map(|bound| Literal::f64_unsuffixed(*bound));
        quote!(&[#(#bounds),*])
    }));
    let owner = quote_option(find_owner(model));
    let error_types = quote_option(generate_static_error_types(model));
    let site = quote! {
        #p::Site::new(#p::Function {
            role: #p::Role::#role,
            name: #name,
            metered: #metered,
            family: #family,
            prefix: #prefix,
            service: #service,
            event: #event,
            labels: &[#(#labels),*],
            buckets: #buckets,
            owner: #owner,
            error_types: #error_types,
        })
    };
    let site = set_location(model.signature.ident.span(), site);
    quote! {
        static __SITE: #p::Site = #site;
        #[#p::linkme::distributed_slice(#p::SITES)]
        #[linkme(crate = #p::linkme)]
        static __LINK: &#p::Site = &__SITE;
    }
}

/// Returns the error types if they can be named outside of the body: their series then begin at zero before the first
/// call. A known owner means that the impl has no type parameters; otherwise a name in the type could be one of them.
fn generate_static_error_types(model: &Model<'_>) -> Option<TokenStream> {
    model.owner.as_ref()?;
    let returned = model.result.as_ref()?;
    if !is_static(returned, &model.signature.generics) {
        return None;
    }
    let types = generate_error_types(model);
    Some(quote!(|| #types))
}

/// Returns the owner, if it is known at compile time.
fn find_owner(model: &Model<'_>) -> Option<TokenStream> {
    let p = &model.private;
    match &model.owner {
        Some(owner) => Some(owner.clone()),
        None if model.is_method => None,
        None => Some(quote!(const { #p::Owner::of_module(::core::module_path!()) })),
    }
}

/// Generates the body of an `async fn`.
fn expand_awaited(model: &Model<'_>, block: &Block) -> TokenStream {
    let (begin, labels, span) = (
        generate_begin(model),
        generate_labels(model),
        generate_span(model),
    );
    let body = ResultType::of(model.result.as_ref()).generate_block(block);
    let call = generate_async_call(model, &allow_braces(&quote!(async move #body)));
    quote!(#begin #labels #span #call)
}

/// Generates the body of a function that is neither async nor returns a future.
fn expand_called(model: &Model<'_>, block: &Block) -> TokenStream {
    let p = &model.private;
    let (begin, labels, span) = (
        generate_begin(model),
        generate_labels(model),
        generate_span(model),
    );
    let returned = model.result.as_ref().and_then(annotation);
    let arrow = returned.map(|returned| quote!(-> #returned));
    let verdict = generate_verdict(model);
    let body = allow_braces(&quote!(move || #arrow #block));
    let call = match &model.lasting {
        None => quote!(#p::in_sync(&mut __call, #body, #verdict)),
        Some(opened) => {
            let given = opened.generate_return(p, &quote!(__opened));
            quote!(let (__call, __opened) = #p::in_sync_open(__call, #body); #given)
        }
    };
    quote!(#begin #labels #span #call)
}

/// Generates the body of a function that returns a future: nothing is counted before the future is polled.
fn expand_returned(model: &Model<'_>, block: &Block, boxed: bool) -> TokenStream {
    let begin = generate_begin(model);
    let result_type = ResultType::of(model.result.as_ref());
    // The value that is given back is not the one that the body returns: its box must be given the type of the
    // signature.
    let outer = model.lasting.as_ref().map(|_| &result_type);
    let tail = classify_body(block, boxed);
    // See `allow_braces`.
    let single = matches!(tail, Tail::Any | Tail::Last { before: [], .. });
    let braces = single.then(|| quote!(unused_braces,));
    let future = match tail {
        Tail::Only(body) => {
            let (labels, span) = (generate_labels(model), generate_span(model));
            let body = result_type.generate_block(body);
            let call = generate_async_call(model, &allow_braces(&quote!(async move #body)));
            return generate_box(
                boxed,
                &quote!(async move { #outer #begin #labels #span #call }),
            );
        }
        Tail::Last { before, future } => {
            let future = future.generate_typed(&result_type);
            quote!({ #(#before)* #future })
        }
        Tail::Any => {
            let arrow = boxed.then_some(&model.signature.output);
            quote!((move || #arrow #block)())
        }
    };
    let (early, late) = generate_early_labels(model);
    let (early_span, span) = generate_early_span(model);
    let call = generate_async_call(model, &quote!(__future));
    let later = generate_box(
        boxed,
        &quote!(async move { #outer #begin #late #span #call }),
    );
    quote! {
        #early
        #early_span
        #[allow(#braces clippy::redundant_closure_call)]
        let __future = #future;
        #later
    }
}

fn generate_box(boxed: bool, future: &TokenStream) -> TokenStream {
    if boxed {
        quote!(::std::boxed::Box::pin(#future))
    } else {
        future.clone()
    }
}

fn generate_async_call(model: &Model<'_>, body: &TokenStream) -> TokenStream {
    let p = &model.private;
    match &model.lasting {
        None => {
            let verdict = generate_verdict(model);
            quote!(#p::in_async(&mut __call, #body, #verdict).await)
        }
        Some(opened) => {
            let given = opened.generate_return(p, &quote!(__opened));
            quote!(let (__call, __opened) = #p::in_async_open(__call, #body).await; #given)
        }
    }
}

fn generate_begin(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    let (owner, scope) = match find_owner(model) {
        Some(owner) => (owner, None),
        None => (
            quote!(#p::Owner::of::<Self>(#p::Probe::<Self>::SERVICE)),
            Some(quote!(#[allow(unused_imports)] use #p::NoService as _;)),
        ),
    };
    let types = generate_error_types(model);
    let begin = quote!(#p::Call::begin(&__SITE, #owner, || #types));
    let handed_on = model.lasting.is_some();
    let untouched = model.options.skip_span.is_some() && model.labels().is_empty();
    let mutable = (!(handed_on && untouched)).then(|| quote!(mut));
    match scope {
        Some(scope) => quote!(let #mutable __call = { #scope #begin };),
        None => quote!(let #mutable __call = #begin;),
    }
}

fn generate_error_types(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    let types = match model.result.as_ref().and_then(nameable) {
        Some(returned) => quote!(#p::error_types!(#returned)),
        None => quote!(&[]),
    };
    if model.options.ok_if.is_some() || model.options.error_if.is_some() {
        quote!(match #types { [] => &["_OTHER"], types => types })
    } else {
        types
    }
}

/// Generates the closure that judges the returned value.
fn generate_verdict(model: &Model<'_>) -> TokenStream {
    let p = &model.private;
    if matches!(model.result, Some(Type::Never(_))) {
        return quote!(|_| #p::Verdict::Ok);
    }
    let options = &model.options;
    // `is_some_and` gives a closure its argument's type.
    let holds =
        |predicate| quote!(::core::option::Option::Some(__returned).is_some_and(#predicate));
    let ok = match (&options.ok_if, &options.error_if) {
        (Some(ok), _) => holds(&ok.value),
        (None, Some(error)) => {
            let error = holds(&error.value);
            quote!(!#error)
        }
        (None, None) => return quote!(|__returned| #p::verdict!(__returned)),
    };
    quote! {
        |__returned| if #ok {
            #p::Verdict::Ok
        } else {
            match #p::verdict!(__returned) {
                #p::Verdict::Ok => #p::Verdict::Error("_OTHER"),
                error => error,
            }
        }
    }
}
