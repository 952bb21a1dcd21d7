//! The guard of a call, from its beginning to its end.

use std::time::Duration;

use tracing::dispatcher;

use super::frames::{self, ChainGuard, EndFlag, SpanlessPart};
use crate::action::label_values::LabelValues;
use crate::{
    action::{
        family_handles::CallEnd, metered_function::MeteredFunction, service::Owner, site::Site,
    },
    outcome::verdict::Verdict,
};
use crate::{
    binding::{isolated_recorder::CurrentRecorder, provider},
    clock::Start,
    labels::Labels,
    sampling::{EndTarget, EnteredSpan, Opened, SpanCallsite},
    series::ActiveCall,
    threads::context::spans_are_alive,
};

/// A guard of a call under way.
///
/// It ends once: when it is given its verdict, or when it is dropped (outcome `panic` while the thread unwinds,
/// else `cancelled`). Whatever happens, it is not counted as active afterwards.
#[derive(Debug)]
#[must_use = "a call that is dropped is a cancelled one"]
pub struct Call {
    state: CallState,
    /// Open until the call has ended; disabled if the function has none.
    span: Opened,
}

/// State of a call until it ends.
#[derive(Debug)]
struct CallState {
    /// The function; `None` if nothing is recorded, or no longer.
    function: Option<&'static MeteredFunction>,
    labels: Option<LabelValues>,
    /// The time at which its span or its first part began; `None` before, so that the clock is never read in vain.
    started: Option<Start>,
    position: CallPosition,
    /// The places where the call was counted as active: among the calls of the function, and the requests of the
    /// service.
    active: (ActiveCall, ActiveCall),
    /// The recorder in which the call began, and ends.
    here: CurrentRecorder,
    /// The flag for frames in other tasks, kept between the parts of the call.
    end_flag: Option<EndFlag>,
}

/// The place of a call among those of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallPosition {
    /// The service's request: feeds `service_*`.
    Outermost,
    /// Part of another request.
    Inner,
    /// None: views drop everything that the call would count. It is in the chain all the same: labels set in it are not
    /// meant for the call around it.
    Dropped,
    /// None: telemetry is off. The call has its span, if there is one.
    Off,
}

impl CallPosition {
    /// True if anything of the call is counted.
    #[inline]
    fn counts(self) -> bool {
        match self {
            Self::Outermost | Self::Inner => true,
            Self::Dropped | Self::Off => false,
        }
    }
}

impl Call {
    /// Begins a call: counts it as active, an event as received, and determines whether it is the outermost action of
    /// its service.
    pub fn begin(
        site: &'static Site,
        owner: Owner,
        error_types: fn() -> &'static [&'static str],
    ) -> Self {
        let function = site.resolve(owner);
        let state = if provider::is_off() {
            let heard = dispatcher::has_been_set() && function.is_recorded();
            CallState::uncounted(heard.then_some(function), CallPosition::Off)
        } else if function.is_dropped() {
            CallState::uncounted(Some(function), CallPosition::Dropped)
        } else {
            if function.is_recorded() {
                function.declare_errors(error_types);
                function.begin_at_zero_here();
            }
            CallState::begin(function)
        };
        Self {
            state,
            span: Opened::none(),
        }
    }

    /// True if anything of the call is recorded, or noted in its span. Otherwise the call needs no span.
    #[inline]
    #[must_use]
    pub fn records(&self) -> bool {
        self.state.function.is_some()
    }

    /// True if the call takes a span: it is recorded, and there can be a span on this thread.
    #[inline]
    #[must_use]
    pub fn takes_span(&self) -> bool {
        self.records() && spans_are_alive()
    }

    /// The value of the label `service`; empty if nothing is recorded.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.state.function.map_or("", MeteredFunction::service)
    }

    /// Sets the label that the function declares at this position.
    pub fn label(&mut self, at: usize, value: &str) {
        if let Some(labels) = &mut self.state.labels {
            labels.set(at, value);
        }
    }

    /// Gives the call its span, and starts the clock: duration and span are of one length.
    pub fn in_span(&mut self, span: impl Into<Opened>) {
        self.span = span.into();
        if self.state.position.counts() {
            self.state.started = Some(Start::now());
        }
    }

    /// Begins a part of the call, which lasts until the returned guard is dropped: in its span, as the innermost call
    /// of the chain. If the part unwinds, the call ends as a panic. Call [`over`](Self::over) after it.
    ///
    /// Not a closure: what it would give back is moved, piece by piece, before the caller has it.
    #[inline]
    pub(crate) fn part(&mut self) -> CallPart<'_> {
        self.part_in(Opened::enter, SpanlessPart::here)
    }

    /// Begins the only part of a call, at once; see [`part`](Self::part).
    #[inline]
    pub(crate) fn only_part(&mut self) -> CallPart<'_> {
        self.part_in(Opened::enter_once, SpanlessPart::at_once)
    }

    /// Begins a part. Inlined, so that both ways to enter a span become direct calls, at the price of a second copy
    /// (`tests/instructions`, *async call* and *async call with span, sampled span*).
    #[inline(always)]
    fn part_in(
        &mut self,
        enter: for<'a> fn(&'a mut Opened) -> EnteredSpan<'a>,
        spanless_part: fn(&'static SpanCallsite) -> SpanlessPart,
    ) -> CallPart<'_> {
        let known = self.span.in_lines();
        let pushed = match self.state.position {
            // Only log lines ask for a call that is not counted.
            CallPosition::Off if known.is_none() => None,
            _ => self.state.start(known.map(spanless_part)),
        };
        let within = match self.state.function {
            Some(_) if !self.span.is_none() => enter_in(&mut self.state, &mut self.span, enter),
            _ => EnteredSpan::NOTHING,
        };
        CallPart {
            state: &mut self.state,
            end: Some(CallEnd::Panic),
            pushed,
            within,
        }
    }

    /// Closes the span if the call has ended.
    #[inline]
    pub(crate) fn over(&mut self) {
        if self.state.function.is_some() {
            return;
        }
        if let Some(labels) = self.state.labels.take() {
            labels.give_back();
        }
        if !self.span.is_none() {
            self.span = Opened::none();
        }
    }

    /// Runs a part of the call. A verdict ends the call.
    pub(crate) fn run<R>(&mut self, work: impl FnOnce() -> (R, Option<Verdict>)) -> R {
        let returned = {
            let mut part = self.part();
            let (returned, verdict) = work();
            part.ends(verdict);
            returned
        };
        self.over();
        returned
    }

    /// Ends the call as cancelled, after its rest was dropped: in its span, as the innermost call.
    pub(crate) fn cancel(&mut self, rest: impl FnOnce()) {
        self.end_after(CallEnd::Cancelled, rest);
    }

    /// Ends the call by its verdict, after its rest was dropped.
    pub(crate) fn end(&mut self, verdict: Verdict, rest: impl FnOnce()) {
        self.end_after(verdict.into(), rest);
    }

    /// Ends a call whose span was never entered. While the thread unwinds the span is not entered for that either: a
    /// layer that panicked there would panic again, and that aborts the process.
    #[cold]
    fn end_before_its_first_part(&mut self) {
        if std::thread::panicking() {
            self.state.finish(&CallEnd::Panic, self.span.ends());
            self.over();
        } else {
            self.end_after(CallEnd::Cancelled, || {});
        }
    }

    #[inline]
    fn end_after(&mut self, end: CallEnd, rest: impl FnOnce()) {
        if self.state.function.is_none() {
            return rest();
        }
        {
            let mut part = self.part_in(Opened::enter_to_end, SpanlessPart::here);
            part.end = Some(end);
            rest();
        }
        self.over();
    }
}

