//! Contexts of requests, events and jobs, for code that runs without a host of its own.

use std::{borrow::Cow, collections::BTreeMap, time::SystemTime};

use runar_otel_core::LabelSource;

/// The state that all contexts share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Carried {
    network_id: String,
    values: BTreeMap<String, String>,
}

impl Carried {
    fn new(network_id: String) -> Self {
        Self {
            network_id,
            values: BTreeMap::new(),
        }
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

/// The methods that all contexts share.
macro_rules! carried {
    () => {
        /// Adds a value, such as `user_tier`; a value of the same key is replaced.
        pub fn with_value(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.carried.values.insert(key.into(), value.into());
            self
        }

        /// Returns the network from which the request, event or run came.
        pub fn network_id(&self) -> &str {
            &self.carried.network_id
        }

        /// Returns the value of a key, if there is one.
        #[must_use]
        pub fn value(&self, key: &str) -> Option<&str> {
            self.carried.value(key)
        }
    };
}

/// The context of a request.
///
/// The values of the context are a source of labels: `#[metered(labels = ["user_tier"])]` takes `user_tier` from here.
///
/// # Examples
///
/// ```
/// use runar_otel_host::RequestContext;
///
/// let context = RequestContext::new("mainnet").with_value("user_tier", "gold");
/// assert_eq!(context.network_id(), "mainnet");
/// assert_eq!(context.user_tier(), Some("gold"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RequestContext {
    carried: Carried,
}

impl RequestContext {
    /// Makes the context of a request that came from a network.
    pub fn new(network_id: impl Into<String>) -> Self {
        Self {
            carried: Carried::new(network_id.into()),
        }
    }

    /// Returns the value of `user_tier`, if there is one.
    #[must_use]
    pub fn user_tier(&self) -> Option<&str> {
        self.value("user_tier")
    }

    carried!();
}

/// The context of an event that is handled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct EventContext {
    carried: Carried,
    topic: String,
}

impl EventContext {
    /// Makes the context of an event of a topic that came from a network.
    pub fn new(network_id: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            carried: Carried::new(network_id.into()),
            topic: topic.into(),
        }
    }

    /// Returns the topic under which the event was published.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    carried!();
}

/// The context of one run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct JobContext {
    carried: Carried,
    scheduled_at: SystemTime,
}

impl JobContext {
    /// Makes the context of a run in a network that was due at a time.
    pub fn new(network_id: impl Into<String>, scheduled_at: SystemTime) -> Self {
        Self {
            carried: Carried::new(network_id.into()),
            scheduled_at,
        }
    }

    /// Returns the time at which the run was due; it may have begun later.
    #[must_use]
    pub fn scheduled_at(&self) -> SystemTime {
        self.scheduled_at
    }

    carried!();
}

/// Implements [`LabelSource`]: the labels of a context are its values, and `network_id` unless a value has that key.
macro_rules! label_source {
    ($($context:ty)*) => {$(
        impl LabelSource for $context {
            fn label(&self, name: &str) -> Option<Cow<'_, str>> {
                let value = self.value(name);
                let known = || (name == "network_id").then(|| self.network_id());
                value.or_else(known).map(Cow::Borrowed)
            }
        }
    )*};
}
label_source!(RequestContext EventContext JobContext);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_key_wins() {
        let context = EventContext::new("main", "user.updated")
            .with_value("tier", "free")
            .with_value("tier", "gold");
        assert_eq!(context.value("tier"), Some("gold"));
        assert_eq!(context.value("other"), None);
        assert_eq!(context.label("tier").as_deref(), Some("gold"));
        assert_eq!(context.label("network_id").as_deref(), Some("main"));
        assert_eq!(context.label("other"), None);
        assert_eq!(
            (context.network_id(), context.topic()),
            ("main", "user.updated")
        );
    }
}
