//! A checksum over all rows that only the store can make, kept true by every
//! commit.
//!
//! Sealing binds a value to its place, but not to its time: whoever can write
//! to the file could put back a row as it once was (an old policy, a disabled
//! access key) or remove it, and each row left would still open. So the store
//! adds up, modulo 2²⁵⁶, a keyed hash of each row:
//!
//! ```text
//! sum = Σ HMAC-SHA-256(k, length of key ‖ key ‖ sealed value)
//! ```
//!
//! A commit subtracts the rows it replaces and adds those it puts, whatever
//! the size of the store. The sum lies sealed in a row of its own together
//! with counters, written in the same transaction. [`crate::Store::verify`]
//! adds all rows up again: any row altered, removed, added or put back since
//! shows in the sum.
//!
//! The sum is sealed because a visible one would give away the hash of single
//! rows, from which another set of rows with the same sum could be sought
//! (Clarke et al., "Incremental Multiset Hash Functions", 2003).
//!
//! What it cannot do: notice that the *whole* file was put back as it once
//! was. That file is a store as it truly stood. The number of commits, which
//! only grows, is in the report of `verify` for whoever keeps a note of it
//! elsewhere; the audit log does.

use strongroom_crypto::{AeadKey, HmacSha256Key, Random, SystemRandom};
use zeroize::Zeroizing;

use crate::{Seal, StoreError, table::OUTBOX};

/// The whole key of the row that holds the tally.
pub(crate) const TALLY_KEY: &[u8] = b"\x00tally";

/// Version of the row's layout, its first byte.
const FORMAT: u8 = 1;
const SALT_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + SALT_BYTES;

/// What is known of all rows together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Commits since the store was made.
    pub(crate) commits: u64,
    /// Rows there are, but for the store's own.
    pub(crate) rows: u64,
    /// Position of the last audit record given out; the first is 1.
    pub(crate) position: u64,
    /// The outbox begins after this position.
    pub(crate) forgotten: u64,
    /// Sum of the rows' hashes, least significant part first.
    sum: [u64; 4],
}

impl Tally {
    /// Counts a row in.
    pub(crate) fn add(&mut self, keys: &TallyKeys, raw_key: &[u8], sealed: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        let mut carry = false;
        for (part, term) in self.sum.iter_mut().zip(keys.hash(raw_key, sealed)) {
            (*part, carry) = part.carrying_add(term, carry);
        }
    }

    /// Counts a row out.
    pub(crate) fn subtract(&mut self, keys: &TallyKeys, raw_key: &[u8], sealed: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        let mut borrow = false;
        for (part, term) in self.sum.iter_mut().zip(keys.hash(raw_key, sealed)) {
            (*part, borrow) = part.borrowing_sub(term, borrow);
        }
    }

    /// Whether both saw the same rows.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        (self.rows, self.sum) == (other.rows, other.sum)
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        [self.commits, self.rows, self.position, self.forgotten]
            .into_iter()
            .chain(self.sum)
    }
}

/// The keys that make and seal tallies.
pub(crate) struct TallyKeys {
    hash: HmacSha256Key,
    seal: HmacSha256Key,
}

impl TallyKeys {
    pub(crate) fn new(seal: &Seal) -> Self {
        let key = |label| HmacSha256Key::new(seal.derive(label).as_slice());
        Self {
            hash: key("strongroom tally hash"),
            seal: key("strongroom tally seal"),
        }
    }

    /// The hash of one row.
    fn hash(&self, raw_key: &[u8], sealed: &[u8]) -> [u64; 4] {
        let length = (raw_key.len() as u64).to_be_bytes();
        let hash = self.hash.sign(&[&length, raw_key, sealed]);
        let mut parts = [0; 4];
        for (part, bytes) in parts.iter_mut().zip(hash.as_chunks::<8>().0) {
            *part = u64::from_le_bytes(*bytes);
        }
        parts
    }

    /// `format (1) ‖ salt (16) ‖ sealed tally`. Written with every commit, so
    /// the key is derived from a fresh salt each time: no number of commits
    /// wears it out.
    pub(crate) fn seal(&self, tally: &Tally) -> Vec<u8> {
        let mut salt = [0; SALT_BYTES];
        SystemRandom.fill(&mut salt);
        let mut row = vec![FORMAT];
        row.extend_from_slice(&salt);
        let plain: Vec<u8> = tally.numbers().flat_map(u64::to_be_bytes).collect();
        let sealed = self.key_for(&row).seal(&SystemRandom, TALLY_KEY, &plain);
        row.extend_from_slice(&sealed);
        row
    }

    /// The tally from what [`TallyKeys::seal`] made.
    pub(crate) fn open(&self, row: &[u8]) -> Result<Tally, StoreError> {
        let open = || {
            let (header, sealed) = row.split_first_chunk::<HEADER_BYTES>()?;
            let plain = self.key_for(header).open(TALLY_KEY, sealed).ok()?;
            let mut numbers = [0; 8];
            let (parts, []) = plain.as_chunks::<8>() else {
                return None;
            };
            for (number, part) in numbers.iter_mut().zip(parts) {
                *number = u64::from_be_bytes(*part);
            }
            let [commits, rows, position, forgotten, sum @ ..] = numbers;
            (parts.len() == numbers.len()).then_some(Tally {
                commits,
                rows,
                position,
                forgotten,
                sum,
            })
        };
        open().ok_or_else(|| StoreError::corrupt(TALLY_KEY, "the tally of all rows is damaged"))
    }

    fn key_for(&self, header: &[u8]) -> AeadKey {
        AeadKey::new(&Zeroizing::new(self.seal.sign(&[header])))
    }
}

/// The whole key of the audit record at `position`.
pub(crate) fn outbox_key(position: u64) -> Vec<u8> {
    let mut key = vec![OUTBOX];
    key.extend_from_slice(&position.to_be_bytes());
    key
}
