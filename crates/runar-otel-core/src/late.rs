//! Late binding: what a handle needs of the provider, found anew when the provider changes.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;

use crate::{
    gate::Gate,
    provider::{self, Provider},
};

/// Something made from the current provider, for as long as that provider is the current one.
///
/// Most processes have one provider in their life: what was made of the first one is found without any
/// synchronisation beyond two loads. Only after a second `init()` the swap is needed.
pub(crate) struct Late<B> {
    first: OnceLock<Made<B>>,
    later: ArcSwapOption<Made<B>>,
}

struct Made<B> {
    generation: u64,
    /// `None` if the provider has nothing of it, or there is no provider.
    value: Option<B>,
}

/// What the provider has.
pub(crate) enum Make<B> {
    Made(B),
    /// Nothing, for as long as it is the provider.
    Nothing,
    /// It cannot be made now, on this thread.
    NotNow,
}

/// What was found.
pub(crate) enum Found<R> {
    Used(R),
    /// There is nothing to be used.
    Nothing,
    /// There is nothing yet.
    NotNow,
}

impl<B> Default for Late<B> {
    fn default() -> Self {
        Self {
            first: OnceLock::new(),
            later: ArcSwapOption::empty(),
        }
    }
}

impl<B> Late<B> {
    /// What was made from the first provider of the process, while that is where everything goes: the outer `None` says
    /// that more has to be asked, the inner one that nothing is to be done.
    #[inline]
    pub(crate) fn at_hand(&self) -> Option<Option<&B>> {
        match self.first.get() {
            Some(first) if first.generation == provider::sole() => Some(first.value.as_ref()),
            _ => None,
        }
    }

    /// Uses the value; makes it first if the provider is a new one.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        provider: &Provider,
        make: impl FnOnce(&Gate) -> Make<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Found<R> {
        let generation = provider.generation();
        match self.first.get() {
            Some(first) if first.generation == generation => first.found(usage),
            _ => self.with_later(provider, generation, make, usage),
        }
    }

    fn with_later<R>(
        &self,
        provider: &Provider,
        generation: u64,
        make: impl FnOnce(&Gate) -> Make<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Found<R> {
        let made = self.later.load();
        match &*made {
            Some(made) if made.generation == generation => made.found(usage),
            _ => self.make(provider, generation, make, usage),
        }
    }

    /// The generation was read first: if the provider changes meanwhile, the next use makes it again.
    #[cold]
    fn make<R>(
        &self,
        provider: &Provider,
        generation: u64,
        make: impl FnOnce(&Gate) -> Make<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Found<R> {
        let value = match provider.current().map(|gate| make(&gate)) {
            Some(Make::Made(value)) => Some(value),
            Some(Make::Nothing) | None => None,
            Some(Make::NotNow) => return Found::NotNow,
        };
        let made = Made { generation, value };
        // Before the first provider there is nothing to be remembered for long.
        if generation != provider::NONE_YET && self.first.get().is_none() {
            return self.first.get_or_init(|| made).found(usage);
        }
        let made = Arc::new(made);
        self.later.store(Some(made.clone()));
        made.found(usage)
    }
}

impl<B> Made<B> {
    #[inline]
    fn found<R>(&self, usage: impl FnOnce(&B) -> R) -> Found<R> {
        self.value
            .as_ref()
            .map_or(Found::Nothing, |value| Found::Used(usage(value)))
    }
}

impl<B> std::fmt::Debug for Late<B> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Late")
    }
}
