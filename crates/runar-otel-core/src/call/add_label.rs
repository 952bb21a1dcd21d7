//! Labels that code inside a call adds to it.

use std::panic::Location;

use super::frames;
use crate::action::function::FunctionSite;
use crate::{
    binding::provider,
    report::{self, closest_word::closest},
};

/// Sets a label of the innermost metered call that this code runs in.
///
/// The function must declare it: `#[metered(labels = ["user_tier"])]`. Anything else is reported once, unless telemetry
/// is off.
pub fn add_label(name: &'static str, value: &str, at: &'static Location<'static>) {
    if provider::is_off() {
        return;
    }
    let metered = frames::innermost(|resolved| resolved.own().is_some());
    let Some(call) = metered else {
        return report::once(("label outside", name, at), || {
            format!(
                "label `{name}` is added at {at} outside of any metered call: expected a function with `#[metered(labels = [\"{name}\"])]` around it, or `in_call` around the future that was spawned"
            )
        });
    };
    let site = call.function.site();
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
    // Views drop what a call without room for its labels would count.
    let Some(labels) = call.labels else { return };
    if !labels.set(position, value) {
        report::once(("label late", name, at, site.at()), || {
            format!(
                "label `{name}` is added at {at} to a call of `{}` ({}) that is over: expected it before the function returns",
                site.function().name,
                site.at()
            )
        });
    }
}

fn undeclared(name: &str, at: &Location<'_>, site: &FunctionSite) -> String {
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
    use super::*;
    use crate::action::{Function, Role};

    const fn site(labels: &'static [&'static str]) -> FunctionSite {
        FunctionSite::new(Function {
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
}
