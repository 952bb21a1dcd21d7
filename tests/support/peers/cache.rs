//! The folder that keeps built peers: complete or absent, and built by one process at a time.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::command::say;
use crate::{Error, Result};

const UNFINISHED: &str = ".unfinished-";

/// A peer as the cache sees it.
pub(crate) struct Recipe<'a> {
    /// The folder's name: changes whenever the result would.
    pub(crate) key: String,
    /// What is built, for people.
    pub(crate) what: &'a str,
    /// How long a first build usually takes.
    pub(crate) usually: &'a str,
}

/// The folder of a peer, which `build` fills if it is not there yet.
pub(crate) fn built(
    recipe: &Recipe<'_>,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let root = root()?;
    let finished = root.join(&recipe.key);
    if finished.exists() {
        return Ok(finished);
    }
    fs::create_dir_all(&root).map_err(Error::io(format!("create {}", root.display())))?;
    let _lock = lock(&root.join("lock"), recipe.what)?;
    if finished.exists() {
        return Ok(finished);
    }
    remove_unfinished(&root)?;
    let started = Instant::now();
    say(&format!(
        "building {} once (usually {}), into {}",
        recipe.what,
        recipe.usually,
        finished.display()
    ));
    let directory = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(&root)
        .map_err(Error::io("create a build folder"))?;
    build(directory.path())?;
    fs::rename(directory.keep(), &finished)
        .map_err(Error::io(format!("publish {}", finished.display())))?;
    say(&format!(
        "{} is built, after {} s",
        recipe.what,
        started.elapsed().as_secs()
    ));
    Ok(finished)
}

/// A short name of a text's content, the same on every machine and with every compiler (FNV-1a).
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn root() -> Result<PathBuf> {
    let of = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let root = of("RUNAR_OTEL_PEERS")
        .or_else(|| of("XDG_CACHE_HOME").map(|cache| cache.join("runar-otel/peers")))
        .or_else(|| of("HOME").map(|home| home.join(".cache/runar-otel/peers")))
        .unwrap_or_else(|| env::temp_dir().join("runar-otel/peers"));
    std::path::absolute(&root).map_err(Error::io(format!("find {}", root.display())))
}

fn lock(path: &Path, what: &str) -> Result<File> {
    let file = File::create(path).map_err(Error::io(format!("create {}", path.display())))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => say(&format!("{what} waits for another build of a peer")),
        Err(TryLockError::Error(source)) => {
            return Err(Error::io(format!("lock {}", path.display()))(source));
        }
    }
    file.lock()
        .map_err(Error::io(format!("lock {}", path.display())))?;
    Ok(file)
}

/// Removes what a killed build left behind; only the holder of the lock may.
fn remove_unfinished(root: &Path) -> Result<()> {
    let listed = fs::read_dir(root).map_err(Error::io(format!("list {}", root.display())))?;
    for entry in listed.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())
                .map_err(Error::io(format!("remove {}", entry.path().display())))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_that_of_fnv_1a() {
        assert_eq!(fingerprint("foobar"), "85944171f73967e8");
    }
}
