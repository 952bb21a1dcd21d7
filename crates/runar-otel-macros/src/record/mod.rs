//! `metrics::increment!`, `decrement!`, `set!`, `observe!`, `timer!` and `add_label!`.
//!
//! Each gets `[$crate]` first from the declarative macro that users see, and expands to one static call site, linked
//! into the catalogue, and one call of an ordinary function.

mod expand;
mod label;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser as _;

/// The macros that record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Macro {
    Increment,
    Decrement,
    Set,
    Observe,
    Timer,
}

/// Expands one of the macros that record.
pub(crate) fn expand(which: Macro, input: TokenStream) -> TokenStream {
    let call = |input: syn::parse::ParseStream<'_>| parse::parse_call(which, input);
    call.parse2(input).map_or_else(
        |error| generate_errors(&error),
        |call| expand::expand(which, &call),
    )
}

/// Expands a use of `add_label!`.
pub(crate) fn add_label(input: TokenStream) -> TokenStream {
    syn::parse2::<label::Call>(input)
        .map_or_else(|error| generate_errors(&error), |call| label::expand(&call))
}

/// Generates all errors in a block of any type, so that they are the only messages.
fn generate_errors(error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!({ #errors })
}

impl Macro {
    /// Returns the name without `!`, which is also the name of the function that the macro calls.
    fn name(self) -> &'static str {
        match self {
            Self::Increment => "increment",
            Self::Decrement => "decrement",
            Self::Set => "set",
            Self::Observe => "observe",
            Self::Timer => "timer",
        }
    }

    /// Returns the kind of the macro's call sites.
    fn site_kind(self) -> &'static str {
        match self {
            Self::Increment => "Counter",
            Self::Decrement => "Decrement",
            Self::Set => "Gauge",
            Self::Observe => "Histogram",
            Self::Timer => "Timer",
        }
    }

    /// Returns the type of handle for names that are known at run time only.
    fn handle(self) -> &'static str {
        match self {
            Self::Increment => "Counter",
            Self::Decrement | Self::Set => "Gauge",
            Self::Observe => "Histogram",
            Self::Timer => "Timer",
        }
    }

    fn is_histogram(self) -> bool {
        matches!(self, Self::Observe | Self::Timer)
    }

    fn needs_value(self) -> bool {
        matches!(self, Self::Set | Self::Observe)
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Timer => &["labels"],
            _ => &["value", "labels"],
        }
    }
}
