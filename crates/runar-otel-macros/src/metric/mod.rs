//! `#[metric]`: a metric that is declared by a unit struct, with accessors that know its labels.

mod accessor;
mod expand;
mod label;
mod model;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use syn::{Error, Fields, Item};

use self::model::Model;
pub(crate) use self::model::{MetricKind, default_unit};
use crate::original::or_original;

pub(crate) fn metric(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let original = item.clone();
    or_original(generate(arguments, item), &original)
}

fn generate(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let Ok(Item::Struct(item)) = syn::parse2(item) else {
        let message = "`#[metric]` belongs on a unit struct: write `struct OrdersPlaced;`";
        return Err(Error::new(Span::call_site(), message));
    };
    if !matches!(item.fields, Fields::Unit) {
        let message = format!(
            "`#[metric]` belongs on a struct without fields: write `struct {};`",
            item.ident
        );
        return Err(Error::new_spanned(&item.fields, message));
    }
    let model = Model::parse(arguments, &item)?;
    Ok(expand::expand(&model, &item))
}
