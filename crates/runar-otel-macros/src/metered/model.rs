//! A metered function: the options of its attribute, and the facts that its signature shows.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Block, Expr, ExprLit, FnArg, Ident, Item, Lit, LitStr, Macro, Pat, PathSegment,
    Signature, Type, ext::IdentExt as _, visit::Visit,
};

use super::{
    attr::Said,
    hygiene::quote,
    returned::{Opened, Work, work},
    wanted::{Role, Wanted},
};
use crate::{
    krate::Krate,
    options::{Options, Value},
};

/// The input of the expansion, apart from the body.
pub(crate) struct Model<'a> {
    pub(crate) said: Said,
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
    pub(crate) opened: Option<Opened>,
    /// The path of the module `__private`.
    pub(crate) private: TokenStream,
}

impl<'a> Model<'a> {
    pub(crate) fn new(
        said: Said,
        wanted: &Wanted,
        is_metered: bool,
        signature: &'a Signature,
        block: &Block,
    ) -> Self {
        let role = if said.event.is_some() {
            Role::Event
        } else {
            wanted.role
        };
        let event = said.event.as_ref().map(|event| event.value.clone());
        let (work, result) = work(signature.asyncness.is_some(), &signature.output);
        let opened = said
            .until
            .as_ref()
            .and_then(|_| Opened::of(result.as_ref()?));
        let krate = match &said.krate {
            Some(path) => Krate::new(&path.value),
            None => wanted.krate.clone(),
        };
        Self {
            role,
            event: event.or_else(|| wanted.event.clone()),
            metered: wanted.metered || is_metered,
            owner: wanted.owner.clone(),
            is_method: is_method(signature, block),
            work,
            result,
            opened,
            private: krate.private(),
            signature,
            said,
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
        self.said
            .labels
            .as_ref()
            .map_or(&[], |labels| &labels.value)
    }
}

/// True if the last segment of the attribute's path is this name.
pub(crate) fn is_named(attribute: &Attribute, name: &str) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == name)
}

/// Returns the role and the topic that the attributes of hosts beside `#[metered]` give a function.
pub(crate) fn role(attributes: &[Attribute]) -> (Role, Option<LitStr>) {
    let is = |name| move |attribute: &&Attribute| is_named(attribute, name);
    let handler = attributes
        .iter()
        .find(is("event_handler"))
        .or_else(|| attributes.iter().find(is("subscribe")));
    match handler {
        Some(handler) => (Role::Event, topic(handler)),
        None if attributes.iter().any(|attribute| is("job")(&attribute)) => (Role::Job, None),
        None => (Role::Action, None),
    }
}

/// Returns the topic of `#[event_handler("topic")]` or `#[subscribe(path = "topic")]`.
fn topic(handler: &Attribute) -> Option<LitStr> {
    let tokens = super::attr::tokens(handler).ok()?;
    if let Ok(topic) = syn::parse2::<LitStr>(tokens.clone()) {
        return Some(topic);
    }
    let options = syn::parse2::<Options>(tokens).ok()?;
    options.0.into_iter().find_map(|given| match given.value {
        Value::Is(Expr::Lit(ExprLit {
            lit: Lit::Str(topic),
            ..
        })) if ["path", "topic", "event"]
            .iter()
            .any(|word| given.name == word) =>
        {
            Some(topic)
        }
        _ => None,
    })
}

/// True for a method: a function that has a receiver or mentions `Self`.
fn is_method(signature: &Signature, block: &Block) -> bool {
    let mut finder = FindSelf(false);
    finder.visit_signature(signature);
    finder.visit_block(block);
    signature.receiver().is_some() || finder.0
}

struct FindSelf(bool);

impl<'ast> Visit<'ast> for FindSelf {
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
