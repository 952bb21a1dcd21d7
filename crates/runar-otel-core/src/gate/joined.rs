//! Two series that are measured together: a value, and that there was one.
//!
//! A finished call is one measurement of how long it took, and of one call more. As one entry of the ring it is written
//! once; both instruments of the SDK get their part when the ring is emptied.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    batch::{Target, Ticket},
    bound::{BoundSeries, Series},
};
use crate::{
    exemplar::SpanLink,
    number::{NumberKind, Value},
};

/// A series that measures values, and one that counts them.
struct Joined {
    values: Arc<dyn Series>,
    count: Arc<dyn Series>,
    /// The number type of the count.
    number: NumberKind,
}

impl Target for Joined {
    /// A panic of the one takes nothing from the other.
    fn record(&self, values: &[u64]) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.values.record(values)));
        let count = Value::U64(values.len() as u64);
        self.count.record(&[count.bits(self.number)]);
    }
}

impl Series for Joined {
    fn offer(&self, value: f64, span: Option<SpanLink>) {
        self.values.offer(value, span);
        self.count.offer(1.0, span);
    }

    fn target(self: Arc<Self>) -> Arc<dyn Target> {
        self
    }
}

impl BoundSeries {
    /// This series together with a counter: who records a value there counts it here. `None` unless the measurements of
    /// both may wait, and one filter is asked for both.
    pub(crate) fn with_count(&self, count: &Self) -> Option<Self> {
        let waits = self.waits() && count.waits();
        if !waits || self.filter != count.filter {
            return None;
        }
        let joined = Arc::new(Joined {
            values: self.series.clone(),
            count: count.series.clone(),
            number: count.number,
        });
        Some(Self {
            ticket: Some(Ticket::new(joined.clone().target())?),
            series: joined,
            number: self.number,
            filter: self.filter,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::exemplar::ExemplarFilter;

    /// Keeps what it is given.
    #[derive(Default)]
    struct Kept {
        recorded: Mutex<Vec<u64>>,
        offered: Mutex<Vec<f64>>,
    }

    impl Target for Kept {
        fn record(&self, values: &[u64]) {
            self.recorded.lock().unwrap().extend(values);
            assert!(!values.contains(&13), "bad luck");
        }
    }

    impl Series for Kept {
        fn offer(&self, value: f64, _: Option<SpanLink>) {
            self.offered.lock().unwrap().push(value);
        }

        fn target(self: Arc<Self>) -> Arc<dyn Target> {
            self
        }
    }

    fn bound(kept: &Arc<Kept>, number: NumberKind, filter: ExemplarFilter) -> BoundSeries {
        BoundSeries {
            ticket: Ticket::new(kept.clone().target()),
            series: kept.clone(),
            number,
            filter,
        }
    }

    #[test]
    fn one_measurement_reaches_both() {
        let (values, count) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
        let filter = ExemplarFilter::AlwaysOn;
        let joined = bound(&values, NumberKind::U64, filter)
            .with_count(&bound(&count, NumberKind::F64, filter))
            .unwrap();
        // A thread that ends leaves nothing in its ring.
        let measure = || [5, 13, 7].map(|value| joined.record(Value::U64(value)));
        std::thread::scope(|scope| scope.spawn(measure).join()).unwrap();
        assert_eq!(*values.recorded.lock().unwrap(), [5, 13, 7]);
        assert_eq!(*count.recorded.lock().unwrap(), [3.0_f64.to_bits()]);
        assert_eq!(*values.offered.lock().unwrap(), [5.0, 13.0, 7.0]);
        assert_eq!(*count.offered.lock().unwrap(), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn what_goes_straight_or_asks_another_filter_is_not_joined() {
        let kept = Arc::new(Kept::default());
        let with = |filter| bound(&kept, NumberKind::U64, filter);
        let straight = || BoundSeries {
            ticket: None,
            ..with(ExemplarFilter::AlwaysOn)
        };
        let on = with(ExemplarFilter::AlwaysOn);
        assert!(on.with_count(&straight()).is_none());
        assert!(straight().with_count(&on).is_none());
        assert!(on.with_count(&with(ExemplarFilter::TraceBased)).is_none());
        assert!(on.with_count(&on).is_some());
    }
}
