use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use redb::Database;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    Engine,
    anchor::Anchor,
    contained, down, failed,
    file::Check,
    rows::{ROWS, RawRowBefore, Writing, begin_write},
};
use crate::{
    StoreError,
    ledger::{Intent, Ledger, Rows},
    tally::TALLY_KEY,
};

/// Commits that may wait for the writer. Others wait for a place.
const QUEUE: usize = 1024;

/// Commits made durable by one sync, at most.
const GROUP: usize = 256;

/// After a failure the file is opened anew at most this often.
const PAUSE: Duration = Duration::from_millis(50);

/// The way to the writer thread. Clones are the same way.
#[derive(Clone)]
pub(super) struct Writer {
    /// `None` once the store is closed.
    jobs: Arc<Mutex<Option<Sender<Job>>>>,
    places: Arc<Semaphore>,
    /// Whether the writer was asked to look after the file and did not yet.
    reviving: Arc<AtomicBool>,
}

enum Job {
    Commit(Commit),
    Revive,
    Close(oneshot::Sender<()>),
}

struct Commit {
    intent: Intent,
    answer: oneshot::Sender<Result<u64, StoreError>>,
    _place: OwnedSemaphorePermit,
}

/// The thread that alone changes the file.
struct Thread {
    engine: Arc<Engine>,
    ledger: Ledger,
    anchor: Option<Anchor>,
    reviving: Arc<AtomicBool>,
    /// What to undo, should the file turn out to have it.
    doubtful: Option<Undo>,
    tried_at: Option<Instant>,
}

/// How to return from a group whose commit failed, perhaps only after it had
/// reached the file.
#[derive(Default)]
struct Undo {
    /// What was there before, oldest first.
    rows: Vec<RawRowBefore>,
    /// The row that holds the tally once the group is in the file.
    tally: Option<Vec<u8>>,
}

