//! The handles of each published event, by service and event.

use std::{
    collections::{BTreeMap, HashMap},
    panic::Location,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use crate::{
    action::{
        append_list::{Age, AppendList},
        family::{Family, Group},
        family_handles::{CallEnd, ErrorCounters, FamilyHandles, FixedLabels},
        metered_function::MeteredFunction,
    },
    call::frames::EnclosingCall,
};

use crate::{binding::isolated_recorder, threads::forked};

/// The most events that have series of their own: names that are made up at run time have no end.
const MOST: usize = 1_000;

/// The series of one service and prefix.
#[derive(Debug, Default)]
struct PublisherEvents {
    events: HashMap<String, Arc<EventHandles>>,
    /// The series of events beyond the limit, which are looked up with each publication.
    others: Option<Arc<EventHandles>>,
}

/// The series by service and prefix.
static PUBLISHERS: RwLock<BTreeMap<(&'static str, &'static str), PublisherEvents>> =
    RwLock::new(BTreeMap::new());

/// The family `event_publish…` of one event, or of all events without series of their own.
#[derive(Debug)]
pub(crate) struct EventHandles {
    publisher: Publisher,
    event: Option<String>,
    handles: FamilyHandles,
    /// Error counters by the types that declare them: an event may be published by several futures, which fail
    /// differently.
    errors: AppendList<DeclaredErrors>,
}

#[derive(Debug)]
struct DeclaredErrors {
    types: &'static [&'static str],
    errors: ErrorCounters,
}

/// The publisher of an event: a service and its family of metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publisher {
    service: &'static str,
    family: Family,
}

impl Publisher {
    /// Returns the publisher of events in this call; `None` if its service does not count its events.
    pub(crate) fn of(
        innermost: Option<EnclosingCall>,
        at: &'static Location<'static>,
    ) -> Option<Self> {
        let calls = innermost.map(|call| call.function);
        let service = calls.map_or("", MeteredFunction::service);
        let Some(meta) = calls.and_then(MeteredFunction::meta) else {
            let family = Family {
                group: Group::Published,
                prefix: "",
                stem: None,
                labels: &[],
                buckets: None,
                at,
            };
            return Some(Self { service, family });
        };
        let family = meta.family_of(Group::Published);
        meta.events.then_some(Self { service, family })
    }

    /// Returns the series of an event, which begin at zero with its first publication.
    pub(crate) fn handles(
        &self,
        event: &str,
        error_types: &'static [&'static str],
    ) -> Arc<EventHandles> {
        let key = (self.service, self.family.prefix);
        let find = || {
            let known = forked::read(&PUBLISHERS)?;
            let of_publisher = known.get(&key)?;
            let own = of_publisher.events.get(event);
            own.or(of_publisher.others.as_ref()).cloned()
        };
        let handles = find();
        let handles =
            handles.unwrap_or_else(|| isolated_recorder::run_outside(|| self.make(event)));
        handles.declare_errors(error_types);
        if isolated_recorder::current().is_some() {
            handles.begin_at_zero();
        }
        handles
    }

    /// Makes series outside of the lock: a report of the registration may come back here.
    #[cold]
    fn make(&self, event: &str) -> Arc<EventHandles> {
        let count = |known: &PublisherEvents| known.events.len();
        let known = forked::read(&PUBLISHERS);
        let all: usize = known.map_or(MOST, |known| known.values().map(count).sum());
        let own = (all < MOST).then(|| event.to_owned());
        let handles = self.with_fixed(own.as_deref(), |fixed| {
            FamilyHandles::new(&self.family, fixed)
        });
        let made = Arc::new(EventHandles {
            publisher: *self,
            event: own,
            handles,
            errors: AppendList::new(),
        });
        let kept = match forked::write(&PUBLISHERS) {
            None => made,
            Some(mut known) => {
                let known = known.entry((self.service, self.family.prefix)).or_default();
                match &made.event {
                    Some(event) => known.events.entry(event.clone()).or_insert(made),
                    None => known.others.get_or_insert(made),
                }
                .clone()
            }
        };
        kept.begin_at_zero();
        kept
    }

    fn with_fixed<R>(&self, event: Option<&str>, usage: impl FnOnce(FixedLabels<'_>) -> R) -> R {
        let service = ("service", self.service.into());
        match event {
            Some(event) => usage(&[("event", event.into()), service]),
            None => usage(&[service]),
        }
    }
}

impl EventHandles {
    /// Counts one event. Its name is needed if several events share the series.
    pub(crate) fn record_end(&self, event: &str, end: CallEnd, took: Duration) {
        let knows = |errors: &&ErrorCounters| matches!(end, CallEnd::Error(kind) if errors.of(kind).is_some());
        let mut declared = self.errors.iter().map(|declared| &declared.errors);
        let errors = declared.find(knows);
        match self.event {
            Some(_) => self.handles.record_end(&end, took, errors, &[]),
            None => (self.handles).record_end(&end, took, errors, &[("event", event)]),
        }
    }

    /// Binds the counters of error types, and shows them at zero.
    fn declare_errors(&self, types: &'static [&'static str]) {
        let same =
            |known: &DeclaredErrors| std::ptr::eq(known.types, types) || known.types == types;
        if types.is_empty() || self.errors.find(same).is_some() {
            return;
        }
        isolated_recorder::run_outside(|| {
            let (declared, made) = self.errors.find_or_make(same, || self.bind_errors(types));
            if made == Age::New && self.event.is_some() {
                declared.errors.begin_at_zero();
            }
        });
    }

    #[cold]
    fn bind_errors(&self, types: &'static [&'static str]) -> DeclaredErrors {
        let family = &self.publisher.family;
        let bind = |fixed: FixedLabels<'_>| ErrorCounters::new(family, fixed, types);
        let errors = self.publisher.with_fixed(self.event.as_deref(), bind);
        DeclaredErrors { types, errors }
    }

    /// Shows the series at zero. Events without series of their own have no label set that is known ahead.
    fn begin_at_zero(&self) {
        if self.event.is_none() {
            return;
        }
        self.handles.begin_at_zero();
        self.errors
            .iter()
            .for_each(|declared| declared.errors.begin_at_zero());
    }
}

/// Shows all known events at zero in a new provider.
pub(crate) fn begin_at_zero() {
    let all: Vec<Arc<EventHandles>> = {
        let known = PUBLISHERS.read().unwrap_or_else(PoisonError::into_inner);
        let of_all = known.values().flat_map(|known| known.events.values());
        of_all.cloned().collect()
    };
    all.iter().for_each(|handles| handles.begin_at_zero());
}
