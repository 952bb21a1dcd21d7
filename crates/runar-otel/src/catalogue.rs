//! The catalogue: all metrics of the program, as a list, as Markdown, as JSON, and checked.
//!
//! ```
//! let all = runar_otel::catalogue();
//! println!("{}", all.markdown());
//! for mismatch in runar_otel::catalogue::check() {
//!     println!("{mismatch}");
//! }
//! ```

use std::{fs, io, path::Path};

pub use runar_otel_core::catalogue::{Catalogue, Entry, Mismatch, Origin, Place, check};

/// Writes the catalogue in its present state: as JSON to a file that ends in `.json`, else as Markdown.
///
/// # Examples
///
/// ```no_run
/// runar_otel::catalogue::write("docs/metrics.md")?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The file cannot be written.
pub fn write(path: impl AsRef<Path>) -> io::Result<()> {
    let (path, catalogue) = (path.as_ref(), crate::catalogue());
    let json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let text = if json {
        catalogue.json()
    } else {
        catalogue.markdown()
    };
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn the_extension_tells_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| {
            let path = folder.path().join(name);
            write(&path).unwrap();
            std::fs::read_to_string(path).unwrap()
        };
        assert!(read("metrics.md").starts_with("# Metrics\n"));
        assert!(read("metrics.JSON").starts_with("{\n  \"metrics\": ["));
        assert!(write(folder.path().join("no/folder.md")).is_err());
    }
}
