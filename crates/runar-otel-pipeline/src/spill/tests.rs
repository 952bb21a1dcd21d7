//! Entries, bounds, damage and modes of a spill.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use tempfile::tempdir;

use super::{directory::numbered, store::Store, *};
use crate::settings::Signal;

fn request(number: u8, size: usize) -> Request {
    Request {
        count: usize::from(number),
        body: vec![number; size],
    }
}

fn store(directory: &Path) -> Store {
    Store::open(SpillOptions::new(directory), Signal::Metrics).unwrap()
}

/// Takes all requests out, and returns their counts.
fn taken(store: &mut Store, now: SystemTime) -> Vec<usize> {
    let mut all = Vec::new();
    while let Some((position, request)) = store.first(now).unwrap() {
        assert!(
            request
                .body
                .iter()
                .all(|byte| usize::from(*byte) == request.count)
        );
        all.push(request.count);
        store.remove(position).unwrap();
    }
    all
}

#[test]
fn requests_come_back_in_order_after_a_restart() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let mut first = store(directory.path());
    first.add(vec![request(1, 10), request(2, 0)], now).unwrap();
    first.add(vec![request(3, 100_000)], now).unwrap();
    drop(first);
    let mut second = store(directory.path());
    assert_eq!(second.len(), 3);
    assert_eq!(taken(&mut second, now), [1, 2, 3]);
    drop(second);
    assert_eq!(store(directory.path()).len(), 0);
    let path = numbered(directory.path(), "metrics", 1);
    assert!(!path.with_extension("otlp-queue.damaged").exists());
}

#[test]
fn the_oldest_go_beyond_the_bound_of_bytes() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let mut options = SpillOptions::new(directory.path());
    options.max_bytes = 64 * 1024;
    let mut store = Store::open(options, Signal::Metrics).unwrap();
    for number in 1..=30 {
        store.add(vec![request(number, 5_000)], now).unwrap();
        let file = numbered(directory.path(), "metrics", 1);
        assert!(fs::metadata(file).unwrap().len() <= 64 * 1024);
    }
    // A request that fits nowhere is dropped alone.
    store.add(vec![request(31, 70_000)], now).unwrap();
    store
        .add(vec![request(32, 1), request(33, 1)], now)
        .unwrap();
    assert_eq!(
        taken(&mut store, now),
        (20..=30).chain(32..=33).collect::<Vec<_>>()
    );
    let all = (1..=30).map(|number| request(number, 5_000)).collect();
    store.add(all, now).unwrap();
    let left = taken(&mut store, now);
    assert_eq!(left, (20..=30).collect::<Vec<_>>());
}

#[test]
fn requests_that_are_too_old_are_dropped() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    let mut store = store(directory.path());
    store.add(vec![request(1, 1)], now - 25 * hour).unwrap();
    store.add(vec![request(2, 1)], now - 23 * hour).unwrap();
    // A clock that was set back.
    store.add(vec![request(3, 1)], now + hour).unwrap();
    assert_eq!(taken(&mut store, now), [2, 3]);
}

#[test]
fn a_position_that_has_left_removes_nothing() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let mut store = store(directory.path());
    store.add(vec![request(1, 1), request(2, 1)], now).unwrap();
    let (position, _) = store.first(now).unwrap().unwrap();
    store.remove(position).unwrap();
    store.remove(position).unwrap();
    assert_eq!(taken(&mut store, now), [2]);
}

#[test]
fn a_damaged_file_is_set_aside() {
    for damage in [&b"not a queue"[..], &[0xff; 5000], &[0; 5000], b""] {
        let directory = tempdir().unwrap();
        let path = numbered(directory.path(), "metrics", 1);
        fs::write(&path, damage).unwrap();
        let mut store = store(directory.path());
        store.add(vec![request(7, 9)], SystemTime::now()).unwrap();
        assert_eq!(taken(&mut store, SystemTime::now()), [7]);
        let aside = path.with_extension("otlp-queue.damaged");
        assert_eq!(fs::read(aside).unwrap(), damage);
    }
}

#[test]
fn damage_anywhere_is_no_panic() {
    let whole = tempdir().unwrap();
    let path = numbered(whole.path(), "metrics", 1);
    let now = SystemTime::now();
    let mut written = store(whole.path());
    for number in 1..=5 {
        written.add(vec![request(number, 600)], now).unwrap();
    }
    drop(written);
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(97) {
        let directory = tempdir().unwrap();
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(numbered(directory.path(), "metrics", 1), damaged).unwrap();
        let mut store = store(directory.path());
        let left = taken(&mut store, now);
        assert!(left.is_sorted() && left.len() <= 5, "{at}: {left:?}");
        store.add(vec![request(9, 9)], now).unwrap();
        assert_eq!(taken(&mut store, now), [9]);
    }
}

#[test]
fn entries_of_another_version_or_signal_are_left_out() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let mut traces = Store::open(SpillOptions::new(directory.path()), Signal::Traces).unwrap();
    traces.add(vec![request(1, 1)], now).unwrap();
    drop(traces);
    let of = |signal| numbered(directory.path(), signal, 1);
    fs::rename(of("traces"), of("metrics")).unwrap();
    assert_eq!(taken(&mut store(directory.path()), now), [0_usize; 0]);
}

#[test]
fn two_at_once_have_files_of_their_own_and_the_next_one_has_both() {
    let directory = tempdir().unwrap();
    let now = SystemTime::now();
    let mut first = store(directory.path());
    let mut second = store(directory.path());
    first.add(vec![request(1, 1)], now).unwrap();
    second.add(vec![request(2, 1)], now).unwrap();
    assert!(numbered(directory.path(), "metrics", 2).exists());
    drop((first, second));
    let mut third = store(directory.path());
    assert!(!numbered(directory.path(), "metrics", 2).exists());
    assert_eq!(taken(&mut third, now), [1, 2]);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let above = tempdir().unwrap();
    let directory = above.path().join("a").join("spill");
    check_directory(&directory).unwrap();
    store(&directory)
        .add(vec![request(1, 1)], SystemTime::now())
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_directory_below_a_file_cannot_be_used() {
    let above = tempdir().unwrap();
    let file = above.path().join("file");
    fs::write(&file, "").unwrap();
    check_directory(&file.join("spill")).unwrap_err();
    let error = check_directory(&file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_request_that_stays_is_sent_first_the_next_time() {
    let directory = tempdir().unwrap();
    let spill = Spill::new(SpillOptions::new(directory.path()), Signal::Metrics);
    let deadline = Instant::now() + Duration::from_secs(20);
    let requests = (1..=4).map(|number| request(number, 1)).collect();
    let told = spill.keep(requests, deadline).await;
    let place = directory.path().display();
    assert_eq!(told, format!("10 data points are kept in {place}"));
    let mut seen = Vec::new();
    let mut turns = 0;
    while !spill.is_empty() {
        turns += 1;
        while let Some((ticket, request)) = spill.first().await {
            seen.push(request.count);
            let verdict = match request.count {
                2 if turns == 1 => Verdict::Kept(()),
                3 => Verdict::Refused("bad".to_owned()),
                _ => Verdict::Delivered,
            };
            if spill.settle(ticket, verdict).await.is_err() {
                break;
            }
        }
    }
    assert_eq!(seen, [1, 2, 2, 3, 4]);
}
