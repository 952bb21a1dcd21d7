//! Cells, tables and retirement under every interleaving and every memory order that the model allows.
//!
//! The files of the production code are those that run, made of the checker's atomics and locks (`sync`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the files of the production code have more than the models need"
)]

mod cells;
mod exemplar;
mod histograms;
mod labels;
mod lookups;
mod metric;
mod retirement;
mod series;
mod threads;

use loom::thread::JoinHandle;

/// Explores a model. A thread is taken off its turn up to three times; faults of this kind need no more than two.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    explore_to(3, model);
}

/// The same for a model of many steps.
fn explore_to(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}
