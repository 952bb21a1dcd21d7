//! The values of the labels that a function declares, of one call.

use std::{
    fmt,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use super::{frames, function::Site};
use crate::{provider, report, similar::closest};

/// How many values wait in a pool for the next calls of their function.
const MOST_POOLED: usize = 64;

/// The longest value, in bytes, whose memory a pool keeps.
const LONGEST_POOLED: usize = 256;

/// The values of one call. Clones are of the same call, in other parts of its chain.
#[derive(Clone, Debug)]
pub(crate) struct LabelValues(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    site: &'static Site,
    values: Mutex<Values>,
}

/// The values by position; empty for those that nobody set.
#[derive(Debug, Default)]
struct Values {
    /// False once the call is over.
    open: bool,
    values: Vec<String>,
}

/// The values of calls that are over, kept for the next ones of the function: a call with labels then allocates nothing
/// (`tests/allocations`).
pub(crate) struct LabelPool(Mutex<Vec<LabelValues>>);

impl LabelPool {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes values; a pool that another thread has right now is done without.
    fn take(&self) -> Option<LabelValues> {
        self.try_lock()?.pop()
    }

    fn put(&self, values: LabelValues) {
        if let Some(mut pool) = self.try_lock()
            && pool.len() < MOST_POOLED
        {
            pool.push(values);
        }
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Vec<LabelValues>>> {
        match self.0.try_lock() {
            Ok(pool) => Some(pool),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl fmt::Debug for LabelPool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LabelPool")
    }
}

impl LabelValues {
    /// Opens the values of a call.
    pub(crate) fn open(site: &'static Site) -> Self {
        let values = site.label_pool().take().unwrap_or_else(|| {
            Self(Arc::new(Shared {
                site,
                values: Mutex::default(),
            }))
        });
        {
            let mut values = values.lock();
            values.open = true;
            let count = site.function().labels.len();
            values.values.resize_with(count, String::new);
            values.values.iter_mut().for_each(String::clear);
        }
        values
    }

    /// Sets a value. `false` if the call is over.
    pub(crate) fn set(&self, at: usize, value: &str) -> bool {
        let mut values = self.lock();
        if !values.open {
            return false;
        }
        if let Some(known) = values.values.get_mut(at) {
            known.clear();
            known.push_str(value);
        }
        true
    }

    /// Ends the call, and lends its values: not under the lock, because what is recorded with them may come back here.
    pub(crate) fn close(&self, usage: impl FnOnce(&[String])) {
        let mut taken = {
            let mut values = self.lock();
            values.open = false;
            std::mem::take(&mut values.values)
        };
        usage(&taken);
        // The pool keeps room for labels, not for whatever somebody made of one.
        let long = taken
            .iter_mut()
            .filter(|value| value.capacity() > LONGEST_POOLED);
        long.for_each(|value| *value = String::new());
        self.lock().values = taken;
    }

    /// Gives the memory back after the call, unless another part of its chain still refers to it.
    pub(crate) fn give_back(self) {
        if Arc::strong_count(&self.0) == 1 {
            let site = self.0.site;
            site.label_pool().put(self);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.0.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets a label of the innermost metered call that this code runs in.
///
/// The function must declare it: `#[metered(labels = ["user_tier"])]`. Anything else is reported once, unless telemetry is
/// off.
pub fn add_label(name: &'static str, value: &str, at: &'static Location<'static>) {
    if provider::is_off() {
        return;
    }
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
    // Views drop what a call without room for its labels would count.
    let Some(labels) = frame.labels else { return };
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

    const fn site(labels: &'static [&'static str]) -> Site {
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
        static SITE: Site = site(&["source", "tier"]);
        let values = LabelValues::open(&SITE);
        let elsewhere = values.clone();
        assert!(values.set(1, "a"));
        assert!(elsewhere.set(1, "b"));
        assert!(values.set(7, "nowhere"));
        values.close(|values| assert_eq!(values, ["", "b"]));
        assert!(!elsewhere.set(0, "late"));
        values.give_back();
        assert!(SITE.label_pool().take().is_none(), "it is still in use");
    }

    #[test]
    fn the_next_call_begins_without_values() {
        static SITE: Site = site(&["source"]);
        let first = LabelValues::open(&SITE);
        let memory = Arc::as_ptr(&first.0);
        assert!(first.set(0, "one"));
        first.close(|_| ());
        first.give_back();
        let second = LabelValues::open(&SITE);
        assert_eq!(Arc::as_ptr(&second.0), memory);
        second.close(|values| assert_eq!(values, [""]));
    }
}
