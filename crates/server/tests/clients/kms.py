"""What the KMS tests share: key specs as the reference lists them, keys brought
into each state, AWS's texts, and independent tools that judge what keys make.

[R] recorded from the live service; [E] known from emulators only.
"""

import os
import re
import subprocess

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from harness import PATIENCE, client, word

# -- key specs --------------------------------------------------------------

RSA = ["RSA_2048", "RSA_3072", "RSA_4096"]
OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
RSA_SIGNATURES = [
    f"RSASSA_{padding}_SHA_{bits}"
    for padding in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512)
]

# (KeySpec, KeyUsage, the member of KeyMetadata that lists algorithms, which)
SPECS = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]),
    *[(spec, "ENCRYPT_DECRYPT", "EncryptionAlgorithms", OAEP) for spec in RSA],
    *[(spec, "SIGN_VERIFY", "SigningAlgorithms", RSA_SIGNATURES) for spec in RSA],
    ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_384"]),
    ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_512"]),
    ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    # The cryptography library has no pre-hashed Ed25519.
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SigningAlgorithms", ["ED25519_SHA_512"]),
    *[(spec, "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"])
      for spec in ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")],
    *[(f"ECC_NIST_P{bits}", "KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"])
      for bits in (256, 384, 521)],
    *[(f"HMAC_{bits}", "GENERATE_VERIFY_MAC", "MacAlgorithms", [f"HMAC_SHA_{bits}"])
      for bits in (224, 256, 384, 512)],
]

# -- texts ------------------------------------------------------------------

ONLY_KEY_USAGE = (  # [R]
    "You must specify a KeyUsage value for all KMS keys except for symmetric "
    "encryption keys."
)
INCORRECT_KEY = (  # [R]
    "The key ID in the request does not identify a CMK that can perform this operation."
)
DRY_RUN = "The request would have succeeded, but the DryRun option is set."  # [R]
LOCKED_OUT = (  # [E]
    "The new key policy will not allow you to update the key policy in the future."
)
INVALID_PRINCIPALS = (  # [R]
    "Policy contains a statement with one or more invalid principals."
)
ALIAS_PREFIX = (  # [R]
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
NO_VALID_TO = (  # [R]
    "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
)


def missing_key(arn):  # [R]
    return f"Key '{arn}' does not exist"


def usage(arn, usage, operation):  # [R]
    return f"{arn} key usage is {usage} which is not valid for {operation}."


def disabled(arn):
    return "DisabledException", f"{arn} is disabled."


def pending_deletion(arn):
    return "KMSInvalidStateException", f"{arn} is pending deletion."


def not_pending_deletion(arn):
    return "KMSInvalidStateException", f"{arn} is not pending deletion."


def pending_import(arn):
    return "KMSInvalidStateException", f"{arn} is pending import."


def origin(arn, origin):
    return (
        "UnsupportedOperationException",
        f"{arn} origin is {origin} which is not valid for this operation.",
    )


# -- keys -------------------------------------------------------------------


def arn_of(metadata):
    return metadata["Arn"]


def in_region(arn, region):
    """The ARN of the same multi-Region key in another Region."""
    parts = arn.split(":")
    parts[3] = region
    return ":".join(parts)


def make(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **more):
    """CreateKey: the metadata."""
    return kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]


def alias(kms, key_id):
    """A fresh alias of the key: its name."""
    fresh = f"alias/{word()}"
    kms.create_alias(AliasName=fresh, TargetKeyId=key_id)
    return fresh


def in_state(kms, state, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **more):
    """A fresh key brought into a state of the reference's table."""
    if state == "PendingImport":
        more["Origin"] = "EXTERNAL"
    made = make(kms, spec, usage, **more)
    if state == "Disabled":
        kms.disable_key(KeyId=made["KeyId"])
    if state == "PendingDeletion":
        kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    return made


def state_of(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


# -- other callers ----------------------------------------------------------


def client_as(server, keys, service="kms", region=None, validate=True):
    """A boto3 client with an access key of IAM's CreateAccessKey or STS's answer."""
    return client(
        service,
        endpoint_url=server.endpoint,
        region_name=region or server.region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        validate=validate,
    )


def wire(server, operation, members=None, **more):
    """One KMS call over a bare connection."""
    headers = {"X-Amz-Target": f"TrentService.{operation}", **more.pop("headers", {})}
    return server.call(operation, members, service="kms", headers=headers, **more)


# -- imported material ------------------------------------------------------

WRAPPING_HASHES = {"1": hashes.SHA1, "256": hashes.SHA256}


def wrap(material, spki, algorithm):
    """Key material wrapped for import as the reference's algorithms say."""
    public = serialization.load_der_public_key(spki)
    digest = WRAPPING_HASHES[algorithm.rpartition("_")[2]]
    oaep = padding.OAEP(mgf=padding.MGF1(digest()), algorithm=digest(), label=None)
    if algorithm.startswith("RSAES_OAEP"):
        return public.encrypt(material, oaep)
    kek = os.urandom(32)
    return public.encrypt(kek, oaep) + keywrap.aes_key_wrap_with_padding(kek, material)


def import_material(kms, key_id, material, algorithm="RSAES_OAEP_SHA_256",
                    spec="RSA_2048", **more):
    """GetParametersForImport and ImportKeyMaterial."""
    parameters = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    more.setdefault("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    return kms.import_key_material(
        KeyId=key_id, ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrap(material, parameters["PublicKey"], algorithm), **more)


# -- the independent judge --------------------------------------------------


def openssl(directory, *args, **files):
    """Runs openssl in `directory` after writing `files` there; the bytes it prints."""
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return subprocess.run(["openssl", *args], cwd=directory, capture_output=True, timeout=PATIENCE)


HEX_64 = re.compile(r"[0-9a-f]{64}")
