//! The reader of an attribute's options: each is read by its name, once, and no other may be there.

use proc_macro2::TokenStream;
use syn::{Error, Ident};

use super::{
    errors::Errors,
    list::{AttributeOption, BareString, parse_options},
    nearest::{find_nearest, propose},
    value,
};
use crate::crate_path::CratePath;

/// An option that is given: its name, for messages, and its value.
pub(crate) struct Setting<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

/// Reads the options of one attribute, and gathers the mistakes in them. Names that are read are known.
#[derive(Default)]
#[must_use = "its errors are those of `finish`"]
pub(crate) struct OptionReader {
    /// The options, each with its place among them.
    options: Vec<(usize, AttributeOption)>,
    /// Errors, each with the place of its option.
    errors: Vec<(usize, Error)>,
    known: Vec<&'static str>,
    /// Names that belong elsewhere.
    misplaced: Vec<&'static str>,
    /// True if an option has a syntax error, so that its name is unknown.
    is_broken: bool,
}

impl OptionReader {
    pub(crate) fn new(tokens: TokenStream, bare: BareString) -> Self {
        let mut reader = Self::default();
        reader.add(tokens, bare);
        reader
    }

    /// Adds the options of one more attribute.
    pub(crate) fn add(&mut self, tokens: TokenStream, bare: BareString) {
        for option in parse_options(tokens, bare) {
            let at = self.options.len() + self.errors.len();
            match option {
                Ok(option) => self.options.push((at, option)),
                Err(error) => {
                    self.is_broken = true;
                    self.errors.push((at, error));
                }
            }
        }
    }

    /// Reads an option; `None` if it is not given, or has a mistake.
    pub(crate) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&AttributeOption) -> syn::Result<T>,
    ) -> Option<Setting<T>> {
        self.read_any(&[name], parse)
    }

    /// Reads an option that has several names.
    pub(crate) fn read_any<T>(
        &mut self,
        names: &[&'static str],
        parse: impl Fn(&AttributeOption) -> syn::Result<T>,
    ) -> Option<Setting<T>> {
        self.known.extend(names);
        let is_named =
            |option: &&(usize, AttributeOption)| names.iter().any(|name| option.1.is_named(name));
        let mut given = self.options.iter().filter(is_named);
        let (at, first) = given.next()?;
        let repeated = given.map(|(at, again)| (*at, repeat_error(first, again)));
        self.errors.extend(repeated);
        match parse(first) {
            Ok(value) => Some(Setting {
                name: first.name.clone(),
                value,
            }),
            Err(error) => {
                self.errors.push((*at, error));
                None
            }
        }
    }

    /// Reads `crate = path`, the crate that re-exports this one.
    pub(crate) fn read_crate_path(&mut self) -> Option<CratePath> {
        let path = self.read("crate", value::path)?;
        Some(CratePath::new(&path.value))
    }

    /// Refuses an option that belongs elsewhere.
    pub(crate) fn refuse(&mut self, name: &'static str, message: &str) {
        self.misplaced.push(name);
        let given = self.options.iter();
        let refused = given
            .filter(|(_, option)| option.is_named(name))
            .map(|(at, option)| (*at, Error::new(option.name.span(), message)));
        self.errors.extend(refused);
    }

    /// True if the option is neither given nor misspelt.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        let is_meant = |option: &AttributeOption| {
            let given = option.name.to_string();
            let is_known = self.known.contains(&given.as_str());
            given == name || !is_known && find_nearest(&given, &[name]).is_some()
        };
        !self.is_broken && !self.options.iter().any(|(_, option)| is_meant(option))
    }

    /// Returns the name of the first option among these.
    pub(crate) fn find_first(&self, names: &[&str]) -> Option<Ident> {
        let mut given = self.options.iter().map(|(_, option)| option);
        let first = given.find(|option| names.iter().any(|name| option.is_named(name)))?;
        Some(first.name.clone())
    }

    /// Reports all mistakes, in the order of the source: those found while reading, and options that nothing has read.
    pub(crate) fn finish(mut self, errors: &mut Errors) {
        let all = [self.known.as_slice(), self.misplaced.as_slice()].concat();
        for (at, option) in &self.options {
            let name = option.name.to_string();
            if !all.contains(&name.as_str()) {
                let message = propose("option", &name, find_nearest(&name, &all), &self.known);
                let error = Error::new(option.name.span(), message);
                self.errors.push((*at, error));
            }
        }
        self.errors.sort_by_key(|(at, _)| *at);
        for (_, error) in self.errors {
            errors.push(error);
        }
    }
}

fn repeat_error(first: &AttributeOption, again: &AttributeOption) -> Error {
    let (before, name) = (&first.name, &again.name);
    let message = if before == name {
        format!("`{name}` is given twice")
    } else {
        format!("`{name}` and `{before}` are the same option: give one")
    };
    Error::new(name.span(), message)
}
