//! Opening a log that may have been interrupted.

use std::{
    collections::{HashSet, VecDeque},
    io::{self, Read},
    sync::Arc,
};

use strongroom_types::Clock;

use super::{
    Options,
    archive::{self, Archive, CHUNK_BYTES, Replay, Stored},
    chain::{self, Hash},
    digest::{Head, LOST, PublicKey},
    keeper::{Finished, Past},
    segment::{Segment, SegmentName},
    storage::{Disk, SegmentFile, Storage},
    writer::is_old,
};

/// How many segments, counted from the end, may hold an event of which the
/// store does not yet know that it was recorded.
const RECENT_SEGMENTS: usize = 8;

/// What opening the log found.
#[derive(Debug)]
pub struct Recovered<S = Disk> {
    /// Bytes that an interrupted write left after the last complete line, and
    /// that were cut off. None of them was ever acknowledged.
    pub torn_bytes: u64,
    /// The file that holds those bytes now, if complete lines were among them.
    pub torn_file: Option<String>,
    storage: Arc<S>,
    /// In order of their sequence.
    segments: Vec<Stored>,
}

impl<S: Storage> Recovered<S> {
    pub(super) fn new(storage: Arc<S>, recovery: &Recovery<S::File>) -> Self {
        Self {
            torn_bytes: recovery.torn_bytes,
            torn_file: recovery.torn_file.clone(),
            storage,
            segments: recovery.segments.clone(),
        }
    }

