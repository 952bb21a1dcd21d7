//! Events that are published: their futures, and the series of each event.

pub(crate) mod publish;
pub(crate) mod published_events;

pub use self::publish::{EventPublished, Published, event_published};
