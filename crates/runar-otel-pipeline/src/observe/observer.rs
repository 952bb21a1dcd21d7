//! The observer: the way to the instruments, or to none.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::Uri;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Meter, MeterProvider},
};
use runar_otel_core::metric::name::SCOPE_NAME;

use super::instruments::Instruments;
use crate::{
    settings::{Protocol, Signal},
    snapshot::Snapshot,
};

/// Records what telemetry does. The default observer records nothing.
#[derive(Clone, Default)]
pub struct Observer {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    meter: Meter,
    instruments: Instruments,
    /// The number of components of each type so far.
    components: Mutex<BTreeMap<&'static str, u32>>,
}

/// The attributes of a component: its type, its name, and the server to which it sends.
#[derive(Clone, Debug, Default)]
pub struct Component {
    pub(super) observer: Observer,
    pub(super) attributes: Vec<KeyValue>,
}

/// The destination of an exporter.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// The signal that is sent.
    pub signal: Signal,
    /// The protocol of the transport.
    pub protocol: Protocol,
    /// The endpoint, without secrets.
    pub endpoint: &'a str,
}

/// The first parts of the names of metrics about telemetry itself.
const OWN: [&str; 3] = ["otel.sdk.", "runar_otel.push.", "runar_otel.scrape."];

impl Observer {
    /// Makes the instruments in the scope of our own metrics.
    #[must_use]
    pub fn new(provider: &impl MeterProvider) -> Self {
        let scope =
            InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
        let meter = provider.meter_with_scope(scope.build());
        let shared = Shared {
            instruments: Instruments::new(&meter),
            meter,
            components: Mutex::default(),
        };
        Self {
            shared: Some(Arc::new(shared)),
        }
    }

    /// Returns the meter for instruments of other signals; `None` if nothing is recorded.
    #[must_use]
    pub fn meter(&self) -> Option<&Meter> {
        self.shared.as_deref().map(|shared| &shared.meter)
    }

    /// Makes the next component of a type. Its name is the type and a number from 0 on.
    #[must_use]
    pub fn component(&self, kind: &'static str) -> Component {
        let Some(shared) = &self.shared else {
            return Component::default();
        };
        let mut components = shared
            .components
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = components.entry(kind).or_default();
        let name = format!("{kind}/{count}");
        *count += 1;
        Component {
            observer: self.clone(),
            attributes: vec![
                KeyValue::new("otel.component.name", name),
                KeyValue::new("otel.component.type", kind),
            ],
        }
    }

    /// Makes the component of an OTLP exporter.
    #[must_use]
    pub fn exporter(&self, destination: Destination<'_>) -> Component {
        let kind = match (destination.signal, destination.protocol) {
            (Signal::Traces, Protocol::Grpc) => "otlp_grpc_span_exporter",
            (Signal::Traces, _) => "otlp_http_span_exporter",
            (_, Protocol::Grpc) => "otlp_grpc_metric_exporter",
            _ => "otlp_http_metric_exporter",
        };
        let mut component = self.component(kind);
        if self.shared.is_some()
            && let Ok(url) = destination.endpoint.parse::<Uri>()
            && let Some(host) = url.host()
        {
            let port = url.port_u16().unwrap_or(80);
            let server = [
                KeyValue::new("server.address", host.to_owned()),
                KeyValue::new("server.port", i64::from(port)),
            ];
            component.attributes.extend(server);
        }
        component
    }

    /// True if all metrics of a snapshot are about telemetry itself: nobody has to be told of them alone.
    pub(crate) fn is_all_of(&self, snapshot: &Snapshot) -> bool {
        self.shared.is_some()
            && !snapshot.scopes.is_empty()
            && snapshot.scopes.iter().all(|of| {
                let mut names = of.metrics.iter().map(|metric| &metric.name);
                of.scope.name() == SCOPE_NAME
                    && names.all(|name| OWN.iter().any(|own| name.starts_with(own)))
            })
    }
}

impl Component {
    /// Returns the attributes of the component.
    #[must_use]
    pub fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    /// Returns the attributes of the component, and those of one measurement.
    pub(super) fn with(&self, more: impl IntoIterator<Item = KeyValue>) -> Vec<KeyValue> {
        let own = self.attributes.iter().cloned();
        own.chain(more).collect()
    }

    pub(super) fn instruments(&self) -> Option<&Instruments> {
        let shared = self.observer.shared.as_deref()?;
        Some(&shared.instruments)
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Observer")
            .field("records", &self.shared.is_some())
            .finish()
    }
}
