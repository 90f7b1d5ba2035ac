use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::Random;

/// Bytes that sealing adds to a plaintext: nonce (12) and tag (16).
pub const OVERHEAD_BYTES: usize = NONCE_LEN + 16;

/// An AES-256-GCM key. Sealing draws a random 96-bit nonce each time, so one
/// key may seal up to 2³² messages (NIST SP 800-38D, section 8.3).
pub struct AeadKey(LessSafeKey);

/// The sealed bytes were changed, cut, moved, or sealed under another key or
/// with other associated data. Which of these it was is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authentication of sealed bytes failed")]
pub struct OpenError;

impl AeadKey {
    /// A key from its 32 bytes.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are what AES-256 takes; no input decides this"
    )]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, key).expect("a 256-bit key"),
        ))
    }

    /// `nonce ‖ ciphertext ‖ tag`, bound to `associated`.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "fails only past 64 GiB, and nothing here is that long"
    )]
    pub fn seal(&self, random: &dyn Random, associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, body) = sealed.split_at_mut(NONCE_LEN);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                body,
            )
            .expect("a message within AES-GCM's length limit");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// The plaintext of what [`AeadKey::seal`] made with the same key and
    /// `associated` bytes. The result is wiped on drop.
    ///
    /// # Errors
    /// [`OpenError`] if anything differs by a bit.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(OpenError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError)?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let length = self
            .0
            .open_in_place(nonce, Aad::from(associated), &mut buffer)
            .map_err(|_| OpenError)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let key = AeadKey::new(&[7; 32]);
        let sealed = key.seal(&SystemRandom, b"place", b"value");
        assert_eq!(sealed.len(), 5 + OVERHEAD_BYTES);
        assert_eq!(key.open(b"place", &sealed).unwrap().as_slice(), b"value");
        assert_eq!(key.open(b"other", &sealed), Err(OpenError));
        assert_eq!(
            AeadKey::new(&[8; 32]).open(b"place", &sealed),
            Err(OpenError)
        );
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(b"place", &changed), Err(OpenError), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(
                key.open(b"place", &sealed[..length]),
                Err(OpenError),
                "{length} bytes"
            );
        }
    }
}
