//! LookupEvents answered from the log.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use strongroom_services::cloudtrail::{EventHistory, Found, Lookup, Page, Place, Status, Summary};

use super::{
    AuditLog,
    archive::{self, Archive, Stored},
    growth::{Growth, Watch},
    index::{Building, Index, Saved, Term},
    lines::Lines,
    read::{Follower, LogReader, record_of},
    storage::{Disk, Storage},
};

/// Records may come into the log this much later than they happened, in
/// seconds: those of changes wait in the store while the log cannot be written.
const LATE_SECONDS: i64 = 60 * 60;
/// How long indexes are made at a time while the log is quiet.
const INDEXING: Duration = Duration::from_millis(600);
/// An index that could not be made is not tried again for so long, but by lookups
/// that need it.
const RETRY: Duration = Duration::from_secs(600);
/// How long a lookup makes indexes that are missing. One that needs more of them
/// ends its page there, and the next page goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// The log, for those who look up events.
#[derive(Debug)]
pub struct History {
    log: Arc<AuditLog>,
    reader: Arc<Reading>,
    indexing: Mutex<Indexing>,
}

/// What is known of the log by whoever indexes it.
#[derive(Debug)]
struct Indexing {
    watch: Watch,
    /// Segments whose indexes could not be made, and when that was tried.
    failed: BTreeMap<u64, Instant>,
}

#[derive(Debug)]
struct Reading {
    storage: Disk,
    lines: LogReader,
    /// The index of the newest segment, as far as it was read.
    open: Mutex<Open>,
    /// Held by whoever makes the index of a finished segment.
    making: Mutex<()>,
    /// How long a lookup makes indexes that are missing.
    patience: Duration,
}

#[derive(Debug, Default)]
struct Open {
    follower: Follower,
    index: Building,
}

impl History {
    /// Looks up in the log that was opened in `directory`.
    #[must_use]
    pub fn of(log: Arc<AuditLog>, directory: &Path) -> Self {
        Self::patient(log, directory, PATIENCE)
    }

    /// Looks up in that log. A lookup that needs indexes which are missing ends its
    /// page when it has made one and `patience` is over.
    #[must_use]
    pub fn patient(log: Arc<AuditLog>, directory: &Path, patience: Duration) -> Self {
        let reader = Reading {
            storage: Disk::reading(directory),
            lines: LogReader::of(directory),
            open: Mutex::default(),
            making: Mutex::default(),
            patience,
        };
        Self {
            log,
            reader: Arc::new(reader),
            indexing: Mutex::new(Indexing {
                watch: Watch::begin(Instant::now()),
                failed: BTreeMap::new(),
            }),
        }
    }

    /// Makes indexes that are missing, so that whoever looks something up need not
    /// wait for them: one, more while the log is quiet, and none while it grows
    /// faster than that helps. To be called once a second, where blocking is allowed;
    /// `now` is when that is.
    ///
    /// # Errors
    /// When the log cannot be read. A segment that cannot, or whose index cannot be
    /// written, is passed over for a while from then on.
    pub fn index_some(&self, now: Instant) -> io::Result<()> {
        let began = Instant::now();
        loop {
            let archive = Archive::list(&self.reader.storage)?;
            let growth = self.indexing().watch.look(archive.newest(), now);
            if growth == Growth::Fast
                || !self.index_one_of(&archive, now)?
                || growth == Growth::Steady
                || began.elapsed() >= INDEXING
            {
                return Ok(());
            }
        }
    }

    /// Makes the index of one finished segment that has none, the newest of them.
    /// Whether there was one to make.
    ///
    /// # Errors
    /// As [`Self::index_some`].
    pub fn index_one(&self) -> io::Result<bool> {
        self.index_one_of(&Archive::list(&self.reader.storage)?, Instant::now())
    }

    fn index_one_of(&self, archive: &Archive, now: Instant) -> io::Result<bool> {
        let finished = archive.segments.range(..archive.newest()).rev();
        for (sequence, stored) in finished {
            if archive.is_indexed(stored.name) || self.has_failed(*sequence, now) {
                continue;
            }
            let made = self.reader.finished(*stored);
            if made.is_err() {
                self.indexing().failed.insert(*sequence, now);
            }
            return made.map(|_| true);
        }
        Ok(false)
    }

    /// Whether that segment's index could not be made a short time ago.
    fn has_failed(&self, sequence: u64, now: Instant) -> bool {
        let tried = self.indexing().failed.get(&sequence).copied();
        tried.is_some_and(|tried| now.saturating_duration_since(tried) < RETRY)
    }

    fn indexing(&self) -> MutexGuard<'_, Indexing> {
        self.indexing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventHistory for History {
    fn lookup(&self, lookup: Lookup) -> Pin<Box<dyn Future<Output = Found> + Send>> {
        let reader = Arc::clone(&self.reader);
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || reader.lookup(&lookup)).await;
            match found {
                Ok(Ok(page)) => Ok(page),
                Ok(Err(error)) => Err(format!("the audit log cannot be read: {error}")),
                Err(error) => Err(format!("looking up events failed: {error}")),
            }
        })
    }

    fn status(&self) -> Status {
        let reader = &self.reader;
        let archive = Archive::list(&reader.storage).unwrap_or_default();
        let first = archive.segments.values().next();
        let head = archive::head(&reader.storage).ok().flatten();
        let latest = reader
            .caught_up()
            .ok()
            .and_then(|open| open.index.last_time());
        Status {
            is_writable: self.log.is_writable(),
            started: first.map(|stored| stored.name.started_at),
            latest: latest.and_then(|second| Timestamp::from_second(second).ok()),
            latest_digest: head.and_then(|head| head.time.parse().ok()),
        }
    }
}

