//! One segment: what its name says, and how lines get into it.

use std::{io, str::FromStr};

use jiff::Timestamp;

use super::{
    chain::Hash,
    keeper::{Finished, Progress},
    storage::SegmentFile,
};

/// Zeros are laid this far ahead of the data, bytes: enough that one sync in a
/// thousand or so has the file's growth to record, little enough that laying
/// them is not felt.
const AHEAD_BYTES: u64 = 1 << 20;

static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// A segment's file name: ten digits of sequence, start time, `.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    pub(super) sequence: u64,
    /// Whole seconds.
    pub(super) started_at: Timestamp,
}

impl SegmentName {
    const TIME: &str = "%Y%m%dT%H%M%SZ";
}

impl std::fmt::Display for SegmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = self.started_at.strftime(Self::TIME);
        write!(f, "{:010}-{time}.jsonl", self.sequence)
    }
}

impl FromStr for SegmentName {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let (sequence, time) = name
            .strip_suffix(".jsonl")
            .and_then(|name| name.split_once('-'))
            .ok_or(())?;
        let started_at = jiff::civil::DateTime::strptime(Self::TIME, time)
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|_| ())?
            .timestamp();
        let sequence = sequence.parse().map_err(|_| ())?;
        let parsed = Self {
            sequence,
            started_at,
        };
        if parsed.to_string() == name {
            Ok(parsed)
        } else {
            Err(())
        }
    }
}

/// A segment that is being written to.
#[derive(Debug)]
pub(super) struct Segment<F> {
    file: F,
    pub(super) name: SegmentName,
    /// Where the next line goes: everything before is durable.
    position: u64,
    /// Where the zeros laid in advance end; not before `position`.
    laid: u64,
    limit: u64,
    /// The hash of the line before its first.
    before: Hash,
    /// Its lines, and the hash of the last.
    records: u64,
    chain: Hash,
}

/// Lines to append, with what they make of the chain.
#[derive(Clone, Copy)]
pub(super) struct Linked<'a> {
    pub(super) lines: &'a [u8],
    pub(super) records: u64,
    pub(super) chain: Hash,
}

impl<F: SegmentFile> Segment<F> {
    /// The segment that was finished so far, where its file ends too. Zeros
    /// are laid at most up to `limit`.
    pub(super) fn new(file: F, so_far: &Finished, limit: u64) -> io::Result<Self> {
        let mut segment = Self {
            file,
            name: so_far.name,
            position: so_far.bytes,
            laid: so_far.bytes,
            limit,
            before: so_far.before,
            records: so_far.records,
            chain: so_far.after,
        };
        segment.lay_zeros();
        segment.file.sync()?;
        Ok(segment)
    }

    /// Makes `lines` durable at the end of the segment.
    pub(super) fn append(&mut self, linked: Linked<'_>) -> io::Result<()> {
        let lines = linked.lines;
        self.file.write_all_at(lines, self.position)?;
        let end = self.position + lines.len() as u64;
        if end > self.laid {
            self.laid = end;
            // With the same sync: the file grows now anyway.
            let position = std::mem::replace(&mut self.position, end);
            self.lay_zeros();
            self.position = position;
        }
        self.file.sync()?;
        // After the sync, so that nothing is acknowledged that went into a
        // file which nobody will find.
        if !self.file.is_in_place()? {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the segment was removed or replaced",
            ));
        }
        self.position = end;
        self.records += linked.records;
        self.chain = linked.chain;
        Ok(())
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            sequence: self.name.sequence,
            records: self.records,
            chain: self.chain,
        }
    }

    /// What it holds, all of it durable.
    pub(super) fn so_far(&self) -> Finished {
        Finished {
            name: self.name,
            records: self.records,
            bytes: self.position,
            before: self.before,
            after: self.chain,
        }
    }

    /// Whether `more` bytes would take it past its limit. An empty segment
    /// takes anything.
    pub(super) fn is_full_for(&self, more: usize) -> bool {
        self.position > 0 && self.position.saturating_add(more as u64) > self.limit
    }

    /// Cuts off whatever follows the durable lines.
    pub(super) fn close(self) -> io::Result<()> {
        self.file.truncate(self.position)
    }

    /// Lays zeros ahead of the position. A disk too full for them may still
    /// take lines, so failing is no error.
    fn lay_zeros(&mut self) {
        let end = (self.position + AHEAD_BYTES).min(self.limit);
        while self.laid < end {
            let length = (end - self.laid).min(ZEROS.len() as u64);
            let zeros = ZEROS.get(..length as usize).unwrap_or(&ZEROS);
            if self.file.write_all_at(zeros, self.laid).is_err() {
                return;
            }
            self.laid += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_sequence_and_foreign_names_are_not_taken() {
        let name = SegmentName {
            sequence: 42,
            started_at: "2026-11-23T00:44:00Z".parse().unwrap(),
        };
        assert_eq!(name.to_string(), "0000000042-20261123T004400Z.jsonl");
        assert_eq!(name.to_string().parse(), Ok(name));
        for bad in [
            ".lock",
            "42-20261123T004400Z.jsonl",
            "0000000042-20261123T004400Z.jsonl.77.torn",
            "0000000042-20261323T004400Z.jsonl",
        ] {
            assert_eq!(bad.parse::<SegmentName>(), Err(()), "{bad}");
        }
    }
}
