//! What a request says about its signature, found but not yet judged.

use std::borrow::Cow;

use memchr::memchr2;

use crate::{
    SignatureError, canonical::SIGNATURE_PARAMETER, encoding, request, request::Request,
    signed::Form,
};

/// The parameters of a signature, as sent (header form) or decoded (query
/// form). Bytes that are not UTF-8 are replaced: such a value names nothing
/// that exists, and the signature is computed from the bytes as sent.
pub(crate) struct Parameters<'a> {
    pub(crate) form: Form,
    pub(crate) algorithm: Cow<'a, str>,
    pub(crate) credential: Cow<'a, str>,
    pub(crate) signed_headers: Cow<'a, str>,
    pub(crate) signature: Cow<'a, str>,
    /// The date and whether it may be in the format of RFC 2822.
    pub(crate) date: (Cow<'a, str>, bool),
    pub(crate) expires: Option<Cow<'a, str>>,
    pub(crate) session_token: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    /// Finds the parameters in the `Authorization` header or in the query.
    pub(crate) fn find(request: &Request<'a>) -> Result<Self, SignatureError> {
        let authorization = request.header("authorization");
        let in_query = QueryParameters::collect(request.query);
        match (authorization, in_query.algorithm.is_some()) {
            (Some(_), true) => Err(SignatureError::BothForms),
            (Some(authorization), false) => Self::from_header(request, authorization),
            (None, true) => in_query.finish(request),
            (None, false) => Err(SignatureError::MissingAuthenticationToken),
        }
    }

    fn from_header(request: &Request<'a>, header: &'a [u8]) -> Result<Self, SignatureError> {
        let header = str::from_utf8(header)
            .ok()
            .map(str::trim_ascii)
            .filter(|header| header.starts_with("AWS4-"))
            .ok_or(SignatureError::MissingAuthenticationToken)?;
        request::within(
            "the length of the Authorization header",
            header.len(),
            request::MAX_AUTHORIZATION_BYTES,
        )?;
        // Recorded from AWS: blanks separate as commas do, so that `Credential= x`
        // is an empty credential and a part without `=`.
        let mut parts = parts(header);
        let algorithm = parts.next().unwrap_or_default();
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in parts {
            let (name, value) =
                part.split_once('=')
                    .ok_or_else(|| SignatureError::MalformedPair {
                        part: part.to_owned(),
                        authorization: header.to_owned(),
                    })?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        let amz_date = request.header("x-amz-date").map(|date| (date, false));
        let date = amz_date.or_else(|| request.header("date").map(|date| (date, true)));

        match (credential, signature, signed_headers, date) {
            (Some(credential), Some(signature), Some(signed_headers), Some((date, rfc2822))) => {
                Ok(Self {
                    form: Form::Header,
                    algorithm: algorithm.into(),
                    credential: credential.into(),
                    signed_headers: signed_headers.into(),
                    signature: signature.into(),
                    date: (text(date.trim_ascii()), rfc2822),
                    expires: None,
                    session_token: header_token(request),
                })
            }
            (credential, signature, signed_headers, date) => {
                let mut message = String::new();
                for (part, missing) in [
                    ("'Credential' parameter", credential.is_none()),
                    ("'Signature' parameter", signature.is_none()),
                    ("'SignedHeaders' parameter", signed_headers.is_none()),
                    (
                        "existence of either a 'X-Amz-Date' or a 'Date' header",
                        date.is_none(),
                    ),
                ] {
                    if missing {
                        message.push_str("Authorization header requires ");
                        message.push_str(part);
                        message.push_str(". ");
                    }
                }
                message.push_str("Authorization=");
                message.push_str(header);
                Err(SignatureError::Incomplete { message })
            }
        }
    }
}

/// What stands between commas and blanks.
fn parts(header: &str) -> impl Iterator<Item = &str> {
    let mut rest = header;
    std::iter::from_fn(move || {
        loop {
            let end = memchr2(b',', b' ', rest.as_bytes());
            let part = rest.get(..end.unwrap_or(rest.len()))?;
            rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
            if !part.is_empty() {
                return Some(part);
            }
            end?;
        }
    })
}

/// The session token that travels beside the signature. It needs no signature
/// of its own: another token means another secret.
fn header_token<'a>(request: &Request<'a>) -> Option<Cow<'a, str>> {
    request
        .header("x-amz-security-token")
        .map(|token| text(token.trim_ascii()))
}

/// The first value of each parameter that a presigned request carries.
#[derive(Default)]
struct QueryParameters<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    session_token: Option<Cow<'a, str>>,
}

impl<'a> QueryParameters<'a> {
    fn collect(query: &'a str) -> Self {
        let mut found = Self::default();
        for (name, value) in encoding::pairs(query) {
            let name = decode(name);
            let place = match name.as_ref() {
                "X-Amz-Algorithm" => &mut found.algorithm,
                "X-Amz-Credential" => &mut found.credential,
                SIGNATURE_PARAMETER => &mut found.signature,
                "X-Amz-SignedHeaders" => &mut found.signed_headers,
                "X-Amz-Date" => &mut found.date,
                "X-Amz-Expires" => &mut found.expires,
                "X-Amz-Security-Token" => &mut found.session_token,
                _ => continue,
            };
            place.get_or_insert_with(|| decode(value));
        }
        found
    }

    fn finish(self, request: &Request<'a>) -> Result<Parameters<'a>, SignatureError> {
        match (
            self.algorithm,
            self.credential,
            self.signature,
            self.signed_headers,
            self.date,
        ) {
            (
                Some(algorithm),
                Some(credential),
                Some(signature),
                Some(signed_headers),
                Some(date),
            ) => Ok(Parameters {
                form: Form::Query,
                algorithm,
                credential,
                signed_headers,
                signature,
                date: (date, false),
                expires: self.expires,
                session_token: self.session_token.or_else(|| header_token(request)),
            }),
            (algorithm, credential, signature, signed_headers, date) => {
                let mut message = String::new();
                for (name, missing) in [
                    ("X-Amz-Algorithm", algorithm.is_none()),
                    ("X-Amz-Credential", credential.is_none()),
                    (SIGNATURE_PARAMETER, signature.is_none()),
                    ("X-Amz-SignedHeaders", signed_headers.is_none()),
                    ("X-Amz-Date", date.is_none()),
                ] {
                    if missing {
                        message.push_str("AWS query-string parameters must include '");
                        message.push_str(name);
                        message.push_str("'. ");
                    }
                }
                message.push_str("Re-examine the query-string parameters.");
                Err(SignatureError::Incomplete { message })
            }
        }
    }
}

/// A header's value as text. Valid text is the rule, and checked far faster
/// than the lossy conversion does.
fn text(value: &[u8]) -> Cow<'_, str> {
    str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed)
}

/// `text` decoded, borrowed if it was not encoded.
fn decode(text: &str) -> Cow<'_, str> {
    if text.contains(['%', '+']) {
        let bytes: Vec<u8> = encoding::decode(text).collect();
        String::from_utf8_lossy(&bytes).into_owned().into()
    } else {
        text.into()
    }
}
