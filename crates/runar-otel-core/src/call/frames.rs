//! The chain of calls around the current code.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::{Dispatch, Metadata, dispatcher, span};

use crate::action::label_values::{Added, LabelValues};
use crate::action::{function::Role, resolved::Resolved, service_series::ServiceSeries};
use crate::{sampling::Known, threads::context::spans_are_alive};

thread_local! {
    static CHAIN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A call in the chain of the thread.
#[derive(Debug)]
pub(crate) struct Frame {
    resolved: &'static Resolved,
    labels: Option<Added>,
    in_lines: Option<InLines>,
    /// The flag that ends it elsewhere; made when another task gets a frame of the call.
    watched: Option<Watched>,
}

/// A flag that notifies the frames of a call in other tasks that the call is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched(Arc<AtomicBool>);

impl Watched {
    /// Notifies the frames in other tasks that the call is over.
    pub(crate) fn ends(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Frame {
    fn is_over(&self) -> bool {
        self.watched.as_ref().is_some_and(Watched::is_over)
    }

    #[cold]
    fn unwatched(&mut self) -> Option<Watched> {
        self.watched.take()
    }

    /// Makes a frame of the same call for another task, where it is under no span.
    fn elsewhere(&mut self) -> Self {
        let known = self.in_lines.as_ref().map(|in_lines| in_lines.known);
        Self {
            resolved: self.resolved,
            labels: self.labels.clone(),
            in_lines: known.map(InLines::at_once),
            watched: Some(self.watched.get_or_insert_default().clone()),
        }
    }
}

/// The function of a call, and the label values that can be added to it.
pub(crate) struct Asked {
    pub(crate) resolved: &'static Resolved,
    pub(crate) labels: Option<Added>,
}

/// A part of a call without a span that log lines show.
#[derive(Clone, Debug)]
pub(crate) struct InLines {
    known: &'static Known,
    /// The span that was current when the part began.
    under: Option<span::Id>,
}

impl InLines {
    /// Begins a part here, wherever the call began.
    #[inline]
    pub(crate) fn here(known: &'static Known) -> Self {
        let current = |dispatch: &Dispatch| dispatch.current_span().id().cloned();
        let under = spans_are_alive().then(|| dispatcher::get_default(current));
        Self {
            known,
            under: under.flatten(),
        }
    }

    /// Begins a part together with the call.
    #[inline]
    pub(crate) fn at_once(known: &'static Known) -> Self {
        Self { known, under: None }
    }
}

/// A call without a span, as log lines show it.
#[derive(Clone, Copy, Debug)]
pub struct Spanless {
    known: &'static Known,
    resolved: &'static Resolved,
}

impl Spanless {
    /// The metadata of the span that the call would have.
    #[must_use]
    pub fn metadata(&self) -> &'static Metadata<'static> {
        self.known.metadata
    }

    /// The fields of that span in their order, as far as they have values.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Option<&'static str>); 3] {
        let function = self.resolved.site().function();
        let of = match function.role {
            Role::Action | Role::Job => ("action", function.name),
            Role::Event => ("event", function.event.unwrap_or(function.name)),
        };
        [
            ("service", Some(self.resolved.service())),
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
pub fn spanless(current: Option<&span::Id>) -> Option<Spanless> {
    let of_frame = |frame: &Frame| {
        let InLines { known, under } = frame.in_lines.as_ref()?;
        let is_innermost = current.is_none() || current == under.as_ref();
        let resolved = frame.resolved;
        Some(is_innermost.then_some(Spanless { known, resolved }))
    };
    read(|chain| chain.iter().rev().find_map(of_frame))??
}

/// True if an action is the first one of its service in the chain, apart from calls that are over.
pub(crate) fn is_outermost(service: &'static ServiceSeries) -> bool {
    let within = |frame: &Frame| {
        let of_service = frame.resolved.of_service();
        of_service.is_some_and(|known| std::ptr::eq(known, service)) && !frame.is_over()
    };
    read(|chain| !chain.iter().any(within)).unwrap_or(true)
}

/// Returns the innermost call whose function fits.
pub(crate) fn innermost(fits: impl Fn(&'static Resolved) -> bool) -> Option<Asked> {
    let asked = |frame: &Frame| Asked {
        resolved: frame.resolved,
        labels: frame.labels.clone(),
    };
    let find = |chain: &[Frame]| {
        let mut inside_out = chain.iter().rev();
        inside_out.find(|frame| fits(frame.resolved)).map(asked)
    };
    read(find).flatten()
}

/// Copies the current chain for another task. Of calls that are over the copy has at most the innermost one, which says
/// whose code runs: a task may spawn its successor for ever.
pub(crate) fn current() -> Vec<Frame> {
    let elsewhere = |chain: &mut Vec<Frame>| {
        let last = chain.len().saturating_sub(1);
        let all = chain.iter_mut().enumerate();
        let kept = all.filter(|(at, frame)| *at == last || !frame.is_over());
        kept.map(|(_, frame)| frame.elsewhere()).collect()
    };
    write(elsewhere).unwrap_or_default()
}

/// Adds a call to the chain as the innermost one, until the guard is dropped.
#[inline]
pub(crate) fn push(
    resolved: &'static Resolved,
    labels: Option<&LabelValues>,
    in_lines: Option<InLines>,
) -> Pushed {
    let depth = write(|chain| {
        let depth = chain.len();
        chain.push(Frame {
            resolved,
            labels: labels.map(LabelValues::added).cloned(),
            in_lines,
            watched: None,
        });
        depth
    });
    Pushed { depth }
}

/// Gives the innermost call a flag by which other tasks learn its end.
#[cold]
pub(crate) fn watch(watched: Watched) {
    write(|chain| {
        if let Some(innermost) = chain.last_mut() {
            innermost.watched = Some(watched);
        }
    });
}

/// A part in the chain until [`Pushed::pop`] ends it, see [`push`].
#[must_use]
pub(crate) struct Pushed {
    /// `None` if the thread is at its end.
    depth: Option<usize>,
}

impl Pushed {
    /// Ends the part. Returns the flag that the call keeps for its next part, if other tasks have frames of it.
    #[inline(always)]
    pub(crate) fn pop(mut self) -> Option<Watched> {
        let depth = self.depth.take()?;
        let pop = |chain: &mut Vec<Frame>| {
            if chain.len() != depth + 1 {
                cut(chain, depth);
                return None;
            }
            let watched = match chain.last_mut() {
                Some(last) if last.watched.is_some() => last.unwatched(),
                _ => None,
            };
            // A dropped frame has only label values: nobody's code runs under the borrow.
            chain.pop();
            watched
        };
        write(pop).flatten()
    }
}

impl Drop for Pushed {
    /// Cuts the chain when a layer unwinds as the part begins.
    #[inline]
    fn drop(&mut self) {
        if let Some(depth) = self.depth {
            unwind(depth);
        }
    }
}

#[cold]
fn unwind(depth: usize) {
    write(|chain| cut(chain, depth));
}

#[cold]
fn cut(chain: &mut Vec<Frame>, depth: usize) {
    chain.truncate(depth);
}

/// Makes another chain the current one, until the guard is dropped and puts both back.
pub(crate) fn exchange(chain: &mut Vec<Frame>) -> Exchanged<'_> {
    let swapped = write(|current| std::mem::swap(current, chain)).is_some();
    Exchanged { chain, swapped }
}

/// Puts the chain of the thread back when dropped, see [`exchange`].
#[must_use]
pub(crate) struct Exchanged<'a> {
    chain: &'a mut Vec<Frame>,
    swapped: bool,
}

impl Drop for Exchanged<'_> {
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