impl Drop for Call {
    /// Ends a call that is still open, which happens only between its beginning and its first part: a panic there is
    /// one of the function.
    #[inline]
    fn drop(&mut self) {
        if self.state.function.is_some() {
            self.end_before_its_first_part();
        }
    }
}

/// Enters the span of a call. A layer may panic there: that ends the call, and it is not entered again.
fn enter_in<'a>(
    state: &mut CallState,
    span: &'a mut Opened,
    enter: fn(&'a mut Opened) -> EnteredSpan<'a>,
) -> EnteredSpan<'a> {
    let mut unentered = EntryGuard(Some(state));
    let within = enter(span);
    unentered.0 = None;
    within
}

/// A call whose span is being entered.
struct EntryGuard<'a>(Option<&'a mut CallState>);

impl Drop for EntryGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            state.finish(&CallEnd::Panic, EndTarget::Nowhere);
        }
    }
}

/// A part of a call while it runs. Dropped without an end when the call goes on later.
pub(crate) struct CallPart<'a> {
    state: &'a mut CallState,
    end: Option<CallEnd>,
    pushed: Option<ChainGuard>,
    within: EnteredSpan<'a>,
}

impl CallPart<'_> {
    /// Sets the end of the part: the call ends with this verdict, or goes on later (`None`).
    #[inline]
    pub(crate) fn ends(&mut self, verdict: Option<Verdict>) {
        self.end = verdict.map(CallEnd::from);
    }
}

impl Drop for CallPart<'_> {
    #[inline]
    fn drop(&mut self) {
        let chained = EndGuard {
            state: self.state,
            pushed: self.pushed.take(),
        };
        if let Some(end) = &self.end {
            chained.state.finish(end, self.within.ends);
        }
    }
}

/// A part that is in the chain until its end was counted, even if a layer unwinds there.
struct EndGuard<'a> {
    state: &'a mut CallState,
    pushed: Option<ChainGuard>,
}

impl Drop for EndGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(end_flag) = self.pushed.take().and_then(ChainGuard::pop) {
            self.state.keep_end_flag(end_flag);
        }
    }
}

