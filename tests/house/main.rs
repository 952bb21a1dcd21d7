//! The rules of the house: who may import whom, and how large a file may grow.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod english;
mod imports;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The production part of a file: without each item that is for tests only.
fn production(path: &Path) -> String {
    const MARK: &str = "#[cfg(test)]";
    let text = fs::read_to_string(path).unwrap();
    let (mut kept, mut rest) = (String::new(), text.as_str());
    while let Some((before, item)) = rest.split_once(MARK) {
        kept.push_str(before);
        let indent = before.rsplit('\n').next().unwrap_or_default();
        let end = match item.find([';', '{']) {
            Some(at) if item[at..].starts_with('{') => format!("\n{indent}}}"),
            _ => ";".to_owned(),
        };
        rest = item.split_once(&end).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

/// Which of our crates a crate depends on.
fn dependencies(package: &str) -> BTreeSet<String> {
    let manifest =
        fs::read_to_string(root().join("crates").join(package).join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap_or_default();
    let names = dependencies
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| name.starts_with("runar-otel"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_depend_only_downwards() {
    let allowed: [(&str, &[&str]); 6] = [
        ("runar-otel-core", &[]),
        ("runar-otel-macros", &[]),
        ("runar-otel-host", &["runar-otel-core"]),
        ("runar-otel-pipeline", &["runar-otel-core"]),
        (
            "runar-otel",
            &[
                "runar-otel-core",
                "runar-otel-host",
                "runar-otel-macros",
                "runar-otel-pipeline",
            ],
        ),
        (
            "runar-otel-testing",
            &["runar-otel", "runar-otel-core", "runar-otel-pipeline"],
        ),
    ];
    for (package, may) in allowed {
        let may: BTreeSet<String> = may.iter().map(ToString::to_string).collect();
        let does = dependencies(package);
        assert!(
            does.is_subset(&may),
            "{package} depends on {does:?}, it may on {may:?}"
        );
    }
    let known: BTreeSet<String> = allowed
        .iter()
        .map(|(package, _)| (*package).to_owned())
        .collect();
    let there = fs::read_dir(root().join("crates")).unwrap();
    let there: BTreeSet<String> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, known, "every crate has a rule here");
}

#[test]
fn core_knows_no_sdk_and_does_no_io() {
    let manifest = root().join("crates/runar-otel-core/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    for foreign in ["opentelemetry_sdk", "tokio", "hyper", "tonic", "prometheus"] {
        assert!(!dependencies.contains(foreign), "core depends on {foreign}");
    }
}

/// Modules of its crate that a module may use; one that is not listed may use them all.
type Rooms = [(&'static str, &'static [&'static str])];

/// A measurement goes down: from the gate into a series, that is found by its labels.
const CORE: &Rooms = &[
    ("sync", &[]),
    ("aside", &[]),
    ("apart", &["aside"]),
    ("report", &["apart", "aside"]),
    ("stripe", &[]),
    ("metric", &[]),
    ("labels", &["forked", "stripe", "sync"]),
    (
        "exemplar",
        &["apart", "labels", "metric", "report", "thread"],
    ),
    (
        "series",
        &[
            "apart", "exemplar", "forked", "labels", "metric", "number", "report", "stripe", "sync",
        ],
    ),
    (
        "gate",
        &[
            "apart", "error", "exemplar", "forked", "labels", "metric", "name", "number",
            "refusal", "report", "series", "stripe", "thread",
        ],
    ),
];

/// A snapshot goes outwards: from the series by the store and the collection to an encoder and a sender.
const PIPELINE: &Rooms = &[
    ("snapshot", &[]),
    ("gzip", &[]),
    ("background", &[]),
    ("encode", &["snapshot"]),
    ("store", &["snapshot"]),
    ("collect", &["snapshot", "store"]),
    ("mirror", &["collect"]),
    ("export", &["gzip", "snapshot", "encode"]),
    ("endpoint", &["gzip", "encode"]),
];

#[test]
fn modules_import_only_downwards() {
    for (package, rooms) in [("runar-otel-core", CORE), ("runar-otel-pipeline", PIPELINE)] {
        let source = root().join("crates").join(package).join("src");
        let entries = fs::read_dir(&source).unwrap();
        let modules: BTreeSet<String> = entries
            .map(|entry| {
                let path = entry.unwrap().path();
                path.file_stem().unwrap().to_str().unwrap().to_owned()
            })
            .collect();
        for (module, may) in rooms {
            assert!(modules.contains(*module), "no module {module}");
            let others = modules.iter().filter(|other| other != module);
            let forbidden: Vec<&String> = others
                .filter(|other| !may.contains(&other.as_str()))
                .collect();
            imports_none(&source, module, &forbidden);
        }
    }
}

fn imports_none(source: &Path, module: &str, forbidden: &[&String]) {
    let folder = source.join(module);
    let paths = if folder.is_dir() {
        files(&folder)
    } else {
        vec![folder.with_extension("rs")]
    };
    let name = |path: &PathBuf| path.strip_prefix(source).unwrap().to_owned();
    for path in paths
        .iter()
        .filter(|path| !name(path).to_str().unwrap().contains("test"))
    {
        for other in forbidden {
            let line = import_of(other, &production(path));
            assert_eq!(line, None, "{path:?} may not use {other}");
        }
    }
}

/// The line that imports a module of the crate, if there is one.
fn import_of(module: &str, text: &str) -> Option<String> {
    let starts = ["crate::", "crate::{", "    ", ", "].map(|before| format!("{before}{module}"));
    let imports = |line: &str| {
        let after = starts
            .iter()
            .find_map(|start| line.split_once(start.as_str()));
        let ends = [":", ";", ",", "}"];
        after.is_some_and(|(_, after)| ends.iter().any(|end| after.starts_with(end)))
    };
    // Only what stands in `use`: anywhere else a word may be a variable.
    let uses = text
        .split("use ")
        .skip(1)
        .filter_map(|from| from.split(';').next())
        .filter(|used| used.trim_start().starts_with("crate"));
    let lines = uses.flat_map(|used| {
        format!("{used};")
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    lines.into_iter().find(|line| imports(line))
}

#[test]
fn an_import_is_found_in_every_form() {
    let found = [
        "use crate::gzip;",
        "use crate::{\n    a::B,\n    gzip,\n};",
        "use crate::{a, gzip};",
        "use crate::{gzip::c};",
    ];
    for text in found {
        assert!(import_of("gzip", text).is_some(), "{text}");
    }
    for text in [
        "let gzip = 1;",
        "use crate::gzipped::x;",
        "use std::{\n    gzip,\n};",
        "// gzip;",
    ] {
        assert_eq!(import_of("gzip", text), None, "{text}");
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    let mut wrong = Vec::new();
    for source in imports::sources() {
        let arrows = imports::Plan::read(&source).arrows();
        for circle in imports::circles(&arrows) {
            wrong.push(format!("{}: {circle:?}", source.display()));
            for from in &circle {
                for (to, names) in arrows.get(from).into_iter().flatten() {
                    if circle.contains(to) {
                        wrong.push(format!("    {from} -> {to}: {names:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn encoders_are_pure() {
    let source = root().join("crates/runar-otel-pipeline/src/encode");
    for path in files(&source) {
        let text = production(&path);
        for impure in [
            "tokio",
            "SystemTime::now",
            "Instant::now",
            "std::net",
            "std::fs",
            "tracing::",
        ] {
            assert!(!text.contains(impure), "{path:?} uses {impure}");
        }
    }
}

#[test]
fn configuration_sees_no_pipeline() {
    let source = root().join("crates/runar-otel/src");
    for path in files(&source.join("config")) {
        assert!(
            !production(&path).contains("runar_otel_pipeline"),
            "{path:?}"
        );
    }
    let both = files(&source).into_iter().filter(|path| {
        let text = production(path);
        text.contains("runar_otel_pipeline") && text.contains("config::")
    });
    let names: BTreeSet<String> = both
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let wiring = [
        "metrics_pipeline.rs",
        "error.rs",
        "init.rs",
        "lib.rs",
        "otlp.rs",
    ]
    .map(str::to_owned);
    assert!(names.is_subset(&wiring.into()), "{names:?}");
}

#[test]
fn files_stay_small() {
    for path in files(&root().join("crates"))
        .into_iter()
        .filter(|path| path.to_str().unwrap().contains("/src/"))
    {
        let lines = production(&path).lines().count();
        assert!(
            lines <= 500,
            "{path:?} has {lines} lines: expected at most 500"
        );
        let first = fs::read_to_string(&path).unwrap();
        assert!(
            first.starts_with("//! "),
            "{path:?} does not say what it is"
        );
    }
}
