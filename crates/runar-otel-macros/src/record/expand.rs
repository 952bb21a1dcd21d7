//! The expansion of the macros that record.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident, spanned::Spanned as _};

use super::{Macro, parse::Call};

/// Generates a static call site, its link into the catalogue, and the call.
pub(crate) fn expand(which: Macro, call: &Call) -> TokenStream {
    let private = call.crate_path.private();
    let (name, function) = (&call.name, format_ident!("{}", which.name()));
    let kind = format_ident!("{}", which.site_kind());
    let keys = call.labels.iter().map(|(key, _)| key);
    let labels = call.labels.iter().map(|(key, value)| {
        let text = generate_text(&private, value);
        quote!((#key, &*#text))
    });
    let value = (which != Macro::Timer).then(|| generate_value(call.value.as_ref()));
    quote!({
        static __SITE: #private::MetricSite = #private::MetricSite::new(
            #name,
            #private::SiteKind::#kind,
            &[#(#keys),*],
        );
        #[#private::linkme::distributed_slice(#private::METRIC_SITES)]
        #[linkme(crate = #private::linkme)]
        static __LINK: &#private::SiteDeclaration = __SITE.declaration();
        #private::#function(&__SITE, #value &[#(#labels),*])
    })
}

/// Generates the string of a label's value, which is only borrowed: `__private::text!`, with the names that the
/// compiler's messages point at in the place of the value.
pub(crate) fn generate_text(private: &TokenStream, value: &Expr) -> TokenStream {
    let [named, text] = ["__value", "text"].map(|name| Ident::new(name, value.span()));
    quote!(match &(#value) {
        #named => {
            use #private::levels::*;
            (&&&&#private::Labelled(#named)).level().#text(#named)
        }
    })
}

fn generate_value(given: Option<&Expr>) -> TokenStream {
    match given {
        Some(value) => quote_spanned!(value.span()=> &(#value),),
        None => quote!(1_u64,),
    }
}
