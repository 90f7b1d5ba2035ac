//! Reading the log, while it is written or not.

use std::{io, ops::ControlFlow, path::Path};

use jiff::Timestamp;

use super::{
    archive::{self, Archive, Stored},
    blocks::Blocks,
    chain,
    storage::{Disk, SegmentFile, Storage},
};

/// How often the newest records are looked for, if segments go meanwhile.
const LOOKS: u32 = 5;

/// Bytes read at a time from the segment that is written to.
const FOLLOWED_BYTES: usize = 256 << 10;

/// The records of a log, as they were given to it.
#[derive(Debug)]
pub struct LogReader<S = Disk> {
    storage: S,
}

impl LogReader {
    /// Reads the log in `directory`.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self {
            storage: Disk::reading(directory),
        }
    }
}

impl<S: Storage> LogReader<S> {
    /// Reads the log on any storage.
    #[must_use]
    pub fn on(storage: S) -> Self {
        Self { storage }
    }

    /// Shows each record, the oldest first, until `visit` breaks. Segments
    /// that end before `since` are left out; records within one are not
    /// looked at for their time.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn each(
        &self,
        since: Option<Timestamp>,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let archive = Archive::list(&self.storage)?;
        let segments: Vec<Stored> = archive.segments.into_values().collect();
        for (place, stored) in segments.iter().enumerate() {
            let next = segments.get(place + 1);
            let ended = |since| next.is_some_and(|next| next.name.started_at < since);
            if since.is_some_and(ended) {
                continue;
            }
            if self.records(*stored, visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The last `count` records, the oldest of them first, and where the log
    /// goes on.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn last(&self, count: usize) -> io::Result<(Vec<Vec<u8>>, Follower)> {
        // A running node compresses segments and lets old ones go meanwhile.
        for _ in 1..LOOKS {
            match self.look(count) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => return done,
            }
        }
        self.look(count)
    }

    fn look(&self, count: usize) -> io::Result<(Vec<Vec<u8>>, Follower)> {
        let archive = Archive::list(&self.storage)?;
        let mut found: Vec<Vec<u8>> = Vec::new();
        let mut follower = Follower::default();
        for stored in archive.segments.values().rev() {
            let mut records = Vec::new();
            let mut end = 0;
            let mut lines = archive::lines(&self.storage, *stored)?;
            let mut line = Vec::new();
            while archive::next_line(lines.as_mut(), &mut line)? {
                end += line.len() as u64 + 1;
                records.push(record_of(&line));
            }
            if follower.sequence == 0 {
                follower = Follower::new(stored.name.sequence, end);
            }
            let wanted = count.saturating_sub(found.len()).min(records.len());
            let mut newer =
                std::mem::replace(&mut found, records.split_off(records.len() - wanted));
            found.append(&mut newer);
            if found.len() >= count {
                break;
            }
        }
        Ok((found, follower))
    }

