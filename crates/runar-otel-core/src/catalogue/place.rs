//! A place in the source that says something of a metric.

use std::panic::Location;

use super::declared::Declared;
use crate::call_site::SiteKind;

/// What a place in the source is.
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

/// A place in the source that says something of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Place {
    /// What it is.
    pub origin: Origin,
    /// Where it is.
    pub at: &'static Location<'static>,
    /// Whether the program knows it without running: the others are there once their code ran.
    pub linked: bool,
}

/// What one place says, and how much that counts.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) declared: Declared,
    /// The unit that it has if nobody states one.
    pub(super) assumed_unit: &'static str,
    pub(super) origin: Origin,
    /// Whether it is known without running.
    pub(super) linked: bool,
    pub(super) site: Option<SiteKind>,
}

impl Said {
    /// What counts first. Last comes `increment!`, which joins a gauge.
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
