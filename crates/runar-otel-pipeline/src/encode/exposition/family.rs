//! Families: metrics of one translated name under one header.

use std::{borrow::Cow, collections::HashMap};

use super::{
    format::{Dialect, Options},
    label::{self, Label, LabelRules, Reserved},
    name::Name,
    problem::{Problem, add_once},
};
use crate::snapshot::{Data, Metric, Naming, ScopeMetrics, Snapshot, Temporality};

/// The name of the family that carries the resource, as its sample appears.
pub(crate) const TARGET_INFO: &str = "target_info";

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sums that only grow.
    Counter,
    /// Last values, and sums that may fall.
    Gauge,
    /// Buckets, explicit or exponential.
    Histogram,
    /// Quantiles, with count and sum.
    Summary,
}

impl Kind {
    fn of(data: &Data) -> Self {
        match data {
            Data::Sum {
                monotonic: true, ..
            } => Self::Counter,
            Data::Gauge(_) | Data::Sum { .. } => Self::Gauge,
            Data::Histogram { .. } | Data::ExponentialHistogram { .. } => Self::Histogram,
            Data::Summary(_) => Self::Summary,
        }
    }

    /// Returns the label that samples of this type carry themselves, if there is one.
    fn reserved(self) -> Option<Reserved> {
        match self {
            Self::Histogram => Some(Reserved {
                name: "le",
                instead: "exported_le",
            }),
            Self::Summary => Some(Reserved {
                name: "quantile",
                instead: "exported_quantile",
            }),
            Self::Counter | Self::Gauge => None,
        }
    }

    /// Returns the suffixes that samples of this type may have besides their plain name.
    fn suffixes(self, dialect: Dialect) -> &'static [&'static str] {
        match (self, dialect) {
            (Self::Gauge, _) | (Self::Counter, Dialect::Text) => &[],
            (Self::Counter, Dialect::OpenMetrics) => &["_total", "_created"],
            (Self::Histogram, Dialect::OpenMetrics) => &["_count", "_sum", "_bucket", "_created"],
            (Self::Histogram, Dialect::Text) => &["_count", "_sum", "_bucket"],
            (Self::Summary, Dialect::OpenMetrics) => &["_count", "_sum", "_created"],
            (Self::Summary, Dialect::Text) => &["_count", "_sum"],
        }
    }
}

/// Metrics under one header.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    /// The name without the suffix of counters.
    pub(crate) base: String,
    /// `_total` for counters, else nothing.
    pub(crate) total: &'static str,
    /// The type of all its metrics.
    pub(crate) kind: Kind,
    /// The unit in words, empty without one.
    pub(crate) unit: Cow<'static, str>,
    /// The description, empty without one.
    pub(crate) help: &'a str,
    /// The metrics, each with the index of its scope.
    pub(crate) members: Vec<(&'a Metric, usize)>,
}

impl Family<'_> {
    /// Returns the name in the text format: counters keep their suffix.
    pub(crate) fn full(&self) -> String {
        format!("{}{}", self.base, self.total)
    }

    /// Returns the family with other metrics.
    pub(crate) fn of_members<'m>(&'m self, members: &'m [(Metric, usize)]) -> Family<'m> {
        Family {
            base: self.base.clone(),
            total: self.total,
            kind: self.kind,
            unit: self.unit.clone(),
            help: self.help,
            members: members
                .iter()
                .map(|(metric, scope)| (metric, *scope))
                .collect(),
        }
    }
}

/// The contribution of a scope to the labels of its series.
#[derive(Debug)]
pub(crate) struct ScopeLabels {
    /// The labels that name the scope.
    pub(crate) labels: Vec<Label<'static>>,
    /// The origin of the names of metrics and labels.
    naming: Naming,
}

impl ScopeLabels {
    fn of(from: &ScopeMetrics, options: &Options) -> Self {
        let is_named = options.scope_labels && from.naming == Naming::OpenTelemetry;
        Self {
            labels: match is_named {
                true => label::of_scope(&from.scope),
                false => Vec::new(),
            },
            naming: from.naming,
        }
    }

    /// Returns the rules for label names of a family of this type.
    pub(crate) fn rules(&self, kind: Kind) -> LabelRules {
        LabelRules {
            reserved: kind.reserved(),
            naming: self.naming,
        }
    }
}

/// A snapshot arranged as Prometheus wants it; the points stay where they are.
#[derive(Debug)]
pub(crate) struct Families<'a> {
    /// The families by name.
    pub(crate) list: Vec<Family<'a>>,
    /// The labels of each scope of the snapshot.
    scopes: Vec<ScopeLabels>,
    /// The parts that were left out.
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Families<'a> {
    /// Arranges a snapshot; of metrics in conflict the first one stays.
    pub(crate) fn of(snapshot: &'a Snapshot, options: &Options, dialect: Dialect) -> Self {
        let mut builder = FamilyBuilder::new(options, dialect);
        for (at, scope) in snapshot.scopes.iter().enumerate() {
            for metric in &scope.metrics {
                builder.add(metric, at, scope.naming);
            }
        }
        let FamilyBuilder {
            mut list, problems, ..
        } = builder;
        list.sort_by_cached_key(Family::full);
        let scopes = snapshot.scopes.iter();
        let scopes = scopes.map(|from| ScopeLabels::of(from, options));
        Self {
            list,
            scopes: scopes.collect(),
            problems,
        }
    }

    /// Returns the labels of the scope at an index.
    pub(crate) fn scope(&self, at: usize) -> &ScopeLabels {
        static NONE: ScopeLabels = ScopeLabels {
            labels: Vec::new(),
            naming: Naming::OpenTelemetry,
        };
        self.scopes.get(at).unwrap_or(&NONE)
    }
}

