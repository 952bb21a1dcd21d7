//! A function together with its owner: the series that its calls feed.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    appended::{Appended, Made},
    by_address::ByAddress,
    family::{Family, Group},
    function::{Function, Role, Site},
    series::{Errors, Series},
    service::{Owner, ServiceMeta},
};
use crate::{
    catalogue::Declared,
    forked,
    isolated::{self, PerRecorder},
    provider::{self, NONE_YET},
};

/// Everything that has been met so far. It begins at zero in each new provider.
static MET: Mutex<Vec<&'static Resolved>> = Mutex::new(Vec::new());

/// The series of services, which all of their actions share.
static SERVICE_SERIES: Appended<ServiceSeries> = Appended::new();

/// A function of one owner.
pub(crate) struct Resolved {
    owner: Owner,
    site: &'static Site,
    /// Label `service`.
    service: &'static str,
    /// `action_*` or `event_*`.
    own: Option<Series>,
    /// `service_*`.
    of_service: Option<&'static ServiceSeries>,
    /// By what declares them: a generic function may return different errors.
    errors: Appended<Declares>,
    /// The ways to return that have declared theirs.
    declared: ByAddress<()>,
    zero: PerRecorder<()>,
    /// Twice the generation that was asked last, and one more if all that calls count is dropped there. Stands alone,
    /// therefore relaxed.
    dropped: AtomicU64,
}

/// `service_*` of one service.
#[derive(Debug)]
pub(crate) struct ServiceSeries {
    family: Family,
    name: &'static str,
    series: Series,
}

/// What one way to return declares.
struct Declares {
    types: ErrorTypesOf,
    list: &'static [&'static str],
    /// `None` if another one has declared the same.
    both: Option<BothErrors>,
}

/// Asks for the error types of a return type.
type ErrorTypesOf = fn() -> &'static [&'static str];

/// The error counters of a function, and those of its service for what the function declares.
#[derive(Debug)]
pub(crate) struct BothErrors {
    pub(crate) own: Errors,
    pub(crate) of_service: Errors,
}

/// What an owner makes of a function.
#[derive(Clone, Copy, Debug)]
struct Feeds {
    service: &'static str,
    own: Option<Family>,
    of_service: Option<Family>,
}

impl Feeds {
    fn new(site: &'static Site, owner: &Owner) -> Self {
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

fn own_family(site: &'static Site, meta: Option<&'static ServiceMeta>) -> Family {
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

/// The labels of the own family.
fn fixed(function: &Function, service: &'static str) -> [(&'static str, Cow<'static, str>); 2] {
    let other = match function.role {
        Role::Action | Role::Job => ("action", function.name),
        Role::Event => ("event", function.event.unwrap_or(function.name)),
    };
    [("service", service.into()), (other.0, other.1.into())]
}

impl Resolved {
    fn new(site: &'static Site, owner: Owner) -> Self {
        let feeds = Feeds::new(site, &owner);
        let fixed = fixed(site.function(), feeds.service);
        Self {
            owner,
            site,
            service: feeds.service,
            own: feeds.own.map(|family| Series::new(&family, &fixed)),
            of_service: feeds
                .of_service
                .map(|family| service_series(feeds.service, family)),
            errors: Appended::new(),
            declared: ByAddress::new(),
            zero: PerRecorder::new(),
            dropped: AtomicU64::new(2 * NONE_YET),
        }
    }

    /// True if views drop all that its calls count, in the provider that everything goes to.
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

    /// Asks once per provider.
    #[cold]
    fn find_dropped(&self, generation: u64) -> bool {
        if generation == NONE_YET || !self.records() {
            return false;
        }
        let of_service = self.of_service.map(ServiceSeries::series);
        let mut all = self.own.iter().chain(of_service);
        let dropped = all.all(|series| series.is_dropped(generation));
        self.dropped
            .store(2 * generation + u64::from(dropped), Ordering::Relaxed);
        dropped
    }

    /// Whether calls of it are recorded at all.
    #[inline]
    pub(crate) fn records(&self) -> bool {
        self.own.is_some() || self.of_service.is_some()
    }

    pub(crate) fn service(&self) -> &'static str {
        self.service
    }

    pub(crate) fn meta(&self) -> Option<&'static ServiceMeta> {
        self.owner.service
    }

    pub(crate) fn site(&self) -> &'static Site {
        self.site
    }

