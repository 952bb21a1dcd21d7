//! A call site of `metrics::increment!` and the like.

use std::panic::Location;

use super::{measured::Measured, resolve::SiteInstrument};
use crate::{
    binding::isolated_recorder::RecorderLocal,
    catalogue::{SiteDeclaration, SiteKind},
};

/// A call site, and the metric to which its first use resolved it.
#[derive(Debug)]
pub struct MetricSite {
    declaration: SiteDeclaration,
    target: RecorderLocal<SiteInstrument>,
}

impl MetricSite {
    /// Declares a call site, at the place of the caller.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, kind: SiteKind, labels: &'static [&'static str]) -> Self {
        Self {
            declaration: SiteDeclaration {
                name,
                kind,
                labels,
                at: Location::caller(),
            },
            target: RecorderLocal::new(),
        }
    }

    /// The declaration, for [`METRIC_SITES`](crate::catalogue::METRIC_SITES).
    #[must_use]
    pub const fn declaration(&self) -> &SiteDeclaration {
        &self.declaration
    }

    /// Lends the metric, whose number type is that of the first value.
    #[inline]
    pub(crate) fn target<R>(
        &'static self,
        value: Option<Measured>,
        usage: impl FnOnce(&SiteInstrument) -> R,
    ) -> R {
        let resolve = || SiteInstrument::resolve(&self.declaration, value);
        self.target.with(resolve, usage)
    }
}
