//! Declarations that are known for a name before anybody registers it.

use std::collections::HashMap;

use super::metric::{METRICS, Metric};
use crate::{
    call_site::{METRIC_SITES, SiteDeclaration, SiteKind},
    label::difference::difference,
    metric::InstrumentKind,
    report,
    threads::sync::OnceBox,
};

/// Declarations linked into the program, by lower-case name.
static KNOWN: OnceBox<HashMap<String, Known>> = OnceBox::new();

#[derive(Default)]
struct Known {
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
    let known = find(name)?;
    let gauge = known.gauge.then_some(InstrumentKind::Gauge);
    known.metric.map(|metric| metric.kind).or(gauge)
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

fn find(name: &str) -> Option<&'static Known> {
    // Names are lower case as a rule: no copy then.
    let known = KNOWN.get_or_init(|| Box::new(collect()));
    known
        .get(name)
        .or_else(|| known.get(&name.to_ascii_lowercase()))
}

/// Collects the linked declarations. Of two with one name the first by its place counts: the order of linking says
/// nothing.
fn collect() -> HashMap<String, Known> {
    let mut known: HashMap<String, Known> = HashMap::new();
    for metric in METRICS {
        let metric: &'static Metric = metric;
        let entry = known.entry(metric.name.to_ascii_lowercase()).or_default();
        if entry.metric.is_none_or(|first| metric.at < first.at) {
            entry.metric = Some(metric);
        }
    }
    for site in METRIC_SITES {
        let gauge = matches!(site.kind, SiteKind::Gauge | SiteKind::Decrement);
        let entry = known.entry(site.name.to_ascii_lowercase()).or_default();
        entry.gauge |= gauge;
    }
    known
}
