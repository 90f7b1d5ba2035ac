//! Order and texts of the failures, row by row.

use strongroom_sigv4::{
    ErrorKind, MAX_HEADERS, MAX_QUERY_PARAMETERS, MAX_SIGNED_HEADERS, SignatureError,
};

use crate::support::{CREDENTIALS, NOW, OwnedRequest, at, presigned, replaced, signed};

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

#[track_caller]
fn check(request: &OwnedRequest, kind: ErrorKind, message: &str) {
    let error = request.failure(at(NOW));
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), kind);
}

#[track_caller]
fn incomplete(request: &OwnedRequest, message: &str) {
    check(request, ErrorKind::IncompleteSignature, message);
}

#[track_caller]
fn invalid(request: &OwnedRequest, message: &str) {
    check(request, ErrorKind::InvalidSignature, message);
}

#[track_caller]
fn missing(request: &OwnedRequest) {
    let message = "Request is missing Authentication Token";
    check(request, ErrorKind::MissingAuthenticationToken, message);
}

#[track_caller]
fn mismatch(request: &OwnedRequest) {
    assert_eq!(request.failure(at(NOW)), SignatureError::Mismatch);
}

#[test]
fn row_1_one_form_only() {
    let mut request = presigned("secretsmanager", 60).with("Authorization", "Bearer x");
    let message =
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
    invalid(&request, message);
    request.query = "X-Amz-Algorithm".to_owned();
    invalid(&request, message);
}

#[test]
fn row_2_no_signature() {
    missing(&OwnedRequest::list_secrets());
    for other in [
        "",
        "Bearer AWS4-",
        "Basic QVdTNA==",
        "aws4-hmac-sha256 Credential=a",
    ] {
        missing(&OwnedRequest::list_secrets().with("Authorization", other));
    }
    let mut request = signed();
    *request.value("authorization") = b"AWS4-HMAC-SHA256 Credential=\xff".to_vec();
    missing(&request);
    missing(&replaced(
        presigned("secretsmanager", 60),
        "X-Amz-Algorithm",
        "x-amz-algorithm",
    ));
}

#[test]
fn row_3_missing_parts_of_the_header() {
    let header = "AWS4-HMAC-SHA512 Other=x";
    let request = OwnedRequest::list_secrets().with("Authorization", header);
    incomplete(
        &request,
        "Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. \
         Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         Authorization=AWS4-HMAC-SHA512 Other=x",
    );
    incomplete(
        &request.with("X-Amz-Date", "soon"),
        "Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. \
         Authorization=AWS4-HMAC-SHA512 Other=x",
    );
    let mut request = signed().without("x-amz-date");
    let header = String::from_utf8(request.value("authorization").clone()).unwrap();
    incomplete(
        &request,
        &format!(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
             Authorization={header}"
        ),
    );
}

#[test]
fn row_3_a_part_without_equal_sign() {
    let request = OwnedRequest::list_secrets().with(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential= AKID/1/2/3/4, Signature=x",
    );
    incomplete(
        &request,
        "'AKID/1/2/3/4' not a valid key=value pair (missing equal-sign) in Authorization header: \
         'AWS4-HMAC-SHA256 Credential= AKID/1/2/3/4, Signature=x'.",
    );
}

#[test]
fn row_3_missing_parts_of_the_query() {
    let mut request = OwnedRequest::list_secrets();
    request.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256".to_owned();
    incomplete(
        &request,
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters \
         must include 'X-Amz-Signature'. AWS query-string parameters must include \
         'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. \
         Re-examine the query-string parameters.",
    );
    incomplete(
        &replaced(presigned("secretsmanager", 60), "X-Amz-Date", "X-Amz-Day"),
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string \
         parameters.",
    );
}

#[test]
fn row_4_date_format() {
    let message = |date: &str| {
        format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. \
             See http://en.wikipedia.org/wiki/ISO_8601"
        )
    };
    for date in ["", "2015-08-30T12:36:00Z", "Sun, 30 Aug 2015 12:36:00 GMT"] {
        let mut request = signed();
        *request.value("x-amz-date") = date.as_bytes().to_vec();
        incomplete(&request, &message(date));
    }
    incomplete(
        &signed().without("x-amz-date").with("Date", "today"),
        &message("today"),
    );
    incomplete(
        &replaced(
            presigned("secretsmanager", 60),
            "20150830T123600Z",
            "now%21",
        ),
        &message("now!"),
    );
}

