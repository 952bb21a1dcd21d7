//! The label sets that records with labels take turns in.

const METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "QUERY",
];

const STATUSES: [&str; 10] = [
    "200", "503", "201", "204", "301", "400", "401", "403", "404", "500",
];

/// The values of three labels, known only at run time: who keeps one has to copy it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelValues<'a> {
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: &'a str,
}

/// All label sets of one work.
///
/// The texts are few and stay in the cache, as those of a request at hand would; the series that they lead to do not.
#[derive(Clone, Debug)]
pub(crate) struct LabelSets {
    /// In the order of the records, which jumps from one series to a distant one; a power of two, so that finding the
    /// place costs nothing beside the record. Some sets come twice therefore.
    turns: Vec<LabelValues<'static>>,
    mask: usize,
}

impl LabelSets {
    /// 8, or a multiple of 100.
    pub(crate) fn new(count: usize) -> Self {
        let choices = if count <= 8 { 2 } else { METHODS.len() };
        let routes: Vec<&'static str> = (0..count.div_ceil(choices * choices))
            .map(|at| &*String::leak(format!("/orders/{at}/items")))
            .collect();
        let set = |at: usize| LabelValues {
            method: pick(&METHODS, at % choices),
            status: pick(&STATUSES, at / choices % choices),
            route: pick(&routes, at / (choices * choices)),
        };
        let length = Self::round(count);
        // Odd and no multiple of 5, so that it comes to every set.
        let turns: Vec<_> = (0..length).map(|at| set(at * 61_803 % count)).collect();
        Self {
            mask: length - 1,
            turns,
        }
    }

    /// How many records it takes until each of so many sets has been seen.
    pub(crate) fn round(count: usize) -> usize {
        count.next_power_of_two()
    }

    /// The label set of the record of this number.
    pub(crate) fn of(&self, at: usize) -> LabelValues<'_> {
        let found = self.turns.get(at & self.mask).copied();
        found.unwrap_or(LabelValues {
            method: "",
            route: "",
            status: "",
        })
    }
}

fn pick(from: &[&'static str], at: usize) -> &'static str {
    from.get(at).copied().unwrap_or_default()
}
