//! Lists of error types that are joined when the program is compiled.

/// Returns the sum of the lengths of the lists.
#[must_use]
pub const fn length(mut lists: &[&[&str]]) -> usize {
    let mut length = 0;
    while let Some((list, rest)) = lists.split_first() {
        length += list.len();
        lists = rest;
    }
    length
}

/// Joins the lists; `N` is their [`length`].
#[must_use]
#[expect(
    clippy::indexing_slicing,
    reason = "when compiled; a wrong length is a compiler error"
)]
pub const fn join<const N: usize>(mut lists: &[&[&'static str]]) -> [&'static str; N] {
    let mut joined = [""; N];
    let mut at = 0;
    while let Some((list, rest)) = lists.split_first() {
        let mut list: &[&'static str] = list;
        while let Some((first, after)) = list.split_first() {
            joined[at] = first;
            (at, list) = (at + 1, after);
        }
        lists = rest;
    }
    joined
}
