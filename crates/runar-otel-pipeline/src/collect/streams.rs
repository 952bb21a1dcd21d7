//! The core's gate, seen from the collecting side.

use opentelemetry::InstrumentationScope;
use runar_otel_core::{
    attributes::Attributes,
    gate::{Streams, during_collection, stream::Shape},
};

use super::{Gate, Plans};
use crate::store::{StreamExemplars, StreamFacts};

impl Plans for Streams {
    fn facts(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Option<StreamFacts> {
        self.plan(scope, name, unit, shape)
            .map(|plan| StreamFacts::from(&*plan))
    }

    fn label_sets(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Vec<Attributes> {
        self.take_bound(scope, name, unit, shape)
    }
}

impl Gate for Streams {
    fn freeze(&self) -> Vec<StreamExemplars> {
        let frozen = Streams::freeze(self).into_iter();
        frozen.filter_map(StreamExemplars::from_frozen).collect()
    }

    fn during_collection(&self, collect: &mut dyn FnMut()) {
        during_collection(collect);
        self.settle();
    }
}
