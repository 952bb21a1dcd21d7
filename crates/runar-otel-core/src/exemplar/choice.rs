//! The choice of a reservoir for each stream.

use std::{fmt, sync::Arc};

use super::{
    aligned::AlignedBucketReservoir, fixed::FixedSizeReservoir, reservoir::ExemplarReservoir,
};
use crate::{
    metric::{Aggregation, StreamPlan},
    threads::deferred_drop::DeferredDrop,
};

/// Makes the reservoir of a new series of the given stream.
pub type ReservoirFactory = Arc<dyn Fn(&StreamPlan) -> Box<dyn ExemplarReservoir> + Send + Sync>;

/// The choice of reservoir for a stream.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Reservoir {
    /// The default of the specification: aligned to the buckets of an explicit histogram, up to 20 (but not more than
    /// its buckets) for an exponential one, else a single exemplar.
    #[default]
    Default,
    /// No exemplars for this stream.
    Off,
    /// An exemplar per bucket, each measurement of a bucket with the same chance.
    AlignedBuckets,
    /// A reservoir of this size, each measurement with the same chance.
    FixedSize(usize),
    /// A reservoir that the application makes.
    Custom(ReservoirFactory),
}

impl Reservoir {
    /// Chooses a reservoir that the application makes.
    ///
    /// A series that took no exemplar between two collections gets a new reservoir when it takes one again.
    pub fn custom<R, F>(make: F) -> Self
    where
        R: ExemplarReservoir + 'static,
        F: Fn(&StreamPlan) -> R + Send + Sync + 'static,
    {
        // Values inside the closure may have a `Drop` of their own.
        let make = DeferredDrop::new(make);
        Self::Custom(Arc::new(move |plan| match make.get() {
            Some(make) => Box::new(make(plan)),
            None => Box::new(FixedSizeReservoir::new(0)),
        }))
    }

    /// True if the application makes the reservoirs.
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// True if the choice is the same one; two reservoirs of the application, if they have the same maker.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Default, Self::Default)
            | (Self::Off, Self::Off)
            | (Self::AlignedBuckets, Self::AlignedBuckets) => true,
            (Self::FixedSize(one), Self::FixedSize(other)) => one == other,
            (Self::Custom(one), Self::Custom(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Makes the reservoir for one series, `None` if the stream wants none.
    pub(crate) fn make(&self, plan: &StreamPlan) -> Option<Box<dyn ExemplarReservoir>> {
        let bounds = match &plan.aggregation {
            Aggregation::ExplicitBuckets(bounds) => Some(bounds),
            _ => None,
        };
        Some(match (self, bounds) {
            (Self::Off, _) => return None,
            (Self::Custom(make), _) => make(plan),
            (Self::FixedSize(size), _) => Box::new(FixedSizeReservoir::new(*size)),
            (Self::AlignedBuckets, Some(bounds)) => {
                Box::new(AlignedBucketReservoir::new(bounds.clone()))
            }
            (Self::Default, Some(bounds)) if !bounds.is_empty() => {
                Box::new(AlignedBucketReservoir::new(bounds.clone()))
            }
            _ => Box::new(FixedSizeReservoir::new(default_size(&plan.aggregation))),
        })
    }
}

fn default_size(aggregation: &Aggregation) -> usize {
    match aggregation {
        Aggregation::Exponential { max_size, .. } => {
            usize::try_from(*max_size).map_or(20, |size| size.min(20))
        }
        _ => 1,
    }
}

impl fmt::Debug for Reservoir {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("Default"),
            Self::Off => out.write_str("Off"),
            Self::AlignedBuckets => out.write_str("AlignedBuckets"),
            Self::FixedSize(size) => out.debug_tuple("FixedSize").field(size).finish(),
            Self::Custom(_) => out.write_str("Custom"),
        }
    }
}
