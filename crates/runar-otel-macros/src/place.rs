//! Where generated code says that it stands.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Calls and macros of these tokens stand at a place of the user's: `Location::caller()` and `line!()` say so there.
///
/// Without it they would say where the attribute is, which may stand on the whole impl. What stands inside of
/// parentheses stays as it is. So does `$crate`, whose span tells which crate that is.
pub(crate) fn placed(at: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut token: TokenTree| {
        let keeps = matches!(&token, TokenTree::Ident(ident) if ident == "$crate");
        if !keeps {
            token.set_span(at);
        }
        token
    };
    tokens.into_iter().map(place).collect()
}