    pub(crate) fn own(&self) -> Option<&Series> {
        self.own.as_ref()
    }

    pub(crate) fn of_service(&self) -> Option<&'static ServiceSeries> {
        self.of_service
    }

    /// The error counters, those first that know the type.
    pub(crate) fn errors(&self, kind: &'static str) -> Option<&BothErrors> {
        self.errors
            .iter()
            .filter_map(|declares| declares.both.as_ref())
            .find(|both| both.know(kind))
    }

    /// Binds the error counters, when the types are known: with the first call at the latest.
    #[inline]
    pub(crate) fn declare_errors(&self, types: ErrorTypesOf) {
        let same = |known: &Declares| std::ptr::fn_addr_eq(known.types, types);
        let is_first = self.errors.iter().next().is_some_and(same);
        if !is_first && self.declared.get(types as usize).is_none() {
            self.bind_errors(types);
        }
    }

    /// The types are asked for once: the answer may be made for it.
    #[cold]
    fn bind_errors(&self, types: ErrorTypesOf) {
        let same = |known: &Declares| std::ptr::fn_addr_eq(known.types, types);
        let make = || {
            let list = types();
            let known = list.is_empty() || self.errors.iter().any(|known| known.list == list);
            let both = (!known).then(|| self.bind_types(list));
            Declares { types, list, both }
        };
        isolated::outside(|| {
            let (declares, made) = self.errors.find_or_make(same, make);
            if let (Made::Now, Some(both)) = (made, &declares.both) {
                self.both_begin_at_zero(both);
            }
            self.declared.add(types as usize, ());
        });
    }

    fn bind_types(&self, types: &[&'static str]) -> BothErrors {
        let feeds = Feeds::new(self.site, &self.owner);
        let fixed = fixed(self.site.function(), self.service);
        let bind = |family: Family| Errors::new(&family, &fixed, types);
        BothErrors {
            own: feeds.own.map(bind).unwrap_or_default(),
            of_service: self
                .of_service
                .map(|service| service.errors(types))
                .unwrap_or_default(),
        }
    }

    /// The same in the isolated recorder that is current, with the first call in it.
    #[inline]
    pub(crate) fn begin_at_zero_here(&'static self) {
        if isolated::in_use() {
            self.begin_at_zero_isolated();
        }
    }

    #[cold]
    fn begin_at_zero_isolated(&'static self) {
        if isolated::current().is_some() {
            self.zero.with(|| self.begin_at_zero(), |()| ());
        }
    }

    /// Without a provider there is nothing to show: the first one shows everything that was met.
    fn begin_at_zero(&self) {
        if !provider::is_there() {
            return;
        }
        if let Some(own) = &self.own {
            own.begin_at_zero();
        }
        if let Some(service) = self.of_service {
            service.series.begin_at_zero();
        }
        let all = self.errors.iter();
        all.filter_map(|declares| declares.both.as_ref())
            .for_each(|both| self.both_begin_at_zero(both));
    }

    fn both_begin_at_zero(&self, errors: &BothErrors) {
        if !provider::is_there() {
            return;
        }
        // With labels of its own the function's label sets are not known; those of the service are.
        if self.site.function().labels.is_empty() {
            errors.own.begin_at_zero();
        }
        errors.of_service.begin_at_zero();
    }
}

impl BothErrors {
    fn know(&self, kind: &'static str) -> bool {
        self.own.of(kind).is_some() || self.of_service.of(kind).is_some()
    }
}

/// The site is not shown as a whole: it shows whom it has met.
impl fmt::Debug for Resolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Resolved")
            .field("owner", &self.owner.name)
            .field("service", &self.service)
            .field("function", &self.site.function().name)
            .finish_non_exhaustive()
    }
}

