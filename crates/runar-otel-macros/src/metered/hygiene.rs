//! `quote!` for code that stands among a user's own.

/// `quote::quote!` with the hygiene of `macro_rules!`: no argument and no variable of the user's is taken for one of
/// these tokens, whatever its name. Items and paths are found as usual.
macro_rules! hygienic {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

pub(super) use hygienic as quote;
