"""Signature Version 4 from outside: what passes, what is refused, in which order."""

import datetime
import hashlib
import re

import pytest
from botocore.credentials import Credentials

from harness import CONTENT_TYPE, name
from texts import SIGNATURE_MISMATCH as MISMATCH
from texts import signature_refused as judged

UTC = datetime.timezone.utc
INVALID_TOKEN = "The security token included in the request is invalid."


@pytest.fixture
def signed(server):
    """Signs ListSecrets, lets `change` alter the headers in place, sends."""
    def ask(change=lambda headers: None, *, body=None, **signing):
        method, path, headers, signed_body = server.sign(
            "ListSecrets", {"MaxResults": 1}, **signing
        )
        change(headers)
        return server.send(method, path, headers, signed_body if body is None else body)
    return ask


def replaced(pattern, by):
    """A change to the Authorization header."""
    def change(headers):
        before = headers["Authorization"]
        headers["Authorization"] = re.sub(pattern, by, before)
        assert headers["Authorization"] != before
    return change


def minutes_ago(minutes):
    return datetime.datetime.now(UTC) - datetime.timedelta(minutes=minutes)


# -- what passes ----------------------------------------------------------


def test_the_plain_case(signed):
    assert signed().status == 200


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_clock_a_little_off(signed, minutes):
    assert signed(at=minutes_ago(minutes)).status == 200


@pytest.mark.parametrize("separator", [",", " , ", ",  "])
def test_separators(signed, separator):
    assert signed(replaced(", ", separator)).status == 200


def test_other_headers_may_be_signed_or_not(signed):
    assert signed(headers={"X-Amz-Meta": "a  b   c", "X-Extra": ' "q  q" '}).status == 200
    assert signed(lambda headers: headers.update({"X-Unsigned": "x"})).status == 200


def test_repeated_header(server):
    method, path, headers, body = server.sign(
        "ListSecrets", {"MaxResults": 1}, headers={"X-Amz-Twice": "b,a"}
    )
    pairs = [(k, v) for k, v in headers.items() if k != "X-Amz-Twice"]
    pairs += [("X-Amz-Twice", " b"), ("x-amz-twice", "a ")]
    assert server.send(method, path, pairs, body).status == 200


def test_content_hash_header_is_honoured(signed):
    good = hashlib.sha256(b'{"MaxResults": 1}').hexdigest()
    assert signed(headers={"X-Amz-Content-SHA256": good}).status == 200
    bad = hashlib.sha256(b"something else").hexdigest()
    reply = signed(headers={"X-Amz-Content-SHA256": bad})
    judged(reply, "InvalidSignatureException")


def test_every_region_has_its_own_scope(signed):
    for region in ("us-east-1", "eu-west-3", "ap-southeast-2", "sa-east-1"):
        assert signed(region=region).status == 200


# -- what is refused ------------------------------------------------------


def test_unsigned(server):
    reply = server.send("POST", "/", {
        "Content-Type": CONTENT_TYPE, "X-Amz-Target": "secretsmanager.ListSecrets",
    }, b"{}")
    judged(reply, "MissingAuthenticationTokenException", re.compile(
        "(?i)missing authentication token"
    ))


@pytest.mark.parametrize("header", ["Basic abc", "Bearer abc", "AWS key:signature", "x"])
def test_other_schemes(signed, header):
    reply = signed(lambda headers: headers.update({"Authorization": header}))
    judged(reply, "MissingAuthenticationTokenException")


def test_missing_parts_are_all_named(signed):
    def only(part):
        def change(headers):
            headers["Authorization"] = f"AWS4-HMAC-SHA256 {part}"
        return change

    texts = {
        part: f"Authorization header requires '{part}' parameter. "
        for part in ("Credential", "Signature", "SignedHeaders")
    }
    reply = signed(only("Nothing=x"))
    judged(reply, "IncompleteSignatureException", re.compile(
        "^" + re.escape("".join(texts.values())).replace(r"\ ", " ")
    ))
    assert reply.message.endswith("Authorization=AWS4-HMAC-SHA256 Nothing=x")
    reply = signed(only("Credential=a/b/c/d/e, SignedHeaders=host"))
    judged(reply, "IncompleteSignatureException")
    assert texts["Signature"] in reply.message
    assert texts["Credential"] not in reply.message


