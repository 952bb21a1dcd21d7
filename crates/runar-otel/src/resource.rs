//! The resource: attributes that identify the service that reports.

use std::collections::BTreeMap;

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::{
    Resource,
    resource::{ResourceDetector, TelemetryResourceDetector},
};
use opentelemetry_semantic_conventions::resource::{
    SERVICE_INSTANCE_ID, SERVICE_NAME, TELEMETRY_DISTRO_NAME, TELEMETRY_DISTRO_VERSION,
};
use uuid::Uuid;

use crate::config::Config;

/// The attribute that names the Runar node.
pub(crate) const NODE_ID: &str = "runar.node.id";

/// The resource in two forms, for the SDK and for our pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The form for the SDK's span provider and attached readers.
    pub(crate) resource: Resource,
    /// The form for our pipeline: sorted by key, each key once.
    pub(crate) attributes: Vec<KeyValue>,
}

impl Identity {
    /// Completes the configured attributes.
    ///
    /// `service.name` defaults to `unknown_service:` and the executable, `service.instance.id` to a random UUID.
    /// Attributes that name the SDK and this distribution cannot be overridden.
    pub(crate) fn of(config: &Config) -> Self {
        let mut attributes: BTreeMap<String, Value> = BTreeMap::new();
        attributes.insert(
            SERVICE_INSTANCE_ID.to_owned(),
            Uuid::new_v4().to_string().into(),
        );
        for KeyValue { key, value, .. } in &config.resource_attributes {
            attributes.insert(key.to_string(), value.clone());
        }
        let name = config.service_name.clone().unwrap_or_else(unknown_service);
        attributes.insert(SERVICE_NAME.to_owned(), name.into());
        if let Some(node) = &config.node_id {
            attributes.insert(NODE_ID.to_owned(), node.clone().into());
        }
        for (key, value) in &TelemetryResourceDetector.detect() {
            attributes.insert(key.to_string(), value.clone());
        }
        attributes.insert(TELEMETRY_DISTRO_NAME.to_owned(), "runar-otel".into());
        attributes.insert(
            TELEMETRY_DISTRO_VERSION.to_owned(),
            env!("CARGO_PKG_VERSION").into(),
        );
        Self::from_sorted(attributes)
    }

    fn from_sorted(attributes: BTreeMap<String, Value>) -> Self {
        let attributes: Vec<KeyValue> = attributes
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value))
            .collect();
        let resource = Resource::builder_empty()
            .with_attributes(attributes.clone())
            .build();
        Self {
            resource,
            attributes,
        }
    }
}

/// Returns the default name of a service (semantic conventions, *Service*).
fn unknown_service() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(std::path::Path::file_name);
    match name {
        Some(name) => format!("unknown_service:{}", name.to_string_lossy()),
        None => "unknown_service".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(identity: &'a Identity, key: &str) -> Option<&'a Value> {
        let found = identity
            .attributes
            .iter()
            .find(|known| known.key.as_str() == key);
        found.map(|attribute| &attribute.value)
    }

    #[test]
    fn unnamed_service_is_named_after_its_executable() {
        let identity = Identity::of(&Config::default());
        let name = value(&identity, "service.name").unwrap().to_string();
        assert!(name.starts_with("unknown_service:runar_otel"), "{name}");
        assert_eq!(value(&identity, NODE_ID), None);
        assert_eq!(
            value(&identity, "telemetry.sdk.language"),
            Some(&"rust".into())
        );
        assert_eq!(
            value(&identity, "telemetry.distro.name"),
            Some(&"runar-otel".into())
        );
    }

    #[test]
    fn instance_is_random_unless_given() {
        let one = Identity::of(&Config::default());
        let other = Identity::of(&Config::default());
        let id = |identity| value(identity, "service.instance.id").unwrap().to_string();
        assert_ne!(id(&one), id(&other));
        assert_eq!(Uuid::parse_str(&id(&one)).unwrap().get_version_num(), 4);
        let given = Config {
            resource_attributes: vec![KeyValue::new("service.instance.id", "mine")],
            ..Config::default()
        };
        assert_eq!(id(&Identity::of(&given)), "mine");
    }

    #[test]
    fn both_forms_agree_and_are_sorted() {
        let config = Config {
            service_name: Some("shop".to_owned()),
            node_id: Some("n1".to_owned()),
            resource_attributes: vec![KeyValue::new("zone", 1)],
            ..Config::default()
        };
        let identity = Identity::of(&config);
        assert!(identity.attributes.is_sorted_by(|a, b| a.key < b.key));
        assert_eq!(value(&identity, NODE_ID), Some(&"n1".into()));
        assert_eq!(value(&identity, "zone"), Some(&1.into()));
        assert_eq!(identity.resource.len(), identity.attributes.len());
        for attribute in &identity.attributes {
            let found = identity.resource.get_ref(&attribute.key);
            assert_eq!(found, Some(&attribute.value));
        }
    }
}
