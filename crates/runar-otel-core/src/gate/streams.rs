//! The table of streams: what the rules made of every instrument so far.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use opentelemetry::InstrumentationScope;

use super::{
    batch::Hook,
    labels::LabelFilter,
    stream::{
        Aggregation, DEFAULT_CARDINALITY_LIMIT, FrozenExemplars, InstrumentKind, Shape, StreamPlan,
    },
    view::View,
};
use crate::{
    attributes::Attributes,
    exemplar::{ExemplarFilter, ExemplarStorage, Reservoir},
    instrument::is_own_gauge,
    name, report,
};

/// The rules of the gate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GateOptions {
    /// Which measurements may become exemplars (default [`ExemplarFilter::TraceBased`]).
    pub exemplar_filter: ExemplarFilter,
    /// The views, all that match apply.
    pub views: Vec<View>,
    /// What a histogram becomes that no view speaks about: [`Aggregation::Default`] (explicit buckets) or
    /// exponential.
    pub histogram_aggregation: Aggregation,
    /// Distinct label sets per stream unless a view says otherwise (default 2000).
    pub limit: usize,
}

impl Default for GateOptions {
    fn default() -> Self {
        Self {
            exemplar_filter: ExemplarFilter::default(),
            views: Vec::new(),
            histogram_aggregation: Aggregation::Default,
            limit: DEFAULT_CARDINALITY_LIMIT,
        }
    }
}

/// A stream with what the recording side needs of it.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) plan: Arc<StreamPlan>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) labels: Option<LabelFilter>,
    pub(crate) exemplars: Option<ExemplarStorage>,
    /// Label sets that were bound since they were asked for.
    bound: Mutex<Vec<Attributes>>,
}

impl Stream {
    /// Notes a label set that is bound: who collects may keep this one instead of a copy.
    pub(crate) fn note(&self, attributes: &Attributes) {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        // Perhaps nobody asks.
        if bound.len() < self.plan.limit {
            bound.push(attributes.clone());
        }
    }
}

/// An instrument as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct InstrumentSpec {
    pub(crate) scope: InstrumentationScope,
    pub(crate) name: Cow<'static, str>,
    pub(crate) unit: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) kind: InstrumentKind,
    /// Bucket bounds that the instrumentation advises.
    pub(crate) bounds: Option<Vec<f64>>,
    /// The aggregation that the instrumentation asks for.
    pub(crate) aggregation: Aggregation,
}

