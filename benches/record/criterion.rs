//! The same works with the same peers under `criterion`, for its reports and its comparison with the run before.
//!
//! `cargo bench -p runar-otel-benches --bench criterion` measures what needs no process of its own; `BENCH_REGIME=many`
//! (or another name in `regime.rs`) measures another regime. The peers do not take turns here: on a shared machine the
//! table of the bench `record` is the better comparison.

#[expect(dead_code, reason = "the table needs the rest of it")]
mod case;
mod labels;
#[expect(dead_code, reason = "the table needs the rest of it")]
mod peer;
#[expect(dead_code, reason = "the table needs the rest of it")]
mod peers;
mod readings;
#[expect(dead_code, reason = "the table needs the rest of it")]
mod regime;
mod result;
#[expect(dead_code, reason = "the table needs the rest of it")]
mod row;
mod rows;
mod setting;
#[expect(dead_code, reason = "the table needs the rest of it")]
mod target;
mod work;

use std::time::Duration;

use criterion::Criterion;

use crate::{
    case::Case,
    peers::{Others, Ours},
    regime::Regime,
    result::Result,
    row::Row,
    rows::ROWS,
};

fn main() -> Result<()> {
    let regime = Regime::named(&std::env::var("BENCH_REGIME").unwrap_or("usual".to_owned()))?;
    if regime
        .variables()
        .iter()
        .any(|(name, value)| std::env::var(name).as_deref() != Ok(value))
    {
        return Err(format!("set {:?} as well", regime.variables()).into());
    }
    let (ours, others) = (Ours::start(regime)?, Others::start(regime)?);
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for row in ROWS.iter().filter(|row| row.regime == regime) {
        let mut group = criterion.benchmark_group(row.title);
        for peer in row.peers {
            let Some(mut case) = others.case(*peer, row, &ours)? else {
                continue;
            };
            let mut outcome = Ok(());
            group.bench_function(peer.title(), |bencher| {
                bencher.iter_custom(|records| run(&mut case, records, row, &mut outcome));
            });
            outcome?;
            case.check(row)?;
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

/// How long so many records take; `outcome` keeps the first failure.
fn run(case: &mut Case, records: u64, row: &Row, outcome: &mut Result<()>) -> Duration {
    let taken: Result<Duration> = usize::try_from(records)
        .map_err(Into::into)
        .and_then(|records| Ok(case.run(records, row)?.time));
    case.upkeep();
    taken.unwrap_or_else(|error| {
        if outcome.is_ok() {
            *outcome = Err(error);
        }
        Duration::from_nanos(1)
    })
}
