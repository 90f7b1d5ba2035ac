"""Symmetric keys at work: encryption, contexts, data keys, re-encryption, chance."""

import re

import pytest
from cryptography.hazmat.primitives import serialization

import kms as k
from harness import b64, word

CONTEXT = {"purpose": "test", "Case": "Sensitive", "ünï": "cødé"}
CORRUPT = ("InvalidCiphertextException", re.compile("^$"))


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def loose(server):
    return server.client(service="kms", validate=False)


@pytest.fixture(scope="module")
def key(kms):
    return k.make(kms)


@pytest.fixture(scope="module")
def hmac_key(kms):
    return k.make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")


@pytest.fixture(scope="module")
def rsa_key(kms):
    return k.make(kms, "RSA_2048")


@pytest.mark.parametrize("size", [1, 2, 31, 4096])
def test_what_is_encrypted_is_decrypted(kms, key, size):
    plaintext = bytes(range(256)) * 16
    sealed = kms.encrypt(
        KeyId=key["KeyId"], Plaintext=plaintext[:size], EncryptionContext=CONTEXT)
    assert sealed["KeyId"] == key["Arn"]
    assert sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert len(sealed["CiphertextBlob"]) <= 6144
    # The order of a context does not count; the key need not be named.
    turned = dict(reversed(CONTEXT.items()))
    for named in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"]},
                  {"KeyId": k.alias(kms, key["KeyId"])}):
        opened = kms.decrypt(
            CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=turned, **named)
        assert opened["Plaintext"] == plaintext[:size]
        assert opened["KeyId"] == key["Arn"]
        assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
        assert opened["KeyMaterialId"] == key["CurrentKeyMaterialId"]


def test_the_same_twice_is_not_the_same(kms, key):
    blobs = {kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
             for _ in range(5)}
    assert len(blobs) == 5


@pytest.mark.parametrize("context", [
    {}, {"purpose": "test"}, {**CONTEXT, "more": ""}, {**CONTEXT, "purpose": "Test"},
    {"Purpose" if name == "purpose" else name: value for name, value in CONTEXT.items()},
    {**CONTEXT, "purpose": "test "},
])
def test_another_context(kms, key, refused, context):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                       EncryptionContext=CONTEXT)["CiphertextBlob"]
    with refused(*CORRUPT):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    with refused(*CORRUPT):
        kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context,
                       DestinationKeyId=key["KeyId"])


def test_names_and_values_do_not_run_together(kms, key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                       EncryptionContext={"a": "bc", "d": "e"})["CiphertextBlob"]
    for other in ({"ab": "c", "d": "e"}, {"a": "b", "cd": "e"}, {"a": "bcd", "e": ""}):
        with refused(*CORRUPT):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=other)


def test_any_changed_bit(kms, key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    for at in range(len(blob)):
        changed = bytearray(blob)
        changed[at] ^= 1 << (at % 8)
        # With the key named, no part of the blob may say which it was.
        with refused(("InvalidCiphertextException", "IncorrectKeyException")):
            kms.decrypt(CiphertextBlob=bytes(changed), KeyId=key["KeyId"])
        with refused(("InvalidCiphertextException", "AccessDeniedException")):
            kms.decrypt(CiphertextBlob=bytes(changed))
    for cut in (1, 16, len(blob) - 1):
        with refused(*CORRUPT):
            kms.decrypt(CiphertextBlob=blob[:cut])
    for strange in (b"x", b"\0" * 200, blob + b"\0"):
        with refused(*CORRUPT):
            kms.decrypt(CiphertextBlob=strange)


def test_another_key(kms, key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    other = k.make(kms)
    with refused("IncorrectKeyException", k.INCORRECT_KEY):
        kms.decrypt(CiphertextBlob=blob, KeyId=other["KeyId"])
    with refused("IncorrectKeyException", k.INCORRECT_KEY):
        kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=other["KeyId"],
                       DestinationKeyId=key["KeyId"])


def test_sizes(kms, loose, key, refused):
    with refused("ValidationException",
                 "1 validation error detected: Value at 'plaintext' failed to satisfy "
                 "constraint: Member must have length less than or equal to 4096"):
        loose.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * 4097)
    with refused("ValidationException"):
        loose.encrypt(KeyId=key["KeyId"], Plaintext=b"")
    with refused("ValidationException"):
        loose.decrypt(CiphertextBlob=b"")
    with refused("ValidationException"):
        loose.decrypt(CiphertextBlob=b"x" * 6145)
    with refused("ValidationException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                    EncryptionContext={"k": "x" * 8193})


def test_algorithms_must_suit(kms, key, rsa_key, hmac_key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    for call in (
        lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                            EncryptionAlgorithm="RSAES_OAEP_SHA_256"),
        lambda: kms.encrypt(KeyId=rsa_key["KeyId"], Plaintext=b"x"),
    ):
        with refused("InvalidKeyUsageException"):
            call()
    for wrong in ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"):
        with refused(("InvalidKeyUsageException", "ValidationException",
                      "InvalidCiphertextException")):
            kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=blob, EncryptionAlgorithm=wrong)
    for operation, call in (
        ("Encrypt", lambda: kms.encrypt(KeyId=hmac_key["KeyId"], Plaintext=b"x")),
        ("Decrypt", lambda: kms.decrypt(KeyId=hmac_key["KeyId"], CiphertextBlob=blob)),
    ):
        with refused("InvalidKeyUsageException",
                     k.usage(hmac_key["Arn"], "GENERATE_VERIFY_MAC", operation)):
            call()
    for asymmetric in (rsa_key, hmac_key):
        with refused("InvalidKeyUsageException"):
            kms.generate_data_key(KeyId=asymmetric["KeyId"], KeySpec="AES_256")