def test_without_a_date(signed):
    reply = signed(lambda headers: headers.pop("X-Amz-Date"))
    judged(reply, "IncompleteSignatureException", re.compile(re.escape(
        "Authorization header requires existence of either a 'X-Amz-Date' "
        "or a 'Date' header."
    )))


@pytest.mark.parametrize("date", ["yesterday", "2024-01-01T00:00:00Z", "20241301T000000Z"])
def test_malformed_date(signed, date):
    reply = signed(lambda headers: headers.update({"X-Amz-Date": date}))
    judged(reply, "IncompleteSignatureException",
           f"Date must be in ISO-8601 'basic format'. Got '{date}'. "
           "See http://en.wikipedia.org/wiki/ISO_8601")


def test_expired(signed):
    at = minutes_ago(16)
    judged(signed(at=at), "InvalidSignatureException", re.compile(
        rf"^Signature expired: {at:%Y%m%dT%H%M%SZ} is now earlier than "
        r"\d{8}T\d{6}Z \(\d{8}T\d{6}Z - (5|15) min\.\)$"
    ))


def test_not_yet_current(signed):
    at = minutes_ago(-16)
    judged(signed(at=at), "InvalidSignatureException", re.compile(
        rf"^Signature not yet current: {at:%Y%m%dT%H%M%SZ} is still later than "
        r"\d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ (5|15) min\.\)$"
    ))


