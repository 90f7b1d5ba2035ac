//! Nothing that a stranger sends makes the crate panic.

use proptest::prelude::*;
use strongroom_sigv4::{Form, Request, Signed, presign, sign_headers};
use strongroom_types::Timestamp;

use crate::support::{CREDENTIALS, NOW, OwnedRequest, SECRET, at, key};

/// Pieces that lead deep into the parsers, between arbitrary text.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\PC{0,6}",
        1 => "[ \t,;=/&%+.]{1,4}",
        1 => Just("AWS4-HMAC-SHA256 ".to_owned()),
        1 => Just("Credential=AKID/20150830/us-east-1/sts/aws4_request,".to_owned()),
        1 => Just("SignedHeaders=host;x-amz-date, ".to_owned()),
        1 => Just("Signature=00".to_owned()),
        1 => Just("&X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned()),
        1 => Just("&X-Amz-Credential=AKID%2F20150830%2Fus-east-1%2Fsts%2Faws4_request".to_owned()),
        1 => Just("&X-Amz-Date=20150830T123600Z".to_owned()),
        1 => Just("&X-Amz-Expires=".to_owned()),
        1 => Just("&X-Amz-SignedHeaders=host%3b&X-Amz-Signature=".to_owned()),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Authorization".to_owned()),
        Just("host".to_owned()),
        Just("X-Amz-Date".to_owned()),
        Just("Date".to_owned()),
        Just("X-Amz-Content-Sha256".to_owned()),
        Just("X-Amz-Security-Token".to_owned()),
        "\\PC{0,8}",
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        text().prop_map(String::into_bytes),
        Just(b"20150830T123600Z".to_vec()),
    ]
}

fn request() -> impl Strategy<Value = OwnedRequest> {
    let headers = prop::collection::vec((name(), value()), 0..8);
    let body = prop::collection::vec(any::<u8>(), 0..20);
    (text(), text(), text(), headers, body).prop_map(|(method, path, query, headers, body)| {
        OwnedRequest {
            method,
            path,
            query,
            headers,
            body,
        }
    })
}

fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        Just(at(NOW)),
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        any::<i32>().prop_map(|second| Timestamp::from_second(second.into()).unwrap()),
    ]
}

fn exercise(request: Request<'_>, now: Timestamp) {
    match Signed::parse(request, now) {
        Ok(signed) => {
            let _ = signed
                .check_scope("sts", |region| region.is_empty())
                .map_err(|e| e.to_string());
            let _ = signed.string_to_sign();
            assert!(signed.verify_signature(&key(&signed, SECRET)).is_err());
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(!error.json_code().is_empty());
        }
    }
    let _ = sign_headers(&request, &CREDENTIALS, now);
    let _ = presign(&request, &CREDENTIALS, now, u32::MAX);
}

proptest! {
    #[test]
    fn arbitrary_requests_do_not_panic(request in request(), now in moment()) {
        request.view(|request| exercise(request, now));
    }

    /// One part of a well-signed request at a time is replaced by noise.
    #[test]
    fn noise_in_one_place_does_not_panic(place in 0..6_usize, noise in text(), bytes in value()) {
        let now = at(NOW);
        let mut request = OwnedRequest::list_secrets().signed(&CREDENTIALS, now);
        match place {
            0 => request.method = noise,
            1 => request.path = noise,
            2 => request.query = noise,
            3 => *request.value("authorization") = bytes,
            4 => *request.value("x-amz-date") = bytes,
            _ => *request.value("host") = bytes,
        }
        request.view(|request| match Signed::parse(request, now) {
            Ok(signed) => drop(signed.verify_signature(&key(&signed, SECRET))),
            Err(error) => assert!(!error.to_string().is_empty()),
        });
    }

    /// `Signed` reads back what `presign` wrote.
    #[test]
    fn presigned_requests_verify(path in "/[a-z%/.]{0,10}", query in "[a-z=&%+]{0,20}") {
        let now = at(NOW);
        let mut request = OwnedRequest { path, query, ..OwnedRequest::list_secrets() };
        request.query = request.view(|request| presign(&request, &CREDENTIALS, now, 60).unwrap());
        prop_assert_eq!(request.verify(&CREDENTIALS, now), Ok(()));
        request.view(|request| {
            let signed = Signed::parse(request, now).unwrap();
            assert_eq!(signed.form(), Form::Query);
            assert_eq!(signed.expires_at(), at("2015-08-30T12:37:00Z"));
        });
    }
}
