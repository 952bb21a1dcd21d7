//! The model of `#[metric]`: its options, checked.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Error, Expr, ExprLit, Ident, ItemStruct, Lit, LitStr, Meta};

use super::label::{Label, check_labels};
use crate::{
    crate_path::CratePath,
    options::{AttributeOption, BareString, Errors, OptionReader, Setting, value},
    tokens::quote_option,
};

/// The kind of a metric, as `type = "…"` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    Counter,
    Gauge,
    UpDownCounter,
    Histogram,
    Timer,
}

impl MetricKind {
    const WORDS: [&'static str; 5] = ["counter", "gauge", "histogram", "timer", "up_down_counter"];

    fn parse(option: &AttributeOption) -> syn::Result<Self> {
        let word = value::choice(option, &Self::WORDS)?;
        Ok(match word.value().as_str() {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "timer" => Self::Timer,
            _ => Self::UpDownCounter,
        })
    }

    /// Returns the kind for a handle's type, given the last segment of its path; `None` for other types.
    pub(crate) fn of_handle(name: &str) -> Option<Self> {
        Some(match name {
            "Counter" => Self::Counter,
            "Gauge" => Self::Gauge,
            "UpDownCounter" => Self::UpDownCounter,
            "Histogram" => Self::Histogram,
            "Timer" => Self::Timer,
            _ => return None,
        })
    }

    pub(crate) fn has_buckets(self) -> bool {
        matches!(self, Self::Histogram | Self::Timer)
    }

    /// Returns the variant of `InstrumentKind`; a timer is a histogram.
    pub(crate) fn instrument_kind(self) -> Ident {
        match self {
            Self::Timer => format_ident!("Histogram"),
            other => format_ident!("{other:?}"),
        }
    }
}

/// The declaration of a metric.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) kind: MetricKind,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) unit: Option<String>,
    pub(super) labels: Vec<Label>,
    pub(crate) buckets: Option<Vec<f64>>,
    pub(crate) crate_path: CratePath,
}

/// The options of `#[metric(…)]`, which may be incomplete.
struct MetricOptions {
    kind: Option<MetricKind>,
    name: Option<LitStr>,
    description: Option<LitStr>,
    unit: Option<LitStr>,
    labels: Vec<Label>,
    buckets: Option<Setting<Vec<f64>>>,
    crate_path: CratePath,
}

impl MetricOptions {
    fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = OptionReader::new(tokens, BareString::Lacks("name"));
        let kind = options
            .read("type", MetricKind::parse)
            .map(|kind| kind.value);
        let name = options.read("name", value::metric_name);
        let description = options.read("description", value::string);
        let unit = options.read("unit", value::unit);
        let labels = options.read("labels", value::strings);
        let buckets = options.read("buckets", value::bounds);
        let crate_path = options.read_crate_path().unwrap_or_default();
        let (lacks_type, lacks_name) = (options.lacks("type"), options.lacks("name"));
        options.finish(errors);
        if lacks_type {
            let message = "a metric needs a type: write `type = \"counter\"`";
            errors.at(Span::call_site(), message);
        }
        if lacks_name {
            let message = "a metric needs a name: write `name = \"…\"`";
            errors.at(Span::call_site(), message);
        }
        if let (Some(kind), Some(buckets)) = (kind, &buckets)
            && !kind.has_buckets()
        {
            let message = "only a histogram or a timer has `buckets`";
            errors.at(buckets.name.span(), message);
        }
        let labels = labels.map_or_else(Vec::new, |labels| labels.value);
        Self {
            kind,
            name: name.map(|name| name.value),
            description: description.map(|description| description.value),
            unit: unit.map(|unit| unit.value),
            labels: check_labels(&labels, kind.is_some_and(MetricKind::has_buckets), errors),
            buckets,
            crate_path,
        }
    }
}

impl Model {
    pub(super) fn parse(arguments: TokenStream, item: &ItemStruct) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let options = MetricOptions::read(arguments, &mut errors);
        errors.finish()?;
        // Both are there, or there would be an error.
        let (Some(kind), Some(name)) = (options.kind, options.name) else {
            return Err(Error::new(Span::call_site(), "expected a type and a name"));
        };
        let name = name.value();
        let text = |given: &Option<LitStr>| given.as_ref().map(LitStr::value);
        Ok(Self {
            kind,
            unit: text(&options.unit).or_else(|| default_unit(kind, &name)),
            description: text(&options.description).unwrap_or_else(|| first_paragraph(&item.attrs)),
            name,
            labels: options.labels,
            buckets: options.buckets.map(|bounds| bounds.value),
            crate_path: options.crate_path,
        })
    }

    /// Generates the link of the declaration into `METRICS`.
    pub(crate) fn generate_link(&self) -> TokenStream {
        let private = self.crate_path.private();
        let (name, description) = (&self.name, &self.description);
        let kind = self.kind.instrument_kind();
        let labels = self.labels.iter().map(|label| &label.name);
        let unit = quote_option(self.unit.as_ref());
        let buckets = quote_option(self.buckets.as_ref().map(|bounds| quote!(&[#(#bounds),*])));
        quote! {
            #[#private::linkme::distributed_slice(#private::METRICS)]
            #[linkme(crate = #private::linkme)]
            static __METRIC: &#private::Metric = &#private::Metric {
                name: #name,
                kind: #private::InstrumentKind::#kind,
                unit: #unit,
                description: #description,
                labels: &[#(#labels),*],
                buckets: #buckets,
                at: ::core::panic::Location::caller(),
            };
        }
    }
}

/// Returns the unit `s` for a timer whose name ends in no other unit; `None` for other metrics.
pub(crate) fn default_unit(kind: MetricKind, name: &str) -> Option<String> {
    let parts = ["milliseconds", "microseconds", "nanoseconds"];
    let says = parts.iter().any(|part| name.ends_with(&format!("_{part}")));
    (kind == MetricKind::Timer && !says).then(|| "s".to_owned())
}

/// Returns the first paragraph of the documentation, on one line.
fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(line),
                    ..
                }) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        });
    let paragraph: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}
