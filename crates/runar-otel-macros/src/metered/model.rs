//! A metered function: the options of its attribute, and the facts that its signature shows.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Block, FnArg, Ident, Item, LitStr, Macro, Pat, PathSegment, Signature, Type,
    ext::IdentExt as _, visit::Visit,
};

use super::{
    hygiene::quote,
    instrumentation::{Instrumentation, Role},
    options::MeteredOptions,
    returned::{LastingValue, Work, find_work},
};
use crate::attributes;

/// The input of the expansion, apart from the body.
pub(crate) struct Model<'a> {
    pub(crate) options: MeteredOptions,
    pub(crate) signature: &'a Signature,
    /// True if `#[metered]` is present, or if another attribute asks for metrics.
    pub(crate) metered: bool,
    pub(crate) role: Role,
    pub(crate) event: Option<LitStr>,
    pub(crate) owner: Option<TokenStream>,
    pub(crate) is_method: bool,
    pub(crate) work: Work,
    /// The type of a call's result, which for a returned future is its output; `None` if unknown.
    pub(crate) result: Option<Type>,
    /// The shape of the returned value with `until = "drop"`; `None` without the option, or if the type has no visible
    /// end.
    pub(crate) lasting: Option<LastingValue>,
    /// The path of the module `__private`.
    pub(crate) private: TokenStream,
}

impl<'a> Model<'a> {
    pub(crate) fn new(
        options: MeteredOptions,
        instrumentation: &Instrumentation,
        is_metered: bool,
        signature: &'a Signature,
        block: &Block,
    ) -> Self {
        let role = if options.event.is_some() {
            Role::Event
        } else {
            instrumentation.role
        };
        let event = options.event.as_ref().map(|event| event.value.clone());
        let (work, result) = find_work(signature.asyncness.is_some(), &signature.output);
        let lasting = options
            .until
            .as_ref()
            .and_then(|_| LastingValue::of(result.as_ref()?));
        let crate_path = options
            .crate_path
            .as_ref()
            .unwrap_or(&instrumentation.crate_path);
        Self {
            role,
            event: event.or_else(|| instrumentation.event.clone()),
            metered: instrumentation.metered || is_metered,
            owner: instrumentation.owner.clone(),
            is_method: is_method(signature, block),
            work,
            result,
            lasting,
            private: crate_path.private(),
            signature,
            options,
        }
    }

    /// Returns the function's name, as the label `action` shows it.
    pub(crate) fn name(&self) -> String {
        self.signature.ident.unraw().to_string()
    }

    /// Returns the name of the event that the function handles: the given one, else that of the function. `None` if the
    /// function handles no events.
    pub(crate) fn event_name(&self) -> Option<TokenStream> {
        if self.role != Role::Event {
            return None;
        }
        let name = self.name();
        Some(match &self.event {
            Some(event) => quote!(#event),
            None => quote!(#name),
        })
    }

    /// Returns the arguments that have a name.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Ident> {
        self.signature
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(argument) => match &*argument.pat {
                    Pat::Ident(of) if of.subpat.is_none() => Some(&of.ident),
                    _ => None,
                },
                FnArg::Receiver(_) => None,
            })
    }

    pub(crate) fn labels(&self) -> &[LitStr] {
        self.options
            .labels
            .as_ref()
            .map_or(&[], |labels| &labels.value)
    }
}

/// Returns the role and the topic that the attributes of hosts beside `#[metered]` give a function.
pub(crate) fn find_role(attributes: &[Attribute]) -> (Role, Option<LitStr>) {
    let handlers = ["event_handler", "subscribe"];
    let mut handlers = attributes
        .iter()
        .filter(|attribute| attributes::is_named(attribute, &handlers))
        .peekable();
    if handlers.peek().is_some() {
        return (Role::Event, handlers.find_map(attributes::find_topic));
    }
    let is_job = attributes
        .iter()
        .any(|attribute| attributes::is_named(attribute, &["job"]));
    (if is_job { Role::Job } else { Role::Action }, None)
}

/// True for a method: a function that has a receiver or mentions `Self`.
fn is_method(signature: &Signature, block: &Block) -> bool {
    let mut finder = SelfFinder(false);
    finder.visit_signature(signature);
    finder.visit_block(block);
    signature.receiver().is_some() || finder.0
}

struct SelfFinder(bool);

impl<'ast> Visit<'ast> for SelfFinder {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        self.0 |= segment.ident == "Self";
        syn::visit::visit_path_segment(self, segment);
    }

    fn visit_macro(&mut self, of: &'ast Macro) {
        self.0 |= mentions(of.tokens.clone(), "Self");
    }

    /// An item inside has a `Self` of its own.
    fn visit_item(&mut self, _: &'ast Item) {}
}

/// True if the word stands among the tokens, at any depth.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}
