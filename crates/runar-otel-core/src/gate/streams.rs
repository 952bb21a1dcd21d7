//! The streams of a provider, as views made them of all instruments so far.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use opentelemetry::InstrumentationScope;

use super::{
    conflict, observable::Observables, spec::InstrumentSpec, table::StreamTable, view::View,
};
use crate::{
    exemplar::{ExemplarFilter, Reservoir},
    labels::LabelFilter,
    metric::{Aggregation, DEFAULT_CARDINALITY_LIMIT, InstrumentKind, Shape, StreamPlan, name},
    series::{FormerSeries, Mirror, Rules, Stream, ceiling, ceiling_of_at_least},
    threads::{forked, stripe},
};

/// Options of the gate: views, limits and defaults.
#[derive(Clone)]
#[non_exhaustive]
pub struct GateOptions {
    /// The measurements that may become exemplars (default [`ExemplarFilter::TraceBased`]).
    pub exemplar_filter: ExemplarFilter,
    /// The views, all that match apply.
    pub views: Vec<View>,
    /// The aggregation of histograms without a view: [`Aggregation::Default`] (explicit buckets) or exponential.
    pub histogram_aggregation: Aggregation,
    /// Distinct label sets per stream unless a view says otherwise (default 2000).
    pub limit: usize,
    /// The time that a collection waits for a callback (default 5 s). The collection then goes on without the callback,
    /// and does not call it again until it has returned.
    pub callback_timeout: Duration,
    /// A mirror that gets each measurement as well (default none).
    pub mirror: Option<Arc<dyn Mirror>>,
}

impl Default for GateOptions {
    fn default() -> Self {
        Self {
            exemplar_filter: ExemplarFilter::default(),
            views: Vec::new(),
            histogram_aggregation: Aggregation::Default,
            limit: DEFAULT_CARDINALITY_LIMIT,
            callback_timeout: Duration::from_secs(5),
            mirror: None,
        }
    }
}

impl fmt::Debug for GateOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("GateOptions")
            .field("exemplar_filter", &self.exemplar_filter)
            .field("views", &self.views)
            .field("histogram_aggregation", &self.histogram_aggregation)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The streams of one provider. Two instruments that share a stream find it here.
pub struct Streams {
    /// Unlike the id of any other provider, and not 0.
    id: u64,
    options: GateOptions,
    table: Mutex<StreamTable>,
    observables: Observables,
    /// The number of consumers that want deltas, by instrument kind.
    deltas: Mutex<HashMap<InstrumentKind, usize>>,
    /// True once the provider has ended.
    ended: AtomicBool,
}

