//! AWS's own signer signs, this crate verifies; one change, and it refuses.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        sign,
    },
    sign::v4::SigningParams,
};
use proptest::prelude::*;
use strongroom_sigv4::{Credentials, presign, sign_headers};
use strongroom_types::Timestamp;

use crate::support::{CREDENTIALS, OwnedRequest, at};

const HOST: &str = "example.amazonaws.com:7443";
const EXPIRES_SECONDS: u32 = 3600;

#[derive(Clone, Copy, Debug)]
enum Form {
    Header,
    HeaderWithChecksum,
    Query,
}

/// Adds to `request` what AWS's signer adds.
fn aws_signs(
    mut request: OwnedRequest,
    form: Form,
    credentials: &Credentials<'_>,
    now: Timestamp,
) -> OwnedRequest {
    let mut settings = SigningSettings::default();
    match form {
        Form::Header => {}
        Form::HeaderWithChecksum => {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        Form::Query => {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(EXPIRES_SECONDS.into()));
        }
    }
    let identity = AwsCredentials::from_keys(
        credentials.access_key_id,
        credentials.secret_access_key,
        credentials.session_token.map(str::to_owned),
    )
    .into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(credentials.region)
        .name(credentials.service)
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .unwrap()
        .into();

    let uri = format!("https://{HOST}{}?{}", request.path, request.query);
    let headers = request.headers.clone();
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), str::from_utf8(value).unwrap()));
    let signable = SignableRequest::new(
        &request.method,
        uri,
        headers,
        SignableBody::Bytes(&request.body),
    );
    let (instructions, _) = sign(signable.unwrap(), &parameters).unwrap().into_parts();
    let (added, parameters) = instructions.into_parts();
    for header in &added {
        request = request.with(header.name(), header.value());
    }
    for (name, value) in parameters {
        if !request.query.is_empty() {
            request.query.push('&');
        }
        request.query += &format!("{name}={}", encoded(&value));
    }
    request
}

fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value
        .bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Characters as a URL carries them: plain, odd but allowed, encoded.
fn url_text(max: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-zA-Z0-9._~-]",
        4 => "[@:,;!$'()*]",
        2 => any::<char>().prop_map(|c| encoded(&c.to_string())),
    ];
    prop::collection::vec(piece, 0..max).prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => url_text(6),
        1 => Just(String::new()),
        1 => Just(".".to_owned()),
        1 => Just("..".to_owned()),
    ];
    prop::collection::vec(segment, 0..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn query() -> impl Strategy<Value = String> {
    let pair =
        (url_text(4), prop::option::of(url_text(6)), "[+]?").prop_map(|(name, value, plus)| {
            match value {
                Some(value) => format!("{name}{plus}={value}{plus}"),
                None => name,
            }
        });
    prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        Just("Accept"),
        Just("Content-Type"),
        Just("My-Header1"),
        Just("my-header2"),
        Just("X-Amz-Target"),
        Just("User-Agent"),
    ];
    let value = "[ -~]{0,20}";
    prop::collection::vec((name, value), 0..8).prop_map(|headers| {
        headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect()
    })
}

prop_compose! {
    fn request()(
        method in prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("DELETE")],
        path in path(),
        query in query(),
        headers in headers(),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) -> OwnedRequest {
        OwnedRequest { method: method.to_owned(), path, query, headers, body }.with("Host", HOST)
    }
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Header),
        Just(Form::HeaderWithChecksum),
        Just(Form::Query)
    ]
}

fn credentials() -> impl Strategy<Value = Credentials<'static>> {
    let token = prop_oneof![Just(None), Just(Some("IQoJb3JpZ2luX2VjE//+==/example"))];
    token.prop_map(|session_token| Credentials {
        session_token,
        ..CREDENTIALS
    })
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..4_102_444_800_i64).prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// One change that alters what a request means or says of its signature.
fn mutate(request: &mut OwnedRequest, form: Form, mutation: usize) {
    let in_header = !matches!(form, Form::Query);
    match mutation {
        0 => request.method = "PATCH".to_owned(),
        1 => request.path.push('x'),
        2 => request.query = format!("x=1&{}", request.query),
        3 => request.query.push_str("&x"),
        4 => request.value("host").push(b'0'),
        5 => *request = request.clone().without("host").with("Host", "elsewhere"),
        6 => *request = request.clone().with("host", "elsewhere"),
        7 => *request = request.clone().with("X-Amz-Target", "more"),
        8 => request.body.push(b' '),
        9 => {
            request
                .body
                .pop()
                .map_or_else(|| request.body.push(b'{'), drop);
        }
        // The day, the second, the Region and the service; the key, the term.
        _ => {
            let places = [
                "AKIDEXAMPLE",
                "us-east-1",
                "secretsmanager",
                "aws4_request",
                "Signature=",
                "SignedHeaders=",
                "AWS4-HMAC-SHA256",
            ];
            let place = places[mutation - 10];
            if in_header {
                *request = request.clone().authorization(place, &format!("{place}0"));
            } else {
                assert!(
                    request.query.contains(place),
                    "no `{place}` in `{}`",
                    request.query
                );
                request.query = request.query.replace(place, &format!("{place}0"));
            }
        }
    }
}

