//! Whether the log is as it was written: every line follows on the one
//! before, every finished segment is what its digest says, and nothing is
//! missing between the first and the last that the head names.

use std::{collections::BTreeSet, fmt, io};

use super::{
    archive::{self, Archive, Replay, Stored},
    chain::{self, Hash},
    digest::{Head, PublicKey},
    reached::GONE,
    storage::Storage,
};

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Segments read.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// Segments from before the log had a chain, which nothing vouches for.
    pub unchained: u64,
    /// When the head was signed; all before is covered. RFC 3339.
    pub signed_at: Option<String>,
    /// Records that were written after the head was signed, and that nothing
    /// vouches for yet: the segment, the first of them, how many.
    pub unsigned: Option<(String, u64, u64)>,
    /// What is wrong, in the order of the log. At most one for a segment: what
    /// comes after the first is its consequence as likely as not.
    pub faults: Vec<Fault>,
}

/// A place that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The segment or other file.
    pub file: String,
    /// The first record that is wrong, counted from 1, and its event id.
    pub record: Option<(u64, String)>,
    /// What is wrong.
    pub what: &'static str,
}

impl Fault {
    /// Whether it says that records are gone, which nothing brings back, and
    /// no more.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        [GONE, LOST].contains(&self.what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((number, event_id)) = &self.record {
            write!(f, ", record {number}")?;
            if !event_id.is_empty() {
                write!(f, " (event {event_id})")?;
            }
        }
        write!(f, ": {}", self.what)
    }
}

const CHANGED: &str = "it does not follow on the record before it: it or what was before it was \
                       changed, removed, put in or moved";
const CUT: &str = "records are missing at its end";
const GROWN: &str = "it has more records than were written to it";
const DAMAGED: &str = "its compressed file is damaged from here on";
const MISSING: &str = "the segment is missing";
const DIGEST_MISSING: &str = "its digest is missing";
const DIGEST_FORGED: &str = "its digest was not signed with the log's key, or was changed";
const DIGEST_ORDER: &str = "its digest does not follow on the one before";
const OTHERS: &str = "its records are not those that were signed";
const HEAD_MISSING: &str = "the signed head of the log is missing";
const HEAD_FORGED: &str = "it was not signed with the log's key, or was changed";
const LOST: &str = "when the log was opened, records were missing up to the place that this head \
                    names, or the head itself";
const DOUBLE: &str = "two files claim the same place in the log";

/// Reads the whole log in `storage` and checks it against `key`. What is
/// appended meanwhile is read as far as it is there.
///
/// # Errors
/// When a file cannot be read.
pub fn verify<S: Storage>(storage: &S, key: &PublicKey) -> io::Result<Verdict> {
    // The head first: what is written after it only makes the log longer.
    let head = archive::head(storage)?;
    let archive = Archive::list(storage)?;
    let mut check = Check {
        storage,
        key,
        verdict: Verdict::default(),
    };
    for file in &archive.lost {
        check.fault(file.clone(), None, LOST);
    }
    for file in &archive.doubles {
        check.fault(file.clone(), None, DOUBLE);
    }
    match head {
        Some(head) if head.is_signed_by(key) => {
            check.verdict.signed_at = Some(head.time.clone());
            check.from(&archive, &head)?;
        }
        Some(_) => check.fault("head.json".to_owned(), None, HEAD_FORGED),
        None if archive.segments.is_empty() => {}
        None => check.fault("head.json".to_owned(), None, HEAD_MISSING),
    }
    Ok(check.verdict)
}

struct Check<'a, S> {
    storage: &'a S,
    key: &'a PublicKey,
    verdict: Verdict,
}

