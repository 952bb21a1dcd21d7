//! Committed files that must agree with the code.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use similar::{ChangeTag, TextDiff};

use crate::fail::fail;

/// The environment variable that lets the assertions write the files instead of comparing them.
const UPDATE: &str = "RUNAR_OTEL_UPDATE";

/// The number of lines that a difference shows; further lines are counted.
const SHOWN: usize = 40;

/// Fails when a committed file differs from the expected text; with `RUNAR_OTEL_UPDATE=1` it writes the file.
///
/// The path counts from the root of the package under test. Line ends may be those of any system.
///
/// # Panics
/// When the file differs or cannot be read; the message shows the lines that differ.
///
/// # Examples
/// ```
/// # let folder = std::env::temp_dir().join(format!("runar-otel-golden-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("greeting.txt");
/// # std::fs::write(&path, "hello\n").unwrap();
/// runar_otel_testing::assert_file(&path, "hello\n");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// ```
#[track_caller]
pub fn assert_file(path: impl AsRef<Path>, expected: &str) {
    let path = path.as_ref();
    let update = env::var(UPDATE).is_ok_and(|value| !["", "0"].contains(&value.as_str()));
    let result = match update {
        true => write(&resolve(path), expected),
        false => compare(path, &resolve(path), expected),
    };
    if let Err(message) = result {
        fail(&message);
    }
}

/// Resolves a relative path from the root of the package under test, not from the folder in which `cargo` was called.
fn resolve(path: &Path) -> PathBuf {
    match env::var_os("CARGO_MANIFEST_DIR") {
        Some(root) if path.is_relative() => Path::new(&root).join(path),
        _ => path.to_owned(),
    }
}

fn write(path: &Path, expected: &str) -> Result<(), String> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, expected));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn compare(named: &Path, path: &Path, expected: &str) -> Result<(), String> {
    let there = match fs::read_to_string(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let how = how_to_update();
            return Err(format!("{} is not there yet\n{how}", named.display()));
        }
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let there: Vec<&str> = there.lines().collect();
    let expected: Vec<&str> = expected.lines().collect();
    if there == expected {
        return Ok(());
    }
    Err(format!(
        "{} and the code differ (- what the file says, + what it should say):\n{}{}",
        named.display(),
        difference(&there, &expected),
        how_to_update()
    ))
}

fn how_to_update() -> String {
    format!("to write the file, run the test with {UPDATE}=1 and look at what has changed")
}

/// Returns the lines that only one of the two has, with their numbers.
fn difference(there: &[&str], expected: &[&str]) -> String {
    let diff = TextDiff::from_slices(there, expected);
    let changes = diff.iter_all_changes();
    let mut lines = changes.filter(|change| change.tag() != ChangeTag::Equal);
    let mut shown = String::new();
    for change in lines.by_ref().take(SHOWN) {
        let at = change.old_index().or(change.new_index());
        let number = at.unwrap_or_default() + 1;
        shown.push_str(&format!(
            "{number:>5} {} {}\n",
            change.tag(),
            change.value()
        ));
    }
    match lines.count() {
        0 => {}
        more => shown.push_str(&format!("      … and {more} more lines\n")),
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(there: &str, expected: &str) -> String {
        let lines = |text: &'static str| text.lines().collect::<Vec<_>>();
        let (there, expected) = (there.to_owned().leak(), expected.to_owned().leak());
        difference(&lines(there), &lines(expected))
    }

    #[test]
    fn only_lines_that_differ_are_shown() {
        assert_eq!(
            shown("a\nb\nc\nd", "a\nx\nc\nd\ne"),
            "    2 - b\n    2 + x\n    5 + e\n"
        );
        assert_eq!(shown("a\nb\nc", "c"), "    1 - a\n    2 - b\n");
        assert_eq!(shown("", "a"), "    1 + a\n");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let many: String = (0..100).map(|line| format!("{line}\n")).collect();
        let message = shown("", &many);
        assert_eq!(message.lines().count(), SHOWN + 1);
        assert!(message.ends_with("… and 60 more lines\n"), "{message}");
    }

    #[test]
    fn a_missing_file_says_how_to_make_it() {
        let message = compare(Path::new("no/such.md"), Path::new("no/such.md"), "").unwrap_err();
        assert!(message.contains("RUNAR_OTEL_UPDATE=1"), "{message}");
    }

    #[test]
    fn line_ends_of_other_systems_are_no_difference() {
        let path = env::temp_dir().join(format!("runar-otel-testing-{}.txt", std::process::id()));
        write(&path, "a\r\nb\r\n").unwrap();
        let same = compare(&path, &path, "a\nb\n");
        let other = compare(&path, &path, "a\nc\n").unwrap_err();
        fs::remove_file(&path).unwrap();
        assert_eq!(same, Ok(()));
        assert!(other.contains("    2 - b\n    2 + c\n"), "{other}");
    }
}
