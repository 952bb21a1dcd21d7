//! The model of `#[metric]`: its options, checked.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Error, Expr, ExprLit, Ident, ItemStruct, Lit, LitStr, Meta};

use super::label::{Label, labels};
use crate::{
    krate::Krate,
    names,
    options::{Errors, Given, Options, closest, unknown},
    tokens::option,
};

const OPTIONS: [&str; 7] = [
    "type",
    "name",
    "description",
    "unit",
    "labels",
    "buckets",
    "crate",
];

/// The kind of a metric, as `type = "…"` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    UpDownCounter,
    Histogram,
    Timer,
}

impl Kind {
    const WORDS: [&'static str; 5] = ["counter", "gauge", "histogram", "timer", "up_down_counter"];

    fn parse(said: &LitStr) -> syn::Result<Self> {
        let word = said.value();
        Ok(match word.as_str() {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "timer" => Self::Timer,
            "up_down_counter" => Self::UpDownCounter,
            _ => {
                let message = match closest(&word, &Self::WORDS) {
                    Some(close) => format!("unknown type `{word}`: did you mean `{close}`?"),
                    None => format!(
                        "unknown type `{word}`: expected one of `{}`",
                        Self::WORDS.join("`, `")
                    ),
                };
                return Err(Error::new(said.span(), message));
            }
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
    pub(crate) fn instrument(self) -> Ident {
        match self {
            Self::Timer => format_ident!("Histogram"),
            other => format_ident!("{other:?}"),
        }
    }
}

/// The declaration of a metric.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) unit: Option<String>,
    pub(super) labels: Vec<Label>,
    pub(crate) buckets: Option<Vec<f64>>,
    pub(crate) krate: Krate,
}

/// The options as given, which may be incomplete.
#[derive(Default)]
struct Said {
    kind: Option<Kind>,
    name: Option<LitStr>,
    description: Option<LitStr>,
    unit: Option<LitStr>,
    labels: Vec<LitStr>,
    buckets: Option<(Ident, Vec<f64>)>,
    krate: Krate,
}

impl Model {
    pub(super) fn parse(arguments: TokenStream, item: &ItemStruct) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let mut said = Said::default();
        let options = syn::parse2::<Options>(arguments)?.0;
        for given in &options {
            let result = said.take(given);
            errors.keep(result);
        }
        let missing = |option: &str| options.iter().all(|given| given.name != option);
        if missing("type") {
            let message = "a metric needs a type: write `type = \"counter\"`";
            errors.at(Span::call_site(), message);
        }
        if missing("name") {
            let message = "a metric needs a name: write `name = \"…\"`";
            errors.at(Span::call_site(), message);
        }
        if let (Some(kind), Some((at, _))) = (said.kind, &said.buckets)
            && !kind.has_buckets()
        {
            let message = "only a histogram or a timer has `buckets`";
            errors.at(at.span(), message);
        }
        let labels = labels(
            &said.labels,
            said.kind.is_some_and(Kind::has_buckets),
            &mut errors,
        );
        errors.finish()?;
        // Both are there, or there would be an error.
        let (Some(kind), Some(name)) = (said.kind, said.name) else {
            return Err(Error::new(Span::call_site(), "expected a type and a name"));
        };
        let name = name.value();
        let description = said.description.as_ref().map(LitStr::value);
        Ok(Self {
            kind,
            unit: said
                .unit
                .as_ref()
                .map(LitStr::value)
                .or_else(|| unit(kind, &name)),
            description: description.unwrap_or_else(|| first_paragraph(&item.attrs)),
            name,
            labels,
            buckets: said.buckets.map(|(_, bounds)| bounds),
            krate: said.krate,
        })
    }

    /// Generates the link of the declaration into `METRICS`.
    pub(crate) fn link(&self) -> TokenStream {
        let private = self.krate.private();
        let (name, description) = (&self.name, &self.description);
        let kind = self.kind.instrument();
        let labels = self.labels.iter().map(|label| &label.name);
        let unit = option(self.unit.as_ref());
        let buckets = option(self.buckets.as_ref().map(|bounds| quote!(&[#(#bounds),*])));
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

impl Said {
    fn take(&mut self, given: &Given) -> syn::Result<()> {
        match given.name.to_string().as_str() {
            "type" => self.kind = Some(Kind::parse(&given.text()?)?),
            "name" => self.name = Some(name(given)?),
            "description" => self.description = Some(given.text()?),
            "unit" => self.unit = Some(checked_unit(given)?),
            "labels" => self.labels = given.texts()?,
            "buckets" => self.buckets = Some((given.name.clone(), given.bounds()?)),
            "crate" => self.krate = Krate::new(&given.path()?),
            _ => return Err(unknown(&given.name, &OPTIONS)),
        }
        Ok(())
    }
}

/// Parses a valid name of a metric.
pub(crate) fn name(given: &Given) -> syn::Result<LitStr> {
    let text = given.text()?;
    match names::problem(&text.value()) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text),
    }
}

/// Parses a unit: ASCII, at most 63 characters.
pub(crate) fn checked_unit(given: &Given) -> syn::Result<LitStr> {
    let text = given.text()?;
    let unit = text.value();
    let problem = if !unit.is_ascii() {
        format!(
            "unit `{unit}` is not ASCII: expected a UCUM code such as `s`, `By` or `{{request}}`"
        )
    } else if unit.len() > 63 {
        format!("unit has {} characters: expected at most 63", unit.len())
    } else {
        return Ok(text);
    };
    Err(Error::new(text.span(), problem))
}

/// Returns the unit `s` for a timer whose name ends in no other unit; `None` for other metrics.
pub(crate) fn unit(kind: Kind, name: &str) -> Option<String> {
    let parts = ["milliseconds", "microseconds", "nanoseconds"];
    let says = parts.iter().any(|part| name.ends_with(&format!("_{part}")));
    (kind == Kind::Timer && !says).then(|| "s".to_owned())
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
