//! The interner: finds the series of the labels of a measurement, without a copy and without waiting.

use std::sync::{Arc, OnceLock, PoisonError, TryLockError};

use super::{
    query::{HashSeeds, Label, is_canonical},
    set::{LabelSet, pack},
    table::{Counts, HasLabels, LabelAlias, SeriesTable},
};
use crate::threads::{
    forked, stripe,
    sync::{
        RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};

/// The most label orders besides the canonical one by which a series is found; labels in other orders are sorted with
/// each measurement.
pub(crate) const MOST_ALIASES: u8 = 4;

/// The reading side of a table of series.
///
/// A reader holds a guard while it records, because a series can be freed when it retires. One lock for all threads
/// would be a line of memory that they take from each other, so there are several copies of the pointer, each behind a
/// lock on a line of its own; a thread takes that of its stripe, or the next one while that is being replaced. That
/// costs 5 to 7 ns per look-up (`benches/record`, *3 labels per call*); a table that never frees a series would cost
/// nothing.
#[derive(Debug)]
pub(crate) struct Interner<S> {
    seeds: HashSeeds,
    lines: OnceLock<Box<[Line<S>]>>,
    /// True while a line has an old table because a thread was reading there when it was replaced. Release pairs with
    /// Acquire: a thread that finds it false finds the lines replaced.
    stale: AtomicBool,
}

/// A copy of the pointer. Aligned to two lines of memory, which some processors fetch together; the price is 2 KiB per
/// stream at 16 stripes (`benches/record`, *counter, 8 label sets, two threads*).
#[derive(Debug)]
#[repr(align(128))]
struct Line<S>(RwLock<Option<Arc<SeriesTable<S>>>>);

/// The writing side, changed under the lock of the stream.
#[derive(Debug)]
pub(crate) struct Members<S> {
    table: Option<Arc<SeriesTable<S>>>,
    counts: Counts,
    /// Entries added while the table is rebuilt aside.
    added: Option<Vec<AddedEntry<S>>>,
}

/// An entry that came during a rebuild.
#[derive(Debug)]
enum AddedEntry<S> {
    Series(u64, Arc<S>),
    Alias(u64, LabelAlias<S>),
}

impl<S> Default for Members<S> {
    fn default() -> Self {
        Self {
            table: None,
            counts: Counts::default(),
            added: None,
        }
    }
}

impl<S> Default for Interner<S> {
    fn default() -> Self {
        Self {
            seeds: HashSeeds::of_the_process(),
            lines: OnceLock::new(),
            stale: AtomicBool::new(false),
        }
    }
}

/// Base labels and the hash that their look-ups start with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseLabelsRef<'a> {
    labels: &'a LabelSet,
    start: u64,
}

impl<'a> BaseLabelsRef<'a> {
    /// Wraps base labels whose hash is not kept.
    pub(crate) fn of(labels: &'a LabelSet) -> Self {
        let start = HashSeeds::of_the_process().start(labels.bytes());
        Self { labels, start }
    }

    #[inline]
    pub(crate) fn labels(self) -> &'a LabelSet {
        self.labels
    }

    /// The hash that look-ups start with.
    #[inline]
    pub(crate) fn start(self) -> u64 {
        self.start
    }

    /// True if labels in canonical order lead to the series as they stand.
    #[inline]
    fn is_natural(self, labels: &[impl Label]) -> bool {
        self.labels.is_empty() && is_canonical(labels)
    }
}

/// The labels of a handle, kept for its look-ups.
#[derive(Debug)]
pub(crate) struct BaseLabels {
    labels: LabelSet,
    start: u64,
}

impl BaseLabels {
    pub(crate) fn new(labels: LabelSet) -> Self {
        let start = BaseLabelsRef::of(&labels).start;
        Self { labels, start }
    }

    #[inline]
    pub(crate) fn labels(&self) -> &LabelSet {
        &self.labels
    }

    #[inline]
    pub(crate) fn base(&self) -> BaseLabelsRef<'_> {
        BaseLabelsRef {
            labels: &self.labels,
            start: self.start,
        }
    }
}

