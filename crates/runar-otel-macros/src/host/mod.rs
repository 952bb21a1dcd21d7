//! `#[service]`, `#[action]`, `#[job]` and the like: the description of a service for a host, checked and linked.

mod cache;
mod cron;
mod member;
pub(crate) mod method;
mod notes;
mod service;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

pub(crate) use self::{
    member::MemberKind,
    service::{ServiceKind, service_name},
};
use crate::original::or_original;

/// Expands an attribute on a function.
pub(crate) fn expand_member(
    kind: MemberKind,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let original = item.clone();
    or_original(member::expand(kind, arguments, item), &original)
}

/// Expands an attribute on a struct or an impl.
pub(crate) fn expand_service(
    kind: ServiceKind,
    arguments: TokenStream,
    item: &TokenStream,
) -> TokenStream {
    service::expand(kind, arguments, item)
}
