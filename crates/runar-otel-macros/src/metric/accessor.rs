//! Accessors: functions of the struct that record, with one parameter per label.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Visibility};

use super::model::{MetricKind, Model};

/// An accessor: a function of the struct that records.
struct Accessor {
    name: &'static str,
    /// Its documentation; `{}` is the metric.
    about: &'static str,
    /// The function that it calls.
    calls: &'static str,
    argument: AccessorArgument,
}

/// The argument of an accessor beside its labels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AccessorArgument {
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
    argument: AccessorArgument,
    about: &'static str,
) -> Accessor {
    Accessor {
        name,
        about,
        calls,
        argument,
    }
}

const INCREMENT: Accessor = accessor(
    "increment",
    "increment",
    AccessorArgument::One,
    "Adds 1 to {}.",
);
const DECREMENT: Accessor = accessor(
    "decrement",
    "decrement",
    AccessorArgument::One,
    "Takes 1 away from {}.",
);
const ADD: Accessor = accessor("add", "increment", AccessorArgument::Value, "Adds to {}.");
const SUB: Accessor = accessor(
    "sub",
    "decrement",
    AccessorArgument::Value,
    "Takes away from {}.",
);
const SET: Accessor = accessor("set", "set", AccessorArgument::Value, "Sets {}.");
const OBSERVE: Accessor = accessor(
    "observe",
    "observe",
    AccessorArgument::Value,
    "Counts a value in {}.",
);
const START_TIMER: Accessor = accessor(
    "start_timer",
    "timer",
    AccessorArgument::Start,
    "Starts a timer that counts its duration in {}, when stopped or dropped.",
);
const START: Accessor = accessor(
    "start",
    "timer",
    AccessorArgument::Start,
    "Starts to measure for {}: the duration counts when the handle is stopped or dropped.",
);
const OBSERVE_DURATION: Accessor = accessor(
    "observe",
    "observe",
    AccessorArgument::Duration,
    "Counts a duration that was measured elsewhere in {}.",
);

fn list_accessors(kind: MetricKind) -> Vec<Accessor> {
    match kind {
        MetricKind::Counter => vec![INCREMENT, ADD],
        MetricKind::Gauge => vec![SET, INCREMENT, DECREMENT, ADD, SUB],
        MetricKind::UpDownCounter => vec![INCREMENT, DECREMENT, ADD, SUB],
        MetricKind::Histogram => vec![OBSERVE, START_TIMER],
        MetricKind::Timer => vec![START, OBSERVE_DURATION],
    }
}

/// Generates the accessors of a metric, which record through `__SITE`.
pub(super) fn expand(model: &Model, visibility: &Visibility) -> TokenStream {
    list_accessors(model.kind)
        .iter()
        .map(|accessor| accessor.expand(model, visibility))
        .collect()
}

impl Accessor {
    fn expand(&self, model: &Model, visibility: &Visibility) -> TokenStream {
        let private = model.crate_path.private();
        let function: Ident = format_ident!("{}", self.name);
        let calls: Ident = format_ident!("{}", self.calls);
        let value = name_value(model);
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
        let (first, given, result) = match self.argument {
            AccessorArgument::Value => (
                Some(quote!(#value: impl #private::MetricValue)),
                quote!(#value,),
                None,
            ),
            AccessorArgument::Duration => (
                Some(quote!(#value: ::core::time::Duration)),
                quote!(#value,),
                None,
            ),
            AccessorArgument::One => (None, quote!(1_u64,), None),
            AccessorArgument::Start => (None, quote!(), Some(quote!(-> #private::TimerHandle))),
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
fn name_value(model: &Model) -> Ident {
    let free = |word: &&str| model.labels.iter().all(|label| label.ident != word);
    let word = ["value", "amount", "measured"]
        .into_iter()
        .find(free)
        .unwrap_or("__value");
    format_ident!("{word}")
}
