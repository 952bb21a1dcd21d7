//! Verdicts on calls that last as long as a returned value, by the items of that value.

use std::{fmt, marker::PhantomData};

use futures_core::Stream;

use super::{
    traits::ErrorType,
    verdict::{OTHER, Verdict, kind_of},
};

/// A watcher of a value as a whole.
pub trait Watch<T: ?Sized> {
    /// True if nothing more comes, though nobody has asked for it yet.
    fn is_over(value: &T) -> bool {
        let _ = value;
        false
    }
}

/// A watcher of the items of a value.
pub trait JudgeItem<I> {
    /// The verdict on one item.
    fn judge(item: &I) -> Verdict;
}

/// The watcher that accepts every item.
#[derive(Debug)]
pub enum AnyItem {}

/// The watcher that counts an `Err` as an error of type `_OTHER`.
#[derive(Debug)]
pub enum ResultItem {}

/// The watcher that counts an `Err` as an error of its own type.
#[derive(Debug)]
pub enum TypedItem {}

impl<T: ?Sized> Watch<T> for AnyItem {}

impl<T: ?Sized> Watch<T> for ResultItem {}

impl<T: ?Sized> Watch<T> for TypedItem {}

impl<I> JudgeItem<I> for AnyItem {
    fn judge(_item: &I) -> Verdict {
        Verdict::Ok
    }
}

impl<I, E> JudgeItem<Result<I, E>> for ResultItem {
    fn judge(item: &Result<I, E>) -> Verdict {
        match item {
            Ok(_) => Verdict::Ok,
            Err(_) => Verdict::Error(OTHER),
        }
    }
}

impl<I, E: ErrorType> JudgeItem<Result<I, E>> for TypedItem {
    fn judge(item: &Result<I, E>) -> Verdict {
        match item {
            Ok(_) => Verdict::Ok,
            Err(error) => Verdict::Error(kind_of(error)),
        }
    }
}

/// A probe for the watcher of a value, see `until_drop!`.
pub struct WatchOf<'a, T>(pub &'a T);

impl<T> fmt::Debug for WatchOf<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WatchOf")
    }
}

/// Chooses the watcher of a value by its type; the impls on more references are tried first.
pub trait FindWatch {
    /// The watcher chosen for the type.
    type Watch;

    /// Returns the watcher as a type.
    fn watch(&self) -> PhantomData<Self::Watch> {
        PhantomData
    }
}

impl<T> FindWatch for WatchOf<'_, T> {
    type Watch = AnyItem;
}

impl<T: Iterator<Item = Result<I, E>>, I, E> FindWatch for &WatchOf<'_, T> {
    type Watch = ResultItem;
}

impl<T: Stream<Item = Result<I, E>>, I, E> FindWatch for &&WatchOf<'_, T> {
    type Watch = ResultItem;
}

impl<T: Iterator<Item = Result<I, E>>, I, E: ErrorType> FindWatch for &&&WatchOf<'_, T> {
    type Watch = TypedItem;
}

impl<T: Stream<Item = Result<I, E>>, I, E: ErrorType> FindWatch for &&&&WatchOf<'_, T> {
    type Watch = TypedItem;
}

/// Fixes the item type of a stream for [`FindWatch`]: the type of the stream alone may not determine it.
pub fn stream_of<I, T: Stream<Item = I>>(stream: T) -> T {
    stream
}

/// Fixes the item type of an iterator, see [`stream_of`].
pub fn iterator_of<I, T: Iterator<Item = I>>(iterator: T) -> T {
    iterator
}

/// Lets a call last until a value ends or is dropped: `until_drop!(call, value)`; with what is known of its
/// outcome already: `until_drop!(call, response_body, verdict)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __until_drop {
    ($call:expr, $value:expr $(,)?) => {
        $crate::__until_drop!($call, $value, $crate::__private::Verdict::Ok)
    };
    ($call:expr, $value:expr, $verdict:expr) => {{
        use $crate::__private::FindWatch as _;
        let value = $value;
        let watch = (&&&&&&$crate::__private::WatchOf(&value)).watch();
        $crate::__private::watched($call, value, $verdict, watch)
    }};
}
