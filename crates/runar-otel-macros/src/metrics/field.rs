//! `#[metric_field]`: a field that holds a metric.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, Field, LitStr, ext::IdentExt as _};

use crate::{
    attributes,
    crate_path::CratePath,
    host::method::last_segment,
    metric::{MetricKind, default_unit},
    options::{BareString, Errors, OptionReader, Setting, value},
    tokens::quote_option,
};

/// A field with the attribute.
pub(super) struct MetricField {
    kind: MetricKind,
    name: String,
    description: String,
    unit: Option<String>,
    buckets: Option<Vec<f64>>,
    /// True if the attribute has options; otherwise it is only a mark.
    pub(super) has_options: bool,
}

/// The options of `#[metric_field(…)]`.
struct FieldOptions {
    name: Option<LitStr>,
    description: Option<LitStr>,
    unit: Option<LitStr>,
    buckets: Option<Setting<Vec<f64>>>,
}

impl FieldOptions {
    fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, BareString::Lacks("name"));
        let name = options.read("name", value::metric_name);
        let description = options.read("description", value::string);
        let unit = options.read("unit", value::unit);
        let buckets = options.read("buckets", value::bounds);
        options.finish(errors);
        Self {
            name: name.map(|name| name.value),
            description: description.map(|description| description.value),
            unit: unit.map(|unit| unit.value),
            buckets,
        }
    }
}

/// Returns the `#[metric_field]` of a field, if it has one.
pub(super) fn find_attribute(field: &Field) -> Option<&Attribute> {
    field
        .attrs
        .iter()
        .find(|attribute| attributes::is_named(attribute, &["metric_field"]))
}

impl MetricField {
    /// Parses the attribute of a field. By default the metric has the prefix and the name of the field as its name.
    pub(super) fn parse(field: &Field, attribute: &Attribute, prefix: &str) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let tokens = errors.keep(attributes::tokens(attribute));
        let tokens = tokens.unwrap_or_default();
        let has_options = !tokens.is_empty();
        let options = FieldOptions::read(tokens, &mut errors);
        let kind = last_segment(&field.ty)
            .as_deref()
            .and_then(MetricKind::of_handle);
        match kind {
            None => errors.push(Error::new_spanned(
                &field.ty,
                "`#[metric_field]` expects a `Counter`, `Gauge`, `UpDownCounter`, `Histogram` or `Timer`",
            )),
            Some(kind) if !kind.has_buckets() => {
                if let Some(buckets) = &options.buckets {
                    let message = "only a `Histogram` or a `Timer` has `buckets`";
                    errors.at(buckets.name.span(), message);
                }
            }
            Some(_) => {}
        }
        if field.ident.is_none() {
            let message = "`#[metric_field]` expects a field with a name";
            errors.push(Error::new_spanned(&field.ty, message));
        }
        errors.finish()?;
        // Both are there, or there would be an error.
        let (Some(kind), Some(ident)) = (kind, &field.ident) else {
            return Err(Error::new_spanned(
                &field.ty,
                "expected a metric with a name",
            ));
        };
        let text = |given: &Option<LitStr>| given.as_ref().map(LitStr::value);
        let name = text(&options.name).unwrap_or_else(|| format!("{prefix}{}", ident.unraw()));
        Ok(Self {
            kind,
            unit: text(&options.unit).or_else(|| default_unit(kind, &name)),
            description: text(&options.description).unwrap_or_default(),
            name,
            buckets: options.buckets.map(|bounds| bounds.value),
            has_options,
        })
    }

    /// Generates the link of the declaration into `METRICS`.
    pub(super) fn generate_link(&self, crate_path: &CratePath) -> TokenStream {
        let private = crate_path.private();
        let (name, description) = (&self.name, &self.description);
        let kind = self.kind.instrument_kind();
        let unit = quote_option(self.unit.as_ref());
        let buckets = quote_option(self.buckets.as_ref().map(|bounds| quote!(&[#(#bounds),*])));
        quote! {
            const _: () = {
                #[#private::linkme::distributed_slice(#private::METRICS)]
                #[linkme(crate = #private::linkme)]
                static __METRIC: &#private::Metric = &#private::Metric {
                    name: #name,
                    kind: #private::InstrumentKind::#kind,
                    unit: #unit,
                    description: #description,
                    labels: &[],
                    buckets: #buckets,
                    at: ::core::panic::Location::caller(),
                };
            };
        }
    }

    /// Generates the expression that registers the field's metric.
    pub(super) fn generate_registration(&self, field: &Field) -> TokenStream {
        let of = &field.ty;
        let (name, description) = (&self.name, &self.description);
        let new = match self.kind {
            // A timer has no number type.
            MetricKind::Timer => quote!(new),
            _ => quote!(of),
        };
        let unit = self.unit.as_ref().map(|unit| quote!(.with_unit(#unit)));
        let buckets = self.buckets.as_ref();
        let buckets = buckets.map(|bounds| quote!(.with_buckets(::std::vec![#(#bounds),*])));
        quote!(<#of>::#new(#name, #description) #unit #buckets .register())
    }
}
