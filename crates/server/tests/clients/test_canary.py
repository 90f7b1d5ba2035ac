"""No secret byte outside memory.

Canaries go in through every member that carries secret bytes, in requests that
succeed and in requests that fail in every way; then each file that the process
wrote is searched for them, plain, in base64 (at each of its three alignments)
and in hexadecimal.
"""

import base64
import gzip
import os
import socket
import uuid

import pytest

from harness import CONTENT_TYPE, PATIENCE, b64, name, token, word


def canary():
    return f"Canary{word()}{uuid.uuid4().hex}"


def traces(data):
    """Byte strings that give `data` away wherever they stand in a file."""
    forms = {data, data.hex().encode(), data.hex().upper().encode()}
    for offset in range(3):
        # With `offset` unknown bytes before it, the inner characters are the same.
        encoded = base64.b64encode(b"\0" * offset + data)
        start = (0, 2, 3)[offset]
        inner = encoded.rstrip(b"=")[start:-1]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def files_of(server):
    written = [path for path in server.home.rglob("*") if path.is_file()]
    # The env file is ours to keep: it is how the credentials are handed over.
    return [path for path in written if path != server.env_file]


def finds(server, secrets, paths=None):
    """Which of `secrets` lie in which files: {path: [secret, …]}."""
    found = {}
    for path in paths or files_of(server):
        # Logs are filled up with zeros in advance; the rest is what was written.
        content = path.read_bytes().rstrip(b"\0")
        seen = [s for s in secrets if any(form in content for form in traces(s))]
        if seen:
            found[str(path.relative_to(server.home))] = seen
    return found


class Nest:
    """Sends canaries and remembers them."""

    def __init__(self, server):
        self.server = server
        self.hidden = []

    def text(self):
        self.hidden.append(canary().encode())
        return self.hidden[-1].decode()

    def binary(self):
        self.hidden.append(os.urandom(40))
        return b64(self.hidden[-1])

    def call(self, operation, members, status, **more):
        reply = self.server.call(operation, members, **more)
        assert reply.status == status, (operation, reply.status, reply.code)
        return reply


def successes(nest, secret):
    nest.call("CreateSecret", {"Name": secret, "ClientRequestToken": token(),
                               "SecretString": nest.text()}, 200)
    nest.call("CreateSecret", {"Name": f"{secret}/b", "ClientRequestToken": token(),
                               "SecretBinary": nest.binary()}, 200)
    for operation in ("PutSecretValue", "UpdateSecret"):
        retried = {"SecretId": secret, "ClientRequestToken": token(),
                   "SecretString": nest.text()}
        for _ in range(2):
            nest.call(operation, retried, 200)
        nest.call(operation, {"SecretId": secret, "ClientRequestToken": token(),
                              "SecretBinary": nest.binary()}, 200)
    for members in ({}, {"VersionStage": "AWSPREVIOUS"}):
        nest.call("GetSecretValue", {"SecretId": secret, **members}, 200)
    nest.call("BatchGetSecretValue", {"SecretIdList": [secret, f"{secret}/b"]}, 200)
    for length in (40, 100):
        # Letters only: a password that JSON must escape would not be found plain.
        password = nest.call("GetRandomPassword", {
            "PasswordLength": length, "ExcludePunctuation": True,
        }, 200).json["RandomPassword"]
        nest.hidden.append(password.encode())
    for operation in ("DeleteSecret", "RestoreSecret"):
        nest.call(operation, {"SecretId": f"{secret}/b"}, 200)
    nest.call("DeleteSecret",
              {"SecretId": f"{secret}/b", "ForceDeleteWithoutRecovery": True}, 200)


