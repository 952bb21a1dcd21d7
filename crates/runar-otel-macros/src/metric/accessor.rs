//! Accessors: functions of the struct that record, with one parameter per label.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Visibility};

use super::model::{Kind, Model};

/// An accessor: a function of the struct that records.
struct Accessor {
    name: &'static str,
    /// Its documentation; `{}` is the metric.
    about: &'static str,
    /// The function that it calls.
    calls: &'static str,
    takes: Takes,
}

/// The argument of an accessor beside its labels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// A number or a duration.
    Value,
    Duration,
    /// No argument: the value is 1.
    One,
    /// No argument: the accessor starts a timer.
    Start,
}

const fn accessor(
    name: &'static str,
    calls: &'static str,
    takes: Takes,
    about: &'static str,
) -> Accessor {
    Accessor {
        name,
        about,
        calls,
        takes,
    }
}

const INCREMENT: Accessor = accessor("increment", "increment", Takes::One, "Adds 1 to {}.");
const DECREMENT: Accessor = accessor(
    "decrement",
    "decrement",
    Takes::One,
    "Takes 1 away from {}.",
);
const ADD: Accessor = accessor("add", "increment", Takes::Value, "Adds to {}.");
const SUB: Accessor = accessor("sub", "decrement", Takes::Value, "Takes away from {}.");
const SET: Accessor = accessor("set", "set", Takes::Value, "Sets {}.");
const OBSERVE: Accessor = accessor("observe", "observe", Takes::Value, "Counts a value in {}.");
const START_TIMER: Accessor = accessor(
    "start_timer",
    "timer",
    Takes::Start,
    "Starts a timer that counts its duration in {}, when stopped or dropped.",
);
const START: Accessor = accessor(
    "start",
    "timer",
    Takes::Start,
    "Starts to measure for {}: the duration counts when the handle is stopped or dropped.",
);
const OBSERVE_DURATION: Accessor = accessor(
    "observe",
    "observe",
    Takes::Duration,
    "Counts a duration that was measured elsewhere in {}.",
);

fn accessors(kind: Kind) -> Vec<Accessor> {
    match kind {
        Kind::Counter => vec![INCREMENT, ADD],
        Kind::Gauge => vec![SET, INCREMENT, DECREMENT, ADD, SUB],
        Kind::UpDownCounter => vec![INCREMENT, DECREMENT, ADD, SUB],
        Kind::Histogram => vec![OBSERVE, START_TIMER],
        Kind::Timer => vec![START, OBSERVE_DURATION],
    }
}

/// Generates the accessors of a metric, which record through `__SITE`.
pub(super) fn expand(model: &Model, visibility: &Visibility) -> TokenStream {
    accessors(model.kind)
        .iter()
        .map(|accessor| accessor.expand(model, visibility))
        .collect()
}

impl Accessor {
    fn expand(&self, model: &Model, visibility: &Visibility) -> TokenStream {
        let private = model.crate_path.private();
        let function: Ident = format_ident!("{}", self.name);
        let calls: Ident = format_ident!("{}", self.calls);
        let value = value(model);
        let idents = model.labels.iter().map(|label| &label.ident);
        let labels = idents
            .clone()
            .map(|ident| quote!(#ident: impl #private::LabelValue));
        let names = model.labels.iter().map(|label| &label.name);
        let pairs = quote!(&[#((#names, &*#private::LabelValue::text(&#idents))),*]);
        let docs = self
            .docs(model)
            .into_iter()
            .map(|line| quote!(#[doc = #line]));
        let (first, given, result) = match self.takes {
            Takes::Value => (
                Some(quote!(#value: impl #private::MetricValue)),
                quote!(#value,),
                None,
            ),
            Takes::Duration => (
                Some(quote!(#value: ::core::time::Duration)),
                quote!(#value,),
                None,
            ),
            Takes::One => (None, quote!(1_u64,), None),
            Takes::Start => (None, quote!(), Some(quote!(-> #private::TimerHandle))),
        };
        let parameters = first.into_iter().chain(labels);
        let semicolon = result.is_none().then(|| quote!(;));
        quote! {
            #(#docs)*
            #visibility fn #function(#(#parameters),*) #result {
                #private::#calls(&__SITE, #given #pairs) #semicolon
            }
        }
    }

    fn docs(&self, model: &Model) -> Vec<String> {
        let metric = format!("`{}`", model.name);
        let mut lines = vec![format!(" {}", self.about.replace("{}", &metric))];
        if !model.description.is_empty() {
            lines.extend([String::new(), format!(" {}", model.description)]);
        }
        if let Some(unit) = &model.unit {
            lines.extend([String::new(), format!(" Unit: `{unit}`.")]);
        }
        if !model.labels.is_empty() {
            let names: Vec<String> = model
                .labels
                .iter()
                .map(|label| format!("`{}`", label.name))
                .collect();
            lines.extend([String::new(), format!(" Labels: {}.", names.join(", "))]);
        }
        lines
    }
}

/// Returns a name for the parameter of the value that no label has.
fn value(model: &Model) -> Ident {
    let free = |word: &&str| model.labels.iter().all(|label| label.ident != word);
    let word = ["value", "amount", "measured"]
        .into_iter()
        .find(free)
        .unwrap_or("__value");
    format_ident!("{word}")
}
