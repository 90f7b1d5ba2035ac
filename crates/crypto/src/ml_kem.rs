use aws_lc_rs::kem::{
    Algorithm, AlgorithmId, Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_512, ML_KEM_768,
    ML_KEM_1024,
};
use zeroize::Zeroizing;

use crate::AsymmetricError;

/// The parameter sets of ML-KEM. Source: FIPS 203.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MlKemSpec {
    /// `ML_KEM_1024`.
    MlKem1024,
    /// `ML_KEM_512`.
    MlKem512,
    /// `ML_KEM_768`.
    MlKem768,
}

impl MlKemSpec {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlKem512, Self::MlKem768, Self::MlKem1024];

    fn library(self) -> &'static Algorithm<AlgorithmId> {
        match self {
            Self::MlKem1024 => &ML_KEM_1024,
            Self::MlKem512 => &ML_KEM_512,
            Self::MlKem768 => &ML_KEM_768,
        }
    }
}

/// A shared secret (32 bytes) and the ciphertext that carries it to the
/// holder of the private key.
pub struct Encapsulated {
    /// What the holder of the private key is sent.
    pub ciphertext: Vec<u8>,
    /// What both then know.
    pub shared_secret: Zeroizing<Vec<u8>>,
}

/// An ML-KEM private key. The library has neither PKCS#8 nor
/// `SubjectPublicKeyInfo` for it: keys go in and out in FIPS 203's own
/// expanded encoding.
pub struct MlKemKey {
    spec: MlKemSpec,
    key: DecapsulationKey<AlgorithmId>,
}

impl MlKemKey {
    /// A fresh key: its private and public encodings, in this order.
    ///
    /// # Errors
    /// [`AsymmetricError::Failed`] if the library fails.
    pub fn generate(spec: MlKemSpec) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), AsymmetricError> {
        let encode = || {
            let key = DecapsulationKey::generate(spec.library())?;
            let private = Zeroizing::new(key.key_bytes()?.as_ref().to_vec());
            let public = key.encapsulation_key()?.key_bytes()?.as_ref().to_vec();
            Ok::<_, aws_lc_rs::error::Unspecified>((private, public))
        };
        encode().map_err(|_| AsymmetricError::Failed)
    }

    /// A key from its private encoding.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no key of `spec`.
    pub fn from_bytes(spec: MlKemSpec, private: &[u8]) -> Result<Self, AsymmetricError> {
        let key = DecapsulationKey::new(spec.library(), private)
            .map_err(|_| AsymmetricError::Rejected)?;
        Ok(Self { spec, key })
    }

    /// The shared secret that `ciphertext` carries. A ciphertext of the right
    /// length that was changed gives another secret, not an error: so FIPS
    /// 203 wants it.
    ///
    /// # Errors
    /// [`AsymmetricError::Invalid`] if `ciphertext` has the wrong length.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, AsymmetricError> {
        self.key
            .decapsulate(Ciphertext::from(ciphertext))
            .map(|secret| Zeroizing::new(secret.as_ref().to_vec()))
            .map_err(|_| AsymmetricError::Invalid)
    }
}

impl std::fmt::Debug for MlKemKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MlKemKey")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// A fresh shared secret for the holder of the key whose public encoding is
/// `public`.
///
/// # Errors
/// [`AsymmetricError::Rejected`] if it is no key of `spec`;
/// [`AsymmetricError::Failed`] if the library fails.
pub fn encapsulate(spec: MlKemSpec, public: &[u8]) -> Result<Encapsulated, AsymmetricError> {
    let key =
        EncapsulationKey::new(spec.library(), public).map_err(|_| AsymmetricError::Rejected)?;
    let (ciphertext, secret) = key.encapsulate().map_err(|_| AsymmetricError::Failed)?;
    Ok(Encapsulated {
        ciphertext: ciphertext.as_ref().to_vec(),
        shared_secret: Zeroizing::new(secret.as_ref().to_vec()),
    })
}
