//! Binding: a value that a handle found in the provider, looked up again when the provider changes.

use std::{
    cmp::Reverse,
    fmt, iter,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::provider;
use crate::threads::sync::OnceBox;

/// A generation that no provider has.
const NONE: u64 = u64::MAX;

/// A value found in a provider, for as long as that provider is the current one.
///
/// A chain that grows only when a new provider has another value: the same rules find the same streams, and then only
/// the generation changes. So the second `init()` costs no more than the first. The first link is inside: most bindings
/// have no other, and each handle has one (`memory.rs` of the pipeline's tests counts its bytes). Data that few owners
/// have, `R`, is with the second link.
pub(crate) struct Binding<T, R = ()> {
    first: OnceLock<T>,
    /// The generation of the provider that the first value belongs to. Release pairs with Acquire.
    generation: AtomicU64,
    later: OnceBox<NextLink<T, R>>,
}

struct NextLink<T, R> {
    link: Binding<T, R>,
    rest: Option<R>,
}

impl<T, R> Default for Binding<T, R> {
    fn default() -> Self {
        Self {
            first: OnceLock::new(),
            generation: AtomicU64::new(NONE),
            later: OnceBox::new(),
        }
    }
}

impl<T, R> Binding<T, R> {
    /// Begins without a value, and with the rest.
    pub(crate) fn with_rest(rest: R) -> Self {
        let later = NextLink {
            link: Self::default(),
            rest: Some(rest),
        };
        Self {
            later: OnceBox::with_value(Box::new(later)),
            ..Self::default()
        }
    }

    /// Returns the rest. It is made together with the second link: `None` if that link exists without it.
    pub(crate) fn rest_or(&self, make: impl FnOnce() -> R) -> Option<&R> {
        let later = self.later.get_or_init(|| {
            Box::new(NextLink {
                link: Self::default(),
                rest: Some(make()),
            })
        });
        later.rest.as_ref()
    }

    /// The rest, if the owner has it.
    pub(crate) fn rest(&self) -> Option<&R> {
        self.later.get()?.rest.as_ref()
    }

    /// The next link with a value.
    fn next(&self) -> Option<&Self> {
        let next = &self.later.get()?.link;
        next.first.get().is_some().then_some(next)
    }

    /// The value for the provider that all records go to, if it is the first value: for records, which then save no
    /// register for a look down the chain.
    #[inline]
    pub(crate) fn current_first(&self) -> Option<&T> {
        let first = self.first.get()?;
        (self.generation.load(Ordering::Acquire) == provider::sole()).then_some(first)
    }

    /// The value for the provider that all records go to; `None` without such a provider, or without a value for it.
    #[inline]
    pub(crate) fn current(&self) -> Option<&T> {
        let first = self.first.get()?;
        let sole = provider::sole();
        if self.generation.load(Ordering::Acquire) == sole {
            return Some(first);
        }
        self.find_later(sole)
    }

    /// The value for the provider of this generation.
    pub(crate) fn of(&self, generation: u64) -> Option<&T> {
        if self.generation.load(Ordering::Acquire) == generation {
            return self.first.get();
        }
        self.find_later(generation)
    }

    /// The value that was bound first, of whatever provider.
    #[inline]
    pub(crate) fn first(&self) -> Option<&T> {
        self.first.get()
    }

    /// The value of the last generation, of whatever provider.
    pub(crate) fn last(&self) -> Option<&T> {
        self.bound()
            .max_by_key(|link| link.bound_generation())?
            .first
            .get()
    }

    /// The values of all generations, later ones first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &T> {
        let mut links: Vec<&Self> = self.bound().collect();
        links.sort_by_key(|link| Reverse(link.bound_generation()));
        links.into_iter().filter_map(|link| link.first.get())
    }

    /// The links with a value.
    fn bound(&self) -> impl Iterator<Item = &Self> {
        let links = iter::successors(Some(self), |link| link.next());
        links.filter(|link| link.bound_generation() != NONE)
    }

    /// The generation of the provider that the value of this link belongs to.
    fn bound_generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Binds a value for a generation, unless another thread has done so. Not in a child, where that thread may be
    /// none. If the `same` one was bound before, that stays: rules that come back make the chain no longer.
    pub(crate) fn bind(
        &self,
        generation: u64,
        mut value: T,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<&T> {
        let mut link = self;
        loop {
            match link.first.set(value) {
                Ok(()) => {
                    link.generation.store(generation, Ordering::Release);
                    return link.first.get();
                }
                Err(mine) => value = mine,
            }
            let known = link.first.get()?;
            if link.generation.load(Ordering::Acquire) == generation {
                return Some(known);
            }
            if same(known, &value) {
                link.generation.store(generation, Ordering::Release);
                return Some(known);
            }
            let later = link.later.get_or_init(|| {
                Box::new(NextLink {
                    link: Self::default(),
                    rest: None,
                })
            });
            link = &later.link;
        }
    }

    /// Looks further down the chain. Generation 0 is that of no provider.
    #[cold]
    fn find_later(&self, generation: u64) -> Option<&T> {
        let mut link = self.next()?;
        loop {
            if link.generation.load(Ordering::Acquire) == generation && generation != 0 {
                return link.first.get();
            }
            link = link.next()?;
        }
    }
}

impl<T, R> fmt::Debug for Binding<T, R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Binding")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(values: &[u8]) -> Binding<u8, char> {
        let binding = Binding::default();
        for (generation, value) in (1..).zip(values) {
            binding.bind(generation, *value, u8::eq);
        }
        binding
    }

    #[test]
    fn the_rest_comes_after_the_value_and_stays() {
        let binding = bound(&[10]);
        assert_eq!(binding.rest(), None);
        assert_eq!(binding.rest_or(|| 'a'), Some(&'a'));
        assert_eq!(binding.rest_or(|| 'b'), Some(&'a'));
        assert_eq!(binding.last(), Some(&10));
        binding.bind(2, 20, u8::eq);
        assert_eq!((binding.of(1), binding.of(2)), (Some(&10), Some(&20)));
        assert_eq!(binding.rest(), Some(&'a'));
    }

    #[test]
    fn a_second_link_without_the_rest_gets_none() {
        let binding = bound(&[10, 20]);
        assert_eq!(binding.rest_or(|| 'a'), None);
        assert_eq!(binding.of(2), Some(&20));
    }

    #[test]
    fn values_that_come_back_make_no_chain() {
        let binding = bound(&[10, 20, 10, 20, 10]);
        assert_eq!((binding.of(5), binding.of(4)), (Some(&10), Some(&20)));
        let all: Vec<&u8> = binding.newest_first().collect();
        assert_eq!(all, [&10, &20]);
        assert_eq!(binding.last(), Some(&10));
    }
}
