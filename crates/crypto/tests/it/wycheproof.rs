//! Project Wycheproof's vectors: the cases on which libraries have failed.

use strongroom_crypto::{
    AeadKey, AgreementKey, AsymmetricError, DecryptionKey, KeyPair, KeyPairSpec, MacAlgorithm,
    MacKey, Message, MlKemKey, MlKemSpec, Oaep, SigningAlgorithm, SigningKey, VerifyingKey,
    unwrap_key_padded, wrap_key_padded,
};
use wycheproof::{TestResult, ecdsa, mlkem, rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify};

use crate::encoding::ec_pkcs8;

/// What the vectors say against what we did. What they call acceptable may go
/// either way.
fn judge(expected: TestResult, accepted: bool, what: std::fmt::Arguments<'_>) {
    match expected {
        TestResult::Valid => assert!(accepted, "{what} was refused"),
        TestResult::Acceptable => {}
        TestResult::Invalid => assert!(!accepted, "{what} was accepted"),
    }
}

fn verifies(
    spec: KeyPairSpec,
    algorithm: SigningAlgorithm,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    let key = VerifyingKey::from_spki(spec, spki).unwrap();
    match key.verify(algorithm, Message::Raw(message), signature) {
        Ok(()) => true,
        Err(AsymmetricError::Invalid) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn aes_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let mut tried = 0;
    for group in &set.test_groups {
        // Sizes that our type does not let arise.
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in &group.tests {
            let key = AeadKey::new(test.key.as_ref().try_into().unwrap());
            let sealed = [test.nonce.as_ref(), &test.ct, &test.tag].concat();
            let opened = key.open(&test.aad, &sealed);
            let accepted = opened.is_ok_and(|plain| plain.as_slice() == test.pt.as_ref());
            judge(test.result, accepted, format_args!("case {}", test.tc_id));
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried} cases");
}

#[test]
fn ecdsa_signatures() {
    use KeyPairSpec as Spec;
    use SigningAlgorithm as Algorithm;
    for (name, spec, algorithm) in [
        (
            ecdsa::TestName::EcdsaSecp256r1Sha256,
            Spec::EccNistP256,
            Algorithm::EcdsaSha256,
        ),
        (
            ecdsa::TestName::EcdsaSecp256k1Sha256,
            Spec::EccSecgP256K1,
            Algorithm::EcdsaSha256,
        ),
        (
            ecdsa::TestName::EcdsaSecp384r1Sha384,
            Spec::EccNistP384,
            Algorithm::EcdsaSha384,
        ),
        (
            ecdsa::TestName::EcdsaSecp521r1Sha512,
            Spec::EccNistP521,
            Algorithm::EcdsaSha512,
        ),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let accepted = verifies(spec, algorithm, &group.der, &test.msg, &test.sig);
                judge(
                    test.result,
                    accepted,
                    format_args!("{spec:?}, case {}", test.tc_id),
                );
            }
        }
    }
}

#[test]
fn ed25519_signatures() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (spec, algorithm) = (
        KeyPairSpec::EccNistEdwards25519,
        SigningAlgorithm::Ed25519Sha512,
    );
    for group in &set.test_groups {
        for test in &group.tests {
            let accepted = verifies(spec, algorithm, &group.der, &test.msg, &test.sig);
            judge(test.result, accepted, format_args!("case {}", test.tc_id));
        }
    }
}

#[test]
fn ecdh() {
    use wycheproof::ecdh::{TestName, TestSet};
    for (name, spec) in [
        (TestName::EcdhSecp256r1, KeyPairSpec::EccNistP256),
        (TestName::EcdhSecp384r1, KeyPairSpec::EccNistP384),
        (TestName::EcdhSecp521r1, KeyPairSpec::EccNistP521),
    ] {
        let set = TestSet::load(name).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key = AgreementKey::from_pkcs8(spec, &ec_pkcs8(spec, &test.private_key)).unwrap();
            let what = format_args!("{spec:?}, case {}: {}", test.tc_id, test.comment).to_string();
            match key.agree(&test.public_key) {
                Ok(secret) => {
                    judge(test.result, true, format_args!("{what}"));
                    assert_eq!(secret.as_slice(), test.shared_secret.as_ref(), "{what}");
                }
                Err(error) => {
                    assert_eq!(error, AsymmetricError::Rejected);
                    judge(test.result, false, format_args!("{what}"));
                }
            }
        }
    }
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::HmacSha224, MacAlgorithm::HmacSha224),
        (TestName::HmacSha256, MacAlgorithm::HmacSha256),
        (TestName::HmacSha384, MacAlgorithm::HmacSha384),
        (TestName::HmacSha512, MacAlgorithm::HmacSha512),
    ] {
        let set = TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let whole = group.tag_size == algorithm.tag_bytes() * 8;
            for test in &group.tests {
                let key = MacKey::new(algorithm, &test.key);
                if whole {
                    let accepted = key.verify(&test.msg, &test.tag);
                    judge(test.result, accepted, format_args!("case {}", test.tc_id));
                } else {
                    // Cut tags are never a tag here.
                    assert!(!key.verify(&test.msg, &test.tag), "case {}", test.tc_id);
                }
            }
        }
    }
}