impl CallState {
    /// Counts the beginning of a call; [`finish`](Self::finish) counts its end, to the same recorder.
    fn begin(function: &'static MeteredFunction) -> Self {
        let mut active = (ActiveCall::default(), ActiveCall::default());
        let labels = function.own().and_then(|own| {
            active.0 = own.begin_active();
            let site = function.site();
            let labelled = !site.function().labels.is_empty();
            labelled.then(|| LabelValues::open(site.label_pool(), site.function().labels.len()))
        });
        let position = match function.of_service() {
            Some(service) if frames::is_outermost(service) => {
                active.1 = service.handles().begin_active();
                CallPosition::Outermost
            }
            _ => CallPosition::Inner,
        };
        Self {
            function: function.is_recorded().then_some(function),
            labels,
            started: None,
            position,
            active,
            here: CurrentRecorder::now(),
            end_flag: None,
        }
    }

    /// Opens a call of which nothing is counted. Without a function its end is not noted in spans either.
    #[inline]
    fn uncounted(function: Option<&'static MeteredFunction>, position: CallPosition) -> Self {
        Self {
            function,
            labels: None,
            started: None,
            position,
            active: (ActiveCall::default(), ActiveCall::default()),
            here: CurrentRecorder::now(),
            end_flag: None,
        }
    }

    /// Begins a part: the clock runs from the first one on, and the call becomes the innermost one.
    #[inline]
    fn start(&mut self, spanless_part: Option<SpanlessPart>) -> Option<ChainGuard> {
        let function = self.function?;
        if self.started.is_none() && self.position.counts() {
            self.started = Some(Start::now());
        }
        let pushed = frames::push(function, self.labels.as_ref(), spanless_part);
        if self.end_flag.is_some() {
            self.end_flag
                .take()
                .into_iter()
                .for_each(frames::flag_innermost);
        }
        Some(pushed)
    }

    /// Keeps the flag of a part that is over, for other tasks that have frames of the call.
    #[cold]
    fn keep_end_flag(&mut self, end_flag: EndFlag) {
        match self.function {
            Some(_) => self.end_flag = Some(end_flag),
            None => end_flag.set(),
        }
    }

    /// Ends the call, once.
    #[inline]
    fn finish(&mut self, end: &CallEnd, ends: EndTarget<'_>) {
        let Some(function) = self.function.take() else {
            return;
        };
        if self.position.counts() {
            if self.labels.is_some() || provider::has_isolated() {
                self.finish_with_labels(function, end);
            } else {
                count(function, self, end, &[]);
            }
        }
        // Last: a layer may panic.
        if !matches!(ends, EndTarget::Nowhere) {
            note_end(end, ends);
        }
    }

    /// Counts the end of a call with labels, or beside isolated recorders. Not inlined: a call without labels has a
    /// smaller frame, one with labels pays a call (`tests/instructions`, *async call* and *async call labels*).
    #[inline(never)]
    fn finish_with_labels(&mut self, function: &'static MeteredFunction, end: &CallEnd) {
        let mut labels = self.labels.take();
        let here = self.here.clone();
        here.enter(|| match &mut labels {
            Some(labels) => labels.close(|values| count(function, self, end, values)),
            None => count(function, self, end, &[]),
        });
        self.labels = labels;
    }
}

/// Notes the end in the span. Not inlined: a call without a span has only the comparison before it
/// (`tests/instructions`, *async call*).
#[inline(never)]
fn note_end(end: &CallEnd, ends: EndTarget<'_>) {
    ends.note_end(end.outcome(), end.error_type());
}

/// Reads the clock and counts everything known at the end of a call. Inlined in both callers: a call without labels then
/// has no code for them (`tests/instructions`, *async call*).
#[inline(always)]
fn count(function: &MeteredFunction, state: &CallState, end: &CallEnd, values: &[String]) {
    let took = state.started.map_or(Duration::ZERO, Start::elapsed);
    let errors = match end {
        CallEnd::Error(kind) => function.errors(kind),
        CallEnd::Ok | CallEnd::Panic | CallEnd::Cancelled => None,
    };
    if let Some(own) = function.own() {
        own.end_active(state.active.0);
        let errors = errors.map(|errors| &errors.own);
        match values {
            [] => own.record_end(end, took, errors, &[]),
            values if own.record_end_by_values(end, took, values) => {}
            values => with_labels(function, values, |labels| {
                own.record_end(end, took, errors, labels);
                own.bind(end, values, labels);
            }),
        }
    }
    if let (CallPosition::Outermost, Some(service)) = (state.position, function.of_service()) {
        let handles = service.handles();
        handles.end_active(state.active.1);
        let errors = errors.map(|errors| &errors.of_service);
        handles.record_end(end, took, errors, &[]);
    }
}

/// Lends the labels of a call, by name and value; without an allocation for as many as most functions have.
fn with_labels(function: &MeteredFunction, values: &[String], usage: impl FnOnce(Labels<'_>)) {
    let names = function.site().function().labels.iter().copied();
    let pairs = names.zip(values.iter().map(String::as_str));
    let mut few = [("", ""); 8];
    match few.get_mut(..values.len()) {
        Some(labels) => {
            labels
                .iter_mut()
                .zip(pairs)
                .for_each(|(to, pair)| *to = pair);
            usage(labels);
        }
        None => usage(&pairs.collect::<Vec<_>>()),
    }
}

impl From<Verdict> for CallEnd {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Error(kind) => Self::Error(kind),
        }
    }
}
