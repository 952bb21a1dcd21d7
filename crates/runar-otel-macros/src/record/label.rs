//! The macro `add_label!("key", value)`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Error, Expr, LitStr, Token,
    parse::{Parse, ParseStream},
    spanned::Spanned as _,
};

use super::{expand::generate_text, parse};
use crate::{crate_path::CratePath, options::Errors};

/// A use of the macro, parsed.
pub(crate) struct Call {
    crate_path: CratePath,
    key: LitStr,
    value: Expr,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let crate_path = parse::parse_crate_path(input)?;
        let mut errors = Errors::default();
        let key = parse_key(input)?;
        let key = errors.keep(key);
        parse_separator(input, &mut errors)?;
        if input.is_empty() {
            return Err(value_error(input));
        }
        let value: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            errors.at(input.span(), "expected one label and its value");
            input.parse::<TokenStream>()?;
        }
        errors.finish()?;
        let key = key.unwrap_or_else(|| LitStr::new("", value.span()));
        Ok(Self {
            crate_path,
            key,
            value,
        })
    }
}

/// Parses the key. The outer error ends parsing, after the inner one parsing continues.
fn parse_key(input: ParseStream<'_>) -> syn::Result<syn::Result<LitStr>> {
    if input.is_empty() {
        return Err(Error::new(
            input.span(),
            "expected a label, as in `add_label!(\"key\", value)`",
        ));
    }
    // Not as an expression: that would take `"key" = value` as a whole.
    if !input.peek(LitStr) {
        let given: Expr = input.parse()?;
        return Ok(parse::find_literal(&given).cloned().ok_or_else(|| {
            Error::new(
                given.span(),
                "expected a string literal: the names of labels are known when the program is compiled",
            )
        }));
    }
    let key: LitStr = input.parse()?;
    Ok(if key.value().is_empty() {
        Err(Error::new(
            key.span(),
            "label without a name: expected at least one character",
        ))
    } else {
        Ok(key)
    })
}

fn value_error(input: ParseStream<'_>) -> Error {
    Error::new(
        input.span(),
        "expected the label's value, as in `add_label!(\"key\", value)`",
    )
}

fn parse_separator(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    if input.is_empty() {
        return Err(value_error(input));
    }
    if input.peek(Token![,]) {
        return input.parse::<Token![,]>().map(drop);
    }
    let expected = "expected `,`, as in `add_label!(\"key\", value)`";
    if input.peek(Token![=>]) {
        let sign: Token![=>] = input.parse()?;
        errors.at(sign.span(), expected);
    } else if input.peek(Token![=]) || input.peek(Token![:]) {
        let sign: TokenTree = input.parse()?;
        errors.at(sign.span(), expected);
    } else {
        return Err(Error::new(input.span(), expected));
    }
    Ok(())
}

/// Generates the call, with its place in the source.
pub(crate) fn expand(call: &Call) -> TokenStream {
    let private = call.crate_path.private();
    let (key, text) = (
        call.key.to_token_stream(),
        generate_text(&private, &call.value),
    );
    quote!({
        const __AT: &::core::panic::Location<'static> = ::core::panic::Location::caller();
        #private::add_label(#key, &#text, __AT)
    })
}
