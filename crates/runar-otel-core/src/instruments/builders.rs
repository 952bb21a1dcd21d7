//! The methods that the builders of all instruments have.

/// The builder methods that all instruments share.
macro_rules! builder_methods {
    () => {
        /// Adds a label that every measurement of the handle carries.
        pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.declaration.label(name.into(), value.into());
            self
        }

        /// States the unit, in UCUM: `s`, `By`, `1`, `{request}`. The default is that of the name's suffix (`_seconds`,
        /// `_bytes`, `_ratio`), else none.
        pub fn with_unit(mut self, unit: impl Into<std::borrow::Cow<'static, str>>) -> Self {
            self.declaration.unit(unit.into());
            self
        }
    };
}
pub(crate) use builder_methods;

/// The method of builders whose metrics functions share.
macro_rules! shared_method {
    () => {
        /// Sets the labels whose values the code bounds.
        pub(crate) fn shared(mut self, sharing: crate::metric::sharing::Sharing) -> Self {
            self.declaration.descriptor.sharing = sharing;
            self
        }
    };
}
pub(crate) use shared_method;

/// The methods that end a series.
macro_rules! retire_methods {
    () => {
        /// Ends the series of the handle, once every consumer has seen its last value: for objects that are gone, such
        /// as a connection.
        ///
        /// It is seen until each exporter has delivered once more: a push every 60 s has scrapes show it for up to a
        /// minute. Then it disappears, its memory is given back, and its place among the label sets that the metric may
        /// have. An exporter that does not come is waited for no longer than five minutes.
        ///
        /// Whatever is recorded before that keeps the series: it is in use again, and goes on with its value. What is
        /// recorded afterwards begins at 0, with a start time of its own. A sum that goes up and down ends when it is
        /// back at 0.
        ///
        /// Does not wait.
        pub fn retire(&self) {
            self.handle.retire(&[]);
        }

        /// Ends the series with these labels; see [`retire`](Self::retire).
        pub fn retire_with(&self, labels: Labels<'_>) {
            self.handle.retire(labels);
        }
    };
}
pub(crate) use retire_methods;

/// The two ways to finish a builder.
macro_rules! register_methods {
    ($handle:ty) => {
        /// Registers the metric and returns a handle to it.
        ///
        /// The same declaration twice gives the same series. Whatever is wrong with it is reported once, with
        /// both places in the source; the handle is harmless then: of two units the first one stays, of two
        /// kinds too, and an invalid declaration records nothing.
        #[track_caller]
        pub fn register(self) -> $handle {
            self.register_at(std::panic::Location::caller())
        }

        /// Registers a metric that is declared elsewhere, see [`register`](Self::register).
        pub(crate) fn register_at(self, at: &'static std::panic::Location<'static>) -> $handle {
            <$handle>::from_handle(crate::instruments::handle::Handle::register(
                &self.declaration,
                at,
            ))
        }

        /// Registers the metric strictly.
        ///
        /// # Errors
        /// An invalid name, unit, label or bucket bound; a name that is taken by another kind or with another
        /// unit.
        #[track_caller]
        pub fn try_register(self) -> Result<$handle, crate::metric::error::RegisterError> {
            crate::instruments::handle::Handle::try_register(
                &self.declaration,
                std::panic::Location::caller(),
            )
            .map(<$handle>::from_handle)
        }
    };
}
pub(crate) use register_methods;
