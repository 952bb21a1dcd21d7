//! `#[metric_field]`: a field that holds a metric.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, Field, LitStr, ext::IdentExt as _};

use crate::{
    attributes,
    host::method::last,
    krate::Krate,
    metric::{Kind, checked_unit, metric_name, unit_of},
    options::{Errors, Given, unknown},
    tokens::option,
};

const OPTIONS: [&str; 4] = ["name", "description", "unit", "buckets"];

/// A field with the attribute.
pub(super) struct MetricField {
    kind: Kind,
    name: String,
    description: String,
    unit: Option<String>,
    buckets: Option<Vec<f64>>,
    /// True if the attribute has options; otherwise it is only a mark.
    pub(super) says: bool,
}

#[derive(Default)]
struct Said {
    name: Option<LitStr>,
    description: Option<LitStr>,
    unit: Option<LitStr>,
    buckets: Option<(Given, Vec<f64>)>,
}

/// Returns the `#[metric_field]` of a field, if it has one.
pub(super) fn attribute(field: &Field) -> Option<&Attribute> {
    field
        .attrs
        .iter()
        .find(|attribute| attributes::is(attribute, &["metric_field"]))
}

impl MetricField {
    /// Parses the attribute of a field. By default the metric has the prefix and the name of the field as its name.
    pub(super) fn parse(field: &Field, attribute: &Attribute, prefix: &str) -> syn::Result<Self> {
        let Some(kind) = last(&field.ty).as_deref().and_then(Kind::of_handle) else {
            let message = "`#[metric_field]` expects a `Counter`, `Gauge`, `UpDownCounter`, `Histogram` or `Timer`";
            return Err(Error::new_spanned(&field.ty, message));
        };
        let Some(ident) = &field.ident else {
            let message = "`#[metric_field]` expects a field with a name";
            return Err(Error::new_spanned(&field.ty, message));
        };
        let mut errors = Errors::default();
        let mut said = Said::default();
        let options = attributes::options(attribute)?;
        let says = !options.is_empty();
        for given in options {
            let result = said.take(given);
            errors.keep(result);
        }
        if let Some((at, _)) = &said.buckets
            && !kind.has_buckets()
        {
            let message = "only a `Histogram` or a `Timer` has `buckets`";
            errors.at(at.name.span(), message);
        }
        errors.finish()?;
        let text = |said: &Option<LitStr>| said.as_ref().map(LitStr::value);
        let name = text(&said.name).unwrap_or_else(|| format!("{prefix}{}", ident.unraw()));
        Ok(Self {
            kind,
            unit: text(&said.unit).or_else(|| unit_of(kind, &name)),
            description: text(&said.description).unwrap_or_default(),
            name,
            buckets: said.buckets.map(|(_, bounds)| bounds),
            says,
        })
    }

    /// Generates the link of the declaration into `METRICS`.
    pub(super) fn link(&self, krate: &Krate) -> TokenStream {
        let private = krate.private();
        let (name, description) = (&self.name, &self.description);
        let kind = self.kind.instrument();
        let unit = option(self.unit.as_ref());
        let buckets = option(self.buckets.as_ref().map(|bounds| quote!(&[#(#bounds),*])));
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
    pub(super) fn register(&self, field: &Field) -> TokenStream {
        let of = &field.ty;
        let (name, description) = (&self.name, &self.description);
        let new = match self.kind {
            // A timer has no number type.
            Kind::Timer => quote!(new),
            _ => quote!(of),
        };
        let unit = self.unit.as_ref().map(|unit| quote!(.with_unit(#unit)));
        let buckets = self.buckets.as_ref();
        let buckets = buckets.map(|bounds| quote!(.with_buckets(::std::vec![#(#bounds),*])));
        quote!(<#of>::#new(#name, #description) #unit #buckets .register())
    }
}

impl Said {
    fn take(&mut self, given: Given) -> syn::Result<()> {
        match given.name.to_string().as_str() {
            "name" => self.name = Some(metric_name(&given)?),
            "description" => self.description = Some(given.text()?),
            "unit" => self.unit = Some(checked_unit(&given)?),
            "buckets" => {
                let bounds = given.bounds()?;
                self.buckets = Some((given, bounds));
            }
            _ => return Err(unknown(&given.name, &OPTIONS)),
        }
        Ok(())
    }
}
