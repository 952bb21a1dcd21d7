//! The chain of calls around the current code.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::{Dispatch, Metadata, dispatcher, span};

use crate::action::label_values::{AddedLabels, LabelValues};
use crate::action::{
    function::Role, metered_function::MeteredFunction, service_handles::ServiceHandles,
};
use crate::{sampling::SpanCallsite, threads::context::spans_are_alive};

thread_local! {
    static CHAIN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A call in the chain of the thread.
#[derive(Debug)]
pub(crate) struct Frame {
    function: &'static MeteredFunction,
    labels: Option<AddedLabels>,
    spanless_part: Option<SpanlessPart>,
    /// The flag that ends it elsewhere; made when another task gets a frame of the call.
    end_flag: Option<EndFlag>,
}

/// A flag that notifies the frames of a call in other tasks that the call is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct EndFlag(Arc<AtomicBool>);

impl EndFlag {
    /// Notifies the frames in other tasks that the call is over.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Frame {
    fn is_over(&self) -> bool {
        self.end_flag.as_ref().is_some_and(EndFlag::is_over)
    }

    #[cold]
    fn take_end_flag(&mut self) -> Option<EndFlag> {
        self.end_flag.take()
    }

    /// Makes a frame of the same call for another task, where it is under no span.
    fn for_other_task(&mut self) -> Self {
        let known = self
            .spanless_part
            .as_ref()
            .map(|spanless_part| spanless_part.known);
        Self {
            function: self.function,
            labels: self.labels.clone(),
            spanless_part: known.map(SpanlessPart::at_once),
            end_flag: Some(self.end_flag.get_or_insert_default().clone()),
        }
    }
}

/// The function of a call, and the label values that can be added to it.
pub(crate) struct EnclosingCall {
    pub(crate) function: &'static MeteredFunction,
    pub(crate) labels: Option<AddedLabels>,
}

/// A part of a call without a span that log lines show.
#[derive(Clone, Debug)]
pub(crate) struct SpanlessPart {
    known: &'static SpanCallsite,
    /// The span that was current when the part began.
    under: Option<span::Id>,
}

impl SpanlessPart {
    /// Begins a part here, wherever the call began.
    #[inline]
    pub(crate) fn here(known: &'static SpanCallsite) -> Self {
        let current = |dispatch: &Dispatch| dispatch.current_span().id().cloned();
        let under = spans_are_alive().then(|| dispatcher::get_default(current));
        Self {
            known,
            under: under.flatten(),
        }
    }

    /// Begins a part together with the call.
    #[inline]
    pub(crate) fn at_once(known: &'static SpanCallsite) -> Self {
        Self { known, under: None }
    }
}

/// A call without a span, as log lines show it.
#[derive(Clone, Copy, Debug)]
pub struct SpanlessCall {
    known: &'static SpanCallsite,
    function: &'static MeteredFunction,
}

impl SpanlessCall {
    /// The metadata of the span that the call would have.
    #[must_use]
    pub fn metadata(&self) -> &'static Metadata<'static> {
        self.known.metadata
    }

    /// The fields of that span in their order, as far as they have values.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<&'static str>); 3] {
        let function = self.function.site().function();
        let of = match function.role {
            Role::Action | Role::Job => ("action", function.name),
            Role::Event => ("event", function.event.unwrap_or(function.name)),
        };
        [
            ("service", Some(self.function.service())),
            (of.0, Some(of.1)),
            ("otel.kind", self.known.kind),
        ]
    }
}

/// The call without a span that is the innermost thing around the current code. `None` if a span was entered in it:
/// then `current`, the innermost one that the asker knows, is another than before.
///
/// Such a call begins only outside of spans and of other such calls: what is around a later part of it is not around
/// it.
#[must_use]
pub fn spanless_call(current: Option<&span::Id>) -> Option<SpanlessCall> {
    let of_frame = |frame: &Frame| {
        let SpanlessPart { known, under } = frame.spanless_part.as_ref()?;
        let is_innermost = current.is_none() || current == under.as_ref();
        let function = frame.function;
        Some(is_innermost.then_some(SpanlessCall { known, function }))
    };
    read(|chain| chain.iter().rev().find_map(of_frame))??
}

/// True if an action is the first one of its service in the chain, apart from calls that are over.
pub(crate) fn is_outermost(service: &'static ServiceHandles) -> bool {
    let within = |frame: &Frame| {
        let of_service = frame.function.of_service();
        of_service.is_some_and(|known| std::ptr::eq(known, service)) && !frame.is_over()
    };
    read(|chain| !chain.iter().any(within)).unwrap_or(true)
}

