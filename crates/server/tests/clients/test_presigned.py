"""Signature Version 4 in the query string."""

import hashlib
import json
import re
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from harness import CONTENT_TYPE
from texts import signature_refused as judged


class PresignedPost(SigV4QueryAuth):
    """botocore's query signer, for a request whose body stays a body."""

    def __init__(self, credentials, region, body, expires):
        super().__init__(credentials, "secretsmanager", region, expires)
        self._body = body

    def payload(self, request):
        return hashlib.sha256(self._body).hexdigest()


@pytest.fixture
def presigned(server):
    def ask(change=lambda path: path, *, body=b'{"MaxResults":1}', sent=None,
            expires=60, headers=None):
        request = AWSRequest("POST", f"{server.endpoint}/", headers={
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": "secretsmanager.ListSecrets",
        })
        PresignedPost(server.credentials, server.region, body, expires).add_auth(request)
        parts = urlsplit(request.url)
        return server.send(
            "POST", change(f"{parts.path}?{parts.query}"),
            {**dict(request.headers.items()), **(headers or {})},
            body if sent is None else sent,
        )
    return ask


def test_presigned(presigned):
    reply = presigned()
    assert reply.status == 200, reply
    assert "SecretList" in json.loads(reply.body)


def test_presigned_and_tampered(presigned):
    judged(presigned(sent=b"{}"), "InvalidSignatureException")
    judged(presigned(lambda path: path + "&Extra=1"), "InvalidSignatureException")
    judged(presigned(lambda path: re.sub("Signature=.{4}", "Signature=0000", path)),
           "InvalidSignatureException")
    judged(presigned(lambda path: path.replace("X-Amz-Expires=60", "X-Amz-Expires=61")),
           "InvalidSignatureException")


def test_presigned_for_too_long(presigned):
    # X-Amz-Expires 1..604800; the code beyond is not recorded.
    assert presigned(expires=604_800).status == 200
    for expires in (604_801, 0, -1):
        assert presigned(expires=expires).status == 400


@pytest.mark.parametrize("missing", ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date",
                                     "X-Amz-SignedHeaders"])
def test_presigned_without_a_part(presigned, missing):
    reply = presigned(lambda path: re.sub(rf"[&?]{missing}=[^&]*", "", path))
    judged(reply, "IncompleteSignatureException", re.compile(
        rf"AWS query-string parameters must include '{missing}'\. .*"
        r"Re-examine the query-string parameters\."
    ))


def test_header_and_query_at_once(presigned):
    # Before everything else, be both of them nonsense.
    judged(presigned(headers={"Authorization": "AWS4-HMAC-SHA256 nonsense"}),
           "InvalidSignatureException",
           "Found both 'X-Amz-Algorithm' as a query-string param and "
           "'Authorization' as HTTP header.")
