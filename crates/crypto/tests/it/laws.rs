//! What holds for every key and message, with fresh keys each time.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use proptest::collection::vec;
use proptest::prelude::*;
use strongroom_crypto::{
    AgreementKey, AsymmetricError, DecryptionKey, EncryptionKey, ImportWrapping, KeyPair,
    KeyPairSpec, MacAlgorithm, MacKey, Message, MlKemKey, MlKemSpec, Oaep, SigningAlgorithm,
    SigningKey, VerifyingKey, encapsulate, unwrap_key_padded, wrap_key_padded,
};

/// One key of each spec: making RSA keys is slow.
static PAIRS: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
    KeyPairSpec::ALL
        .into_iter()
        .map(|spec| KeyPair::generate(spec).unwrap())
        .collect()
});

fn pair(spec: KeyPairSpec) -> &'static KeyPair {
    PAIRS.iter().find(|pair| pair.spec() == spec).unwrap()
}

fn hash(algorithm: SigningAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
    let hash = match algorithm.digest_bytes()? {
        32 => &SHA256,
        48 => &SHA384,
        64 => &SHA512,
        other => panic!("{other}"),
    };
    Some(digest(hash, message).as_ref().to_vec())
}

const RSA: [KeyPairSpec; 3] = [
    KeyPairSpec::Rsa2048,
    KeyPairSpec::Rsa3072,
    KeyPairSpec::Rsa4096,
];
const NIST: [KeyPairSpec; 3] = [
    KeyPairSpec::EccNistP256,
    KeyPairSpec::EccNistP384,
    KeyPairSpec::EccNistP521,
];

#[test]
fn every_pair_is_read_back_and_as_no_other_spec() {
    for pair in PAIRS.iter() {
        for spec in KeyPairSpec::ALL {
            let again = KeyPair::from_pkcs8(spec, pair.private_key_pkcs8());
            let public = VerifyingKey::from_spki(spec, pair.public_key_spki());
            let signing = SigningKey::from_pkcs8(spec, pair.private_key_pkcs8());
            assert_eq!(signing.is_ok(), spec == pair.spec());
            if spec == pair.spec() {
                let again = again.unwrap();
                assert_eq!(again.private_key_pkcs8(), pair.private_key_pkcs8());
                assert_eq!(again.public_key_spki(), pair.public_key_spki());
                public.unwrap();
            } else {
                assert_eq!(again.unwrap_err(), AsymmetricError::Rejected);
                assert_eq!(public.unwrap_err(), AsymmetricError::Rejected);
            }
        }
    }
}

#[test]
fn a_public_key_has_one_encoding() {
    for pair in PAIRS.iter() {
        let spki = pair.public_key_spki();
        for cut in [0, 1, spki.len() / 2, spki.len() - 1] {
            VerifyingKey::from_spki(pair.spec(), &spki[..cut]).unwrap_err();
        }
        let longer = [spki, &[0]].concat();
        VerifyingKey::from_spki(pair.spec(), &longer).unwrap_err();
    }
    // A bare point is a key to the library, and none here.
    let p256 = pair(KeyPairSpec::EccNistP256);
    let spki = p256.public_key_spki();
    let point = &spki[spki.len() - 65..];
    assert_eq!(point[0], 4);
    VerifyingKey::from_spki(p256.spec(), point).unwrap_err();
    let key = AgreementKey::from_pkcs8(p256.spec(), p256.private_key_pkcs8()).unwrap();
    assert_eq!(key.agree(point), Err(AsymmetricError::Rejected));
    key.agree(spki).unwrap();
}

#[test]
fn debug_tells_no_key() {
    for pair in PAIRS.iter() {
        let key = SigningKey::from_pkcs8(pair.spec(), pair.private_key_pkcs8()).unwrap();
        let text = format!("{pair:?} {key:?}");
        assert!(text.len() < 100, "{text}");
    }
    let text = format!(
        "{:?}",
        MacKey::new(MacAlgorithm::HmacSha256, b"\x2a\x2a\x2a")
    );
    assert!(!text.contains("42") && !text.contains("2a"), "{text}");
}

