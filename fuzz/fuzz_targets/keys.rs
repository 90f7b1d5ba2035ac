//! Keys from strangers: a peer's public key, and imported key material with
//! what it is wrapped in. Genuine ones are changed, others made up.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use strongroom_crypto::{
    AgreementKey, DecryptionKey, EncryptionKey, ImportWrapping, KeyPair, KeyPairSpec, Oaep,
    VerifyingKey, unwrap_key_padded, wrap_key_padded,
};

#[derive(Arbitrary, Debug)]
struct Input {
    /// Which spec the bytes are read as.
    spec: u8,
    /// Which spec's genuine encoding is changed.
    of: u8,
    shorter: u8,
    changes: Vec<(u16, u8)>,
    noise: Vec<u8>,
}

/// One key of each spec that is quickly made, and one RSA key.
static PAIRS: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
    KeyPairSpec::ALL
        .into_iter()
        .filter(|spec| spec.rsa_bits().is_none_or(|bits| bits == 2048))
        .map(|spec| KeyPair::generate(spec).unwrap())
        .collect()
});

const KEK: [u8; 32] = [7; 32];

fuzz_target!(|input: Input| {
    let spec = KeyPairSpec::ALL[usize::from(input.spec) % KeyPairSpec::ALL.len()];
    let pair = &PAIRS[usize::from(input.of) % PAIRS.len()];
    let change = |genuine: &[u8]| {
        let mut bytes = genuine.to_vec();
        for (at, by) in &input.changes {
            let at = usize::from(*at) % bytes.len();
            bytes[at] ^= by;
        }
        bytes.truncate(bytes.len().saturating_sub(input.shorter.into()));
        bytes
    };

    for spki in [&change(pair.public_key_spki()), &input.noise] {
        // There is one encoding of a key, so another is another key or none.
        if VerifyingKey::from_spki(pair.spec(), spki).is_ok() {
            assert!(VerifyingKey::from_spki(pair.spec(), &[spki, &[0][..]].concat()).is_err());
        }
        let _ = VerifyingKey::from_spki(spec, spki);
        let _ = EncryptionKey::from_spki(spec, spki);
        for ours in &PAIRS[..] {
            if let Ok(key) = AgreementKey::from_pkcs8(ours.spec(), ours.private_key_pkcs8())
                && key.agree(spki).is_ok()
            {
                VerifyingKey::from_spki(ours.spec(), spki).unwrap();
            }
        }
    }

    for pkcs8 in [&change(pair.private_key_pkcs8()), &input.noise] {
        if let Ok(key) = KeyPair::from_pkcs8(spec, pkcs8) {
            // What is kept is read back as the same key.
            let again = KeyPair::from_pkcs8(spec, key.private_key_pkcs8()).unwrap();
            assert_eq!(again.private_key_pkcs8(), key.private_key_pkcs8());
            assert_eq!(again.public_key_spki(), key.public_key_spki());
        }
    }

    let rsa = PAIRS.last().unwrap();
    let key = DecryptionKey::from_pkcs8(rsa.spec(), rsa.private_key_pkcs8()).unwrap();
    let public = EncryptionKey::from_spki(rsa.spec(), rsa.public_key_spki()).unwrap();
    let wrapped = wrap_key_padded(&KEK, &[1; 40]).unwrap();
    let changed = change(&wrapped);
    assert_eq!(
        unwrap_key_padded(&KEK, &changed).is_ok(),
        changed == wrapped
    );
    let _ = unwrap_key_padded(&KEK, &input.noise);
    let blob = [public.encrypt(Oaep::Sha256, &KEK).unwrap(), wrapped].concat();
    for wrapping in [
        ImportWrapping::RsaAesKeyWrapSha1,
        ImportWrapping::RsaAesKeyWrapSha256,
        ImportWrapping::RsaesOaepSha1,
        ImportWrapping::RsaesOaepSha256,
    ] {
        let changed = change(&blob);
        let opens = wrapping.unwrap(&key, &changed).is_ok();
        assert_eq!(
            opens,
            changed == blob && wrapping == ImportWrapping::RsaAesKeyWrapSha256
        );
        let _ = wrapping.unwrap(&key, &input.noise);
    }
});
