//! What happens to finished segments, on a thread of its own: their digests,
//! compression, retention; and the head, which follows the writer.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use strongroom_types::Clock;

use super::{
    Options,
    archive::{Archive, compress, digest_file},
    chain::{self, Hash},
    digest::{Digest, HEAD, Head, Signer},
    index::index_file,
    segment::SegmentName,
    storage::Storage,
};

/// How often the head follows the writer, and what failed is tried again.
const ROUND: Duration = Duration::from_secs(1);
/// Between one compression and the next: it takes a few hundred milliseconds of
/// a core, and so a few hundredths of one all in all.
const COMPRESSION_PAUSE: Duration = Duration::from_secs(10);

/// A segment to which nothing more will be written.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) name: SegmentName,
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) before: Hash,
    pub(super) after: Hash,
}

/// How far the writer has come: all of it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) sequence: u64,
    pub(super) records: u64,
    pub(super) chain: Hash,
}

/// What the keeper goes on from.
#[derive(Debug)]
pub(super) struct Past {
    /// The oldest segment and the hash before it.
    pub(super) first: (u64, Hash),
    /// The newest segment with a digest, and that digest's signature.
    pub(super) sealed: u64,
    pub(super) last_signature: Option<String>,
    /// Segments that were finished and have no digest yet.
    pub(super) unsealed: VecDeque<Finished>,
}

/// The writer's end of the keeper.
pub(super) struct Keeper {
    finished: Option<Sender<Finished>>,
    progress: Arc<Mutex<Progress>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start<S: Storage>(
        storage: Arc<S>,
        options: Options,
        clock: Arc<dyn Clock>,
        signer: Arc<Signer>,
        past: Past,
        progress: Progress,
    ) -> io::Result<Self> {
        let (finished, receiver) = channel();
        let progress = Arc::new(Mutex::new(progress));
        let mut work = Keeping {
            storage,
            options,
            clock,
            signer,
            past,
            progress: Arc::clone(&progress),
            told: None,
            is_failing: false,
            compressed_at: None,
        };
        let thread = thread::Builder::new()
            .name("audit-keeper".to_owned())
            .spawn(move || work.run(&receiver))?;
        Ok(Self {
            finished: Some(finished),
            progress,
            thread: Some(thread),
        })
    }

    /// Notes that a segment is finished.
    pub(super) fn finished(&self, segment: Finished) {
        if let Some(finished) = &self.finished {
            // Without a keeper it gets its digest at the next start.
            let _ = finished.send(segment);
        }
    }

    /// Notes how far the writer has come.
    pub(super) fn reached(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

/// Waits for the last head.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.finished = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that keeps finished audit segments panicked");
        }
    }
}

struct Keeping<S> {
    storage: Arc<S>,
    options: Options,
    clock: Arc<dyn Clock>,
    signer: Arc<Signer>,
    past: Past,
    progress: Arc<Mutex<Progress>>,
    /// What the head on disk says of the writer.
    told: Option<(Progress, u64, u64)>,
    is_failing: bool,
    compressed_at: Option<Timestamp>,
}