/// Returns the innermost call whose function fits.
pub(crate) fn innermost(fits: impl Fn(&'static MeteredFunction) -> bool) -> Option<EnclosingCall> {
    let asked = |frame: &Frame| EnclosingCall {
        function: frame.function,
        labels: frame.labels.clone(),
    };
    let find = |chain: &[Frame]| {
        let mut inside_out = chain.iter().rev();
        inside_out.find(|frame| fits(frame.function)).map(asked)
    };
    read(find).flatten()
}

/// Copies the current chain for another task. Of calls that are over the copy has at most the innermost one, which says
/// whose code runs: a task may spawn its successor for ever.
pub(crate) fn copy_chain() -> Vec<Frame> {
    let elsewhere = |chain: &mut Vec<Frame>| {
        let last = chain.len().saturating_sub(1);
        let all = chain.iter_mut().enumerate();
        let kept = all.filter(|(at, frame)| *at == last || !frame.is_over());
        kept.map(|(_, frame)| frame.for_other_task()).collect()
    };
    write(elsewhere).unwrap_or_default()
}

/// Adds a call to the chain as the innermost one, until the guard is dropped.
#[inline]
pub(crate) fn push(
    function: &'static MeteredFunction,
    labels: Option<&LabelValues>,
    spanless_part: Option<SpanlessPart>,
) -> ChainGuard {
    let depth = write(|chain| {
        let depth = chain.len();
        chain.push(Frame {
            function,
            labels: labels.map(LabelValues::added).cloned(),
            spanless_part,
            end_flag: None,
        });
        depth
    });
    ChainGuard { depth }
}

/// Gives the innermost call a flag by which other tasks learn its end.
#[cold]
pub(crate) fn flag_innermost(end_flag: EndFlag) {
    write(|chain| {
        if let Some(innermost) = chain.last_mut() {
            innermost.end_flag = Some(end_flag);
        }
    });
}

/// A part in the chain until [`ChainGuard::pop`] ends it, see [`push`].
#[must_use]
pub(crate) struct ChainGuard {
    /// `None` if the thread is at its end.
    depth: Option<usize>,
}

impl ChainGuard {
    /// Ends the part. Returns the flag that the call keeps for its next part, if other tasks have frames of it. Inlined,
    /// because every part of a call ends so; the rare cases are in cold functions (`tests/instructions`, *async call* and
    /// *sync call*).
    #[inline(always)]
    pub(crate) fn pop(mut self) -> Option<EndFlag> {
        let depth = self.depth.take()?;
        let pop = |chain: &mut Vec<Frame>| {
            if chain.len() != depth + 1 {
                cut_chain(chain, depth);
                return None;
            }
            let end_flag = match chain.last_mut() {
                Some(last) if last.end_flag.is_some() => last.take_end_flag(),
                _ => None,
            };
            // A dropped frame has only label values: nobody's code runs under the borrow.
            chain.pop();
            end_flag
        };
        write(pop).flatten()
    }
}

impl Drop for ChainGuard {
    /// Cuts the chain when a layer unwinds as the part begins.
    #[inline]
    fn drop(&mut self) {
        if let Some(depth) = self.depth {
            unwind_chain(depth);
        }
    }
}

#[cold]
fn unwind_chain(depth: usize) {
    write(|chain| cut_chain(chain, depth));
}

#[cold]
fn cut_chain(chain: &mut Vec<Frame>, depth: usize) {
    chain.truncate(depth);
}

/// Makes another chain the current one, until the guard is dropped and puts both back.
pub(crate) fn swap_chain(chain: &mut Vec<Frame>) -> ChainSwap<'_> {
    let swapped = write(|current| std::mem::swap(current, chain)).is_some();
    ChainSwap { chain, swapped }
}

/// Puts the chain of the thread back when dropped, see [`swap_chain`].
#[must_use]
pub(crate) struct ChainSwap<'a> {
    chain: &'a mut Vec<Frame>,
    swapped: bool,
}

impl Drop for ChainSwap<'_> {
    fn drop(&mut self) {
        if self.swapped {
            write(|current| std::mem::swap(current, self.chain));
        }
    }
}

/// Reads the chain of the thread; `None` at the end of a thread, when its chain is gone, or while the chain is changed.
#[inline]
fn read<R>(usage: impl FnOnce(&[Frame]) -> R) -> Option<R> {
    CHAIN
        .try_with(|chain| chain.try_borrow().ok().map(|chain| usage(&chain)))
        .ok()
        .flatten()
}

#[inline(always)]
fn write<R>(usage: impl FnOnce(&mut Vec<Frame>) -> R) -> Option<R> {
    CHAIN
        .try_with(|chain| {
            chain
                .try_borrow_mut()
                .ok()
                .map(|mut chain| usage(&mut chain))
        })
        .ok()
        .flatten()
}
