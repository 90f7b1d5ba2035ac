use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING,
    ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::AsymmetricError;

/// The kinds of asymmetric key that the library makes and reads, named as KMS
/// names them (`KeySpec`, `KeyPairSpec`).
///
/// `ML_KEM_*` keys are [`MlKemSpec`](crate::MlKemSpec)'s: they have no PKCS#8
/// form in the library. `SM2` is not offered at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPairSpec {
    /// `ECC_NIST_EDWARDS25519`: Ed25519 (RFC 8032).
    EccNistEdwards25519,
    /// `ECC_NIST_P256` (FIPS 186-5).
    EccNistP256,
    /// `ECC_NIST_P384` (FIPS 186-5).
    EccNistP384,
    /// `ECC_NIST_P521` (FIPS 186-5).
    EccNistP521,
    /// `ECC_SECG_P256K1` (SEC 2).
    EccSecgP256K1,
    /// `ML_DSA_44` (FIPS 204).
    MlDsa44,
    /// `ML_DSA_65` (FIPS 204).
    MlDsa65,
    /// `ML_DSA_87` (FIPS 204).
    MlDsa87,
    /// `RSA_2048`.
    Rsa2048,
    /// `RSA_3072`.
    Rsa3072,
    /// `RSA_4096`.
    Rsa4096,
}

impl KeyPairSpec {
    /// Every spec, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::EccNistEdwards25519,
        Self::EccNistP256,
        Self::EccNistP384,
        Self::EccNistP521,
        Self::EccSecgP256K1,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// Bits of the modulus, for RSA keys.
    #[must_use]
    pub fn rsa_bits(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            _ => None,
        }
    }
}

