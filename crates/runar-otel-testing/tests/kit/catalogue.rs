//! The committed catalogue, true and not.

use std::{fs, path::Path};

use runar_otel::{catalogue::Catalogue, metrics};
use runar_otel_testing::assert_catalogue;

use crate::panic_message;

#[test]
fn a_catalogue_that_differs_shows_the_line() {
    metrics::increment!("kit_catalogue_total", labels: {"source" => "web"});
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit-catalogue.md");
    let text = Catalogue::linked().markdown();
    fs::write(&path, &text).unwrap();
    assert_catalogue(&path);
    fs::write(
        &path,
        text.replace("kit_catalogue_total", "kit_catalog_total"),
    )
    .unwrap();
    let message = panic_message(|| assert_catalogue(&path));
    assert!(message.contains(" - | `kit_catalog_total`"), "{message}");
    assert!(message.contains(" + | `kit_catalogue_total`"), "{message}");
    assert!(message.contains("RUNAR_OTEL_UPDATE=1"), "{message}");
}

#[test]
fn a_catalogue_in_json_is_compared_as_such() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit-catalogue.json");
    fs::write(&path, Catalogue::linked().json()).unwrap();
    assert_catalogue(&path);
}