def test_host_must_be_signed(signed):
    judged(signed(replaced("host;", "")), "InvalidSignatureException", re.compile(
        re.escape("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    ))


@pytest.mark.parametrize("algorithm", ["AWS4-HMAC-SHA512", "AWS4-HMAC-SHA1"])
def test_algorithm(signed, algorithm):
    judged(signed(replaced("AWS4-HMAC-SHA256", algorithm)),
           "IncompleteSignatureException", re.compile(re.escape(
               f"Unsupported AWS 'algorithm': '{algorithm}' "
               "(only AWS4-HMAC-SHA256 for now)."
           )))


@pytest.mark.parametrize("credential", ["key", "key/20240101/us-east-1/secretsmanager"])
def test_shape_of_the_credential(signed, credential):
    judged(signed(replaced("Credential=[^,]*", f"Credential={credential}")),
           "IncompleteSignatureException",
           "Credential must have exactly 5 slash-delimited elements, e.g. "
           f"keyid/date/region/service/term, got '{credential}'")


def test_scope_of_region(signed):
    judged(signed(region="moon-base-1"), "InvalidSignatureException", re.compile(
        re.escape("Credential should be scoped to a valid region, not 'moon-base-1'.")
    ))


def test_scope_of_service(signed):
    judged(signed(service="kms"), "InvalidSignatureException", re.compile(
        re.escape("Credential should be scoped to correct service: 'secretsmanager'.")
    ))


def test_scope_of_terminator(signed):
    judged(signed(replaced("aws4_request", "aws5_request")),
           "InvalidSignatureException", re.compile(re.escape(
               "Credential should be scoped with a valid terminator: 'aws4_request', "
               "not 'aws5_request'."
           )))


def test_scope_of_date(signed):
    at = datetime.datetime.now(UTC)
    judged(signed(replaced(rf"/{at:%Y%m%d}/", "/20200101/"), at=at),
           "InvalidSignatureException", re.compile(re.escape(
               "Date in Credential scope does not match YYYYMMDD from ISO-8601 version "
               f"of date from HTTP: '20200101' != '{at:%Y%m%d}', from '{at:%Y%m%dT%H%M%SZ}'."
           )))


def test_faults_of_the_scope_are_all_named(signed):
    reply = signed(
        replaced("aws4_request", "t"), region="moon-base-1", service="kms"
    )
    judged(reply, "InvalidSignatureException")
    places = [reply.message.index(text) for text in (
        "valid region, not 'moon-base-1'. ", "correct service: 'secretsmanager'. ",
        "valid terminator: 'aws4_request', not 't'.",
    )]
    assert places == sorted(places)


def test_unknown_key(signed):
    stranger = Credentials("AKIAUNKNOWNUNKNOWN12", "whatever")
    judged(signed(credentials=stranger), "UnrecognizedClientException", INVALID_TOKEN)


def test_session_token_that_is_none(signed, server):
    mine = server.credentials
    forged = Credentials(mine.access_key, mine.secret_key, "not a session token")
    judged(signed(credentials=forged), "UnrecognizedClientException", INVALID_TOKEN)


def test_wrong_secret(signed, server):
    wrong = Credentials(server.credentials.access_key, "wrong" * 8)
    reply = signed(credentials=wrong)
    judged(reply, "InvalidSignatureException", re.compile("^" + re.escape(MISMATCH)))
    assert server.credentials.secret_key not in reply.message


@pytest.mark.parametrize("change", [
    replaced("Signature=(.)", lambda m: "Signature=" + ("0" if m[1] != "0" else "1")),
    replaced("Signature=.*", "Signature=00"),
    replaced("Signature=.*", "Signature=" + "g" * 64),
    lambda headers: headers.update({"X-Amz-Target": "secretsmanager.GetRandomPassword"}),
    lambda headers: headers.update({"Content-Type": "application/x-amz-json-1.0"}),
    lambda headers: headers.update({"Host": "elsewhere"}),
], ids=["digit", "short", "not hex", "target", "content-type", "host"])
def test_tampering(signed, change):
    judged(signed(change), "InvalidSignatureException", re.compile("^" + re.escape(MISMATCH)))


@pytest.mark.parametrize("body", [b'{"MaxResults": 2}', b"{}", b"", b'{"MaxResults": 1} '])
def test_tampered_payload(signed, body):
    judged(signed(body=body), "InvalidSignatureException",
           re.compile("^" + re.escape(MISMATCH)))


def test_unsigned_payload_is_not_allowed_here(signed):
    reply = signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert reply.status == 400
    assert reply.code in ("InvalidSignatureException", "IncompleteSignatureException")


def test_signed_header_that_is_missing(signed):
    reply = signed(lambda headers: headers.pop("X-Extra"), headers={"X-Extra": "x"})
    judged(reply, "InvalidSignatureException")


def test_a_refused_write_writes_nothing(server, sm, refused):
    secret = name()
    for wrong in (Credentials("AKIAUNKNOWNUNKNOWN12", "x"),
                  Credentials(server.credentials.access_key, "x")):
        reply = server.call(
            "CreateSecret", {"Name": secret, "ClientRequestToken": "t" * 32},
            credentials=wrong,
        )
        assert reply.status == 400
    with refused("ResourceNotFoundException"):
        sm.describe_secret(SecretId=secret)


# -- order ----------------------------------------------------------------


STRANGER = Credentials("AKIAUNKNOWNUNKNOWN12", "whatever")


def test_order_of_refusals(signed):
    old = minutes_ago(60)
    # Parts before date, date before skew …
    reply = signed(replaced("Signature=.*", ""), at=old, credentials=STRANGER)
    judged(reply, "IncompleteSignatureException")
    # … skew before host, host before scope, scope before key …
    reply = signed(replaced("host;", ""), at=old, credentials=STRANGER)
    judged(reply, "InvalidSignatureException", re.compile("^Signature expired"))
    reply = signed(replaced("host;", ""), region="moon-base-1", credentials=STRANGER)
    judged(reply, "InvalidSignatureException", re.compile("'Host' or ':authority'"))
    reply = signed(region="moon-base-1", credentials=STRANGER)
    judged(reply, "InvalidSignatureException", re.compile("valid region"))
    # … key before signature, and all of it before what is asked.
    reply = signed(replaced("Signature=.*", "Signature=00"), credentials=STRANGER)
    judged(reply, "UnrecognizedClientException")
    reply = signed(credentials=STRANGER, body=b"{nonsense")
    judged(reply, "UnrecognizedClientException")
    reply = signed(replaced("Signature=.*", "Signature=00"), body=b"{nonsense")
    judged(reply, "InvalidSignatureException")


def test_order_of_algorithm_and_credential(signed):
    # Host (5) before algorithm (6) before the credential's shape (7).
    def both(headers):
        replaced("AWS4-HMAC-SHA256", "AWS4-X")(headers)
        replaced("Credential=[^,]*", "Credential=short")(headers)

    judged(signed(both), "IncompleteSignatureException", re.compile("^Unsupported AWS"))

    def all_three(headers):
        both(headers)
        replaced("host;", "")(headers)

    judged(signed(all_three), "InvalidSignatureException", re.compile("'Host' or"))
