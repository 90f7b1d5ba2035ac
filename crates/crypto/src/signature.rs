use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom as LibraryRandom;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaSignatureEncoding, VerificationAlgorithm,
};

use crate::key_pair::Parsed;
use crate::{AsymmetricError, KeyPairSpec};

/// The signature schemes of KMS that the library offers, named as KMS names
/// them (`SigningAlgorithm`).
///
/// Not offered by the library's safe interface, and so not here:
/// `ED25519_PH_SHA_512` (pre-hashed Ed25519) and `SM2DSA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// `ECDSA_SHA_256`, for P-256 and P-256K1. DER signature.
    EcdsaSha256,
    /// `ECDSA_SHA_384`, for P-384. DER signature.
    EcdsaSha384,
    /// `ECDSA_SHA_512`, for P-521. DER signature.
    EcdsaSha512,
    /// `ED25519_SHA_512`: pure Ed25519 (RFC 8032). RAW messages only.
    Ed25519Sha512,
    /// `ML_DSA_SHAKE_256`: pure ML-DSA with empty context (FIPS 204). RAW
    /// messages only; the library takes no external µ.
    MlDsaShake256,
    /// `RSASSA_PKCS1_V1_5_SHA_256` (RFC 8017).
    RsassaPkcs1V15Sha256,
    /// `RSASSA_PKCS1_V1_5_SHA_384` (RFC 8017).
    RsassaPkcs1V15Sha384,
    /// `RSASSA_PKCS1_V1_5_SHA_512` (RFC 8017).
    RsassaPkcs1V15Sha512,
    /// `RSASSA_PSS_SHA_256`, MGF1 and salt by the same hash (RFC 8017).
    RsassaPssSha256,
    /// `RSASSA_PSS_SHA_384`, MGF1 and salt by the same hash (RFC 8017).
    RsassaPssSha384,
    /// `RSASSA_PSS_SHA_512`, MGF1 and salt by the same hash (RFC 8017).
    RsassaPssSha512,
}

impl SigningAlgorithm {
    /// Every algorithm, in the order of the declaration.
    pub const ALL: [Self; 11] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
        Self::Ed25519Sha512,
        Self::MlDsaShake256,
        Self::RsassaPkcs1V15Sha256,
        Self::RsassaPkcs1V15Sha384,
        Self::RsassaPkcs1V15Sha512,
        Self::RsassaPssSha256,
        Self::RsassaPssSha384,
        Self::RsassaPssSha512,
    ];

    /// Whether keys of `spec` sign by this algorithm.
    #[must_use]
    pub fn suits(self, spec: KeyPairSpec) -> bool {
        self.verification(spec).is_some()
    }

    /// Bytes of the digest that [`Message::Digest`] takes; none where the
    /// algorithm signs whole messages only.
    #[must_use]
    pub fn digest_bytes(self) -> Option<usize> {
        self.hash().map(digest::Algorithm::output_len)
    }

    fn hash(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::EcdsaSha256 | Self::RsassaPkcs1V15Sha256 | Self::RsassaPssSha256 => {
                Some(&digest::SHA256)
            }
            Self::EcdsaSha384 | Self::RsassaPkcs1V15Sha384 | Self::RsassaPssSha384 => {
                Some(&digest::SHA384)
            }
            Self::EcdsaSha512 | Self::RsassaPkcs1V15Sha512 | Self::RsassaPssSha512 => {
                Some(&digest::SHA512)
            }
            Self::Ed25519Sha512 | Self::MlDsaShake256 => None,
        }
    }

    fn import(self, bytes: &[u8]) -> Result<Digest, AsymmetricError> {
        let hash = self.hash().ok_or(AsymmetricError::Unsupported)?;
        Digest::import_less_safe(bytes, hash).map_err(|_| AsymmetricError::DigestLength)
    }

    fn rsa_encoding(self) -> Option<&'static RsaSignatureEncoding> {
        match self {
            Self::RsassaPkcs1V15Sha256 => Some(&RSA_PKCS1_SHA256),
            Self::RsassaPkcs1V15Sha384 => Some(&RSA_PKCS1_SHA384),
            Self::RsassaPkcs1V15Sha512 => Some(&RSA_PKCS1_SHA512),
            Self::RsassaPssSha256 => Some(&RSA_PSS_SHA256),
            Self::RsassaPssSha384 => Some(&RSA_PSS_SHA384),
            Self::RsassaPssSha512 => Some(&RSA_PSS_SHA512),
            _ => None,
        }
    }

    fn verification(self, spec: KeyPairSpec) -> Option<&'static dyn VerificationAlgorithm> {
        use KeyPairSpec as Spec;
        match (self, spec) {
            (Self::EcdsaSha256, Spec::EccNistP256) => Some(&ECDSA_P256_SHA256_ASN1),
            (Self::EcdsaSha256, Spec::EccSecgP256K1) => Some(&ECDSA_P256K1_SHA256_ASN1),
            (Self::EcdsaSha384, Spec::EccNistP384) => Some(&ECDSA_P384_SHA384_ASN1),
            (Self::EcdsaSha512, Spec::EccNistP521) => Some(&ECDSA_P521_SHA512_ASN1),
            (Self::Ed25519Sha512, Spec::EccNistEdwards25519) => Some(&ED25519),
            (Self::MlDsaShake256, Spec::MlDsa44) => Some(&ML_DSA_44),
            (Self::MlDsaShake256, Spec::MlDsa65) => Some(&ML_DSA_65),
            (Self::MlDsaShake256, Spec::MlDsa87) => Some(&ML_DSA_87),
            (_, Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096) => self.rsa_verification(),
            _ => None,
        }
    }

    fn rsa_verification(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::RsassaPkcs1V15Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::RsassaPkcs1V15Sha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Self::RsassaPkcs1V15Sha512 => Some(&RSA_PKCS1_2048_8192_SHA512),
            Self::RsassaPssSha256 => Some(&RSA_PSS_2048_8192_SHA256),
            Self::RsassaPssSha384 => Some(&RSA_PSS_2048_8192_SHA384),
            Self::RsassaPssSha512 => Some(&RSA_PSS_2048_8192_SHA512),
            _ => None,
        }
    }
}

