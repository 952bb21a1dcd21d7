//! Requests in a spill, and what becomes of them.

/// An encoded request that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number of data points or spans, for messages.
    pub count: usize,
    /// The bytes of the request, before compression.
    pub body: Vec<u8>,
}

/// The place of a request in a spill.
#[derive(Debug)]
pub struct Ticket {
    #[cfg_attr(not(feature = "spill"), expect(dead_code, reason = "nothing waits"))]
    pub(super) position: u64,
    #[cfg_attr(not(feature = "spill"), expect(dead_code, reason = "nothing waits"))]
    pub(super) count: usize,
    #[cfg_attr(not(feature = "spill"), expect(dead_code, reason = "nothing waits"))]
    pub(super) size: usize,
}

/// The outcome of an attempt to send a request of a spill.
#[derive(Debug)]
pub enum Verdict<E> {
    /// The request is delivered, and leaves the spill.
    Delivered,
    /// The receiver does not take the request, for this reason; the request is dropped.
    Refused(String),
    /// The request stays, and so do those after it.
    Kept(E),
}
