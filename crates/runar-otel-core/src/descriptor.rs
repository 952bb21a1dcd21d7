//! The descriptor: the declaration of one metric.

use std::{borrow::Cow, panic::Location, sync::Arc};

use crate::{
    error::RegisterError,
    gate::stream::{Aggregation, InstrumentKind},
    name,
    number::NumberKind,
};

/// What a metric is called, what it means and how it is counted.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) unit: Unit,
    pub(crate) kind: InstrumentKind,
    pub(crate) number: NumberKind,
    /// [`Aggregation::Default`] unless buckets or an exponential histogram were asked for.
    pub(crate) aggregation: Aggregation,
    pub(crate) at: &'static Location<'static>,
}

/// The unit of a metric, and how it came to it. One that was not stated joins whatever is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Stated(Cow<'static, str>),
    FromName(&'static str),
}

impl Unit {
    pub(crate) fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Stated(code) => code.clone(),
            Self::FromName(code) => Cow::Borrowed(code),
        }
    }
}

impl Descriptor {
    pub(crate) fn check(&self) -> Result<(), RegisterError> {
        name::check_name(&self.name)?;
        let name = || self.name.clone().into_owned();
        name::check_unit(&self.unit.code()).map_err(|error| RegisterError::Unit {
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

/// What all builders of instruments have in common.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    name: Cow<'static, str>,
    description: Cow<'static, str>,
    unit: Option<Cow<'static, str>>,
    kind: InstrumentKind,
    number: NumberKind,
    pub(crate) aggregation: Aggregation,
    pub(crate) labels: Vec<(String, String)>,
}

impl Declaration {
    pub(crate) fn new(
        kind: InstrumentKind,
        number: NumberKind,
        name: Cow<'static, str>,
        description: Cow<'static, str>,
    ) -> Self {
        let (aggregation, labels) = (Aggregation::Default, Vec::new());
        Self {
            name,
            description,
            unit: None,
            kind,
            number,
            aggregation,
            labels,
        }
    }

    pub(crate) fn unit(&mut self, unit: Cow<'static, str>) {
        self.unit = Some(unit);
    }

    pub(crate) fn label(&mut self, key: String, value: String) {
        self.labels.retain(|(known, _)| *known != key);
        self.labels.push((key, value));
    }

    pub(crate) fn buckets(&mut self, mut bounds: Vec<f64>) {
        bounds.pop_if(|last| *last == f64::INFINITY);
        self.aggregation = Aggregation::ExplicitBuckets(Arc::from(bounds));
    }

    /// Checks labels and makes the descriptor.
    pub(crate) fn descriptor(
        &self,
        at: &'static Location<'static>,
    ) -> Result<Descriptor, RegisterError> {
        let name = || self.name.clone().into_owned();
        if self.labels.iter().any(|(key, _)| key.is_empty()) {
            return Err(RegisterError::EmptyLabel { name: name() });
        }
        let reserved = self.labels.iter().find(|(key, _)| key == "le");
        if let (InstrumentKind::Histogram, Some((label, _))) = (self.kind, reserved) {
            return Err(RegisterError::ReservedLabel {
                name: name(),
                label: label.clone(),
            });
        }
        let unit = match &self.unit {
            Some(unit) => Unit::Stated(unit.clone()),
            None => Unit::FromName(name::unit_of_name(&self.name).unwrap_or("")),
        };
        let descriptor = Descriptor {
            name: self.name.clone(),
            description: self.description.clone(),
            unit,
            kind: self.kind,
            number: self.number,
            aggregation: self.aggregation.clone(),
            at,
        };
        descriptor.check()?;
        Ok(descriptor)
    }
}