    /// Which of `event_ids` are in the recent part of the log: those that the
    /// store still holds for delivery but that need not be appended again.
    /// Reads up to eight segments, the newest first, and stops early when all
    /// are found.
    ///
    /// # Errors
    ///
    /// When a segment cannot be read.
    pub fn contains_recent(&self, event_ids: &HashSet<String>) -> io::Result<HashSet<String>> {
        let mut found = HashSet::new();
        for name in self.segments.iter().rev().take(RECENT_SEGMENTS) {
            if found.len() == event_ids.len() {
                break;
            }
            let mut lines = match archive::lines(self.storage.as_ref(), *name) {
                Ok(lines) => lines,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut line = Vec::new();
            while archive::next_line(lines.as_mut(), &mut line)? {
                let ids = event_ids_in(&line).filter_map(|id| event_ids.get(id));
                found.extend(ids.cloned());
            }
        }
        Ok(found)
    }
}

/// Where the writer goes on.
pub(super) struct Recovery<F> {
    pub(super) segment: Segment<F>,
    pub(super) next_sequence: u64,
    pub(super) past: Past,
    segments: Vec<Stored>,
    torn_bytes: u64,
    torn_file: Option<String>,
}

/// Finds the end of the log, cuts off what is torn, and opens the last segment
/// or, if that is full or old, a new one.
pub(super) fn recover<S: Storage>(
    storage: &S,
    options: Options,
    clock: &dyn Clock,
    key: &PublicKey,
) -> io::Result<Recovery<S::File>> {
    let now = clock.now();
    let archive = Archive::list(storage)?;
    for file in &archive.halves {
        storage.remove(file)?;
    }
    let last = archive.segments.values().next_back().copied();
    let (mut torn_bytes, mut torn_file) = (0, None);
    if let Some(Stored {
        name,
        is_compressed: false,
    }) = last
    {
        let file = storage.open(&name.to_string())?;
        let tail = Tail::find(&file)?;
        torn_bytes = tail.torn_bytes;
        if tail.lines_beyond {
            torn_file = Some(keep_torn(storage, &file, name, &tail)?);
        }
        if file.length()? != tail.end {
            file.truncate(tail.end)?;
        }
    }
    let followed = follow(storage, &archive, key)?;
    if followed.is_lost {
        mourn(storage, now, followed.head.as_ref())?;
    }
    let Followed {
        mut past,
        chain,
        continues,
        ..
    } = followed;
    let mut next_sequence = last.map_or(1, |last| last.name.sequence + 1);
    let limit = options.segment_bytes;
    let goes_on =
        continues.filter(|so_far| so_far.bytes < limit && !is_old(so_far.name, now, options));
    let segment = match goes_on {
        Some(so_far) => {
            past.unsealed.pop_back();
            Segment::new(storage.open(&so_far.name.to_string())?, &so_far, limit)?
        }
        None => {
            let name = SegmentName {
                sequence: next_sequence,
                started_at: now,
            };
            next_sequence += 1;
            if past.first.0 == 0 {
                past.first = (name.sequence, chain);
            }
            let empty = Finished {
                name,
                records: 0,
                bytes: 0,
                before: chain,
                after: chain,
            };
            Segment::new(storage.create(&name.to_string())?, &empty, limit)?
        }
    };
    Ok(Recovery {
        segment,
        next_sequence,
        past,
        segments: archive.segments.into_values().collect(),
        torn_bytes,
        torn_file,
    })
}

/// What following the chain through the newest segments came to.
struct Followed {
    past: Past,
    /// The hash of the last line.
    chain: Hash,
    /// The last segment, if lines may follow in it. It is also the last of
    /// those without a digest.
    continues: Option<Finished>,
    /// Whether the log does not hold what its head says it held.
    is_lost: bool,
    head: Option<Head>,
}

/// Follows the chain from the newest digest to the end. What does not follow
/// is for `verify` to name; here the log goes on from where it ends.
fn follow<S: Storage>(storage: &S, archive: &Archive, key: &PublicKey) -> io::Result<Followed> {
    let head = archive::head(storage)?.filter(|head| head.is_signed_by(key));
    let mut past = Past {
        first: head.as_ref().map_or((0, [0; 32]), |head| {
            let before = chain::parse(head.chain_before.as_bytes());
            (head.first_sequence, before.unwrap_or_default())
        }),
        sealed: 0,
        last_signature: None,
        unsealed: VecDeque::new(),
    };
    let mut chain = past.first.1;
    for stored in archive.segments.values().rev() {
        let digest = archive.digest(storage, stored.name)?;
        let digest = digest.filter(|digest| digest.is_signed_by(key));
        if let Some(digest) = digest {
            past.sealed = stored.name.sequence;
            chain = chain::parse(digest.chain_after.as_bytes()).unwrap_or_default();
            past.last_signature = Some(digest.signature);
            break;
        }
    }
    if past.first.0 == 0
        && past.sealed > 0
        && let Some(stored) = archive.segments.values().next()
    {
        let digest = archive.digest(storage, stored.name)?;
        let before = digest.and_then(|digest| chain::parse(digest.chain_before.as_bytes()));
        past.first = (stored.name.sequence, before.unwrap_or_default());
    }
    let mut followed: Vec<(Finished, Replay)> = Vec::new();
    for (_, stored) in archive.segments.range(past.sealed + 1..) {
        let mut replay = Replay::of(archive::lines(storage, *stored)?.as_mut(), chain)?;
        if !replay.is_chained && replay.records() > 0 && followed.is_empty() {
            // Written by a release that had no chain.
            continue;
        }
        if let (Some((1, _)), Some((before, past))) = (&replay.first_bad, followed.last_mut())
            && let Some(cut) = fork(past, &replay)
        {
            // The last lines before were never acknowledged, and stand here.
            let name = before.name.to_string();
            let (hash, end) = past.marks.get(cut).copied().unwrap_or_default();
            storage.open(&name)?.truncate(end)?;
            (before.records, before.bytes, before.after) = (cut as u64 + 1, end, hash);
            chain = hash;
            replay = Replay::of(archive::lines(storage, *stored)?.as_mut(), chain)?;
        }
        if let Some((record, _)) = &replay.first_bad {
            tracing::error!(
                segment = %stored.name, record,
                "the chain of the audit log is broken; `strongroom audit verify` says more"
            );
        }
        let finished = Finished {
            name: stored.name,
            records: replay.records(),
            bytes: replay.bytes(),
            before: chain,
            after: replay.chain(chain),
        };
        if past.first.0 == 0 {
            past.first = (stored.name.sequence, chain);
        }
        chain = finished.after;
        followed.push((finished, replay));
    }
    let is_known = past.sealed > 0 || followed.iter().any(|(_, replay)| replay.is_chained);
    let is_lost = match &head {
        Some(head) => !holds(head, past.sealed, &followed),
        None => is_known,
    };
    let continues = followed.last().map(|(finished, _)| finished.clone());
    past.unsealed = followed.into_iter().map(|(finished, _)| finished).collect();
    Ok(Followed {
        past,
        chain,
        continues,
        is_lost,
        head,
    })
}

/// Whether the lines that a head speaks of are there.
fn holds(head: &Head, sealed: u64, followed: &[(Finished, Replay)]) -> bool {
    if head.sequence <= sealed {
        return true;
    }
    let found = followed
        .iter()
        .find(|(finished, _)| finished.name.sequence == head.sequence);
    let Some((finished, replay)) = found else {
        return false;
    };
    let hash = match head.records.checked_sub(1) {
        None => Some(finished.before),
        Some(index) => usize::try_from(index)
            .ok()
            .and_then(|index| replay.marks.get(index))
            .map(|(hash, _)| *hash),
    };
    hash == chain::parse(head.chain.as_bytes())
}

/// The line of `past` on which `replay` follows, counted from 0.
fn fork(past: &Replay, replay: &Replay) -> Option<usize> {
    let first = replay.first_record.as_ref()?;
    let (said, _) = replay.marks.first()?;
    let follows = |(hash, _): &(Hash, u64)| chain::next(hash, first) == *said;
    past.marks.iter().position(follows)
}

/// Keeps a head that the log does not reach: what is missing was there, and
/// `verify` says so for ever.
fn mourn<S: Storage>(storage: &S, now: jiff::Timestamp, head: Option<&Head>) -> io::Result<()> {
    tracing::error!(
        "records of the audit log are missing that were there before, or its signed head is; \
         `strongroom audit verify` says more"
    );
    let bytes = serde_json::to_vec_pretty(&head).map_err(io::Error::other)?;
    let name = format!("head-{}{LOST}", now.strftime("%Y%m%dT%H%M%SZ"));
    storage.replace(&name, &bytes)
}

/// How a segment ends.
#[derive(Debug, Default)]
struct Tail {
    /// After the last complete line before the first zero byte.
    end: u64,
    /// Bytes between there and the last byte that is not zero.
    torn_bytes: u64,
    /// Whether a line ends among them. One interrupted batch can look so when
    /// its pages were written out of order, but so can a damaged disk.
    lines_beyond: bool,
}

impl Tail {
    fn find(file: &impl SegmentFile) -> io::Result<Self> {
        let mut tail = Self::default();
        let mut reader = Borrowed { file, offset: 0 };
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut in_data = true;
        loop {
            let start = reader.offset;
            let length = reader.read(&mut chunk)?;
            let Some(mut rest) = chunk.get(..length).filter(|chunk| !chunk.is_empty()) else {
                return Ok(tail);
            };
            let mut offset = start;
            if in_data {
                let zero = rest.iter().position(|byte| *byte == 0);
                in_data = zero.is_none();
                let (data, beyond) = rest.split_at(zero.unwrap_or(length));
                if let Some(newline) = data.iter().rposition(|byte| *byte == b'\n') {
                    tail.end = start + newline as u64 + 1;
                    tail.torn_bytes = 0;
                }
                tail.reach(start + data.len() as u64);
                offset += data.len() as u64;
                rest = beyond;
            }
            if let Some(last) = rest.iter().rposition(|byte| *byte != 0) {
                tail.reach(offset + last as u64 + 1);
                tail.lines_beyond |= rest.contains(&b'\n');
            }
        }
    }

