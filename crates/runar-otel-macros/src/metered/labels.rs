//! The declared labels whose values the arguments know.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Ident, LitStr};

use super::{hygiene::quote, model::Model};

/// The source of a declared label's value.
enum Source {
    /// The argument of that name: an expression for its string.
    Argument(TokenStream),
    /// A question to all arguments, as an expression of type `Option<Cow<str>>`.
    Context(TokenStream),
}

fn find_sources(model: &Model<'_>) -> impl Iterator<Item = (usize, Source)> {
    model.labels().iter().enumerate().filter_map(|(at, label)| {
        let named = model
            .arguments()
            .find(|argument| *argument == &label.value());
        let source = match named {
            Some(argument) => Source::Argument(generate_text(model, label, argument)),
            None => Source::Context(generate_question(model, &label.value())?),
        };
        Some((at, source))
    })
}

/// Generates the string of an argument. If its type has none, the compiler points at the label.
fn generate_text(model: &Model<'_>, label: &LitStr, argument: &Ident) -> TokenStream {
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

/// Generates a question to the arguments, in order, for the label; `None` if there are no arguments.
fn generate_question(model: &Model<'_>, label: &str) -> Option<TokenStream> {
    let p = &model.private;
    let asked = model
        .arguments()
        .map(|argument| quote!(#p::label_from!(&#argument, #label)));
    asked.reduce(|before, next| quote!(#before.or_else(|| #next)))
}

/// Generates the statements that give the call the labels that the arguments know.
pub(crate) fn generate_labels(model: &Model<'_>) -> TokenStream {
    let labels = find_sources(model).map(|(at, source)| match source {
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

/// Generates statements for a call that begins when the arguments are gone: the first read the labels, the second give
/// them to the call.
pub(crate) fn generate_early_labels(model: &Model<'_>) -> (TokenStream, TokenStream) {
    let (mut early, mut late) = (TokenStream::new(), TokenStream::new());
    for (at, source) in find_sources(model) {
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
