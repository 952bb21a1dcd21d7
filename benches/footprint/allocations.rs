//! Allocations of records whose series are known: there are to be none.

use std::fmt::Write as _;

use allocation_counter::measure;
use runar_otel_benches::target::at_most;

use crate::{
    Result,
    application::{Application, DROPPED, WORKS},
    child,
    effort::Effort,
};

/// Without telemetry.
const DISABLED: &[(&str, &str)] = &[("OTEL_SDK_DISABLED", "true")];

pub(crate) fn table(effort: Effort) -> Result<String> {
    let records = effort.of(10_000, 100).to_string();
    let mut out = format!("| {records} records | allocations | target |\n|---|---:|---|\n");
    let usual = WORKS
        .iter()
        .chain([&DROPPED])
        .map(|work| (*work, "", &[][..]));
    let disabled = WORKS
        .iter()
        .map(|work| (*work, ", OTEL_SDK_DISABLED", DISABLED));
    for (work, title, variables) in usual.chain(disabled) {
        let found = child::ask_with(&["allocations", work, &records], variables)?;
        let verdict = at_most(found.parse()?, 0.0, "allocations");
        let _ = writeln!(out, "| {work}{title} | {found} | {verdict} |");
    }
    Ok(out)
}

pub(crate) fn child(case: &[&str]) -> Result<()> {
    let [work, records] = case else {
        return Err("expected work and records".into());
    };
    let (application, records) = (Application::start()?, records.parse::<usize>()?);
    let mut made = 0;
    let mut record = || made += application.record(work);
    record();
    let found = measure(|| (0..records).for_each(|_| record())).count_total;
    if made != records + 1 {
        return Err(format!("no work {work:?}").into());
    }
    child::answer(&found.to_string())
}
