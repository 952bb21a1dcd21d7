//! Services and owners of metered functions.

use std::{marker::PhantomData, panic::Location};

use linkme::distributed_slice;

use super::type_name::short_name;

/// The services with `#[metrics]` in all crates that are linked.
#[distributed_slice]
pub static SERVICES: [&'static ServiceMeta];

/// Arguments of `#[metrics]` on a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceMeta {
    /// The value of the label `service`.
    pub name: &'static str,
    /// The prefix of the names of its metrics.
    pub prefix: &'static str,
    /// True if published events are counted.
    pub events: bool,
    /// True if all actions of the service feed `action_*`, not only the metered ones.
    pub actions: bool,
    /// The module of the struct (or the impl).
    pub module: &'static str,
    /// The place of the attribute.
    pub at: &'static Location<'static>,
}

/// A type with `#[metrics]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[metrics]`",
    label = "expected `#[metrics]` on the struct",
    note = "an attribute on a generic impl takes its service from the struct"
)]
pub trait MeteredService {
    /// Arguments of the attribute.
    const META: &'static ServiceMeta;
}

/// The owner of a function: a type, or the crate of a free function.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The name of the type, with path and generics; or of the crate, for a free function.
    pub name: &'static str,
    /// The service, if the type has `#[metrics]`.
    pub service: Option<&'static ServiceMeta>,
}

/// Asks a type for its service: `Probe::<Self>::SERVICE` finds the inherent constant if the type has `#[metrics]`,
/// else that of the trait [`NoService`], which must be in scope.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: MeteredService + ?Sized> Probe<T> {
    /// The service of the type.
    pub const SERVICE: Option<&'static ServiceMeta> = Some(T::META);
}

/// The trait that gives the answer for all other types.
pub trait NoService {
    /// No service: the type has no `#[metrics]`.
    const SERVICE: Option<&'static ServiceMeta> = None;
}

impl<T: ?Sized> NoService for Probe<T> {}

impl Owner {
    /// The owner of a method.
    #[must_use]
    pub fn of<T: ?Sized>(service: Option<&'static ServiceMeta>) -> Self {
        Self {
            name: std::any::type_name::<T>(),
            service,
        }
    }

    /// An owner whose name is known when it is compiled.
    #[must_use]
    pub const fn named(name: &'static str, service: Option<&'static ServiceMeta>) -> Self {
        Self { name, service }
    }

    /// The owner of a free function: its crate, with which the path of its module begins.
    #[must_use]
    pub const fn of_module(path: &'static str) -> Self {
        Self::named(first_segment(path), None)
    }

    /// The name without paths and generics: label `service`, unless the service or the function says another one.
    #[must_use]
    pub fn short_name(&self) -> &'static str {
        short_name(self.name)
    }

    /// A key of the name made from its address and length: two names may begin at the same address.
    pub(crate) fn name_key(&self) -> usize {
        (self.name.as_ptr() as usize) ^ self.name.len().rotate_right(16)
    }

    /// True if both are the same owner. Names are mostly one and the same string, unless that was compiled twice.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        let same_service = match (self.service, other.service) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                std::ptr::eq(one, other) || (one.name == other.name && one.prefix == other.prefix)
            }
            _ => false,
        };
        same_service && (std::ptr::eq(self.name, other.name) || self.name == other.name)
    }
}

/// `a` of `a::b::c`.
const fn first_segment(path: &'static str) -> &'static str {
    let mut length = 0;
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest
        && *first != b':'
    {
        length += 1;
        rest = others;
    }
    match path.split_at_checked(length) {
        Some((first, _)) => first,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_called_like_its_type() {
        struct Store<T>(PhantomData<T>);
        let name = |owner: Owner| owner.short_name();
        assert_eq!(name(Owner::of::<Store<Vec<u8>>>(None)), "Store");
        assert_eq!(name(Owner::named("my_crate", None)), "my_crate");
        assert_eq!(name(Owner::of_module("my_crate::a::b")), "my_crate");
        assert_eq!(name(Owner::of_module("my_crate")), "my_crate");
    }
}
