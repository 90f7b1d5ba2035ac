use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use zeroize::Zeroizing;

use crate::{AsymmetricError, DecryptionKey, Oaep};

/// Longest key that is wrapped or unwrapped, in bytes: far above any PKCS#8
/// that KMS imports (an RSA-4096 key has 2,375).
const MAX_BYTES: usize = 64 * 1024;

/// `key` wrapped under a 256-bit AES key, padded to blocks of 8 bytes.
/// Source: RFC 5649 (KWP of NIST SP 800-38F).
///
/// # Errors
/// [`AsymmetricError::TooLong`] if `key` is empty or longer than 64 KiB.
pub fn wrap_key_padded(kek: &[u8; 32], key: &[u8]) -> Result<Vec<u8>, AsymmetricError> {
    if key.is_empty() || key.len() > MAX_BYTES {
        return Err(AsymmetricError::TooLong);
    }
    let mut buffer = vec![0; key.len().next_multiple_of(8) + 8];
    let length = AesKek::new(&AES_256, kek)
        .and_then(|kek| {
            kek.wrap_with_padding(key, &mut buffer)
                .map(|wrapped| wrapped.len())
        })
        .map_err(|_| AsymmetricError::Failed)?;
    buffer.truncate(length);
    Ok(buffer)
}

/// The key that [`wrap_key_padded`] wrapped.
///
/// # Errors
/// [`AsymmetricError::Invalid`] if anything differs by a bit.
pub fn unwrap_key_padded(
    kek: &[u8; 32],
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
    if wrapped.len() > MAX_BYTES + 16 {
        return Err(AsymmetricError::Invalid);
    }
    let mut buffer = Zeroizing::new(vec![0; wrapped.len()]);
    let length = AesKek::new(&AES_256, kek)
        .and_then(|kek| {
            kek.unwrap_with_padding(wrapped, &mut buffer)
                .map(|key| key.len())
        })
        .map_err(|_| AsymmetricError::Invalid)?;
    buffer.truncate(length);
    Ok(buffer)
}

/// How key material is wrapped on its way into KMS (`WrappingAlgorithm` of
/// GetParametersForImport). `RSAES_PKCS1_V1_5` is retired and `SM2PKE` is not
/// offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImportWrapping {
    /// `RSA_AES_KEY_WRAP_SHA_1`: as the next, by SHA-1.
    RsaAesKeyWrapSha1,
    /// `RSA_AES_KEY_WRAP_SHA_256`: an AES-256 key by RSAES-OAEP, then the
    /// material under it by AES key wrap with padding (PKCS#11
    /// `CKM_RSA_AES_KEY_WRAP`).
    RsaAesKeyWrapSha256,
    /// `RSAES_OAEP_SHA_1`: the material itself by RSAES-OAEP.
    RsaesOaepSha1,
    /// `RSAES_OAEP_SHA_256`: the material itself by RSAES-OAEP.
    RsaesOaepSha256,
}

impl ImportWrapping {
    /// The key material in `blob`, which was wrapped for `key`.
    ///
    /// # Errors
    /// [`AsymmetricError::Invalid`] if it was not, or not in this way.
    pub fn unwrap(
        self,
        key: &DecryptionKey,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
        match self {
            Self::RsaAesKeyWrapSha1 => unwrap_in_two_steps(key, Oaep::Sha1, blob),
            Self::RsaAesKeyWrapSha256 => unwrap_in_two_steps(key, Oaep::Sha256, blob),
            Self::RsaesOaepSha1 => key.decrypt(Oaep::Sha1, blob),
            Self::RsaesOaepSha256 => key.decrypt(Oaep::Sha256, blob),
        }
    }
}

fn unwrap_in_two_steps(
    key: &DecryptionKey,
    padding: Oaep,
    blob: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
    let (wrapped_kek, wrapped) = blob
        .split_at_checked(key.ciphertext_bytes())
        .ok_or(AsymmetricError::Invalid)?;
    let kek = key.decrypt(padding, wrapped_kek)?;
    let kek = kek.as_array::<32>().ok_or(AsymmetricError::Invalid)?;
    unwrap_key_padded(kek, wrapped)
}
