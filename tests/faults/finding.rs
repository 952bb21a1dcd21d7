//! Expectations of a case, and their outcome.

use std::{collections::VecDeque, sync::Mutex, thread, time::Instant};

/// An expectation of one case that held or did not.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) case: String,
    pub(crate) expectation: &'static str,
    pub(crate) holds: bool,
    pub(crate) found: String,
}

/// The findings of one case.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) case: String,
    pub(crate) all: Vec<Finding>,
    /// Facts that are not judged.
    pub(crate) notes: Vec<String>,
    /// The amount that a receiver without deduplication counts too much.
    pub(crate) surplus: f64,
}

impl Findings {
    pub(crate) fn of(case: &str) -> Self {
        Self {
            case: case.to_owned(),
            all: Vec::new(),
            notes: Vec::new(),
            surplus: 0.0,
        }
    }

    pub(crate) fn expect(
        &mut self,
        expectation: &'static str,
        holds: bool,
        found: impl Into<String>,
    ) {
        self.all.push(Finding {
            case: self.case.clone(),
            expectation,
            holds,
            found: found.into(),
        });
    }

    /// Expects that nothing is wrong.
    pub(crate) fn expect_none(&mut self, expectation: &'static str, wrong: Option<String>) {
        self.expect(expectation, wrong.is_none(), wrong.unwrap_or_default());
    }

    pub(crate) fn note(&mut self, text: impl std::fmt::Display) {
        self.notes.push(format!("{}: {text}", self.case));
    }
}

/// A case that is still to be run.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce(&mut Findings) + Send>,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        run: impl FnOnce(&mut Findings) + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }
}

/// Runs cases side by side, `most` at a time.
pub(crate) fn run(cases: Vec<Case>, most: usize) -> Vec<Findings> {
    let waiting = Mutex::new(VecDeque::from(cases));
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..most {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no panic").pop_front();
                    let Some(case) = next else { return };
                    let findings = run_one(case);
                    done.lock().expect("no panic").push(findings);
                }
            });
        }
    });
    done.into_inner().expect("no panic")
}

fn run_one(case: Case) -> Findings {
    let began = Instant::now();
    let mut findings = Findings::of(&case.name);
    let work = std::panic::AssertUnwindSafe(|| (case.run)(&mut findings));
    let panicked = std::panic::catch_unwind(work).err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default()
    });
    findings.expect_none("runs", panicked);
    findings.note(format!("{:.1} s", began.elapsed().as_secs_f64()));
    findings
}
