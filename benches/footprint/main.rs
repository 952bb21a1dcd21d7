//! What recording takes besides time: heap, memory and stack of a thread, allocations.
//!
//! `cargo bench -p runar-otel-benches --bench footprint` prints tables. Without `--bench` (`cargo test --benches`) the
//! same runs with few threads and records. Each case is a process of its own, an application under `init()`.

mod allocations;
mod application;
#[path = "../record/peers/call.rs"]
#[expect(dead_code, reason = "another bench asks how often it ran")]
mod call;
#[path = "../collect/child.rs"]
mod child;
#[path = "../collect/effort.rs"]
mod effort;
mod threads;

use std::io::Write as _;

use runar_otel_benches::target::missed;

use crate::effort::Effort;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [child::CHILD, "threads", case @ ..] => threads::child(case),
        [child::CHILD, "allocations", case @ ..] => allocations::child(case),
        words => {
            let effort = Effort::of_flags(words);
            let tables = format!(
                "{}\n{}",
                threads::table(effort)?,
                allocations::table(effort)?
            );
            let mut out = std::io::stdout();
            match effort {
                Effort::Full => writeln!(out, "{tables}\n{}", missed(&tables))?,
                Effort::Check => writeln!(out, "footprint: all was measured")?,
            }
            Ok(())
        }
    }
}
