//! The segments in a directory, plain or compressed, and reading them through.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read},
};

use flate2::bufread::MultiGzDecoder;

use super::{
    blocks::pack,
    chain::{self, Hash},
    digest::{Digest, HEAD, Head, LOST},
    index::index_file,
    segment::SegmentName,
    storage::{SegmentFile, Storage},
};

pub(super) const CHUNK_BYTES: usize = 128 << 10;
/// Lines are compressed in blocks of about this many bytes, each a gzip member
/// of its own, so that one record is read without the whole segment.
pub(super) const BLOCK_BYTES: usize = 256 << 10;
/// What compression adds to a segment's name.
const GZIP: &str = ".gz";
/// What a digest has in place of `.jsonl`.
const DIGEST: &str = ".digest.json";
/// What an index has in place of `.jsonl`.
const INDEX: &str = ".index";
/// The longest digest or head that is read, in bytes.
const STATEMENT_BYTES: usize = 16 << 10;

/// A segment as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stored {
    pub(super) name: SegmentName,
    pub(super) is_compressed: bool,
}

impl Stored {
    fn parse(file: &str) -> Option<Self> {
        let plain = file.strip_suffix(GZIP);
        Some(Self {
            name: plain.unwrap_or(file).parse().ok()?,
            is_compressed: plain.is_some(),
        })
    }

    /// The file's name.
    pub(super) fn file(self) -> String {
        if self.is_compressed {
            compressed(self.name)
        } else {
            self.name.to_string()
        }
    }
}

/// The name of a segment's compressed file.
pub(super) fn compressed(name: SegmentName) -> String {
    format!("{name}{GZIP}")
}

/// The name of a segment's digest.
pub(super) fn digest_file(name: SegmentName) -> String {
    let file = name.to_string();
    format!("{}{DIGEST}", file.strip_suffix(".jsonl").unwrap_or(&file))
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// By sequence. Of a segment whose compression was interrupted, the plain
    /// file.
    pub(super) segments: BTreeMap<u64, Stored>,
    /// Files that name a sequence which another file has too.
    pub(super) doubles: Vec<String>,
    /// Compressed files beside their plain one: compression was interrupted.
    pub(super) halves: Vec<String>,
    /// Heads that the log was found not to reach.
    pub(super) lost: Vec<String>,
    digests: Vec<String>,
    indexes: Vec<String>,
}

impl Archive {
    pub(super) fn list<S: Storage>(storage: &S) -> io::Result<Self> {
        let mut found = Self::default();
        let mut files = storage.list()?;
        files.sort_unstable();
        for file in files {
            if file.ends_with(LOST) {
                found.lost.push(file);
            } else if file.ends_with(DIGEST) {
                found.digests.push(file);
            } else if file.ends_with(INDEX) {
                found.indexes.push(file);
            } else if let Some(stored) = Stored::parse(&file) {
                // In order of their names, plain files come first.
                match found.segments.get(&stored.name.sequence) {
                    Some(first) if first.name == stored.name => found.halves.push(file),
                    Some(_) => found.doubles.push(file),
                    None => {
                        found.segments.insert(stored.name.sequence, stored);
                    }
                }
            }
        }
        Ok(found)
    }

    /// The digest of a segment, if there is one that can be read.
    pub(super) fn digest<S: Storage>(
        &self,
        storage: &S,
        name: SegmentName,
    ) -> io::Result<Option<Digest>> {
        let file = digest_file(name);
        if self.digests.contains(&file) {
            statement(storage, &file)
        } else {
            Ok(None)
        }
    }

    /// The sequence of the newest segment, 0 if there is none.
    pub(super) fn newest(&self) -> u64 {
        self.segments.keys().next_back().copied().unwrap_or(0)
    }

    /// Whether a segment has an index.
    pub(super) fn is_indexed(&self, name: SegmentName) -> bool {
        self.indexes.contains(&index_file(name))
    }

    /// Sequences that digests name.
    pub(super) fn digested(&self) -> impl Iterator<Item = u64> {
        let number = |file: &String| file.split('-').next()?.parse().ok();
        self.digests.iter().filter_map(number)
    }
}

/// The head, if there is one that can be read.
pub(super) fn head<S: Storage>(storage: &S) -> io::Result<Option<Head>> {
    statement(storage, HEAD)
}

fn statement<S: Storage, T: serde::de::DeserializeOwned>(
    storage: &S,
    file: &str,
) -> io::Result<Option<T>> {
    let file = match storage.open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let reader = Reader::new(file);
    reader
        .take(STATEMENT_BYTES as u64)
        .read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes).ok())
}

