//! What may differ between clients and is accepted, and what the crate shows.

use strongroom_sigv4::{Credentials, MissingHost, SignatureError, Signed, presign, sign_headers};

use crate::support::{CREDENTIALS, NOW, OwnedRequest, at, key, presigned, replaced, signed};

#[test]
fn presigned_requests_live_as_long_as_they_say_but_not_at_sts() {
    let lives_until = |request: &OwnedRequest| {
        request.view(|request| Signed::parse(request, at(NOW)).unwrap().expires_at())
    };
    assert_eq!(
        lives_until(&presigned("secretsmanager", 604_800)),
        at("2015-09-06T12:36:00Z")
    );
    assert_eq!(
        lives_until(&presigned("secretsmanager", 1)),
        at("2015-08-30T12:36:01Z")
    );
    assert_eq!(
        lives_until(&presigned("sts", 60)),
        at("2015-08-30T12:51:00Z")
    );
    assert_eq!(
        lives_until(&presigned("sts", 604_800)),
        at("2015-08-30T12:51:00Z")
    );
    let without = replaced(presigned("secretsmanager", 60), "&X-Amz-Expires=60", "");
    assert_eq!(lives_until(&without), at("2015-08-30T12:51:00Z"));
    assert_eq!(without.failure(at(NOW)), SignatureError::Mismatch);
}

#[test]
fn headers_that_may_come_unsigned() {
    let request = signed()
        .with("X-Amz-User-Agent", "aws-sdk-php")
        .with("X-Amz-Cf-Id", "abc")
        .with("X-Amzn-Trace-Id", "Root=1")
        .with("X-Forwarded-For", "192.0.2.1");
    assert_eq!(request.verify(&CREDENTIALS, at(NOW)), Ok(()));
    // The PHP SDK leaves this one out.
    let request = OwnedRequest::list_secrets()
        .without("content-type")
        .signed(&CREDENTIALS, at(NOW))
        .with("Content-Type", "application/x-amz-json-1.1");
    assert_eq!(request.verify(&CREDENTIALS, at(NOW)), Ok(()));
}

#[test]
fn variants_that_clients_send() {
    // Commas without spaces, and the pseudo-header of HTTP/2.
    let compact = signed().authorization(", ", ",");
    assert_eq!(compact.verify(&CREDENTIALS, at(NOW)), Ok(()));

    // botocore, when the caller sets `Date`, sends it instead of `X-Amz-Date`:
    // the string to sign is the same, the signed headers differ.
    let mut dated = OwnedRequest::list_secrets()
        .with("Date", "Sun, 30 Aug 2015 12:36:00 -0000")
        .signed(&CREDENTIALS, at(NOW))
        .without("x-amz-date")
        .authorization(";x-amz-date", "");
    dated.view(|request| {
        let signed = Signed::parse(request, at(NOW)).unwrap();
        assert_eq!(signed.signed_at(), at(NOW));
        let to_sign = signed.string_to_sign().unwrap();
        assert!(to_sign.starts_with("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/"));
    });
    *dated.value("date") = b"Sun, 30 Aug 2015 11:36:00 GMT".to_vec();
    assert!(matches!(
        dated.failure(at(NOW)),
        SignatureError::Expired { .. }
    ));

    let authority = signed().authorization("content-type;host;", ":authority;content-type;");
    authority.view(|request| {
        let signed = Signed::parse(request, at(NOW)).unwrap();
        let canonical = String::from_utf8(signed.canonical_request().unwrap()).unwrap();
        assert!(canonical.contains("\n:authority:secretsmanager.us-east-1.amazonaws.com\n"));
    });
}

#[test]
fn signing_needs_a_host() {
    OwnedRequest::list_secrets()
        .without("host")
        .view(|request| {
            assert_eq!(
                sign_headers(&request, &CREDENTIALS, at(NOW)),
                Err(MissingHost)
            );
            assert_eq!(
                presign(&request, &CREDENTIALS, at(NOW), 60),
                Err(MissingHost)
            );
        });
}

#[test]
fn debug_shows_no_secret() {
    let credentials = Credentials {
        session_token: Some("the-token"),
        ..CREDENTIALS
    };
    let request = OwnedRequest::list_secrets().signed(&credentials, at(NOW));
    request.view(|request| {
        let signed = Signed::parse(request, at(NOW)).unwrap();
        let key = key(&signed, credentials.secret_access_key);
        let shown = format!("{credentials:?} {signed:?} {key:?}");
        assert!(!shown.contains("the-token"), "{shown}");
        assert!(!shown.contains(credentials.secret_access_key), "{shown}");
    });
}