#[test]
fn row_4_skew() {
    let request = signed();
    for accepted in ["2015-08-30T12:51:00Z", "2015-08-30T12:21:00Z"] {
        assert_eq!(
            request.verify(&CREDENTIALS, at(accepted)),
            Ok(()),
            "{accepted}"
        );
    }
    let check = |request: &OwnedRequest, now, expected| {
        let error = request.failure(at(now));
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::InvalidSignature);
    };
    check(
        &request,
        "2015-08-30T12:51:01Z",
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T125101Z - 15 min.)",
    );
    check(
        &request,
        "2015-08-30T12:20:59Z",
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
         (20150830T122059Z + 15 min.)",
    );
    check(
        &presigned("secretsmanager", 120),
        "2015-08-30T12:38:01Z",
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T123801Z - 2 min.)",
    );
    check(
        &presigned("secretsmanager", 61),
        "2015-08-30T12:37:02Z",
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T123702Z - 61 sec.)",
    );
}

#[test]
fn row_4_expires() {
    let too_long = "X-Amz-Expires must be less than a week (in seconds); that is, the given \
        X-Amz-Expires must be less than 604800 seconds";
    for (expires, message) in [
        ("", "X-Amz-Expires should be a number"),
        ("-1", "X-Amz-Expires should be a number"),
        ("%2B1", "X-Amz-Expires should be a number"),
        ("1h", "X-Amz-Expires should be a number"),
        ("0", "X-Amz-Expires must be positive"),
        ("604801", too_long),
        ("99999999999999999999", too_long),
    ] {
        let expires = format!("X-Amz-Expires={expires}");
        for service in ["secretsmanager", "sts"] {
            let request = presigned(service, 60);
            incomplete(&replaced(request, "X-Amz-Expires=60", &expires), message);
        }
    }
}

#[test]
fn row_5_what_must_be_signed() {
    let host = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    invalid(&signed().authorization("host;", ""), host);
    invalid(&signed().authorization("host;", "hosts;"), host);
    invalid(
        &signed().authorization(";x-amz-target", ""),
        "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.",
    );
    invalid(
        &signed().with("x-amz-log-type", "Tail"),
        "'x-amz-log-type' must be a 'SignedHeader' in the AWS Authorization.",
    );
    invalid(
        &presigned("secretsmanager", 60).with("X-Amz-Target", "secretsmanager.ListSecrets"),
        "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.",
    );
}

#[test]
fn row_6_algorithm() {
    incomplete(
        &signed().authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ",
    );
    incomplete(
        &replaced(presigned("secretsmanager", 60), "AWS4-HMAC-SHA256", ""),
        "Unsupported AWS 'algorithm': '' (only AWS4-HMAC-SHA256 for now). ",
    );
}

#[test]
fn row_7_shape_of_the_credential() {
    let message = |credential: &str| {
        format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got '{credential}'"
        )
    };
    incomplete(
        &signed().authorization("/aws4_request", ""),
        &message("AKIDEXAMPLE/20150830/us-east-1/secretsmanager"),
    );
    incomplete(
        &signed().authorization("AKIDEXAMPLE", "AKID/EXAMPLE"),
        &message("AKID/EXAMPLE/20150830/us-east-1/secretsmanager/aws4_request"),
    );
    incomplete(
        &replaced(presigned("secretsmanager", 60), "%2Faws4_request", ""),
        &message("AKIDEXAMPLE/20150830/us-east-1/secretsmanager"),
    );
}

#[test]
fn row_8_scope() {
    let scope = "20150830/us-east-1/secretsmanager/aws4_request";
    invalid(
        &signed().authorization("us-east-1", "us-east-9"),
        "Credential should be scoped to a valid region, not 'us-east-9'. ",
    );
    invalid(
        &signed().authorization(scope, "20150831/mars/kms/aws5_request"),
        "Credential should be scoped to a valid region, not 'mars'. Credential should be scoped to \
         correct service: 'secretsmanager'. Credential should be scoped with a valid terminator: \
         'aws4_request', not 'aws5_request'. Date in Credential scope does not match YYYYMMDD from \
         ISO-8601 version of date from HTTP: '20150831' != '20150830', from '20150830T123600Z'.",
    );
}

#[test]
fn row_10_signature() {
    invalid(
        &signed().authorization("Signature=", "Signature=0"),
        MISMATCH,
    );
    let mut request = signed();
    request.value("authorization").pop();
    mismatch(&request);
    mismatch(&signed().authorization("AKIDEXAMPLE", "AKIDOTHER"));
    // A listed header that is absent, and one that is listed twice.
    mismatch(&signed().without("content-type"));
    mismatch(&signed().authorization("content-type;", "content-type;content-type;"));
    mismatch(&signed().authorization("host;", ";host;"));
}