struct FamilyBuilder<'a, 'o> {
    options: &'o Options,
    dialect: Dialect,
    list: Vec<Family<'a>>,
    /// The names of samples and headers, each with the index of its family; `None` stands for the resource.
    taken: HashMap<String, Option<usize>>,
    problems: Vec<Problem>,
}

impl<'a, 'o> FamilyBuilder<'a, 'o> {
    fn new(options: &'o Options, dialect: Dialect) -> Self {
        let mut taken = HashMap::new();
        if options.target_info {
            taken.insert(TARGET_INFO.to_owned(), None);
            if dialect == Dialect::OpenMetrics {
                taken.insert("target".to_owned(), None);
            }
        }
        Self {
            options,
            dialect,
            list: Vec::new(),
            taken,
            problems: Vec::new(),
        }
    }

    fn add(&mut self, metric: &'a Metric, scope: usize, naming: Naming) {
        if is_delta(&metric.data) {
            self.problems.push(Problem::Delta {
                metric: metric.name.clone().into_owned(),
            });
            return;
        }
        if is_empty(&metric.data) {
            return;
        }
        let kind = Kind::of(&metric.data);
        let name = Name::of(metric, naming, self.options.suffixes);
        let owner = self.taken.get(&name.full()).copied().flatten();
        if let Some(family) = owner.and_then(|at| self.list.get_mut(at))
            && (family.kind, &family.base, family.total) == (kind, &name.base, name.total)
        {
            add_member(family, metric, scope, name.unit, &mut self.problems);
            return;
        }
        self.add_family(metric, scope, kind, name);
    }

    fn add_family(&mut self, metric: &'a Metric, scope: usize, kind: Kind, name: Name) {
        let claims = claimed_names(&name, kind, self.dialect);
        if let Some(owner) = claims.iter().find_map(|claim| self.taken.get(claim)) {
            let problem = self.describe_conflict(*owner, metric, &name);
            self.problems.push(problem);
            return;
        }
        let at = self.list.len();
        self.taken
            .extend(claims.into_iter().map(|claim| (claim, Some(at))));
        self.list.push(Family {
            base: name.base,
            total: name.total,
            kind,
            unit: name.unit,
            help: &metric.description,
            members: vec![(metric, scope)],
        });
    }

    fn describe_conflict(&self, owner: Option<usize>, metric: &Metric, name: &Name) -> Problem {
        let family = owner
            .and_then(|at| self.list.get(at))
            .map_or_else(|| TARGET_INFO.to_owned(), Family::full);
        let metric = metric.name.clone().into_owned();
        if family == name.full() {
            Problem::TypeConflict { family, metric }
        } else {
            Problem::NameClash { family, metric }
        }
    }
}

fn add_member<'a>(
    family: &mut Family<'a>,
    metric: &'a Metric,
    scope: usize,
    unit: Cow<'static, str>,
    problems: &mut Vec<Problem>,
) {
    if family.help.is_empty() {
        family.help = &metric.description;
    } else if !metric.description.is_empty() && family.help != metric.description {
        add_once(
            problems,
            Problem::HelpConflict {
                family: family.full(),
            },
        );
    }
    if family.unit.is_empty() {
        family.unit = unit;
    } else if !unit.is_empty() && family.unit != unit {
        add_once(
            problems,
            Problem::UnitConflict {
                family: family.full(),
            },
        );
    }
    family.members.push((metric, scope));
}

/// Returns the names that no other family may use: OpenMetrics 1.0, *Suffixes*.
fn claimed_names(name: &Name, kind: Kind, dialect: Dialect) -> Vec<String> {
    let header = match dialect {
        Dialect::OpenMetrics => name.base.clone(),
        Dialect::Text => name.full(),
    };
    let suffixes = kind.suffixes(dialect).iter();
    let mut claims: Vec<String> = suffixes.map(|suffix| format!("{header}{suffix}")).collect();
    claims.push(header);
    claims
}

fn is_delta(data: &Data) -> bool {
    match data {
        Data::Sum { temporality, .. }
        | Data::Histogram { temporality, .. }
        | Data::ExponentialHistogram { temporality, .. } => *temporality == Temporality::Delta,
        Data::Gauge(_) | Data::Summary(_) => false,
    }
}

fn is_empty(data: &Data) -> bool {
    match data {
        Data::Gauge(points) | Data::Sum { points, .. } => points.is_empty(),
        Data::Histogram { points, .. } => points.is_empty(),
        Data::ExponentialHistogram { points, .. } => points.is_empty(),
        Data::Summary(points) => points.is_empty(),
    }
}
