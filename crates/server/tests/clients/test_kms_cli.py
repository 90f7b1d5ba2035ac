"""KMS by the AWS CLI, as a person at a terminal has it."""

import base64
import json

import pytest

import kms as k
from harness import word
from test_cli import REFUSED


def run(server, *args):
    done = server.aws("kms", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def fails(server, code, operation, message, *args):
    done = server.aws("kms", *args)
    assert done.returncode in REFUSED, done
    assert f"An error occurred ({code}) when calling the {operation} operation: {message}" in (
        done.stderr)


def test_a_day_with_a_key(server):
    made = run(server, "create-key", "--description", "by hand",
               "--tags", "TagKey=team,TagValue=blue")["KeyMetadata"]
    key, alias = made["KeyId"], f"alias/{word()}"
    run(server, "create-alias", "--alias-name", alias, "--target-key-id", key)
    (server.home / "plain").write_bytes(b"a secret")
    sealed = server.aws("kms", "encrypt", "--key-id", alias, "--plaintext", "fileb://plain",
                        "--encryption-context", "purpose=test",
                        "--query", "CiphertextBlob", "--output", "text")
    assert sealed.returncode == 0, sealed.stderr
    (server.home / "sealed").write_bytes(base64.b64decode(sealed.stdout))
    opened = run(server, "decrypt", "--ciphertext-blob", "fileb://sealed",
                 "--encryption-context", "purpose=test")
    assert base64.b64decode(opened["Plaintext"]) == b"a secret"
    assert opened["KeyId"] == made["Arn"]
    fails(server, "InvalidCiphertextException", "Decrypt", "",
          "decrypt", "--ciphertext-blob", "fileb://sealed")
    run(server, "enable-key-rotation", "--key-id", key, "--rotation-period-in-days", "180")
    status = run(server, "get-key-rotation-status", "--key-id", key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    run(server, "rotate-key-on-demand", "--key-id", key)
    assert len(run(server, "list-key-rotations", "--key-id", key)["Rotations"]) == 1
    policy = run(server, "get-key-policy", "--key-id", key, "--policy-name", "default")
    assert json.loads(policy["Policy"])["Id"] == "key-default-1"
    run(server, "disable-key", "--key-id", key)
    fails(server, "DisabledException", "Encrypt", f"{made['Arn']} is disabled.",
          "encrypt", "--key-id", key, "--plaintext", "fileb://plain")
    run(server, "enable-key", "--key-id", key)
    assert run(server, "list-resource-tags", "--key-id", key)["Tags"] == [
        {"TagKey": "team", "TagValue": "blue"}]
    assert alias in {row["AliasName"] for row in run(server, "list-aliases")["Aliases"]}
    assert key in {row["KeyId"] for row in run(server, "list-keys")["Keys"]}
    run(server, "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    run(server, "cancel-key-deletion", "--key-id", key)
    state = run(server, "describe-key", "--key-id", key)["KeyMetadata"]["KeyState"]
    assert state == "Disabled"
    run(server, "delete-alias", "--alias-name", alias)


def test_signing(server):
    made = run(server, "create-key", "--key-spec", "ECC_NIST_P256",
               "--key-usage", "SIGN_VERIFY")["KeyMetadata"]
    (server.home / "message").write_bytes(b"a message")
    signed = run(server, "sign", "--key-id", made["KeyId"], "--message", "fileb://message",
                 "--signing-algorithm", "ECDSA_SHA_256")
    files = {
        "key.der": base64.b64decode(run(
            server, "get-public-key", "--key-id", made["KeyId"])["PublicKey"]),
        "signature": base64.b64decode(signed["Signature"]),
    }
    done = k.openssl(server.home, "dgst", "-sha256", "-verify", "key.der", "-keyform", "DER",
                     "-signature", "signature", "message", **files)
    assert done.stdout == b"Verified OK\n", done.stderr
    verified = run(server, "verify", "--key-id", made["KeyId"], "--message", "fileb://message",
                   "--signature", "fileb://signature", "--signing-algorithm", "ECDSA_SHA_256")
    assert verified["SignatureValid"] is True


@pytest.mark.parametrize("key_id, code, message", [
    ("alias/none", "NotFoundException", "Alias arn:aws:kms:"),
    ("nonsense", "NotFoundException", "Invalid keyId 'nonsense'"),
])
def test_bad_ids(server, key_id, code, message):
    fails(server, code, "DescribeKey", message, "describe-key", "--key-id", key_id)
