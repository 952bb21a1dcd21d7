//! The queue between the threads that record and the thread that feeds the SDK.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use runar_otel_core::{
    forked,
    gate::in_callback,
    series::{Mirror, Series, Stream},
};

/// The largest number of measurements that wait for the SDK; attached readers miss those that do not fit.
pub const CAPACITY: usize = 65_536;

/// The time limit for waiting on the thread that feeds the SDK. That thread may wait for a lock of the SDK that a
/// collection holds, and the collection waits itself.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

thread_local!(static FEEDS: Cell<bool> = const { Cell::new(false) });

/// True on the thread that feeds the SDK.
pub(super) fn is_feeding() -> bool {
    FEEDS.get()
}

/// A measurement, by the address of its stream and the bits of its value.
pub(super) struct Measurement {
    pub(super) stream: usize,
    pub(super) series: Arc<Series>,
    pub(super) bits: u64,
}

/// A command to the thread. Commands find room when measurements do not.
pub(super) enum Command {
    /// Makes an instrument for a stream, then signals.
    Make(Arc<Stream>, DoneSignal),
    /// Empties the queue, then signals.
    Flush(DoneSignal),
    /// Empties the queue, then signals and ends.
    End(DoneSignal),
}

/// Signals by its drop that a command is done.
pub(super) type DoneSignal = SyncSender<()>;

/// State that both ends of the queue share.
#[derive(Default)]
pub(super) struct FeedState {
    /// The number of measurements that found no room and are not reported yet. Relaxed: a number for a report.
    pub(super) lost: AtomicU64,
    /// Begin of the instrument that is being made; `None` while none is.
    making: Mutex<Option<Instant>>,
}

impl FeedState {
    pub(super) fn set_making(&self, making: bool) {
        let since = making.then(Instant::now);
        *self.making.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Returns the time limit for waiting on the next instrument: the longer one takes already, the shorter.
    fn patience(&self) -> Duration {
        let making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        making.map_or(PATIENCE, |since| PATIENCE.saturating_sub(since.elapsed()))
    }
}

/// Measurements and commands that wait for the thread. Under their lock elements are moved, and nothing else is done.
#[derive(Default)]
struct Backlog {
    measurements: VecDeque<Measurement>,
    commands: VecDeque<Command>,
    /// True once nothing can be added any more.
    closed: bool,
    /// True once the thread has ended.
    gone: bool,
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.measurements.is_empty() && self.commands.is_empty()
    }
}

#[derive(Default)]
struct Shared {
    backlog: Mutex<Backlog>,
    /// The thread that feeds the SDK. It looks at the queue only after it is set here.
    feeder: OnceLock<Thread>,
    state: FeedState,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(feeder) = self.feeder.get() {
            feeder.unpark();
        }
    }
}

/// The end of the queue where measurements go in.
pub(super) struct QueueInput(Arc<Shared>);

/// The end of the queue where measurements come out.
pub(super) struct QueueOutput(Arc<Shared>);

pub(super) fn queue() -> (QueueInput, QueueOutput) {
    let shared = Arc::new(Shared::default());
    // All of it now: a recording thread allocates nothing, and no other one waits for that under the lock.
    shared.lock().measurements.reserve_exact(CAPACITY);
    (QueueInput(shared.clone()), QueueOutput(shared))
}

impl QueueInput {
    /// Sends a command. The command is lost if the thread has ended, and in a forked child that cannot have the lock.
    pub(super) fn send(&self, command: Command) {
        let Some(mut backlog) = forked::lock(&self.0.backlog) else {
            return;
        };
        if backlog.gone {
            // The lock is released first: the command may hold the last reference to a stream.
            drop(backlog);
            return drop(command);
        }
        backlog.commands.push_back(command);
        drop(backlog);
        self.0.wake();
    }

    /// Sends a command, and waits until it is done, no longer than `timeout`.
    pub(super) fn wait(&self, command: impl FnOnce(DoneSignal) -> Command, timeout: Duration) {
        let (done, signal) = sync_channel(1);
        self.send(command(done));
        if !is_feeding() {
            // If the thread has ended, the command is dropped, which signals as well.
            let _ = signal.recv_timeout(timeout);
        }
    }

    /// Ends the thread, without waiting for it.
    pub(super) fn end(&self) {
        self.send(Command::End(sync_channel(1).0));
    }
}

impl Drop for QueueInput {
    fn drop(&mut self) {
        if let Some(mut backlog) = forked::lock(&self.0.backlog) {
            backlog.closed = true;
        }
        self.0.wake();
    }
}

impl QueueOutput {
    /// Makes the current thread the one that feeds the SDK.
    pub(super) fn begin(&self) {
        FEEDS.set(true);
        let _ = self.0.feeder.set(thread::current());
    }

    pub(super) fn state(&self) -> &FeedState {
        &self.0.state
    }

    pub(super) fn next_command(&self) -> Option<Command> {
        self.0.lock().commands.pop_front()
    }

    /// Waits for a command, no longer than `timeout`.
    pub(super) fn wait_for_command(&self, timeout: Duration) -> Option<Command> {
        let began = Instant::now();
        loop {
            if let Some(command) = self.next_command() {
                return Some(command);
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }

    /// Moves the oldest measurements, at most `most`, to `to`.
    pub(super) fn take(&self, to: &mut Vec<Measurement>, most: usize) {
        let mut backlog = self.0.lock();
        let most = most.min(backlog.measurements.len());
        to.extend(backlog.measurements.drain(..most));
    }

    /// Waits for commands or measurements, no longer than `timeout`; false if nothing will ever come.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> bool {
        let began = Instant::now();
        loop {
            {
                let backlog = self.0.lock();
                if !backlog.is_empty() || backlog.closed {
                    return !backlog.is_empty();
                }
            }
            let Some(timeout) = timeout else {
                thread::park();
                continue;
            };
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return true;
            }
            thread::park_timeout(left);
        }
    }
}

impl Drop for QueueOutput {
    /// Drops waiting commands, which signals to their senders, and measurements, after the lock is released.
    fn drop(&mut self) {
        let left = {
            let mut backlog = self.0.lock();
            backlog.gone = true;
            (
                std::mem::take(&mut backlog.measurements),
                std::mem::take(&mut backlog.commands),
            )
        };
        drop(left);
    }
}

impl Mirror for QueueInput {
    /// Waits for the instrument, so that a collection right after has it. Does not wait within a collection, which
    /// would wait for itself.
    fn made(&self, stream: &Arc<Stream>) {
        let patience = if in_callback() {
            Duration::ZERO
        } else {
            self.0.state.patience()
        };
        self.wait(|done| Command::Make(stream.clone(), done), patience);
    }

    fn recorded(&self, stream: &Stream, series: &Arc<Series>, bits: u64) {
        // The SDK logs while it is fed. A measurement that a subscriber makes of such a log would come back here, for
        // ever.
        if is_feeding() {
            return;
        }
        // In a forked child a thread of the parent may hold the lock for ever.
        let Some(mut backlog) = forked::lock(&self.0.backlog) else {
            return;
        };
        if backlog.gone {
            return;
        }
        if backlog.measurements.len() >= CAPACITY {
            drop(backlog);
            self.0.state.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // The thread takes all before it waits.
        let was_empty = backlog.measurements.is_empty();
        backlog.measurements.push_back(Measurement {
            stream: std::ptr::from_ref(stream).addr(),
            series: series.clone(),
            bits,
        });
        drop(backlog);
        if was_empty {
            self.0.wake();
        }
    }
}
