//! The SDK as oracle: random programs run in our provider and in that of the OpenTelemetry SDK, and both report the same.
//!
//! `differences` has the exceptions, each with its reason.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod account;
mod api;
mod compare;
mod differences;
mod expected;
mod generate;
mod ours;
mod places;
mod plan;
mod point;
mod program;
mod run;
mod sdk;
mod sdk_data;
mod threads;
mod times;

use proptest::prelude::*;

/// Runs so many programs, unless `PROPTEST_CASES` says otherwise.
fn programs(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.failure_persistence = None;
    config
}

proptest! {
    #![proptest_config(programs(1000))]

    #[test]
    fn both_consumers_get_what_the_sdk_reports(program in generate::program()) {
        let ran = run::run(&program);
        prop_assert!(ran.is_ok(), "{}", ran.err().unwrap_or_default());
    }
}

proptest! {
    #![proptest_config(programs(150))]

    #[test]
    fn threads_lose_nothing_in_either_temporality(crowd in threads::crowd()) {
        let ran = threads::run(&crowd);
        prop_assert!(ran.is_ok(), "{}", ran.err().unwrap_or_default());
    }
}
