use aws_lc_rs::agreement::{
    self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey,
};
use zeroize::Zeroizing;

use crate::{AsymmetricError, KeyPairSpec, VerifyingKey};

/// A private key for `ECDH` on a NIST curve: the elliptic curve cofactor
/// Diffie-Hellman primitive (NIST SP 800-56A, section 5.7.1.2).
pub struct AgreementKey {
    spec: KeyPairSpec,
    algorithm: &'static Algorithm,
    key: PrivateKey,
}

impl AgreementKey {
    /// A key from the PKCS#8 that [`KeyPair`](crate::KeyPair) gave.
    ///
    /// # Errors
    /// [`AsymmetricError::Unsupported`] if `spec` is not P-256, P-384 or
    /// P-521; [`AsymmetricError::Rejected`] if it is no key of `spec`.
    pub fn from_pkcs8(spec: KeyPairSpec, pkcs8: &[u8]) -> Result<Self, AsymmetricError> {
        let algorithm = match spec {
            KeyPairSpec::EccNistP256 => &ECDH_P256,
            KeyPairSpec::EccNistP384 => &ECDH_P384,
            KeyPairSpec::EccNistP521 => &ECDH_P521,
            _ => return Err(AsymmetricError::Unsupported),
        };
        let key = PrivateKey::from_private_key_der(algorithm, pkcs8)
            .map_err(|_| AsymmetricError::Rejected)?;
        Ok(Self {
            spec,
            algorithm,
            key,
        })
    }

    /// The raw shared secret (the x-coordinate, as long as the field) with
    /// the peer whose `SubjectPublicKeyInfo` DER is `peer`, in the one
    /// encoding that [`VerifyingKey::from_spki`] takes.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if `peer` is no valid point of this
    /// curve in that encoding.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
        // The library takes bare points and curves spelled out by parameters
        // too, some of them wrong.
        VerifyingKey::from_spki(self.spec, peer)?;
        let peer = UnparsedPublicKey::new(self.algorithm, peer);
        agreement::agree(&self.key, peer, AsymmetricError::Rejected, |secret| {
            Ok(Zeroizing::new(secret.to_vec()))
        })
    }
}

impl std::fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgreementKey")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
