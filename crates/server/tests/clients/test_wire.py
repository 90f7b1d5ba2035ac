"""AWS JSON 1.1 over bare HTTP: bodies, headers, framework errors."""

import base64
import email.utils
import gzip
import http.client
import json
import socket
import threading
import time

import pytest

from harness import CONTENT_TYPE, PATIENCE, UUID, b64, name, token
from texts import NOT_FOUND, TOKEN_REQUIRED


def framework_error(reply, code):
    """Errors of the framework: HTTP 400, and the text under lower-case `message`."""
    assert (reply.status, reply.code) == (400, code), reply
    assert "Message" not in reply.json


# -- successes ------------------------------------------------------------


def test_headers_of_an_answer(server):
    before = time.time()
    replies = [server.call("ListSecrets", {"MaxResults": 1}) for _ in range(2)]
    after = time.time()
    for reply in replies:
        assert reply.status == 200
        assert reply.headers["content-type"] == CONTENT_TYPE
        assert UUID.fullmatch(reply.request_id)
        sent = email.utils.parsedate_to_datetime(reply.headers["date"])
        assert before - 1 <= sent.timestamp() <= after
    assert replies[0].request_id != replies[1].request_id


def test_timestamps_are_numbers_and_blobs_are_padded_base64(server):
    secret, raw = name(), b"\x00\x01\xfe\xff"
    before = time.time()
    made = server.call("CreateSecret", {
        "Name": secret, "SecretBinary": b64(raw), "ClientRequestToken": token(),
    })
    assert made.status == 200
    got = server.call("GetSecretValue", {"SecretId": secret}).json
    assert got["SecretBinary"] == "AAH+/w=="
    assert base64.b64decode(got["SecretBinary"], validate=True) == raw
    assert not isinstance(got["CreatedDate"], (str, bool))
    assert before - 1 <= got["CreatedDate"] <= time.time() + 1
    deleted = server.call("DeleteSecret", {"SecretId": secret}).json
    assert isinstance(deleted["DeletionDate"], (int, float))


def test_null_members_are_left_out(server):
    secret = name()
    server.call("CreateSecret", {"Name": secret, "ClientRequestToken": token()})
    for operation in ("DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds"):
        assert None not in server.call(operation, {"SecretId": secret}).json.values()


def test_unknown_members_are_ignored(server, secret):
    reply = server.call("GetSecretValue", {
        "SecretId": secret["ARN"], "Surprise": {"deep": [1, None, {"er": True}]},
        "secretid": "another case is another member",
    })
    assert reply.json["SecretString"] == "one"
    listed = server.call("ListSecrets", {
        "Filters": [{"Key": "name", "Values": [secret["Name"]], "Extra": 1}],
    })
    assert len(listed.json["SecretList"]) == 1


def test_null_equals_absent(server, secret):
    reply = server.call("GetSecretValue", {
        "SecretId": secret["ARN"], "VersionId": None, "VersionStage": None,
    })
    assert reply.json["SecretString"] == "one"
    reply = server.call("PutSecretValue", {
        "SecretId": secret["ARN"], "SecretString": "two", "SecretBinary": None,
        "VersionStages": None, "ClientRequestToken": token(),
    })
    assert reply.json["VersionStages"] == ["AWSCURRENT"]
    reply = server.call("GetSecretValue", {"SecretId": None})
    framework_error(reply, "ValidationException")
    assert "at 'secretId' failed to satisfy constraint: Member must not be null" in reply.message
    reply = server.call("PutSecretValue", {
        "SecretId": secret["ARN"], "SecretString": "x", "ClientRequestToken": None,
    })
    assert reply.message == TOKEN_REQUIRED


def test_json_escapes_and_unicode(server, secret):
    body = (
        b'{"SecretId":"%s","ClientRequestToken":"%s",'
        b'"SecretString":"\\u00e9\\ud83d\\udd11\\n\\/\\u0000 \xc3\xa9"}'
        % (secret["ARN"].encode(), token().encode())
    )
    assert server.call("PutSecretValue", body=body).status == 200
    got = server.call("GetSecretValue", {"SecretId": secret["ARN"]})
    assert got.json["SecretString"] == "é🔑\n/\0 é"


def test_white_space_around_the_body(server, secret):
    body = b' \r\n\t{ "SecretId" :\n"%s" } \n' % secret["ARN"].encode()
    assert server.call("GetSecretValue", body=body).json["SecretString"] == "one"


# -- errors ---------------------------------------------------------------


def test_modelled_errors_have_a_capital_message(server):
    # [R], and HTTP 400 for a missing resource too.
    reply = server.call("GetSecretValue", {"SecretId": name()})
    assert reply.status == 400
    assert reply.json == {"__type": "ResourceNotFoundException", "Message": NOT_FOUND}
    assert UUID.fullmatch(reply.request_id)
    assert reply.headers["content-type"] == CONTENT_TYPE
    assert "date" in reply.headers


