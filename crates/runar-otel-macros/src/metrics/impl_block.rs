//! `#[metrics]` on an impl: each method that an attribute names is instrumented.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Error, Ident, ImplItem, ItemImpl, Type};

use super::options::MetricsOptions;
use crate::{
    host::method::{ATTRIBUTES, ImplContext, ImplType},
    options::Errors,
    tokens::quote_option,
};

pub(super) fn expand(arguments: TokenStream, mut item: ItemImpl) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let options = MetricsOptions::read(arguments, &mut errors);
    if let Some(default) = &options.default {
        errors.at(default.span(), "`default` belongs on the struct");
    }
    let impl_type = match ImplType::of(&item) {
        Ok(impl_type) => impl_type,
        Err(error) => return Err(errors.with(error)),
    };
    let beside = match &impl_type.outside {
        Some(outside) => {
            let owner = name_owner(&impl_type, &item);
            let known = generate_owner(&options, &impl_type.name, outside, &owner);
            Some((owner, known))
        }
        None => {
            errors.keep(refuse_service_options(&options));
            None
        }
    };
    let context = ImplContext {
        crate_path: options.crate_path.clone(),
        owner: beside.as_ref().map(|(owner, _)| owner.to_token_stream()),
        of: impl_type.name,
    };
    let check = context
        .owner
        .is_none()
        .then(|| generate_check(&options, &item));
    let methods = context.instrument(&mut item, &mut errors);
    errors.finish()?;
    if methods == 0 {
        let message = format!(
            "`#[metrics]` found no method to instrument: expected one with `#[{}]`",
            ATTRIBUTES.join("]`, `#[")
        );
        return Err(Error::new(Span::call_site(), message));
    }
    let known = beside.map(|(_, known)| known);
    Ok(quote!(#item #known #check))
}

/// Returns the name of the constant that holds the owner: unique among all impls of the module, and always the same.
fn name_owner(impl_type: &ImplType, item: &ItemImpl) -> Ident {
    let mut text = item.self_ty.to_token_stream().to_string();
    if let Some((of_trait, _)) = &item.trait_ {
        text.push_str(&of_trait.to_token_stream().to_string());
    }
    for item in &item.items {
        if let ImplItem::Fn(method) = item {
            text.push_str(&method.sig.ident.to_string());
        }
    }
    // FNV-1a: a hash that does not change between compilers.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format_ident!("__RUNAR_OTEL_OWNER_{}_{hash:016x}", impl_type.name)
}

/// Generates the owner as a constant. Its service is the struct's, with the options of the impl in place of the
/// struct's; if the struct has no service, it is the impl's alone.
fn generate_owner(
    options: &MetricsOptions,
    name: &str,
    outside: &Type,
    owner: &Ident,
) -> TokenStream {
    let private = options.crate_path.private();
    let service = quote_option(options.service.as_ref());
    let prefix = quote_option(options.prefix.as_ref());
    let (events, actions) = (quote_option(options.events), quote_option(options.actions));
    let linked = match options.first {
        // Nothing to replace: if the struct has its own, that very one.
        None => quote!(match __OF_STRUCT {
            ::core::option::Option::Some(meta) => meta,
            ::core::option::Option::None => &__META,
        }),
        Some(_) => quote!(&__META),
    };
    quote! {
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #owner: #private::Owner = {
            #[allow(unused_imports)]
            use #private::NoService as _;

            const __OF_STRUCT: ::core::option::Option<&'static #private::ServiceMeta> =
                #private::Probe::<#outside>::SERVICE;

            static __META: #private::ServiceMeta = #private::ServiceMeta::or(
                __OF_STRUCT,
                #private::ServiceMeta {
                    name: #name,
                    prefix: "",
                    events: false,
                    actions: false,
                    module: ::core::module_path!(),
                    at: ::core::panic::Location::caller(),
                },
                #service,
                #prefix,
                #events,
                #actions,
            );

            #[#private::linkme::distributed_slice(#private::SERVICES)]
            #[linkme(crate = #private::linkme)]
            static __LINK: &#private::ServiceMeta = #linked;

            #private::Owner::named(#name, ::core::option::Option::Some(#linked))
        };
    }
}

/// Refuses options of the service on a generic impl. Its type cannot be named outside of the impl, so its methods ask
/// the type for its service, which is the struct's.
fn refuse_service_options(options: &MetricsOptions) -> syn::Result<()> {
    match &options.first {
        Some(option) => {
            let message = format!(
                "a generic impl takes its service from the struct: put `{option}` on the struct's `#[metrics]`"
            );
            Err(Error::new(option.span(), message))
        }
        None => Ok(()),
    }
}

/// Generates a check that the struct of a generic impl has `#[metrics]`.
fn generate_check(options: &MetricsOptions, item: &ItemImpl) -> TokenStream {
    let private = options.crate_path.private();
    let of = &item.self_ty;
    let (of_impl, _, of_where) = item.generics.split_for_impl();
    quote! {
        const _: () = {
            #[allow(dead_code, clippy::elidable_lifetime_names, clippy::needless_lifetimes)]
            // The argument implies the bounds that the struct has.
            fn check #of_impl (_: &#of) #of_where {
                #private::has_metrics::<#of>();
            }
        };
    }
}
