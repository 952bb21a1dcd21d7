//! The values of the labels that a function declares, of one call.

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{frames, function::Site};
use crate::{provider, report, similar::closest};

/// How many values wait in a pool for the next calls of their function.
const MOST_POOLED: usize = 64;

/// The longest value, in bytes, whose memory a pool keeps.
const LONGEST_POOLED: usize = 256;

/// The values of one call, which has them for itself, and what is added to them. In a box: a future is not to grow.
#[derive(Debug)]
pub(crate) struct LabelValues(Box<Own>);

#[derive(Debug)]
struct Own {
    /// By position; empty for those that nobody set.
    values: Vec<String>,
    added: Added,
}

/// The values that the code in a call adds, wherever it runs. Clones are of the same call, in other parts of its chain.
#[derive(Clone, Debug)]
pub(crate) struct Added(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    site: &'static Site,
    values: Mutex<AddedValues>,
    /// False once the call is over. Written by the call alone: to false under the lock, to true where nobody else has it,
    /// therefore relaxed.
    open: AtomicBool,
}

#[derive(Debug, Default)]
struct AddedValues {
    any: bool,
    /// By position, and whether it was set.
    values: Vec<(bool, String)>,
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
        let mut opened = site.label_pool().take().unwrap_or_else(|| Self::new(site));
        let own = &mut opened.0;
        own.values.iter_mut().for_each(String::clear);
        own.added.0.open.store(true, Ordering::Relaxed);
        opened
    }

    #[cold]
    fn new(site: &'static Site) -> Self {
        let count = site.function().labels.len();
        let mut added = AddedValues::default();
        added.values.resize_with(count, Default::default);
        Self(Box::new(Own {
            values: vec![String::new(); count],
            added: Added(Arc::new(Shared {
                site,
                values: Mutex::new(added),
                open: AtomicBool::new(false),
            })),
        }))
    }

    /// Sets a value.
    #[inline]
    pub(crate) fn set(&mut self, at: usize, value: &str) {
        if let Some(known) = self.0.values.get_mut(at) {
            known.clear();
            known.push_str(value);
        }
    }

    /// For those who add values.
    #[inline]
    pub(crate) fn added(&self) -> &Added {
        &self.0.added
    }

    /// Ends the call, and lends its values: not under a lock, because what is recorded with them may come back here.
    #[inline]
    pub(crate) fn close(&mut self, usage: impl FnOnce(&[String])) {
        let Own { values, added } = &mut *self.0;
        added.close(values);
        usage(values);
        // The pool keeps room for labels, not for whatever somebody made of one.
        let long = values
            .iter_mut()
            .filter(|value| value.capacity() > LONGEST_POOLED);
        long.for_each(|value| *value = String::new());
    }

    /// Gives the memory back after the call, unless another part of its chain still refers to it.
    pub(crate) fn give_back(self) {
        let shared = &self.0.added.0;
        if Arc::strong_count(shared) == 1 {
            let site = shared.site;
            site.label_pool().put(self);
        }
    }
}

impl Added {
    /// Sets a value. `false` if the call is over.
    pub(crate) fn set(&self, at: usize, value: &str) -> bool {
        let mut values = self.lock();
        if !self.0.open.load(Ordering::Relaxed) {
            return false;
        }
        if let Some((is_set, known)) = values.values.get_mut(at) {
            *is_set = true;
            known.clear();
            known.push_str(value);
            values.any = true;
        }
        true
    }

    /// Ends the call: what was added goes before what the call had.
    fn close(&self, own: &mut [String]) {
        let mut added = self.lock();
        self.0.open.store(false, Ordering::Relaxed);
        if std::mem::take(&mut added.any) {
            let pairs = own.iter_mut().zip(&mut added.values);
            let set = pairs.filter(|(_, (is_set, _))| *is_set);
            set.for_each(|(own, (is_set, value))| {
                *is_set = false;
                std::mem::swap(own, value);
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, AddedValues> {
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
    let metered = frames::innermost(|resolved| resolved.own().is_some());
    let Some(call) = metered else {
        return report::once(("label outside", name, at), || {
            format!(
                "label `{name}` is added at {at} outside of any metered call: expected a function with `#[metered(labels = [\"{name}\"])]` around it, or `in_call` around the future that was spawned"
            )
        });
    };
    let site = call.resolved.site();
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
        let mut values = LabelValues::open(&SITE);
        let elsewhere = values.added().clone();
        values.set(1, "a");
        values.set(7, "nowhere");
        assert!(elsewhere.set(1, "b"));
        assert!(elsewhere.set(7, "nowhere"));
        values.close(|values| assert_eq!(values, ["", "b"]));
        assert!(!elsewhere.set(0, "late"));
        values.give_back();
        assert!(SITE.label_pool().take().is_none(), "it is still in use");
    }

    #[test]
    fn the_next_call_begins_without_values() {
        static SITE: Site = site(&["source"]);
        let mut first = LabelValues::open(&SITE);
        let memory = Arc::as_ptr(&first.added().0);
        first.set(0, "one");
        assert!(first.added().set(0, "two"));
        first.close(|_| ());
        first.give_back();
        let mut second = LabelValues::open(&SITE);
        assert_eq!(Arc::as_ptr(&second.added().0), memory);
        second.close(|values| assert_eq!(values, [""]));
    }
}
