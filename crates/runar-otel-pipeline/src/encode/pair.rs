//! Labels and attributes alike: pairs of a name and a value.

use std::iter::Map;

use opentelemetry::KeyValue;
use runar_otel_core::labels::ValueRef;

/// The name and the value of a label or of an attribute.
pub(crate) type Pair<'a> = (&'a str, ValueRef<'a>);

/// Returns attributes in the form in which a label set gives its labels.
pub(crate) fn pairs<'a, I: IntoIterator<Item = &'a KeyValue>>(
    attributes: I,
) -> Map<I::IntoIter, fn(&'a KeyValue) -> Pair<'a>> {
    attributes.into_iter().map(pair)
}

fn pair(attribute: &KeyValue) -> Pair<'_> {
    (attribute.key.as_str(), (&attribute.value).into())
}
