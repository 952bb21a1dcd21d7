//! The wire formats against recorded ones; `RUNAR_OTEL_RECORD=1` records them anew.

use std::{env, fs, path::Path};

use super::{console, exposition, otlp, sample::everything};

fn check(file: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/encode/golden")
        .join(file);
    if env::var_os("RUNAR_OTEL_RECORD").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert!(expected == actual, "{file} differs:\n{actual}");
}

#[test]
fn otlp_is_as_recorded() {
    check(
        "otlp.txt",
        &format!("{:#?}\n", otlp::tests::request(&everything())),
    );
}

#[test]
fn openmetrics_is_as_recorded() {
    let exposition = exposition::openmetrics(&everything());
    assert_eq!(exposition.problems, []);
    check("openmetrics.txt", &exposition.body);
}

#[test]
fn text_is_as_recorded() {
    let exposition = exposition::text(&everything());
    assert_eq!(exposition.problems, []);
    check("text.txt", &exposition.body);
}

#[test]
fn console_is_as_recorded() {
    check("console.txt", &console::text(&everything()));
}