#[test]
fn aes_key_wrap_with_padding() {
    use wycheproof::keywrap::{TestName, TestSet};
    let set = TestSet::load(TestName::AesKeyWrapWithPadding).unwrap();
    let mut tried = 0;
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let kek: &[u8; 32] = test.key.as_ref().try_into().unwrap();
            let unwrapped = unwrap_key_padded(kek, &test.ct);
            let accepted = unwrapped.is_ok_and(|key| key.as_slice() == test.pt.as_ref());
            judge(test.result, accepted, format_args!("case {}", test.tc_id));
            if accepted {
                assert_eq!(wrap_key_padded(kek, &test.pt).unwrap(), test.ct.as_ref());
            }
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried} cases");
}

#[test]
fn rsa_oaep() {
    use rsa_oaep::TestName;
    for (name, spec, padding) in [
        (
            TestName::Rsa2048Sha1Mgf1Sha1,
            KeyPairSpec::Rsa2048,
            Oaep::Sha1,
        ),
        (
            TestName::Rsa2048Sha256Mgf1Sha256,
            KeyPairSpec::Rsa2048,
            Oaep::Sha256,
        ),
        (
            TestName::Rsa3072Sha256Mgf1Sha256,
            KeyPairSpec::Rsa3072,
            Oaep::Sha256,
        ),
        (
            TestName::Rsa4096Sha256Mgf1Sha256,
            KeyPairSpec::Rsa4096,
            Oaep::Sha256,
        ),
    ] {
        let set = rsa_oaep::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let pair = KeyPair::from_pkcs8(spec, &group.pkcs8).unwrap();
            let key = DecryptionKey::from_pkcs8(spec, pair.private_key_pkcs8()).unwrap();
            for test in &group.tests {
                let opened = key.decrypt(padding, &test.ct);
                let accepted = opened.is_ok_and(|plain| plain.as_slice() == test.pt.as_ref());
                let what = format_args!("{spec:?}, case {}", test.tc_id).to_string();
                if test.label.is_empty() {
                    judge(test.result, accepted, format_args!("{what}"));
                } else {
                    // KMS has no labels.
                    assert!(!accepted, "{what}");
                }
            }
        }
    }
}

#[test]
fn rsa_pkcs1_signatures() {
    use KeyPairSpec as Spec;
    use SigningAlgorithm as Algorithm;
    use rsa_pkcs1_verify::TestName;
    for (name, spec, algorithm) in [
        (
            TestName::Rsa2048Sha256,
            Spec::Rsa2048,
            Algorithm::RsassaPkcs1V15Sha256,
        ),
        (
            TestName::Rsa2048Sha384,
            Spec::Rsa2048,
            Algorithm::RsassaPkcs1V15Sha384,
        ),
        (
            TestName::Rsa2048Sha512,
            Spec::Rsa2048,
            Algorithm::RsassaPkcs1V15Sha512,
        ),
        (
            TestName::Rsa3072Sha256,
            Spec::Rsa3072,
            Algorithm::RsassaPkcs1V15Sha256,
        ),
        (
            TestName::Rsa3072Sha384,
            Spec::Rsa3072,
            Algorithm::RsassaPkcs1V15Sha384,
        ),
        (
            TestName::Rsa3072Sha512,
            Spec::Rsa3072,
            Algorithm::RsassaPkcs1V15Sha512,
        ),
        (
            TestName::Rsa4096Sha256,
            Spec::Rsa4096,
            Algorithm::RsassaPkcs1V15Sha256,
        ),
        (
            TestName::Rsa4096Sha384,
            Spec::Rsa4096,
            Algorithm::RsassaPkcs1V15Sha384,
        ),
        (
            TestName::Rsa4096Sha512,
            Spec::Rsa4096,
            Algorithm::RsassaPkcs1V15Sha512,
        ),
    ] {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let accepted = verifies(spec, algorithm, &group.der, &test.msg, &test.sig);
                judge(
                    test.result,
                    accepted,
                    format_args!("{spec:?}, case {}", test.tc_id),
                );
            }
        }
    }
}

