//! A series of the gate: an instrument with its labels fixed, bound in the SDK.

use std::sync::Arc;

use opentelemetry::metrics::BoundSyncInstrument;
use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

use super::{
    batch::{Hook, Target, Ticket},
    deferral::is_collecting,
    number::Measured,
    streams::Stream,
    tap::{ApiInstrument, Branch},
};
use crate::{
    attributes::Attributes,
    exemplar::{ExemplarFilter, ExemplarPlace, Measurement, SpanLink, Verdict},
    number::{NumberKind, Value},
    thread::{self, Thread},
};

/// What a series measures goes on to: the SDK's instruments, and the exemplar reservoirs.
pub(super) trait Series: Target {
    /// Offers a measurement that the filter has accepted.
    fn offer(&self, value: f64, span: Option<SpanLink>);
    fn target(self: Arc<Self>) -> Arc<dyn Target>;
}

/// A bound series, whatever its kind and number.
pub(crate) struct BoundSeries {
    pub(super) series: Arc<dyn Series>,
    /// Its number among those that are batched; `None` if every measurement goes straight to the SDK.
    pub(super) ticket: Option<Ticket>,
    pub(super) number: NumberKind,
    pub(super) filter: ExemplarFilter,
}

impl BoundSeries {
    /// Binds a series in the SDK. Must not happen on a thread that is collecting.
    pub(super) fn new<I: ApiInstrument>(
        branches: &[Branch<I>],
        attributes: &Attributes,
        hook: &Hook,
    ) -> Self {
        let mut bound = branches
            .iter()
            .map(|branch| BoundBranch::new(branch, attributes));
        let filters = branches.iter().filter_map(|branch| {
            let exemplars = branch.stream.exemplars.as_ref()?;
            Some(exemplars.filter())
        });
        let filter = filters.last().unwrap_or(ExemplarFilter::AlwaysOff);
        let series = Arc::new(BoundBranches {
            first: bound.next(),
            others: bound.collect(),
            attributes: attributes.clone(),
        });
        Self {
            ticket: (I::BATCHED && hook.works())
                .then(|| Ticket::new(series.clone().target()))
                .flatten(),
            series,
            number: I::Value::KIND,
            filter,
        }
    }

    /// Whether measurements may wait in rings.
    pub(super) fn waits(&self) -> bool {
        self.ticket.is_some()
    }

    /// Records a value, converted to the number type of the instrument.
    #[inline]
    pub(crate) fn record(&self, value: Value) {
        self.measure(value.bits(self.number));
    }

    /// The usual case and nothing else: there is room in the ring of this thread, and no exemplar is wanted. One function
    /// for all kinds, which calls nothing else unless it ends with that.
    #[inline(never)]
    fn measure(&self, bits: u64) {
        let step = thread::here(|thread| match (&self.ticket, thread.ring()) {
            (Some(ticket), Some(ring)) if ticket.push(ring, bits) => {
                if self.filter.is_open(thread) {
                    Step::Offer
                } else {
                    Step::Done
                }
            }
            _ => Step::Measure,
        });
        match step {
            Some(Step::Done) => {}
            Some(Step::Offer) => self.offer(bits),
            Some(Step::Measure) | None => self.measure_slowly(bits),
        }
    }

    #[inline(never)]
    fn measure_slowly(&self, bits: u64) {
        // Who drains holds the lock under which rings are made: what its recording leads to needs a ring that is there.
        let push = |thread: &Thread| match &self.ticket {
            Some(ticket) if thread.ring().is_some() || !is_collecting() => {
                ticket.push_first(thread.make_ring(), bits)
            }
            _ => false,
        };
        let waits = thread::here(push).unwrap_or(false);
        if !waits {
            self.series.record(&[bits]);
        }
        self.offer(bits);
    }

    /// Offers the measurement to the exemplar reservoirs, if the filter says so.
    #[inline(never)]
    fn offer(&self, bits: u64) {
        if let Verdict::Accepted(span) = self.filter.verdict() {
            self.series.offer(self.number.f64_of(bits), span);
        }
    }
}

/// What is to be done with a measurement.
enum Step {
    Done,
    /// To offer it to the exemplar reservoirs.
    Offer,
    /// All of it.
    Measure,
}

impl<N: Measured> BoundSyncInstrument<N> for BoundSeries {
    fn measure(&self, value: N) {
        self.measure(value.to_bits());
    }
}

/// The streams of a series: mostly just one; a view can make several of an instrument, or none.
struct BoundBranches<I: ApiInstrument> {
    first: Option<BoundBranch<I>>,
    others: Box<[BoundBranch<I>]>,
    /// All attributes, also those that a view removes.
    attributes: Attributes,
}

struct BoundBranch<I: ApiInstrument> {
    inner: I::Bound,
    stream: Arc<Stream>,
    /// What a view leaves of the attributes, if it takes some away.
    kept: Option<Box<Attributes>>,
    exemplars: ExemplarPlace,
}

impl<I: ApiInstrument> BoundBranches<I> {
    #[inline]
    fn for_each(&self, mut usage: impl FnMut(&BoundBranch<I>)) {
        if let Some(first) = &self.first {
            usage(first);
        }
        self.others.iter().for_each(usage);
    }
}

impl<I: ApiInstrument> Target for BoundBranches<I> {
    fn record(&self, values: &[u64]) {
        self.for_each(|branch| {
            let values = values.iter().map(|bits| I::Value::from_bits(*bits));
            I::record_all(&branch.inner, values);
        });
    }
}

impl<I: ApiInstrument> Series for BoundBranches<I> {
    fn offer(&self, value: f64, span: Option<SpanLink>) {
        self.for_each(|branch| branch.offer(value, &self.attributes, span));
    }

    fn target(self: Arc<Self>) -> Arc<dyn Target> {
        self
    }
}

/// Binds in the SDK, which logs under its lock when the series is beyond the cardinality limit: a subscriber that counts
/// such events, perhaps into this very metric, would wait for that lock.
fn in_silence<R>(bind: impl FnOnce() -> R) -> R {
    // Within an event nobody hears another one, and the subscriber cannot be changed.
    let heard = dispatcher::get_default(|dispatch| !dispatch.is::<NoSubscriber>());
    if heard {
        dispatcher::with_default(&Dispatch::none(), bind)
    } else {
        bind()
    }
}

impl<I: ApiInstrument> BoundBranch<I> {
    fn new(branch: &Branch<I>, attributes: &Attributes) -> Self {
        let stream = branch.stream.clone();
        let kept = stream
            .labels
            .as_ref()
            .map(|labels| -> Box<Attributes> { Box::new(labels.kept(attributes).into()) });
        let all = kept.as_deref().unwrap_or(attributes);
        stream.note(all);
        Self {
            inner: in_silence(|| branch.inner.bound(all)),
            stream,
            kept,
            exemplars: ExemplarPlace::default(),
        }
    }

    fn offer(&self, value: f64, attributes: &Attributes, span: Option<SpanLink>) {
        if let Some(exemplars) = &self.stream.exemplars {
            let measurement =
                Measurement::new(value, attributes, self.stream.labels.as_ref(), span);
            let kept = self.kept.as_deref().unwrap_or(attributes);
            exemplars.take_at(&self.exemplars, &self.stream.plan, kept, &measurement);
        }
    }
}
