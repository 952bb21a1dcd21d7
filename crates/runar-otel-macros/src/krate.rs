//! The path to the crate whose `__private` module the generated code calls.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// `::runar_otel`, or what `crate = path` says: for a renamed dependency, or one that re-exports it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Krate(Option<TokenStream>);

impl Krate {
    pub(crate) fn new(path: &Path) -> Self {
        Self(Some(path.to_token_stream()))
    }

    /// From the `$crate` that a declarative macro hands on.
    pub(crate) fn from_tokens(tokens: TokenStream) -> Self {
        Self(Some(tokens))
    }

    /// What was said, if anything was.
    pub(crate) fn said(&self) -> Option<&TokenStream> {
        self.0.as_ref()
    }

    /// The path of an item that generated code calls.
    pub(crate) fn private(&self) -> TokenStream {
        let path = self.path();
        quote!(#path::__private)
    }

    pub(crate) fn path(&self) -> TokenStream {
        self.0.clone().unwrap_or_else(|| quote!(::runar_otel))
    }
}