impl Reading {
    fn lookup(&self, lookup: &Lookup) -> io::Result<Page> {
        let account = lookup.account.to_string();
        let by = lookup.attribute.as_ref();
        let by = by.map(|(attribute, value)| (*attribute, value.as_str()));
        let mut term = Term::of(&account, lookup.region.as_str());
        term.narrow(by);
        let wanted = Wanted {
            lookup,
            term,
            last: std::cell::Cell::new(None),
        };
        let mut page = Page::default();
        // The newest segment first: others may be finished meanwhile.
        let open = self.caught_up()?;
        let archive = Archive::list(&self.storage)?;
        let newest = open.follower.sequence();
        if let Some(stored) = archive.segments.get(&newest) {
            self.collect(*stored, &open.index, &wanted, &mut page)?;
        }
        drop(open);
        let mut begun_next = archive
            .segments
            .get(&newest)
            .map(|stored| stored.name.started_at);
        let mut making_since = None;
        for (_, stored) in archive.segments.range(..newest).rev() {
            // What comes before the start of the next segment is older.
            let is_too_old = lookup
                .start
                .zip(begun_next)
                .is_some_and(|(start, begun)| begun.as_second() < start);
            if page.next.is_some() || is_too_old {
                break;
            }
            begun_next = Some(stored.name.started_at);
            let is_passed = lookup
                .before
                .is_some_and(|before| stored.name.sequence > before.segment);
            let is_too_new = lookup.end.is_some_and(|end| {
                stored.name.started_at.as_second() > end.saturating_add(LATE_SECONDS)
            });
            if is_passed || is_too_new {
                continue;
            }
            if !archive.is_indexed(stored.name) {
                let is_first = making_since.is_none();
                let since = making_since.get_or_insert_with(Instant::now);
                if !is_first && since.elapsed() >= self.patience {
                    page.next = Some(Place::end_of(stored.name.sequence));
                    break;
                }
            }
            match self.finished(*stored)? {
                Some(index) => self.collect(*stored, &index, &wanted, &mut page)?,
                // It was removed meanwhile, for its age.
                None => break,
            }
        }
        Ok(page)
    }

    /// Adds what a segment has to a page, and says in it if there is more.
    fn collect(
        &self,
        stored: Stored,
        index: &dyn Index,
        wanted: &Wanted<'_>,
        page: &mut Page,
    ) -> io::Result<()> {
        let lookup = wanted.lookup;
        let mut lines = None;
        for number in index.postings(&wanted.term)?.into_iter().rev() {
            let place = Place {
                segment: stored.name.sequence,
                record: number,
            };
            if lookup.before.is_some_and(|before| place >= before) {
                continue;
            }
            let (time, offset) = index.record(number)?;
            let is_in_time = lookup.start.is_none_or(|start| time >= start)
                && lookup.end.is_none_or(|end| time <= end);
            if !is_in_time {
                continue;
            }
            if lines.is_none() {
                lines = Some(Lines::open(&self.storage, stored)?);
            }
            let Some(lines) = &mut lines else { continue };
            let record = record_of(&lines.at(offset)?);
            if !wanted.is(&record) {
                continue;
            }
            if page.records.len() == lookup.limit {
                page.next = wanted.last.get();
                return Ok(());
            }
            page.records.push(record);
            wanted.last.set(Some(place));
        }
        Ok(())
    }

    /// The index of the newest segment, up to its last record.
    fn caught_up(&self) -> io::Result<MutexGuard<'_, Open>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = Archive::list(&self.storage)?.newest();
        if open.follower.sequence() != newest {
            *open = Open {
                follower: Follower::at(newest),
                index: Building::default(),
            };
        }
        loop {
            let mut follower = open.follower;
            let mut offset = follower.offset();
            let lines = self.lines.follow_lines(&mut follower)?;
            // A newer segment than the newest: for the next time.
            if lines.is_empty() || follower.sequence() != newest {
                return Ok(open);
            }
            for line in &lines {
                open.index.add(line, offset);
                offset += line.len() as u64 + 1;
            }
            open.follower = follower;
        }
    }

    /// The index of a finished segment, made now if there is none. Nothing if
    /// the segment is gone.
    fn finished(&self, stored: Stored) -> io::Result<Option<Saved<<Disk as Storage>::File>>> {
        if let Some(saved) = Saved::open(&self.storage, stored.name)? {
            return Ok(Some(saved));
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(saved) = Saved::open(&self.storage, stored.name)? {
            return Ok(Some(saved));
        }
        let Some(mut lines) = still_there(archive::lines(&self.storage, stored))? else {
            return Ok(None);
        };
        let (mut line, mut offset, mut index) = (Vec::new(), 0, Building::default());
        while archive::next_line(lines.as_mut(), &mut line)? {
            index.add(&line, offset);
            offset += line.len() as u64 + 1;
        }
        index.save(&self.storage, stored.name, offset)?;
        Saved::open(&self.storage, stored.name)
    }
}

/// `None` if the file was compressed or removed between the listing and now;
/// whoever asks lists again.
fn still_there<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

struct Wanted<'a> {
    lookup: &'a Lookup,
    term: Term,
    /// The place of the last record on the page.
    last: std::cell::Cell<Option<Place>>,
}

impl Wanted<'_> {
    /// Whether it really is: hashes may be the same by chance.
    fn is(&self, record: &[u8]) -> bool {
        let Some(summary) = Summary::of(record) else {
            return false;
        };
        let lookup = self.lookup;
        let mut attributes = summary.attributes();
        let by = lookup.attribute.as_ref();
        summary.account == lookup.account.to_string()
            && summary.region == lookup.region.as_str()
            && by.is_none_or(|(attribute, value)| {
                attributes.any(|found| found == (*attribute, value.as_str()))
            })
    }
}
