//! A service with `#[metrics]` on an impl, alone or beside that on the struct.

use super::service::{MeteredService, ServiceMeta};

impl ServiceMeta {
    /// Combines the attribute of the struct with that of the impl, whose arguments win.
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

/// Requires `#[metrics]` on a struct when its generic impl is compiled.
pub const fn has_metrics<T: MeteredService + ?Sized>() {}
