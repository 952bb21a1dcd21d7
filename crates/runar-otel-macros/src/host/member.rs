//! An attribute on a function: `#[action]`, `#[dht_operation]`, `#[event_handler]`, `#[job]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Block, Error, ImplItemFn, LitStr, ext::IdentExt as _, parse_quote};

use super::{cache, cron, method, owner};
use crate::{
    attributes,
    krate::Krate,
    metered::{Role, Wanted},
    options::{Errors, Given, unknown},
};

/// The attribute on the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    Action,
    DhtOperation,
    EventHandler,
    Job,
}

impl MemberKind {
    fn attribute(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::DhtOperation => "dht_operation",
            Self::EventHandler => "event_handler",
            Self::Job => "job",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Action | Self::DhtOperation => &["name", "path", "metrics", "cache", "crate"],
            Self::EventHandler => &["topic", "metrics", "crate"],
            Self::Job => &["schedule", "name", "metrics", "crate"],
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Action | Self::DhtOperation => Role::Action,
            Self::EventHandler => Role::Event,
            Self::Job => Role::Job,
        }
    }
}

/// The options of an attribute, as given.
#[derive(Default)]
struct Said {
    name: Option<LitStr>,
    path: Option<LitStr>,
    topic: Option<LitStr>,
    schedule: Option<LitStr>,
    /// The time that answers may be kept, in milliseconds; `None` if they may not.
    ttl: Option<u64>,
    metrics: bool,
    krate: Krate,
}

pub(super) fn expand(
    kind: MemberKind,
    arguments: TokenStream,
    item: TokenStream,
) -> syn::Result<TokenStream> {
    let mut said = said(kind, arguments)?;
    let mut function: ImplItemFn =
        syn::parse2(item.clone()).map_err(|problem| no_function(kind, item, problem))?;
    said.krate = said.krate.or(&function.block);
    let member = link(kind, &said, &function);
    let skipped = attributes::take(&mut function.attrs, attributes::skips);
    if skipped.is_empty() {
        let wanted = Wanted {
            role: kind.role(),
            metered: said.metrics,
            event: said.topic,
            owner: None,
            krate: said.krate,
        };
        method::instrumented(&mut function, &wanted)?;
    } else {
        method::no_contradiction(&function.attrs)?;
        owner::mark(&mut function.block);
    }
    owner::insert(&mut function.block, member);
    Ok(function.into_token_stream())
}

/// Returns the error for an item that is no function with a body, or the syntax error in one.
fn no_function(kind: MemberKind, item: TokenStream, problem: Error) -> Error {
    let is_other = syn::parse2::<syn::TraitItemFn>(item.clone()).is_ok()
        || syn::parse2::<syn::Item>(item).is_ok();
    if !is_other {
        return problem;
    }
    let attribute = kind.attribute();
    let message = format!("`#[{attribute}]` belongs on a function with a body");
    Error::new(Span::call_site(), message)
}

fn said(kind: MemberKind, arguments: TokenStream) -> syn::Result<Said> {
    let (first, options) = attributes::arguments(arguments)?;
    let mut errors = Errors::default();
    let mut said = Said::default();
    let bare = first.is_some();
    if let Some(first) = first {
        match kind {
            MemberKind::EventHandler => said.topic = Some(first),
            MemberKind::Job => {
                let message = "a schedule has a name here: write `schedule = \"…\"`";
                errors.at(first.span(), message);
            }
            MemberKind::Action | MemberKind::DhtOperation => said.name = Some(first),
        }
    }
    for given in &options {
        let name = given.name.to_string();
        if kind.options().contains(&name.as_str()) {
            let result = said.take(given, &name);
            errors.keep(result);
        } else {
            errors.push(unknown(&given.name, kind.options()));
        }
    }
    if let Some(name) = &said.name
        && name.value().trim().is_empty()
    {
        errors.at(name.span(), "`name` is empty: expected a text");
    }
    if let Some(topic) = &said.topic
        && topic.value().trim().is_empty()
    {
        errors.at(topic.span(), "the topic is empty: expected a text");
    }
    if kind == MemberKind::Job && !bare && !options.iter().any(is_schedule) {
        let message = "`#[job]` needs a schedule: write `#[job(schedule = \"*/5 * * * *\")]`";
        errors.at(Span::call_site(), message);
    }
    errors.finish()?;
    Ok(said)
}

