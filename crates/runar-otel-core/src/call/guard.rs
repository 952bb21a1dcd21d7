//! The guard of a call, from its beginning to its end.

use std::time::Duration;

use tracing::dispatcher;

use super::frames::{self, InLines, Pushed, Watched};
use crate::action::label_values::LabelValues;
use crate::{
    action::{resolved::Resolved, series::End, service::Owner, site::Site},
    outcome::verdict::Verdict,
};
use crate::{
    binding::{isolated_recorder::Here, provider},
    clock::Start,
    labels::Labels,
    sampling::{Ends, Known, Opened, Within},
    series::UnderWay,
    threads::context::spans_are_alive,
};

/// A guard of a call under way.
///
/// It ends once: when it is given its verdict, or when it is dropped (outcome `panic` while the thread unwinds,
/// else `cancelled`). Whatever happens, it is not counted as active afterwards.
#[derive(Debug)]
#[must_use = "a call that is dropped is a cancelled one"]
pub struct Call {
    open: Open,
    /// Open until the call has ended; disabled if the function has none.
    span: Opened,
}

/// State of a call until it ends.
#[derive(Debug)]
struct Open {
    /// The function; `None` if nothing is recorded, or no longer.
    resolved: Option<&'static Resolved>,
    labels: Option<LabelValues>,
    /// The time at which its span or its first part began; `None` before, so that the clock is never read in vain.
    started: Option<Start>,
    place: Place,
    /// The places where the call was counted as active: among the calls of the function, and the requests of the
    /// service.
    under_way: (UnderWay, UnderWay),
    /// The recorder in which the call began, and ends.
    here: Here,
    /// The flag for frames in other tasks, kept between the parts of the call.
    watched: Option<Watched>,
}

/// The place of a call among those of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
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

impl Place {
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
        let resolved = site.resolve(owner);
        let open = if provider::is_off() {
            let heard = dispatcher::has_been_set() && resolved.records();
            Open::uncounted(heard.then_some(resolved), Place::Off)
        } else if resolved.is_dropped() {
            Open::uncounted(Some(resolved), Place::Dropped)
        } else {
            if resolved.records() {
                resolved.declare_errors(error_types);
                resolved.begin_at_zero_here();
            }
            Open::begin(resolved)
        };
        Self {
            open,
            span: Opened::none(),
        }
    }

    /// True if anything of the call is recorded, or noted in its span. Otherwise the call needs no span.
    #[inline]
    #[must_use]
    pub fn records(&self) -> bool {
        self.open.resolved.is_some()
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
        self.open.resolved.map_or("", Resolved::service)
    }

    /// Sets the label that the function declares at this position.
    pub fn label(&mut self, at: usize, value: &str) {
        if let Some(labels) = &mut self.open.labels {
            labels.set(at, value);
        }
    }

    /// Gives the call its span, and starts the clock: duration and span are of one length.
    pub fn in_span(&mut self, span: impl Into<Opened>) {
        self.span = span.into();
        if self.open.place.counts() {
            self.open.started = Some(Start::now());
        }
    }

    /// Begins a part of the call, which lasts until the returned guard is dropped: in its span, as the innermost call
    /// of the chain. If the part unwinds, the call ends as a panic. Call [`over`](Self::over) after it.
    ///
    /// Not a closure: what it would give back is moved, piece by piece, before the caller has it.
    #[inline]
    pub(crate) fn part(&mut self) -> Part<'_> {
        self.part_in(Opened::enter, InLines::here)
    }

    /// Begins the only part of a call, at once; see [`part`](Self::part).
    #[inline]
    pub(crate) fn only_part(&mut self) -> Part<'_> {
        self.part_in(Opened::enter_once, InLines::at_once)
    }

    #[inline(always)]
    fn part_in(
        &mut self,
        enter: for<'a> fn(&'a mut Opened) -> Within<'a>,
        in_lines: fn(&'static Known) -> InLines,
    ) -> Part<'_> {
        let known = self.span.in_lines();
        let pushed = match self.open.place {
            // Only log lines ask for a call that is not counted.
            Place::Off if known.is_none() => None,
            _ => self.open.start(known.map(in_lines)),
        };
        let within = match self.open.resolved {
            Some(_) if !self.span.is_none() => enter_in(&mut self.open, &mut self.span, enter),
            _ => Within::NOTHING,
        };
        Part {
            open: &mut self.open,
            end: Some(End::Panic),
            pushed,
            within,
        }
    }

    /// Closes the span if the call has ended.
    #[inline]
    pub(crate) fn over(&mut self) {
        if self.open.resolved.is_some() {
            return;
        }
        if let Some(labels) = self.open.labels.take() {
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
        self.end_after(End::Cancelled, rest);
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
            self.open.finish(&End::Panic, self.span.ends());
            self.over();
        } else {
            self.end_after(End::Cancelled, || {});
        }
    }

    #[inline]
    fn end_after(&mut self, end: End, rest: impl FnOnce()) {
        if self.open.resolved.is_none() {
            return rest();
        }
        {
            let mut part = self.part_in(Opened::enter_to_end, InLines::here);
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
        if self.open.resolved.is_some() {
            self.end_before_its_first_part();
        }
    }
}

/// Enters the span of a call. A layer may panic there: that ends the call, and it is not entered again.
fn enter_in<'a>(
    open: &mut Open,
    span: &'a mut Opened,
    enter: fn(&'a mut Opened) -> Within<'a>,
) -> Within<'a> {
    let mut unentered = Unentered(Some(open));
    let within = enter(span);
    unentered.0 = None;
    within
}

/// A call whose span is being entered.
struct Unentered<'a>(Option<&'a mut Open>);