    /// The records that have come since, a portion at a time; none if none
    /// have.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn follow(&self, follower: &mut Follower) -> io::Result<Vec<Vec<u8>>> {
        let lines = self.follow_lines(follower)?;
        Ok(lines.iter().map(|line| record_of(line)).collect())
    }

    /// The same, each record with where the log goes on after it.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn follow_each(&self, follower: &mut Follower) -> io::Result<Vec<(Vec<u8>, Follower)>> {
        let lines = self.follow_lines(follower)?;
        let bytes: u64 = lines.iter().map(|line| line.len() as u64 + 1).sum();
        let mut offset = follower.offset.saturating_sub(bytes);
        let records = lines.iter().map(|line| {
            offset += line.len() as u64 + 1;
            (
                record_of(line),
                Follower {
                    offset,
                    ..*follower
                },
            )
        });
        Ok(records.collect())
    }

    /// Where whoever has read up to `follower` goes on: there, unless the log
    /// is another one or has lost its end since. Then at the beginning, or of
    /// the segment, so that nothing is left out.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub fn resume(&self, follower: Follower) -> io::Result<Follower> {
        let archive = Archive::list(&self.storage)?;
        let newest = archive.segments.keys().next_back();
        if newest.is_some_and(|newest| follower.sequence > *newest) {
            return Ok(Follower::default());
        }
        let stored = archive.segments.get(&follower.sequence);
        let (Some(stored), Some(last)) = (stored, follower.offset.checked_sub(1)) else {
            return Ok(follower);
        };
        let file = self.storage.open(&stored.file())?;
        let ends_a_line = if stored.is_compressed {
            let lines = Blocks::of(file).from(last)?;
            lines.is_some_and(|lines| lines.first() == Some(&b'\n'))
        } else {
            let mut byte = [0];
            file.read_at(&mut byte, last)? == 1 && byte == *b"\n"
        };
        Ok(match ends_a_line {
            true => follower,
            false => Follower::at(follower.sequence),
        })
    }

    /// The same, as lines.
    pub(super) fn follow_lines(&self, follower: &mut Follower) -> io::Result<Vec<Vec<u8>>> {
        loop {
            let archive = Archive::list(&self.storage)?;
            let Some((_, stored)) = archive.segments.range(follower.sequence..).next() else {
                return Ok(Vec::new());
            };
            if stored.name.sequence != follower.sequence {
                let gone = match follower.sequence {
                    0 => 0,
                    expected => stored.name.sequence - expected,
                };
                *follower = Follower {
                    missed: follower.missed + gone,
                    ..Follower::at(stored.name.sequence)
                };
            }
            let records = if stored.is_compressed {
                self.rest(*stored, follower)?
            } else {
                self.more(*stored, follower)?
            };
            let is_last = archive
                .segments
                .range(follower.sequence + 1..)
                .next()
                .is_none();
            if !records.is_empty() || is_last {
                return Ok(records);
            }
            // A newer segment was there before this one was found to be read.
            follower.sequence += 1;
            follower.offset = 0;
        }
    }

    fn more(&self, stored: Stored, follower: &mut Follower) -> io::Result<Vec<Vec<u8>>> {
        let file = self.storage.open(&stored.file())?;
        let mut bytes = Vec::new();
        let mut chunk = vec![0; FOLLOWED_BYTES];
        let mut records = Vec::new();
        // A line may be longer than a chunk.
        while records.is_empty() {
            let offset = follower.offset + bytes.len() as u64;
            let length = file.read_at(&mut chunk, offset)?;
            let read = chunk.get(..length).unwrap_or_default();
            let zero = read.iter().position(|byte| *byte == 0);
            bytes.extend_from_slice(read.get(..zero.unwrap_or(length)).unwrap_or_default());
            if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
                let lines = bytes.get(..end).unwrap_or_default();
                records.extend(lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
                follower.offset += end as u64 + 1;
            }
            if zero.is_some() || length == 0 {
                break;
            }
        }
        Ok(records)
    }

    /// What a segment that was compressed meanwhile has beyond `follower`, a
    /// block of it.
    fn rest(&self, stored: Stored, follower: &mut Follower) -> io::Result<Vec<Vec<u8>>> {
        let blocks = Blocks::of(self.storage.open(&stored.file())?);
        let Some(lines) = blocks.from(follower.offset)? else {
            return Ok(Vec::new());
        };
        follower.offset += lines.len() as u64;
        let lines = lines.strip_suffix(b"\n").unwrap_or(&lines);
        Ok(lines
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect())
    }

    fn records(
        &self,
        stored: Stored,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        let mut lines = archive::lines(&self.storage, stored)?;
        let mut line = Vec::new();
        while archive::next_line(lines.as_mut(), &mut line)? {
            if visit(&record_of(&line)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// How far somebody has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    sequence: u64,
    offset: u64,
    /// Segments that were gone before they were read.
    missed: u64,
}

impl Follower {
    /// Where so many bytes of a segment were read.
    #[must_use]
    pub fn new(sequence: u64, offset: u64) -> Self {
        Self {
            sequence,
            offset,
            missed: 0,
        }
    }

    /// At the beginning of a segment.
    pub(super) fn at(sequence: u64) -> Self {
        Self::new(sequence, 0)
    }

    /// The segment.
    #[must_use]
    pub fn sequence(self) -> u64 {
        self.sequence
    }

    /// The bytes of it that were read.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.offset
    }

    /// Segments that were gone before they were read.
    #[must_use]
    pub fn missed(self) -> u64 {
        self.missed
    }
}

/// The record of a line, which may be from before there was a chain.
pub(super) fn record_of(line: &[u8]) -> Vec<u8> {
    chain::split(line).map_or_else(|| line.to_vec(), |(record, _)| record)
}
