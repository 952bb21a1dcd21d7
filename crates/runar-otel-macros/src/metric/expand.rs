//! The expansion of `#[metric]`: the struct, its declaration and its accessors.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ItemStruct;

use super::{
    accessor,
    model::{MetricKind, Model},
};

pub(super) fn expand(model: &Model, item: &ItemStruct) -> TokenStream {
    let private = model.crate_path.private();
    let (link, name, ident) = (model.generate_link(), &model.name, &item.ident);
    let labels = model.labels.iter().map(|label| &label.name);
    let accessors = accessor::expand(model, &item.vis);
    let kind = match model.kind {
        // Its own kind is known from the declaration.
        MetricKind::UpDownCounter | MetricKind::Counter => format_ident!("Counter"),
        other => format_ident!("{other:?}"),
    };
    quote! {
        #[allow(dead_code)]
        #item

        const _: () = {
            #link

            static __SITE: #private::MetricSite =
                #private::MetricSite::new(#name, #private::SiteKind::#kind, &[#(#labels),*]);

            #[automatically_derived]
            #[allow(
                dead_code,
                non_snake_case,
                unreachable_pub,
                clippy::must_use_candidate,
                clippy::needless_pass_by_value,
                clippy::too_many_arguments
            )]
            impl #ident {
                #accessors
            }
        };
    }
}