impl Writer {
    /// Starts the thread, which ends when the way to it is closed.
    pub(super) fn start(
        engine: Arc<Engine>,
        ledger: Ledger,
        anchor: Option<Anchor>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel();
        let reviving = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            engine,
            ledger,
            anchor,
            reviving: Arc::clone(&reviving),
            doubtful: None,
            tried_at: None,
        };
        let handle = thread::Builder::new()
            .name("store writer".to_owned())
            .spawn(move || thread.run(&queue))
            .map_err(|error| StoreError::unavailable("start the writer thread", error))?;
        let writer = Self {
            jobs: Arc::new(Mutex::new(Some(jobs))),
            places: Arc::new(Semaphore::new(QUEUE)),
            reviving,
        };
        Ok((writer, handle))
    }

    /// Hands a transaction in and waits for its fate.
    pub(super) async fn commit(&self, intent: Intent) -> Result<u64, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let (answer, fate) = oneshot::channel();
        self.send(Job::Commit(Commit {
            intent,
            answer,
            _place: place.map_err(|_| StoreError::Closed)?,
        }))?;
        fate.await.map_err(|_| StoreError::Closed)?
    }

    /// Passes the result of a read on. After a failure redb refuses all reads,
    /// so the writer is asked to look after the file.
    pub(super) fn judge<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        if matches!(read, Err(StoreError::Unavailable { .. }))
            && !self.reviving.swap(true, Ordering::Relaxed)
        {
            self.send(Job::Revive)?;
        }
        read
    }

    /// Ends the thread when all that waits is done.
    pub(super) async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        let sent = self.send(Job::Close(answer));
        self.shut();
        if sent.is_ok() {
            // An error says that the thread is gone, which is what is wanted.
            let _ = closed.await;
        }
    }

    /// Lets nothing more in.
    pub(super) fn shut(&self) {
        self.jobs().take();
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs();
        let jobs = jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)
    }

    fn jobs(&self) -> MutexGuard<'_, Option<Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    fn run(mut self, queue: &Receiver<Job>) {
        let mut closed = None;
        while closed.is_none()
            && let Ok(job) = queue.recv()
        {
            let mut group = Vec::new();
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Commit(commit) => group.push(commit),
                    Job::Revive => self.look_after_file(),
                    Job::Close(answer) => closed = Some(answer),
                }
                next = match group.len() {
                    GROUP => None,
                    _ => queue.try_recv().ok(),
                };
            }
            if !group.is_empty() {
                self.commit(group);
            }
        }
        self.put_database(None);
        if let Some(answer) = closed {
            // Nobody may be waiting any more.
            let _ = answer.send(());
        }
    }

    /// Makes a group of transactions durable and answers them.
    fn commit(&mut self, mut group: Vec<Commit>) {
        if self.is_down() {
            self.open_anew();
        }
        let mark = self.ledger.begin_group();
        let mut undo = Undo::default();
        match contained(&[], || self.apply(&group, &mut undo)) {
            Ok(fates) => {
                self.publish();
                if let Some(anchor) = &self.anchor {
                    anchor.note(self.ledger.commits());
                }
                for (commit, fate) in group.iter_mut().zip(&fates) {
                    if let (Some(then), Ok(_)) = (commit.intent.batch.then.take(), fate) {
                        then();
                    }
                }
                for (commit, fate) in group.into_iter().zip(fates) {
                    // Nobody may be waiting any more; the commit stands.
                    let _ = commit.answer.send(fate);
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a commit failed");
                self.ledger.give_up(mark);
                if !self.is_down() {
                    self.doubtful = Some(undo);
                    self.put_database(None);
                    self.open_anew();
                }
                for commit in group {
                    let _ = commit.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Applies a group in one transaction of redb. What it replaces goes to
    /// `undo`, oldest first.
    fn apply(
        &mut self,
        group: &[Commit],
        undo: &mut Undo,
    ) -> Result<Vec<Result<u64, StoreError>>, StoreError> {
        let engine = Arc::clone(&self.engine);
        let database = engine.database();
        let database = database.as_ref().ok_or_else(down)?;
        let transaction = begin_write(database)?;
        let mut fates = Vec::with_capacity(group.len());
        {
            let table = transaction
                .open_table(ROWS)
                .map_err(|error| failed(&[], error.into()))?;
            let mut rows = Writing {
                table,
                undo: &mut undo.rows,
            };
            for commit in group {
                match self.ledger.apply(&mut rows, &commit.intent) {
                    fate @ (Ok(_) | Err(StoreError::Conflict)) => fates.push(fate),
                    Err(error) => return Err(error),
                }
            }
            undo.tally = Some(self.ledger.end_group(&mut rows)?);
        }
        if fates.iter().any(Result::is_ok) {
            transaction
                .commit()
                .map_err(|error| failed(&[], error.into()))?;
        } else {
            transaction
                .abort()
                .map_err(|error| failed(&[], error.into()))?;
        }
        Ok(fates)
    }

    /// Opens the file anew if redb refuses to work on it.
    fn look_after_file(&mut self) {
        if self.engine.damaged {
            return;
        }
        let works = contained(&[], || {
            let database = self.engine.database();
            begin_write(database.as_ref().ok_or_else(down)?)?
                .abort()
                .map_err(|error| failed(&[], error.into()))
        });
        if works.is_err() {
            self.put_database(None);
            self.open_anew();
        }
        self.reviving.store(false, Ordering::Relaxed);
    }

    /// Tries to open the file, unless that failed a moment ago.
    fn open_anew(&mut self) {
        if self.tried_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        let opened = contained(&[], || {
            let database = self.engine.disk.open_database(Check::None)?;
            self.settle(&database)?;
            Ok(database)
        });
        match opened {
            Ok(database) => {
                tracing::info!("opened the store's file anew");
                self.tried_at = None;
                self.doubtful = None;
                self.put_database(Some(database));
                self.publish();
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot open the store's file anew"
                );
                self.tried_at = Some(Instant::now());
            }
        }
    }

    /// Undoes the group whose commit failed, if it reached the file after all:
    /// its transactions were told that nothing was changed.
    fn settle(&self, database: &Database) -> Result<(), StoreError> {
        let Some(Undo {
            rows: undo,
            tally: Some(tally),
        }) = &self.doubtful
        else {
            return Ok(());
        };
        let transaction = begin_write(database)?;
        {
            let table = transaction
                .open_table(ROWS)
                .map_err(|error| failed(&[], error.into()))?;
            let mut rows = Writing {
                table,
                undo: &mut Vec::new(),
            };
            if rows.get(TALLY_KEY)?.as_ref() == Some(tally) {
                for (key, old) in undo.iter().rev() {
                    rows.set(key, old.as_deref())?;
                }
            }
        }
        transaction
            .commit()
            .map_err(|error| failed(&[], error.into()))
    }

    fn is_down(&self) -> bool {
        self.engine.database().is_none()
    }

    /// Replaces the database. The one before is closed, which can fail, or
    /// panic where the file is damaged; what was committed is safe.
    fn put_database(&self, database: Option<Database>) {
        let place = &self.engine.database;
        let before = std::mem::replace(
            &mut *place.write().unwrap_or_else(PoisonError::into_inner),
            database,
        );
        let closed = contained(&[], || match before {
            // Closing writes, and panics more than once where pages are
            // damaged. Nothing was changed that it could save.
            Some(before) if self.engine.damaged => {
                std::mem::forget(before);
                Ok(())
            }
            Some(before) => before.close().map_err(|error| failed(&[], error.into())),
            None => Ok(()),
        });
        if let Err(error) = closed {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the store's file was not closed cleanly");
        }
    }

    /// Lets new snapshots know of all groups so far.
    fn publish(&self) {
        let newest = self.ledger.sequence();
        self.engine.published.store(newest, Ordering::Release);
    }
}
