//! A function of one owner, and the series that its calls feed.

use std::{
    borrow::Cow,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    address_map::AddressMap,
    append_list::{Age, AppendList},
    family::{Family, Group},
    family_handles::{ErrorCounters, FamilyHandles},
    function::{Function, FunctionSite, Role},
    service::{Owner, ServiceMeta},
    service_handles::{ServiceHandles, service_handles},
};
use crate::binding::{
    isolated_recorder::{self, RecorderLocal},
    provider::{self, NONE_YET},
};

/// A function resolved for one owner: its families, series and error counters.
pub(crate) struct MeteredFunction {
    pub(crate) owner: Owner,
    site: &'static FunctionSite,
    /// The value of the label `service`.
    service: &'static str,
    /// The family `action_*` or `event_*`; `None` if neither the function nor its service asks for it.
    own: Option<FamilyHandles>,
    /// The family `service_*`; `None` if the calls are no requests of a service with `#[metrics]`.
    of_service: Option<&'static ServiceHandles>,
    /// Error counters by the return type that declares them: a generic function may return different errors.
    errors: AppendList<DeclaredErrors>,
    /// The return types whose errors have been declared.
    declared: AddressMap<()>,
    zero: RecorderLocal<()>,
    /// Twice the provider generation checked last, plus one if views drop everything that calls count there. No other
    /// memory depends on it, therefore relaxed.
    dropped: AtomicU64,
}

/// Error types that one return type declares.
struct DeclaredErrors {
    types: ErrorTypeSource,
    list: &'static [&'static str],
    /// The counters of this list; `None` if another return type has declared the same list.
    both: Option<ErrorCounterPair>,
}

/// Returns the error types of a return type.
type ErrorTypeSource = fn() -> &'static [&'static str];

/// The error counters of a function and of its service, for the error types that the function declares.
#[derive(Debug)]
pub(crate) struct ErrorCounterPair {
    pub(crate) own: ErrorCounters,
    pub(crate) of_service: ErrorCounters,
}

/// The families that a function feeds for one owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionFamilies {
    service: &'static str,
    pub(crate) own: Option<Family>,
    of_service: Option<Family>,
}

impl FunctionFamilies {
    pub(crate) fn new(site: &'static FunctionSite, owner: &Owner) -> Self {
        let function = site.function();
        let meta = owner.service;
        let asked = match function.role {
            Role::Action => meta.is_some_and(|meta| meta.actions),
            Role::Event | Role::Job => meta.is_some(),
        };
        let service = function
            .service
            .or(meta.map(|meta| meta.name))
            .unwrap_or_else(|| owner.short_name());
        Self {
            service,
            own: (function.metered || asked).then(|| own_family(site, meta)),
            of_service: meta
                .filter(|_| function.role == Role::Action)
                .map(ServiceMeta::family),
        }
    }
}

fn own_family(site: &'static FunctionSite, meta: Option<&'static ServiceMeta>) -> Family {
    let function = site.function();
    let prefix = function.prefix.or(meta.map(|meta| meta.prefix));
    Family {
        group: match function.role {
            Role::Action | Role::Job => Group::Action,
            Role::Event => Group::Received,
        },
        prefix: prefix.unwrap_or_default(),
        stem: function.family,
        labels: function.labels,
        buckets: function.buckets,
        at: site.at(),
    }
}

/// The fixed labels of the own family.
fn fixed(function: &Function, service: &'static str) -> [(&'static str, Cow<'static, str>); 2] {
    let other = match function.role {
        Role::Action | Role::Job => ("action", function.name),
        Role::Event => ("event", function.event.unwrap_or(function.name)),
    };
    [("service", service.into()), (other.0, other.1.into())]
}

impl MeteredFunction {
    pub(crate) fn new(site: &'static FunctionSite, owner: Owner) -> Self {
        let families = FunctionFamilies::new(site, &owner);
        let fixed = fixed(site.function(), families.service);
        Self {
            owner,
            site,
            service: families.service,
            own: families
                .own
                .map(|family| FamilyHandles::new(&family, &fixed)),
            of_service: families
                .of_service
                .map(|family| service_handles(families.service, family)),
            errors: AppendList::new(),
            declared: AddressMap::new(),
            zero: RecorderLocal::new(),
            dropped: AtomicU64::new(2 * NONE_YET),
        }
    }

    /// True if views drop everything that calls count, in the provider that all records go to.
    #[inline]
    pub(crate) fn is_dropped(&self) -> bool {
        let sole = provider::sole();
        let known = self.dropped.load(Ordering::Relaxed);
        if known >> 1 == sole {
            known & 1 != 0
        } else {
            self.find_dropped(sole)
        }
    }

