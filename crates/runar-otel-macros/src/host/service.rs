//! `#[service]`, `#[publisher]`, `#[p2p_service]`, `#[dht_service]` on a struct or an impl.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Attribute, Error, Item, ItemImpl, ItemStruct, LitStr, ext::IdentExt as _};

use super::method::{ImplContext, ImplType, strip_attributes};
use crate::{
    attributes,
    crate_path::CratePath,
    options::{BareString, Errors, OptionReader, value},
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

/// The options of an attribute on a struct.
struct ServiceOptions {
    name: Option<LitStr>,
    path: Option<LitStr>,
    description: Option<LitStr>,
    version: Option<LitStr>,
    crate_path: CratePath,
}

impl ServiceOptions {
    fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, BareString::Lacks("name"));
        let name = options.read("name", value::text);
        let path = options.read("path", value::text);
        let description = options.read("description", value::string);
        let version = options.read("version", value::text);
        let crate_path = options.read_crate_path().unwrap_or_default();
        options.finish(errors);
        Self {
            name: name.map(|name| name.value),
            path: path.map(|path| path.value),
            description: description.map(|description| description.value),
            version: version.map(|version| version.value),
            crate_path,
        }
    }
}

/// Returns the name that an attribute below gives the service; leniently, since that attribute may be another crate's.
pub(crate) fn service_name(attributes: &[Attribute]) -> Option<String> {
    let below = attributes
        .iter()
        .find(|attribute| attributes::is_named(attribute, &ATTRIBUTES))?;
    let mut options = attributes::read_leniently(below, BareString::Lacks("name"));
    let name = options.read("name", value::string)?;
    Some(name.value.value())
}

pub(super) fn expand(kind: ServiceKind, arguments: TokenStream, item: &TokenStream) -> TokenStream {
    match syn::parse2(item.clone()) {
        Ok(Item::Struct(item)) => {
            let fallback = strip_fields(item.clone()).into_token_stream();
            or_original(expand_struct(kind, arguments, item), &fallback)
        }
        Ok(Item::Impl(block)) => {
            let fallback = strip_attributes(block.clone()).into_token_stream();
            or_original(expand_impl(kind, arguments, block), &fallback)
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

fn expand_struct(
    kind: ServiceKind,
    arguments: TokenStream,
    item: ItemStruct,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let options = ServiceOptions::read(arguments, &mut errors);
    check_fields(&item, &mut errors);
    errors.finish()?;
    let mut item = strip_fields(item);
    let name = options.name.as_ref().map(|name| quote!(service = #name));
    pass_option(&mut item, "service", name);
    let crate_path = options
        .crate_path
        .explicit()
        .map(|path| quote!(crate = #path));
    pass_option(&mut item, "crate", crate_path);
    let declaration = generate_declaration(kind, &options, &item);
    Ok(quote!(#item #declaration))
}

/// Refuses options of `#[metric_field]` without a `#[metrics]` on the struct, which alone reads them.
fn check_fields(item: &ItemStruct, errors: &mut Errors) {
    if has_metrics(item) {
        return;
    }
    let attributes = item.fields.iter().flat_map(|field| &field.attrs);
    let of_metrics = attributes.filter(|attribute| {
        attributes::is_named(attribute, &["metric_field"])
            && attributes::tokens(attribute).is_ok_and(|tokens| !tokens.is_empty())
    });
    for attribute in of_metrics {
        let message = "`#[metric_field(…)]` needs `#[metrics]` on the struct";
        errors.push(Error::new_spanned(attribute.path(), message));
    }
}

fn has_metrics(item: &ItemStruct) -> bool {
    item.attrs
        .iter()
        .any(|attribute| attributes::is_named(attribute, &["metrics"]))
}

/// Removes `#[inject]`, and `#[metric_field]` if there is no `#[metrics]` that takes it.
fn strip_fields(mut item: ItemStruct) -> ItemStruct {
    let taken: &[&str] = if has_metrics(&item) {
        &["inject"]
    } else {
        &["inject", "metric_field"]
    };
    for field in &mut item.fields {
        attributes::take_attributes(&mut field.attrs, |attribute| {
            attributes::is_named(attribute, taken)
        });
    }
    item
}

/// Adds an option to a `#[metrics]` below that lacks it.
fn pass_option(item: &mut ItemStruct, name: &'static str, option: Option<TokenStream>) {
    let below = item
        .attrs
        .iter_mut()
        .find(|attribute| attributes::is_named(attribute, &["metrics"]));
    let (Some(metrics), Some(option)) = (below, option) else {
        return;
    };
    let given = attributes::read_leniently(metrics, BareString::Lacks("prefix"));
    if given.find_first(&[name]).is_none() {
        attributes::add_option(metrics, &option);
    }
}

fn generate_declaration(
    kind: ServiceKind,
    options: &ServiceOptions,
    item: &ItemStruct,
) -> TokenStream {
    let private = options.crate_path.private();
    let of = item.ident.unraw().to_string();
    let text =
        |given: &Option<LitStr>, otherwise: String| given.as_ref().map_or(otherwise, LitStr::value);
    let name = text(&options.name, of.clone());
    let path = text(&options.path, of.to_lowercase());
    let description = text(&options.description, String::new());
    let version = match &options.version {
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

/// Reads the options on an impl: only `crate`, the others belong on the struct.
fn read_impl_options(kind: ServiceKind, tokens: TokenStream, errors: &mut Errors) -> CratePath {
    let mut options = OptionReader::new(tokens, BareString::Lacks("name"));
    let crate_path = options.read_crate_path().unwrap_or_default();
    for name in ["name", "path", "description", "version"] {
        let attribute = kind.attribute();
        let message =
            format!("`{name}` belongs on the struct: write `#[{attribute}({name} = …)]` there");
        options.refuse(name, &message);
    }
    options.finish(errors);
    crate_path
}

fn expand_impl(
    kind: ServiceKind,
    arguments: TokenStream,
    mut item: ItemImpl,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let crate_path = read_impl_options(kind, arguments, &mut errors);
    let impl_type = errors.keep(ImplType::of(&item));
    let below = item
        .attrs
        .iter()
        .any(|attribute| attributes::is_named(attribute, &["metrics"]));
    // `#[metrics]` on the impl knows more of the owner, and passes the type on to the methods too.
    if let (Some(impl_type), false) = (impl_type, below) {
        let context = ImplContext {
            owner: impl_type.generate_owner(&crate_path),
            of: impl_type.name,
            crate_path,
        };
        context.instrument(&mut item, &mut errors);
    }
    errors.finish()?;
    Ok(item.into_token_stream())
}

impl ImplType {
    /// Returns the owner of the methods; `None` if the type cannot be named outside of the impl.
    fn generate_owner(&self, crate_path: &CratePath) -> Option<TokenStream> {
        let private = crate_path.private();
        let (name, outside) = (&self.name, self.outside.as_ref()?);
        Some(quote! {{
            #[allow(unused_imports)]
            use #private::NoService as _;
            #private::Owner::named(#name, #private::Probe::<#outside>::SERVICE)
        }})
    }
}