#[test]
fn the_payload_hash_must_be_that_of_the_body() {
    for wrong in [
        "",
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        let unsigned = OwnedRequest::list_secrets().with("X-Amz-Content-Sha256", wrong);
        mismatch(&unsigned.signed(&CREDENTIALS, at(NOW)));
        mismatch(&signed().with("X-Amz-Content-Sha256", wrong));
    }
}

#[test]
fn failures_come_in_the_order_of_the_rows() {
    // Everything is wrong; each repair uncovers the next failure.
    let mut request = OwnedRequest::list_secrets();
    request.query = "X-Amz-Algorithm=x".to_owned();
    let mut request = request.with("Authorization", "Bearer x");
    let mut next = |repair: &dyn Fn(&mut OwnedRequest)| {
        repair(&mut request);
        request.failure(at(NOW))
    };
    assert_eq!(next(&|_| ()), SignatureError::BothForms);
    let error = next(&|request| request.query.clear());
    assert_eq!(error, SignatureError::MissingAuthenticationToken);
    let error = next(&|request| *request.value("authorization") = b"AWS4-X Credential=a".to_vec());
    assert!(matches!(error, SignatureError::Incomplete { .. }));
    let error = next(&|request| {
        *request.value("authorization") =
            b"AWS4-X Credential=a,SignedHeaders=x-amz-target,Signature=0".to_vec();
        *request = request.clone().with("X-Amz-Date", "20150830");
    });
    assert!(matches!(error, SignatureError::DateFormat { .. }));
    let error = next(&|request| *request.value("x-amz-date") = b"20150830T110000Z".to_vec());
    assert!(matches!(error, SignatureError::Expired { .. }));
    let error = next(&|request| *request.value("x-amz-date") = b"20150830T123600Z".to_vec());
    assert_eq!(error, SignatureError::HostNotSigned);
    let error = next(&|request| *request = request.clone().authorization("=x-amz", "=host;x-amz"));
    assert!(matches!(error, SignatureError::UnsupportedAlgorithm { .. }));
    let error =
        next(&|request| *request = request.clone().authorization("AWS4-X", "AWS4-HMAC-SHA256"));
    assert!(matches!(error, SignatureError::CredentialShape { .. }));
    let error = next(&|request| *request = request.clone().authorization("=a,", "=a/b/c/d/e,"));
    assert!(matches!(error, SignatureError::Scope { .. }));
    let error = next(&|request| {
        let scope = "=AKIDEXAMPLE/20150830/us-east-1/secretsmanager/aws4_request,";
        *request = request.clone().authorization("=a/b/c/d/e,", scope);
    });
    assert_eq!(error, SignatureError::Mismatch);
}

#[test]
fn codes_by_protocol() {
    let codes =
        |error: SignatureError| (error.json_code(), error.query_code(), error.query_status());
    assert_eq!(
        codes(SignatureError::MissingAuthenticationToken),
        (
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            403
        )
    );
    assert_eq!(
        codes(SignatureError::DateFormat {
            date: String::new()
        }),
        ("IncompleteSignatureException", "IncompleteSignature", 400)
    );
    assert_eq!(
        codes(SignatureError::Mismatch),
        ("InvalidSignatureException", "SignatureDoesNotMatch", 403)
    );
}

#[test]
fn bounds() {
    let mut request = signed();
    for number in 0..MAX_HEADERS {
        request = request.with("Filler", &number.to_string());
    }
    incomplete(&request, "the number of headers is over the limit of 256");

    let names = "x;".repeat(MAX_SIGNED_HEADERS - 2);
    let request = signed().authorization("=content-type;", &format!("={names}"));
    incomplete(
        &request,
        "the number of signed headers is over the limit of 100",
    );

    let long = "x".repeat(8192);
    let request = signed().authorization("Signature=", &format!("Signature={long}"));
    incomplete(
        &request,
        "the length of the Authorization header is over the limit of 8192",
    );

    let mut request = signed();
    request.path = format!("/{long}");
    incomplete(&request, "the path's length is over the limit of 8192");
    let mut request = signed();
    request.query = long.repeat(8) + "x";
    incomplete(&request, "the query's length is over the limit of 65536");
    let mut request = signed();
    request.query = "x&".repeat(MAX_QUERY_PARAMETERS + 1);
    incomplete(
        &request,
        "the number of query parameters is over the limit of 1024",
    );
}
