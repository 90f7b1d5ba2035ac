use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use crate::{AsymmetricError, KeyPairSpec};

/// RSAES-OAEP with an empty label and MGF1 by the same hash (RFC 8017).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Oaep {
    /// `RSAES_OAEP_SHA_1`.
    Sha1,
    /// `RSAES_OAEP_SHA_256`.
    Sha256,
}

impl Oaep {
    /// The longest plaintext, in bytes, that a key of `spec` encrypts: its
    /// size less two hashes and two bytes. None for keys that are not RSA.
    #[must_use]
    pub fn max_plaintext_bytes(self, spec: KeyPairSpec) -> Option<usize> {
        let hash_bytes = match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        };
        spec.rsa_bits().map(|bits| bits / 8 - 2 * hash_bytes - 2)
    }

    fn library(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// An RSA private key that decrypts.
pub struct DecryptionKey {
    spec: KeyPairSpec,
    key: OaepPrivateDecryptingKey,
}

impl DecryptionKey {
    /// A key from the PKCS#8 that [`KeyPair`](crate::KeyPair) gave.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no RSA key of `spec`.
    pub fn from_pkcs8(spec: KeyPairSpec, pkcs8: &[u8]) -> Result<Self, AsymmetricError> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8)
            .ok()
            .filter(|key| Some(key.key_size_bits()) == spec.rsa_bits())
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .ok_or(AsymmetricError::Rejected)?;
        Ok(Self { spec, key })
    }

    /// Bytes of every ciphertext: those of the modulus.
    #[must_use]
    pub fn ciphertext_bytes(&self) -> usize {
        self.key.key_size_bytes()
    }

    /// The plaintext of `ciphertext`.
    ///
    /// # Errors
    /// [`AsymmetricError::Invalid`] if it was not encrypted to this key with
    /// this padding. Which of these it was is not told, by word or by time.
    pub fn decrypt(
        &self,
        padding: Oaep,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
        let mut buffer = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let length = self
            .key
            .decrypt(padding.library(), ciphertext, &mut buffer, None)
            .map_err(|_| AsymmetricError::Invalid)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// An RSA public key that encrypts.
#[derive(Debug)]
pub struct EncryptionKey {
    spec: KeyPairSpec,
    key: OaepPublicEncryptingKey,
}

impl EncryptionKey {
    /// A key from the DER of its `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no RSA key of `spec`.
    pub fn from_spki(spec: KeyPairSpec, spki: &[u8]) -> Result<Self, AsymmetricError> {
        let key = PublicEncryptingKey::from_der(spki)
            .ok()
            .filter(|key| Some(key.key_size_bits()) == spec.rsa_bits())
            .and_then(|key| OaepPublicEncryptingKey::new(key).ok())
            .ok_or(AsymmetricError::Rejected)?;
        Ok(Self { spec, key })
    }

    /// `plaintext` encrypted; as long as the modulus, different each time.
    ///
    /// # Errors
    /// [`AsymmetricError::TooLong`] past [`Oaep::max_plaintext_bytes`];
    /// [`AsymmetricError::Failed`] if the library fails.
    pub fn encrypt(&self, padding: Oaep, plaintext: &[u8]) -> Result<Vec<u8>, AsymmetricError> {
        if padding
            .max_plaintext_bytes(self.spec)
            .is_none_or(|most| plaintext.len() > most)
        {
            return Err(AsymmetricError::TooLong);
        }
        let mut buffer = vec![0; self.key.ciphertext_size()];
        let length = self
            .key
            .encrypt(padding.library(), plaintext, &mut buffer, None)
            .map_err(|_| AsymmetricError::Failed)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}
