//! AWS's test suite: every case, in the header form and in the query form.

use std::{fs, path::Path};

use strongroom_sigv4::{Credentials, SignatureError, Signed, presign, sign_headers};

use crate::support::{OwnedRequest, at, key};

const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aws-signing-test-suite");

/// Cases that S3 alone accepts: it signs paths as they are, all other services
/// normalise. Here they must not match.
const PATH_AS_SENT: &[&str] = &[
    "get-relative-relative-unnormalized",
    "get-relative-unnormalized",
    "get-slash-dot-slash-unnormalized",
    "get-slash-pointless-dot-unnormalized",
    "get-slash-unnormalized",
    "get-slashes-unnormalized",
];

/// Cases of one form, without `context.json`.
const WITHOUT_CONTEXT: &[&str] = &["double-encode-path", "double-url-encode"];

/// Where a token in the query is not part of what is signed. Old services did
/// so; Secrets Manager, KMS, IAM and STS sign it. Here it must not match.
const QUERY_TOKEN_UNSIGNED: &[&str] = &["post-sts-header-after"];

fn read(case: &str, file: &str) -> String {
    let path = Path::new(SUITE).join(case).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The request written in a file of the suite. Lines that continue a header are
/// joined to it, as an HTTP library does before anyone sees the value.
fn request(case: &str, file: &str) -> OwnedRequest {
    let text = read(case, file);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let head = head.replace("\n ", " ");
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.map(|line| line.split_once(':').unwrap());
    OwnedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

fn cases() -> Vec<String> {
    let mut cases: Vec<_> = fs::read_dir(SUITE)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 40);
    cases
}

/// Runs `check` with each case and its `context.json`.
fn each_case(check: impl Fn(&str, &serde_json::Value)) {
    for case in cases() {
        if !WITHOUT_CONTEXT.contains(&case.as_str()) {
            check(
                &case,
                &serde_json::from_str(&read(&case, "context.json")).unwrap(),
            );
        }
    }
}

fn credentials(context: &serde_json::Value) -> Credentials<'_> {
    let text = |value: &'static str| context.pointer(value).and_then(|value| value.as_str());
    Credentials {
        access_key_id: text("/credentials/access_key_id").unwrap(),
        secret_access_key: text("/credentials/secret_access_key").unwrap(),
        session_token: text("/credentials/token"),
        region: text("/region").unwrap(),
        service: text("/service").unwrap(),
    }
}

/// Verifies the signed request of one case and form.
fn check(case: &str, form: &str, context: &serde_json::Value, refused: &[&[&str]]) {
    let credentials = credentials(context);
    let now = at(context["timestamp"].as_str().unwrap());
    request(case, &format!("{form}-signed-request.txt")).view(|request| {
        let signed = Signed::parse(request, now).unwrap();
        signed
            .check_scope("service", |region| region == "us-east-1")
            .unwrap();
        assert_eq!(signed.access_key_id(), credentials.access_key_id, "{case}");
        assert_eq!(signed.session_token(), credentials.session_token, "{case}");

        let result = signed.verify_signature(&key(&signed, credentials.secret_access_key));
        if refused.iter().any(|table| table.contains(&case)) {
            assert_eq!(result, Err(SignatureError::Mismatch), "{case}");
            return;
        }
        let canonical = String::from_utf8(signed.canonical_request().unwrap()).unwrap();
        assert_eq!(
            canonical,
            read(case, &format!("{form}-canonical-request.txt")),
            "{case}"
        );
        let to_sign = signed.string_to_sign().unwrap();
        assert_eq!(
            to_sign,
            read(case, &format!("{form}-string-to-sign.txt")),
            "{case}"
        );
        assert_eq!(result, Ok(()), "{case}");
    });
}

#[test]
fn accepts_every_signed_header() {
    each_case(|case, context| check(case, "header", context, &[PATH_AS_SENT]));
}

#[test]
fn accepts_every_presigned_query() {
    each_case(|case, context| {
        check(
            case,
            "query",
            context,
            &[PATH_AS_SENT, QUERY_TOKEN_UNSIGNED],
        );
    });
}

#[test]
fn signs_headers_as_aws_does() {
    each_case(|case, context| {
        if PATH_AS_SENT.contains(&case) {
            return;
        }
        let mut credentials = credentials(context);
        if context["omit_session_token"] == true {
            credentials.session_token = None;
        }
        let unsigned = request(case, "header-signed-request.txt").without("authorization");
        let now = at(context["timestamp"].as_str().unwrap());
        let added = unsigned.view(|request| sign_headers(&request, &credentials, now).unwrap());
        let (name, authorization) = &added[0];
        assert_eq!(*name, "authorization");
        let expected = read(case, "header-signature.txt");
        assert!(
            authorization.ends_with(&format!("Signature={expected}")),
            "{case}"
        );
    });
}

#[test]
fn presigns_as_aws_does() {
    each_case(|case, context| {
        if PATH_AS_SENT.contains(&case) || QUERY_TOKEN_UNSIGNED.contains(&case) {
            return;
        }
        let mut unsigned = request(case, "query-signed-request.txt");
        let kept: Vec<_> = unsigned
            .query
            .split('&')
            .filter(|pair| !pair.starts_with("X-Amz-"))
            .collect();
        unsigned.query = kept.join("&");
        let now = at(context["timestamp"].as_str().unwrap());
        let query =
            unsigned.view(|request| presign(&request, &credentials(context), now, 3600).unwrap());
        let expected = read(case, "query-signature.txt");
        assert!(
            query.ends_with(&format!("&X-Amz-Signature={expected}")),
            "{case}: {query}"
        );
    });
}

/// The two cases that are not of the common suite lack a context, and the
/// secret behind their signatures is not given.
#[test]
fn encodes_paths_twice() {
    for case in WITHOUT_CONTEXT {
        let signed = request(case, "header-signed-request.txt");
        let date = if *case == "double-encode-path" {
            "2015-08-30T12:36:00Z"
        } else {
            "2021-05-11T15:40:45Z"
        };
        signed.view(|request| {
            let signed = Signed::parse(request, at(date)).unwrap();
            let canonical = String::from_utf8(signed.canonical_request().unwrap()).unwrap();
            let expected = read(case, "header-canonical-request.txt");
            let path = |text: &str| text.lines().nth(1).unwrap().to_owned();
            assert_eq!(path(&canonical), path(&expected), "{case}");
        });
    }
}
