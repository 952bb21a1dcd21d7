//! Declarations that are known for a name before anybody registers it.

use std::collections::HashMap;

use super::{
    metric::{METRICS, Metric},
    site_declaration::{METRIC_SITES, SiteDeclaration, SiteKind},
};
use crate::{
    label::difference::difference, metric::InstrumentKind, report, threads::sync::OnceBox,
};

/// Declarations linked into the program, by lower-case name.
static LINKED: OnceBox<HashMap<String, LinkedDeclarations>> = OnceBox::new();

#[derive(Default)]
struct LinkedDeclarations {
    metric: Option<&'static Metric>,
    /// True if a call site uses the name as a gauge.
    gauge: bool,
}

/// Returns the `#[metric]` declaration of a name.
pub(crate) fn metric(name: &str) -> Option<&'static Metric> {
    find(name)?.metric
}

/// The kind of a name: the declared one, or a gauge if a call site sets or decrements it. A counter that another site
/// increments does not make it one.
pub(crate) fn kind(name: &str) -> Option<InstrumentKind> {
    let linked = find(name)?;
    let gauge = linked.gauge.then_some(InstrumentKind::Gauge);
    linked.metric.map(|metric| metric.kind).or(gauge)
}

/// Reports a call site whose labels are not the declared ones.
pub(crate) fn report_labels(site: &SiteDeclaration) {
    let Some(metric) = metric(site.name) else {
        return;
    };
    if metric.labels.is_empty() {
        return;
    }
    let Some(difference) = difference(site.labels, metric.labels) else {
        return;
    };
    report::once(("labels", site.at), || {
        format!(
            "metric `{}` at {} {difference}, as {} declares it",
            site.name, site.at, metric.at
        )
    });
}

fn find(name: &str) -> Option<&'static LinkedDeclarations> {
    // Names are lower case as a rule: no copy then.
    let linked = LINKED.get_or_init(|| Box::new(collect()));
    linked
        .get(name)
        .or_else(|| linked.get(&name.to_ascii_lowercase()))
}

/// Collects the linked declarations. Of two with one name the first by its place counts: the order of linking says
/// nothing.
fn collect() -> HashMap<String, LinkedDeclarations> {
    let mut linked: HashMap<String, LinkedDeclarations> = HashMap::new();
    for metric in METRICS {
        let metric: &'static Metric = metric;
        let entry = linked.entry(metric.name.to_ascii_lowercase()).or_default();
        if entry.metric.is_none_or(|first| metric.at < first.at) {
            entry.metric = Some(metric);
        }
    }
    for site in METRIC_SITES {
        let gauge = matches!(site.kind, SiteKind::Gauge | SiteKind::Decrement);
        let entry = linked.entry(site.name.to_ascii_lowercase()).or_default();
        entry.gauge |= gauge;
    }
    linked
}
