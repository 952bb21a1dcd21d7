//! The part of a function that is not in `#[metered(…)]`: from its other attributes or the impl around it.

use proc_macro2::TokenStream;
use syn::LitStr;

use crate::crate_path::CratePath;

/// The part of a function in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Action,
    Event,
    Job,
}

/// The instrumentation of a function that another attribute asks for.
#[derive(Clone, Debug)]
pub(crate) struct Instrumentation {
    pub(crate) role: Role,
    /// True if the function itself asks for metrics; else only its service can. A `#[metered]` among its attributes
    /// asks for them in any case.
    pub(crate) metered: bool,
    /// The event that the function handles.
    pub(crate) event: Option<LitStr>,
    /// An expression of type `P::Owner` that is constant; without it a method asks its type at run time.
    pub(crate) owner: Option<TokenStream>,
    pub(crate) crate_path: CratePath,
}
