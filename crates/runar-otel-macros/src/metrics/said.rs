//! The options of `#[metrics]`.

use proc_macro2::TokenStream;
use syn::{Error, Ident, LitStr};

use crate::{
    krate::Krate,
    names,
    options::{Errors, Given, Options, unknown},
};

const OPTIONS: [&str; 6] = ["prefix", "events", "service", "actions", "default", "crate"];

/// The options of an attribute, as given.
#[derive(Default)]
pub(super) struct Said {
    pub(super) prefix: Option<LitStr>,
    pub(super) service: Option<LitStr>,
    pub(super) events: Option<bool>,
    pub(super) actions: Option<bool>,
    /// The word `default`, for messages; `None` if `Default` is not asked for.
    pub(super) default: Option<Ident>,
    /// The first option about the service, for messages.
    pub(super) first: Option<Ident>,
    pub(super) krate: Krate,
}

impl Said {
    pub(super) fn parse(arguments: TokenStream) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let mut said = Self::default();
        let mut names: Vec<String> = Vec::new();
        for given in syn::parse2::<Options>(arguments)?.0 {
            let name = given.name.to_string();
            if names.contains(&name) {
                errors.at(given.name.span(), format!("`{name}` is given twice"));
                continue;
            }
            let result = said.take(&given, &name);
            errors.keep(result);
            names.push(name);
        }
        errors.finish()?;
        Ok(said)
    }

    fn take(&mut self, given: &Given, name: &str) -> syn::Result<()> {
        match name {
            "prefix" => self.prefix = Some(prefix(given)?),
            "service" => self.service = Some(given.word()?),
            "events" => self.events = Some(given.flag()?),
            "actions" => self.actions = Some(given.flag()?),
            "default" => {
                self.default = given.flag()?.then(|| given.name.clone());
                return Ok(());
            }
            "crate" => {
                self.krate = Krate::new(&given.path()?);
                return Ok(());
            }
            "skip" => {
                let message = "`skip` belongs on a method of an impl with `#[metrics]`";
                return Err(Error::new(given.name.span(), message));
            }
            _ => return Err(unknown(&given.name, &OPTIONS)),
        }
        self.first.get_or_insert_with(|| given.name.clone());
        Ok(())
    }
}

fn prefix(given: &Given) -> syn::Result<LitStr> {
    let text = given.text()?;
    let prefix = text.value();
    match names::prefix_problem(&prefix) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text),
    }
}
