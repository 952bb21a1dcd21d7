//! `#[metrics]` on a struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Field, Fields, ItemStruct, LitStr, WherePredicate, ext::IdentExt as _, parse_quote};

use super::{
    field::{self, MetricField},
    options::MetricsOptions,
};
use crate::{attributes, host, options::Errors};

/// The attributes of fields that are ours.
const OURS: [&str; 2] = ["inject", "metric_field"];

pub(super) fn expand(arguments: TokenStream, item: &ItemStruct) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let options = MetricsOptions::read(arguments, &mut errors);
    let prefix = options
        .prefix
        .as_ref()
        .map(LitStr::value)
        .unwrap_or_default();
    let mut fields: Vec<Option<MetricField>> = Vec::new();
    for field in &item.fields {
        let attribute = field::find_attribute(field);
        let parsed = attribute.map(|attribute| MetricField::parse(field, attribute, &prefix));
        fields.push(parsed.and_then(|parsed| errors.keep(parsed)));
    }
    errors.finish()?;
    let service = generate_service(&options, item);
    let default = options
        .default
        .is_some()
        .then(|| generate_default(item, &fields));
    let declared = fields
        .iter()
        .flatten()
        .filter(|field| field.has_options || options.default.is_some())
        .map(|field| field.generate_link(&options.crate_path));
    let item = strip_attributes(item.clone());
    Ok(quote! {
        #item
        #service
        #(#declared)*
        #default
    })
}

/// Removes our attributes from the fields.
pub(super) fn strip_attributes(mut item: ItemStruct) -> ItemStruct {
    for field in &mut item.fields {
        attributes::take_attributes(&mut field.attrs, |attribute| {
            attributes::is_named(attribute, &OURS)
        });
    }
    item
}

/// Generates the service that the struct is.
fn generate_service(options: &MetricsOptions, item: &ItemStruct) -> TokenStream {
    let private = options.crate_path.private();
    let ident = &item.ident;
    let name = options.service.as_ref().map(LitStr::value);
    let name = name
        .or_else(|| host::service_name(&item.attrs))
        .unwrap_or_else(|| ident.unraw().to_string());
    let prefix = options
        .prefix
        .as_ref()
        .map(LitStr::value)
        .unwrap_or_default();
    let (events, actions) = (
        options.events.unwrap_or_default(),
        options.actions.unwrap_or_default(),
    );
    let (of_impl, of_type, of_where) = item.generics.split_for_impl();
    quote! {
        const _: () = {
            static __META: #private::ServiceMeta = #private::ServiceMeta {
                name: #name,
                prefix: #prefix,
                events: #events,
                actions: #actions,
                module: ::core::module_path!(),
                at: ::core::panic::Location::caller(),
            };

            #[#private::linkme::distributed_slice(#private::SERVICES)]
            #[linkme(crate = #private::linkme)]
            static __LINK: &#private::ServiceMeta = &__META;

            #[automatically_derived]
            impl #of_impl #private::MeteredService for #ident #of_type #of_where {
                const META: &'static #private::ServiceMeta = &__META;
            }
        };
    }
}

/// Generates `Default`: metrics are registered, other fields have their own default.
fn generate_default(item: &ItemStruct, fields: &[Option<MetricField>]) -> TokenStream {
    let ident = &item.ident;
    let mut generics = item.generics.clone();
    if generics.type_params().next().is_some() {
        let bounds = collect_bounds(item, fields);
        generics.make_where_clause().predicates.extend(bounds);
    }
    let (of_impl, of_type, of_where) = generics.split_for_impl();
    let values: Vec<TokenStream> = item
        .fields
        .iter()
        .zip(fields)
        .map(|(field, metric)| generate_value(field, metric.as_ref()))
        .collect();
    let body = match &item.fields {
        Fields::Named(_) => quote!({ #(#values),* }),
        Fields::Unnamed(_) => quote!((#(#values),*)),
        Fields::Unit => TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        impl #of_impl ::core::default::Default for #ident #of_type #of_where {
            fn default() -> Self {
                Self #body
            }
        }
    }
}

fn generate_value(field: &Field, metric: Option<&MetricField>) -> TokenStream {
    let value = match metric {
        Some(metric) => metric.generate_registration(field),
        None => quote!(::core::default::Default::default()),
    };
    match &field.ident {
        Some(ident) => quote!(#ident: #value),
        None => value,
    }
}

/// Returns the bounds of `Default` for a generic struct: each field without a metric has a default.
fn collect_bounds(item: &ItemStruct, fields: &[Option<MetricField>]) -> Vec<WherePredicate> {
    let plain = item
        .fields
        .iter()
        .zip(fields)
        .filter(|(_, metric)| metric.is_none());
    plain
        .map(|(field, _)| {
            let of = &field.ty;
            parse_quote!(#of: ::core::default::Default)
        })
        .collect()
}