impl ServiceSeries {
    pub(crate) fn series(&self) -> &Series {
        &self.series
    }

    fn errors(&self, types: &[&'static str]) -> Errors {
        Errors::new(&self.family, &[("service", self.name.into())], types)
    }
}

/// The series of a service, by its name and prefix.
fn service_series(name: &'static str, family: Family) -> &'static ServiceSeries {
    let same = |known: &ServiceSeries| known.name == name && known.family.prefix == family.prefix;
    let make = || ServiceSeries {
        family,
        name,
        series: Series::new(&family, &[("service", name.into())]),
    };
    SERVICE_SERIES.find_or_make(same, make).0
}

impl Site {
    /// The function of this owner. Its series begin at zero when they meet for the first time.
    #[inline]
    pub(crate) fn resolve(&'static self, owner: Owner) -> &'static Resolved {
        match self.met().iter().next() {
            Some(first) if self.has_one_owner() || first.owner.is(&owner) => first,
            _ => self.find_or_meet(owner),
        }
    }

    /// A method of several types.
    #[cold]
    fn find_or_meet(&'static self, owner: Owner) -> &'static Resolved {
        let name = owner.place_of_name();
        if let Some(known) = self
            .by_name()
            .get(name)
            .filter(|known| known.owner.is(&owner))
        {
            return known;
        }
        let known = self.met().find(|known| known.owner.is(&owner));
        let resolved = known.unwrap_or_else(|| self.meet(owner));
        self.by_name().add(name, resolved);
        resolved
    }

    /// The handles are those of the process: with them one records to every recorder that is current.
    #[cold]
    fn meet(&'static self, owner: Owner) -> &'static Resolved {
        isolated::outside(|| self.meet_outside(owner))
    }

    fn meet_outside(&'static self, owner: Owner) -> &'static Resolved {
        let (resolved, made) = self.met().find_or_make(
            |known| known.owner.is(&owner),
            || Resolved::new(self, owner),
        );
        if made == Made::Now && resolved.records() {
            if let Some(mut met) = forked::lock(&MET) {
                met.push(resolved);
            }
            resolved.begin_at_zero();
        }
        resolved
    }

    /// Meets the owner and the error types, if they were known when the function was compiled.
    pub(crate) fn meet_linked(&'static self) {
        let Some(owner) = self.function().owner else {
            return;
        };
        let resolved = self.resolve(owner);
        if let Some(types) = self.function().error_types
            && resolved.records()
        {
            resolved.declare_errors(types);
        }
    }

    /// The metrics of the function, as far as its owner is known: with the compilation, or from its first call.
    #[must_use]
    pub fn declared(&'static self) -> Vec<Declared> {
        let met = self.met().iter().map(|resolved| resolved.owner);
        let mut all: Vec<Declared> = Vec::new();
        for owner in self.function().owner.into_iter().chain(met) {
            let own = Feeds::new(self, &owner).own;
            for metric in own.map(|family| family.declared()).unwrap_or_default() {
                if !all.contains(&metric) {
                    all.push(metric);
                }
            }
        }
        all
    }
}

impl ServiceMeta {
    /// `service_*` of the service.
    fn family(&self) -> Family {
        self.family_of(Group::Service)
    }

    pub(crate) fn family_of(&self, group: Group) -> Family {
        Family {
            group,
            prefix: self.prefix,
            stem: None,
            labels: &[],
            buckets: None,
            at: self.at,
        }
    }

    /// The metrics of the service as a whole, and those of its events if it has them.
    #[must_use]
    pub fn declared(&self) -> Vec<Declared> {
        let mut all = self.family().declared();
        if self.events {
            all.extend(self.family_of(Group::Published).declared());
        }
        all
    }

    pub(crate) fn begin_at_zero(&self) {
        service_series(self.name, self.family())
            .series
            .begin_at_zero();
    }
}

/// Shows everything that has been met in a new provider.
pub(crate) fn begin_at_zero() {
    let all = MET.lock().unwrap_or_else(PoisonError::into_inner).clone();
    all.into_iter().for_each(Resolved::begin_at_zero);
}
