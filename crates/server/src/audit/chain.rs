//! The hash chain: every line of the log carries a hash of its record and of
//! the line's predecessor.
//!
//! ```text
//! {"eventVersion":"1.11", … ,"chain":"<64 hexadecimal digits>"}
//! hash = SHA-256(hash of the line before, 32 bytes ‖ the record without this member)
//! ```
//!
//! So no line can be changed, taken out, put in or moved without changing all
//! hashes after it, and those are under signatures (`digest.rs`).

use strongroom_crypto::Sha256;

/// What stands between a record and its hash.
const MEMBER: &[u8] = b"\"chain\":\"";
/// A hash, the quote and the brace that end the line.
const TAIL_BYTES: usize = 64 + 2;

/// A hash of a line and of all before it; all zeros before the first.
pub(super) type Hash = [u8; 32];

/// The hash of a record whose predecessor has `before`.
pub(super) fn next(before: &Hash, record: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(record);
    hash.finish()
}

/// Whether a record can carry a hash: it is an object on one line.
pub(super) fn is_linkable(record: &[u8]) -> bool {
    record.len() >= 2 && record.starts_with(b"{") && record.ends_with(b"}")
}

/// Appends `record` as a line with its hash, which is returned. The record
/// [`is_linkable`].
pub(super) fn link(before: &Hash, record: &[u8], out: &mut Vec<u8>) -> Hash {
    let hash = next(before, record);
    let Some((_, open)) = record.split_last() else {
        return hash;
    };
    out.extend_from_slice(open);
    if open.len() > 1 {
        out.push(b',');
    }
    out.extend_from_slice(MEMBER);
    let mut digits = [0; 64];
    // Twice as many digits as bytes: it fits.
    let _ = hex::encode_to_slice(hash, &mut digits);
    out.extend_from_slice(&digits);
    out.extend_from_slice(b"\"}\n");
    hash
}

/// The record of a line, given without its line feed, and the hash it carries;
/// nothing if it carries none.
pub(super) fn split(line: &[u8]) -> Option<(Vec<u8>, Hash)> {
    let (head, tail) = line.split_at_checked(line.len().checked_sub(TAIL_BYTES)?)?;
    let digits = tail.strip_suffix(b"\"}")?;
    let open = head.strip_suffix(MEMBER)?;
    let open = open.strip_suffix(b",").unwrap_or(open);
    let mut record = Vec::with_capacity(open.len() + 1);
    record.extend_from_slice(open);
    record.push(b'}');
    Some((record, parse(digits)?))
}

/// A hash from its hexadecimal.
pub(super) fn parse(digits: &[u8]) -> Option<Hash> {
    // Our own are written in lower case; nothing else is one of them.
    let mut hash = Hash::default();
    let is_lower = !digits.iter().any(u8::is_ascii_uppercase);
    hex::decode_to_slice(digits, &mut hash).ok()?;
    is_lower.then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_back_its_record_and_stays_json() {
        let mut before = [0; 32];
        for record in ["{}", r#"{"a":1}"#, r#"{"a":"\"chain\":\"x\"}"}"#] {
            let mut out = Vec::new();
            let hash = link(&before, record.as_bytes(), &mut out);
            assert_eq!(hash, next(&before, record.as_bytes()));
            assert_eq!(out.pop(), Some(b'\n'));
            let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(line["chain"], hex::encode(hash));
            assert_eq!(split(&out), Some((record.into(), hash)));
            before = hash;
        }
    }

    #[test]
    fn what_carries_no_hash_is_told() {
        for line in ["", "{}", r#"{"a":1}"#, r#"{"chain":"ab"}"#] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
        assert!(!is_linkable(b"["));
        assert!(!is_linkable(b"{"));
        let digits = [b'a'; 64];
        assert_eq!(parse(&digits), Some([0xaa; 32]));
        assert_eq!(parse(&[b'A'; 64]), None);
        assert_eq!(parse(&[b'g'; 64]), None);
        assert_eq!(parse(&[b'a'; 63]), None);
    }

    /// By hand: `printf '%s{}' "$(head -c32 /dev/zero)" | sha256sum`, bytes.
    #[test]
    fn the_first_hash_is_the_one_that_anybody_can_compute() {
        let expected = strongroom_crypto::sha256(&[&[0; 32][..], b"{}"].concat());
        assert_eq!(next(&[0; 32], b"{}"), expected);
    }
}
