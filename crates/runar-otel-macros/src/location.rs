//! The source location that generated code reports.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Moves tokens to a place in the user's code, which `Location::caller()` and `line!()` in them then report.
///
/// Otherwise they would report the place of the attribute, which may stand on the whole impl. Tokens inside of
/// parentheses keep their spans. So does `$crate`, whose span identifies the crate.
pub(crate) fn set_location(at: Span, tokens: TokenStream) -> TokenStream {
    let place = |mut token: TokenTree| {
        let keeps = matches!(&token, TokenTree::Ident(ident) if ident == "$crate");
        if !keeps {
            token.set_span(at);
        }
        token
    };
    tokens.into_iter().map(place).collect()
}
