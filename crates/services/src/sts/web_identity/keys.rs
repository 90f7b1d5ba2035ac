use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use strongroom_crypto::{JwsAlgorithm, JwsKey};

use super::{provider::Trusted, token::Token};

/// Keys of each kind that are taken of a provider.
///
/// Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider".
const KEYS_OF_A_KIND: usize = 100;

/// The keys of a provider.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// Why the server that they came from was trusted.
    pub(super) trusted: Option<Trusted>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    key: JwsKey,
}

/// A JSON Web Key, those of its members that matter.
///
/// Source: RFC 7517, RFC 7518 section 6.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a key set; keys of other kinds or uses are left out.
    pub(super) fn parse(document: &[u8], trusted: Option<Trusted>) -> Option<Self> {
        let set: Jwks = serde_json::from_slice(document).ok()?;
        let (mut rsa, mut ec) = (0, 0);
        let mut keys = Vec::new();
        for value in set.keys {
            let Some(key) = serde_json::from_value(value).ok().and_then(Key::of) else {
                continue;
            };
            let count = match key.key {
                JwsKey::Ec { .. } => &mut ec,
                JwsKey::Rsa { .. } => &mut rsa,
            };
            *count += 1;
            if *count <= KEYS_OF_A_KIND {
                keys.push(key);
            }
        }
        Some(Self { keys, trusted })
    }

    /// Whether a key is there that the token may mean.
    pub(super) fn has(&self, id: Option<&str>) -> bool {
        self.meant(id).next().is_some()
    }

    /// Whether one of the keys that the token may mean signed it.
    pub(super) fn verify(&self, token: &Token) -> bool {
        self.meant(token.key_id())
            .any(|key| key.verifies(token.algorithm(), token.signed(), token.signature()))
    }

    fn meant<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a JwsKey> {
        let means = move |key: &&Key| match (id, key.id.as_deref()) {
            (Some(id), Some(of_key)) => id == of_key,
            _ => true,
        };
        self.keys.iter().filter(means).map(|key| &key.key)
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.r#use.is_some_and(|r#use| r#use != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| {
            let text = text?;
            BASE64_URL_SAFE_NO_PAD
                .decode(text.trim_end_matches('='))
                .ok()
        };
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => JwsKey::Rsa {
                n: stripped(bytes(jwk.n)?),
                e: stripped(bytes(jwk.e)?),
            },
            ("EC", Some(curve)) => JwsKey::Ec {
                algorithm: match curve {
                    "P-256" => JwsAlgorithm::Es256,
                    "P-384" => JwsAlgorithm::Es384,
                    "P-521" => JwsAlgorithm::Es512,
                    _ => return None,
                },
                x: bytes(jwk.x)?,
                y: bytes(jwk.y)?,
            },
            _ => return None,
        };
        Some(Self { id: jwk.kid, key })
    }
}

/// Some providers write the sign's zero before a number.
fn stripped(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.into_iter().skip(zeros).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_other_kinds_are_left_out() {
        let document = br#"{"keys": [
            {"kty": "RSA", "kid": "1", "n": "AAEC", "e": "AQAB", "alg": "RS256"},
            {"kty": "RSA", "kid": "2", "n": "AQ", "e": "AQAB", "use": "enc"},
            {"kty": "EC", "kid": "3", "crv": "P-256", "x": "AQ", "y": "AQ"},
            {"kty": "EC", "kid": "4", "crv": "secp256k1", "x": "AQ", "y": "AQ"},
            {"kty": "oct", "kid": "5", "k": "AQ"}, {"kid": "6"}, 7
        ]}"#;
        let keys = KeySet::parse(document, None).unwrap();
        let there = |id| keys.has(Some(id));
        assert_eq!(
            ["1", "2", "3", "4", "5", "6"].map(there),
            [true, false, true, false, false, false]
        );
        assert!(keys.has(None));
        let JwsKey::Rsa { n, .. } = &keys.keys[0].key else {
            panic!("an RSA key");
        };
        assert_eq!(n, &[1, 2]);
        assert!(KeySet::parse(b"{}", None).is_none());
    }

    proptest! {
        #[test]
        fn any_document_is_read_without_panic(document in any::<Vec<u8>>()) {
            let _ = KeySet::parse(&document, None);
        }
    }
}