/// The lines of a stored segment; of the compressed one, if it has been
/// compressed since it was listed.
pub(super) fn lines<S: Storage>(storage: &S, stored: Stored) -> io::Result<Box<dyn BufRead>> {
    let file = match storage.open(&stored.file()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !stored.is_compressed => {
            let stored = Stored {
                is_compressed: true,
                ..stored
            };
            return lines(storage, stored);
        }
        opened => opened?,
    };
    let reader = Reader::new(file);
    let reader = BufReader::with_capacity(CHUNK_BYTES, reader);
    Ok(if stored.is_compressed {
        Box::new(BufReader::with_capacity(
            CHUNK_BYTES,
            MultiGzDecoder::new(reader),
        ))
    } else {
        Box::new(reader)
    })
}

/// The next line, without its line feed; nothing at the first zero byte, at
/// the end, and at a line that is cut off.
pub(super) fn next_line(lines: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if lines.fill_buf()?.first().is_none_or(|byte| *byte == 0) {
        return Ok(false);
    }
    lines.read_until(b'\n', line)?;
    Ok(line.pop() == Some(b'\n') && !line.contains(&0))
}

/// A segment read through.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// The hash of each line, as it says, and where the line ends.
    pub(super) marks: Vec<(Hash, u64)>,
    /// The first line that does not follow on the one before, from 1, and its
    /// event id.
    pub(super) first_bad: Option<(u64, String)>,
    /// Whether some line carries a hash.
    pub(super) is_chained: bool,
    /// The record of the first line.
    pub(super) first_record: Option<Vec<u8>>,
    /// Whether the file could not be decompressed to its end.
    pub(super) is_broken: bool,
}

fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

impl Replay {
    /// Reads the lines that follow on a line of hash `before`.
    pub(super) fn of(lines: &mut dyn BufRead, before: Hash) -> io::Result<Self> {
        let mut replay = Self::default();
        let (mut chain, mut end) = (before, 0);
        let mut line = Vec::new();
        loop {
            match next_line(lines, &mut line) {
                Ok(true) => {}
                Ok(false) => break,
                // What a decoder says of bytes that were never encoded.
                Err(error) if is_damage(&error) => {
                    replay.is_broken = true;
                    break;
                }
                Err(error) => return Err(error),
            }
            end += line.len() as u64 + 1;
            let said = chain::split(&line);
            let record = said.as_ref().map_or(line.as_slice(), |(record, _)| record);
            let hash = chain::next(&chain, record);
            let follows = said.as_ref().is_some_and(|(_, said)| *said == hash);
            if replay.marks.is_empty() {
                replay.first_record = Some(record.to_vec());
            }
            if !follows && replay.first_bad.is_none() {
                let number = replay.marks.len() as u64 + 1;
                replay.first_bad = Some((number, event_id(record)));
            }
            replay.is_chained |= said.is_some();
            // Go on from what the line says, so that one bad line is one.
            chain = said.map_or(hash, |(_, said)| said);
            replay.marks.push((chain, end));
        }
        Ok(replay)
    }

    /// The hash of the last line; `before` if there is none.
    pub(super) fn chain(&self, before: Hash) -> Hash {
        self.marks.last().map_or(before, |(hash, _)| *hash)
    }

    pub(super) fn records(&self) -> u64 {
        self.marks.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.marks.last().map_or(0, |(_, end)| *end)
    }
}

/// The `eventID` of a record, for reports.
pub(super) fn event_id(record: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Event {
        #[serde(rename = "eventID")]
        event_id: String,
    }
    serde_json::from_slice::<Event>(record).map_or_else(|_| String::new(), |event| event.event_id)
}

/// Writes the first `bytes` of a plain segment into its compressed file, and
/// makes that durable. The plain file stays.
pub(super) fn compress<S: Storage>(storage: &S, name: SegmentName, bytes: u64) -> io::Result<()> {
    let plain = Reader::new(storage.open(&name.to_string())?);
    let mut lines = BufReader::with_capacity(CHUNK_BYTES, plain.take(bytes));
    let file = compressed(name);
    match storage.remove(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let target = storage.create(&file)?;
    let mut position = 0;
    let mut block = Vec::with_capacity(BLOCK_BYTES + CHUNK_BYTES);
    loop {
        let read = lines.read_until(b'\n', &mut block)?;
        if block.len() >= BLOCK_BYTES || (read == 0 && (!block.is_empty() || position == 0)) {
            let packed = pack(&block)?;
            target.write_all_at(&packed, position)?;
            position += packed.len() as u64;
            block.clear();
        }
        if read == 0 {
            break;
        }
    }
    target.sync()
}

/// Reads a file from its beginning.
pub(super) struct Reader<F> {
    file: F,
    pub(super) offset: u64,
}

impl<F> Reader<F> {
    pub(super) fn new(file: F) -> Self {
        Self { file, offset: 0 }
    }
}

impl<F: SegmentFile> Read for Reader<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.offset)?;
        self.offset += length as u64;
        Ok(length)
    }
}