type Identity = (InstrumentationScope, String, Cow<'static, str>);
/// Kind and unit of the first instrument of a name.
type FirstSeen = (InstrumentKind, Cow<'static, str>);
type Deferred = Box<dyn FnOnce() + Send>;

/// All streams of one provider, by identity. What two instruments share, they share here.
pub struct Streams {
    options: GateOptions,
    table: RwLock<HashMap<Identity, Vec<Arc<Stream>>>>,
    first: Mutex<HashMap<(InstrumentationScope, String), FirstSeen>>,
    deferred: Mutex<Vec<Deferred>>,
    hook: Hook,
}

impl Streams {
    /// Builds an empty table under the given rules.
    #[must_use]
    pub fn new(options: GateOptions) -> Arc<Self> {
        Arc::new(Self {
            options,
            table: RwLock::default(),
            first: Mutex::default(),
            deferred: Mutex::default(),
            hook: Hook::default(),
        })
    }

    /// Whether measurements may wait for the next collection.
    pub(crate) fn hook(&self) -> &Hook {
        &self.hook
    }

    /// The plan of the stream that a collected metric belongs to.
    #[must_use]
    pub fn plan(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Option<Arc<StreamPlan>> {
        self.find(scope, name, unit, |plan| plan.shape() == Some(shape))
            .map(|stream| stream.plan.clone())
    }

    /// The label sets that were bound in the stream of a collected metric since this was last asked, at most as many as
    /// its cardinality limit: whoever keeps label sets can keep these instead of copies.
    #[must_use]
    pub fn take_bound(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Vec<Attributes> {
        self.find(scope, name, unit, |plan| plan.shape() == Some(shape))
            .map(|stream| {
                let mut bound = stream.bound.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *bound)
            })
            .unwrap_or_default()
    }

    /// The plan of the stream that an instrument of this kind feeds.
    #[must_use]
    pub fn plan_of(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> Option<Arc<StreamPlan>> {
        self.find(scope, name, unit, |plan| plan.kind == kind)
            .map(|stream| stream.plan.clone())
    }

    fn find(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        fits: impl Fn(&StreamPlan) -> bool,
    ) -> Option<Arc<Stream>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let streams = table.get(&(
            scope.clone(),
            name.to_ascii_lowercase(),
            unit.to_owned().into(),
        ))?;
        streams.iter().find(|stream| fits(&stream.plan)).cloned()
    }

    /// The largest limit of the streams that an instrument feeds.
    pub(crate) fn limit(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> usize {
        let views = self.options.views.iter();
        let selected = views.filter(|view| view.selects(scope, name, unit, kind));
        let limits = selected.map(|view| view.limit.unwrap_or(self.options.limit));
        limits.max().unwrap_or(self.options.limit)
    }

    /// Takes the exemplars out of all reservoirs. Belongs *before* a collection: what is counted later than
    /// this moment then has no exemplar yet, never the other way round.
    #[must_use]
    pub fn freeze(&self) -> Vec<FrozenExemplars> {
        let streams: Vec<Arc<Stream>> = {
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            table.values().flatten().cloned().collect()
        };
        streams
            .iter()
            .filter_map(|stream| {
                let series = stream.exemplars.as_ref()?.freeze();
                (!series.is_empty()).then(|| FrozenExemplars {
                    plan: stream.plan.clone(),
                    series,
                })
            })
            .collect()
    }

    /// Makes the instruments that were asked for during a collection. Belongs *after* it.
    pub fn settle(&self) {
        let deferred =
            std::mem::take(&mut *self.deferred.lock().unwrap_or_else(PoisonError::into_inner));
        for make in deferred {
            make();
        }
    }

    pub(crate) fn defer(&self, make: Deferred) {
        self.deferred
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(make);
    }

    /// Applies the views: the streams of one instrument.
    pub(crate) fn resolve(&self, spec: &InstrumentSpec) -> Vec<Arc<Stream>> {
        self.report_conflict(spec);
        let views = self.options.views.iter();
        let selected =
            views.filter(|view| view.selects(&spec.scope, &spec.name, &spec.unit, spec.kind));
        let mut streams: Vec<Arc<Stream>> = Vec::new();
        for view in selected {
            let stream = self.stream(spec, Some(view));
            if streams.iter().any(|known| Arc::ptr_eq(known, &stream)) {
                report_overlap(spec);
            } else {
                streams.push(stream);
            }
        }
        if streams.is_empty() {
            streams.push(self.stream(spec, None));
        }
        streams.retain(|stream| stream.plan.aggregation != Aggregation::Drop);
        streams
    }

    fn stream(&self, spec: &InstrumentSpec, view: Option<&View>) -> Arc<Stream> {
        let name = view
            .and_then(|view| view.name.clone())
            .unwrap_or_else(|| spec.name.clone());
        let identity = (
            spec.scope.clone(),
            name.to_ascii_lowercase(),
            spec.unit.clone(),
        );
        // What it may report is not said under the lock.
        let aggregation = self.aggregation(spec, view);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let streams = table.entry(identity).or_default();
        if let Some(known) = streams.iter().find(|known| known.plan.kind == spec.kind) {
            return known.clone();
        }
        let plan = Arc::new(StreamPlan {
            scope: spec.scope.clone(),
            name,
            unit: spec.unit.clone(),
            kind: spec.kind,
            aggregation,
            limit: view
                .and_then(|view| view.limit)
                .unwrap_or(self.options.limit),
        });
        let description = view.and_then(|view| view.description.clone());
        let reservoir = view.map_or(Reservoir::Default, |view| view.reservoir.clone());
        let stream = Arc::new(Stream {
            description: description.unwrap_or_else(|| spec.description.clone()),
            labels: view.and_then(|view| view.labels.clone()),
            exemplars: (!is_own_gauge(&spec.scope, spec.kind))
                .then(|| ExemplarStorage::new(self.options.exemplar_filter, reservoir))
                .flatten(),
            bound: Mutex::default(),
            plan,
        });
        streams.push(stream.clone());
        stream
    }

    fn aggregation(&self, spec: &InstrumentSpec, view: Option<&View>) -> Aggregation {
        let asked = view.map(|view| &view.aggregation);
        let asked = asked.filter(|asked| **asked != Aggregation::Default && supported(spec, asked));
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

    /// The SDK says nothing when two instruments of one name differ, though the specification wants a warning.
    fn report_conflict(&self, spec: &InstrumentSpec) {
        let key = (spec.scope.clone(), spec.name.to_ascii_lowercase());
        let (kind, unit) = {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first
                .entry(key)
                .or_insert_with(|| (spec.kind, spec.unit.clone()))
                .clone()
        };
        if kind == spec.kind && unit == spec.unit {
            return;
        }
        report::once(("conflict", spec.scope.name(), &spec.name), || {
            format!(
                "meter `{}` made instrument `{}` twice: first as {kind:?} in `{unit}`, then as {:?} in `{}`: \
                 both are exported under one name, expected one kind and unit",
                spec.scope.name(),
                spec.name,
                spec.kind,
                spec.unit
            )
        });
    }
}

/// OpenTelemetry specification, metrics SDK: *View*: views that conflict are worth a warning.
fn report_overlap(spec: &InstrumentSpec) {
    report::once(("views", &spec.name), || {
        format!(
            "two views select metric `{}` and leave it one name: the first one applies, expected a `rename` in \
             all but one, or one view that says it all",
            spec.name
        )
    });
}

/// What the SDK cannot do falls back to the kind's own aggregation.
fn supported(spec: &InstrumentSpec, asked: &Aggregation) -> bool {
    let supported = spec.kind.supports(asked);
    if !supported {
        report::once(("aggregation", &spec.name), || {
            format!(
                "a view asks for {asked:?} of metric `{}`, which a {:?} does not have: its own aggregation stays",
                spec.name, spec.kind
            )
        });
    }
    supported
}

impl fmt::Debug for Streams {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Streams")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
