//! Outcomes: verdicts on returned values, error types, and labels from arguments.

pub(crate) mod concat;
pub(crate) mod error_types;
pub(crate) mod item_verdict;
pub(crate) mod label_from;
pub(crate) mod traits;
pub(crate) mod verdict;

pub use self::{
    concat::{join, length},
    error_types::{ErrorTypes, ErrorTypesOf},
    item_verdict::{
        AnyItem, FindWatch, JudgeItem, ResultItem, TypedItem, Watch, WatchOf, iterator_of,
        stream_of,
    },
    label_from::{LabelFrom, LabelOf},
    traits::{ErrorType, LabelSource, Outcome},
    verdict::{Judge, Judged, Verdict},
};
