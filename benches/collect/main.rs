//! What it costs to collect, to encode and to keep many series: ours beside its peers.
//!
//! `cargo bench -p runar-otel-benches --bench collect` prints tables: scrapes and their encoding, records and new series
//! while collections run, memory per series. Words after `--` choose among `scrape`, `during` and `memory`. Without
//! `--bench` (`cargo test --benches`) the same runs with few series. Nobody counts who does not show all that was
//! recorded.

mod child;
mod during;
mod memory;
mod peers;
mod readings;
mod scrape;
mod series;
mod summary;

use std::io::Write as _;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// Enough for a table.
    Full,
    /// Enough to see that it works.
    Check,
}

impl Effort {
    /// The first number for a table.
    fn of(self, full: usize, check: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Check => check,
        }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [child::CHILD, "scrape", case @ ..] => scrape::child(case),
        [child::CHILD, "during", case @ ..] => during::child(case),
        [child::CHILD, "memory", case @ ..] => memory::child(case),
        words => tables(words),
    }
}

fn tables(words: &[&str]) -> Result<()> {
    let (flags, wanted): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| word.starts_with("--"));
    let effort = if flags.contains(&"--bench") {
        Effort::Full
    } else {
        Effort::Check
    };
    let is_wanted = |table: &str| wanted.is_empty() || wanted.contains(&table);
    let mut out = std::io::stdout();
    for (name, table) in [
        ("scrape", scrape::table as fn(Effort) -> Result<String>),
        ("during", during::table),
        ("memory", memory::table),
    ] {
        if is_wanted(name) {
            let table = table(effort)?;
            match effort {
                Effort::Full => writeln!(out, "{table}")?,
                Effort::Check => writeln!(out, "{name}: all was recorded and shown")?,
            }
        }
    }
    Ok(())
}
