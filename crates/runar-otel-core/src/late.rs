//! Late binding: what a handle needs of the provider, found anew when the provider changes.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;

use crate::{gate::Gate, provider::Provider};

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
    /// `None` while there is no provider.
    value: Option<B>,
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
    /// Uses the value; makes it first if the provider is a new one. Without provider nothing happens.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        provider: &Provider,
        make: impl FnOnce(&Gate) -> Option<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Option<R> {
        let generation = provider.generation();
        match self.first.get() {
            Some(first) if first.generation == generation => first.value.as_ref().map(usage),
            _ => self.with_later(provider, generation, make, usage),
        }
    }

    fn with_later<R>(
        &self,
        provider: &Provider,
        generation: u64,
        make: impl FnOnce(&Gate) -> Option<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Option<R> {
        let made = self.later.load();
        match &*made {
            Some(made) if made.generation == generation => made.value.as_ref().map(usage),
            _ => self.make(provider, generation, make, usage),
        }
    }

    /// The generation was read first: if the provider changes meanwhile, the next use makes it again.
    #[cold]
    fn make<R>(
        &self,
        provider: &Provider,
        generation: u64,
        make: impl FnOnce(&Gate) -> Option<B>,
        usage: impl FnOnce(&B) -> R,
    ) -> Option<R> {
        let value = provider.current().and_then(|gate| make(&gate));
        let made = Made { generation, value };
        if made.value.is_some() && self.first.get().is_none() {
            let first = self.first.get_or_init(|| made);
            return first.value.as_ref().map(usage);
        }
        let made = Arc::new(made);
        self.later.store(Some(made.clone()));
        made.value.as_ref().map(usage)
    }
}

impl<B> std::fmt::Debug for Late<B> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Late")
    }
}