/// What is signed: `MessageType` and `Message` in KMS's words. `EXTERNAL_MU`
/// is not here because the library does not take it.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// The digest of a message, made by the caller with the algorithm's hash.
    Digest(&'a [u8]),
    /// The message itself.
    Raw(&'a [u8]),
}

/// A private key that signs.
pub struct SigningKey {
    spec: KeyPairSpec,
    key: Parsed,
}

impl SigningKey {
    /// A key from the PKCS#8 that [`KeyPair`](crate::KeyPair) gave.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no key of `spec`.
    pub fn from_pkcs8(spec: KeyPairSpec, pkcs8: &[u8]) -> Result<Self, AsymmetricError> {
        Ok(Self {
            spec,
            key: Parsed::from_stored_pkcs8(spec, pkcs8)?,
        })
    }

    /// The signature of `message`. ECDSA, PSS and ML-DSA signatures differ
    /// each time: their chance is the library's own.
    ///
    /// # Errors
    /// [`AsymmetricError::Unsupported`], [`AsymmetricError::DigestLength`];
    /// [`AsymmetricError::Failed`] if the library fails.
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
    ) -> Result<Vec<u8>, AsymmetricError> {
        if !algorithm.suits(self.spec) {
            return Err(AsymmetricError::Unsupported);
        }
        let signed = match (&self.key, message) {
            (Parsed::Ecdsa(key), Message::Raw(bytes)) => key
                .sign(&LibraryRandom::new(), bytes)
                .map(|signature| signature.as_ref().to_vec()),
            (Parsed::Ecdsa(key), Message::Digest(bytes)) => key
                .sign_digest(&algorithm.import(bytes)?)
                .map(|signature| signature.as_ref().to_vec()),
            (Parsed::Ed25519(key), Message::Raw(bytes)) => key
                .try_sign(bytes)
                .map(|signature| signature.as_ref().to_vec()),
            (Parsed::MlDsa(key), Message::Raw(bytes)) => {
                let mut signature = vec![0; key.algorithm().signature_len()];
                key.sign(bytes, &mut signature).map(|_| signature)
            }
            (Parsed::Ed25519(_) | Parsed::MlDsa(_), Message::Digest(_)) => {
                return Err(AsymmetricError::Unsupported);
            }
            (Parsed::Rsa(key), message) => {
                let padding = algorithm
                    .rsa_encoding()
                    .ok_or(AsymmetricError::Unsupported)?;
                let mut signature = vec![0; key.public_modulus_len()];
                match message {
                    Message::Digest(bytes) => {
                        key.sign_digest(padding, &algorithm.import(bytes)?, &mut signature)
                    }
                    Message::Raw(bytes) => {
                        key.sign(padding, &LibraryRandom::new(), bytes, &mut signature)
                    }
                }
                .map(|()| signature)
            }
        };
        signed.map_err(|_| AsymmetricError::Failed)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// A public key that verifies signatures.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    spec: KeyPairSpec,
    spki: Vec<u8>,
}

impl VerifyingKey {
    /// A key from the DER of its `SubjectPublicKeyInfo`, in the one encoding
    /// that [`KeyPair`](crate::KeyPair) gives: named curve, uncompressed
    /// point, nothing behind it.
    ///
    /// # Errors
    /// [`AsymmetricError::Rejected`] if it is no key of `spec`.
    pub fn from_spki(spec: KeyPairSpec, spki: &[u8]) -> Result<Self, AsymmetricError> {
        let algorithm = SigningAlgorithm::ALL
            .iter()
            .find_map(|algorithm| algorithm.verification(spec))
            .ok_or(AsymmetricError::Rejected)?;
        let key = ParsedPublicKey::new(algorithm, spki).map_err(|_| AsymmetricError::Rejected)?;
        let canonical = key.as_der().map_err(|_| AsymmetricError::Rejected)?;
        if canonical.as_ref() != spki {
            return Err(AsymmetricError::Rejected);
        }
        if let Some(bits) = spec.rsa_bits() {
            let key = PublicEncryptingKey::from_der(spki).map_err(|_| AsymmetricError::Rejected)?;
            if key.key_size_bits() != bits {
                return Err(AsymmetricError::Rejected);
            }
        }
        Ok(Self {
            spec,
            spki: spki.to_vec(),
        })
    }

    /// Checks that `signature` is this key's, by `algorithm`, of `message`.
    ///
    /// # Errors
    /// [`AsymmetricError::Invalid`] if it is not;
    /// [`AsymmetricError::Unsupported`], [`AsymmetricError::DigestLength`].
    pub fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<(), AsymmetricError> {
        let verification = algorithm
            .verification(self.spec)
            .ok_or(AsymmetricError::Unsupported)?;
        let key = ParsedPublicKey::new(verification, &self.spki)
            .map_err(|_| AsymmetricError::Rejected)?;
        match message {
            Message::Digest(bytes) => key.verify_digest_sig(&algorithm.import(bytes)?, signature),
            Message::Raw(bytes) => key.verify_sig(bytes, signature),
        }
        .map_err(|_| AsymmetricError::Invalid)
    }
}
