//! What can go wrong between a test and a real peer.

use std::fmt;
use std::io;
use std::time::Duration;

/// The result of everything in this library.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure on the way to, or in the answer of, a real peer.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum Error {
    /// A program that builds or runs a peer is not installed.
    #[error("{peer} needs `{tool}`, which is not on the search path (PATH): {remedy}")]
    ToolMissing {
        /// What cannot be built or run.
        peer: String,
        /// The program that was looked for.
        tool: String,
        /// What to install.
        remedy: String,
    },
    /// A program ran and reported failure.
    #[error("cannot {step} ({status}):\n{output}")]
    Command {
        /// What the program was to do.
        step: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// A file, a socket or a process of the operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A peer ended before it was ready.
    #[error("{name} ended before it was ready ({status}), its log ends with:\n{log}")]
    Ended {
        /// The peer.
        name: String,
        /// How it ended.
        status: String,
        /// The end of its log.
        log: String,
    },
    /// Something expected did not happen in time.
    #[error("waited {within:?} in vain for {what}; seen last: {last}")]
    Deadline {
        /// What was expected.
        what: String,
        /// How long was waited.
        within: Duration,
        /// The last thing that was there instead.
        last: String,
    },
    /// A peer could not be asked.
    #[error("cannot ask {url}: {source}")]
    Http {
        /// The address.
        url: String,
        /// The client's reason.
        source: Box<ureq::Error>,
    },
    /// A peer answered something unexpected.
    #[error("unexpected answer of {peer}: {problem}")]
    Answer {
        /// Who answered.
        peer: String,
        /// What was wrong with it.
        problem: String,
    },
}

/// The same text as `Display`: a test that returns an error shows it by `Debug`, logs over many lines included.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error {
    /// Names what was tried when the operating system refused.
    pub fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// Says what is wrong with a peer's answer.
    pub fn answer(peer: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::Answer {
            peer: peer.into(),
            problem: problem.to_string(),
        }
    }
}
