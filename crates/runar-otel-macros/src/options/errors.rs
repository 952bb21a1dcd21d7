//! Errors of one attribute, all shown at once.

use proc_macro2::Span;
use syn::Error;

/// Gathers errors, so that all are shown at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(Error::new(span, message));
    }

    /// Returns the value, or keeps the error and returns `None`.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }

    /// Returns all errors, and this one behind them.
    pub(crate) fn with(mut self, error: Error) -> Error {
        match self.0.take() {
            Some(mut first) => {
                first.combine(error);
                first
            }
            None => error,
        }
    }

    /// Returns all values, or all errors in one.
    pub(crate) fn gather<T>(results: impl Iterator<Item = syn::Result<T>>) -> syn::Result<Vec<T>> {
        let mut errors = Self::default();
        let values = results.filter_map(|result| errors.keep(result)).collect();
        errors.finish()?;
        Ok(values)
    }
}