impl Streams {
    /// Builds an empty table under the given rules.
    #[must_use]
    pub fn new(options: GateOptions) -> Arc<Self> {
        // Asks the system how many cores there are: not for the first time while something is recorded.
        let _ = stripe::most();
        let limits = options.views.iter().filter_map(|view| view.limit);
        limits.chain([options.limit]).for_each(ceiling_of_at_least);
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            observables: Observables::new(options.callback_timeout),
            options,
            table: Mutex::default(),
            deltas: Mutex::default(),
            ended: AtomicBool::new(false),
        })
    }

    /// Returns the streams in the order in which they came; none once the provider has ended.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Stream>> {
        if self.ended.load(Ordering::Acquire) {
            return Vec::new();
        }
        self.table().all().to_vec()
    }

    /// The first stream of this identity and kind.
    #[must_use]
    pub fn find(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> Option<Arc<Stream>> {
        self.table().find(scope, name, unit, kind).cloned()
    }

    /// Begins a collection: runs the callbacks of all observable instruments, once, and enters the values that they
    /// observe. Then reports metrics with more label sets than their limit allows. `deltas` returns the number of
    /// consumers that want deltas of a kind.
    ///
    /// Callbacks run on a thread of their own, no lock is held meanwhile. Returns at once if called from a callback.
    pub fn observe(&self, deltas: impl Fn(InstrumentKind) -> usize) {
        if !self.ended.load(Ordering::Acquire) {
            self.observables.run(deltas);
            self.report_overflows();
        }
    }

    /// Sets the number of consumers that want deltas of instruments of a kind; to be called before the first of them
    /// collects. May grow, never shrink.
    pub fn expect_deltas(&self, kind: InstrumentKind, deltas: usize) {
        self.all_deltas().insert(kind, deltas);
        let all = self.all().into_iter();
        all.filter(|stream| stream.plan().kind == kind)
            .for_each(|stream| stream.expect_deltas(deltas));
    }

    fn deltas(&self, kind: InstrumentKind) -> usize {
        self.all_deltas().get(&kind).copied().unwrap_or(0)
    }

    fn all_deltas(&self) -> MutexGuard<'_, HashMap<InstrumentKind, usize>> {
        self.deltas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn observables(&self) -> &Observables {
        &self.observables
    }

    /// Ends with the provider: nothing is exported any more, and records are dropped.
    pub(crate) fn end(&self) {
        if self.ended.swap(true, Ordering::AcqRel) {
            // Its streams may go on with another provider by now.
            return;
        }
        self.observables.end();
        let all = self.table().all().to_vec();
        all.iter().for_each(|stream| stream.detach(self.id));
    }

    /// Frees the memory of series that no handle keeps, in streams that no other provider uses.
    pub(crate) fn free_sleeping(&self) {
        let all = self.table().all().to_vec();
        let left = all.iter().filter(|stream| !stream.is_attached());
        left.for_each(|stream| stream.free_sleeping());
    }

    fn table(&self) -> MutexGuard<'_, StreamTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies the views to an instrument and returns its streams. Streams that it had under an earlier provider are
    /// used again if the rules are the same; levels keep their value in any case.
    ///
    /// OpenTelemetry specification, metrics SDK: *Measurement processing*. Each view applies by itself, one that does
    /// not fit is as if it was not there.
    pub(crate) fn resolve(
        &self,
        spec: &InstrumentSpec,
        earlier: &[Arc<Stream>],
    ) -> InstrumentStreams {
        let spec = &*self.spelled(spec);
        let views = self.options.views.iter().enumerate();
        let selected = views
            .filter(|(_, view)| view.selects(&spec.scope, &spec.name, &spec.unit, spec.kind))
            .filter(|(_, view)| fits(spec, &view.aggregation));
        let (mut streams, mut made) = (Vec::new(), Vec::new());
        let selected: Vec<(usize, &View)> = selected.collect();
        if selected.is_empty() {
            let rules = self.rules(spec, None);
            streams.extend(self.stream(spec, None, rules, earlier, &mut made));
        }
        for (at, view) in &selected {
            let mut rules = self.rules(spec, Some(view));
            rules.labels = kept_by_all(spec, view, &selected);
            let made_by = Some((*at, *view));
            let Some(stream) = self.stream(spec, made_by, rules, earlier, &mut made) else {
                continue;
            };
            if streams.iter().any(|known| Arc::ptr_eq(known, &stream)) {
                conflict::report_overlap(spec);
            } else {
                streams.push(stream);
            }
        }
        if spec.kind == InstrumentKind::Gauge {
            keep_levels(earlier, &streams);
        }
        InstrumentStreams {
            streams: streams.into(),
            made,
        }
    }

    /// The streams of an instrument that no earlier provider had.
    pub(super) fn resolve_new(&self, spec: &InstrumentSpec) -> Box<[Arc<Stream>]> {
        if forked::is_child() {
            return Box::default();
        }
        let InstrumentStreams { streams, made } = self.resolve(spec, &[]);
        self.notify_mirror(&made);
        streams
    }

    /// Notifies the mirror of new streams. To be called without any lock: the mirror waits for the subscribers that it
    /// reports to.
    pub(crate) fn notify_mirror(&self, made: &[Arc<Stream>]) {
        if let Some(mirror) = &self.options.mirror {
            made.iter().for_each(|stream| mirror.made(stream));
        }
    }

    /// The instrument under the first spelling of its name.
    fn spelled<'s>(&self, spec: &'s InstrumentSpec) -> Cow<'s, InstrumentSpec> {
        let name = self.table().spelling(&spec.scope, spec.name.clone());
        if name == spec.name {
            return Cow::Borrowed(spec);
        }
        conflict::report_spelling(spec, &name);
        Cow::Owned(InstrumentSpec {
            name,
            ..spec.clone()
        })
    }

    /// Makes the stream of an instrument under a view; `None` if the view drops the instrument.
    fn stream(
        &self,
        spec: &InstrumentSpec,
        view: Option<(usize, &View)>,
        rules: Rules,
        earlier: &[Arc<Stream>],
        made: &mut Vec<Arc<Stream>>,
    ) -> Option<Arc<Stream>> {
        let (at, view) = (view.map(|(at, _)| at), view.map(|(_, view)| view));
        if rules.plan.aggregation == Aggregation::Drop {
            return None;
        }
        let described = view.and_then(|view| view.description.as_ref());
        let description = described.unwrap_or(&spec.description).clone();
        let mut table = self.table();
        if let Some(known) = table.known(&rules, at).cloned() {
            drop(table);
            share(&known, &rules, description);
            return Some(known);
        }
        let mirror = self.options.mirror.as_ref();
        let (stream, former) = self.adopt(&rules, earlier).unwrap_or_else(|| {
            let mirror = mirror.filter(|_| is_mirrored(spec.kind));
            let stream = Stream::new(rules, mirror.cloned());
            let former = self.begin(&stream);
            (stream, former)
        });
        stream.describe(description);
        let other = table.add(&stream, at);
        drop(table);
        // Neither that nor what it may report is for the lock.
        drop(former);
        if let Some(other) = other {
            conflict::report_streams(&other, &stream);
        }
        made.push(stream.clone());
        Some(stream)
    }

    /// Finds a stream of an earlier provider that can be used again under these rules. A stream with a walk under way
    /// cannot: the walk may hang in code of the application.
    fn adopt(
        &self,
        rules: &Rules,
        earlier: &[Arc<Stream>],
    ) -> Option<(Arc<Stream>, Option<FormerSeries>)> {
        // A series is mirrored or not for life.
        if self.options.mirror.is_some() {
            return None;
        }
        let mut may = earlier
            .iter()
            .filter(|one| one.rules().allow(rules) && !one.is_mirrored() && !one.has_moved());
        may.find_map(|one| Some((one.clone(), Some(self.begin(one)?))))
    }

    fn begin(&self, stream: &Stream) -> Option<FormerSeries> {
        stream.attach(self.id, SystemTime::now(), self.deltas(stream.plan().kind))
    }

    fn rules(&self, spec: &InstrumentSpec, view: Option<&View>) -> Rules {
        let name = view.and_then(|view| view.name.clone());
        let own_limit = view.and_then(|view| view.limit);
        let limit = own_limit.unwrap_or(self.options.limit);
        let reservoir = view.map_or(Reservoir::Default, |view| view.reservoir.clone());
        // The value of a gauge is not a measurement of any one request.
        let none = spec.kind == InstrumentKind::Gauge && spec.scope.name() == name::SCOPE_NAME
            || matches!(reservoir, Reservoir::Off);
        let filter = if none {
            ExemplarFilter::AlwaysOff
        } else {
            self.options.exemplar_filter
        };
        Rules {
            plan: StreamPlan {
                scope: spec.scope.clone(),
                name: name.unwrap_or_else(|| spec.name.clone()),
                unit: spec.unit.clone(),
                kind: spec.kind,
                aggregation: self.aggregation(spec, view),
                limit,
                total_limit: total_limit(spec, own_limit).unwrap_or(limit),
            },
            labels: view.and_then(|view| view.labels.clone()),
            number: spec.number,
            exemplars: filter,
            reservoir,
            sharing: spec.sharing,
            limits_all: own_limit.is_some(),
        }
    }

    fn aggregation(&self, spec: &InstrumentSpec, view: Option<&View>) -> Aggregation {
        let asked = view.map(|view| &view.aggregation);
        // A request for the kind's own aggregation requests nothing.
        let asked = asked.filter(|asked| !spec.kind.has_by_default(asked));
        match asked.unwrap_or(&spec.aggregation) {
            Aggregation::ExplicitBuckets(bounds) => {
                Aggregation::ExplicitBuckets(name::without_infinity(bounds).into())
            }
            Aggregation::Default if spec.kind == InstrumentKind::Histogram => {
                self.default_histogram(spec)
            }
            other => other.clone(),
        }
    }

    fn default_histogram(&self, spec: &InstrumentSpec) -> Aggregation {
        if self.options.histogram_aggregation != Aggregation::Default {
            return self.options.histogram_aggregation.clone();
        }
        Aggregation::ExplicitBuckets(match &spec.bounds {
            Some(bounds) => name::without_infinity(bounds).into(),
            None if spec.unit == "s" => name::SECONDS_BUCKETS.into(),
            None => name::DEFAULT_BUCKETS.into(),
        })
    }
}

