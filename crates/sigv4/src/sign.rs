use std::fmt;

use jiff::Timestamp;

use crate::{
    ALGORITHM, SigningKey, TERMINATOR,
    canonical::{self, SIGNATURE_PARAMETER, StringToSign},
    date, encoding,
    request::Request,
};

/// Headers that are left out of a signature because proxies and HTTP libraries
/// change them, and `Authorization` itself.
const NEVER_SIGNED: [&str; 7] = [
    "authorization",
    "connection",
    "expect",
    "te",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// What a client signs with, and for which scope.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The session token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// The Region of the scope.
    pub region: &'a str,
    /// The service of the scope, by its signing name.
    pub service: &'a str,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// The request has no `Host` header, without which nothing can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request to sign needs a `Host` header")]
pub struct MissingHost;

/// Signs `request` in the header form: the headers to add to it, names in lower
/// case. All its headers are signed except those that proxies change.
///
/// # Errors
///
/// `MissingHost` if there is no such header.
pub fn sign_headers(
    request: &Request<'_>,
    credentials: &Credentials<'_>,
    at: Timestamp,
) -> Result<Vec<(&'static str, String)>, MissingHost> {
    let scope = Scope::new(credentials, at);
    let mut headers = signable(request)?;
    headers.push(("x-amz-date", scope.stamp.as_bytes()));
    if let Some(token) = credentials.session_token {
        headers.push(("x-amz-security-token", token.as_bytes()));
    }
    let signed_headers = names(&headers);
    let signature = scope.sign(
        &Request {
            headers: &headers,
            ..*request
        },
        &signed_headers,
    );

    let authorization = format!(
        "{ALGORITHM} Credential={}, SignedHeaders={signed_headers}, Signature={signature}",
        scope.credential(),
    );
    let mut added = vec![
        ("authorization", authorization),
        ("x-amz-date", scope.stamp.clone()),
    ];
    if let Some(token) = credentials.session_token {
        added.push(("x-amz-security-token", token.to_owned()));
    }
    Ok(added)
}

/// Signs `request` in the query form: the query to send instead of its own,
/// good for `expires_seconds` (1 to 604800).
///
/// # Errors
///
/// `MissingHost` if there is no such header.
pub fn presign(
    request: &Request<'_>,
    credentials: &Credentials<'_>,
    at: Timestamp,
    expires_seconds: u32,
) -> Result<String, MissingHost> {
    let scope = Scope::new(credentials, at);
    let headers = signable(request)?;
    let signed_headers = names(&headers);

    let mut query = request.query.to_owned();
    let mut add = |name: &str, value: &str| {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(&encoding::encode(value));
    };
    add("X-Amz-Algorithm", ALGORITHM);
    add("X-Amz-Credential", &scope.credential());
    add("X-Amz-Date", &scope.stamp);
    add("X-Amz-Expires", &expires_seconds.to_string());
    if let Some(token) = credentials.session_token {
        add("X-Amz-Security-Token", token);
    }
    add("X-Amz-SignedHeaders", &signed_headers);

    let to_sign = Request {
        query: &query,
        headers: &headers,
        ..*request
    };
    let signature = scope.sign(&to_sign, &signed_headers);
    Ok(format!("{query}&{SIGNATURE_PARAMETER}={signature}"))
}

/// Credentials at a moment.
struct Scope<'a> {
    credentials: &'a Credentials<'a>,
    stamp: String,
}

impl<'a> Scope<'a> {
    fn new(credentials: &'a Credentials<'a>, at: Timestamp) -> Self {
        let stamp = date::basic(at).to_string();
        Self { credentials, stamp }
    }

    fn date(&self) -> &str {
        self.stamp.get(..8).unwrap_or_default()
    }

    fn credential(&self) -> String {
        let Credentials {
            access_key_id,
            region,
            service,
            ..
        } = self.credentials;
        format!(
            "{access_key_id}/{}/{region}/{service}/{TERMINATOR}",
            self.date()
        )
    }

    /// The signature of `request`, all of whose headers are in `signed_headers`.
    fn sign(&self, request: &Request<'_>, signed_headers: &str) -> String {
        let Credentials {
            secret_access_key,
            region,
            service,
            ..
        } = *self.credentials;
        let payload_hash = canonical::hash(request.body);
        // Every name was taken from the headers, so that none is absent.
        let canonical_request =
            canonical::canonical_request(request, signed_headers, &payload_hash, false)
                .unwrap_or_default();
        let to_sign = StringToSign {
            stamp: &self.stamp,
            date: self.date(),
            region,
            service,
            canonical_request_hash: canonical::hash(&canonical_request),
        };
        let key = SigningKey::derive(secret_access_key.as_bytes(), self.date(), region, service);
        let signature = encoding::hex(&key.sign(&to_sign.text()));
        signature.map(char::from).iter().collect()
    }
}

/// The headers to sign: without those that are never signed or that signing
/// itself adds.
fn signable<'a>(request: &Request<'a>) -> Result<Vec<(&'a str, &'a [u8])>, MissingHost> {
    request.header("host").ok_or(MissingHost)?;
    let left_out = |name: &str| {
        let ours = ["x-amz-date", "x-amz-security-token"];
        NEVER_SIGNED
            .iter()
            .chain(&ours)
            .any(|left_out| name.eq_ignore_ascii_case(left_out))
    };
    Ok(request
        .headers
        .iter()
        .filter(|(name, _)| !left_out(name))
        .copied()
        .collect())
}

/// The names of `headers` as `SignedHeaders` lists them.
fn names(headers: &[(&str, &[u8])]) -> String {
    let mut names: Vec<_> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(";")
}
