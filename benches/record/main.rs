//! What one record costs: ours beside its peers, each doing the same work in its own idiom.
//!
//! `cargo bench -p runar-otel-benches --bench record` measures and prints tables of medians; words after `--` choose the
//! cells whose `group | work | peer` contains one of them, `--quartiles` prints the middle half of the samples as well.
//! Without `--bench` (`cargo test --benches`) everything runs a few times only. No benchmark counts unless the peer has
//! recorded all of it.

mod case;
mod cell;
mod labels;
mod machine;
mod measure;
mod peer;
mod peers;
mod quantiles;
mod readings;
mod regime;
mod result;
mod row;
mod rows;
mod setting;
mod table;
mod tail;
mod target;
mod turns;
mod work;

use std::io::Write;

use runar_otel_benches::target::missed;

use crate::{measure::Effort, regime::Regime, result::Result, table::Table};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, words): (Vec<_>, Vec<_>) = arguments
        .iter()
        .cloned()
        .partition(|argument| argument.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|one| one == flag);
    let effort = if has("--bench") {
        Effort::Full
    } else {
        Effort::Check
    };
    if let Some(name) = flags.iter().find_map(|flag| flag.strip_prefix("--regime=")) {
        return turns::take_part(Regime::named(name)?, &words, effort);
    }
    let cells = turns::conduct(&arguments, &words, effort)?;
    let tail = tail::measure(&words, effort)?;
    let mut out = std::io::stdout().lock();
    if effort == Effort::Check {
        writeln!(out, "all works recorded; `cargo bench` measures them")?;
        return Ok(());
    }
    let tables = format!("{}{tail}", Table::new(cells, has("--quartiles")));
    write!(out, "{}\n\n{tables}{}", machine::line(), missed(&tables))?;
    Ok(())
}
