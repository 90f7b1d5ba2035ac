//! Finding records: an index of each segment, made from it and made again
//! whenever it is missing.
//!
//! ```text
//! magic (8) │ records (4) │ terms (4) │ postings (4) │ segment's bytes (8)
//! terms:    hash (8), first posting (4), count (4), ascending by hash
//! postings: number of a record (4), ascending for each term
//! records:  time in seconds (8), offset of the line (8)
//! ```
//!
//! Numbers are big endian. A term is an account and a Region, with or without
//! an attribute and its value. What is found is compared with the record
//! itself, so two terms of one hash do no harm.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, cell::RefCell, collections::HashMap, io, slice};

use strongroom_crypto::sha256;
use strongroom_services::cloudtrail::{Attribute, Summary};

use super::{
    segment::SegmentName,
    storage::{SegmentFile, Storage},
};

const MAGIC: &[u8; 8] = b"SRINDEX1";
const HEADER_BYTES: u64 = 28;
const TERM_BYTES: u64 = 16;
const RECORD_BYTES: u64 = 16;
/// Bytes of the records that are read at once: a lookup by time goes through
/// them one by one. A multiple of a record's.
const PAGE_BYTES: u64 = 4096;

/// The name of a segment's index.
pub(super) fn index_file(name: SegmentName) -> String {
    let file = name.to_string();
    format!("{}.index", file.strip_suffix(".jsonl").unwrap_or(&file))
}

/// What a record is found by: an account and a Region, with or without an
/// attribute and its value.
#[derive(Debug, Default)]
pub(super) struct Term {
    text: Vec<u8>,
    /// Where the attribute begins.
    by: usize,
}

impl Term {
    /// All of an account and a Region.
    pub(super) fn of(account: &str, region: &str) -> Self {
        let mut term = Self::default();
        term.set(account, region);
        term
    }

    fn set(&mut self, account: &str, region: &str) {
        self.text.clear();
        for part in [account, "/", region, "/"] {
            self.text.extend_from_slice(part.as_bytes());
        }
        self.by = self.text.len();
        self.narrow(None);
    }

    /// The same account and Region, with another attribute or with none.
    pub(super) fn narrow(&mut self, by: Option<(Attribute, &str)>) {
        let kind = by.map_or(0_u8, |(attribute, _)| match attribute {
            Attribute::AccessKeyId => 1,
            Attribute::EventId => 2,
            Attribute::EventName => 3,
            Attribute::EventSource => 4,
            Attribute::ReadOnly => 5,
            Attribute::ResourceName => 6,
            Attribute::ResourceType => 7,
            Attribute::Username => 8,
        });
        self.text.truncate(self.by);
        self.text.push(kind);
        let value = by.map_or("", |(_, value)| value);
        self.text.extend_from_slice(value.as_bytes());
    }
}

