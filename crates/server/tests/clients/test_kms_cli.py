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


def test_names_tags_and_policies(server):
    made = run(server, "create-key")["KeyMetadata"]
    other = run(server, "create-key")["KeyMetadata"]["KeyId"]
    key, alias = made["KeyId"], f"alias/{word()}"
    run(server, "update-key-description", "--key-id", key, "--description", "of the blue team")
    run(server, "create-alias", "--alias-name", alias, "--target-key-id", other)
    run(server, "update-alias", "--alias-name", alias, "--target-key-id", key)
    described = run(server, "describe-key", "--key-id", alias)["KeyMetadata"]
    assert (described["KeyId"], described["Description"]) == (key, "of the blue team")
    run(server, "tag-resource", "--key-id", key, "--tags", "TagKey=a,TagValue=1",
        "TagKey=b,TagValue=2")
    run(server, "untag-resource", "--key-id", key, "--tag-keys", "a")
    assert run(server, "list-resource-tags", "--key-id", key)["Tags"] == [
        {"TagKey": "b", "TagValue": "2"}]
    fails(server, "TagException", "TagResource", "",
          "tag-resource", "--key-id", key, "--tags", "TagKey=aws:x,TagValue=1")
    assert run(server, "list-key-policies", "--key-id", key)["PolicyNames"] == ["default"]
    policy = json.loads(run(server, "get-key-policy", "--key-id", key)["Policy"])
    policy["Id"] = "by-hand"
    run(server, "put-key-policy", "--key-id", key, "--policy", json.dumps(policy))
    assert json.loads(run(server, "get-key-policy", "--key-id", key)["Policy"])["Id"] == "by-hand"
    policy["Statement"] = [{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}]
    fails(server, "MalformedPolicyDocumentException", "PutKeyPolicy", k.LOCKED_OUT,
          "put-key-policy", "--key-id", key, "--policy", json.dumps(policy))


def test_data_keys(server):
    key = run(server, "create-key")["KeyMetadata"]["KeyId"]
    made = run(server, "generate-data-key", "--key-id", key, "--key-spec", "AES_256")
    assert len(base64.b64decode(made["Plaintext"])) == 32
    bare = run(server, "generate-data-key-without-plaintext", "--key-id", key,
               "--number-of-bytes", "24")
    assert "Plaintext" not in bare
    (server.home / "blob").write_bytes(base64.b64decode(bare["CiphertextBlob"]))
    opened = run(server, "decrypt", "--ciphertext-blob", "fileb://blob", "--key-id", key)
    assert len(base64.b64decode(opened["Plaintext"])) == 24
    other = run(server, "create-key")["KeyMetadata"]
    moved = run(server, "re-encrypt", "--ciphertext-blob", "fileb://blob",
                "--destination-key-id", other["KeyId"])
    assert moved["KeyId"] == other["Arn"] and moved["SourceKeyId"].endswith(key)
    (server.home / "moved").write_bytes(base64.b64decode(moved["CiphertextBlob"]))
    fails(server, "IncorrectKeyException", "Decrypt", "",
          "decrypt", "--ciphertext-blob", "fileb://moved", "--key-id", key)
    pair = run(server, "generate-data-key-pair", "--key-id", key,
               "--key-pair-spec", "ECC_NIST_P256")
    files = {"private.der": base64.b64decode(pair["PrivateKeyPlaintext"])}
    done = k.openssl(server.home, "pkey", "-inform", "DER", "-in", "private.der", "-pubout",
                     "-outform", "DER", **files)
    assert done.stdout == base64.b64decode(pair["PublicKey"])
    sealed = run(server, "generate-data-key-pair-without-plaintext", "--key-id", key,
                 "--key-pair-spec", "RSA_2048")
    assert "PrivateKeyPlaintext" not in sealed and sealed["KeyPairSpec"] == "RSA_2048"
    assert len(base64.b64decode(
        run(server, "generate-random", "--number-of-bytes", "48")["Plaintext"])) == 48
    usage = run(server, "get-key-last-usage", "--key-id", key)["KeyLastUsage"]
    assert usage["Operation"] and usage["KmsRequestId"]  # noted once a minute, whichever use
    fails(server, "InvalidKeyUsageException", "GenerateDataKey", "", "generate-data-key",
          "--key-spec", "AES_256", "--key-id",
          run(server, "create-key", "--key-spec", "HMAC_256",
              "--key-usage", "GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"])


