//! A place in the source that declares a metric.

use std::panic::Location;

use super::site_declaration::SiteKind;
use crate::metric::MetricDeclaration;

/// The kind of a place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A struct with `#[metric]`.
    Declaration,
    /// A function or service whose calls are metered.
    Call,
    /// A handle that was registered when the program ran.
    Registered,
    /// `metrics::increment!` or one of its kind.
    CallSite,
}

/// A place in the source that declares a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Place {
    /// The kind of the place.
    pub origin: Origin,
    /// File, line and column.
    pub at: &'static Location<'static>,
    /// True if the place is known without running the program; other places are listed once their code ran.
    pub linked: bool,
}

/// A declaration, with its precedence over others of the same name.
#[derive(Clone, Debug)]
pub(super) struct RankedDeclaration {
    pub(super) declared: MetricDeclaration,
    /// The unit if no place states one.
    pub(super) assumed_unit: &'static str,
    pub(super) origin: Origin,
    /// True if the declaration is known without running the program.
    pub(super) linked: bool,
    pub(super) site: Option<SiteKind>,
}

impl RankedDeclaration {
    /// The precedence, lowest first. `increment!` is last, because it can join a gauge.
    pub(super) fn rank(&self) -> (Origin, bool, &'static Location<'static>) {
        let joins = self.site == Some(SiteKind::Counter);
        (self.origin, joins, self.declared.at)
    }

    pub(super) fn place(&self) -> Place {
        Place {
            origin: self.origin,
            at: self.declared.at,
            linked: self.linked,
        }
    }
}
