//! The provider that handles record to: none before `init()`, one after it, another one after the next.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;

use crate::{gate::Gate, isolated};

/// The provider of the process.
pub(crate) static PROCESS: Provider = Provider::none();

/// Whether something can be recorded to: the provider of the process, or an isolated recorder that is current.
pub(crate) fn is_there() -> bool {
    PROCESS.current().is_some() || isolated::current().is_some()
}

/// A place for a gate.
#[derive(Debug)]
pub(crate) struct Provider {
    current: ArcSwapOption<Gate>,
    /// Raised after every change of `current`. Release pairs with Acquire: who sees the new generation also sees
    /// the gate that it stands for.
    generation: AtomicU64,
}

impl Provider {
    const fn none() -> Self {
        Self {
            current: ArcSwapOption::const_empty(),
            generation: AtomicU64::new(0),
        }
    }

    /// A provider that keeps its gate.
    pub(crate) fn of(gate: Arc<Gate>) -> Self {
        let provider = Self::none();
        provider.replace(Some(gate));
        provider
    }

    /// Puts another gate there, or none.
    pub(crate) fn replace(&self, gate: Option<Arc<Gate>>) {
        self.current.store(gate);
        self.generation.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn current(&self) -> Option<Arc<Gate>> {
        self.current.load_full()
    }

    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// Whose provider something records to.
#[derive(Clone, Debug)]
pub(crate) enum Home {
    Process,
    /// That of an isolated recorder.
    Isolated(Arc<Provider>),
}

impl Home {
    #[inline]
    pub(crate) fn provider(&self) -> &Provider {
        match self {
            Self::Process => &PROCESS,
            Self::Isolated(provider) => provider,
        }
    }

    #[inline]
    pub(crate) fn is_process(&self) -> bool {
        matches!(self, Self::Process)
    }

    /// Whether it is that of an isolated recorder that is gone.
    pub(crate) fn has_ended(&self) -> bool {
        !self.is_process() && self.provider().current().is_none()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Process, Self::Process) => true,
            (Self::Isolated(one), Self::Isolated(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}
