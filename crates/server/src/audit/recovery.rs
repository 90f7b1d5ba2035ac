//! Opening a log that may have been interrupted.

use std::{
    collections::HashSet,
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use strongroom_types::Clock;

use super::{
    Options,
    segment::{Segment, SegmentName},
    storage::{Disk, SegmentFile, Storage},
    writer::is_old,
};

/// How many segments, counted from the end, may hold an event of which the
/// store does not yet know that it was recorded.
const RECENT_SEGMENTS: usize = 8;

const CHUNK_BYTES: usize = 128 << 10;

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
    segments: Vec<SegmentName>,
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
            let file = match self.storage.open(&name.to_string()) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut reader = BufReader::with_capacity(CHUNK_BYTES, Reader::new(&file));
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
                let ids = event_ids_in(&line).filter_map(|id| event_ids.get(id));
                found.extend(ids.cloned());
                line.clear();
            }
        }
        Ok(found)
    }
}

/// Where the writer goes on.
pub(super) struct Recovery<F> {
    pub(super) segment: Segment<F>,
    pub(super) next_sequence: u64,
    segments: Vec<SegmentName>,
    torn_bytes: u64,
    torn_file: Option<String>,
}

/// Finds the end of the log, cuts off what is torn, and opens the last segment
/// or, if that is full or old, a new one.
pub(super) fn recover<S: Storage>(
    storage: &S,
    options: Options,
    clock: &dyn Clock,
) -> io::Result<Recovery<S::File>> {
    let now = clock.now();
    let names = storage.list()?;
    let mut segments: Vec<SegmentName> =
        names.iter().filter_map(|name| name.parse().ok()).collect();
    segments.sort_unstable();
    let (mut torn_bytes, mut torn_file, mut last) = (0, None, None);
    if let Some(name) = segments.last() {
        let file = storage.open(&name.to_string())?;
        let tail = Tail::find(&file)?;
        torn_bytes = tail.torn_bytes;
        if tail.lines_beyond {
            torn_file = Some(keep_torn(storage, &file, *name, &tail)?);
        }
        if file.length()? != tail.end {
            file.truncate(tail.end)?;
        }
        if tail.end < options.segment_bytes && !is_old(*name, now, options) {
            last = Some((file, *name, tail.end));
        }
    }
    let mut next_sequence = segments.last().map_or(1, |name| name.sequence + 1);
    let (file, name, position) = match last {
        Some(last) => last,
        None => {
            let name = SegmentName {
                sequence: next_sequence,
                started_at: now,
            };
            next_sequence += 1;
            (storage.create(&name.to_string())?, name, 0)
        }
    };
    Ok(Recovery {
        segment: Segment::new(file, name, position, options.segment_bytes)?,
        next_sequence,
        segments,
        torn_bytes,
        torn_file,
    })
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
        let mut reader = Reader::new(file);
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
    let mut reader = Reader {
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

struct Reader<'f, F> {
    file: &'f F,
    offset: u64,
}

impl<'f, F> Reader<'f, F> {
    fn new(file: &'f F) -> Self {
        Self { file, offset: 0 }
    }
}

impl<F: SegmentFile> Read for Reader<'_, F> {
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