impl<S: Storage> Keeping<S> {
    fn run(&mut self, finished: &Receiver<Finished>) {
        loop {
            self.round();
            match finished.recv_timeout(ROUND) {
                Ok(segment) => {
                    self.past.unsealed.push_back(segment);
                    self.past.unsealed.extend(finished.try_iter());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.round();
    }

    fn round(&mut self) {
        let done = self.seal_all().and_then(|()| self.write_head());
        match done {
            Ok(()) => {
                self.is_failing = false;
                self.compress_one();
                self.retire();
            }
            Err(error) => {
                if !self.is_failing {
                    tracing::error!(%error, "cannot sign the audit log; will retry");
                }
                self.is_failing = true;
            }
        }
    }

    fn seal_all(&mut self) -> io::Result<()> {
        while let Some(segment) = self.past.unsealed.front().cloned() {
            let digest = Digest {
                segment: segment.name.to_string(),
                sequence: segment.name.sequence,
                records: segment.records,
                bytes: segment.bytes,
                chain_before: hex::encode(segment.before),
                chain_after: hex::encode(segment.after),
                previous_digest_signature: self.past.last_signature.clone(),
                public_key: String::new(),
                signature: String::new(),
            }
            .signed(&self.signer);
            let bytes = serde_json::to_vec_pretty(&digest).map_err(io::Error::other)?;
            self.storage.replace(&digest_file(segment.name), &bytes)?;
            self.past.sealed = segment.name.sequence;
            self.past.last_signature = Some(digest.signature);
            self.past.unsealed.pop_front();
            self.write_head()?;
        }
        Ok(())
    }

    fn write_head(&mut self) -> io::Result<()> {
        let progress = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (progress, self.past.first.0, self.past.sealed);
        if self.told == Some(now) {
            return Ok(());
        }
        let (first_sequence, before) = self.past.first;
        let head = Head {
            first_sequence,
            chain_before: hex::encode(before),
            sequence: progress.sequence,
            records: progress.records,
            chain: hex::encode(progress.chain),
            sealed: self.past.sealed,
            time: self.clock.now().to_string(),
            public_key: String::new(),
            signature: String::new(),
        }
        .signed(&self.signer);
        let bytes = serde_json::to_vec_pretty(&head).map_err(io::Error::other)?;
        self.storage.replace(HEAD, &bytes)?;
        self.told = Some(now);
        Ok(())
    }

    /// Compresses the oldest segment that is not yet, now and then: a busy
    /// node has better things to do.
    fn compress_one(&mut self) {
        let now = self.clock.now();
        let pause = SignedDuration::try_from(COMPRESSION_PAUSE).unwrap_or_default();
        let is_early = |last: Timestamp| now.duration_since(last).abs() < pause;
        if !self.options.compress || self.compressed_at.is_some_and(is_early) {
            return;
        }
        self.compressed_at = Some(now);
        if let Err(error) = self.compress_oldest() {
            // It stays as it is.
            tracing::warn!(%error, "cannot compress an audit segment; will retry");
        }
    }

    fn compress_oldest(&self) -> io::Result<()> {
        let storage = self.storage.as_ref();
        let archive = Archive::list(storage)?;
        let mut sealed = archive.segments.range(..=self.past.sealed);
        let Some((_, stored)) = sealed.find(|(_, stored)| !stored.is_compressed) else {
            return Ok(());
        };
        if let Some(digest) = archive.digest(storage, stored.name)? {
            compress(storage, stored.name, digest.bytes)?;
            storage.remove(&stored.file())?;
        }
        Ok(())
    }

    /// Removes segments whose last record is older than is to be kept.
    fn retire(&mut self) {
        let Some(keep) = self.options.retention else {
            return;
        };
        if let Err(error) = self.remove_older_than(keep) {
            tracing::warn!(%error, "cannot remove old audit segments; will retry");
        }
    }

    fn remove_older_than(&mut self, keep: Duration) -> io::Result<()> {
        let Ok(keep) = SignedDuration::try_from(keep) else {
            return Ok(());
        };
        let now = self.clock.now();
        loop {
            let (first, _) = self.past.first;
            if first >= self.past.sealed {
                return Ok(());
            }
            let archive = Archive::list(self.storage.as_ref())?;
            // All of a segment's records are older than the next segment.
            let mut following = archive.segments.range(first + 1..);
            let is_old = following
                .next()
                .is_some_and(|(_, next)| now.duration_since(next.name.started_at) >= keep);
            let Some(stored) = archive.segments.get(&first).filter(|_| is_old) else {
                return Ok(());
            };
            let digest = archive.digest(self.storage.as_ref(), stored.name)?;
            let after = digest.and_then(|digest| chain::parse(digest.chain_after.as_bytes()));
            let Some(after) = after else {
                return Ok(());
            };
            // First said, then done: what is missing without a word is a find
            // of `verify`.
            self.past.first = (first + 1, after);
            self.write_head()?;
            let files = [
                stored.file(),
                index_file(stored.name),
                digest_file(stored.name),
            ];
            for file in files {
                match self.storage.remove(&file) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            tracing::info!(segment = %stored.name, "an audit segment is older than is to be kept and was removed");
        }
    }
}
