//! The handle: an instrument with base labels, shared by its clones.

use std::{
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::Arc,
    time::Duration,
};

use super::handle_series::{Counterpart, HandleChange, HandleSeries};
use crate::{
    binding::{
        cached::Binding, early_measurements, instrument::Instrument, isolated_recorder, provider,
        registry,
    },
    catalogue::registrations,
    labels::{BaseLabels, BaseLabelsRef, LabelSet, Labels},
    metric::{
        descriptor::{Declaration, Descriptor},
        duration::TimeUnit,
        error::RegisterError,
        name::SCOPE_NAME,
        number::Value,
        refusal,
    },
    report,
    series::{ActiveCall, BoundSeries, LevelStep, Stream, SumValue},
    threads::forked,
};

pub(crate) use super::builders::{
    builder_methods, register_methods, retire_methods, shared_method,
};

/// State shared by the clones of a handle; empty if the registration was refused, and then every call is a no-op.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handle(Option<Arc<HandleState>>);

// Whatever unwinds leaves no handle in a state that others may not see: all of it is atomics, set once.
impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

/// A service can have a handle per label set, so each byte counts (`memory.rs` of the pipeline's tests).
#[derive(Debug)]
struct HandleState {
    instrument: Arc<Instrument>,
    /// The series, and the labels, unless they are those of the series that was bound first.
    own: Binding<HandleSeries, BaseLabels>,
}