def refusals(nest, secret):
    taken = token()
    nest.call("PutSecretValue", {"SecretId": secret, "ClientRequestToken": taken,
                                 "SecretString": nest.text()}, 200)
    here, missing = {"SecretId": secret}, {"SecretId": name()}
    nest.call("CreateSecret", {"Name": secret, "ClientRequestToken": token(),
                               "SecretString": nest.text()}, 400)
    nest.call("CreateSecret", {"Name": "bad name", "SecretString": nest.text()}, 400)
    nest.call("CreateSecret", {"Name": name(), "SecretString": nest.text()}, 400)
    for operation in ("PutSecretValue", "UpdateSecret"):
        for wish in (
            {**here, "SecretString": nest.text(), "SecretBinary": nest.binary()},
            {**here, "SecretString": nest.text(), "ClientRequestToken": taken},
            {**here, "SecretBinary": nest.binary(), "ClientRequestToken": taken},
            {**missing, "SecretString": nest.text()},
            {**missing, "SecretBinary": nest.binary()},
            {**here, "SecretString": nest.text() + "x" * 65_536},
            {**here, "SecretString": [nest.text()]},
            {**here, "SecretString": {nest.text(): nest.text()}},
            {**here, "SecretBinary": "!" + nest.text()},
            {**here, "SecretBinary": nest.text() + "="},
            {**here, "SecretString": nest.text(), "ClientRequestToken": "short"},
            {"SecretString": nest.text()},
        ):
            nest.call(operation, {"ClientRequestToken": token(), **wish}, 400)
    nest.call("PutSecretValue", {**here, "ClientRequestToken": token(),
                                 "SecretString": nest.text(),
                                 "RotationToken": "not allowed! " + nest.text()}, 400)
    nest.call("NoSuchOperation", {"SecretString": nest.text()}, 400)


def malformed(nest, secret):
    def body(text):
        return f'{{"SecretId":"{secret}","SecretString":"{text}'.encode()

    for broken in (
        body(nest.text()), body(nest.text()) + b'"', body(nest.text()) + b'"} trailing',
        body(nest.text()) + b'\\ud800"}', body(nest.text()) + b'\xff"}',
        nest.text().encode(), b"[" + nest.text().encode(),
        b'{"' + nest.text().encode() + b'":',
        body(nest.text()) + b'","SecretString":"' + nest.text().encode(),
        gzip.compress(body(nest.text()) + b'"}'),
    ):
        nest.call("PutSecretValue", None, 400, body=broken)
    server, text = nest.server, nest.text().encode()
    # Without a signature, with a wrong one, and with secrets in headers and query.
    plain = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": "secretsmanager.PutSecretValue"}
    assert server.send("POST", "/", plain, text).status == 400
    method, path, headers, _ = server.sign("PutSecretValue", {"SecretId": secret})
    assert server.send(method, path, headers, body(nest.text()) + b'"}').status == 400
    for header in ("X-Amz-Security-Token", "Cookie", "X-Custom"):
        server.send(method, path, {**headers, header: nest.text()}, b"{}")
    server.send("POST", f"/?X-Amz-Algorithm=x&X-Amz-Security-Token={nest.text()}", plain, b"{}")
    # A client that goes away in the middle of its secret.
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as wire:
        lines = [f"{k}: {v}" for k, v in {**headers, "Content-Length": "5000"}.items()]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines])
        wire.sendall(head.encode() + b"\r\n\r\n" + body(nest.text()))


@pytest.fixture
def nest(own_server):
    filled = Nest(own_server)
    secret = name("canaries")
    successes(filled, secret)
    refusals(filled, secret)
    malformed(filled, secret)
    filled.secret = secret
    return filled


def test_no_file_holds_a_canary(nest):
    server = nest.server
    server.kill()
    assert len(nest.hidden) > 60
    # The search itself works: names are no secrets, and the record has them.
    found = finds(server, [nest.secret.encode()])
    assert any(path.startswith("data/audit/") for path in found)
    assert finds(server, nest.hidden) == {}
    # Nor after recovery and an orderly end.
    server.start()
    got = server.call("GetSecretValue", {"SecretId": nest.secret})
    assert got.status == 200
    server.stop()
    assert finds(server, nest.hidden) == {}


def test_secret_access_key_is_sealed(nest):
    # `dev` prints it to its user at start; nothing else may hold it.
    server = nest.server
    server.kill()
    secret_key = server.env["AWS_SECRET_ACCESS_KEY"].encode()
    logs = [path for path in files_of(server) if not path.name.startswith("stdout.")]
    assert finds(server, [secret_key], logs) == {}


def test_traces_find_every_form():
    data = canary().encode()
    for offset in range(3):
        for encode in (bytes, base64.b64encode, lambda b: b.hex().encode()):
            content = encode(b"\x01" * offset + data + b"\x02" * 5)
            assert any(form in content for form in traces(data)), (offset, encode)
