//! AWS Signature Version 4: parse, canonicalize, verify, sign.
//!
//! A request arrives as a borrowed [`Request`]; nothing here knows of HTTP
//! libraries, stores or clocks. Verification has three steps, so that failures
//! come in AWS's order and the key is looked up between the second and third:
//!
//! ```
//! # use strongroom_sigv4::{Request, SignatureError, Signed, SigningKey};
//! # use strongroom_types::Timestamp;
//! # fn secret_of(_access_key_id: &str) -> &'static [u8] { b"secret" }
//! fn authenticate(request: Request<'_>, now: Timestamp) -> Result<String, SignatureError> {
//!     // Checks 1 to 7: form, parameters, date, skew, signed headers, algorithm.
//!     let signed = Signed::parse(request, now)?;
//!     // Check 8: Region, service, terminator, date of the credential scope.
//!     signed.check_scope("secretsmanager", |region| region == "eu-central-1")?;
//!     // Check 9 is the caller's: find the key, or refuse the token.
//!     let secret = secret_of(signed.access_key_id());
//!     let key = SigningKey::derive(secret, signed.date(), signed.region(), signed.service());
//!     // Check 10: the signature over method, path, query, headers and body.
//!     signed.verify_signature(&key)?;
//!     Ok(signed.access_key_id().to_owned())
//! }
//! ```
//!
//! [`SigningKeyCache`] spares the derivation, [`sign_headers`] and [`presign`]
//! are the client's side over the same canonicalisation.
//!
//! # What must be signed
//!
//! `Host`, and every `X-Amz-*` header that is present, for `X-Amz-Target`
//! decides what a request does. Free are only those whose change cannot alter
//! the meaning: `X-Amz-Date` and `X-Amz-Content-Sha256` (bound by the string
//! to sign and by the payload hash), `X-Amz-Security-Token` (another token
//! means another key), `X-Amz-User-Agent` and `X-Amz-Cf-Id` (SDKs leave out
//! the one, a content network adds the other). `Content-Type` may be unsigned
//! because the PHP SDK never signs it; a header that is listed but absent is a
//! mismatch, not an empty value.
//!
//! The body is always hashed. `X-Amz-Content-Sha256` must agree with that
//! hash, which refuses `UNSIGNED-PAYLOAD` and every `STREAMING-` value.
//!
//! # Bounds
//!
//! The caller bounds body and header bytes. Here: [`MAX_HEADERS`],
//! [`MAX_SIGNED_HEADERS`], [`MAX_AUTHORIZATION_BYTES`], [`MAX_PATH_BYTES`],
//! [`MAX_QUERY_BYTES`] and [`MAX_QUERY_PARAMETERS`]; past them a request is
//! refused before anything is hashed.
//!
//! Source: IAM User Guide, "Create a signed AWS API request"; order and texts
//! of the failures as recorded from JSON-protocol services.

mod cache;
mod canonical;
mod date;
mod encoding;
mod error;
mod key;
mod parameters;
mod request;
mod sign;
mod signed;

pub use cache::{KeyName, SigningKeyCache};
pub use error::{ErrorKind, SignatureError};
pub use key::SigningKey;
pub use request::{
    MAX_AUTHORIZATION_BYTES, MAX_HEADERS, MAX_PATH_BYTES, MAX_QUERY_BYTES, MAX_QUERY_PARAMETERS,
    MAX_SIGNED_HEADERS, Request,
};
pub use sign::{Credentials, MissingHost, presign, sign_headers};
pub use signed::{Form, Signed};

/// The only algorithm served.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Last element of every credential scope.
const TERMINATOR: &str = "aws4_request";
