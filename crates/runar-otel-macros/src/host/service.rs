//! `#[service]`, `#[publisher]`, `#[p2p_service]`, `#[dht_service]` on a struct or an impl.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Error, Item, ItemImpl, ItemStruct, LitStr, ext::IdentExt as _};

use super::method::{Around, Subject, stripped};
use crate::{
    attributes,
    krate::Krate,
    options::{Errors, Options, unknown},
    original::or_original,
};

/// The attribute on the struct or the impl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServiceKind {
    Service,
    Publisher,
    PeerToPeer,
    Dht,
}

impl ServiceKind {
    fn attribute(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Publisher => "publisher",
            Self::PeerToPeer => "p2p_service",
            Self::Dht => "dht_service",
        }
    }
}

/// The attributes that may name a service.
const ATTRIBUTES: [&str; 4] = ["service", "publisher", "p2p_service", "dht_service"];

const OPTIONS: [&str; 5] = ["name", "path", "description", "version", "crate"];

/// The options of an attribute on a struct, as given.
#[derive(Default)]
struct Said {
    name: Option<LitStr>,
    path: Option<LitStr>,
    description: Option<LitStr>,
    version: Option<LitStr>,
    krate: Krate,
}

/// Returns the name that an attribute below gives the service; leniently, since that attribute may be another crate's.
pub(crate) fn service_name(attributes: &[Attribute]) -> Option<String> {
    let below = attributes
        .iter()
        .find(|attribute| attributes::is(attribute, &ATTRIBUTES))?;
    let options = attributes::options(below).ok()?;
    let name = options.iter().find(|given| given.name == "name")?;
    name.text().ok().map(|name| name.value())
}

pub(super) fn expand(kind: ServiceKind, arguments: TokenStream, item: &TokenStream) -> TokenStream {
    match syn::parse2(item.clone()) {
        Ok(Item::Struct(item)) => {
            let fallback = without_fields(item.clone()).into_token_stream();
            or_original(of_struct(kind, arguments, item), &fallback)
        }
        Ok(Item::Impl(block)) => {
            let fallback = stripped(block.clone()).into_token_stream();
            or_original(of_impl(kind, arguments, block), &fallback)
        }
        _ => {
            let message = format!(
                "`#[{}]` belongs on a struct or on its impl",
                kind.attribute()
            );
            or_original(Err(Error::new(Span::call_site(), message)), item)
        }
    }
}

fn said(arguments: TokenStream) -> syn::Result<Said> {
    let mut errors = Errors::default();
    let mut said = Said::default();
    for given in syn::parse2::<Options>(arguments)?.0 {
        match given.name.to_string().as_str() {
            "name" => said.name = errors.keep(given.word()),
            "path" => said.path = errors.keep(given.word()),
            "description" => said.description = errors.keep(given.text()),
            "version" => said.version = errors.keep(given.word()),
            "crate" => {
                if let Some(path) = errors.keep(given.path()) {
                    said.krate = Krate::new(&path);
                }
            }
            _ => errors.push(unknown(&given.name, &OPTIONS)),
        }
    }
    errors.finish()?;
    Ok(said)
}