def test_macs_and_agreements(server):
    key = run(server, "create-key", "--key-spec", "HMAC_384",
              "--key-usage", "GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    (server.home / "text").write_bytes(b"a text")
    (server.home / "other").write_bytes(b"another text")
    made = run(server, "generate-mac", "--key-id", key, "--message", "fileb://text",
               "--mac-algorithm", "HMAC_SHA_384")
    (server.home / "mac").write_bytes(base64.b64decode(made["Mac"]))
    verify = ("verify-mac", "--key-id", key, "--mac-algorithm", "HMAC_SHA_384",
              "--mac", "fileb://mac", "--message")
    assert run(server, *verify, "fileb://text")["MacValid"] is True
    fails(server, "KMSInvalidMacException", "VerifyMac", "", *verify, "fileb://other")
    ours = run(server, "create-key", "--key-spec", "ECC_NIST_P256",
               "--key-usage", "KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    k.openssl(server.home, "genpkey", "-algorithm", "EC", "-pkeyopt",
              "ec_paramgen_curve:P-256", "-outform", "DER", "-out", "theirs.der")
    k.openssl(server.home, "pkey", "-in", "theirs.der", "-inform", "DER", "-pubout",
              "-outform", "DER", "-out", "theirs.pub")
    shared = run(server, "derive-shared-secret", "--key-id", ours, "--public-key",
                 "fileb://theirs.pub", "--key-agreement-algorithm", "ECDH")
    public = base64.b64decode(run(server, "get-public-key", "--key-id", ours)["PublicKey"])
    done = k.openssl(server.home, "pkeyutl", "-derive", "-inkey", "theirs.der", "-keyform",
                     "DER", "-peerkey", "ours.pub", "-peerform", "DER", **{"ours.pub": public})
    assert done.stdout == base64.b64decode(shared["SharedSecret"]), done.stderr


def test_grants(server):
    key = run(server, "create-key")["KeyMetadata"]["KeyId"]
    account = run(server, "describe-key", "--key-id", key)["KeyMetadata"]["AWSAccountId"]
    admin = f"arn:aws:iam::{account}:user/admin"
    grant = ("create-grant", "--key-id", key, "--grantee-principal", admin,
             "--retiring-principal", admin, "--operations")
    first = run(server, *grant, "Decrypt", "Encrypt", "--name", "one")
    second = run(server, *grant, "DescribeKey")
    listed = run(server, "list-grants", "--key-id", key)["Grants"]
    assert {row["GrantId"] for row in listed} == {first["GrantId"], second["GrantId"]}
    retirable = run(server, "list-retirable-grants", "--retiring-principal", admin)["Grants"]
    assert {first["GrantId"], second["GrantId"]} <= {row["GrantId"] for row in retirable}
    run(server, "retire-grant", "--grant-token", first["GrantToken"])
    run(server, "revoke-grant", "--key-id", key, "--grant-id", second["GrantId"])
    assert run(server, "list-grants", "--key-id", key)["Grants"] == []
    fails(server, "NotFoundException", "RevokeGrant", f"Grant ID {second['GrantId']} not found",
          "revoke-grant", "--key-id", key, "--grant-id", second["GrantId"])
    fails(server, "InvalidArnException", "CreateGrant", "ARN does not refer to a valid principal",
          "create-grant", "--key-id", key, "--operations", "Decrypt",
          "--grantee-principal", f"arn:aws:iam::{account}:user/nobody")


def test_imported_material(server):
    key = run(server, "create-key", "--origin", "EXTERNAL")["KeyMetadata"]["KeyId"]
    parameters = run(server, "get-parameters-for-import", "--key-id", key,
                     "--wrapping-algorithm", "RSAES_OAEP_SHA_256",
                     "--wrapping-key-spec", "RSA_2048")
    wrapped = k.wrap(b"m" * 32, base64.b64decode(parameters["PublicKey"]), "RSAES_OAEP_SHA_256")
    (server.home / "material").write_bytes(wrapped)
    (server.home / "token").write_bytes(base64.b64decode(parameters["ImportToken"]))
    bring = ("import-key-material", "--key-id", key, "--encrypted-key-material",
             "fileb://material", "--import-token", "fileb://token", "--expiration-model")
    fails(server, "ValidationException", "ImportKeyMaterial", k.NO_VALID_TO,
          *bring, "KEY_MATERIAL_EXPIRES")
    run(server, *bring, "KEY_MATERIAL_DOES_NOT_EXPIRE")
    fails(server, "UnsupportedOperationException", "EnableKeyRotation", "",
          "enable-key-rotation", "--key-id", key)
    run(server, "delete-imported-key-material", "--key-id", key)
    state = run(server, "describe-key", "--key-id", key)["KeyMetadata"]["KeyState"]
    assert state == "PendingImport"


def test_regions_and_rotation(server):
    made = run(server, "create-key", "--multi-region")["KeyMetadata"]
    key, there = made["KeyId"], "eu-west-2" if server.region != "eu-west-2" else "eu-west-1"
    replica = run(server, "replicate-key", "--key-id", key, "--replica-region", there)
    assert replica["ReplicaKeyMetadata"]["Arn"] == k.in_region(made["Arn"], there)
    run(server, "update-primary-region", "--key-id", key, "--primary-region", there)
    described = run(server, "describe-key", "--key-id", key)["KeyMetadata"]
    assert described["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == there
    plain = run(server, "create-key")["KeyMetadata"]["KeyId"]
    run(server, "enable-key-rotation", "--key-id", plain)
    run(server, "disable-key-rotation", "--key-id", plain)
    assert run(server, "get-key-rotation-status", "--key-id", plain)["KeyRotationEnabled"] is False
    fails(server, "UnsupportedOperationException", "ReplicateKey", "",
          "replicate-key", "--key-id", plain, "--replica-region", there)


@pytest.mark.parametrize("operation, name, args", [
    ("CreateCustomKeyStore", "create-custom-key-store", ("--custom-key-store-name", "store")),
    ("DescribeCustomKeyStores", "describe-custom-key-stores", ()),
    ("ConnectCustomKeyStore", "connect-custom-key-store", ("--custom-key-store-id", "cks-1")),
    ("DisconnectCustomKeyStore", "disconnect-custom-key-store",
     ("--custom-key-store-id", "cks-1")),
    ("UpdateCustomKeyStore", "update-custom-key-store", ("--custom-key-store-id", "cks-1")),
    ("DeleteCustomKeyStore", "delete-custom-key-store", ("--custom-key-store-id", "cks-1")),
])
def test_custom_key_stores_are_not_here(server, operation, name, args):
    fails(server, "UnsupportedOperationException", operation, "", name, *args)
