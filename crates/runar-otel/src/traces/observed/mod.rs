//! Spans counted, as the semantic conventions *SDK metrics* say: started, live, queued, processed.

mod processor;
mod queue;
mod sampler;

pub(super) use processor::ObservedProcessor;
pub(super) use queue::{ObservedQueue, Queue};
pub(super) use runar_otel_pipeline::observe::Observer;
pub(super) use sampler::CountingSampler;

#[cfg(test)]
mod tests;
