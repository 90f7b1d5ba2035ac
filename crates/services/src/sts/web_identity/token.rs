use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use strongroom_crypto::JwsAlgorithm;

/// A JSON Web Token, taken apart. Nothing it says is proven before its
/// signature is.
///
/// Source: RFC 7519, RFC 7515.
pub(super) struct Token {
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    claims: Map<String, Value>,
    /// What is signed.
    signed: String,
    signature: Vec<u8>,
}

impl Token {
    /// Takes a token apart; nothing if it is none, or signed by an algorithm
    /// that is not taken: `none` and the symmetric ones.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let signed = text.get(..header.len() + 1 + claims.len())?.to_owned();
        let header = object(header)?;
        // Extensions that must be understood are not.
        if header.contains_key("crit") {
            return None;
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        Some(Self {
            algorithm: JwsAlgorithm::named(header.get("alg")?.as_str()?)?,
            key_id,
            claims: object(claims)?,
            signed,
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    pub(super) fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Which of the provider's keys signed, if the token says.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(super) fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// A claim that is one text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.claim(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A claim that is one text or a list of them.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.claim(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The claims whose names begin so, with the rest of the name.
    pub(super) fn claims_under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.claims
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// A claim that is a time, in seconds since the epoch, or nothing if there
    /// is none.
    ///
    /// # Errors
    /// If it is no time of this age: no number, before the epoch, or past the
    /// year 9999.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<i64>, NoTime> {
        const YEAR_10_000: f64 = 253_402_300_800.0;
        let Some(value) = self.claim(name) else {
            return Ok(None);
        };
        let seconds = value.as_f64().ok_or(NoTime)?;
        if !(0.0..YEAR_10_000).contains(&seconds) {
            return Err(NoTime);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a fraction of a second does not matter, and the rest fits"
        )]
        Ok(Some(seconds as i64))
    }
}

/// A claim is there that should be a time, and is none.
#[derive(Debug, PartialEq)]
pub(super) struct NoTime;

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(header), part(claims), part("signature"))
    }

    #[test]
    fn what_is_no_token() {
        let claims = r#"{"iss":"a"}"#;
        let good = token(r#"{"alg":"RS256","kid":"1"}"#, claims);
        let parsed = Token::parse(&good).unwrap();
        assert_eq!(parsed.text("iss"), Some("a"));
        assert_eq!(parsed.key_id(), Some("1"));
        assert_eq!(
            Some(parsed.signed()),
            good.as_bytes().get(..good.rfind('.').unwrap())
        );
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":"RS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r"{}",
            "[]",
        ] {
            assert!(Token::parse(&token(header, claims)).is_none(), "{header}");
        }
        assert!(Token::parse(&format!("{good}.x")).is_none());
        assert!(Token::parse(&format!("{good}=")).is_none());
    }

    #[test]
    fn times_are_of_this_age() {
        let read = |value: &str| {
            let claims = format!(r#"{{"exp":{value}}}"#);
            let token = Token::parse(&token(r#"{"alg":"ES256"}"#, &claims))?;
            Some(token.seconds("exp"))
        };
        for (value, seconds) in [
            ("0", 0),
            ("1795870000", 1_795_870_000),
            ("1795870000.9", 1_795_870_000),
            ("1.79587e9", 1_795_870_000),
            ("253402300799", 253_402_300_799),
        ] {
            assert_eq!(read(value), Some(Ok(Some(seconds))), "{value}");
        }
        for value in [
            "-1",
            "-0.5",
            "-1e300",
            "1e300",
            "253402300800",
            "9223372036854775807",
            "18446744073709551615",
            "null",
            "true",
            "\"1795870000\"",
            "[1795870000]",
            "{}",
        ] {
            assert_eq!(read(value), Some(Err(NoTime)), "{value}");
        }
        // Beyond what JSON readers take for a number it is no document.
        assert_eq!(read("1e400"), None);
        let none = Token::parse(&token(r#"{"alg":"ES256"}"#, "{}")).unwrap();
        assert_eq!(none.seconds("exp"), Ok(None));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_without_panic(text in "[a-zA-Z0-9_.-]{0,200}") {
            let _ = Token::parse(&text);
        }

        #[test]
        fn any_claims_are_read_without_panic(claims in ".{0,100}", seconds in any::<f64>()) {
            let _ = Token::parse(&token(r#"{"alg":"ES256"}"#, &claims));
            let claims = format!(r#"{{"exp":{seconds:?}}}"#);
            if let Some(token) = Token::parse(&token(r#"{"alg":"ES256"}"#, &claims)) {
                let _ = token.seconds("exp");
            }
        }
    }
}
