//! Views: rules for the instruments that they select.

use std::{borrow::Cow, collections::HashSet};

use opentelemetry::{InstrumentationScope, Key};

use crate::{
    exemplar::Reservoir,
    labels::LabelFilter,
    metric::{Aggregation, InstrumentKind, error::ViewError, name},
};

/// A rule for the metrics that it selects: rename, labels, buckets, aggregation, limit, exemplars.
///
/// An instrument that several views select becomes one stream for each of them; one that no view selects
/// becomes one stream as it is. Two views that leave an instrument one name make two metrics of that name, which is
/// reported. OpenTelemetry specification, metrics SDK: *View*.
///
/// Labels that a view removes are kept on exemplars (*filtered attributes*), as the specification demands: who
/// removes a label for privacy also chooses [`Reservoir::Off`], or an exemplar filter that takes none.
///
/// # Examples
///
/// ```
/// use runar_otel_core::gate::View;
///
/// let view = View::select("http.server.*")
///     .drop_labels(["user_agent.original"])
///     .buckets(vec![0.01, 0.1, 1.0])
///     .limit(500);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a view does something once it is given to the builder"]
pub struct View {
    selector: Selector,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) description: Option<Cow<'static, str>>,
    pub(crate) labels: Option<LabelFilter>,
    pub(crate) aggregation: Aggregation,
    pub(crate) limit: Option<usize>,
    pub(crate) reservoir: Reservoir,
}

#[derive(Clone, Debug, Default)]
struct Selector {
    pattern: String,
    kind: Option<InstrumentKind>,
    unit: Option<String>,
    meter_name: Option<String>,
    meter_version: Option<String>,
    meter_schema_url: Option<String>,
}

impl View {
    /// Selects instruments by name: `*` stands for any run of characters, `?` for one; case does not matter.
    pub fn select(pattern: impl Into<String>) -> Self {
        Self {
            selector: Selector {
                pattern: pattern.into(),
                ..Selector::default()
            },
            name: None,
            description: None,
            labels: None,
            aggregation: Aggregation::Default,
            limit: None,
            reservoir: Reservoir::Default,
        }
    }

    /// Selects only instruments of this kind.
    pub fn of_kind(mut self, kind: InstrumentKind) -> Self {
        self.selector.kind = Some(kind);
        self
    }

    /// Selects only instruments of this unit.
    pub fn of_unit(mut self, unit: impl Into<String>) -> Self {
        self.selector.unit = Some(unit.into());
        self
    }

    /// Selects only instruments of the meter of this name.
    pub fn of_meter(mut self, name: impl Into<String>) -> Self {
        self.selector.meter_name = Some(name.into());
        self
    }

    /// Selects only instruments of meters of this version.
    pub fn of_meter_version(mut self, version: impl Into<String>) -> Self {
        self.selector.meter_version = Some(version.into());
        self
    }

    /// Selects only instruments of meters with this schema.
    pub fn of_meter_schema(mut self, schema_url: impl Into<String>) -> Self {
        self.selector.meter_schema_url = Some(schema_url.into());
        self
    }

    /// Gives the stream another name. Needs a pattern without wildcards.
    ///
    /// The name is not held to the syntax of instrument names: exporters translate what their format lacks. An empty
    /// name leaves the one of the instrument.
    pub fn rename(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        self.name = (!name.is_empty()).then_some(name);
        self
    }

    /// Gives the stream another description.
    pub fn describe(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Keeps these labels and removes all others.
    pub fn keep_labels<K: Into<Key>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.labels = Some(LabelFilter::Keep(collect(keys)));
        self
    }

