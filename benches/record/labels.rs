//! The label sets that records with labels pick at random.

use crate::work::scattered;

const METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "QUERY",
];

const STATUSES: [&str; 10] = [
    "200", "503", "201", "204", "301", "400", "401", "403", "404", "500",
];

/// At least so many picks before they come again: more than a processor remembers of its branches.
const PICKS: usize = 1 << 14;

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
    /// In the order of the records, which is a random one; a power of two, so that finding the place costs nothing beside
    /// the record. First all sets come once, then some come again.
    turns: Vec<LabelValues<'static>>,
    mask: usize,
}

impl LabelSets {
    /// 8, or a multiple of 100.
    pub(crate) fn new(count: usize) -> Self {
        Self::beyond(0, count)
    }

    /// As many, none of which is among the first ones.
    pub(crate) fn beyond(first: usize, count: usize) -> Self {
        let choices = if count <= 8 { 2 } else { METHODS.len() };
        let routes: Vec<&'static str> = (0..(first + count).div_ceil(choices * choices))
            .map(|at| &*String::leak(format!("/orders/{at}/items")))
            .collect();
        let set = |at: usize| LabelValues {
            method: pick(&METHODS, at % choices),
            status: pick(&STATUSES, at / choices % choices),
            route: pick(&routes, at / (choices * choices)),
        };
        let length = count.next_power_of_two().max(PICKS);
        let all = shuffled(count).into_iter();
        let again = (count..length).map(|at| spread(at, count));
        let turns: Vec<_> = all.chain(again).map(|at| set(first + at)).collect();
        Self {
            mask: length - 1,
            turns,
        }
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

/// So many numbers in a random order.
fn shuffled(count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        numbers.swap(at, spread(at, at + 1));
    }
    numbers
}

/// A number below `end`, at random.
fn spread(at: usize, end: usize) -> usize {
    usize::try_from(scattered(at) >> 32).unwrap_or(0) % end
}

fn pick(from: &[&'static str], at: usize) -> &'static str {
    from.get(at).copied().unwrap_or_default()
}