#[test]
fn algorithms_suit_their_keys_only() {
    let table = [
        (KeyPairSpec::EccNistEdwards25519, "Ed25519Sha512"),
        (KeyPairSpec::EccNistP256, "EcdsaSha256"),
        (KeyPairSpec::EccNistP384, "EcdsaSha384"),
        (KeyPairSpec::EccNistP521, "EcdsaSha512"),
        (KeyPairSpec::EccSecgP256K1, "EcdsaSha256"),
        (KeyPairSpec::MlDsa44, "MlDsaShake256"),
        (KeyPairSpec::MlDsa65, "MlDsaShake256"),
        (KeyPairSpec::MlDsa87, "MlDsaShake256"),
    ];
    for spec in KeyPairSpec::ALL {
        for algorithm in SigningAlgorithm::ALL {
            let name = format!("{algorithm:?}");
            let expected = table.contains(&(spec, &name))
                || spec.rsa_bits().is_some() && name.starts_with("Rsa");
            assert_eq!(algorithm.suits(spec), expected, "{spec:?} {name}");
            let key = SigningKey::from_pkcs8(spec, pair(spec).private_key_pkcs8()).unwrap();
            let signed = key.sign(algorithm, Message::Raw(b"m"));
            assert_eq!(signed.is_ok(), expected, "{spec:?} {name}");
            if !expected {
                assert_eq!(signed, Err(AsymmetricError::Unsupported));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn signatures_verify_and_nothing_else_does(
        message in vec(any::<u8>(), 0..200),
        other in vec(any::<u8>(), 0..200),
        bit in any::<prop::sample::Index>(),
    ) {
        for pair in PAIRS.iter() {
            let private = SigningKey::from_pkcs8(pair.spec(), pair.private_key_pkcs8()).unwrap();
            let public = VerifyingKey::from_spki(pair.spec(), pair.public_key_spki()).unwrap();
            for algorithm in SigningAlgorithm::ALL.into_iter().filter(|it| it.suits(pair.spec())) {
                let hashed = hash(algorithm, &message);
                let mut ways = vec![Message::Raw(&message)];
                match &hashed {
                    Some(hashed) => {
                        ways.push(Message::Digest(hashed));
                        for length in [0, 1, hashed.len() - 1] {
                            let cut = Message::Digest(&hashed[..length]);
                            prop_assert_eq!(private.sign(algorithm, cut), Err(AsymmetricError::DigestLength));
                            prop_assert_eq!(public.verify(algorithm, cut, b"s"), Err(AsymmetricError::DigestLength));
                        }
                    }
                    None => {
                        let way = Message::Digest(&[0; 64]);
                        prop_assert_eq!(private.sign(algorithm, way), Err(AsymmetricError::Unsupported));
                        prop_assert_eq!(public.verify(algorithm, way, b"s"), Err(AsymmetricError::Unsupported));
                    }
                }
                for signed in &ways {
                    let signature = private.sign(algorithm, *signed).unwrap();
                    // RAW and DIGEST are two ways to one signature.
                    for verified in &ways {
                        prop_assert_eq!(public.verify(algorithm, *verified, &signature), Ok(()));
                    }
                    if other != message {
                        prop_assert_eq!(
                            public.verify(algorithm, Message::Raw(&other), &signature),
                            Err(AsymmetricError::Invalid)
                        );
                    }
                    let mut changed = signature.clone();
                    let bit = bit.index(changed.len() * 8);
                    changed[bit / 8] ^= 1 << (bit % 8);
                    prop_assert_eq!(
                        public.verify(algorithm, Message::Raw(&message), &changed),
                        Err(AsymmetricError::Invalid)
                    );
                    prop_assert_eq!(
                        public.verify(algorithm, Message::Raw(&message), &signature[1..]),
                        Err(AsymmetricError::Invalid)
                    );
                }
            }
        }
    }

    #[test]
    fn oaep_opens_what_it_closed(
        seed in vec(any::<u8>(), 512),
        length in any::<prop::sample::Index>(),
        bit in any::<prop::sample::Index>(),
    ) {
        for spec in RSA {
            let private = DecryptionKey::from_pkcs8(spec, pair(spec).private_key_pkcs8()).unwrap();
            let public = EncryptionKey::from_spki(spec, pair(spec).public_key_spki()).unwrap();
            for (padding, other) in [(Oaep::Sha1, Oaep::Sha256), (Oaep::Sha256, Oaep::Sha1)] {
                let most = padding.max_plaintext_bytes(spec).unwrap();
                for length in [0, length.index(most), most] {
                    let plaintext = &seed[..length];
                    let ciphertext = public.encrypt(padding, plaintext).unwrap();
                    prop_assert_eq!(ciphertext.len(), private.ciphertext_bytes());
                    let opened = private.decrypt(padding, &ciphertext).unwrap();
                    prop_assert_eq!(opened.as_slice(), plaintext);
                    prop_assert_eq!(private.decrypt(other, &ciphertext), Err(AsymmetricError::Invalid));
                    let mut changed = ciphertext.clone();
                    let bit = bit.index(changed.len() * 8);
                    changed[bit / 8] ^= 1 << (bit % 8);
                    prop_assert_eq!(private.decrypt(padding, &changed), Err(AsymmetricError::Invalid));
                    prop_assert_eq!(
                        private.decrypt(padding, &ciphertext[1..]),
                        Err(AsymmetricError::Invalid)
                    );
                }
                prop_assert_eq!(
                    public.encrypt(padding, &seed[..most + 1]),
                    Err(AsymmetricError::TooLong)
                );
            }
        }
    }

    #[test]
    fn both_sides_agree(_ in any::<u8>()) {
        for spec in NIST {
            let other = KeyPair::generate(spec).unwrap();
            let ours = AgreementKey::from_pkcs8(spec, pair(spec).private_key_pkcs8()).unwrap();
            let theirs = AgreementKey::from_pkcs8(spec, other.private_key_pkcs8()).unwrap();
            let secret = ours.agree(other.public_key_spki()).unwrap();
            prop_assert_eq!(&secret, &theirs.agree(pair(spec).public_key_spki()).unwrap());
            prop_assert_eq!(secret.len(), match spec {
                KeyPairSpec::EccNistP256 => 32,
                KeyPairSpec::EccNistP384 => 48,
                _ => 66,
            });
            for strange in PAIRS.iter().filter(|pair| pair.spec() != spec) {
                prop_assert_eq!(
                    ours.agree(strange.public_key_spki()),
                    Err(AsymmetricError::Rejected)
                );
            }
        }
    }

    #[test]
    fn macs_verify_and_nothing_else_does(
        key in vec(any::<u8>(), 1..130),
        message in vec(any::<u8>(), 0..200),
        bit in any::<prop::sample::Index>(),
    ) {
        for algorithm in MacAlgorithm::ALL {
            let key = MacKey::new(algorithm, &key);
            let tag = key.tag(&message);
            prop_assert_eq!(tag.len(), algorithm.tag_bytes());
            prop_assert!(key.verify(&message, &tag));
            let mut changed = tag.clone();
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!key.verify(&message, &changed));
            prop_assert!(!key.verify(&message, &tag[..tag.len() - 1]));
            prop_assert!(!key.verify(&[message.as_slice(), b"x"].concat(), &tag));
        }
    }

    #[test]
    fn wrapped_keys_open(
        kek: [u8; 32],
        key in vec(any::<u8>(), 1..3000),
        bit in any::<prop::sample::Index>(),
    ) {
        let wrapped = wrap_key_padded(&kek, &key).unwrap();
        let opened = unwrap_key_padded(&kek, &wrapped).unwrap();
        prop_assert_eq!(opened.as_slice(), &key);
        let mut changed = wrapped.clone();
        let bit = bit.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(unwrap_key_padded(&kek, &changed), Err(AsymmetricError::Invalid));
        prop_assert_eq!(unwrap_key_padded(&kek, &wrapped[8..]), Err(AsymmetricError::Invalid));
    }

    #[test]
    fn imported_material_is_unwrapped(
        kek: [u8; 32],
        material in vec(any::<u8>(), 1..180),
    ) {
        for spec in RSA {
            let private = DecryptionKey::from_pkcs8(spec, pair(spec).private_key_pkcs8()).unwrap();
            let public = EncryptionKey::from_spki(spec, pair(spec).public_key_spki()).unwrap();
            let two_steps = |padding| {
                let mut blob = public.encrypt(padding, &kek).unwrap();
                blob.extend(wrap_key_padded(&kek, &material).unwrap());
                blob
            };
            let blobs = [
                (ImportWrapping::RsaAesKeyWrapSha1, two_steps(Oaep::Sha1)),
                (ImportWrapping::RsaAesKeyWrapSha256, two_steps(Oaep::Sha256)),
                (ImportWrapping::RsaesOaepSha1, public.encrypt(Oaep::Sha1, &material).unwrap()),
                (ImportWrapping::RsaesOaepSha256, public.encrypt(Oaep::Sha256, &material).unwrap()),
            ];
            for (wrapping, blob) in &blobs {
                let unwrapped = wrapping.unwrap(&private, blob).unwrap();
                prop_assert_eq!(unwrapped.as_slice(), &material);
                for (other, _) in blobs.iter().filter(|(other, _)| other != wrapping) {
                    prop_assert_eq!(other.unwrap(&private, blob), Err(AsymmetricError::Invalid));
                }
                for cut in [0, 1, blob.len() - 1] {
                    prop_assert_eq!(
                        wrapping.unwrap(&private, &blob[..cut]),
                        Err(AsymmetricError::Invalid)
                    );
                }
            }
        }
    }

    #[test]
    fn encapsulated_secrets_arrive(bit in any::<prop::sample::Index>()) {
        for spec in MlKemSpec::ALL {
            let (private, public) = MlKemKey::generate(spec).unwrap();
            let key = MlKemKey::from_bytes(spec, &private).unwrap();
            let sent = encapsulate(spec, &public).unwrap();
            prop_assert_eq!(&key.decapsulate(&sent.ciphertext).unwrap(), &sent.shared_secret);
            let mut changed = sent.ciphertext.clone();
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(&key.decapsulate(&changed).unwrap(), &sent.shared_secret);
            prop_assert_eq!(key.decapsulate(&changed[1..]), Err(AsymmetricError::Invalid));
        }
    }

    /// Whatever bytes come, an answer comes.
    #[test]
    fn noise_is_no_key(noise in vec(any::<u8>(), 0..300)) {
        for spec in KeyPairSpec::ALL {
            prop_assert!(KeyPair::from_pkcs8(spec, &noise).is_err());
            prop_assert!(VerifyingKey::from_spki(spec, &noise).is_err());
        }
    }
}