    fn reach(&mut self, offset: u64) {
        self.torn_bytes = offset.saturating_sub(self.end);
    }
}

/// Copies the torn tail to a file beside the segment.
fn keep_torn<S: Storage>(
    storage: &S,
    file: &S::File,
    name: SegmentName,
    tail: &Tail,
) -> io::Result<String> {
    let copy_name = format!("{name}.{}.torn", tail.end);
    match storage.remove(&copy_name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let copy = storage.create(&copy_name)?;
    let mut reader = Borrowed {
        file,
        offset: tail.end,
    }
    .take(tail.torn_bytes);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut written = 0;
    loop {
        let length = reader.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..length).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        copy.write_all_at(bytes, written)?;
        written += length as u64;
    }
    copy.sync()?;
    Ok(copy_name)
}

/// The event ids in a line. A caller can put the same bytes into the record's
/// parameters, but not the id of an event to come.
fn event_ids_in(line: &[u8]) -> impl Iterator<Item = &str> {
    const MEMBER: &[u8] = b"\"eventID\":\"";
    let mut rest = line;
    std::iter::from_fn(move || {
        let start = rest.windows(MEMBER.len()).position(|part| part == MEMBER)?;
        rest = rest.get(start + MEMBER.len()..)?;
        let end = rest.iter().position(|byte| *byte == b'"')?;
        Some(std::str::from_utf8(rest.get(..end)?).unwrap_or_default())
    })
}

/// Reads a file that somebody else has.
struct Borrowed<'f, F> {
    file: &'f F,
    offset: u64,
}

impl<F: SegmentFile> Read for Borrowed<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.offset)?;
        self.offset += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_are_found_wherever_a_record_has_them() {
        let line = br#"{"requestParameters":{"name":"\"eventID\":\"no\""},"eventID":"a-1","x":{"eventID":"b"}}"#;
        assert_eq!(event_ids_in(line).collect::<Vec<_>>(), ["a-1", "b"]);
        assert_eq!(event_ids_in(b"{\"eventID\":\"cut").count(), 0);
    }
}