fn hash(term: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(term);
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// An index in memory: of the segment that is written to, or on its way to its
/// file.
#[derive(Debug, Default)]
pub(super) struct Building {
    /// The records of each term, by its text: most terms come again and again,
    /// and are hashed once, for the file.
    terms: HashMap<Box<[u8]>, Vec<u32>>,
    /// The hashes of the terms of which each record has its own: event ids.
    ids: Vec<(u64, u32)>,
    records: Vec<(i64, u64)>,
    /// The term at hand.
    term: Term,
}

impl Building {
    /// Adds the record of the next line, which begins at `offset`. What is no
    /// record keeps its number and is found by nothing.
    pub(super) fn add(&mut self, line: &[u8], offset: u64) {
        let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        // The line's hash is a member more, and none that is looked up by.
        let summary = Summary::of(line);
        let time = summary
            .as_ref()
            .map_or(0, |summary| summary.time.as_second());
        self.records.push((time, offset));
        let Some(summary) = summary else { return };
        self.term.set(&summary.account, &summary.region);
        self.post(number);
        for by in summary.attributes() {
            self.term.narrow(Some(by));
            if by.0 == Attribute::EventId {
                self.ids.push((hash(&self.term.text), number));
            } else {
                self.post(number);
            }
        }
    }

    /// Notes that a record has the term at hand.
    fn post(&mut self, number: u32) {
        let term = self.term.text.as_slice();
        match self.terms.get_mut(term) {
            Some(postings) if postings.last() == Some(&number) => {}
            Some(postings) => postings.push(number),
            None => {
                self.terms.insert(term.into(), vec![number]);
            }
        }
    }

    /// The time of the last record, in seconds.
    pub(super) fn last_time(&self) -> Option<i64> {
        self.records.last().map(|(time, _)| *time)
    }

    fn encode(&self, bytes: u64) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        let texts = self.terms.iter();
        let texts = texts.map(|(term, numbers)| (hash(term), Cow::from(numbers)));
        let ids = self.ids.iter();
        let ids = ids.map(|(hash, number)| (*hash, Cow::from(slice::from_ref(number))));
        let mut terms: Vec<(u64, Cow<'_, [u32]>)> = texts.chain(ids).collect();
        terms.sort_unstable_by_key(|(hash, _)| *hash);
        terms.dedup_by(|(hash, numbers), (kept, all)| {
            if hash == kept {
                let all = all.to_mut();
                all.extend_from_slice(numbers);
                all.sort_unstable();
                all.dedup();
            }
            hash == kept
        });
        let postings: usize = terms.iter().map(|(_, numbers)| numbers.len()).sum();
        let mut out =
            Vec::with_capacity(28 + 16 * terms.len() + 4 * postings + 16 * self.records.len());
        out.extend_from_slice(MAGIC);
        out.extend(count(self.records.len()));
        out.extend(count(terms.len()));
        out.extend(count(postings));
        out.extend(bytes.to_be_bytes());
        let mut first = 0;
        for (hash, numbers) in &terms {
            out.extend(hash.to_be_bytes());
            out.extend(count(first));
            out.extend(count(numbers.len()));
            first += numbers.len();
        }
        for number in terms.iter().flat_map(|(_, numbers)| numbers.iter()) {
            out.extend(number.to_be_bytes());
        }
        for (time, offset) in &self.records {
            out.extend(time.to_be_bytes());
            out.extend(offset.to_be_bytes());
        }
        out
    }

    /// Writes it to its file.
    pub(super) fn save<S: Storage>(
        &self,
        storage: &S,
        name: SegmentName,
        bytes: u64,
    ) -> io::Result<()> {
        storage.replace(&index_file(name), &self.encode(bytes))
    }
}

/// Something that records are found in.
pub(super) trait Index {
    /// The numbers of the records with this term, ascending.
    fn postings(&self, term: &Term) -> io::Result<Vec<u32>>;

    /// A record's time in seconds, and where its line begins.
    fn record(&self, number: u32) -> io::Result<(i64, u64)>;
}

impl Index for Building {
    fn postings(&self, term: &Term) -> io::Result<Vec<u32>> {
        if let Some(found) = self.terms.get(term.text.as_slice()) {
            return Ok(found.clone());
        }
        let wanted = hash(&term.text);
        let ids = self.ids.iter().filter(|(hash, _)| *hash == wanted);
        Ok(ids.map(|(_, number)| *number).collect())
    }

    fn record(&self, number: u32) -> io::Result<(i64, u64)> {
        let found = self.records.get(number as usize).copied();
        found.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// An index in its file, of which only what is asked for is read.
pub(super) struct Saved<F> {
    file: F,
    records: u32,
    terms: u32,
    postings: u32,
    /// The page of the records that was read last, and where it begins.
    page: RefCell<(u64, Vec<u8>)>,
}

impl<F: SegmentFile> Saved<F> {
    /// The index of a finished segment, if it is there and whole.
    pub(super) fn open<S: Storage<File = F>>(
        storage: &S,
        name: SegmentName,
    ) -> io::Result<Option<Self>> {
        let file = match storage.open(&index_file(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut header = [0; HEADER_BYTES as usize];
        if read_exact(&file, &mut header, 0).is_err() {
            return Ok(None);
        }
        let (magic, rest) = header.split_at(MAGIC.len());
        let saved = Self {
            records: number(rest, 0),
            terms: number(rest, 4),
            postings: number(rest, 8),
            page: RefCell::default(),
            file,
        };
        let is_whole = magic == MAGIC && saved.file.length()? == saved.length();
        Ok(is_whole.then_some(saved))
    }

    fn length(&self) -> u64 {
        self.records_at() + self.records_bytes()
    }

    fn records_bytes(&self) -> u64 {
        RECORD_BYTES * u64::from(self.records)
    }

    fn postings_at(&self) -> u64 {
        HEADER_BYTES + TERM_BYTES * u64::from(self.terms)
    }

    fn records_at(&self) -> u64 {
        self.postings_at() + 4 * u64::from(self.postings)
    }
}

impl<F: SegmentFile> Index for Saved<F> {
    fn postings(&self, term: &Term) -> io::Result<Vec<u32>> {
        let wanted = hash(&term.text);
        let (mut low, mut high) = (0, u64::from(self.terms));
        while low < high {
            let middle = (low + high) / 2;
            let mut entry = [0; TERM_BYTES as usize];
            read_exact(&self.file, &mut entry, HEADER_BYTES + TERM_BYTES * middle)?;
            let (hash, rest) = entry.split_at(8);
            let hash = u64::from(number(hash, 0)) << 32 | u64::from(number(hash, 4));
            match hash.cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let (first, count) = (number(rest, 0), number(rest, 4));
                    if u64::from(first) + u64::from(count) > u64::from(self.postings) {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    let mut bytes = vec![0; 4 * count as usize];
                    let place = self.postings_at() + 4 * u64::from(first);
                    read_exact(&self.file, &mut bytes, place)?;
                    return Ok(bytes.chunks(4).map(|chunk| number(chunk, 0)).collect());
                }
            }
        }
        Ok(Vec::new())
    }

    fn record(&self, number_of: u32) -> io::Result<(i64, u64)> {
        let place = RECORD_BYTES * u64::from(number_of);
        let (start, within) = (place - place % PAGE_BYTES, place % PAGE_BYTES);
        let mut page = self.page.borrow_mut();
        if page.1.is_empty() || page.0 != start {
            let length = self.records_bytes().saturating_sub(start).min(PAGE_BYTES);
            let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
            read_exact(&self.file, &mut bytes, self.records_at() + start)?;
            *page = (start, bytes);
        }
        let within = usize::try_from(within).unwrap_or(usize::MAX);
        let entry: Option<&[u8; RECORD_BYTES as usize]> =
            page.1.get(within..).and_then(|rest| rest.first_chunk());
        let [a, b, c, d, e, f, g, h, offset @ ..] = *entry.ok_or(io::ErrorKind::InvalidData)?;
        Ok((
            i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            u64::from_be_bytes(offset),
        ))
    }
}

/// A big-endian number in `bytes`; 0 past their end.
fn number(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    u32::from_be_bytes(found.copied().unwrap_or_default())
}

pub(super) fn read_exact(
    file: &impl SegmentFile,
    mut buffer: &mut [u8],
    mut offset: u64,
) -> io::Result<()> {
    while !buffer.is_empty() {
        let length = file.read_at(buffer, offset)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer = buffer.get_mut(length..).unwrap_or_default();
        offset += length as u64;
    }
    Ok(())
}
