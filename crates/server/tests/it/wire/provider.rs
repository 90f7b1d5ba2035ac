//! An OpenID Connect provider: a web server with two documents, and a key.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_crypto::{KeyPair, KeyPairSpec, Message, SigningAlgorithm, SigningKey};
use strongroom_types::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Where the modulus of a key of 2,048 bits is in its `SubjectPublicKeyInfo`.
const MODULUS: std::ops::Range<usize> = 33..289;

/// A provider that answers until the test ends.
pub(super) struct IdentityProvider {
    /// Without its scheme.
    url: String,
    key: SigningKey,
}

impl IdentityProvider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let pair = KeyPair::generate(KeyPairSpec::Rsa2048).unwrap();
        let modulus = &pair.public_key_spki()[MODULUS];
        let keys = json!({"keys": [{
            "kty": "RSA", "use": "sig", "kid": "one", "e": "AQAB", "n": encode(modulus),
        }]});
        let issuer = format!("http://{url}");
        let configuration = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")});
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream, &keys, &configuration).await;
            }
        });
        let key = SigningKey::from_pkcs8(KeyPairSpec::Rsa2048, pair.private_key_pkcs8());
        Self {
            url,
            key: key.unwrap(),
        }
    }

    /// What a transcript calls the provider, and what it says of somebody.
    pub(super) fn names(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let now = now.as_second();
        let claims = json!({
            "iss": format!("http://{}", self.url), "aud": "sts.amazonaws.com", "sub": "app",
            "iat": now, "exp": now + 300,
        });
        let stale = json!({
            "iss": format!("http://{}", self.url), "aud": "sts.amazonaws.com", "sub": "app",
            "iat": 1_700_000_000, "exp": 1_700_000_300,
        });
        let token = self.token(&claims);
        let forged = token.replace(&encode(claims.to_string()), &encode(stale.to_string()));
        vec![
            ("jwt", token),
            ("stale-jwt", self.token(&stale)),
            ("forged-jwt", forged),
            ("issuer", self.url.clone()),
        ]
    }

    fn token(&self, claims: &Value) -> String {
        let head = encode(r#"{"alg":"RS256","kid":"one"}"#);
        let signed = format!("{head}.{}", encode(claims.to_string()));
        let algorithm = SigningAlgorithm::RsassaPkcs1V15Sha256;
        let message = Message::Raw(signed.as_bytes());
        let signature = self.key.sign(algorithm, message).unwrap();
        format!("{signed}.{}", encode(signature))
    }
}

async fn answer(mut stream: TcpStream, keys: &Value, configuration: &Value) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let document = if head.starts_with(b"GET /keys ") {
        keys
    } else {
        configuration
    };
    let body = document.to_string();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