fn of_struct(
    kind: ServiceKind,
    arguments: TokenStream,
    item: ItemStruct,
) -> syn::Result<TokenStream> {
    let said = said(arguments)?;
    let item = checked_fields(item)?;
    let mut item = without_fields(item);
    let name = said.name.as_ref().map(|name| quote!(service = #name));
    hand_down(&mut item, "service", name);
    let krate = said.krate.said().map(|path| quote!(crate = #path));
    hand_down(&mut item, "crate", krate);
    let declaration = declaration(kind, &said, &item);
    Ok(quote!(#item #declaration))
}

/// Refuses options of `#[metric_field]` without a `#[metrics]` on the struct, which alone reads them.
fn checked_fields(item: ItemStruct) -> syn::Result<ItemStruct> {
    let mut errors = Errors::default();
    if !has_metrics(&item) {
        let attributes = item.fields.iter().flat_map(|field| &field.attrs);
        let of_metrics = attributes.filter(|attribute| {
            attributes::is(attribute, &["metric_field"])
                && !attributes::tokens(attribute).is_empty()
        });
        for attribute in of_metrics {
            let message = "`#[metric_field(…)]` needs `#[metrics]` on the struct";
            errors.push(Error::new_spanned(attribute.path(), message));
        }
    }
    errors.finish()?;
    Ok(item)
}

fn has_metrics(item: &ItemStruct) -> bool {
    item.attrs
        .iter()
        .any(|attribute| attributes::is(attribute, &["metrics"]))
}

/// Removes `#[inject]`, and `#[metric_field]` if there is no `#[metrics]` that takes it.
fn without_fields(mut item: ItemStruct) -> ItemStruct {
    let taken: &[&str] = if has_metrics(&item) {
        &["inject"]
    } else {
        &["inject", "metric_field"]
    };
    for field in &mut item.fields {
        attributes::take(&mut field.attrs, |attribute| {
            attributes::is(attribute, taken)
        });
    }
    item
}

/// Adds an option to a `#[metrics]` below that lacks it.
fn hand_down(item: &mut ItemStruct, name: &str, option: Option<TokenStream>) {
    let below = item
        .attrs
        .iter_mut()
        .find(|attribute| attributes::is(attribute, &["metrics"]));
    let (Some(metrics), Some(option)) = (below, option) else {
        return;
    };
    let has = attributes::options(metrics)
        .is_ok_and(|options| options.iter().any(|given| given.name == name));
    if !has {
        attributes::add(metrics, &option);
    }
}

fn declaration(kind: ServiceKind, said: &Said, item: &ItemStruct) -> TokenStream {
    let private = said.krate.private();
    let of = item.ident.unraw().to_string();
    let text =
        |said: &Option<LitStr>, otherwise: String| said.as_ref().map_or(otherwise, LitStr::value);
    let name = text(&said.name, of.clone());
    let path = text(&said.path, of.to_lowercase());
    let description = text(&said.description, String::new());
    let version = match &said.version {
        Some(version) => version.to_token_stream(),
        None => quote!(::core::env!("CARGO_PKG_VERSION")),
    };
    let kind = format_ident!("{kind:?}");
    let ident = &item.ident;
    let (of_impl, of_type, of_where) = item.generics.split_for_impl();
    quote! {
        const _: () = {
            #[#private::linkme::distributed_slice(#private::host::HOST_SERVICES)]
            #[linkme(crate = #private::linkme)]
            static __SERVICE: #private::host::HostService = #private::host::HostService {
                name: #name,
                path: #path,
                description: #description,
                version: #version,
                kind: #private::host::ServiceKind::#kind,
                of: #of,
                module: ::core::module_path!(),
                at: ::core::panic::Location::caller(),
            };

            #[automatically_derived]
            impl #of_impl #private::host::Service for #ident #of_type #of_where {
                const DECLARATION: &'static #private::host::HostService = &__SERVICE;
            }
        };
    }
}

fn of_impl(
    kind: ServiceKind,
    arguments: TokenStream,
    mut item: ItemImpl,
) -> syn::Result<TokenStream> {
    let mut krate = Krate::default();
    let mut errors = Errors::default();
    for given in syn::parse2::<Options>(arguments)?.0 {
        match given.name.to_string().as_str() {
            "crate" => {
                if let Some(path) = errors.keep(given.path()) {
                    krate = Krate::new(&path);
                }
            }
            of_struct if OPTIONS.contains(&of_struct) => errors.at(
                given.name.span(),
                format!(
                    "`{of_struct}` belongs on the struct: write `#[{}({of_struct} = …)]` there",
                    kind.attribute()
                ),
            ),
            _ => errors.push(unknown(&given.name, &OPTIONS)),
        }
    }
    let subject = errors.keep(Subject::of(&item));
    let below = item
        .attrs
        .iter()
        .any(|attribute| attributes::is(attribute, &["metrics"]));
    // `#[metrics]` on the impl knows more of the owner, and passes the type on to the methods too.
    if let (Some(subject), false) = (subject, below) {
        let around = Around {
            owner: subject.owner(&krate),
            of: subject.name,
            krate,
        };
        around.instrument(&mut item, &mut errors);
    }
    errors.finish()?;
    Ok(item.into_token_stream())
}

impl Subject {
    /// Returns the owner of the methods; `None` if the type cannot be named outside of the impl.
    fn owner(&self, krate: &Krate) -> Option<TokenStream> {
        let private = krate.private();
        let (name, outside) = (&self.name, self.outside.as_ref()?);
        Some(quote! {{
            #[allow(unused_imports)]
            use #private::NoService as _;
            #private::Owner::named(#name, #private::Probe::<#outside>::SERVICE)
        }})
    }
}