impl Handle {
    /// Registers strictly: a request that cannot be granted is an error.
    pub(crate) fn try_register(
        declaration: &Declaration,
        at: &'static Location<'static>,
    ) -> Result<Self, RegisterError> {
        let descriptor = declaration.descriptor(at)?;
        registrations::add(&descriptor, &declaration.labels);
        let registered = registry::register(descriptor);
        match (registered.instrument, registered.conflict) {
            (Some(instrument), None) => Ok(Self::new(instrument, declaration)),
            (_, Some(conflict)) => Err(conflict),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Registers as far as possible and reports the rest, once.
    pub(crate) fn register(declaration: &Declaration, at: &'static Location<'static>) -> Self {
        let descriptor = match declaration.descriptor(at) {
            Ok(descriptor) => descriptor,
            Err(refused) => {
                report::once(("refused", refused.to_string()), || {
                    format!("{refused}; it records nothing")
                });
                return Self::default();
            }
        };
        registrations::add(&descriptor, &declaration.labels);
        let registered = registry::register(descriptor);
        report_conflict(registered.conflict.as_ref());
        registered
            .instrument
            .map(|instrument| Self::new(instrument, declaration))
            .unwrap_or_default()
    }

    fn new(instrument: Arc<Instrument>, declaration: &Declaration) -> Self {
        let labels: Vec<(&str, &str)> = declaration
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Self(Some(Arc::new(HandleState::new(
            instrument,
            LabelSet::of_pairs(&labels),
        ))))
    }

    pub(crate) fn descriptor(&self) -> Option<&Descriptor> {
        self.0.as_ref().map(|state| state.instrument.descriptor())
    }

    /// True unless the registration was refused.
    pub(crate) fn is_registered(&self) -> bool {
        self.0.is_some()
    }

    /// True if the registration was refused, or views drop the metric in the provider of this generation.
    pub(crate) fn is_dropped(&self, generation: u64) -> bool {
        let state = self.0.as_ref();
        state.is_none_or(|state| state.instrument.is_dropped(generation))
    }

    /// Returns a handle with further labels, which win; `None` unless they have a series of their own by now.
    pub(crate) fn with(&self, labels: Labels<'_>) -> Option<Self> {
        let state = self.0.as_ref()?;
        let all = state.joined(labels);
        let made = HandleState::new(state.instrument.clone(), all.clone());
        let bound = made.own.first()?.has(&all);
        bound.then(|| Self(Some(Arc::new(made))))
    }

    /// Converts a duration to the unit of the metric, seconds unless that is another unit of time.
    pub(crate) fn duration(&self, duration: Duration) -> Value {
        self.time_unit().value(duration)
    }

    /// The unit of the metric's durations: read once where many are recorded.
    pub(crate) fn time_unit(&self) -> TimeUnit {
        TimeUnit::of(self.descriptor().map(|descriptor| descriptor.unit.as_str()))
    }

    /// Records into the series of the base labels, mostly a sum. A value that is not finite is dropped: converted to a
    /// whole number it would be the largest one.
    #[inline]
    pub(crate) fn record(&self, value: Value) {
        self.record_by(value, |state, bound, bits| {
            bound.record(bits, || state.given());
        });
    }

    /// Records a value that mostly goes into a histogram, see [`record`](Self::record).
    #[inline]
    pub(crate) fn observe(&self, value: Value) {
        self.record_by(value, |state, bound, bits| {
            bound.observe(bits, || state.given());
        });
    }

    #[inline(always)]
    fn record_by(&self, value: Value, record: impl FnOnce(&HandleState, &BoundSeries, u64)) {
        let Some(state) = &self.0 else { return };
        match state.own.current_first() {
            Some(HandleSeries::One(bound)) if value.is_finite() => {
                record(state, bound, value.bits(bound.stream.number()));
            }
            Some(HandleSeries::Others(None)) => {}
            None if provider::is_off() => {}
            _ => state.record_otherwise(value),
        }
    }

    /// Records into the series of the base labels and these; of one name, these win. A value that is not finite is
    /// dropped.
    #[inline]
    pub(crate) fn record_with(&self, value: Value, labels: Labels<'_>) {
        let Some(state) = &self.0 else { return };
        if !value.is_finite() {
            return state.refuse(value);
        }
        match state.instrument.current_first() {
            Some([stream]) => {
                let change = SumValue(value.bits(stream.number()));
                stream.record_with(state.base(), labels, change);
            }
            Some([]) => {}
            None if provider::is_off() && !state.instrument.is_gauge() => {}
            _ => state.change_with(HandleChange::Record(value), labels),
        }
    }

    /// Sets a level. A value that is not finite is set for doubles only.
    #[inline]
    pub(crate) fn set(&self, value: Value, labels: Labels<'_>) {
        let Some(state) = &self.0 else { return };
        match state.own.current_first() {
            Some(HandleSeries::One(bound)) if labels.is_empty() && value.is_finite() => {
                bound.set(value.bits(bound.stream.number()), || state.given());
            }
            _ => state.set_otherwise(value, labels),
        }
    }

    /// Changes a level. A value that is not finite would stay in the level for ever, and is ignored.
    pub(crate) fn adjust(&self, by: Value, labels: Labels<'_>) {
        let Some(state) = &self.0 else { return };
        if !by.is_finite() {
            return state.refuse(by);
        }
        state.change_or_own(HandleChange::Adjust(by), labels);
    }

    /// Ends the series of the base labels and these.
    pub(crate) fn retire(&self, labels: Labels<'_>) {
        let Some(state) = &self.0 else { return };
        let (labels, here) = (state.joined(labels), state.counterpart());
        let streams = match &here {
            Counterpart::Own => state.instrument.streams(),
            Counterpart::Other(instrument) => instrument.streams(),
            Counterpart::Nowhere => None,
        };
        let streams = streams.unwrap_or_default().iter();
        streams.for_each(|stream| stream.retire_soon(&labels));
    }

    /// Counts a call under way in a level; the result is passed to [`end`](Self::end).
    #[inline]
    pub(crate) fn begin(&self) -> ActiveCall {
        let Some(state) = &self.0 else {
            return ActiveCall::default();
        };
        match state.own.current_first() {
            Some(HandleSeries::One(bound)) => bound.stream.begin(&bound.series),
            Some(HandleSeries::Others(None)) => ActiveCall::default(),
            _ => state.begin_otherwise(),
        }
    }

    /// Counts a call off that is over.
    #[inline]
    pub(crate) fn end(&self, place: ActiveCall) {
        let Some(state) = &self.0 else { return };
        match state.own.current_first() {
            Some(HandleSeries::One(bound)) => bound.stream.end(&bound.series, place),
            Some(HandleSeries::Others(None)) => {}
            _ => state.end_otherwise(place),
        }
    }
}

impl HandleState {
    /// Binds the series at once if that spares a copy of the labels: few handles have no labels, so those keep theirs.
    fn new(instrument: Arc<Instrument>, labels: LabelSet) -> Self {
        let own = Binding::default();
        let here =
            !labels.is_empty() && !provider::has_isolated() && instrument.recorder().is_process();
        if let (true, Some((streams, generation))) = (here, instrument.streams_and_generation()) {
            let series = HandleSeries::new(streams, &labels);
            let bound = own.bind(generation, series, HandleSeries::is_same);
            if bound.is_some_and(|series| series.has(&labels)) {
                return Self { instrument, own };
            }
        }
        Self {
            instrument,
            own: Binding::with_rest(BaseLabels::new(labels)),
        }
    }

    /// The labels, if they may differ from those of the series.
    fn given(&self) -> Option<&LabelSet> {
        self.own.rest().map(BaseLabels::labels)
    }

    fn labels(&self) -> &LabelSet {
        self.given().unwrap_or_else(|| self.own_labels())
    }

    fn own_labels(&self) -> &LabelSet {
        match self.own.first() {
            Some(HandleSeries::One(bound)) => bound.series.labels(),
            _ => LabelSet::none(),
        }
    }

    /// The labels for look-ups.
    #[inline]
    fn base(&self) -> BaseLabelsRef<'_> {
        let kept = self.own.rest().or_else(|| self.keep_base());
        match kept {
            Some(base) => base.base(),
            None => BaseLabelsRef::of(self.own_labels()),
        }
    }

    /// Keeps the hash of the labels with the first look-up: few handles with labels of their own are used with further
    /// ones.
    #[cold]
    fn keep_base(&self) -> Option<&BaseLabels> {
        self.own
            .rest_or(|| BaseLabels::new(self.own_labels().clone()))
    }

    /// True if a level of the type can hold the value.
    fn takes(&self, value: Value) -> bool {
        value.is_finite()
            || self.instrument.descriptor().number == crate::metric::number::NumberKind::F64
    }

    #[inline(never)]
    fn record_otherwise(&self, value: Value) {
        if provider::is_off() {
            return;
        }
        if !value.is_finite() {
            return self.refuse(value);
        }
        self.change_own(HandleChange::Record(value));
    }

    #[cold]
    fn refuse(&self, value: Value) {
        let descriptor = self.instrument.descriptor();
        let kind = descriptor.kind;
        refusal::refuse(SCOPE_NAME, &descriptor.name, kind, value.as_f64());
    }

    #[inline(never)]
    fn set_otherwise(&self, value: Value, labels: Labels<'_>) {
        if !self.takes(value) {
            return self.refuse(value);
        }
        self.change_or_own(HandleChange::Record(value), labels);
    }

    #[inline(never)]
    fn begin_otherwise(&self) -> ActiveCall {
        match self.own.current() {
            Some(HandleSeries::One(bound)) => bound.stream.begin(&bound.series),
            _ => {
                self.change_own(HandleChange::Adjust(Value::I64(1)));
                ActiveCall::default()
            }
        }
    }

    #[inline(never)]
    fn end_otherwise(&self, place: ActiveCall) {
        match self.own.current() {
            Some(HandleSeries::One(bound)) => bound.stream.end(&bound.series, place),
            _ => self.change_own(HandleChange::Adjust(Value::I64(-1))),
        }
    }

    fn change_or_own(&self, change: HandleChange, labels: Labels<'_>) {
        if labels.is_empty() {
            self.change_own(change);
        } else {
            self.change_with(change, labels);
        }
    }

    /// Changes the series of the base labels and these.
    #[inline(never)]
    fn change_with(&self, change: HandleChange, labels: Labels<'_>) {
        match self.instrument.current() {
            Some(streams) => self.change_in(streams, change, labels),
            None => self.change(change, labels),
        }
    }

    /// Changes the series of the base labels.
    fn change_own(&self, change: HandleChange) {
        match self.own.current() {
            Some(series) => self.change_series(series, change),
            None => self.change_own_anywhere(change),
        }
    }

    fn change_series(&self, series: &HandleSeries, change: HandleChange) {
        let bounds = series.all().iter();
        bounds.for_each(|bound| change.of(bound, self.given()));
    }

    /// Changes the series of the base labels in any recorder.
    #[cold]
    fn change_own_anywhere(&self, change: HandleChange) {
        match self.counterpart() {
            Counterpart::Own => self.change_bound(change),
            Counterpart::Other(instrument) => change_of(&instrument, change, self.labels()),
            Counterpart::Nowhere => {}
        }
    }

    fn change_bound(&self, change: HandleChange) {
        // While telemetry is off, a gauge keeps the series that it had.
        let resting = || {
            let off = provider::off().filter(|_| self.instrument.is_gauge())?;
            Some((self.instrument.resting_streams(), off))
        };
        let streams = self.instrument.streams_and_generation().or_else(resting);
        let Some((streams, generation)) = streams else {
            return self.change_without_provider(change, self.labels());
        };
        match self.own.of(generation) {
            Some(series) => self.change_series(series, change),
            None => self.change_unbound(streams, generation, change),
        }
    }

    fn change_unbound(&self, streams: &[Arc<Stream>], generation: u64, change: HandleChange) {
        let series = HandleSeries::new(streams, self.labels());
        if forked::is_child() {
            return self.change_series(&series, change);
        }
        if let Some(bound) = self.own.bind(generation, series, HandleSeries::is_same) {
            self.change_series(bound, change);
        }
    }

    /// Changes the series of the base labels and these in any recorder.
    #[inline(never)]
    fn change(&self, change: HandleChange, labels: Labels<'_>) {
        if provider::is_off() && !self.instrument.is_gauge() {
            return;
        }
        match self.counterpart() {
            Counterpart::Own => match self.instrument.streams() {
                Some(streams) => self.change_in(streams, change, labels),
                None => self.change_without_provider(change, &self.joined(labels)),
            },
            Counterpart::Other(instrument) => change_of(&instrument, change, &self.joined(labels)),
            Counterpart::Nowhere => {}
        }
    }

    fn change_in(&self, streams: &[Arc<Stream>], change: HandleChange, labels: Labels<'_>) {
        let base = self.base();
        for stream in streams {
            match change {
                HandleChange::Record(value) => {
                    stream.record_with(base, labels, SumValue(value.bits(stream.number())));
                }
                HandleChange::Adjust(by) => stream.record_with(base, labels, LevelStep(by)),
            }
        }
    }

    fn joined(&self, labels: Labels<'_>) -> LabelSet {
        LabelSet::joined(self.labels(), labels)
    }

    /// Keeps a measurement for the first provider. A gauge keeps its value by itself.
    fn change_without_provider(&self, change: HandleChange, labels: &LabelSet) {
        match change {
            _ if self.instrument.is_gauge() => {
                for stream in self.instrument.resting_streams() {
                    change.of(&BoundSeries::new(stream, labels), Some(labels));
                }
            }
            HandleChange::Record(value) => {
                early_measurements::keep(&self.instrument, value, labels);
            }
            HandleChange::Adjust(_) => {}
        }
    }

    /// The instrument that stands for this one in the isolated recorder that is current.
    fn counterpart(&self) -> Counterpart {
        if !provider::has_isolated() && self.instrument.recorder().is_process() {
            return Counterpart::Own;
        }
        let (recorder, descriptor) = (self.instrument.recorder(), self.instrument.descriptor());
        let registered = match isolated_recorder::current() {
            Some(isolated) if isolated.recorder().is(recorder) => return Counterpart::Own,
            Some(isolated) => registry::register_in(&isolated, descriptor.clone()),
            // Its recorder has ended, it has not: a static that was first used inside.
            None if recorder.has_ended() => registry::register(descriptor.clone()),
            None => return Counterpart::Own,
        };
        // Of two units the first one stays, as in the process, where that was reported. Of two kinds nothing is
        // recorded.
        if registered.instrument.is_none() {
            report_conflict(registered.conflict.as_ref());
        }
        registered
            .instrument
            .map_or(Counterpart::Nowhere, Counterpart::Other)
    }
}

fn change_of(instrument: &Arc<Instrument>, change: HandleChange, labels: &LabelSet) {
    let streams = match instrument.streams() {
        Some(streams) => streams,
        None if instrument.is_gauge() => instrument.resting_streams(),
        None => return,
    };
    for stream in streams {
        change.of(&BoundSeries::new(stream, labels), Some(labels));
    }
}

fn report_conflict(conflict: Option<&RegisterError>) {
    if let Some(conflict) = conflict {
        let said = conflict.to_string();
        report::once(("conflict", said.clone()), || said);
    }
}
