//! The spill: a directory in which requests that were not delivered wait for the next process.
//!
//! One file for each signal holds encoded requests, oldest first, whatever protocol they leave by. The requests are not
//! encrypted; the files are readable by their owner only. A request is removed after its delivery, so that a process
//! that is killed in between leads to a second delivery, never to a loss.

#[cfg(feature = "spill")]
mod directory;
#[cfg(feature = "spill")]
mod entry;
#[cfg(feature = "spill")]
mod file;
#[cfg(not(feature = "spill"))]
mod none;
#[cfg(feature = "spill")]
mod options;
mod request;
#[cfg(feature = "spill")]
mod signal_spill;
#[cfg(feature = "spill")]
mod store;
#[cfg(feature = "spill")]
#[cfg(test)]
mod tests;

#[cfg(not(feature = "spill"))]
pub use none::Spill;
pub use request::{Request, Ticket, Verdict};

#[cfg(feature = "spill")]
pub use self::{directory::check_directory, options::SpillOptions, signal_spill::Spill};
