//! The families of metrics: one table of names, kinds, units, labels and descriptions.

use std::{borrow::Cow, panic::Location};

use crate::metric::{InstrumentKind, MetricDeclaration, sharing::Sharing};

/// Groups of metrics, by the work that they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Requests to a service as a whole: `service_*`.
    Service,
    /// Calls of one action or job: `action_*`.
    Action,
    /// Events that a handler takes in: `event_*`.
    Received,
    /// Events that are given to an event bus: `event_*`.
    Published,
}

/// The metrics of a group. Metrics that a group does not have are `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// Counted when a call begins.
    pub(crate) entered: Option<Row>,
    /// Counted when a call is over, by outcome.
    pub(crate) completed: Option<Row>,
    /// The calls under way.
    pub(crate) active: Option<Row>,
    /// Errors and panics, by type.
    pub(crate) failed: Row,
    /// The duration of calls in seconds, by outcome.
    pub(crate) duration: Row,
}

/// A metric of the table, without prefix and stem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    suffix: &'static str,
    pub(crate) kind: InstrumentKind,
    pub(crate) unit: &'static str,
    pub(crate) labels: &'static [&'static str],
    pub(crate) description: &'static str,
    function_labels: FunctionLabels,
}

/// The labels that a function declares: added to those of the row, or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FunctionLabels {
    Added,
    Left,
}

const fn counter(
    suffix: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    description: &'static str,
) -> Row {
    Row {
        suffix,
        kind: InstrumentKind::Counter,
        unit,
        labels,
        description,
        function_labels: FunctionLabels::Added,
    }
}

const fn histogram(
    suffix: &'static str,
    labels: &'static [&'static str],
    description: &'static str,
) -> Row {
    Row {
        kind: InstrumentKind::Histogram,
        ..counter(suffix, "s", labels, description)
    }
}

const fn at_entry(row: Row) -> Row {
    Row {
        function_labels: FunctionLabels::Left,
        ..row
    }
}

const fn gauge(
    suffix: &'static str,
    labels: &'static [&'static str],
    description: &'static str,
) -> Row {
    Row {
        kind: InstrumentKind::Gauge,
        ..at_entry(counter(suffix, "{request}", labels, description))
    }
}

const SERVICE: Rows = Rows {
    entered: None,
    completed: Some(counter(
        "_requests_total",
        "{request}",
        &["service", "outcome"],
        "Requests to the service that are over, by outcome",
    )),
    active: Some(gauge(
        "_active_requests",
        &["service"],
        "Requests that the service is working on",
    )),
    failed: counter(
        "_errors_total",
        "{error}",
        &["service", "error_type"],
        "Requests to the service that ended in an error or a panic, by type",
    ),
    duration: histogram(
        "_response_time_seconds",
        &["service", "outcome"],
        "How long requests to the service took, by outcome",
    ),
};

const ACTION: Rows = Rows {
    entered: None,
    completed: Some(counter(
        "_requests_total",
        "{request}",
        &["service", "action", "outcome"],
        "Calls of the action that are over, by outcome",
    )),
    active: Some(gauge(
        "_active_requests",
        &["service", "action"],
        "Calls of the action that are under way",
    )),
    failed: counter(
        "_errors_total",
        "{error}",
        &["service", "action", "error_type"],
        "Calls of the action that ended in an error or a panic, by type",
    ),
    duration: histogram(
        "_duration_seconds",
        &["service", "action", "outcome"],
        "How long calls of the action took, by outcome",
    ),
};

const RECEIVED: Rows = Rows {
    entered: Some(at_entry(counter(
        "_received_total",
        "{event}",
        &["event", "service"],
        "Events that reached their handler",
    ))),
    completed: None,
    active: None,
    failed: counter(
        "_failures_total",
        "{event}",
        &["event", "service", "error_type"],
        "Events whose handler ended in an error or a panic, by type",
    ),
    duration: histogram(
        "_processing_time_seconds",
        &["event", "service", "outcome"],
        "How long the handling of events took, by outcome",
    ),
};

const PUBLISHED: Rows = Rows {
    entered: None,
    completed: Some(counter(
        "_published_total",
        "{event}",
        &["event", "service", "outcome"],
        "Events that were published, by outcome",
    )),
    active: None,
    failed: counter(
        "_publish_failures_total",
        "{event}",
        &["event", "service", "error_type"],
        "Events whose publishing ended in an error or a panic, by type",
    ),
    duration: histogram(
        "_publish_duration_seconds",
        &["event", "service", "outcome"],
        "How long the publishing of events took, by outcome",
    ),
};

impl Group {
    /// The metrics of the group.
    pub(crate) const fn rows(self) -> Rows {
        match self {
            Self::Service => SERVICE,
            Self::Action => ACTION,
            Self::Received => RECEIVED,
            Self::Published => PUBLISHED,
        }
    }