def test_validation_errors_have_a_lower_case_message(server):
    # [R]
    for members in ({"SecretId": "bad name"}, {}):
        reply = server.call("GetSecretValue", members)
        framework_error(reply, "ValidationException")
        assert reply.message
        assert UUID.fullmatch(reply.request_id)


@pytest.mark.parametrize("target", [
    "secretsmanager.NoSuchOperation", "secretsmanager.getsecretvalue",
    "secretsmanager.", "secretsmanager", "nonsense", "",
    None,
])
def test_unknown_operation(server, target):
    reply = server.call("x", {}, headers={"X-Amz-Target": target})
    framework_error(reply, "UnknownOperationException")


@pytest.mark.parametrize("body", [
    b"{", b"}", b"nonsense", b'{"SecretId":}', b'{"SecretId":"x"', b'{"SecretId":"x",}',
    b'{"SecretId":"x"} trailing', b"{'SecretId':'x'}", b'{"SecretId":"\xff"}',
    b'{"SecretId":"\\ud800"}', b'{"SecretId":"line\nbreak"}', b"[]", b'["x"]', b'["x",null,null]', b'"text"', b"7",
    b"true", b"null{}",
])
def test_body_that_is_no_json_object(server, body):
    framework_error(server.call("GetSecretValue", body=body), "SerializationException")


@pytest.mark.parametrize("operation, members", [
    ("GetSecretValue", {"SecretId": 5}),
    ("GetSecretValue", {"SecretId": ["x"]}),
    ("GetSecretValue", {"SecretId": {"x": 1}}),
    ("GetSecretValue", {"SecretId": True}),
    ("ListSecrets", {"MaxResults": "10"}),
    ("ListSecrets", {"MaxResults": [10]}),
    ("ListSecrets", {"MaxResults": True}),
    ("ListSecrets", {"IncludePlannedDeletion": "true"}),
    ("ListSecrets", {"IncludePlannedDeletion": 1}),
    ("ListSecrets", {"Filters": {"Key": "name"}}),
    ("ListSecrets", {"Filters": ["name"]}),
    ("ListSecrets", {"Filters": [{"Key": "name", "Values": "x"}]}),
    ("ListSecrets", {"Filters": [{"Key": 1, "Values": ["x"]}]}),
    ("TagResource", {"SecretId": "x", "Tags": {"k": "v"}}),
    ("TagResource", {"SecretId": "x", "Tags": [{"Key": "k", "Value": 5}]}),
    # A structure is never a list, not even one with the right number of items.
    ("TagResource", {"SecretId": "x", "Tags": [["k", "v"]]}),
    ("ListSecrets", {"Filters": [["name", ["x"]]]}),
    ("UntagResource", {"SecretId": "x", "TagKeys": "k"}),
    ("CreateSecret", {"Name": "x", "SecretBinary": "not base64!"}),
    ("CreateSecret", {"Name": "x", "SecretBinary": 5}),
    ("CreateSecret", {"Name": "x", "SecretString": {"a": "b"}}),
    ("GetRandomPassword", {"PasswordLength": "32"}),
    ("GetRandomPassword", {"ExcludeNumbers": "yes"}),
    ("DeleteSecret", {"SecretId": "x", "RecoveryWindowInDays": "7"}),
])
def test_members_of_the_wrong_type(server, operation, members):
    framework_error(server.call(operation, members), "SerializationException")


@pytest.mark.parametrize("number", [2**31, 2**40, 2**70, -(2**40)])
def test_numbers_out_of_reach(server, number):
    # Whether the type or the range is named is not recorded.
    reply = server.call("ListSecrets", body=b'{"MaxResults":%d}' % number)
    assert reply.status == 400
    assert reply.code in ("SerializationException", "ValidationException")


def test_empty_body(server):
    # A JSON object is due even when empty; whether none at all counts as one is
    # not recorded. Either way it is never a success for a required member.
    reply = server.call("ListSecrets", body=b"")
    assert reply.status == 200 or reply.code == "SerializationException"
    reply = server.call("GetSecretValue", body=b"")
    assert reply.status == 400
    assert reply.code in ("SerializationException", "ValidationException")


def test_nesting_is_bounded(server):
    body = b'{"SecretId":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    assert server.call("GetSecretValue", body=body).status in (400, 413)
    body = b'{"Ignored":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001
    assert server.call("ListSecrets", body=body).status in (400, 413)
    assert server.call("ListSecrets", {"MaxResults": 1}).status == 200


