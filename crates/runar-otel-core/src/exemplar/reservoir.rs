//! The reservoir: what keeps a few of many measurements; the extension point and the choice per stream.

use std::{cell::OnceCell, fmt, sync::Arc, time::SystemTime};

use opentelemetry::{Context, KeyValue};

use super::{AlignedBucketReservoir, Exemplar, FixedSizeReservoir, Origin, SpanLink};
use crate::{
    apart::Apart,
    labels::LabelFilter,
    metric::{Aggregation, StreamPlan},
    thread::with_context,
};

/// Keeps some of the measurements of one series between two collections.
///
/// OpenTelemetry specification, metrics SDK: *ExemplarReservoir*. Implementations are called on the
/// recording path, one call at a time: `offer` should be short and should not allocate. A reservoir may record: that is
/// counted, and offered to no custom reservoir. A thread of its own drops it.
///
/// # Examples
///
/// A reservoir that keeps the largest value:
///
/// ```
/// use runar_otel_core::exemplar::{Exemplar, ExemplarReservoir, Measurement};
///
/// #[derive(Default)]
/// struct Largest(Option<Exemplar>);
///
/// impl ExemplarReservoir for Largest {
///     fn offer(&mut self, measurement: &Measurement<'_>) {
///         if self.0.as_ref().is_none_or(|kept| kept.value < measurement.value()) {
///             self.0 = Some(measurement.to_exemplar());
///         }
///     }
///
///     fn collect(&mut self) -> Vec<Exemplar> {
///         self.0.take().into_iter().collect()
///     }
/// }
/// ```
pub trait ExemplarReservoir: Send {
    /// Offers a measurement that has passed the filter and is already counted.
    fn offer(&mut self, measurement: &Measurement<'_>);

    /// Hands over what was kept and starts anew.
    fn collect(&mut self) -> Vec<Exemplar>;
}

/// One measurement as a reservoir sees it.
///
/// The clock is read and attributes are copied only when they are asked for.
#[derive(Debug)]
pub struct Measurement<'a> {
    value: f64,
    origin: Origin<'a>,
    filter: Option<&'a LabelFilter>,
    span: Option<SpanLink>,
    /// Of a value that a callback observed; others are of now.
    time: Option<SystemTime>,
    attributes: OnceCell<Vec<KeyValue>>,
}

impl<'a> Measurement<'a> {
    pub(crate) fn new(
        value: f64,
        origin: Origin<'a>,
        filter: Option<&'a LabelFilter>,
        span: Option<SpanLink>,
    ) -> Self {
        Self {
            value,
            origin,
            filter,
            span,
            time: None,
            attributes: OnceCell::new(),
        }
    }

    /// Says when it was taken.
    pub(crate) fn at(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// The value, in the unit of the metric.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// All attributes of the measurement, sorted by key, also those that a view removes. Copies them when called first.
    #[must_use]
    pub fn attributes(&self) -> &[KeyValue] {
        self.attributes.get_or_init(|| self.origin.to_key_values())
    }

    /// The ids of the active span.
    #[must_use]
    pub fn span(&self) -> Option<SpanLink> {
        self.span
    }

    /// The context in which the measurement is taken, an empty one at the end of a thread. Costs a clone.
    #[must_use]
    pub fn context(&self) -> Context {
        with_context(Context::clone).unwrap_or_default()
    }

    /// The time. Reads the clock.
    #[must_use]
    pub fn timestamp(&self) -> SystemTime {
        self.time.unwrap_or_else(SystemTime::now)
    }

    /// Makes an exemplar of it, with the time of now and the attributes that a view removed.
    #[must_use]
    pub fn to_exemplar(&self) -> Exemplar {
        let filtered_attributes = self
            .filter
            .map_or_else(Vec::new, |filter| filter.removed(self.attributes()));
        Exemplar {
            value: self.value,
            time: self.timestamp(),
            filtered_attributes,
            span: self.span,
        }
    }
}

/// Makes the reservoir of a new series of the given stream.
pub type ReservoirFactory = Arc<dyn Fn(&StreamPlan) -> Box<dyn ExemplarReservoir> + Send + Sync>;

/// The choice of reservoir for a stream.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Reservoir {
    /// What the specification says: aligned to the buckets of an explicit histogram, up to 20 (but not more
    /// than its buckets) for an exponential one, else one.
    #[default]
    Default,
    /// No exemplars for this stream.
    Off,
    /// One exemplar per bucket.
    AlignedBuckets,
    /// So many exemplars, each measurement with the same chance.
    FixedSize(usize),
    /// One of the application's own making.
    Custom(ReservoirFactory),
}

impl Reservoir {
    /// Chooses a reservoir of the application's own making.
    ///
    /// A series that took no exemplar between two collections gets a new reservoir when it takes one again.
    pub fn custom<R, F>(make: F) -> Self
    where
        R: ExemplarReservoir + 'static,
        F: Fn(&StreamPlan) -> R + Send + Sync + 'static,
    {
        // What the closure holds may have a `Drop` of its own.
        let make = Apart::new(make);
        Self::Custom(Arc::new(move |plan| match make.get() {
            Some(make) => Box::new(make(plan)),
            None => Box::new(FixedSizeReservoir::new(0)),
        }))
    }

    /// True if the application makes the reservoirs.
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// True if the choice is the same one; of two that the application makes, if they are made alike.
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