    /// The part of the names before the suffix, unless `name = "…"` replaces it.
    const fn stem(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Action => "action",
            Self::Received | Self::Published => "event",
        }
    }
}

/// A group of metrics with its prefix, stem and labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    pub(crate) group: Group,
    /// The beginning of all names, empty for none.
    pub(crate) prefix: &'static str,
    /// The argument `name = "…"`, which replaces the stem of the group.
    pub(crate) stem: Option<&'static str>,
    /// The labels that are added to those of the table.
    pub(crate) labels: &'static [&'static str],
    /// Bounds of the duration histogram; `None` for the default ones of durations in seconds.
    pub(crate) buckets: Option<&'static [f64]>,
    /// The place of the declaration.
    pub(crate) at: &'static Location<'static>,
}

impl Family {
    /// The full name of one metric of the family.
    pub(crate) fn name(&self, row: &Row) -> String {
        let stem = self.stem.unwrap_or(self.group.stem());
        format!("{}{stem}{}", self.prefix, row.suffix)
    }

    /// The function labels whose limit the label sets count for. The names of published events are made up while the
    /// process runs: only events that have handles are limited in number.
    pub(crate) fn sharing(&self, row: &Row) -> Sharing {
        let (function, bounded): (&[&str], &[&str]) = match self.group {
            Group::Service => (&["service"], row.labels),
            Group::Action => (&["service", "action"], row.labels),
            Group::Received => (&["event", "service"], row.labels),
            Group::Published => (&["service"], row.labels),
        };
        Sharing {
            function,
            bounded,
            made_up: match self.group {
                Group::Published => &["event"],
                Group::Service | Group::Action | Group::Received => &[],
            },
        }
    }

    /// Declarations of all metrics of the family, for the catalogue.
    pub(crate) fn declared(&self) -> Vec<MetricDeclaration> {
        let rows = self.group.rows();
        [rows.entered, rows.completed, rows.active]
            .into_iter()
            .flatten()
            .chain([rows.failed, rows.duration])
            .map(|row| self.declared_row(&row))
            .collect()
    }

    fn declared_row(&self, row: &Row) -> MetricDeclaration {
        let extra: &[&str] = match row.function_labels {
            FunctionLabels::Added => self.labels,
            FunctionLabels::Left => &[],
        };
        let labels = row.labels.iter().chain(extra);
        let histogram = row.kind == InstrumentKind::Histogram;
        MetricDeclaration {
            name: self.name(row).into(),
            kind: row.kind,
            unit: Some(row.unit.into()),
            description: row.description.into(),
            labels: Some(labels.map(|label| Cow::Borrowed(*label)).collect()),
            buckets: self.buckets.filter(|_| histogram).map(<[f64]>::to_vec),
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(group: Group, prefix: &'static str, stem: Option<&'static str>) -> Vec<String> {
        let family = Family {
            group,
            prefix,
            stem,
            labels: &["tier"],
            buckets: Some(&[1.0]),
            at: Location::caller(),
        };
        let line = |metric: MetricDeclaration| {
            let labels = metric.labels.unwrap_or_default().join(" ");
            let unit = metric.unit.unwrap_or_default();
            format!("{} {:?} {unit}: {labels}", metric.name, metric.kind)
        };
        family.declared().into_iter().map(line).collect()
    }

    #[test]
    fn the_table_is_the_documents() {
        assert_eq!(
            lines(Group::Action, "p_", None),
            [
                "p_action_requests_total Counter {request}: service action outcome tier",
                "p_action_active_requests Gauge {request}: service action",
                "p_action_errors_total Counter {error}: service action error_type tier",
                "p_action_duration_seconds Histogram s: service action outcome tier",
            ]
        );
        assert_eq!(
            lines(Group::Received, "", None),
            [
                "event_received_total Counter {event}: event service",
                "event_failures_total Counter {event}: event service error_type tier",
                "event_processing_time_seconds Histogram s: event service outcome tier",
            ]
        );
    }

    #[test]
    fn a_name_takes_the_place_of_the_family() {
        let names = lines(Group::Action, "", Some("cleanup_job"));
        assert!(names.iter().all(|line| line.starts_with("cleanup_job_")));
    }

    #[test]
    fn every_row_has_a_description() {
        for group in [
            Group::Service,
            Group::Action,
            Group::Received,
            Group::Published,
        ] {
            let rows = group.rows();
            let described = [rows.entered, rows.completed, rows.active]
                .into_iter()
                .flatten()
                .chain([rows.failed, rows.duration])
                .all(|row| !row.description.is_empty());
            assert!(described, "{group:?}");
        }
    }
}
