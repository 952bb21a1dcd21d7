//! The metric that lists metrics with more label sets than their limit allows.

use opentelemetry::{InstrumentationScope, KeyValue};

use super::{spec::InstrumentSpec, streams::Streams};
use crate::{
    labels::LabelSet,
    metric::{
        Aggregation, InstrumentKind,
        name::SCOPE_NAME,
        number::{NumberKind, Value},
        sharing::Sharing,
    },
    series::BoundSeries,
};

/// The metric that shows how many cardinality limits of another metric are reached.
pub(super) const LIMITS_REACHED: &str = "runar_otel_limits_reached";

impl Streams {
    /// Reports and shows metrics with more label sets than their limit allows. Not on a recording thread.
    pub(super) fn report_overflows(&self) {
        for stream in self.all() {
            let name = &stream.plan().name;
            if name != LIMITS_REACHED
                && let Some(reached) = stream.report_overflow()
            {
                self.show_overflow(name, reached);
            }
        }
    }

    fn show_overflow(&self, metric: &str, reached: usize) {
        let labels = LabelSet::from([KeyValue::new("metric", metric.to_owned())]);
        let value = Value::U64(reached as u64);
        for stream in self.resolve_new(&spec()) {
            let bits = value.bits(stream.number());
            BoundSeries::new(&stream, &labels).measure(bits, None);
        }
    }
}

fn spec() -> InstrumentSpec {
    let scope = InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
    InstrumentSpec {
        scope: scope.build(),
        name: LIMITS_REACHED.into(),
        unit: "{limit}".into(),
        description:
            "Cardinality limits that the metric has reached: its own, or those of its functions"
                .into(),
        kind: InstrumentKind::Gauge,
        number: NumberKind::U64,
        bounds: None,
        aggregation: Aggregation::Default,
        // Names of metrics take no places: there may be none.
        sharing: Sharing {
            bounded: &["metric"],
            ..Sharing::default()
        },
    }
}
