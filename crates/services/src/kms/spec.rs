//! What kinds of keys there are, what each is for, and by which algorithms.
//!
//! Source: KMS Developer Guide, "Key spec reference".

use strongroom_crypto as crypto;

use crate::shape::enumeration;

enumeration! {
    /// `KeySpec`. `SM2` and the `ML_KEM` family are refused: the library has
    /// not got the one at all, nor the other's encodings.
    pub enum KeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256K1 = "ECC_SECG_P256K1",
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Sm2 = "SM2",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        MlKem512 = "ML_KEM_512",
        MlKem768 = "ML_KEM_768",
        MlKem1024 = "ML_KEM_1024",
    }
}

enumeration! {
    /// `CustomerMasterKeySpec`, the old name of `KeySpec`, with the kinds of
    /// its time.
    pub enum CustomerMasterKeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256K1 = "ECC_SECG_P256K1",
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Sm2 = "SM2",
    }
}

enumeration! {
    /// `KeyUsage`: what a key is for. It never changes.
    pub enum KeyUsage {
        SignVerify = "SIGN_VERIFY",
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        KeyAgreement = "KEY_AGREEMENT",
        EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE",
    }
}

enumeration! {
    /// `Origin`: where a key's material comes from.
    pub enum Origin {
        AwsKms = "AWS_KMS",
        External = "EXTERNAL",
        AwsCloudhsm = "AWS_CLOUDHSM",
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

enumeration! {
    /// `EncryptionAlgorithm`.
    pub enum EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

enumeration! {
    /// `SigningAlgorithm`.
    pub enum SigningAlgorithm {
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Sm2Dsa = "SM2DSA",
        MlDsaShake256 = "ML_DSA_SHAKE_256",
        Ed25519Sha512 = "ED25519_SHA_512",
        Ed25519PhSha512 = "ED25519_PH_SHA_512",
    }
}

enumeration! {
    /// `MessageType` of Sign and Verify.
    pub enum MessageType { Raw = "RAW", Digest = "DIGEST", ExternalMu = "EXTERNAL_MU" }
}

enumeration! {
    /// `MacAlgorithm`.
    pub enum MacAlgorithm {
        HmacSha224 = "HMAC_SHA_224",
        HmacSha256 = "HMAC_SHA_256",
        HmacSha384 = "HMAC_SHA_384",
        HmacSha512 = "HMAC_SHA_512",
    }
}

enumeration! {
    /// `KeyAgreementAlgorithm`.
    pub enum KeyAgreementAlgorithm { Ecdh = "ECDH" }
}

enumeration! {
    /// `KeySpec` of a data key.
    pub enum DataKeySpec { Aes256 = "AES_256", Aes128 = "AES_128" }
}

enumeration! {
    /// `KeyPairSpec` of a data key pair.
    pub enum DataKeyPairSpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256K1 = "ECC_SECG_P256K1",
        Sm2 = "SM2",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        MlKem512 = "ML_KEM_512",
        MlKem768 = "ML_KEM_768",
        MlKem1024 = "ML_KEM_1024",
    }
}

impl KeySpec {
    /// The spec of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|spec| spec.as_str() == name)
    }

    /// The kind of key pair, for asymmetric keys that the library has.
    #[must_use]
    pub fn key_pair(self) -> Option<crypto::KeyPairSpec> {
        use crypto::KeyPairSpec as Pair;
        Some(match self {
            Self::Rsa2048 => Pair::Rsa2048,
            Self::Rsa3072 => Pair::Rsa3072,
            Self::Rsa4096 => Pair::Rsa4096,
            Self::EccNistP256 => Pair::EccNistP256,
            Self::EccNistP384 => Pair::EccNistP384,
            Self::EccNistP521 => Pair::EccNistP521,
            Self::EccSecgP256K1 => Pair::EccSecgP256K1,
            Self::EccNistEdwards25519 => Pair::EccNistEdwards25519,
            Self::MlDsa44 => Pair::MlDsa44,
            Self::MlDsa65 => Pair::MlDsa65,
            Self::MlDsa87 => Pair::MlDsa87,
            _ => return None,
        })
    }

    /// The algorithm of an HMAC key.
    #[must_use]
    pub fn mac(self) -> Option<MacAlgorithm> {
        Some(match self {
            Self::Hmac224 => MacAlgorithm::HmacSha224,
            Self::Hmac256 => MacAlgorithm::HmacSha256,
            Self::Hmac384 => MacAlgorithm::HmacSha384,
            Self::Hmac512 => MacAlgorithm::HmacSha512,
            _ => return None,
        })
    }

    /// Whether keys of this spec can be made here.
    #[must_use]
    pub fn is_offered(self) -> bool {
        self == Self::SymmetricDefault || self.mac().is_some() || self.key_pair().is_some()
    }

    /// Whether `CustomerMasterKeySpec` knows the spec.
    #[must_use]
    pub fn is_of_old(self) -> bool {
        let names = CustomerMasterKeySpec::NAMES;
        names.contains(&self.as_str())
    }

    /// Whether keys of this spec may have this use.
    #[must_use]
    pub fn allows(self, usage: KeyUsage) -> bool {
        match usage {
            KeyUsage::EncryptDecrypt => !self.encryption_algorithms().is_empty(),
            KeyUsage::SignVerify => !self.signing_algorithms().is_empty(),
            KeyUsage::GenerateVerifyMac => self.mac().is_some(),
            KeyUsage::KeyAgreement => matches!(
                self,
                Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521
            ),
            KeyUsage::EncapsulateDecapsulate => false,
        }
    }

    /// How keys for encryption are used.
    #[must_use]
    pub fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        match self {
            Self::SymmetricDefault => &[EncryptionAlgorithm::SymmetricDefault],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                EncryptionAlgorithm::RsaesOaepSha1,
                EncryptionAlgorithm::RsaesOaepSha256,
            ],
            _ => &[],
        }
    }

    /// How keys for signing are used.
    #[must_use]
    pub fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as S;
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                S::RsassaPkcs1V15Sha256,
                S::RsassaPkcs1V15Sha384,
                S::RsassaPkcs1V15Sha512,
                S::RsassaPssSha256,
                S::RsassaPssSha384,
                S::RsassaPssSha512,
            ],
            Self::EccNistP256 | Self::EccSecgP256K1 => &[S::EcdsaSha256],
            Self::EccNistP384 => &[S::EcdsaSha384],
            Self::EccNistP521 => &[S::EcdsaSha512],
            Self::EccNistEdwards25519 => &[S::Ed25519Sha512],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[S::MlDsaShake256],
            _ => &[],
        }
    }
}