impl<S: Storage> Check<'_, S> {
    fn fault(&mut self, file: String, record: Option<(u64, String)>, what: &'static str) {
        self.verdict.faults.push(Fault { file, record, what });
    }

    fn from(&mut self, archive: &Archive, head: &Head) -> io::Result<()> {
        let first = head.first_sequence;
        self.verdict.unchained = archive.segments.range(..first).count() as u64;
        let mut sequences: BTreeSet<u64> = (first..=head.sequence).collect();
        sequences.extend(
            archive
                .segments
                .range(first..)
                .map(|(sequence, _)| *sequence),
        );
        sequences.extend(archive.digested().filter(|sequence| *sequence >= first));
        // Of the segment before: the hash of its last line and, where it has a
        // digest, that digest's signature. Absent when it is not known.
        let mut chain = chain::parse(head.chain_before.as_bytes());
        let mut signature = None;
        for sequence in sequences {
            let Some(stored) = archive.segments.get(&sequence) else {
                self.fault(format!("{sequence:010}-*.jsonl"), None, MISSING);
                (chain, signature) = (None, None);
                continue;
            };
            let digest = archive.digest(self.storage, stored.name)?;
            let is_forged = digest
                .as_ref()
                .is_some_and(|digest| !digest.is_signed_by(self.key));
            let digest = digest.filter(|_| !is_forged);
            let before = digest
                .as_ref()
                .and_then(|digest| chain::parse(digest.chain_before.as_bytes()))
                .or(chain);
            let replay = self.read(*stored, before)?;
            let place = match &digest {
                Some(digest) => ended(&replay, digest.records, &digest.chain_after),
                None if sequence == head.sequence => {
                    self.note_unsigned(*stored, &replay, head.records);
                    reached(&replay, head.records, &head.chain, before)
                }
                None => None,
            };
            // Without a word on what came before, the first line proves nothing.
            let bad = replay.first_bad.clone();
            let bad = bad.filter(|(number, _)| before.is_some() || *number > 1);
            let strays = digest.as_ref().is_some_and(|digest| {
                digest.segment != stored.name.to_string()
                    || chain.is_some_and(|chain| hex::encode(chain) != digest.chain_before)
                    || signature.is_some() && digest.previous_digest_signature != signature
            });
            let fault = bad
                .map(|bad| (Some(bad), CHANGED))
                .or(replay.is_broken.then(|| (Some(next(&replay)), DAMAGED)))
                .or(place)
                .or(is_forged.then_some((None, DIGEST_FORGED)))
                .or((digest.is_none() && sequence <= head.sealed).then_some((None, DIGEST_MISSING)))
                .or(strays.then_some((None, DIGEST_ORDER)));
            if let Some((record, what)) = fault {
                self.fault(stored.file(), record, what);
            }
            chain = match &digest {
                Some(digest) => chain::parse(digest.chain_after.as_bytes()),
                None => Some(replay.chain(before.unwrap_or_default())),
            };
            signature = digest.map(|digest| digest.signature);
        }
        Ok(())
    }

    fn read(&mut self, stored: Stored, before: Option<Hash>) -> io::Result<Replay> {
        let mut lines = archive::lines(self.storage, stored)?;
        let replay = Replay::of(lines.as_mut(), before.unwrap_or_default())?;
        self.verdict.segments += 1;
        self.verdict.records += replay.records();
        Ok(replay)
    }

    fn note_unsigned(&mut self, stored: Stored, replay: &Replay, signed: u64) {
        let more = replay.records().saturating_sub(signed);
        if more > 0 {
            self.verdict.unsigned = Some((stored.file(), signed + 1, more));
        }
    }
}

type Place = (Option<(u64, String)>, &'static str);

/// What is wrong with a segment that should end with this record.
fn ended(replay: &Replay, records: u64, after: &str) -> Option<Place> {
    if replay.records() > records {
        return Some((Some((records + 1, String::new())), GROWN));
    }
    reached(replay, records, after, None)
}

/// What is wrong with a segment that should have this record.
fn reached(replay: &Replay, records: u64, hash: &str, before: Option<Hash>) -> Option<Place> {
    if replay.records() < records {
        return Some((Some(next(replay)), CUT));
    }
    let last = usize::try_from(records).ok()?.checked_sub(1);
    let found = match last {
        Some(last) => replay.marks.get(last).map(|(hash, _)| *hash),
        None => before,
    };
    (found.map(hex::encode).as_deref() != Some(hash) && (last.is_some() || before.is_some()))
        .then_some((None, OTHERS))
}

/// The record after the last that could be read.
fn next(replay: &Replay) -> (u64, String) {
    (replay.records() + 1, String::new())
}
