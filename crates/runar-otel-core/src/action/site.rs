//! The place of a metered function, and the owners that it was called for.

use std::{
    panic::Location,
    sync::{Mutex, PoisonError},
};

use linkme::distributed_slice;

use super::{
    address_map::AddressMap,
    append_list::{Age, AppendList},
    function::{Function, FunctionSite},
    metered_function::{FunctionFamilies, MeteredFunction},
    service::Owner,
};
use crate::{binding::isolated_recorder, metric::MetricDeclaration, threads::forked};

/// The functions that the attributes have instrumented, in all crates that are linked.
#[distributed_slice]
pub static SITES: [&'static Site];

/// The functions resolved so far. They begin at zero in each new provider.
static FUNCTIONS: Mutex<Vec<&'static MeteredFunction>> = Mutex::new(Vec::new());

/// A function with the owners that it was resolved for.
#[derive(Debug)]
pub struct Site {
    declared: FunctionSite,
    /// The function of each owner that it was called for, oldest first.
    functions: AppendList<MeteredFunction>,
    /// Functions besides the first one, by the addresses of their owners' names. A name belongs to one type, and that
    /// to one service.
    by_name: AddressMap<&'static MeteredFunction>,
}

impl Site {
    /// Declares a function, at the place of the caller.
    #[must_use]
    #[track_caller]
    pub const fn new(function: Function) -> Self {
        Self {
            declared: FunctionSite::new(function),
            functions: AppendList::new(),
            by_name: AddressMap::new(),
        }
    }

    /// The declaration by the attribute.
    #[must_use]
    pub const fn function(&self) -> &Function {
        self.declared.function()
    }

    /// The place of the function.
    #[must_use]
    pub const fn at(&self) -> &'static Location<'static> {
        self.declared.at()
    }

    /// True if all calls have one owner: then there is nothing to compare.
    #[inline]
    pub(crate) fn has_one_owner(&self) -> bool {
        self.function().owner.is_some()
    }

    /// The function of this owner. Its series begin at zero when the owner is first seen.
    #[inline]
    pub(crate) fn resolve(&'static self, owner: Owner) -> &'static MeteredFunction {
        match self.functions.iter().next() {
            Some(first) if self.has_one_owner() || first.owner.is(&owner) => first,
            _ => self.find_or_resolve(owner),
        }
    }

    /// Finds or resolves a method of several types.
    #[cold]
    fn find_or_resolve(&'static self, owner: Owner) -> &'static MeteredFunction {
        let name = owner.name_key();
        if let Some(known) = self
            .by_name
            .get(name)
            .filter(|known| known.owner.is(&owner))
        {
            return known;
        }
        let known = self.functions.find(|known| known.owner.is(&owner));
        let resolved = known.unwrap_or_else(|| self.resolve_new(owner));
        self.by_name.add(name, resolved);
        resolved
    }

    /// Resolves the function for another owner. The handles are those of the process: they record to every recorder
    /// that is current.
    #[cold]
    fn resolve_new(&'static self, owner: Owner) -> &'static MeteredFunction {
        isolated_recorder::run_outside(|| self.resolve_outside(owner))
    }

    fn resolve_outside(&'static self, owner: Owner) -> &'static MeteredFunction {
        let (resolved, made) = self.functions.find_or_make(
            |known| known.owner.is(&owner),
            || MeteredFunction::new(&self.declared, owner),
        );
        if made == Age::New && resolved.is_recorded() {
            if let Some(mut functions) = forked::lock(&FUNCTIONS) {
                functions.push(resolved);
            }
            resolved.begin_at_zero();
        }
        resolved
    }

    /// Resolves the owner and the error types, if they were known when the function was compiled.
    pub(crate) fn resolve_linked(&'static self) {
        let Some(owner) = self.declared.function().owner else {
            return;
        };
        let resolved = self.resolve(owner);
        if let Some(types) = self.declared.function().error_types
            && resolved.is_recorded()
        {
            resolved.declare_errors(types);
        }
    }

    /// Returns the metrics of the function, as far as its owner is known: from the compilation, or from its first call.
    #[must_use]
    pub fn declared(&'static self) -> Vec<MetricDeclaration> {
        let functions = self.functions.iter().map(|resolved| resolved.owner);
        let mut all: Vec<MetricDeclaration> = Vec::new();
        for owner in self.declared.function().owner.into_iter().chain(functions) {
            let own = FunctionFamilies::new(&self.declared, &owner).own;
            for metric in own.map(|family| family.declared()).unwrap_or_default() {
                if !all.contains(&metric) {
                    all.push(metric);
                }
            }
        }
        all
    }
}

/// Shows the series of all functions resolved so far in a new provider.
pub(crate) fn begin_at_zero() {
    let all = FUNCTIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    all.into_iter().for_each(MeteredFunction::begin_at_zero);
}
