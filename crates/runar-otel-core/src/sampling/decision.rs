//! Hand-over of a decision from the call that asked for it to the tracer that makes the span.
//!
//! The span begins when `tracing` makes it, or enters it first, on the thread of the call. The decision is in a
//! thread-local only meanwhile: it is laid out there.

use std::{any::Any, cell::RefCell, mem};

/// The decision of a sampler on one span, until the tracer takes it.
#[derive(Debug)]
pub struct Decision(Option<Box<dyn Any + Send + Sync>>);

impl Decision {
    /// Wraps a decision, whose type is known to the sampler and to the tracer that makes the span.
    pub fn new(decision: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(decision)))
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.0.is_none()
    }

    fn swap_pending(&mut self) {
        let _ = PENDING.try_with(|pending| {
            if let Ok(mut pending) = pending.try_borrow_mut() {
                mem::swap(&mut *pending, &mut self.0);
            }
        });
    }
}

thread_local! {
    static PENDING: RefCell<Option<Box<dyn Any + Send + Sync>>> = const { RefCell::new(None) };
}

/// Takes the decision that is laid out on this thread, if it is one on the span in question.
pub fn take_decision<D: Any>(is_of_span: impl FnOnce(&D) -> bool) -> Option<Box<D>> {
    let taken = PENDING.try_with(|pending| {
        let mut pending = pending.try_borrow_mut().ok()?;
        pending.take_if(|decision| decision.downcast_ref().is_some_and(is_of_span))
    });
    taken.ok().flatten()?.downcast().ok()
}

/// A decision that can be taken on this thread. When this is dropped, the decision laid out before is back.
#[derive(Debug)]
#[must_use = "it is laid out as long as this lives"]
pub struct PendingDecision<'a>(&'a mut Decision);

impl<'a> PendingDecision<'a> {
    pub(crate) fn new(decision: &'a mut Decision) -> Self {
        decision.swap_pending();
        Self(decision)
    }
}

impl Drop for PendingDecision<'_> {
    fn drop(&mut self) {
        self.0.swap_pending();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str) -> bool {
        take_decision::<&str>(|it| *it == text).is_some()
    }

    #[test]
    fn decision_is_taken_once_and_while_it_is_laid_out() {
        let mut decision = Decision::new("outer");
        assert!(!take("outer"));
        {
            let _pending = PendingDecision::new(&mut decision);
            let mut inner = Decision::new("inner");
            {
                let _pending = PendingDecision::new(&mut inner);
                assert!(!take("outer") && take_decision::<u8>(|_| true).is_none());
            }
            assert!(!inner.is_taken() && !take("inner"));
        }
        assert!(!decision.is_taken() && !take("outer"));
        {
            let _pending = PendingDecision::new(&mut decision);
            assert!(take("outer") && !take("outer"));
        }
        assert!(decision.is_taken());
    }

    #[test]
    fn decision_survives_a_panic_of_another() {
        let mut outer = Decision::new("outer");
        let _pending = PendingDecision::new(&mut outer);
        let panicked = std::panic::catch_unwind(|| {
            let mut inner = Decision::new("inner");
            let _pending = PendingDecision::new(&mut inner);
            panic!("while the span is made");
        });
        assert!(panicked.is_err() && !take("inner") && take("outer"));
    }
}
