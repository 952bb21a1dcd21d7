//! The path to the crate whose `__private` module the generated code calls.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// The path to the crate: `::runar_otel`, or that of `crate = path` for a renamed dependency or a crate that re-exports
/// it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CratePath(Option<TokenStream>);

impl CratePath {
    pub(crate) fn new(path: &Path) -> Self {
        Self(Some(path.to_token_stream()))
    }

    /// Makes the path from the `$crate` that a declarative macro passes on.
    pub(crate) fn from_tokens(tokens: TokenStream) -> Self {
        Self(Some(tokens))
    }

    /// Returns the path that was given; `None` for the default `::runar_otel`.
    pub(crate) fn explicit(&self) -> Option<&TokenStream> {
        self.0.as_ref()
    }

    /// Returns the path of the module `__private`, whose items generated code calls.
    pub(crate) fn private(&self) -> TokenStream {
        let path = self.path();
        quote!(#path::__private)
    }

    pub(crate) fn path(&self) -> TokenStream {
        self.0.clone().unwrap_or_else(|| quote!(::runar_otel))
    }
}
