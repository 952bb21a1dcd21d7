//! The chain of calls that the current code runs in.

use std::{cell::RefCell, sync::Arc};

use super::{
    label_values::LabelValues,
    site::{Resolved, ServiceSeries},
};

thread_local! {
    static CHAIN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// One call of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) resolved: &'static Resolved,
    pub(crate) labels: Option<Arc<LabelValues>>,
}

/// Whether the action of a service is the first one of it in its chain.
pub(crate) fn is_outermost(service: &'static ServiceSeries) -> bool {
    let within = |frame: &Frame| {
        frame
            .resolved
            .of_service()
            .is_some_and(|known| std::ptr::eq(known, service))
    };
    read(|chain| !chain.iter().any(within)).unwrap_or(true)
}

/// The innermost call that fits.
pub(crate) fn innermost(fits: impl Fn(&Frame) -> bool) -> Option<Frame> {
    read(|chain| chain.iter().rev().find(|frame| fits(frame)).cloned()).flatten()
}

/// The chain as it is now.
pub(crate) fn current() -> Vec<Frame> {
    read(<[Frame]>::to_vec).unwrap_or_default()
}

/// Makes a call the innermost one, until the guard is dropped.
#[inline]
pub(crate) fn push(resolved: &'static Resolved, labels: Option<&Arc<LabelValues>>) -> Pushed {
    let depth = write(|chain| {
        let depth = chain.len();
        chain.push(Frame {
            resolved,
            labels: labels.cloned(),
        });
        depth
    });
    Pushed { depth }
}

/// See [`push`].
#[must_use]
pub(crate) struct Pushed {
    /// `None` if the thread is at its end.
    depth: Option<usize>,
}

impl Drop for Pushed {
    #[inline]
    fn drop(&mut self) {
        if let Some(depth) = self.depth {
            truncate(depth);
        }
    }
}

/// What is dropped with a frame are label values: nobody's code runs under the borrow.
#[inline]
fn truncate(depth: usize) {
    write(|chain| {
        if chain.len() == depth + 1 {
            chain.pop();
        } else {
            cut(chain, depth);
        }
    });
}

#[cold]
fn cut(chain: &mut Vec<Frame>, depth: usize) {
    chain.truncate(depth);
}

/// Makes another chain the current one, until the guard is dropped; then both are where they were.
pub(crate) fn exchange(chain: &mut Vec<Frame>) -> Exchanged<'_> {
    let swapped = write(|current| std::mem::swap(current, chain)).is_some();
    Exchanged { chain, swapped }
}

/// See [`exchange`].
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

/// Nothing happens at the end of a thread, when its chain is gone.
#[inline]
fn read<R>(usage: impl FnOnce(&[Frame]) -> R) -> Option<R> {
    CHAIN
        .try_with(|chain| chain.try_borrow().ok().map(|chain| usage(&chain)))
        .ok()
        .flatten()
}

#[inline]
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
