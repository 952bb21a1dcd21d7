//! A service that `#[metrics]` on an impl describes, alone or beside the one on the struct.

use super::service::{MeteredService, ServiceMeta};

impl ServiceMeta {
    /// The struct's, with what the impl's attribute says in its place.
    #[must_use]
    pub const fn or(
        of_struct: Option<&'static Self>,
        of_impl: Self,
        service: Option<&'static str>,
        prefix: Option<&'static str>,
        events: Option<bool>,
        actions: Option<bool>,
    ) -> Self {
        let mut meta = match of_struct {
            Some(meta) => *meta,
            None => of_impl,
        };
        if let Some(service) = service {
            meta.name = service;
        }
        if let Some(prefix) = prefix {
            meta.prefix = prefix;
        }
        if let Some(events) = events {
            meta.events = events;
        }
        if let Some(actions) = actions {
            meta.actions = actions;
        }
        meta
    }
}

/// Asks for `#[metrics]` on a struct when its generic impl is compiled.
pub const fn has_metrics<T: MeteredService + ?Sized>() {}
