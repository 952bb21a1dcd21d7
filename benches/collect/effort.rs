//! How much is measured.

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Enough for a table.
    Full,
    /// Enough to see that it works.
    Check,
}

impl Effort {
    /// Cargo says `--bench` where a table is wanted.
    pub(crate) fn of_flags(flags: &[&str]) -> Self {
        match flags.contains(&"--bench") {
            true => Self::Full,
            false => Self::Check,
        }
    }

    /// The first number for a table.
    pub(crate) fn of(self, full: usize, check: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Check => check,
        }
    }
}