/// A private key and its public half, encoded. What is stored, wrapped and
/// handed out; [`SigningKey`](crate::SigningKey),
/// [`DecryptionKey`](crate::DecryptionKey) and
/// [`AgreementKey`](crate::AgreementKey) are what it is used through.
pub struct KeyPair {
    spec: KeyPairSpec,
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl KeyPair {
    /// A fresh key pair from the library's own generator.
    ///
    /// An elliptic-curve or ML-DSA pair takes well under a millisecond; an
    /// RSA pair takes from 30 ms (2048 bits) to a second and more (4096
    /// bits), so never inside a store transaction.
    ///
    /// # Errors
    /// [`AsymmetricError::Failed`] if the library fails.
    pub fn generate(spec: KeyPairSpec) -> Result<Self, AsymmetricError> {
        let parsed = Parsed::generate(spec).map_err(|_| AsymmetricError::Failed)?;
        Self::encode(spec, &parsed)
    }

    /// A key pair from the DER of an unencrypted PKCS#8 `PrivateKeyInfo`
    /// (RFC 5208, RFC 5958) made elsewhere, encoded anew. The public half is
    /// computed from the private one.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no such key, or one of another
    /// spec, or its halves do not belong together.
    pub fn from_pkcs8(spec: KeyPairSpec, pkcs8: &[u8]) -> Result<Self, AsymmetricError> {
        let parsed = Parsed::from_pkcs8(spec, pkcs8)?;
        Self::encode(spec, &parsed).map_err(|_| AsymmetricError::Rejected)
    }

    /// What kind of key it is.
    #[must_use]
    pub fn spec(&self) -> KeyPairSpec {
        self.spec
    }

    /// The DER of the private key's PKCS#8 `PrivateKeyInfo` (version 1).
    #[must_use]
    pub fn private_key_pkcs8(&self) -> &[u8] {
        &self.private
    }

    /// The DER of the public key's X.509 `SubjectPublicKeyInfo` (RFC 5280).
    #[must_use]
    pub fn public_key_spki(&self) -> &[u8] {
        &self.public
    }

    /// The two encodings, private (PKCS#8) first.
    #[must_use]
    pub fn into_parts(self) -> (Zeroizing<Vec<u8>>, Vec<u8>) {
        (self.private, self.public)
    }

    fn encode(spec: KeyPairSpec, parsed: &Parsed) -> Result<Self, AsymmetricError> {
        Ok(Self {
            spec,
            private: parsed.pkcs8().map_err(|_| AsymmetricError::Failed)?,
            public: parsed.spki().map_err(|_| AsymmetricError::Failed)?,
        })
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// A private key as the library holds it, which wipes it when dropped.
#[derive(Clone)]
pub(crate) enum Parsed {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Parsed {
    fn generate(spec: KeyPairSpec) -> Result<Self, Unspecified> {
        Ok(match Family::of(spec) {
            Family::Ecdsa(curve) => Self::Ecdsa(EcdsaKeyPair::generate(curve)?),
            Family::Ed25519 => Self::Ed25519(Ed25519KeyPair::generate()?),
            Family::MlDsa(set) => Self::MlDsa(PqdsaKeyPair::generate(set)?),
            Family::Rsa(size, _) => Self::Rsa(RsaKeyPair::generate(size)?),
        })
    }

    pub(crate) fn from_pkcs8(spec: KeyPairSpec, pkcs8: &[u8]) -> Result<Self, AsymmetricError> {
        let parsed = match Family::of(spec) {
            Family::Ecdsa(curve) => EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(Self::Ecdsa),
            Family::Ed25519 => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed25519),
            Family::MlDsa(set) => PqdsaKeyPair::from_pkcs8(set, pkcs8).map(Self::MlDsa),
            Family::Rsa(_, bits) => {
                // This type tells the modulus' bits; the other only its bytes.
                let bits_found = PrivateDecryptingKey::from_pkcs8(pkcs8)
                    .map_err(|_| AsymmetricError::Rejected)?
                    .key_size_bits();
                if bits_found != bits {
                    return Err(AsymmetricError::Rejected);
                }
                RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa)
            }
        };
        parsed.map_err(|_| AsymmetricError::Rejected)
    }

    /// A key whose spec was checked when it was stored: an RSA key is parsed
    /// once instead of twice.
    pub(crate) fn from_stored_pkcs8(
        spec: KeyPairSpec,
        pkcs8: &[u8],
    ) -> Result<Self, AsymmetricError> {
        match spec.rsa_bits() {
            Some(bits) => RsaKeyPair::from_pkcs8(pkcs8)
                .ok()
                .filter(|key| key.public_modulus_len() * 8 == bits)
                .map(Self::Rsa)
                .ok_or(AsymmetricError::Rejected),
            None => Self::from_pkcs8(spec, pkcs8),
        }
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let copy = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        Ok(match self {
            Self::Ecdsa(key) => copy(key.to_pkcs8v1()?.as_ref()),
            Self::Ed25519(key) => copy(key.to_pkcs8v1()?.as_ref()),
            Self::MlDsa(key) => copy(key.to_pkcs8v1()?.as_ref()),
            Self::Rsa(key) => {
                let der: Pkcs8V1Der<'_> = key.as_der()?;
                copy(der.as_ref())
            }
        })
    }

    fn spki(&self) -> Result<Vec<u8>, Unspecified> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Ecdsa(key) => key.public_key().as_der()?,
            Self::Ed25519(key) => key.public_key().as_der()?,
            Self::MlDsa(key) => key.public_key().as_der()?,
            Self::Rsa(key) => key.public_key().as_der()?,
        };
        Ok(der.as_ref().to_vec())
    }
}

enum Family {
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Ed25519,
    MlDsa(&'static PqdsaSigningAlgorithm),
    Rsa(KeySize, usize),
}

impl Family {
    fn of(spec: KeyPairSpec) -> Self {
        match spec {
            KeyPairSpec::EccNistEdwards25519 => Self::Ed25519,
            KeyPairSpec::EccNistP256 => Self::Ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyPairSpec::EccNistP384 => Self::Ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyPairSpec::EccNistP521 => Self::Ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
            KeyPairSpec::EccSecgP256K1 => Self::Ecdsa(&ECDSA_P256K1_SHA256_ASN1_SIGNING),
            KeyPairSpec::MlDsa44 => Self::MlDsa(&ML_DSA_44_SIGNING),
            KeyPairSpec::MlDsa65 => Self::MlDsa(&ML_DSA_65_SIGNING),
            KeyPairSpec::MlDsa87 => Self::MlDsa(&ML_DSA_87_SIGNING),
            KeyPairSpec::Rsa2048 => Self::Rsa(KeySize::Rsa2048, 2048),
            KeyPairSpec::Rsa3072 => Self::Rsa(KeySize::Rsa3072, 3072),
            KeyPairSpec::Rsa4096 => Self::Rsa(KeySize::Rsa4096, 4096),
        }
    }
}