impl Drop for Unentered<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(open) = self.0.take() {
            open.finish(&End::Panic, Ends::Nowhere);
        }
    }
}

/// A part of a call while it runs. Dropped without an end when the call goes on later.
pub(crate) struct Part<'a> {
    open: &'a mut Open,
    end: Option<End>,
    pushed: Option<Pushed>,
    within: Within<'a>,
}

impl Part<'_> {
    /// Sets the end of the part: the call ends with this verdict, or goes on later (`None`).
    #[inline]
    pub(crate) fn ends(&mut self, verdict: Option<Verdict>) {
        self.end = verdict.map(End::from);
    }
}

impl Drop for Part<'_> {
    #[inline]
    fn drop(&mut self) {
        let chained = Chained {
            open: self.open,
            pushed: self.pushed.take(),
        };
        if let Some(end) = &self.end {
            chained.open.finish(end, self.within.ends);
        }
    }
}

/// A part that is in the chain until its end was counted, even if a layer unwinds there.
struct Chained<'a> {
    open: &'a mut Open,
    pushed: Option<Pushed>,
}

impl Drop for Chained<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(watched) = self.pushed.take().and_then(Pushed::pop) {
            self.open.goes_on(watched);
        }
    }
}

impl Open {
    /// Counts the beginning of a call; [`finish`](Self::finish) counts its end, to the same recorder.
    fn begin(resolved: &'static Resolved) -> Self {
        let mut under_way = (UnderWay::default(), UnderWay::default());
        let labels = resolved.own().and_then(|own| {
            under_way.0 = own.enter();
            let site = resolved.site();
            let labelled = !site.function().labels.is_empty();
            labelled.then(|| LabelValues::open(site.label_pool(), site.function().labels.len()))
        });
        let place = match resolved.of_service() {
            Some(service) if frames::is_outermost(service) => {
                under_way.1 = service.series().enter();
                Place::Outermost
            }
            _ => Place::Inner,
        };
        Self {
            resolved: resolved.records().then_some(resolved),
            labels,
            started: None,
            place,
            under_way,
            here: Here::now(),
            watched: None,
        }
    }

    /// Opens a call of which nothing is counted. Without a function its end is not noted in spans either.
    #[inline]
    fn uncounted(resolved: Option<&'static Resolved>, place: Place) -> Self {
        Self {
            resolved,
            labels: None,
            started: None,
            place,
            under_way: (UnderWay::default(), UnderWay::default()),
            here: Here::now(),
            watched: None,
        }
    }

    /// Begins a part: the clock runs from the first one on, and the call becomes the innermost one.
    #[inline]
    fn start(&mut self, in_lines: Option<InLines>) -> Option<Pushed> {
        let resolved = self.resolved?;
        if self.started.is_none() && self.place.counts() {
            self.started = Some(Start::now());
        }
        let pushed = frames::push(resolved, self.labels.as_ref(), in_lines);
        if self.watched.is_some() {
            self.watched.take().into_iter().for_each(frames::watch);
        }
        Some(pushed)
    }

    /// Keeps the flag of a part that is over, for other tasks that have frames of the call.
    #[cold]
    fn goes_on(&mut self, watched: Watched) {
        match self.resolved {
            Some(_) => self.watched = Some(watched),
            None => watched.ends(),
        }
    }

    /// Ends the call, once.
    #[inline]
    fn finish(&mut self, end: &End, ends: Ends<'_>) {
        let Some(resolved) = self.resolved.take() else {
            return;
        };
        if self.place.counts() {
            if self.labels.is_some() || provider::has_isolated() {
                self.finish_with_labels(resolved, end);
            } else {
                count(resolved, self, end, &[]);
            }
        }
        // Last: a layer may panic.
        if !matches!(ends, Ends::Nowhere) {
            tell(end, ends);
        }
    }

    /// Counts the end of a call with labels, or beside isolated recorders.
    #[inline(never)]
    fn finish_with_labels(&mut self, resolved: &'static Resolved, end: &End) {
        let mut labels = self.labels.take();
        let here = self.here.clone();
        here.enter(|| match &mut labels {
            Some(labels) => labels.close(|values| count(resolved, self, end, values)),
            None => count(resolved, self, end, &[]),
        });
        self.labels = labels;
    }
}

#[inline(never)]
fn tell(end: &End, ends: Ends<'_>) {
    ends.tell(end.outcome(), end.error_type());
}

/// Reads the clock and counts everything known at the end of a call.
#[inline(always)]
fn count(resolved: &Resolved, open: &Open, end: &End, values: &[String]) {
    let took = open.started.map_or(Duration::ZERO, Start::elapsed);
    let errors = match end {
        End::Error(kind) => resolved.errors(kind),
        End::Ok | End::Panic | End::Cancelled => None,
    };
    if let Some(own) = resolved.own() {
        own.leave(open.under_way.0);
        let errors = errors.map(|errors| &errors.own);
        match values {
            [] => own.complete(end, took, errors, &[]),
            values if own.complete_bound(end, took, values) => {}
            values => with_labels(resolved, values, |labels| {
                own.complete(end, took, errors, labels);
                own.bind(end, values, labels);
            }),
        }
    }
    if let (Place::Outermost, Some(service)) = (open.place, resolved.of_service()) {
        let series = service.series();
        series.leave(open.under_way.1);
        let errors = errors.map(|errors| &errors.of_service);
        series.complete(end, took, errors, &[]);
    }
}

/// Lends the labels of a call, by name and value; without an allocation for as many as most functions have.
fn with_labels(resolved: &Resolved, values: &[String], usage: impl FnOnce(Labels<'_>)) {
    let names = resolved.site().function().labels.iter().copied();
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

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Error(kind) => Self::Error(kind),
        }
    }
}