impl<S: HasLabels> Interner<S> {
    /// Returns empty base labels.
    #[inline]
    pub(crate) fn plain(&self) -> BaseLabelsRef<'_> {
        BaseLabelsRef {
            labels: LabelSet::none(),
            start: self.seeds.plain(),
        }
    }

    /// True if labels in canonical order lead to the series as they stand.
    #[inline]
    pub(crate) fn is_natural(&self, base: BaseLabelsRef<'_>, labels: &[impl Label]) -> bool {
        base.is_natural(labels)
    }

    /// Lends the series that base labels and labels lead to, in the given order. The guard is held meanwhile: nothing
    /// may be called that could add a series.
    #[inline]
    pub(crate) fn find<R>(
        &self,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        usage: impl FnOnce(&Arc<S>) -> R,
    ) -> Option<R> {
        let lines = self.lines.get()?;
        let hash = self.seeds.hash(base.start, labels);
        let start = stripe::index();
        for step in 0..lines.len() {
            let line = lines.get((start + step) & (lines.len() - 1))?;
            let table = match line.0.try_read() {
                Ok(table) => table,
                Err(TryLockError::Poisoned(table)) => table.into_inner(),
                Err(TryLockError::WouldBlock) => continue,
            };
            let found = table.as_ref()?.find(hash, base.labels, labels);
            return found.map(usage);
        }
        let line = lines.get(start & (lines.len() - 1))?;
        let table = wait(line)?;
        let found = table.as_ref()?.find(hash, base.labels, labels);
        found.map(usage)
    }

    /// Finds a series by its canonical labels, under the lock of the stream.
    pub(crate) fn known<'m>(
        &self,
        members: &'m Members<S>,
        labels: &[impl Label],
    ) -> Option<&'m Arc<S>> {
        let hash = self.seeds.hash(self.seeds.plain(), labels);
        members.table.as_ref()?.find(hash, LabelSet::none(), labels)
    }

    /// Adds a series that is not known yet.
    pub(crate) fn add(&self, members: &mut Members<S>, series: Arc<S>) {
        let sorted: Vec<_> = series.labels().iter().collect();
        let hash = self.seeds.hash(self.seeds.plain(), &sorted);
        if let Some(added) = &mut members.added {
            added.push(AddedEntry::Series(hash, series.clone()));
        }
        let table = self.room(members);
        table.put_series(hash, &mut members.counts, series);
    }

    /// Adds an alias, so that base labels and labels in the given order lead to a series; false if they do already.
    pub(crate) fn add_alias(
        &self,
        members: &mut Members<S>,
        base: BaseLabelsRef<'_>,
        labels: &[impl Label],
        series: &Arc<S>,
    ) -> bool {
        let hash = self.seeds.hash(base.start, labels);
        let known = |table: &Arc<SeriesTable<S>>| table.find(hash, base.labels, labels).is_some();
        if base.is_natural(labels) || members.table.as_ref().is_some_and(known) {
            return false;
        }
        let alias = LabelAlias {
            base: base.labels.clone(),
            packed: pack(labels).into(),
            series: series.clone(),
        };
        if let Some(added) = &mut members.added {
            added.push(AddedEntry::Alias(hash, alias.clone()));
        }
        let table = self.room(members);
        table.put_alias(hash, &mut members.counts, alias);
        true
    }

    /// The table with room for one more entry, known to readers.
    fn room(&self, members: &mut Members<S>) -> Arc<SeriesTable<S>> {
        let table = match members.table.take() {
            None => Arc::new(SeriesTable::with_room(8)),
            Some(table) if table.has_room(members.counts) => {
                members.table = Some(table.clone());
                self.refresh(members);
                return table;
            }
            Some(table) => Arc::new(table.grown()),
        };
        members.table = Some(table.clone());
        self.publish(&table);
        table
    }

    /// Publishes a table to readers. A line that is being read right now is replaced later: recording does not wait,
    /// and a reader that misses a series in an old table finds it under the lock.
    fn publish(&self, table: &Arc<SeriesTable<S>>) {
        // First: a reader that misses in an old table must not take that for certain.
        self.stale.store(true, Ordering::Release);
        let mut all = true;
        for line in self.lines() {
            match line.0.try_write() {
                Ok(mut known) => *known = Some(table.clone()),
                Err(TryLockError::Poisoned(known)) => *known.into_inner() = Some(table.clone()),
                Err(TryLockError::WouldBlock) => all = false,
            }
        }
        if all {
            self.stale.store(false, Ordering::Release);
        }
    }

    /// Replaces the lines that were missed. Under the lock of the stream.
    pub(crate) fn refresh(&self, members: &Members<S>) {
        if let (true, Some(table)) = (self.stale.load(Ordering::Acquire), &members.table) {
            self.publish(table);
        }
    }

    /// True if a look-up that found nothing is right: no line has an old table.
    pub(crate) fn is_current(&self) -> bool {
        !self.stale.load(Ordering::Acquire)
    }

    fn lines(&self) -> &[Line<S>] {
        self.lines.get_or_init(|| {
            std::iter::repeat_with(|| Line(RwLock::new(None)))
                .take(stripe::most())
                .collect()
        })
    }
}