/// Returns the labels that are kept by all views that give an instrument this name: a label that one of them drops may
/// be a secret, and no other one exports it under that name.
fn kept_by_all(spec: &InstrumentSpec, view: &View, all: &[(usize, &View)]) -> Option<LabelFilter> {
    let name = |view: &View| view.name.clone().unwrap_or_else(|| spec.name.clone());
    let of_name = all
        .iter()
        .filter(|(_, other)| name(other).eq_ignore_ascii_case(&name(view)))
        .filter(|(_, other)| other.aggregation != Aggregation::Drop);
    let filters = of_name.filter_map(|(_, other)| other.labels.clone());
    filters.reduce(|one, other| one.and(&other))
}

/// Returns the limit that all functions which share a metric have together; `None` if no functions share it.
fn total_limit(spec: &InstrumentSpec, own_limit: Option<usize>) -> Option<usize> {
    let shared = !spec.sharing.function.is_empty();
    // Those that the code bounds come to the others.
    let of_view = |limit: usize| limit.saturating_add(DEFAULT_CARDINALITY_LIMIT);
    shared.then(|| own_limit.map_or_else(ceiling, of_view))
}

/// True if a mirror gets each measurement; it reads last values instead.
fn is_mirrored(kind: InstrumentKind) -> bool {
    !kind.is_observable() && kind != InstrumentKind::Gauge
}

