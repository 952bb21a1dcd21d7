//! The files that a catalogue names: the same on each machine.

use super::list::Entry;

/// The files of a metric, each once. Without lines: a file that is committed should not change with each edit above
/// a declaration.
pub(super) fn files(entry: &Entry) -> Vec<String> {
    let mut files: Vec<String> = entry
        .places
        .iter()
        .map(|place| portable(place.at.file()))
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Makes a path portable: relative in the workspace; for a dependency, from its name on.
fn portable(path: &str) -> String {
    let path = path.replace('\\', "/");
    let absolute = path.starts_with('/') || path.chars().nth(1) == Some(':');
    if !absolute {
        return path;
    }
    let Some((before, within)) = path.rsplit_once("/src/") else {
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    };
    let package = before.rsplit('/').next().unwrap_or_default();
    format!("{}/src/{within}", without_version(package))
}

/// `name-1.2.3` without the version.
fn without_version(package: &str) -> &str {
    match package.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => package,
    }
}

#[cfg(test)]
mod tests {
    use super::portable;

    #[test]
    fn a_path_is_the_same_on_each_machine() {
        assert_eq!(portable("crates/a/src/b.rs"), "crates/a/src/b.rs");
        assert_eq!(portable("src\\b.rs"), "src/b.rs");
        let dependency = "/home/x/.cargo/registry/src/index-1/the-crate-1.2.3/src/a/b.rs";
        assert_eq!(portable(dependency), "the-crate/src/a/b.rs");
        assert_eq!(
            portable("C:\\x\\the-crate\\src\\b.rs"),
            "the-crate/src/b.rs"
        );
        assert_eq!(portable("/tmp/build/out.rs"), "out.rs");
    }
}