def test_body_is_bounded(server):
    # A client that is still writing may lose the answer with the connection.
    try:
        reply = server.call("ListSecrets", body=b'{"x":"' + b"y" * (8 << 20) + b'"}')
        assert reply.status in (400, 413)
    except (OSError, http.client.HTTPException):
        pass
    assert server.call("ListSecrets", {"MaxResults": 1}).status == 200


def test_who_sends_too_much_is_told_in_their_own_protocol(server, refused):
    """Services with forms in and XML out have errors in XML, which their clients can read."""
    large = "x" * (3 << 20)
    for client, call in [
        ("iam", lambda iam: iam.put_user_policy(
            UserName="admin", PolicyName="p", PolicyDocument=large)),
        ("sts", lambda sts: sts.decode_authorization_message(EncodedMessage=large)),
        # Nobody signs this one.
        ("sts", lambda sts: sts.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::111122223333:role/r", RoleSessionName="me",
            WebIdentityToken=large)),
    ]:
        with refused("RequestEntityTooLarge", "The request body is too large.", status=413):
            call(server.client(service=client, validate=False))


def test_nothing_of_a_sensitive_member_is_echoed(server):
    hint = "topsecretvalue"
    for members in (
        {"Name": name(), "SecretString": [hint]},
        {"Name": name(), "SecretString": {hint: hint}},
        {"Name": name(), "SecretBinary": f"!{hint}"},
        {"Name": name(), "SecretString": hint * 10_000},
        {"Name": "bad name", "SecretString": hint},
        {"SecretString": hint, "ClientRequestToken": token()},
    ):
        reply = server.call("CreateSecret", members)
        assert reply.status == 400
        assert hint.encode() not in reply.body
    broken = b'{"Name":"x","SecretString":"' + hint.encode()
    reply = server.call("CreateSecret", body=broken)
    framework_error(reply, "SerializationException")
    assert hint.encode() not in reply.body


@pytest.mark.parametrize("method, path", [("GET", "/"), ("PUT", "/"), ("POST", "/nowhere")])
def test_other_methods_and_paths(server, method, path):
    request = server.sign("ListSecrets", method=method, path=path)
    reply = server.send(*request)
    assert 400 <= reply.status < 500


# -- HTTP -----------------------------------------------------------------


def test_keep_alive(server):
    connection = http.client.HTTPConnection(server.host, timeout=PATIENCE)
    connection.connect()
    before = connection.sock
    for operation in ("ListSecrets", "NoSuchOperation", "GetRandomPassword"):
        server.call(operation, {}, connection=connection)
    assert connection.sock is before
    connection.close()


def raw_request(server, operation, members, extra=()):
    """The bytes of a signed request: (head without its last empty line, body)."""
    method, path, headers, body = server.sign(operation, members)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {server.host}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    lines += extra
    return "\r\n".join(lines).encode() + b"\r\n", body


def test_expect_100_continue(server):
    head, body = raw_request(server, "GetRandomPassword", {"PasswordLength": 8})
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as wire:
        wire.sendall(head + (
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n"
        ).encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 100")
        wire.sendall(body)
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"RandomPassword" in answer


def test_body_in_pieces(server):
    head, body = raw_request(server, "GetRandomPassword", {"PasswordLength": 8})
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as wire:
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        for byte in head[:40]:
            wire.sendall(bytes([byte]))
        wire.sendall(head[40:])
        for byte in body:
            wire.sendall(bytes([byte]))
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200")


def test_gzip_body_is_hashed_as_sent(server):
    # The hash covers the bytes on the wire, so the signature holds; whether the
    # service unpacks them is not recorded.
    reply = server.call(
        "GetRandomPassword", body=gzip.compress(b"{}"),
        headers={"Content-Encoding": "gzip"},
    )
    assert reply.status == 200 or reply.code in (
        "SerializationException", "UnsupportedMediaTypeException",
    )


def test_client_that_accepts_gzip(server):
    reply = server.call(
        "GetRandomPassword", {}, headers={"Accept-Encoding": "gzip, deflate"}
    )
    body = reply.body
    if reply.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    assert "RandomPassword" in json.loads(body)


def test_host_name_plays_no_part(server):
    # One port, any host name: what clients send that were given a name.
    for host in ("secretsmanager.us-east-1.amazonaws.com", "localhost:1234", "[::1]:9"):
        reply = server.call("GetRandomPassword", {}, headers={"Host": host})
        assert reply.status == 200, reply


def test_requests_side_by_side(server):
    statuses = []

    def ask():
        for _ in range(10):
            statuses.append(server.call("GetRandomPassword", {}).status)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 80


def test_a_closed_connection_harms_nobody(server):
    host, port = server.host.split(":")
    for piece in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n{",
                  b"\x00\xff\x16\x03\x01 nonsense\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as wire:
            wire.sendall(piece)
    assert server.call("GetRandomPassword", {}).status == 200
