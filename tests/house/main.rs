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

/// The rooms of its crate that a room may use; a room that is not listed uses none.
type Rooms = [(&'static str, &'static [&'static str])];

/// A measurement goes down: an instrument or a call finds the provider (`binding`), which is a gate with series, found by their
/// labels.
///
/// One circle is left: a registration (`binding`) looks into the catalogue, which lists the metrics of actions (`action`), and
/// those bind their instruments.
const CORE: &Rooms = &[
    ("threads", &[]),
    ("report", &["threads"]),
    ("label", &["report"]),
    ("labels", &["threads"]),
    ("metric", &["report"]),
    ("exemplar", &["labels", "metric", "report", "threads"]),
    (
        "series",
        &["exemplar", "labels", "metric", "report", "threads"],
    ),
    (
        "gate",
        &[
            "exemplar", "labels", "metric", "report", "series", "threads",
        ],
    ),
    ("sampling", &["threads"]),
    ("clock", &["binding"]),
    (
        "binding",
        &[
            "catalogue",
            "gate",
            "labels",
            "metric",
            "report",
            "series",
            "threads",
        ],
    ),
    (
        "catalogue",
        &["action", "label", "metric", "report", "threads"],
    ),
    (
        "instruments",
        &[
            "binding",
            "catalogue",
            "clock",
            "labels",
            "metric",
            "report",
            "series",
            "threads",
        ],
    ),
    (
        "call_site",
        &["binding", "catalogue", "instruments", "labels", "metric"],
    ),
    ("outcome", &[]),
    (
        "action",
        &[
            "binding",
            "exemplar",
            "instruments",
            "labels",
            "metric",
            "outcome",
            "report",
            "series",
            "threads",
        ],
    ),
    (
        "call",
        &[
            "action", "binding", "clock", "labels", "outcome", "report", "sampling", "series",
            "threads",
        ],
    ),
    (
        "event",
        &["action", "binding", "call", "clock", "outcome", "threads"],
    ),
    ("install", &["action", "binding", "clock", "event", "gate"]),
];

/// Declarations by attributes become services.
const HOST: &Rooms = &[
    ("declaration", &["kind", "member"]),
    ("service", &["declaration", "kind", "member"]),
];

/// A snapshot goes outwards: from the series by the store and the collection to an encoder and a sender.
const PIPELINE: &Rooms = &[
    ("store", &["settings", "snapshot"]),
    ("observe", &["export", "settings", "snapshot"]),
    ("collect", &["observe", "settings", "snapshot", "store"]),
    ("encode", &["snapshot"]),
    ("bridge", &["collect", "encode", "snapshot"]),
    ("endpoint", &["encode", "gzip", "resolver"]),
    ("export", &["gzip", "resolver", "settings"]),
    ("mirror", &["collect"]),
    ("spill", &["export", "settings", "worker"]),
    (
        "schedule",
        &[
            "collect", "encode", "endpoint", "export", "observe", "settings", "snapshot", "spill",
            "store", "worker",
        ],
    ),
];

/// Configuration becomes running telemetry.
const FACADE: &Rooms = &[
    ("resource", &["config"]),
    ("attached", &["patience", "resource"]),
    ("spills", &["config"]),
    ("traces", &["config", "patience", "spills"]),
    ("builder", &["attached", "config", "traces"]),
    ("error", &["config", "traces"]),
    ("undelivered", &["error", "traces"]),
    (
        "metrics_pipeline",
        &[
            "attached",
            "builder",
            "config",
            "endpoints",
            "error",
            "resource",
            "spills",
        ],
    ),
    (
        "telemetry",
        &[
            "claim",
            "error",
            "metrics_pipeline",
            "patience",
            "spills",
            "traces",
            "undelivered",
            "warning",
        ],
    ),
    (
        "standalone_endpoint",
        &["endpoints", "error", "init", "telemetry"],
    ),
    (
        "init",
        &[
            "builder",
            "claim",
            "config",
            "error",
            "metrics_pipeline",
            "resource",
            "spills",
            "standalone_endpoint",
            "telemetry",
            "traces",
            "warning",
        ],
    ),
];

/// Attributes stand on options; a service stands on the attributes of its functions.
const MACROS: &Rooms = &[
    ("options", &["crate_path", "names"]),
    ("attributes", &["options"]),
    ("error_type", &["attributes", "crate_path", "options"]),
    (
        "metered",
        &[
            "attributes",
            "crate_path",
            "names",
            "options",
            "location",
            "tokens",
        ],
    ),
    (
        "host",
        &["attributes", "crate_path", "metered", "options", "original"],
    ),
    ("metric", &["crate_path", "options", "original", "tokens"]),
    (
        "metrics",
        &[
            "attributes",
            "crate_path",
            "host",
            "metric",
            "options",
            "original",
            "tokens",
        ],
    ),
    ("record", &["crate_path", "names", "options"]),
];

/// Assertions read what recorders, receivers and scrapes bring.
const TESTING: &Rooms = &[
    ("query", &["series"]),
    ("metrics", &["query", "series"]),
    ("assertion", &["fail", "metrics", "query", "series"]),
    ("golden", &["fail"]),
    ("catalogue", &["golden"]),
    ("otlp", &["series"]),
    ("page", &["metrics", "series"]),
    ("receiver", &["fail", "metrics", "otlp", "series"]),
    ("recorder", &["fail", "metrics", "otlp", "page", "series"]),
    ("scrape", &["fail", "page"]),
];

#[test]
fn rooms_import_only_downwards() {
    let plans = [
        ("runar-otel-core", CORE),
        ("runar-otel-host", HOST),
        ("runar-otel-macros", MACROS),
        ("runar-otel-pipeline", PIPELINE),
        ("runar-otel", FACADE),
        ("runar-otel-testing", TESTING),
    ];
    for (package, plan) in plans {
        let source = root().join("crates").join(package).join("src");
        let uses = imports::rooms(&imports::Plan::read(&source).arrows());
        for (room, others) in &uses {
            let rule = plan.iter().find(|(known, _)| known == room);
            let may = rule.map_or(&[][..], |(_, may)| *may);
            let forbidden = others.iter().filter(|other| !may.contains(&other.as_str()));
            let forbidden: Vec<&String> = forbidden.collect();
            assert!(
                forbidden.is_empty(),
                "{package}: {room} may not use {forbidden:?}"
            );
        }
        for (room, _) in plan {
            let there = source.join(room).is_dir() || source.join(format!("{room}.rs")).is_file();
            assert!(there, "{package}: there is no {room}");
        }
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
        // Settings are plain data.
        let code = production(&path).replace("runar_otel_pipeline::settings", "");
        assert!(!code.contains("runar_otel_pipeline"), "{path:?}");
    }
    let both = files(&source).into_iter().filter(|path| {
        let text = production(path).replace("runar_otel_pipeline::settings", "");
        let is_test = path.ends_with("tests.rs");
        !is_test && text.contains("runar_otel_pipeline") && text.contains("config::")
    });
    let names: BTreeSet<String> = both
        .map(|path| {
            path.strip_prefix(&source)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let wiring = [
        "metrics_pipeline.rs",
        "error.rs",
        "init.rs",
        "lib.rs",
        "spills.rs",
        "traces/otlp.rs",
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