/// Waits for a line. Each line is being replaced right now, which takes no longer than a pointer, and a failed attempt
/// does not say whether a series is there. In a forked process the wait would last for ever.
#[cold]
fn wait<S>(line: &Line<S>) -> Option<RwLockReadGuard<'_, Option<Arc<SeriesTable<S>>>>> {
    let waits = !forked::is_child();
    waits.then(|| line.0.read().unwrap_or_else(PoisonError::into_inner))
}

impl<S: HasLabels> Members<S> {
    /// The table as it is now.
    pub(crate) fn table(&self) -> Option<Arc<SeriesTable<S>>> {
        self.table.clone()
    }

    /// The number of series.
    pub(crate) fn len(&self) -> usize {
        self.counts.series
    }

    /// A view of all series as they are now, for a walk without the lock.
    pub(crate) fn all(&self) -> AllSeries<S> {
        AllSeries {
            table: self.table.clone(),
            count: self.counts.series,
        }
    }
}

/// A view of all series at one moment, in the order in which they came.
pub(crate) struct AllSeries<S> {
    table: Option<Arc<SeriesTable<S>>>,
    count: usize,
}

impl<S: HasLabels> AllSeries<S> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<S>> {
        let table = self.table.as_deref();
        (0..self.count).filter_map(move |at| table?.series(at))
    }
}

/// Begins to rebuild a table without the series that are no longer linked. To be followed by
/// [`Interner::replace`]; one at a time.
pub(crate) fn begin_rebuild<S: HasLabels>(members: &mut Members<S>) -> TableRebuild<S> {
    members.added = Some(Vec::new());
    TableRebuild {
        from: members.table.clone(),
        first: members.counts,
    }
}

/// A table that is being built without the lock.
pub(crate) struct TableRebuild<S> {
    from: Option<Arc<SeriesTable<S>>>,
    first: Counts,
}

/// A table that was built without the lock.
pub(crate) struct RebuiltTable<S> {
    table: SeriesTable<S>,
    counts: Counts,
}

impl<S: HasLabels> TableRebuild<S> {
    /// Copies the linked entries. Takes long, and no lock.
    pub(crate) fn run(self) -> Option<RebuiltTable<S>> {
        let (table, counts) = self.from?.rebuilt(self.first);
        Some(RebuiltTable { table, counts })
    }
}

impl<S: HasLabels> Interner<S> {
    /// Replaces the table with a rebuilt one, to which entries added meanwhile are copied. Under the lock of the
    /// stream. Returns the old table: freeing it takes long, and is done without the lock.
    pub(crate) fn replace(
        &self,
        members: &mut Members<S>,
        rebuilt: Option<RebuiltTable<S>>,
    ) -> Option<Arc<SeriesTable<S>>> {
        let added = members.added.take().unwrap_or_default();
        let RebuiltTable { table, counts } = rebuilt?;
        members.counts = counts;
        let table = Arc::new(table);
        let before = members.table.replace(table.clone());
        for entry in added {
            let table = self.room(members);
            match entry {
                AddedEntry::Series(hash, series) if series.is_linked() => {
                    table.put_series(hash, &mut members.counts, series);
                }
                AddedEntry::Alias(hash, alias) if alias.series.is_linked() => {
                    table.put_alias(hash, &mut members.counts, alias);
                }
                _ => {}
            }
        }
        if let Some(table) = &members.table {
            self.publish(table);
        }
        before
    }

    /// Releases the tables that readers may still have, one line after the other. Not on a recording thread.
    pub(crate) fn release(&self, members: impl Fn() -> Option<Arc<SeriesTable<S>>>) {
        for line in self.lines.get().into_iter().flatten() {
            let mut known = line.0.write().unwrap_or_else(PoisonError::into_inner);
            // Asked for with the line locked: a table published later finds the line free.
            let old = std::mem::replace(&mut *known, members());
            drop(known);
            drop(old);
        }
    }
}
