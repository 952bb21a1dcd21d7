//! The descriptor: the declaration of one metric.

use std::{borrow::Cow, panic::Location, sync::Arc};

use super::sharing::Sharing;
use super::{Aggregation, InstrumentKind, error::RegisterError, name, number::NumberKind};

/// Name, meaning, kind and aggregation of a metric that is registered.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) unit: Unit,
    pub(crate) kind: InstrumentKind,
    pub(crate) number: NumberKind,
    /// The type of the values to be recorded, as far as it is known: whole numbers join a metric of any type.
    pub(crate) values: NumberKind,
    /// [`Aggregation::Default`] unless buckets or an exponential histogram were asked for.
    pub(crate) aggregation: Aggregation,
    pub(crate) joining: Joining,
    pub(crate) sharing: Sharing,
    pub(crate) at: &'static Location<'static>,
}

/// The unit of a metric, and its source. A unit that was not stated gives way to that of a metric that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Stated(Cow<'static, str>),
    FromName(&'static str),
}

/// The rule by which a histogram joins another one of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joining {
    /// Joins a histogram with the requested buckets; any one of the name if none were requested.
    Any,
    /// Joins a histogram with the requested buckets; one with the default buckets if none were requested.
    SameBuckets,
    /// Joins a histogram with the same buckets, in a scope of their own from the beginning: other histograms of the
    /// name keep the common scope, whichever comes first.
    Apart,
}

impl Unit {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Stated(code) => code,
            Self::FromName(code) => code,
        }
    }

    /// Returns the unit as an owned string.
    pub(crate) fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Stated(code) => code.clone(),
            Self::FromName(code) => Cow::Borrowed(code),
        }
    }
}

impl Descriptor {
    /// The aggregation that counts in a comparison: for durations the default is a set of buckets like any other.
    pub(crate) fn effective_aggregation(&self) -> Cow<'_, Aggregation> {
        let durations = self.kind == InstrumentKind::Histogram && self.unit.as_str() == "s";
        match &self.aggregation {
            Aggregation::Default if durations => Cow::Owned(Aggregation::ExplicitBuckets(
                Arc::from(name::SECONDS_BUCKETS),
            )),
            asked => Cow::Borrowed(asked),
        }
    }

    pub(crate) fn check(&self) -> Result<(), RegisterError> {
        name::check_name(&self.name)?;
        let name = || self.name.clone().into_owned();
        name::check_unit(self.unit.as_str()).map_err(|error| RegisterError::Unit {
            name: name(),
            error,
        })?;
        if let Aggregation::ExplicitBuckets(bounds) = &self.aggregation {
            name::check_bounds(bounds).map_err(|error| RegisterError::Buckets {
                name: name(),
                error,
            })?;
        }
        Ok(())
    }
}

/// The declaration of a handle: the descriptor of its metric, as the builders of instruments complete it, and its labels.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) descriptor: Descriptor,
    pub(crate) labels: Vec<(String, String)>,
}

impl Declaration {
    pub(crate) fn new(
        kind: InstrumentKind,
        number: NumberKind,
        name: Cow<'static, str>,
        description: Cow<'static, str>,
    ) -> Self {
        let descriptor = Descriptor {
            unit: Unit::FromName(name::unit_of_name(&name).unwrap_or_default()),
            name,
            description,
            kind,
            number,
            values: number,
            aggregation: Aggregation::Default,
            joining: Joining::Any,
            sharing: Sharing::default(),
            // The place that registers the handle counts: `descriptor` sets it.
            at: Location::caller(),
        };
        Self {
            descriptor,
            labels: Vec::new(),
        }
    }

    pub(crate) fn unit(&mut self, unit: Cow<'static, str>) {
        self.descriptor.unit = Unit::Stated(unit);
    }

    /// Sets the unit of a metric without a stated one; unlike a stated unit it gives way to that of a metric that is
    /// there.
    pub(crate) fn assume_unit(&mut self, unit: &'static str) {
        if self.descriptor.unit == Unit::FromName("") {
            self.descriptor.unit = Unit::FromName(unit);
        }
    }

    /// Sets the type of the values to be recorded, if that is not the number type of the metric.
    pub(crate) fn values(&mut self, values: NumberKind) {
        self.descriptor.values = values;
    }

    pub(crate) fn label(&mut self, key: String, value: String) {
        self.labels.retain(|(known, _)| *known != key);
        self.labels.push((key, value));
    }

    pub(crate) fn buckets(&mut self, mut bounds: Vec<f64>) {
        bounds.pop_if(|last| *last == f64::INFINITY);
        self.descriptor.aggregation = Aggregation::ExplicitBuckets(Arc::from(bounds));
    }

    /// Checks labels and descriptor, and returns the descriptor for this place in the source.
    pub(crate) fn descriptor(
        &self,
        at: &'static Location<'static>,
    ) -> Result<Descriptor, RegisterError> {
        let descriptor = Descriptor {
            at,
            ..self.descriptor.clone()
        };
        let name = || descriptor.name.clone().into_owned();
        if self.labels.iter().any(|(key, _)| key.is_empty()) {
            return Err(RegisterError::EmptyLabel { name: name() });
        }
        let reserved = self.labels.iter().find(|(key, _)| key == "le");
        if let (InstrumentKind::Histogram, Some((label, _))) = (descriptor.kind, reserved) {
            return Err(RegisterError::ReservedLabel {
                name: name(),
                label: label.clone(),
            });
        }
        descriptor.check()?;
        Ok(descriptor)
    }
}
