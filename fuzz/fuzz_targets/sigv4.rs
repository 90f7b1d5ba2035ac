//! Signatures: what a stranger says about one, and what a client's own
//! signature survives.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use strongroom_fuzz::NOW;
use strongroom_sigv4::{
    Credentials, Request, SignatureError, Signed, SigningKey, presign, sign_headers,
};
use strongroom_types::Timestamp;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    form: Form,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
    /// Replaces the body after signing.
    other_body: Option<&'a [u8]>,
}

#[derive(Arbitrary, Debug)]
enum Form {
    /// Whatever the input says.
    AsItIs,
    /// Signed in the header.
    Header,
    /// Signed in the query.
    Query,
}

fuzz_target!(|input: Input| {
    let now: Timestamp = NOW.parse().unwrap();
    let mut headers = input.headers.clone();
    if !matches!(input.form, Form::AsItIs) {
        headers.push(("host", b"localhost:7443"));
    }
    let plain = Request {
        method: input.method,
        path: input.path,
        query: input.query,
        headers: &headers,
        body: input.body,
    };
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: SECRET,
        session_token: None,
        region: "us-east-1",
        service: "secretsmanager",
    };
    match input.form {
        Form::AsItIs => drop(verify(plain, now)),
        Form::Header => {
            let added = sign_headers(&plain, &credentials, now).unwrap();
            let mut signed = headers.clone();
            signed.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
            let request = Request {
                headers: &signed,
                ..plain
            };
            check(request, &headers, &input, now);
        }
        Form::Query => {
            let query = presign(&plain, &credentials, now, 60).unwrap();
            let request = Request {
                query: &query,
                ..plain
            };
            check(request, &headers, &input, now);
        }
    }
});

/// A request that was signed here must verify, unless it holds what no honest
/// client would sign; with another body it must not.
fn check(request: Request<'_>, headers: &[(&str, &[u8])], input: &Input<'_>, now: Timestamp) {
    let honest = input.path.starts_with('/')
        && input.path.is_ascii()
        && !input.query.to_ascii_lowercase().contains("amz")
        && !input.query.contains('%')
        && input.headers.is_empty()
        && request.path.len() < 1024
        && request.query.len() < 4096;
    let outcome = verify(request, now);
    if honest {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    if outcome.is_ok()
        && let Some(body) = input.other_body
        && body != input.body
    {
        let other = verify(Request { body, ..request }, now);
        assert_eq!(other.unwrap_err(), SignatureError::Mismatch);
    }
    assert!(headers.len() <= request.headers.len());
}

fn verify(request: Request<'_>, now: Timestamp) -> Result<(), SignatureError> {
    let outcome = Signed::parse(request, now).and_then(|signed| {
        // Whatever the scope says, the rest must hold as well.
        let scope = signed.check_scope("secretsmanager", |region| region == "us-east-1");
        let key = SigningKey::derive(
            SECRET.as_bytes(),
            signed.date(),
            signed.region(),
            signed.service(),
        );
        let verified = signed.verify_signature(&key);
        let _ = signed.string_to_sign();
        scope.and(verified)
    });
    if let Err(error) = &outcome {
        assert!(!error.to_string().is_empty());
        assert!(!error.json_code().is_empty());
    }
    outcome
}
