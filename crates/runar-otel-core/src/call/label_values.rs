//! The values of the labels that a function declares, of one call.

use std::{
    panic::Location,
    sync::{Mutex, PoisonError},
};

use super::{frames, function::Site};
use crate::{report, similar::closest};

/// The values by position; empty for those that nobody set. `None` once the call is over.
#[derive(Debug)]
pub(crate) struct LabelValues(Mutex<Option<Vec<String>>>);

impl LabelValues {
    pub(crate) fn new(count: usize) -> Self {
        Self(Mutex::new(Some(vec![String::new(); count])))
    }

    /// Sets a value. `false` if the call is over.
    fn set(&self, at: usize, value: &str) -> bool {
        // Made outside of the lock, the old one is dropped outside of it too.
        let mut new = value.to_owned();
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(values) = values.as_mut() else {
            return false;
        };
        if let Some(known) = values.get_mut(at) {
            std::mem::swap(known, &mut new);
        }
        true
    }

    /// See [`Call::label`](super::Call::label).
    pub(crate) fn set_first(&self, at: usize, value: &str) {
        self.set(at, value);
    }

    /// Takes the values: the call is over.
    pub(crate) fn take(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default()
    }
}

/// Sets a label of the innermost metered call that this code runs in.
///
/// The function must declare it: `#[metered(labels = ["user_tier"])]`. Anything else is reported once.
pub fn add_label(name: &'static str, value: &str, at: &'static Location<'static>) {
    let metered = frames::innermost(|frame| frame.resolved.own().is_some());
    let Some(frame) = metered else {
        return report::once(("label outside", name, at), || {
            format!(
                "label `{name}` is added at {at} outside of any metered call: expected a function with `#[metered(labels = [\"{name}\"])]` around it, or `in_call` around the future that was spawned"
            )
        });
    };
    let site = frame.resolved.site();
    let position = site
        .function()
        .labels
        .iter()
        .position(|known| *known == name);
    let Some(position) = position else {
        return report::once(("label undeclared", name, at, site.at()), || {
            undeclared(name, at, site)
        });
    };
    let set = frame
        .labels
        .is_some_and(|labels| labels.set(position, value));
    if !set {
        report::once(("label late", name, at, site.at()), || {
            format!(
                "label `{name}` is added at {at} to a call of `{}` ({}) that is over: expected it before the function returns",
                site.function().name,
                site.at()
            )
        });
    }
}

fn undeclared(name: &str, at: &Location<'_>, site: &Site) -> String {
    let function = site.function();
    let expected = match (closest(name, function.labels), function.labels) {
        (Some(close), _) => format!("did you mean `{close}`?"),
        (None, []) => format!("expected `labels = [\"{name}\"]` there"),
        (None, known) => format!("expected one of `{}`", known.join("`, `")),
    };
    format!(
        "label `{name}` is added at {at}, but `{}` at {} does not declare it: {expected}",
        function.name,
        site.at()
    )
}

#[cfg(test)]
mod tests {
    use super::{super::function::Function, *};
    use crate::call::Role;

    fn site(labels: &'static [&'static str]) -> Site {
        Site::new(Function {
            role: Role::Action,
            name: "get_user",
            metered: true,
            family: None,
            prefix: None,
            service: None,
            event: None,
            labels,
            buckets: None,
            owner: None,
            error_types: None,
        })
    }

    fn said(name: &str, labels: &'static [&'static str]) -> String {
        let site = site(labels);
        let here = Location::caller();
        let said = undeclared(name, here, &site);
        assert!(said.contains(&format!("is added at {here}")), "{said}");
        assert!(said.contains(&format!("`get_user` at {}", site.at())));
        said.rsplit(": ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn an_undeclared_label_is_explained_with_both_places() {
        assert_eq!(said("sorce", &["source", "tier"]), "did you mean `source`?");
        assert_eq!(
            said("region", &["source", "tier"]),
            "expected one of `source`, `tier`"
        );
        assert_eq!(said("tier", &[]), "expected `labels = [\"tier\"]` there");
    }

    #[test]
    fn a_call_that_is_over_takes_no_values() {
        let values = LabelValues::new(2);
        assert!(values.set(1, "a"));
        assert!(values.set(1, "b"));
        assert!(values.set(7, "nowhere"));
        assert_eq!(values.take(), ["", "b"]);
        assert!(!values.set(0, "late"));
    }
}
