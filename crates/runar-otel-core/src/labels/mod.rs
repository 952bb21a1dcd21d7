//! Label sets: their storage, look-up and filters.

mod filter;
mod interner;
mod length;
mod query;
mod set;
mod sorted;
mod table;
mod value;

pub(crate) use self::{
    filter::LabelFilter,
    interner::{
        AllSeries, BaseLabels, BaseLabelsRef, Interner, MOST_ALIASES, Members, begin_rebuild,
    },
    query::{Label, hash},
    sorted::SortedLabels,
    table::HasLabels,
};
pub use self::{
    set::{LabelIter, LabelSet},
    value::{ArrayRef, ValueRef},
};

/// Labels given with one measurement: name and value.
pub type Labels<'a> = &'a [(&'a str, &'a str)];
