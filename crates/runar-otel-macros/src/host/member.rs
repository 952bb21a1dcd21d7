//! An attribute on a function: `#[action]`, `#[dht_operation]`, `#[event_handler]`, `#[job]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Block, Error, ImplItemFn, LitStr, ext::IdentExt as _, parse_quote};

use super::{cache, cron, method, notes};
use crate::{
    attributes,
    crate_path::CratePath,
    metered::{Instrumentation, Role},
    options::{AttributeOption, BareString, Errors, OptionReader, value},
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

    /// Returns the meaning of `#[action("…")]`, and of the same on another attribute.
    fn bare_string(self) -> BareString {
        match self {
            Self::Action | Self::DhtOperation => BareString::ValueOf("name"),
            Self::EventHandler => BareString::ValueOf("topic"),
            Self::Job => BareString::Lacks("schedule"),
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

/// The options of an attribute on a function.
#[derive(Default)]
struct MemberOptions {
    name: Option<LitStr>,
    path: Option<LitStr>,
    topic: Option<LitStr>,
    schedule: Option<LitStr>,
    /// The time that answers may be kept, in milliseconds; `None` if they may not.
    ttl: Option<u64>,
    metrics: bool,
    crate_path: CratePath,
}

impl MemberOptions {
    fn read(kind: MemberKind, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, kind.bare_string());
        let mut member = Self::default();
        match kind {
            MemberKind::Action | MemberKind::DhtOperation => {
                member.name = options.read("name", value::text).map(|name| name.value);
                member.path = options.read("path", value::text).map(|path| path.value);
                let ttl = options.read("cache", cache::parse);
                member.ttl = ttl.and_then(|ttl| ttl.value);
            }
            MemberKind::EventHandler => {
                member.topic = options.read("topic", value::text).map(|topic| topic.value);
            }
            MemberKind::Job => {
                let schedule = options.read("schedule", parse_schedule);
                member.schedule = schedule.map(|schedule| schedule.value);
                member.name = options.read("name", value::text).map(|name| name.value);
            }
        }
        let metrics = options.read("metrics", value::flag);
        member.metrics = metrics.is_some_and(|metrics| metrics.value);
        member.crate_path = options.read_crate_path().unwrap_or_default();
        let lacks_schedule = kind == MemberKind::Job && options.lacks("schedule");
        options.finish(errors);
        if lacks_schedule {
            let message = "`#[job]` needs a schedule: write `#[job(schedule = \"*/5 * * * *\")]`";
            errors.at(Span::call_site(), message);
        }
        member
    }
}

fn parse_schedule(option: &AttributeOption) -> syn::Result<LitStr> {
    value::valid(value::string(option)?, cron::schedule_problem)
}

pub(super) fn expand(
    kind: MemberKind,
    arguments: TokenStream,
    item: TokenStream,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let mut options = MemberOptions::read(kind, arguments, &mut errors);
    let mut function: ImplItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(problem) => return Err(errors.with(item_error(kind, item, problem))),
    };
    options.crate_path = options.crate_path.or_note(&function.block);
    let member = generate_link(kind, &options, &function);
    let skipped = attributes::take_attributes(&mut function.attrs, attributes::is_skip);
    if skipped.is_empty() {
        let instrumentation = Instrumentation {
            role: kind.role(),
            metered: options.metrics,
            event: options.topic,
            owner: None,
            crate_path: options.crate_path,
        };
        errors.keep(method::instrument_function(&mut function, &instrumentation));
    } else {
        errors.keep(method::refuse_contradiction(&function.attrs));
        notes::mark_function(&mut function.block);
    }
    errors.finish()?;
    notes::insert_statement(&mut function.block, member);
    Ok(function.into_token_stream())
}

/// Returns the error for an item that is no function with a body, or the syntax error in one.
fn item_error(kind: MemberKind, item: TokenStream, problem: Error) -> Error {
    let is_other = syn::parse2::<syn::TraitItemFn>(item.clone()).is_ok()
        || syn::parse2::<syn::Item>(item).is_ok();
    if !is_other {
        return problem;
    }
    let attribute = kind.attribute();
    let message = format!("`#[{attribute}]` belongs on a function with a body");
    Error::new(Span::call_site(), message)
}

impl CratePath {
    /// Returns the path that was given, else the one that an attribute on the impl left in the body.
    fn or_note(self, block: &Block) -> Self {
        if self.explicit().is_some() {
            return self;
        }
        let left = notes::find_note(block, notes::CRATE);
        let path = left.and_then(|path| syn::parse_str(&path).ok());
        path.map_or(self, |path: syn::Path| Self::new(&path))
    }
}

/// Generates the statement that links the declaration into `HOST_MEMBERS`.
fn generate_link(kind: MemberKind, options: &MemberOptions, function: &ImplItemFn) -> syn::Stmt {
    let private = options.crate_path.private();
    let of = match notes::find_note(&function.block, notes::TYPE) {
        Some(of) => quote!(::core::option::Option::Some(#of)),
        None => quote!(::core::option::Option::None),
    };
    let kind = generate_kind(kind, options, function);
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

fn generate_kind(kind: MemberKind, options: &MemberOptions, function: &ImplItemFn) -> TokenStream {
    let private = options.crate_path.private();
    let host = quote!(#private::host);
    let ident = function.sig.ident.unraw().to_string();
    let name = options.name.as_ref().map_or(ident.clone(), LitStr::value);
    match kind {
        MemberKind::Action | MemberKind::DhtOperation => {
            let path = options.path.as_ref().map_or(name.clone(), LitStr::value);
            let ttl = match options.ttl {
                Some(ttl) => {
                    quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ttl)))
                }
                None => quote!(::core::option::Option::None),
            };
            let metrics = options.metrics;
            quote!(#host::MemberKind::Action(#host::Action::new(#name, #path, #ident, #ttl, #metrics)))
        }
        MemberKind::Job => {
            let schedule = &options.schedule;
            quote!(#host::MemberKind::Job(#host::Job::new(#name, #ident, #schedule)))
        }
        MemberKind::EventHandler => {
            let beside = || function.attrs.iter().find_map(attributes::find_topic);
            let topic = options.topic.clone().or_else(beside);
            let topic = topic
                .map(|topic| topic.value())
                .or_else(|| notes::find_note(&function.block, notes::TOPIC))
                .unwrap_or_else(|| ident.clone());
            quote!(#host::MemberKind::EventHandler(#host::EventHandler::new(#topic, #ident)))
        }
    }
}