/// Keeps the levels that a gauge had under an earlier provider. A view may have made another kind of stream of it.
fn keep_levels(earlier: &[Arc<Stream>], streams: &[Arc<Stream>]) {
    let level = |stream: &&Arc<Stream>| stream.plan().shape() == Some(Shape::Gauge);
    let goes_on = |stream: &&Arc<Stream>| earlier.iter().any(|one| Arc::ptr_eq(one, stream));
    let Some(source) = earlier.iter().find(level) else {
        return;
    };
    let is_new = |stream: &&Arc<Stream>| !goes_on(stream) && !stream.has_moved();
    let new = streams.iter().filter(is_new);
    let new: Box<[Arc<Stream>]> = new.cloned().collect();
    if streams.iter().any(|stream| goes_on(&stream)) {
        new.iter().for_each(|stream| stream.copy_levels(source));
    } else if !new.is_empty() {
        source.move_levels(new);
    }
}

/// Shares a known stream with another instrument or view: the rules of the first one stay, and the longer description.
fn share(known: &Arc<Stream>, rules: &Rules, description: Cow<'static, str>) {
    if !known.rules().are_like(rules) {
        conflict::report_advice(known, &rules.plan.aggregation);
    }
    if let Some(both) = known.describe_longer(description) {
        conflict::report_description(known, &both);
    }
}

/// The streams of an instrument.
pub(crate) struct InstrumentStreams {
    pub(crate) streams: Box<[Arc<Stream>]>,
    /// New streams, for [`Streams::notify_mirror`].
    pub(crate) made: Vec<Arc<Stream>>,
}

/// True if the kind has the aggregation that a view asks for.
fn fits(spec: &InstrumentSpec, asked: &Aggregation) -> bool {
    let fits = spec.kind.supports(asked);
    if !fits {
        conflict::report_unfit(spec, asked);
    }
    fits
}

impl fmt::Debug for Streams {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Streams")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