    /// Looks at the views once per provider.
    #[cold]
    fn find_dropped(&self, generation: u64) -> bool {
        if generation == NONE_YET || !self.is_recorded() {
            return false;
        }
        let of_service = self.of_service.map(ServiceHandles::handles);
        let mut all = self.own.iter().chain(of_service);
        let dropped = all.all(|series| series.is_dropped(generation));
        self.dropped
            .store(2 * generation + u64::from(dropped), Ordering::Relaxed);
        dropped
    }

    /// True if calls of the function are recorded at all.
    #[inline]
    pub(crate) fn is_recorded(&self) -> bool {
        self.own.is_some() || self.of_service.is_some()
    }

    pub(crate) fn service(&self) -> &'static str {
        self.service
    }

    pub(crate) fn meta(&self) -> Option<&'static ServiceMeta> {
        self.owner.service
    }

    pub(crate) fn site(&self) -> &'static FunctionSite {
        self.site
    }

    pub(crate) fn own(&self) -> Option<&FamilyHandles> {
        self.own.as_ref()
    }

    pub(crate) fn of_service(&self) -> Option<&'static ServiceHandles> {
        self.of_service
    }

    /// The first error counters that have this type; `None` if nobody declared it.
    pub(crate) fn errors(&self, kind: &'static str) -> Option<&ErrorCounterPair> {
        self.errors
            .iter()
            .filter_map(|declares| declares.both.as_ref())
            .find(|both| both.has(kind))
    }

    /// Binds the error counters once the types are known: with the first call at the latest.
    #[inline]
    pub(crate) fn declare_errors(&self, types: ErrorTypeSource) {
        let same = |known: &DeclaredErrors| std::ptr::fn_addr_eq(known.types, types);
        let is_first = self.errors.iter().next().is_some_and(same);
        if !is_first && self.declared.get(types as usize).is_none() {
            self.bind_errors(types);
        }
    }

    /// Calls `types` once: the list may be computed.
    #[cold]
    fn bind_errors(&self, types: ErrorTypeSource) {
        let same = |known: &DeclaredErrors| std::ptr::fn_addr_eq(known.types, types);
        let make = || {
            let list = types();
            let known = list.is_empty() || self.errors.iter().any(|known| known.list == list);
            let both = (!known).then(|| self.bind_types(list));
            DeclaredErrors { types, list, both }
        };
        isolated_recorder::run_outside(|| {
            let (declares, made) = self.errors.find_or_make(same, make);
            if let (Age::New, Some(both)) = (made, &declares.both) {
                self.both_begin_at_zero(both);
            }
            self.declared.add(types as usize, ());
        });
    }

    fn bind_types(&self, types: &[&'static str]) -> ErrorCounterPair {
        let families = FunctionFamilies::new(self.site, &self.owner);
        let fixed = fixed(self.site.function(), self.service);
        let bind = |family: Family| ErrorCounters::new(&family, &fixed, types);
        ErrorCounterPair {
            own: families.own.map(bind).unwrap_or_default(),
            of_service: self
                .of_service
                .map(|service| service.errors(types))
                .unwrap_or_default(),
        }
    }

    /// Begins at zero in the isolated recorder that is current, with the first call in it.
    #[inline]
    pub(crate) fn begin_at_zero_here(&'static self) {
        if provider::has_isolated() {
            self.begin_at_zero_isolated();
        }
    }

    #[cold]
    fn begin_at_zero_isolated(&'static self) {
        if isolated_recorder::current().is_some() {
            self.zero.with(|| self.begin_at_zero(), |()| ());
        }
    }

    /// Begins the series at zero. Without a provider there is nothing to show: the first one shows all functions met so
    /// far.
    pub(crate) fn begin_at_zero(&self) {
        if !isolated_recorder::has_provider() {
            return;
        }
        if let Some(own) = &self.own {
            own.begin_at_zero();
        }
        if let Some(service) = self.of_service {
            service.handles().begin_at_zero();
        }
        let all = self.errors.iter();
        all.filter_map(|declares| declares.both.as_ref())
            .for_each(|both| self.both_begin_at_zero(both));
    }

    fn both_begin_at_zero(&self, errors: &ErrorCounterPair) {
        if !isolated_recorder::has_provider() {
            return;
        }
        // With labels of its own the function's label sets are not known; those of the service are.
        if self.site.function().labels.is_empty() {
            errors.own.begin_at_zero();
        }
        errors.of_service.begin_at_zero();
    }
}

impl ErrorCounterPair {
    fn has(&self, kind: &'static str) -> bool {
        self.own.of(kind).is_some() || self.of_service.of(kind).is_some()
    }
}

/// The site is not shown as a whole: it contains all functions that it has resolved.
impl fmt::Debug for MeteredFunction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MeteredFunction")
            .field("owner", &self.owner.name)
            .field("service", &self.service)
            .field("function", &self.site.function().name)
            .finish_non_exhaustive()
    }
}
