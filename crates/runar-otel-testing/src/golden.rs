//! Committed files that must agree with the code.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

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
        true => write(&resolved(path), expected),
        false => compare(path, &resolved(path), expected),
    };
    if let Err(said) = result {
        fail(&said);
    }
}

/// Resolves a relative path from the root of the package under test, not from the folder in which `cargo` was called.
fn resolved(path: &Path) -> PathBuf {
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

/// Returns the lines of both that are not in a longest common sequence, with their numbers.
fn difference(there: &[&str], expected: &[&str]) -> String {
    let mut said = String::new();
    let mut shown = 0;
    let (mut mine, mut theirs) = (0, 0);
    let common = longest_common(there, expected);
    let end = (there.len(), expected.len());
    for (to_mine, to_theirs) in common.into_iter().chain(std::iter::once(end)) {
        let removed = there.get(mine..to_mine).unwrap_or_default();
        let added = expected.get(theirs..to_theirs).unwrap_or_default();
        let removed = removed
            .iter()
            .enumerate()
            .map(|(at, line)| (mine + at, '-', line));
        let added = added
            .iter()
            .enumerate()
            .map(|(at, line)| (theirs + at, '+', line));
        for (at, sign, line) in removed.chain(added) {
            shown += 1;
            if shown <= SHOWN {
                said.push_str(&format!("{:>5} {sign} {line}\n", at + 1));
            }
        }
        (mine, theirs) = (to_mine + 1, to_theirs + 1);
    }
    if shown > SHOWN {
        said.push_str(&format!("      … and {} more lines\n", shown - SHOWN));
    }
    said
}

/// Returns pairs of positions with the same line, ascending. Equal ends are cut off first: files differ little.
fn longest_common(one: &[&str], other: &[&str]) -> Vec<(usize, usize)> {
    let agree = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let head = one.iter().zip(other).take_while(agree).count();
    let rest = one.len().min(other.len()) - head;
    let tail = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take(rest)
        .take_while(agree)
        .count();
    let middle = |all: &[&str]| head..all.len() - tail;
    let (mine, theirs) = (
        one.get(middle(one)).unwrap_or_default(),
        other.get(middle(other)).unwrap_or_default(),
    );
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    pairs.extend(
        in_common(mine, theirs)
            .into_iter()
            .map(|(a, b)| (a + head, b + head)),
    );
    pairs.extend(
        (0..tail)
            .rev()
            .map(|at| (one.len() - 1 - at, other.len() - 1 - at)),
    );
    pairs
}

/// Finds the longest common sequence, by the table of the lengths for all suffixes.
fn in_common(one: &[&str], other: &[&str]) -> Vec<(usize, usize)> {
    let width = other.len() + 1;
    let mut lengths = vec![0_u32; (one.len() + 1) * width];
    let at = |lengths: &[u32], a: usize, b: usize| {
        lengths.get(a * width + b).copied().unwrap_or_default()
    };
    for (a, mine) in one.iter().enumerate().rev() {
        for (b, theirs) in other.iter().enumerate().rev() {
            let length = match mine == theirs {
                true => at(&lengths, a + 1, b + 1) + 1,
                false => at(&lengths, a + 1, b).max(at(&lengths, a, b + 1)),
            };
            if let Some(cell) = lengths.get_mut(a * width + b) {
                *cell = length;
            }
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(mine), Some(theirs)) = (one.get(a), other.get(b)) {
        if mine == theirs {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if at(&lengths, a + 1, b) >= at(&lengths, a, b + 1) {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
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
        let said = shown("", &many);
        assert_eq!(said.lines().count(), SHOWN + 1);
        assert!(said.ends_with("… and 60 more lines\n"), "{said}");
    }

    #[test]
    fn a_missing_file_says_how_to_make_it() {
        let said = compare(Path::new("no/such.md"), Path::new("no/such.md"), "").unwrap_err();
        assert!(said.contains("RUNAR_OTEL_UPDATE=1"), "{said}");
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