def test_contexts_are_for_symmetric_keys(kms, rsa_key, refused):
    with refused("ValidationException"):
        kms.encrypt(KeyId=rsa_key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"},
                    EncryptionAlgorithm="RSAES_OAEP_SHA_256")


# -- data keys --------------------------------------------------------------


@pytest.mark.parametrize("wish, size", [
    ({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16),
    ({"NumberOfBytes": 1}, 1), ({"NumberOfBytes": 64}, 64), ({"NumberOfBytes": 1024}, 1024),
])
def test_data_keys(kms, key, refused, wish, size):
    made = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **wish)
    assert (made["KeyId"], len(made["Plaintext"])) == (key["Arn"], size)
    assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    blind = kms.generate_data_key_without_plaintext(
        KeyId=key["Arn"], EncryptionContext=CONTEXT, **wish)
    assert "Plaintext" not in blind
    assert blind["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["Plaintext"]
    other = kms.decrypt(CiphertextBlob=blind["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert len(other["Plaintext"]) == size
    assert size < 16 or other["Plaintext"] != made["Plaintext"]
    with refused(*CORRUPT):
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"])


def test_how_large_a_data_key(kms, loose, key, refused):
    with refused("ValidationException"):
        kms.generate_data_key(KeyId=key["KeyId"])
    with refused("ValidationException"):
        kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", NumberOfBytes=32)
    for bad in (0, 1025, -1):
        with refused("ValidationException"):
            loose.generate_data_key(KeyId=key["KeyId"], NumberOfBytes=bad)
    blind = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"])
    assert len(kms.decrypt(CiphertextBlob=blind["CiphertextBlob"])["Plaintext"]) == 32


PAIRS = ["RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384",
         "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"]


@pytest.mark.parametrize("spec", PAIRS)
def test_data_key_pairs(kms, key, spec, tmp_path):
    made = kms.generate_data_key_pair(
        KeyId=key["KeyId"], KeyPairSpec=spec, EncryptionContext=CONTEXT)
    assert (made["KeyId"], made["KeyPairSpec"]) == (key["Arn"], spec)
    private = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert public == made["PublicKey"]
    if spec.startswith("RSA"):
        assert private.key_size == int(spec[4:])
    # And another tool reads both.
    derived = k.openssl(tmp_path, "pkey", "-inform", "DER", "-in", "key.der", "-pubout",
                        "-outform", "DER", **{"key.der": made["PrivateKeyPlaintext"]})
    assert derived.stdout == made["PublicKey"], derived.stderr
    opened = kms.decrypt(
        CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]


def test_data_key_pairs_without_plaintext(kms, key):
    made = kms.generate_data_key_pair_without_plaintext(
        KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in made
    private = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"]
    public = serialization.load_der_private_key(private, None).public_key()
    assert public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ) == made["PublicKey"]


def test_data_key_pairs_that_are_not_made(kms, loose, key, rsa_key, refused):
    with refused("ValidationException"):
        loose.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="RSA_1024")
    with refused(("UnsupportedOperationException", "ValidationException")):
        kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="SM2")
    with refused("InvalidKeyUsageException"):
        kms.generate_data_key_pair(KeyId=rsa_key["KeyId"], KeyPairSpec="RSA_2048")


# -- re-encryption ----------------------------------------------------------


def test_re_encryption(kms, key, refused):
    other = k.make(kms)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"moved",
                       EncryptionContext=CONTEXT)["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext=CONTEXT,
        DestinationKeyId=k.alias(kms, other["KeyId"]), DestinationEncryptionContext={"a": "b"})
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    assert moved["SourceEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert moved["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert moved["SourceKeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert moved["DestinationKeyMaterialId"] == other["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=other["KeyId"],
                         EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"moved"
    with refused(*CORRUPT):
        kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext=CONTEXT)


def test_re_encryption_between_kinds(kms, key, rsa_key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"moved")["CiphertextBlob"]
    away = kms.re_encrypt(
        CiphertextBlob=blob, DestinationKeyId=rsa_key["KeyId"],
        DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert away["DestinationEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    back = kms.re_encrypt(
        CiphertextBlob=away["CiphertextBlob"], SourceKeyId=rsa_key["KeyId"],
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256", DestinationKeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"moved"
    long = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * 191)["CiphertextBlob"]
    with refused("ValidationException",
                 "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data "
                 "larger than 190 bytes."):
        kms.re_encrypt(CiphertextBlob=long, DestinationKeyId=rsa_key["KeyId"],
                       DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")


# -- chance, and dry runs ---------------------------------------------------


def test_generate_random(kms, loose, refused):
    assert len(kms.generate_random(NumberOfBytes=1)["Plaintext"]) == 1
    first, second = (kms.generate_random(NumberOfBytes=1024)["Plaintext"] for _ in range(2))
    assert len(first) == 1024 and first != second
    with refused("ValidationException", "NumberOfBytes is required."):
        kms.generate_random()
    for bad in (0, 1025):
        with refused("ValidationException"):
            loose.generate_random(NumberOfBytes=bad)


def test_dry_runs_do_nothing(kms, key, hmac_key, refused):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    signer = k.make(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    mac = {"KeyId": hmac_key["KeyId"], "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    tag = kms.generate_mac(**mac)["Mac"]
    sign = {"KeyId": signer["KeyId"], "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**sign)["Signature"]
    principal = f"arn:aws:iam::{key['AWSAccountId']}:root"
    for call, arguments in (
        (kms.encrypt, {"KeyId": key["KeyId"], "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": key["KeyId"]}),
        (kms.generate_data_key, {"KeyId": key["KeyId"], "KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeyId": key["KeyId"]}),
        (kms.generate_data_key_pair, {"KeyId": key["KeyId"], "KeyPairSpec": "RSA_2048"}),
        (kms.generate_data_key_pair_without_plaintext,
         {"KeyId": key["KeyId"], "KeyPairSpec": "ECC_NIST_P256"}),
        (kms.generate_mac, mac), (kms.verify_mac, {**mac, "Mac": tag}),
        (kms.sign, sign), (kms.verify, {**sign, "Signature": signature}),
        (kms.create_grant, {"KeyId": key["KeyId"], "GranteePrincipal": principal,
                            "Operations": ["Decrypt"]}),
    ):
        with refused("DryRunOperationException", k.DRY_RUN):
            call(DryRun=True, **arguments)
        call(DryRun=False, **arguments)
    assert len(kms.list_grants(KeyId=key["KeyId"])["Grants"]) == 1
    # A dry run of what would fail fails in its own way.
    disabled = k.in_state(kms, "Disabled")
    with refused(*k.disabled(disabled["Arn"])):
        kms.encrypt(KeyId=disabled["KeyId"], Plaintext=b"x", DryRun=True)
    with refused("KMSInvalidMacException"):
        kms.verify_mac(**{**mac, "Mac": b"\0" * 32}, DryRun=True)


# -- the wire ---------------------------------------------------------------


def test_errors_and_empty_answers_on_the_wire(server, kms, key):
    reply = k.wire(server, "Decrypt", {"CiphertextBlob": b64(b"nonsense")})
    assert (reply.status, reply.json["__type"]) == (400, "InvalidCiphertextException")
    assert "Message" not in reply.json
    assert reply.json.get("message") in (None, "")
    for operation in ("DisableKey", "EnableKey"):
        reply = k.wire(server, operation, {"KeyId": key["KeyId"]})
        assert (reply.status, reply.body) == (200, b"")
    reply = k.wire(server, "DescribeKey", {"KeyId": key["KeyId"]})
    assert isinstance(reply.json["KeyMetadata"]["CreationDate"], (int, float))
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    reply = k.wire(server, "NoSuchOperation", {})
    assert (reply.status, reply.code or reply.json["__type"]) == (
        400, "UnknownOperationException")


def test_each_use_is_recorded(server, kms, key):
    needle = word()
    context = {"needle": needle}
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                       EncryptionContext=context)["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext=context)
    records = server.audit(needle=needle, count=3)
    assert [r["eventName"] for r in records] == ["Encrypt", "Decrypt", "GenerateDataKey"]
    for record in records:
        assert record["eventSource"] == "kms.amazonaws.com"
        assert record["requestParameters"]["encryptionContext"] == context
        assert [r["ARN"] for r in record["resources"]] == [key["Arn"]]
        assert record["readOnly"] is True