const MUTATIONS: usize = 17;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn accepts_what_aws_signs(
        request in request(),
        form in form(),
        credentials in credentials(),
        now in moment(),
    ) {
        let signed = aws_signs(request, form, &credentials, now);
        prop_assert_eq!(signed.verify(&credentials, now), Ok(()), "{:?}", signed);
    }

    #[test]
    fn signs_as_aws_does(request in request(), credentials in credentials(), now in moment()) {
        let by_aws = aws_signs(request.clone(), Form::Header, &credentials, now)
            .value("authorization")
            .clone();
        let by_us = request.view(|request| sign_headers(&request, &credentials, now).unwrap());
        prop_assert_eq!(&String::from_utf8(by_aws).unwrap(), &by_us[0].1);

        let by_aws = aws_signs(request.clone(), Form::Query, &credentials, now).query;
        let by_us = request
            .view(|request| presign(&request, &credentials, now, EXPIRES_SECONDS).unwrap());
        let signature = |query: &str| query.split_once("X-Amz-Signature=").unwrap().1[..64].to_owned();
        prop_assert_eq!(signature(&by_aws), signature(&by_us));
    }

    #[test]
    fn refuses_any_change(
        request in request(),
        form in form(),
        credentials in credentials(),
        now in moment(),
        mutation in 0..MUTATIONS,
    ) {
        let signed = aws_signs(request, form, &credentials, now);
        let mut changed = signed.clone();
        mutate(&mut changed, form, mutation);
        prop_assert_ne!(&signed, &changed);
        prop_assert!(changed.verify(&credentials, now).is_err(), "{:?}", changed);
    }

    /// Every signed header counts, each of its values and their order.
    #[test]
    fn refuses_any_change_of_a_signed_header(
        request in request(),
        form in form(),
        now in moment(),
        place in any::<prop::sample::Index>(),
        remove in any::<bool>(),
    ) {
        let mut changed = aws_signs(request, form, &CREDENTIALS, now);
        let signed: Vec<_> = (0..changed.headers.len())
            .filter(|place| {
                let name = &changed.headers[*place].0;
                !["User-Agent", "authorization"].contains(&name.as_str())
            })
            .collect();
        let place = signed[place.index(signed.len())];
        if remove {
            changed.headers.remove(place);
        } else {
            changed.headers[place].1.push(b'x');
        }
        prop_assert!(changed.verify(&CREDENTIALS, now).is_err(), "{:?}", changed);
    }

    /// The date is signed, and the signature is good for a while only.
    #[test]
    fn refuses_another_time(request in request(), form in form(), seconds in 1..100_000_i64) {
        let now = at("2026-11-01T00:00:00Z");
        let mut signed = aws_signs(request, form, &CREDENTIALS, now);
        let later = Timestamp::from_second(now.as_second() + seconds).unwrap();
        let earlier = Timestamp::from_second(now.as_second() - seconds).unwrap();
        let lifetime = if matches!(form, Form::Query) { EXPIRES_SECONDS.into() } else { 900 };
        prop_assert_eq!(signed.verify(&CREDENTIALS, later).is_ok(), seconds <= lifetime);
        prop_assert_eq!(signed.verify(&CREDENTIALS, earlier).is_ok(), seconds <= 900);

        if matches!(form, Form::Query) {
            signed.query = signed.query.replace("20261101T000000Z", "20261101T000001Z");
        } else {
            *signed.value("x-amz-date") = b"20261101T000001Z".to_vec();
        }
        prop_assert!(signed.verify(&CREDENTIALS, now).is_err());
    }
}