    /// Removes these labels.
    pub fn drop_labels<K: Into<Key>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.labels = Some(LabelFilter::Drop(collect(keys)));
        self
    }

    /// Makes the stream a histogram with these upper, inclusive bounds; none means count and sum only.
    pub fn buckets(self, bounds: Vec<f64>) -> Self {
        self.aggregation(Aggregation::ExplicitBuckets(bounds.into()))
    }

    /// Aggregates in another way; [`Aggregation::Drop`] switches the metric off.
    ///
    /// Of an instrument whose kind does not have the aggregation ([`InstrumentKind::supports`]) the whole view is
    /// ignored.
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// Limits the distinct label sets (default 2000), of all metered functions together; further sets go to the
    /// overflow series.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Chooses the exemplar reservoir.
    pub fn reservoir(mut self, reservoir: Reservoir) -> Self {
        self.reservoir = reservoir;
        self
    }

    /// Checks the view for contradictions.
    ///
    /// # Errors
    /// A [`ViewError`] that names the pattern and what is wrong with it.
    pub fn validate(&self) -> Result<(), ViewError> {
        let pattern = || self.selector.pattern.clone();
        if self.selector.pattern.is_empty() {
            return Err(ViewError::EmptyPattern);
        }
        if self.name.is_some() && self.selector.pattern.contains(['*', '?']) {
            return Err(ViewError::RenamesMany { pattern: pattern() });
        }
        if self
            .limit
            .is_some_and(|limit| limit == 0 || limit > MOST_SERIES)
        {
            return Err(ViewError::Limit {
                pattern: pattern(),
                limit: self.limit.unwrap_or_default(),
            });
        }
        if let Aggregation::ExplicitBuckets(bounds) = &self.aggregation {
            name::check_bounds(bounds).map_err(|error| ViewError::Buckets {
                pattern: pattern(),
                error,
            })?;
        }
        if let Aggregation::Exponential {
            max_size,
            max_scale,
        } = self.aggregation
            && (max_size < 2 || !(-10..=20).contains(&max_scale))
        {
            return Err(ViewError::Exponential {
                pattern: pattern(),
                max_size,
                max_scale,
            });
        }
        Ok(())
    }

    pub(crate) fn selects(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        kind: InstrumentKind,
    ) -> bool {
        let wanted = &self.selector;
        let same = |wanted: &Option<String>, is: Option<&str>| match wanted {
            Some(wanted) => is == Some(wanted.as_str()),
            None => true,
        };
        matches_pattern(
            &wanted.pattern.to_ascii_lowercase(),
            &name.to_ascii_lowercase(),
        ) && wanted.kind.is_none_or(|wanted| wanted == kind)
            && same(&wanted.unit, Some(unit))
            && same(&wanted.meter_name, Some(scope.name()))
            && same(&wanted.meter_version, scope.version())
            && same(&wanted.meter_schema_url, scope.schema_url())
    }
}

/// The most series of one stream: a higher limit is a mistake.
const MOST_SERIES: usize = 1_000_000;

fn collect<K: Into<Key>>(keys: impl IntoIterator<Item = K>) -> HashSet<String> {
    let keys = keys.into_iter().map(Into::into);
    keys.map(|key| key.as_str().to_owned()).collect()
}

/// Matches with `*` and `?`, in time linear in both for patterns with one `*`.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                retry = Some((after, from + 1));
                p = after;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_shells_do() {
        for (pattern, text, fits) in [
            ("*", "anything", true),
            ("http.*", "http.server", true),
            ("http.*", "rpc.http.server", false),
            ("*.duration", "http.server.request.duration", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "axxbxbyc", true),
            ("a*b*c", "axxbxby", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn all_criteria_must_hold() {
        let scope = InstrumentationScope::builder("lib")
            .with_version("1")
            .build();
        let view = View::select("a")
            .of_kind(InstrumentKind::Counter)
            .of_unit("s")
            .of_meter("lib");
        assert!(view.selects(&scope, "A", "s", InstrumentKind::Counter));
        assert!(!view.selects(&scope, "a", "", InstrumentKind::Counter));
        assert!(!view.selects(&scope, "a", "s", InstrumentKind::Gauge));
        assert!(!view.clone().of_meter_version("2").selects(
            &scope,
            "a",
            "s",
            InstrumentKind::Counter
        ));
        assert!(
            !view
                .of_meter_schema("x")
                .selects(&scope, "a", "s", InstrumentKind::Counter)
        );
    }

    #[test]
    fn contradictions_are_named() {
        let message = |view: View| view.validate().unwrap_err().to_string();
        assert_eq!(
            message(View::select("a*").rename("b")),
            "view `a*` renames, but its pattern can select several metrics: expected a name without `*` and `?`"
        );
        assert_eq!(
            message(View::select("a").limit(0)),
            "view `a` has limit 0: expected 1 to 1000000"
        );
        assert_eq!(
            message(View::select("a").buckets(vec![1.0, 0.5])),
            "view `a`: bucket bounds must increase: 0.5 follows 1"
        );
        View::select("a").rename("b").limit(1).validate().unwrap();
    }

    #[test]
    fn names_of_views_are_not_held_to_the_syntax() {
        for name in ["1 odd name\n", "\u{e9}t\u{e9}", ""] {
            let view = View::select("a").rename(name);
            view.validate().unwrap();
            assert_eq!(view.name.is_none(), name.is_empty());
        }
    }
}
