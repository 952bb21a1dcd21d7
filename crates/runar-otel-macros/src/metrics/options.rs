//! The options of `#[metrics]`.

use proc_macro2::TokenStream;
use syn::{Ident, LitStr};

use crate::{
    crate_path::CratePath,
    options::{BareString, Errors, OptionReader, value},
};

/// The options of `#[metrics(…)]`.
pub(super) struct MetricsOptions {
    pub(super) prefix: Option<LitStr>,
    pub(super) service: Option<LitStr>,
    pub(super) events: Option<bool>,
    pub(super) actions: Option<bool>,
    /// The word `default`, for messages; `None` if `Default` is not asked for.
    pub(super) default: Option<Ident>,
    /// The first option about the service, for messages.
    pub(super) first: Option<Ident>,
    pub(super) crate_path: CratePath,
}

impl MetricsOptions {
    pub(super) fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, BareString::Lacks("prefix"));
        let prefix = options.read("prefix", value::prefix);
        let events = options.read("events", value::flag);
        let service = options.read("service", value::text);
        let actions = options.read("actions", value::flag);
        let default = options.read("default", value::flag);
        let crate_path = options.read_crate_path().unwrap_or_default();
        let message = "`skip` belongs on a method of an impl with `#[metrics]`";
        options.refuse("skip", message);
        let first = options.find_first(&["prefix", "events", "service", "actions"]);
        options.finish(errors);
        Self {
            prefix: prefix.map(|prefix| prefix.value),
            service: service.map(|service| service.value),
            events: events.map(|events| events.value),
            actions: actions.map(|actions| actions.value),
            default: default
                .filter(|default| default.value)
                .map(|default| default.name),
            first,
            crate_path,
        }
    }
}
