//! The committed catalogue of metrics.

use std::path::Path;

use runar_otel::catalogue::Catalogue;

use crate::golden::assert_file;

/// Fails when a committed catalogue of metrics differs from the declarations in the code; with `RUNAR_OTEL_UPDATE=1` it
/// writes the file.
///
/// The file is JSON if it ends in `.json`, else Markdown; its path counts from the root of the package under test. It
/// lists the declarations of the macros in the crates that the test is linked with ([`Catalogue::linked`]), the same in
/// every run: a test that names nothing of a crate links it by `use the_crate as _;`. Metrics that are only registered
/// while the program runs, by `Counter::new` for instance, are not in it. Do not declare metrics in the test itself.
///
/// # Panics
/// When the file differs or cannot be read; the message shows the lines that differ.
///
/// # Examples
/// ```no_run
/// use orders as _;
/// # mod orders {}
///
/// // In tests/catalogue.rs:
/// #[test]
/// fn the_catalogue_is_true() {
///     runar_otel_testing::assert_catalogue("docs/metrics.md");
/// }
/// ```
#[track_caller]
pub fn assert_catalogue(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let catalogue = Catalogue::linked();
    let json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let expected = if json {
        catalogue.json()
    } else {
        catalogue.markdown()
    };
    assert_file(path, &expected);
}