#[test]
fn rsa_pss_signatures() {
    use KeyPairSpec as Spec;
    use SigningAlgorithm as Algorithm;
    use rsa_pss_verify::TestName;
    for (name, spec, algorithm) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen32,
            Spec::Rsa2048,
            Algorithm::RsassaPssSha256,
        ),
        (
            TestName::RsaPss2048Sha384Mgf1SaltLen48,
            Spec::Rsa2048,
            Algorithm::RsassaPssSha384,
        ),
        (
            TestName::RsaPss3072Sha256Mgf1SaltLen32,
            Spec::Rsa3072,
            Algorithm::RsassaPssSha256,
        ),
        (
            TestName::RsaPss4096Sha256Mgf1SaltLen32,
            Spec::Rsa4096,
            Algorithm::RsassaPssSha256,
        ),
        (
            TestName::RsaPss4096Sha384Mgf1SaltLen48,
            Spec::Rsa4096,
            Algorithm::RsassaPssSha384,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen64,
            Spec::Rsa4096,
            Algorithm::RsassaPssSha512,
        ),
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            for test in &group.tests {
                let accepted = verifies(spec, algorithm, &group.der, &test.msg, &test.sig);
                judge(
                    test.result,
                    accepted,
                    format_args!("{spec:?}, case {}", test.tc_id),
                );
            }
        }
    }
    // Another salt length is another scheme, and KMS has but one.
    let set = rsa_pss_verify::TestSet::load(TestName::RsaPss2048Sha256Mgf1SaltLen0).unwrap();
    for group in &set.test_groups {
        for test in group.tests.iter().filter(|test| !test.result.must_fail()) {
            let algorithm = Algorithm::RsassaPssSha256;
            assert!(!verifies(
                Spec::Rsa2048,
                algorithm,
                &group.der,
                &test.msg,
                &test.sig
            ));
        }
    }
}

#[test]
fn ml_dsa() {
    use wycheproof::{mldsa_sign, mldsa_verify};
    for (spec, sign, verify) in [
        (
            KeyPairSpec::MlDsa44,
            mldsa_sign::TestName::MlDsa44SignSeed,
            mldsa_verify::TestName::MlDsa44Verify,
        ),
        (
            KeyPairSpec::MlDsa65,
            mldsa_sign::TestName::MlDsa65SignSeed,
            mldsa_verify::TestName::MlDsa65Verify,
        ),
        (
            KeyPairSpec::MlDsa87,
            mldsa_sign::TestName::MlDsa87SignSeed,
            mldsa_verify::TestName::MlDsa87Verify,
        ),
    ] {
        let algorithm = SigningAlgorithm::MlDsaShake256;
        let set = mldsa_verify::TestSet::load(verify).unwrap();
        for group in &set.test_groups {
            let key = VerifyingKey::from_spki(spec, &group.der);
            for test in &group.tests {
                let accepted = key.as_ref().is_ok_and(|key| {
                    key.verify(algorithm, Message::Raw(&test.msg), &test.sig)
                        .is_ok()
                });
                // KMS signs with the empty context only.
                if test.ctx.as_ref().is_none_or(|context| context.is_empty()) {
                    judge(
                        test.result,
                        accepted,
                        format_args!("{spec:?}, case {}", test.tc_id),
                    );
                } else {
                    assert!(!accepted, "{spec:?}, case {}", test.tc_id);
                }
            }
        }
        let mut keys = 0;
        let set = mldsa_sign::TestSet::load(sign).unwrap();
        for group in &set.test_groups {
            let Some(pkcs8) = &group.privkey_pkcs8 else {
                continue;
            };
            let Ok(pair) = KeyPair::from_pkcs8(spec, pkcs8) else {
                assert!(group.tests.iter().all(|test| test.result.must_fail()));
                continue;
            };
            let spki = pair.public_key_spki();
            let public = group.pubkey.as_ref().unwrap();
            assert_eq!(&spki[spki.len() - public.len()..], public.as_ref());
            let key = SigningKey::from_pkcs8(spec, pair.private_key_pkcs8()).unwrap();
            let signature = key.sign(algorithm, Message::Raw(b"message")).unwrap();
            assert!(verifies(spec, algorithm, spki, b"message", &signature));
            keys += 1;
        }
        assert!(keys > 0, "{spec:?}");
    }
}

#[test]
fn ml_kem_decapsulation() {
    use mlkem::{TestName, TestSet};
    for (name, spec) in [
        (TestName::MlKem512SemiExpandedDecaps, MlKemSpec::MlKem512),
        (TestName::MlKem768SemiExpandedDecaps, MlKemSpec::MlKem768),
        (TestName::MlKem1024SemiExpandedDecaps, MlKemSpec::MlKem1024),
    ] {
        let set = TestSet::load(name).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let key = test
                .decaps_key
                .as_ref()
                .map(|key| MlKemKey::from_bytes(spec, key));
            let Some(Ok(key)) = key else {
                judge(
                    test.result,
                    false,
                    format_args!("{spec:?}, case {}", test.tc_id),
                );
                continue;
            };
            let secret = test.ct.as_ref().map(|ct| key.decapsulate(ct));
            let expected = test.shared_secret.as_ref();
            let accepted = match (secret, expected) {
                (Some(Ok(secret)), Some(expected)) => secret.as_slice() == expected.as_ref(),
                (Some(Ok(_)), None) => true,
                _ => false,
            };
            judge(
                test.result,
                accepted,
                format_args!("{spec:?}, case {}", test.tc_id),
            );
        }
    }
}
