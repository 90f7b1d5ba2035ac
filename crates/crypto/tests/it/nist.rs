//! NIST's CAVP vectors and RFC 4231's, in extracts (`tests/vectors`).

use std::collections::HashMap;

use strongroom_crypto::{
    AeadKey, AgreementKey, AsymmetricError, KeyPair, KeyPairSpec, MacAlgorithm, MacKey, Message,
    SigningAlgorithm, VerifyingKey, unwrap_key_padded, wrap_key_padded,
};

use crate::encoding::{ec_pkcs8, ec_spki, ecdsa_signature, hex, rsa_spki};

/// The blocks of a file: `name = value` lines, parted by blank ones.
struct Vector(HashMap<String, String>);

impl Vector {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.text(name);
        hex(&format!("{}{text}", "0".repeat(text.len() % 2)))
    }

    fn fails(&self) -> bool {
        self.0.contains_key("FAIL")
    }
}

fn vectors(file: &str, expected: usize) -> Vec<Vector> {
    let found: Vec<_> = file
        .split("\n\n")
        .map(|block| {
            block
                .lines()
                .filter(|line| !line.starts_with('#'))
                .map(|line| {
                    let (name, value) = line.split_once('=').unwrap();
                    (name.trim().to_owned(), value.trim().to_owned())
                })
                .collect::<HashMap<_, _>>()
        })
        .filter(|block| !block.is_empty())
        .map(Vector)
        .collect();
    assert_eq!(found.len(), expected);
    found
}

fn curve(vector: &Vector) -> (KeyPairSpec, SigningAlgorithm) {
    match vector.text("Curve") {
        "K-256" => (KeyPairSpec::EccSecgP256K1, SigningAlgorithm::EcdsaSha256),
        "P-256" => (KeyPairSpec::EccNistP256, SigningAlgorithm::EcdsaSha256),
        "P-384" => (KeyPairSpec::EccNistP384, SigningAlgorithm::EcdsaSha384),
        "P-521" => (KeyPairSpec::EccNistP521, SigningAlgorithm::EcdsaSha512),
        other => panic!("{other}"),
    }
}

#[test]
fn ecdsa_keys_and_signatures() {
    for vector in vectors(include_str!("../vectors/ecdsa.rsp"), 12) {
        let (spec, algorithm) = curve(&vector);
        let spki = ec_spki(spec, &vector.bytes("Qx"), &vector.bytes("Qy"));
        let pair = KeyPair::from_pkcs8(spec, &ec_pkcs8(spec, &vector.bytes("d"))).unwrap();
        assert_eq!(pair.public_key_spki(), spki);
        let key = VerifyingKey::from_spki(spec, &spki).unwrap();
        let signature = ecdsa_signature(&vector.bytes("R"), &vector.bytes("S"));
        let mut message = vector.bytes("Msg");
        key.verify(algorithm, Message::Raw(&message), &signature)
            .unwrap();
        message[0] ^= 1;
        assert_eq!(
            key.verify(algorithm, Message::Raw(&message), &signature),
            Err(AsymmetricError::Invalid)
        );
    }
}

#[test]
fn ecdh_secrets_and_bad_peers() {
    for vector in vectors(include_str!("../vectors/ecdh.rsp"), 48) {
        let (spec, _) = curve(&vector);
        let pkcs8 = ec_pkcs8(spec, &vector.bytes("dsIUT"));
        let peer = ec_spki(spec, &vector.bytes("QsCAVSx"), &vector.bytes("QsCAVSy"));
        let result = vector.text("Result");
        let Ok(key) = AgreementKey::from_pkcs8(spec, &pkcs8) else {
            assert!(result.starts_with("F (7"), "{result}");
            continue;
        };
        match key.agree(&peer) {
            Ok(secret) => {
                assert!(
                    !result.starts_with("F (1") && !result.starts_with("F (2"),
                    "{result}"
                );
                let same = secret.as_slice() == vector.bytes("Z");
                match &result[..3] {
                    "P (" => assert!(same, "{result}"),
                    _ if result.starts_with("F (7") || result.starts_with("F (8") => {
                        assert!(!same, "{result}");
                    }
                    // 5 and 6 spoil our own public half, which is computed
                    // here and never believed.
                    _ => {}
                }
            }
            Err(error) => {
                assert_eq!(error, AsymmetricError::Rejected);
                assert!(
                    result.starts_with("F (1") || result.starts_with("F (2"),
                    "{result}"
                );
            }
        }
    }
}

