//! Signed statements about the log: one digest for each finished segment, and
//! the head, which says where the log begins and ends.
//!
//! Both are JSON with an Ed25519 signature over their members, joined by line
//! feeds in the order of [`Digest::text`] and [`Head::text`]. The key comes
//! from the store's seal; its public half is what an auditor needs.

use serde::{Deserialize, Serialize};
use strongroom_crypto::{
    AsymmetricError, KeyPair, KeyPairSpec, Message, SigningAlgorithm, SigningKey, VerifyingKey,
};
use zeroize::Zeroizing;

/// The head's file.
pub(super) const HEAD: &str = "head.json";
/// What the name of a head ends in that the log did not reach when it was
/// opened.
pub(super) const LOST: &str = ".lost.json";
/// PKCS#8 of an Ed25519 key, up to its 32 bytes. Source: RFC 8410 section 7.
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
];
/// Before an Ed25519 public key. Source: RFC 8410 section 4.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Signs what is said about the log.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    public: PublicKey,
}

/// Checks what was signed.
#[derive(Clone, Debug)]
pub struct PublicKey {
    key: VerifyingKey,
    bytes: [u8; 32],
}

impl Signer {
    /// The key pair of these 32 bytes, which nobody else may know.
    ///
    /// # Errors
    /// When the library does not take them.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, AsymmetricError> {
        let pkcs8 = Zeroizing::new([&PKCS8[..], seed].concat());
        let pair = KeyPair::from_pkcs8(KeyPairSpec::EccNistEdwards25519, &pkcs8)?;
        let public = pair.public_key_spki().strip_prefix(&SPKI);
        let bytes = public
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(AsymmetricError::Rejected)?;
        Ok(Self {
            key: SigningKey::from_pkcs8(
                KeyPairSpec::EccNistEdwards25519,
                pair.private_key_pkcs8(),
            )?,
            public: PublicKey::from_bytes(bytes)?,
        })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, text: &str) -> String {
        let message = Message::Raw(text.as_bytes());
        // An empty signature verifies nowhere.
        let signature = self.key.sign(SigningAlgorithm::Ed25519Sha512, message);
        hex::encode(signature.unwrap_or_default())
    }
}

impl PublicKey {
    /// The key of these bytes. Source: RFC 8032 section 5.1.2.
    ///
    /// # Errors
    /// When they are no key.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, AsymmetricError> {
        let spki = [&SPKI[..], &bytes].concat();
        let key = VerifyingKey::from_spki(KeyPairSpec::EccNistEdwards25519, &spki)?;
        Ok(Self { key, bytes })
    }

    /// The key from 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(super::chain::parse(text.trim().as_bytes())?).ok()
    }

    /// The key in hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.bytes)
    }

    fn is_good(&self, text: &str, signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else {
            return false;
        };
        let message = Message::Raw(text.as_bytes());
        let algorithm = SigningAlgorithm::Ed25519Sha512;
        self.key.verify(algorithm, message, &signature).is_ok()
    }
}

/// What a finished segment holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Digest {
    /// Its name, without what compression adds.
    pub(super) segment: String,
    pub(super) sequence: u64,
    /// Lines.
    pub(super) records: u64,
    /// Their bytes, uncompressed.
    pub(super) bytes: u64,
    /// The hash of the line before the first.
    pub(super) chain_before: String,
    /// The hash of the last line.
    pub(super) chain_after: String,
    /// The signature of the digest before; absent in the first.
    pub(super) previous_digest_signature: Option<String>,
    /// The key that signed, in hexadecimal.
    pub(super) public_key: String,
    pub(super) signature: String,
}

/// Where the log begins and how far it had come when this was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Head {
    /// The oldest segment that is kept.
    pub(super) first_sequence: u64,
    /// The hash of the line before its first.
    pub(super) chain_before: String,
    /// The segment that is written to.
    pub(super) sequence: u64,
    /// Lines in it.
    pub(super) records: u64,
    /// The hash of the last.
    pub(super) chain: String,
    /// The newest segment that has a digest; 0 if none has.
    pub(super) sealed: u64,
    /// RFC 3339.
    pub(super) time: String,
    /// The key that signed, in hexadecimal.
    pub(super) public_key: String,
    pub(super) signature: String,
}

impl Digest {
    /// What is signed.
    fn text(&self) -> String {
        format!(
            "strongroom audit digest 1\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.segment,
            self.sequence,
            self.records,
            self.bytes,
            self.chain_before,
            self.chain_after,
            self.previous_digest_signature.as_deref().unwrap_or("null"),
        )
    }

    pub(super) fn signed(mut self, signer: &Signer) -> Self {
        self.public_key = signer.public.to_hex();
        self.signature = signer.sign(&self.text());
        self
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.is_good(&self.text(), &self.signature)
    }
}

impl Head {
    /// What is signed.
    fn text(&self) -> String {
        format!(
            "strongroom audit head 1\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.first_sequence,
            self.chain_before,
            self.sequence,
            self.records,
            self.chain,
            self.sealed,
            self.time,
        )
    }

    pub(super) fn signed(mut self, signer: &Signer) -> Self {
        self.public_key = signer.public.to_hex();
        self.signature = signer.sign(&self.text());
        self
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.is_good(&self.text(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_standard() {
        // RFC 8032 section 7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
        let signer = Signer::from_seed(&seed).unwrap();
        assert_eq!(
            signer.public().to_hex(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(
            signer.sign(""),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e\
             39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
    }

    #[test]
    fn a_changed_statement_is_not_good() {
        let signer = Signer::from_seed(&[7; 32]).unwrap();
        let head = Head {
            first_sequence: 1,
            chain_before: hex::encode([0; 32]),
            sequence: 2,
            records: 3,
            chain: hex::encode([1; 32]),
            sealed: 1,
            time: "2026-11-23T00:00:00Z".to_owned(),
            public_key: String::new(),
            signature: String::new(),
        }
        .signed(&signer);
        assert!(head.is_signed_by(signer.public()));
        let other = Head {
            records: 2,
            ..head.clone()
        };
        assert!(!other.is_signed_by(signer.public()));
        let stranger = Signer::from_seed(&[8; 32]).unwrap();
        assert!(!head.is_signed_by(stranger.public()));
    }
}
