//! The language of doc comments, as far as it can be counted (`docs/style.md`).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{files, root};

/// Words that open a relative clause, or stand for a noun that is elsewhere. A doc opens with a verb or a noun.
const OPENINGS: [&str; 17] = [
    "What",
    "Whether",
    "Who",
    "How",
    "Those",
    "Same",
    "Where",
    "Everything",
    "All",
    "Something",
    "One",
    "Nothing",
    "That",
    "Which",
    "As",
    "It",
    "Whose",
];

/// At most one of so many docs of a crate may open with one of [`OPENINGS`].
const ONE_OF: usize = 20;

/// A doc comment.
struct Doc {
    place: String,
    line: String,
}

/// The first lines of all doc comments of a crate.
fn docs(source: &Path) -> Vec<Doc> {
    let mut found = Vec::new();
    for path in files(source) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut before = "";
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let doc = |line: &str| line.starts_with("/// ") || line.starts_with("//! ");
            if doc(line) && !before.starts_with("///") && !before.starts_with("//!") {
                let name = path.strip_prefix(root()).unwrap_or(&path).display();
                found.push(Doc {
                    place: format!("{name}:{}", number + 1),
                    line: line[4..].to_owned(),
                });
            }
            before = line;
        }
    }
    found
}

fn crates() -> BTreeMap<String, PathBuf> {
    let folders = fs::read_dir(root().join("crates")).into_iter().flatten();
    let folders = folders.flatten().map(|folder| {
        let name = folder.file_name().to_string_lossy().into_owned();
        (name, folder.path().join("src"))
    });
    folders.collect()
}

fn opens_with_a_clause(doc: &Doc) -> bool {
    let first = doc.line.split([' ', ',', ':']).next().unwrap_or_default();
    OPENINGS.contains(&first)
}

fn is_short(doc: &Doc) -> bool {
    doc.line.split_whitespace().count() < 3
}

/// Docs that break a rule, as a list for a reader.
fn list(docs: &[&Doc]) -> String {
    let lines = docs
        .iter()
        .map(|doc| format!("{}: {}", doc.place, doc.line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn docs_open_with_a_verb_or_a_noun() {
    for (name, source) in crates() {
        let all = docs(&source);
        let wrong: Vec<&Doc> = all.iter().filter(|doc| opens_with_a_clause(doc)).collect();
        assert!(
            wrong.len() * ONE_OF <= all.len(),
            "{name}: {} of {} docs open with a clause:\n{}",
            wrong.len(),
            all.len(),
            list(&wrong)
        );
    }
}

#[test]
fn docs_have_three_words() {
    for (name, source) in crates() {
        let all = docs(&source);
        let wrong: Vec<&Doc> = all.iter().filter(|doc| is_short(doc)).collect();
        assert!(wrong.is_empty(), "{name}:\n{}", list(&wrong));
    }
}

#[test]
fn tests_are_named_by_a_subject() {
    let folders = ["crates", "tests", "benches", "examples"];
    let mut wrong = Vec::new();
    for path in folders
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
    {
        let code = fs::read_to_string(&path).unwrap_or_default();
        let names = code
            .split("fn ")
            .skip(1)
            .filter_map(|rest| rest.split('(').next());
        let clauses = ["what_", "who_", "whoever_", "whatever_", "where_"];
        let clause = |name: &&str| clauses.iter().any(|clause| name.starts_with(clause));
        wrong.extend(names.filter(clause).map(str::to_owned));
    }
    assert!(wrong.is_empty(), "functions named by a clause: {wrong:#?}");
}

/// Prints fifty docs by the seed in `DOCS_SEED`, for a reader:
/// `DOCS_SEED=7 cargo test -p runar-otel-tests --test house -- --ignored --nocapture fifty_docs`.
#[test]
#[ignore = "prints, for a reader"]
fn fifty_docs() {
    let seed = std::env::var("DOCS_SEED").ok();
    let mut state: u64 = seed.and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let all: Vec<Doc> = crates().values().flat_map(|source| docs(source)).collect();
    for _ in 0..50 {
        // Knuth's constants of a linear congruential generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap_or(0) % all.len();
        println!("{}: {}", all[at].place, all[at].line);
    }
}
