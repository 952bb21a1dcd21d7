//! What it costs to collect, to encode and to keep many series: ours beside its peers.
//!
//! `cargo bench -p runar-otel-benches --bench collect` prints tables: scrapes and their encoding, records and new series
//! while collections or retirements run, memory per series and per striped series, memory that comes back. Words after
//! `--` choose among `scrape`, `during`, `memory`, `striped` and `retire`. Without `--bench` (`cargo test --benches`) the
//! same runs with few series. Nobody counts who does not show all that was recorded.

#[expect(dead_code, reason = "another bench needs the rest of it")]
mod child;
mod during;
mod effort;
mod memory;
mod peers;
mod readings;
mod retire;
mod scrape;
mod series;
mod striped;
mod summary;

use std::io::Write as _;

use runar_otel_benches::target::missed;

use crate::effort::Effort;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [child::CHILD, "scrape", case @ ..] => scrape::child(case),
        [child::CHILD, "during", case @ ..] => during::child(case),
        [child::CHILD, "memory", case @ ..] => memory::child(case),
        [child::CHILD, "striped", case @ ..] => striped::child(case),
        [child::CHILD, "retire", case @ ..] => retire::child(case),
        words => tables(words),
    }
}

fn tables(words: &[&str]) -> Result<()> {
    let (flags, wanted): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| word.starts_with("--"));
    let effort = Effort::of_flags(&flags);
    let is_wanted = |table: &str| wanted.is_empty() || wanted.contains(&table);
    let mut out = std::io::stdout();
    let mut tables = String::new();
    for (name, table) in [
        ("scrape", scrape::table as fn(Effort) -> Result<String>),
        ("during", during::table),
        ("memory", memory::table),
        ("striped", striped::table),
        ("retire", retire::table),
    ] {
        if is_wanted(name) {
            let table = table(effort)?;
            match effort {
                Effort::Full => writeln!(out, "{table}")?,
                Effort::Check => writeln!(out, "{name}: all was recorded and shown")?,
            }
            tables.push_str(&table);
        }
    }
    if effort == Effort::Full {
        write!(out, "{}", missed(&tables))?;
    }
    Ok(())
}
