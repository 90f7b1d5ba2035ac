"""Keys whose material its owner brings, wrapped in every way the reference knows."""

import datetime
import hmac
import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import kms as k
from receivers import until

ALGORITHMS = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256",
              "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


def external(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **more):
    made = k.make(kms, spec, usage, Origin="EXTERNAL", **more)
    assert (made["Origin"], made["KeyState"], made["Enabled"]) == (
        "EXTERNAL", "PendingImport", False)
    return made


def later(**delta):
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(microsecond=0) + datetime.timedelta(**delta)


@pytest.mark.parametrize("spec", k.RSA)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_wrapping(kms, algorithm, spec):
    made = external(kms)
    parameters = kms.get_parameters_for_import(
        KeyId=made["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    assert parameters["KeyId"] == made["Arn"]
    public = serialization.load_der_public_key(parameters["PublicKey"])
    assert public.key_size == int(spec[4:])
    assert abs(parameters["ParametersValidTo"] - later(hours=24)) < datetime.timedelta(minutes=2)
    answer = kms.import_key_material(
        KeyId=made["KeyId"], ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=k.wrap(os.urandom(32), parameters["PublicKey"], algorithm),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert answer["KeyId"] == made["Arn"]
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("Enabled", True)
    assert described["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert "ValidTo" not in described
    assert k.HEX_64.fullmatch(described["CurrentKeyMaterialId"])
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def der(private):
    return private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption())


@pytest.mark.parametrize("spec, usage, generate, algorithm", [
    ("ECC_NIST_P256", "SIGN_VERIFY",
     lambda: ec.generate_private_key(ec.SECP256R1()), "RSAES_OAEP_SHA_256"),
    ("ECC_NIST_P521", "SIGN_VERIFY",
     lambda: ec.generate_private_key(ec.SECP521R1()), "RSA_AES_KEY_WRAP_SHA_256"),
    ("ECC_SECG_P256K1", "SIGN_VERIFY",
     lambda: ec.generate_private_key(ec.SECP256K1()), "RSA_AES_KEY_WRAP_SHA_256"),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY",
     ed25519.Ed25519PrivateKey.generate, "RSA_AES_KEY_WRAP_SHA_256"),
    ("ECC_NIST_P384", "KEY_AGREEMENT",
     lambda: ec.generate_private_key(ec.SECP384R1()), "RSA_AES_KEY_WRAP_SHA_1"),
    ("RSA_2048", "SIGN_VERIFY",
     lambda: rsa.generate_private_key(65537, 2048), "RSA_AES_KEY_WRAP_SHA_256"),
    ("RSA_4096", "ENCRYPT_DECRYPT",
     lambda: rsa.generate_private_key(65537, 4096), "RSA_AES_KEY_WRAP_SHA_256"),
])
def test_asymmetric_material(kms, refused, spec, usage, generate, algorithm):
    made, private = external(kms, spec, usage), generate()
    k.import_material(kms, made["KeyId"], der(private), algorithm, "RSA_4096")
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert kms.get_public_key(KeyId=made["KeyId"])["PublicKey"] == public
    # Another key of the right kind is not the same material; of a wrong kind not any.
    with refused("IncorrectKeyMaterialException"):
        k.import_material(kms, made["KeyId"], der(generate()), algorithm, "RSA_4096")
    other = external(kms, spec, usage)
    wrong = ec.generate_private_key(ec.SECP224R1())
    with refused(("IncorrectKeyMaterialException", "InvalidCiphertextException")):
        k.import_material(kms, other["KeyId"], der(wrong), algorithm, "RSA_4096")
    assert k.state_of(kms, other["KeyId"]) == "PendingImport"


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_mac_material(kms, bits):
    made, material = external(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC"), os.urandom(bits // 8)
    k.import_material(kms, made["KeyId"], material, "RSA_AES_KEY_WRAP_SHA_256")
    tag = kms.generate_mac(KeyId=made["KeyId"], Message=b"m", MacAlgorithm=f"HMAC_SHA_{bits}")
    assert tag["Mac"] == hmac.new(material, b"m", f"sha{bits}").digest()


@pytest.mark.parametrize("length", [1, 16, 31, 33, 64])
def test_lengths_of_symmetric_material(kms, refused, length):
    made = external(kms)
    with refused(("IncorrectKeyMaterialException", "InvalidCiphertextException")):
        k.import_material(kms, made["KeyId"], os.urandom(length))
    assert k.state_of(kms, made["KeyId"]) == "PendingImport"


def test_delete_and_import_again(kms, refused):
    made, material = external(kms), os.urandom(32)
    k.import_material(kms, made["KeyId"], material)
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"kept")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=made["KeyId"])
    assert k.state_of(kms, made["KeyId"]) == "PendingImport"
    with refused(*k.pending_import(made["Arn"])):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        k.import_material(kms, made["KeyId"], os.urandom(32))
    k.import_material(kms, made["KeyId"], material)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"


def test_expiry(kms, refused):
    made = external(kms)
    with refused("ValidationException", k.NO_VALID_TO):
        k.import_material(kms, made["KeyId"], os.urandom(32),
                          ExpirationModel="KEY_MATERIAL_EXPIRES")
    # Expiring is the default.
    parameters = kms.get_parameters_for_import(
        KeyId=made["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wrapped = k.wrap(os.urandom(32), parameters["PublicKey"], "RSAES_OAEP_SHA_256")
    with refused("ValidationException", k.NO_VALID_TO):
        kms.import_key_material(KeyId=made["KeyId"], ImportToken=parameters["ImportToken"],
                                EncryptedKeyMaterial=wrapped)
    for bad in (later(days=-1), later(days=366)):
        with refused("ValidationException"):
            k.import_material(kms, made["KeyId"], os.urandom(32), ValidTo=bad,
                              ExpirationModel="KEY_MATERIAL_EXPIRES")
    due = later(days=3)
    k.import_material(kms, made["KeyId"], os.urandom(32), ValidTo=due,
                      ExpirationModel="KEY_MATERIAL_EXPIRES")
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert described["ValidTo"] == due


def test_expired_material_is_gone(kms, refused):
    made, material = external(kms), os.urandom(32)
    k.import_material(kms, made["KeyId"], material)
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    # The same once more, for as long as the call may take on a slow machine.
    parameters = kms.get_parameters_for_import(
        KeyId=made["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wrapped = k.wrap(material, parameters["PublicKey"], "RSAES_OAEP_SHA_256")
    valid_to = later(seconds=8)
    kms.import_key_material(
        KeyId=made["KeyId"], ImportToken=parameters["ImportToken"], EncryptedKeyMaterial=wrapped,
        ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=valid_to)
    assert until(lambda: k.state_of(kms, made["KeyId"]) == "PendingImport")
    assert datetime.datetime.now(datetime.timezone.utc) >= valid_to
    with refused(*k.pending_import(made["Arn"])):
        kms.decrypt(CiphertextBlob=blob)
    assert k.state_of(kms, made["KeyId"]) == "PendingImport"


def test_tokens(kms, refused):
    made, other = external(kms), external(kms)
    algorithm = "RSAES_OAEP_SHA_256"
    wish = {"WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048"}
    ours = kms.get_parameters_for_import(KeyId=made["KeyId"], **wish)
    theirs = kms.get_parameters_for_import(KeyId=other["KeyId"], **wish)
    wrapped = k.wrap(os.urandom(32), ours["PublicKey"], algorithm)
    changed = bytearray(ours["ImportToken"])
    changed[len(changed) // 2] ^= 1

    def bring(token, blob):
        return kms.import_key_material(
            KeyId=made["KeyId"], ImportToken=token, EncryptedKeyMaterial=blob,
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")

    for token in (theirs["ImportToken"], bytes(changed), b"nonsense"):
        with refused("InvalidImportTokenException"):
            bring(token, wrapped)
    for blob in (wrapped[:-1], b"x" * 256, b"x"):
        with refused("InvalidCiphertextException"):
            bring(ours["ImportToken"], blob)
    # Wrapped in another way than was asked for.
    with refused("InvalidCiphertextException"):
        bring(ours["ImportToken"], k.wrap(os.urandom(32), ours["PublicKey"], "RSAES_OAEP_SHA_1"))
    assert k.state_of(kms, made["KeyId"]) == "PendingImport"
    # A token may be used again for the same material.
    bring(ours["ImportToken"], wrapped)
    bring(ours["ImportToken"], wrapped)


def test_wrapping_that_is_not_offered(kms, refused):
    made = external(kms)
    rsa_key = external(kms, "RSA_2048", "SIGN_VERIFY")
    p521 = external(kms, "ECC_NIST_P521", "SIGN_VERIFY")
    for key, algorithm in (
        (made, "RSAES_PKCS1_V1_5"), (made, "SM2PKE"),
        # Too long to be wrapped at once.
        (rsa_key, "RSAES_OAEP_SHA_256"), (rsa_key, "RSAES_OAEP_SHA_1"),
        (p521, "RSAES_OAEP_SHA_256"),
    ):
        with refused(("ValidationException", "UnsupportedOperationException")):
            kms.get_parameters_for_import(
                KeyId=key["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    kms.get_parameters_for_import(
        KeyId=p521["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_3072")


def test_keys_of_other_origin(kms, refused):
    made = k.make(kms)
    with refused(*k.origin(made["Arn"], "AWS_KMS")):
        k.import_material(kms, made["KeyId"], os.urandom(32))
    with refused(*k.origin(made["Arn"], "AWS_KMS")):
        kms.delete_imported_key_material(KeyId=made["KeyId"])


def test_rotation_of_imported_material(kms, refused):
    made, first, second = external(kms), os.urandom(32), os.urandom(32)
    k.import_material(kms, made["KeyId"], first)
    old = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"kept")["CiphertextBlob"]
    with refused("KMSInvalidStateException",
                 f"No available key material pending rotation for the key: {made['Arn']}."):
        kms.rotate_key_on_demand(KeyId=made["KeyId"])
    answer = k.import_material(
        kms, made["KeyId"], second, ImportType="NEW_KEY_MATERIAL",
        KeyMaterialDescription="the second")
    assert answer["KeyMaterialId"] != old
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described["CurrentKeyMaterialId"] == old
    rows = kms.list_key_rotations(
        KeyId=made["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    states = {row["KeyMaterialId"]: row["KeyMaterialState"] for row in rows}
    assert states == {old: "CURRENT", answer["KeyMaterialId"]: "PENDING_ROTATION"}
    kms.rotate_key_on_demand(KeyId=made["KeyId"])
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"
    fresh = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=fresh)["KeyMaterialId"] == answer["KeyMaterialId"]
