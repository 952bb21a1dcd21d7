//! The series of published events, by service and event.

use std::{
    collections::{BTreeMap, HashMap},
    panic::Location,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use crate::{
    action::{
        appended::{Appended, Made},
        family::{Family, Group},
        resolved::Resolved,
        series::{End, Errors, Fixed, Series},
    },
    call::frames::Asked,
};

use crate::{binding::isolated_recorder, threads::forked};

/// The most events that have series of their own: names that are made up at run time have no end.
const MOST: usize = 1_000;

/// The series of one service and prefix.
#[derive(Debug, Default)]
struct OfPublisher {
    events: HashMap<String, Arc<EventSeries>>,
    /// The series of events beyond the limit, which are looked up with each publication.
    others: Option<Arc<EventSeries>>,
}

/// The series by service and prefix.
static KNOWN: RwLock<BTreeMap<(&'static str, &'static str), OfPublisher>> =
    RwLock::new(BTreeMap::new());

/// The family `event_publish…` of one event, or of all events without series of their own.
#[derive(Debug)]
pub(crate) struct EventSeries {
    publisher: Publisher,
    event: Option<String>,
    series: Series,
    /// Error counters by the types that declare them: an event may be published by several futures, which fail
    /// differently.
    errors: Appended<Declared>,
}

#[derive(Debug)]
struct Declared {
    types: &'static [&'static str],
    errors: Errors,
}

/// The publisher of an event: a service and its family of metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publisher {
    service: &'static str,
    family: Family,
}

impl Publisher {
    /// Returns the publisher of events in this call; `None` if its service does not count its events.
    pub(crate) fn of(innermost: Option<Asked>, at: &'static Location<'static>) -> Option<Self> {
        let calls = innermost.map(|call| call.resolved);
        let service = calls.map_or("", Resolved::service);
        let Some(meta) = calls.and_then(Resolved::meta) else {
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
    pub(crate) fn series(
        &self,
        event: &str,
        error_types: &'static [&'static str],
    ) -> Arc<EventSeries> {
        let key = (self.service, self.family.prefix);
        let find = || {
            let known = forked::read(&KNOWN)?;
            let of_publisher = known.get(&key)?;
            let own = of_publisher.events.get(event);
            own.or(of_publisher.others.as_ref()).cloned()
        };
        let series = find();
        let series = series.unwrap_or_else(|| isolated_recorder::outside(|| self.make(event)));
        series.declare_errors(error_types);
        if isolated_recorder::current().is_some() {
            series.begin_at_zero();
        }
        series
    }

    /// Makes series outside of the lock: a report of the registration may come back here.
    #[cold]
    fn make(&self, event: &str) -> Arc<EventSeries> {
        let count = |known: &OfPublisher| known.events.len();
        let known = forked::read(&KNOWN);
        let all: usize = known.map_or(MOST, |known| known.values().map(count).sum());
        let own = (all < MOST).then(|| event.to_owned());
        let series = self.with_fixed(own.as_deref(), |fixed| Series::new(&self.family, fixed));
        let made = Arc::new(EventSeries {
            publisher: *self,
            event: own,
            series,
            errors: Appended::new(),
        });
        let kept = match forked::write(&KNOWN) {
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

    fn with_fixed<R>(&self, event: Option<&str>, usage: impl FnOnce(Fixed<'_>) -> R) -> R {
        let service = ("service", self.service.into());
        match event {
            Some(event) => usage(&[("event", event.into()), service]),
            None => usage(&[service]),
        }
    }
}

impl EventSeries {
    /// Counts one event. Its name is needed if several events share the series.
    pub(crate) fn complete(&self, event: &str, end: End, took: Duration) {
        let knows = |errors: &&Errors| matches!(end, End::Error(kind) if errors.of(kind).is_some());
        let mut declared = self.errors.iter().map(|declared| &declared.errors);
        let errors = declared.find(knows);
        match self.event {
            Some(_) => self.series.complete(&end, took, errors, &[]),
            None => (self.series).complete(&end, took, errors, &[("event", event)]),
        }
    }

    /// Binds the counters of error types, and shows them at zero.
    fn declare_errors(&self, types: &'static [&'static str]) {
        let same = |known: &Declared| std::ptr::eq(known.types, types) || known.types == types;
        if types.is_empty() || self.errors.find(same).is_some() {
            return;
        }
        isolated_recorder::outside(|| {
            let (declared, made) = self.errors.find_or_make(same, || self.bind_errors(types));
            if made == Made::Now && self.event.is_some() {
                declared.errors.begin_at_zero();
            }
        });
    }

    #[cold]
    fn bind_errors(&self, types: &'static [&'static str]) -> Declared {
        let family = &self.publisher.family;
        let bind = |fixed: Fixed<'_>| Errors::new(family, fixed, types);
        let errors = self.publisher.with_fixed(self.event.as_deref(), bind);
        Declared { types, errors }
    }

    /// Shows the series at zero. Events without series of their own have no label set that is known ahead.
    fn begin_at_zero(&self) {
        if self.event.is_none() {
            return;
        }
        self.series.begin_at_zero();
        self.errors
            .iter()
            .for_each(|declared| declared.errors.begin_at_zero());
    }
}

/// Shows all known events at zero in a new provider.
pub(crate) fn begin_at_zero() {
    let all: Vec<Arc<EventSeries>> = {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        let of_all = known.values().flat_map(|known| known.events.values());
        of_all.cloned().collect()
    };
    all.iter().for_each(|series| series.begin_at_zero());
}
