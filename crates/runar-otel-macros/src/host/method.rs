//! Methods of an impl that an attribute on the impl instruments.

use proc_macro2::TokenStream;
use syn::{
    Attribute, ImplItem, ImplItemFn, ItemImpl, Lifetime, Type, parse_quote, visit_mut::VisitMut,
};

use super::notes;
pub(crate) use super::notes::mark_function;
use crate::{
    attributes,
    crate_path::CratePath,
    metered::{Instrumentation, Role, instrument},
    options::{BareString, Errors, value},
};

/// The attributes that make a method one to instrument.
pub(crate) const ATTRIBUTES: [&str; 6] = [
    "action",
    "event_handler",
    "subscribe",
    "job",
    "dht_operation",
    "metered",
];

/// The facts that an attribute on the impl passes on to its methods.
pub(crate) struct ImplContext {
    pub(crate) crate_path: CratePath,
    /// A constant expression for the owner; `None` if a method has to ask its type at run time.
    pub(crate) owner: Option<TokenStream>,
    /// The name of the type, without path and arguments.
    pub(crate) of: String,
}

impl ImplContext {
    /// Instruments the methods of an impl, and returns how many it has instrumented.
    pub(crate) fn instrument(&self, item: &mut ItemImpl, errors: &mut Errors) -> usize {
        let methods = item.items.iter_mut().filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method),
            _ => None,
        });
        methods
            .filter_map(|method| errors.keep(self.instrument_method(method)))
            .filter(|instrumented| *instrumented)
            .count()
    }

    fn instrument_method(&self, method: &mut ImplItemFn) -> syn::Result<bool> {
        let Some(instrumentation) = self.find_instrumentation(&method.attrs) else {
            return Ok(false);
        };
        let skipped = attributes::take_attributes(&mut method.attrs, attributes::is_skip);
        if skipped.is_empty() {
            instrument_function(method, &instrumentation)?;
        } else {
            refuse_contradiction(&method.attrs)?;
            mark_function(&mut method.block);
        }
        notes::leave_note(&mut method.block, notes::TYPE, &self.of);
        if let Some(path) = self.crate_path.explicit() {
            notes::leave_note(&mut method.block, notes::CRATE, &path.to_string());
        }
        if let Some(topic) = instrumentation.event {
            notes::leave_note(&mut method.block, notes::TOPIC, &topic.value());
        }
        Ok(skipped.is_empty())
    }

    /// Returns the instrumentation that a method's attributes ask for; `None` if it has none of [`ATTRIBUTES`].
    fn find_instrumentation(&self, attributes: &[Attribute]) -> Option<Instrumentation> {
        let names: Vec<String> = attributes.iter().map(attributes::name).collect();
        let has = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
        let role = if has(&["event_handler", "subscribe"]) {
            Role::Event
        } else if has(&["job"]) {
            Role::Job
        } else if has(&ATTRIBUTES) {
            Role::Action
        } else {
            return None;
        };
        Some(Instrumentation {
            role,
            metered: attributes.iter().any(asks_for_metrics) || has(&["metered"]),
            event: attributes.iter().find_map(attributes::find_topic),
            owner: self.owner.clone(),
            crate_path: self.crate_path.clone(),
        })
    }
}

/// Refuses `#[metered]` on a function that `#[metrics(skip)]` leaves out.
pub(crate) fn refuse_contradiction(attributes: &[Attribute]) -> syn::Result<()> {
    let metered = attributes
        .iter()
        .find(|attribute| attributes::is_named(attribute, &["metered"]));
    match metered {
        Some(metered) => {
            let message =
                "`#[metrics(skip)]` and `#[metered]` contradict each other: leave one of them out";
            Err(syn::Error::new_spanned(metered.path(), message))
        }
        None => Ok(()),
    }
}

/// Instruments a function, and keeps `#[metered]` without its options: an import of the attribute stays in use, and the
/// attribute finds the function instrumented.
pub(super) fn instrument_function(
    function: &mut ImplItemFn,
    instrumentation: &Instrumentation,
) -> syn::Result<()> {
    let metered = |attribute: &&Attribute| attributes::is_named(attribute, &["metered"]);
    let path = function.attrs.iter().find(metered);
    let path = path.map(|attribute| attribute.path().clone());
    instrument(
        &mut function.attrs,
        &function.sig,
        &mut function.block,
        instrumentation,
    )?;
    function
        .attrs
        .extend(path.map(|path| -> Attribute { parse_quote!(#[#path]) }));
    Ok(())
}

/// Removes the attributes that an attribute on the impl takes from its methods, for the item that is emitted beside a
/// message.
pub(crate) fn strip_attributes(mut item: ItemImpl) -> ItemImpl {
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            attributes::take_attributes(&mut method.attrs, attributes::is_skip);
        }
    }
    item
}

/// True if an attribute says `metrics = true`; leniently, since it may be another crate's.
fn asks_for_metrics(attribute: &Attribute) -> bool {
    let known = ["action", "dht_operation", "event_handler", "job"];
    let mut options = attributes::read_leniently(attribute, BareString::ValueOf("name"));
    attributes::is_named(attribute, &known)
        && options
            .read("metrics", value::flag)
            .is_some_and(|metrics| metrics.value)
}

/// The name of an impl's type, and the type as it can be named outside of the impl: without type parameters, and
/// with `'static` for each lifetime.
pub(crate) struct ImplType {
    pub(crate) name: String,
    /// `None` if the impl has type parameters.
    pub(crate) outside: Option<Type>,
}

impl ImplType {
    pub(crate) fn of(item: &ItemImpl) -> syn::Result<Self> {
        let Some(name) = last_segment(&item.self_ty) else {
            let message = "expected an impl of a struct or an enum";
            return Err(syn::Error::new_spanned(&item.self_ty, message));
        };
        let generics = &item.generics;
        let generic =
            generics.type_params().next().is_some() || generics.const_params().next().is_some();
        let outside = (!generic).then(|| {
            let mut outside = (*item.self_ty).clone();
            StaticLifetimes.visit_type_mut(&mut outside);
            outside
        });
        Ok(Self { name, outside })
    }
}

/// Returns the last segment of a type's path.
pub(crate) fn last_segment(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

struct StaticLifetimes;

impl VisitMut for StaticLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
}
