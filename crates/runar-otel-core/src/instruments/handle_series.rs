//! The series that a handle records into, and the changes that it makes.

use std::sync::Arc;

use crate::{
    binding::instrument::Instrument,
    labels::LabelSet,
    metric::number::Value,
    series::{BoundSeries, Stream},
};

/// The series of the base labels: mostly one; views can make several of an instrument, or none.
#[derive(Debug)]
pub(crate) enum HandleSeries {
    /// A single series, the usual case.
    One(BoundSeries),
    /// Several series, or none: then a record ends at once. Two boxes, so that this variant takes no more room than the
    /// other.
    Others(Option<Box<Box<[BoundSeries]>>>),
}

/// The instrument that stands for that of a handle in the recorder that is current.
pub(crate) enum Counterpart {
    /// The handle's own one.
    Own,
    Other(Arc<Instrument>),
    /// None: the recorder has a metric of another kind under the name.
    Nowhere,
}

/// A change of a series.
#[derive(Clone, Copy)]
pub(crate) enum HandleChange {
    /// Records a value.
    Record(Value),
    /// Moves a level up or down.
    Adjust(Value),
}

impl HandleChange {
    /// Makes the change in a series.
    #[inline]
    pub(crate) fn of(self, bound: &BoundSeries, given: Option<&LabelSet>) {
        match self {
            Self::Record(value) => bound.measure(value.bits(bound.stream.number()), given),
            Self::Adjust(by) => bound.adjust(by),
        }
    }
}

impl HandleSeries {
    /// Finds the series of a label set in streams.
    pub(crate) fn new(streams: &[Arc<Stream>], labels: &LabelSet) -> Self {
        match streams {
            [] => Self::Others(None),
            [stream] => Self::One(BoundSeries::new(stream, labels)),
            all => {
                let all = all.iter().map(|stream| BoundSeries::new(stream, labels));
                Self::Others(Some(Box::new(all.collect())))
            }
        }
    }

    /// The series, none or more.
    pub(crate) fn all(&self) -> &[BoundSeries] {
        match self {
            Self::One(bound) => std::slice::from_ref(bound),
            Self::Others(all) => all.as_ref().map(|all| &***all).unwrap_or_default(),
        }
    }

    /// True if the target is one series, with just these labels.
    pub(crate) fn has(&self, labels: &LabelSet) -> bool {
        matches!(self, Self::One(bound) if bound.series.labels() == labels)
    }

    /// True if both are of the same streams: a stream keeps the series of a handle.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, other) = (self.all(), other.all());
        let mut pairs = one.iter().zip(other);
        one.len() == other.len()
            && pairs.all(|(one, other)| {
                Arc::ptr_eq(&one.stream, &other.stream) && Arc::ptr_eq(&one.series, &other.series)
            })
    }
}
