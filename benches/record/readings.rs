//! Reading back what was recorded, so that nobody measures a peer that does nothing.

use prometheus::{Registry, proto::MetricType};

/// The count, or the value of a gauge, in a registry of the `prometheus` crate; all series together.
pub(crate) fn in_registry(registry: &Registry, metric: &str) -> f64 {
    let families = registry.gather();
    let found = families.iter().filter(|family| family.name() == metric);
    found
        .flat_map(|family| family.get_metric().iter().map(move |one| (family, one)))
        .map(|(family, one)| match family.get_field_type() {
            MetricType::COUNTER => one.get_counter().get_value(),
            MetricType::HISTOGRAM => count(one.get_histogram().get_sample_count()),
            _ => one.get_gauge().get_value(),
        })
        .sum()
}

/// The same in a text for Prometheus.
pub(crate) fn in_text(text: &str, metric: &str) -> f64 {
    let (count, sample) = (format!("{metric}_count"), |line: &str| {
        let name = line.split(['{', ' ']).next()?.to_owned();
        let value: f64 = line.rsplit(' ').next()?.parse().ok()?;
        Some((name, value))
    });
    text.lines()
        .filter_map(sample)
        .filter(|(name, _)| *name == metric || *name == count)
        .map(|(_, value)| value)
        .sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(of: u64) -> f64 {
    of as f64
}
