//! The declared labels whose values the arguments know.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Ident, LitStr};

use super::{hygiene::quote, model::Model};

/// Where the value of a declared label comes from.
enum Source {
    /// Its text.
    Argument(TokenStream),
    /// `Option<Cow<str>>`.
    Context(TokenStream),
}

fn sources(model: &Model<'_>) -> impl Iterator<Item = (usize, Source)> {
    model.labels().iter().enumerate().filter_map(|(at, label)| {
        let named = model
            .arguments()
            .find(|argument| *argument == &label.value());
        let source = match named {
            Some(argument) => Source::Argument(text(model, label, argument)),
            None => Source::Context(from_context(model, &label.value())?),
        };
        Some((at, source))
    })
}

/// The text of an argument. That it has none is said at the label.
fn text(model: &Model<'_>, label: &LitStr, argument: &Ident) -> TokenStream {
    let span = Span::mixed_site().located_at(label.span());
    let tokens = model.private.clone().into_iter();
    let p: TokenStream = tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect();
    quote_spanned!(span=> #p::text!(#argument))
}

/// Asks all arguments; `None` if there are none.
fn from_context(model: &Model<'_>, label: &str) -> Option<TokenStream> {
    let p = &model.private;
    let asked = model
        .arguments()
        .map(|argument| quote!(#p::label_from!(&#argument, #label)));
    asked.reduce(|before, next| quote!(#before.or_else(|| #next)))
}

/// Gives the call the labels that the arguments know.
pub(crate) fn labels(model: &Model<'_>) -> TokenStream {
    let labels = sources(model).map(|(at, source)| match source {
        Source::Argument(argument) => quote!(__call.label(#at, &#argument);),
        Source::Context(asked) => quote! {
            #[allow(clippy::used_underscore_binding)]
            if let ::core::option::Option::Some(__label) = #asked {
                __call.label(#at, &__label);
            }
        },
    });
    labels.collect()
}

/// The same, for a call that begins when the arguments are gone: reads them, and gives them to the call.
pub(crate) fn labels_early(model: &Model<'_>) -> (TokenStream, TokenStream) {
    let (mut early, mut late) = (TokenStream::new(), TokenStream::new());
    for (at, source) in sources(model) {
        let kept = format_ident!("__label_{at}", span = Span::mixed_site());
        match source {
            Source::Argument(argument) => {
                early.extend(quote!(let #kept = ::std::borrow::ToOwned::to_owned(&*#argument);));
                late.extend(quote!(__call.label(#at, &#kept);));
            }
            Source::Context(asked) => {
                early.extend(quote!(#[allow(clippy::used_underscore_binding)] let #kept = #asked.map(::std::borrow::Cow::into_owned);));
                late.extend(quote! {
                    if let ::core::option::Option::Some(__label) = &#kept {
                        __call.label(#at, __label);
                    }
                });
            }
        }
    }
    (early, late)
}
