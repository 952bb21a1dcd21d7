//! Values by addresses in the program, found without a lock and as fast for many as for few.

use std::fmt;

use super::append_list::AppendList;
use crate::threads::sync::OnceBox;

/// The number of lists. A generic function of a thousand types looks at eight entries on average.
const LISTS: usize = 128;

/// A map whose keys are addresses of constants and functions of the program, whose number is limited.
///
/// One constant may have several addresses, so a miss says nothing.
pub(crate) struct AddressMap<V>(OnceBox<Lists<V>>);

type Lists<V> = [AppendList<(usize, V)>; LISTS];

impl<V: Copy> AddressMap<V> {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    pub(crate) fn get(&self, address: usize) -> Option<V> {
        let list = self.0.get()?.get(list_of(address))?;
        let known = list.find(|(known, _)| *known == address)?;
        Some(known.1)
    }

    /// Adds a value, unless the address has one.
    pub(crate) fn add(&self, address: usize, value: V) {
        let lists = || Box::new([const { AppendList::new() }; LISTS]);
        if let Some(list) = self.0.get_or_init(lists).get(list_of(address)) {
            list.find_or_make(|(known, _)| *known == address, || (address, value));
        }
    }
}

/// Returns the list of an address: spreads neighbours, which differ in their lower bits, and drops the bits that an
/// alignment leaves empty.
#[expect(clippy::cast_possible_truncation, reason = "a few bits")]
fn list_of(address: usize) -> usize {
    let spread = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (spread >> (64 - LISTS.ilog2())) as usize
}

impl<V> fmt::Debug for AddressMap<V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AddressMap").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_keeps_its_first_value() {
        let known = AddressMap::new();
        assert_eq!(known.get(8), None);
        for address in (0..4096).map(|at| at * 8) {
            known.add(address, address + 1);
            known.add(address, 0);
        }
        assert!((0..4096).all(|at| known.get(at * 8) == Some(at * 8 + 1)));
        assert_eq!(known.get(9), None);
    }
}