#[test]
fn rsa_pkcs1_signatures() {
    for vector in vectors(include_str!("../vectors/rsa_pkcs1.rsp"), 18) {
        let spec = match vector.text("Bits") {
            "2048" => KeyPairSpec::Rsa2048,
            "3072" => KeyPairSpec::Rsa3072,
            "4096" => KeyPairSpec::Rsa4096,
            other => panic!("{other}"),
        };
        let algorithm = match vector.text("SHAAlg") {
            "SHA256" => SigningAlgorithm::RsassaPkcs1V15Sha256,
            "SHA384" => SigningAlgorithm::RsassaPkcs1V15Sha384,
            "SHA512" => SigningAlgorithm::RsassaPkcs1V15Sha512,
            other => panic!("{other}"),
        };
        let spki = rsa_spki(&vector.bytes("n"), &vector.bytes("e"));
        let key = VerifyingKey::from_spki(spec, &spki).unwrap();
        let (message, signature) = (vector.bytes("Msg"), vector.bytes("S"));
        key.verify(algorithm, Message::Raw(&message), &signature)
            .unwrap();
        assert_eq!(
            key.verify(algorithm, Message::Raw(b"another"), &signature),
            Err(AsymmetricError::Invalid)
        );
    }
}

#[test]
fn aes_key_wrap_with_padding() {
    let file = include_str!("../vectors/kwp.rsp");
    for vector in vectors(file, file.matches("\nWay").count()) {
        let kek = vector.bytes("K").try_into().unwrap();
        let wrapped = vector.bytes("C");
        let unwrapped = unwrap_key_padded(&kek, &wrapped);
        if vector.fails() {
            assert_eq!(unwrapped, Err(AsymmetricError::Invalid));
        } else {
            assert_eq!(unwrapped.unwrap().as_slice(), vector.bytes("P"));
            assert_eq!(wrap_key_padded(&kek, &vector.bytes("P")).unwrap(), wrapped);
        }
    }
}

#[test]
fn aes_gcm() {
    let file = include_str!("../vectors/gcm.rsp");
    for vector in vectors(file, file.matches("\nKey").count()) {
        let key = AeadKey::new(&vector.bytes("Key").try_into().unwrap());
        let sealed = [vector.bytes("IV"), vector.bytes("CT"), vector.bytes("Tag")].concat();
        let opened = key.open(&vector.bytes("AAD"), &sealed);
        if vector.fails() {
            assert!(opened.is_err());
        } else {
            assert_eq!(opened.unwrap().as_slice(), vector.bytes("PT"));
        }
    }
}

#[test]
fn hmac() {
    let file = include_str!("../vectors/hmac.rsp");
    for vector in vectors(file, file.matches("\nHash").count()) {
        let algorithm = match vector.text("Hash") {
            "224" => MacAlgorithm::HmacSha224,
            "256" => MacAlgorithm::HmacSha256,
            "384" => MacAlgorithm::HmacSha384,
            "512" => MacAlgorithm::HmacSha512,
            other => panic!("{other}"),
        };
        let key = MacKey::new(algorithm, &vector.bytes("Key"));
        let tag = key.tag(&vector.bytes("Msg"));
        let expected = vector.bytes("MD");
        // RFC 4231's case 5 shows the first 128 bits only.
        assert_eq!(&tag[..expected.len()], expected);
        assert_eq!(tag.len(), algorithm.tag_bytes());
        assert!(key.verify(&vector.bytes("Msg"), &tag));
    }
}
