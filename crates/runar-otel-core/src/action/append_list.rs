//! A list that only grows and is read without a lock.

use std::fmt;

use crate::threads::sync::OnceBox;

/// A list that only grows. Entries stay where they are, so a list in a static hands out `&'static`.
///
/// Meant for few entries, the first of which is the one that is mostly looked for.
pub(crate) struct AppendList<T> {
    first: OnceBox<Node<T>>,
}

struct Node<T> {
    value: T,
    next: AppendList<T>,
}

impl<T> AppendList<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceBox::new(),
        }
    }

    /// Returns the first wanted entry.
    #[inline]
    pub(crate) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<&T> {
        self.iter().find(|value| wanted(value))
    }

    /// Returns the wanted entry, which is made if it is not there.
    ///
    /// The entry is made outside of any lock: making may report something to a subscriber that comes back here. If two
    /// threads make one at the same time, the later one is dropped.
    pub(crate) fn find_or_make(
        &self,
        wanted: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
    ) -> (&T, Age) {
        let mut list = self;
        loop {
            let node = match list.first.get() {
                Some(node) => node,
                None => {
                    let (node, age) = list.append(make());
                    if age == Age::New {
                        return (&node.value, age);
                    }
                    node
                }
            };
            if wanted(&node.value) {
                return (&node.value, Age::Old);
            }
            list = &node.next;
        }
    }

    fn append(&self, value: T) -> (&Node<T>, Age) {
        let mut age = Age::Old;
        let node = self.first.get_or_init(|| {
            age = Age::New;
            let next = Self::new();
            Box::new(Node { value, next })
        });
        (node, age)
    }

    pub(crate) fn iter(&self) -> Iter<'_, T> {
        Iter { rest: self }
    }
}

impl<T: fmt::Debug> fmt::Debug for AppendList<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// The age of a found entry: there before, or made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Old,
    New,
}

/// The entries, oldest first.
pub(crate) struct Iter<'a, T> {
    rest: &'a AppendList<T>,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let node = self.rest.first.get()?;
        self.rest = &node.next;
        Some(&node.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_made_once() {
        let list = AppendList::new();
        for value in [1, 2, 1, 3, 2] {
            let (found, _) = list.find_or_make(|known| *known == value, || value);
            assert_eq!(*found, value);
        }
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn threads_agree_on_the_entries() {
        let list = AppendList::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for value in 0..50 {
                        list.find_or_make(|known| *known == value, || value);
                    }
                });
            }
        });
        let mut all: Vec<i32> = list.iter().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
    }
}