impl KeyUsage {
    /// The usage of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|usage| usage.as_str() == name)
    }
}

impl EncryptionAlgorithm {
    /// The padding, for RSA keys.
    #[must_use]
    pub fn oaep(self) -> Option<crypto::Oaep> {
        match self {
            Self::RsaesOaepSha1 => Some(crypto::Oaep::Sha1),
            Self::RsaesOaepSha256 => Some(crypto::Oaep::Sha256),
            _ => None,
        }
    }
}

impl SigningAlgorithm {
    /// The algorithm as the library has it, where it has.
    #[must_use]
    pub fn library(self) -> Option<crypto::SigningAlgorithm> {
        use crypto::SigningAlgorithm as S;
        Some(match self {
            Self::RsassaPssSha256 => S::RsassaPssSha256,
            Self::RsassaPssSha384 => S::RsassaPssSha384,
            Self::RsassaPssSha512 => S::RsassaPssSha512,
            Self::RsassaPkcs1V15Sha256 => S::RsassaPkcs1V15Sha256,
            Self::RsassaPkcs1V15Sha384 => S::RsassaPkcs1V15Sha384,
            Self::RsassaPkcs1V15Sha512 => S::RsassaPkcs1V15Sha512,
            Self::EcdsaSha256 => S::EcdsaSha256,
            Self::EcdsaSha384 => S::EcdsaSha384,
            Self::EcdsaSha512 => S::EcdsaSha512,
            Self::MlDsaShake256 => S::MlDsaShake256,
            Self::Ed25519Sha512 => S::Ed25519Sha512,
            Self::Sm2Dsa | Self::Ed25519PhSha512 => return None,
        })
    }
}

impl MacAlgorithm {
    /// The algorithm as the library has it.
    #[must_use]
    pub fn library(self) -> crypto::MacAlgorithm {
        match self {
            Self::HmacSha224 => crypto::MacAlgorithm::HmacSha224,
            Self::HmacSha256 => crypto::MacAlgorithm::HmacSha256,
            Self::HmacSha384 => crypto::MacAlgorithm::HmacSha384,
            Self::HmacSha512 => crypto::MacAlgorithm::HmacSha512,
        }
    }
}

impl DataKeyPairSpec {
    /// The kind of key pair, where the library has it.
    #[must_use]
    pub fn key_pair(self) -> Option<crypto::KeyPairSpec> {
        KeySpec::named(self.as_str())?.key_pair()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_offered_has_a_use_and_an_algorithm() {
        for spec in KeySpec::ALL {
            let uses = KeyUsage::ALL.iter().filter(|usage| spec.allows(**usage));
            assert_eq!(uses.count() > 0, spec.is_offered(), "{spec:?}");
        }
    }

    #[test]
    fn the_library_agrees_which_algorithms_suit() {
        for spec in KeySpec::ALL {
            let Some(pair) = spec.key_pair() else {
                continue;
            };
            for algorithm in SigningAlgorithm::ALL {
                let Some(library) = algorithm.library() else {
                    continue;
                };
                let ours = spec.signing_algorithms().contains(algorithm);
                assert_eq!(library.suits(pair), ours, "{spec:?} {algorithm:?}");
            }
        }
    }
}