fn is_schedule(given: &Given) -> bool {
    given.name == "schedule"
}

impl Said {
    fn take(&mut self, given: &Given, name: &str) -> syn::Result<()> {
        match name {
            "name" if self.name.is_some() => {
                return Err(Error::new(given.name.span(), "the name is given twice"));
            }
            "topic" if self.topic.is_some() => {
                return Err(Error::new(given.name.span(), "the topic is given twice"));
            }
            "name" => self.name = Some(given.word()?),
            "path" => self.path = Some(given.word()?),
            "topic" => self.topic = Some(given.word()?),
            "metrics" => self.metrics = given.flag()?,
            "cache" => self.ttl = cache::parse(given)?,
            "schedule" => self.schedule = Some(schedule(given)?),
            _ => self.krate = Krate::new(&given.path()?),
        }
        Ok(())
    }
}

fn schedule(given: &Given) -> syn::Result<LitStr> {
    let text = given.text()?;
    match cron::problem(&text.value()) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text),
    }
}

impl Krate {
    /// Returns the path that was given, else the one that an attribute on the impl left in the body.
    fn or(self, block: &Block) -> Self {
        if self.said().is_some() {
            return self;
        }
        let left = owner::find(block, owner::CRATE);
        let path = left.and_then(|path| syn::parse_str(&path).ok());
        path.map_or(self, |path: syn::Path| Self::new(&path))
    }
}

/// Generates the statement that links the declaration into `HOST_MEMBERS`.
fn link(kind: MemberKind, said: &Said, function: &ImplItemFn) -> syn::Stmt {
    let private = said.krate.private();
    let of = match owner::find(&function.block, owner::OF) {
        Some(of) => quote!(::core::option::Option::Some(#of)),
        None => quote!(::core::option::Option::None),
    };
    let kind = member_kind(kind, said, function);
    parse_quote! {
        const _: () = {
            #[#private::linkme::distributed_slice(#private::host::HOST_MEMBERS)]
            #[linkme(crate = #private::linkme)]
            static __MEMBER: #private::host::HostMember = #private::host::HostMember {
                of: #of,
                module: ::core::module_path!(),
                kind: #kind,
            };
        };
    }
}

fn member_kind(kind: MemberKind, said: &Said, function: &ImplItemFn) -> TokenStream {
    let private = said.krate.private();
    let host = quote!(#private::host);
    let ident = function.sig.ident.unraw().to_string();
    let name = said.name.as_ref().map_or(ident.clone(), LitStr::value);
    match kind {
        MemberKind::Action | MemberKind::DhtOperation => {
            let path = said.path.as_ref().map_or(name.clone(), LitStr::value);
            let ttl = match said.ttl {
                Some(ttl) => {
                    quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ttl)))
                }
                None => quote!(::core::option::Option::None),
            };
            let metrics = said.metrics;
            quote!(#host::MemberKind::Action(#host::Action::new(#name, #path, #ident, #ttl, #metrics)))
        }
        MemberKind::Job => {
            let schedule = &said.schedule;
            quote!(#host::MemberKind::Job(#host::Job::new(#name, #ident, #schedule)))
        }
        MemberKind::EventHandler => {
            let beside = || function.attrs.iter().find_map(method::topic);
            let topic = said.topic.clone().or_else(beside);
            let topic = topic
                .map(|topic| topic.value())
                .or_else(|| owner::find(&function.block, owner::TOPIC))
                .unwrap_or_else(|| ident.clone());
            quote!(#host::MemberKind::EventHandler(#host::EventHandler::new(#topic, #ident)))
        }
    }
}
