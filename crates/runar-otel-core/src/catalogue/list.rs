//! The catalogue: all metrics, each once.

use std::borrow::Cow;

use super::{
    place::{Place, RankedDeclaration},
    sources,
};
use crate::metric::InstrumentKind;

/// The metrics of the program, sorted by name.
///
/// Metrics that macros declare are known as soon as the program is linked, in all its crates; metrics that
/// [`Counter::new`](crate::Counter::new) and the like declare, once that code ran. A dependency that no code names is
/// not linked: `use the_crate as _;` links it.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::catalogue::Catalogue;
///
/// for entry in &Catalogue::linked() {
///     println!("{} ({:?}): {}", entry.name, entry.kind, entry.description);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

/// A metric of the catalogue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Name of the metric, as spelled at the place that counts most.
    pub name: Cow<'static, str>,
    /// The kind at the place that counts most.
    pub kind: InstrumentKind,
    /// The unit in UCUM, empty for none.
    pub unit: Cow<'static, str>,
    /// The meaning of the metric; empty if no place says it.
    pub description: Cow<'static, str>,
    /// The names of the labels, as far as they are known.
    pub labels: Vec<Cow<'static, str>>,
    /// The bucket bounds; `None` if no place states them.
    pub buckets: Option<Vec<f64>>,
    /// The places that declare the metric, the one that counts most first.
    pub places: Vec<Place>,
}

/// Returns the catalogue as it is now.
///
/// # Examples
///
/// ```
/// # use runar_otel_core as runar_otel;
/// use runar_otel::{Counter, catalogue::catalogue};
///
/// let _requests = Counter::new("catalogue_requests_total", "Requests").register();
///
/// let all = catalogue();
/// let requests = all.entry("catalogue_requests_total").unwrap();
/// assert_eq!(requests.description, "Requests");
/// println!("{}", all.markdown());
/// ```
#[must_use]
pub fn catalogue() -> Catalogue {
    Catalogue::of(|_| true)
}

impl Catalogue {
    /// Returns the metrics that are known without running the program: always the same ones.
    #[must_use]
    pub fn linked() -> Self {
        Self::of(|declaration| declaration.linked)
    }

    fn of(counts: impl Fn(&RankedDeclaration) -> bool) -> Self {
        let all = sources::all(counts);
        Self {
            entries: all
                .values()
                .filter_map(|declarations| Entry::of(declarations))
                .collect(),
        }
    }

    /// The metrics, sorted by name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the metric of a name, in upper or lower case.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }
}

impl<'a> IntoIterator for &'a Catalogue {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl Entry {
    /// Merges the declarations of one name, the one that counts most first.
    fn of(declarations: &[RankedDeclaration]) -> Option<Self> {
        let first = declarations.first()?;
        let declared = || declarations.iter().map(|declaration| &declaration.declared);
        let stated = declared().find_map(|declared| declared.unit.clone());
        let assumed = || {
            declarations
                .iter()
                .map(|declaration| declaration.assumed_unit)
        };
        let unit = stated.unwrap_or_else(|| {
            let assumed = assumed().find(|unit| !unit.is_empty());
            assumed.unwrap_or_default().into()
        });
        let description = declared().map(|declared| &declared.description);
        let description = description.into_iter().find(|text| !text.is_empty());
        Some(Self {
            name: first.declared.name.clone(),
            kind: sources::kind(declarations)?,
            unit,
            description: description.cloned().unwrap_or_default(),
            labels: labels(declarations),
            buckets: declared().find_map(|declared| declared.buckets.clone()),
            places: declarations.iter().map(RankedDeclaration::place).collect(),
        })
    }

    /// True if the metric is known without running the program.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.places.iter().any(|place| place.linked)
    }
}

/// The labels at the places that count most, together: functions of one family have different ones.
fn labels(declarations: &[RankedDeclaration]) -> Vec<Cow<'static, str>> {
    let speaks = |declaration: &&RankedDeclaration| declaration.declared.labels.is_some();
    let Some(origin) = declarations
        .iter()
        .find(speaks)
        .map(|declaration| declaration.origin)
    else {
        return Vec::new();
    };
    let mut labels: Vec<Cow<'static, str>> = Vec::new();
    for declaration in declarations
        .iter()
        .filter(|declaration| declaration.origin == origin)
    {
        for label in declaration.declared.labels.iter().flatten() {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
    }
    labels
}
