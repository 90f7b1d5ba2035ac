//! What the ciphertext blobs of symmetric KMS keys look like.
//!
//! ```text
//! version 1 │ account (8, big endian) │ key id length (1) │ key id │ material id (32)
//!           │ checksum (4) │ nonce (12) │ ciphertext │ tag (16)
//! ```
//!
//! The checksum, the first bytes of the SHA-256 of what stands before it, tells
//! a blob that was damaged from one of a key that is not there; it guards
//! nothing.
//!
//! Everything before the nonce is bound to the ciphertext as associated data,
//! together with the encryption context. So a blob says which key and which
//! generation of its material opens it, needs no key id to be decrypted, and
//! survives rotations; changing any bit of it is noticed.

use strongroom_crypto::sha256;
use strongroom_types::AccountId;

/// The format written.
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

/// The part of a blob that says how to open the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) account: AccountId,
    pub(super) key_id: String,
    pub(super) material_id: [u8; 32],
}

impl Header {
    /// The header's bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let length = u8::try_from(self.key_id.len()).unwrap_or(u8::MAX);
        let mut bytes = Vec::with_capacity(46 + self.key_id.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.account.number().to_be_bytes());
        bytes.push(length);
        bytes.extend(self.key_id.bytes().take(length.into()));
        bytes.extend_from_slice(&self.material_id);
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// A blob's header, its bytes, and the sealed rest; nothing if this is no
    /// blob of ours.
    pub(super) fn decode(blob: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let rest = blob.strip_prefix(&[VERSION])?;
        let (account, rest) = rest.split_first_chunk()?;
        let (&length, rest) = rest.split_first()?;
        let (key_id, rest) = rest.split_at_checked(length.into())?;
        let (&material_id, rest) = rest.split_first_chunk()?;
        let (told, sealed) = rest.split_first_chunk::<CHECKSUM_BYTES>()?;
        let (checked, _) = blob.split_at_checked(blob.len() - rest.len())?;
        if *told != checksum(checked) {
            return None;
        }
        let header = Self {
            account: AccountId::new(u64::from_be_bytes(*account))?,
            key_id: std::str::from_utf8(key_id).ok()?.to_owned(),
            material_id,
        };
        let (bytes, _) = blob.split_at_checked(blob.len() - sealed.len())?;
        Some((header, bytes, sealed))
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = sha256(bytes);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            account in 0..1_000_000_000_000u64, key_id in "[a-z0-9-]{1,64}",
            material_id: [u8; 32], sealed: Vec<u8>,
        ) {
            let header = Header { account: AccountId::new(account).unwrap(), key_id, material_id };
            let bytes = header.encode();
            let blob = [bytes.clone(), sealed.clone()].concat();
            let (decoded, head, rest) = Header::decode(&blob).unwrap();
            prop_assert_eq!(decoded, header);
            prop_assert_eq!(head, bytes.as_slice());
            prop_assert_eq!(rest, sealed.as_slice());
        }

        #[test]
        fn any_bytes_are_decoded_or_refused(bytes: Vec<u8>) {
            let _ = Header::decode(&bytes);
        }
    }
}
