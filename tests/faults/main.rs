//! A bench of faults for deliveries: whatever happens to a way or a receiver, totals stay exact, the endpoint answers, the
//! process ends in time, and the log says what is the case.
//!
//! `cargo test -p runar-otel-tests --test faults [-- part-of-a-case …]`; a case is named as in `late/grpc/delta/flush`. With
//! `FAULTS_VERBOSE=1` the notes of all cases are printed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its findings"
)]

mod application;
mod bench;
mod child;
mod collector;
mod finding;
mod ledger;
mod matrix;
mod proxy;
mod receiver;
mod resolver;
mod rows;

use std::{process::ExitCode, time::Instant};

use finding::{Case, Finding, Findings};
use ledger::Shape;

/// Cases that run at a time; most of them wait most of the time.
const SIDE_BY_SIDE: usize = 40;

fn main() -> ExitCode {
    if let Ok(shape) = std::env::var(application::SHAPE) {
        application::talk(Shape::parse(&shape).expect("a shape such as `2x20`"));
        return ExitCode::SUCCESS;
    }
    // There are no ignored cases, and no list for other harnesses.
    if std::env::args().any(|word| word == "--ignored" || word == "--list") {
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let chosen = |case: &Case| {
        wanted.is_empty() || wanted.iter().any(|word| case.name.contains(word.as_str()))
    };
    let began = Instant::now();
    let judge = Case::new("judge", ledger::judge);
    let cases = std::iter::once(judge)
        .chain(collector::cases())
        .chain(rows::cases())
        .chain(matrix::cases());
    let mut findings = finding::run(cases.filter(chosen).collect(), SIDE_BY_SIDE);
    let large = collector::large_cases().into_iter().filter(chosen);
    findings.extend(finding::run(large.collect(), 1));
    report(&findings, began)
}

fn report(findings: &[Findings], began: Instant) -> ExitCode {
    let mut all: Vec<&Finding> = findings.iter().flat_map(|case| &case.all).collect();
    all.sort_by(|one, other| (&one.case, one.expectation).cmp(&(&other.case, other.expectation)));
    let verbose = std::env::var_os("FAULTS_VERBOSE").is_some();
    if verbose {
        let mut notes: Vec<&String> = findings.iter().flat_map(|case| &case.notes).collect();
        notes.sort();
        notes.iter().for_each(|note| println!("{note}"));
    }
    let mut surplus: Vec<_> = findings.iter().filter(|case| case.surplus > 0.0).collect();
    surplus.sort_by(|one, other| one.case.cmp(&other.case));
    for case in surplus {
        println!(
            "surplus of a naive receiver: {} in {}",
            case.surplus, case.case
        );
    }
    let wrong: Vec<_> = all.iter().filter(|finding| !finding.holds).collect();
    for finding in &wrong {
        let found: String = finding.found.chars().take(600).collect();
        println!("FAILED {} {}: {found}", finding.case, finding.expectation);
    }
    println!(
        "{} cases, {} expectations, {} do not hold; {:.1} s",
        findings.len(),
        all.len(),
        wrong.len(),
        began.elapsed().as_secs_f64()
    );
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
