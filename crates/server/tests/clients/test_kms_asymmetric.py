"""Asymmetric and HMAC keys: what they make is judged by tools that are not ours."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

import kms as k

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
SIGNERS = [
    (spec, algorithm) for spec, usage, _, algorithms in k.SPECS
    if usage == "SIGN_VERIFY" for algorithm in algorithms
]
RAW_ONLY = ("ED25519_SHA_512", "ML_DSA_SHAKE_256")


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def loose(server):
    return server.client(service="kms", validate=False)


@pytest.fixture(scope="module")
def keys(kms):
    """Keys by spec and usage, made once: RSA keys take their time."""
    made = {}

    def get(spec, usage="SIGN_VERIFY"):
        if (spec, usage) not in made:
            made[spec, usage] = k.make(kms, spec, usage)
        return made[spec, usage]
    return get


def public_of(kms, key):
    return serialization.load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])


def judge(public, algorithm, message, signature):
    """Raises unless an independent library accepts the signature."""
    digest = HASHES.get(algorithm.rpartition("_")[2])
    if algorithm.startswith("ECDSA"):
        public.verify(signature, message, ec.ECDSA(digest()))
    elif algorithm.startswith("RSASSA_PKCS1"):
        public.verify(signature, message, padding.PKCS1v15(), digest())
    elif algorithm.startswith("RSASSA_PSS"):
        pss = padding.PSS(padding.MGF1(digest()), salt_length=digest.digest_size)
        public.verify(signature, message, pss, digest())
    else:
        public.verify(signature, message)


def openssl_judges(directory, spki, algorithm, message, signature):
    """openssl's verdict: True or False."""
    files = {"key.der": spki, "message": message, "signature": signature}
    if algorithm == "ED25519_SHA_512":
        done = k.openssl(directory, "pkeyutl", "-verify", "-pubin", "-keyform", "DER",
                         "-inkey", "key.der", "-rawin", "-in", "message",
                         "-sigfile", "signature", **files)
    else:
        digest = f"-sha{algorithm.rpartition('_')[2]}"
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        done = k.openssl(directory, "dgst", digest, "-verify", "key.der", "-keyform", "DER",
                         *(pss if "PSS" in algorithm else []),
                         "-signature", "signature", "message", **files)
    return done.returncode == 0


@pytest.mark.parametrize("spec, algorithm", SIGNERS)
def test_signatures(kms, keys, refused, spec, algorithm, tmp_path):
    key = keys(spec)
    public = public_of(kms, key)
    for message in (b"m", b"a message " * 400):
        made = kms.sign(KeyId=key["KeyId"], Message=message, SigningAlgorithm=algorithm)
        assert (made["KeyId"], made["SigningAlgorithm"]) == (key["Arn"], algorithm)
        judge(public, algorithm, message, made["Signature"])
        with pytest.raises(InvalidSignature):
            judge(public, algorithm, message + b"x", made["Signature"])
        answer = kms.verify(KeyId=key["KeyId"], Message=message,
                            Signature=made["Signature"], SigningAlgorithm=algorithm)
        assert (answer["SignatureValid"], answer["KeyId"]) == (True, key["Arn"])
        assert answer["SigningAlgorithm"] == algorithm
        with refused("KMSInvalidSignatureException", ""):
            kms.verify(KeyId=key["KeyId"], Message=b"other",
                       Signature=made["Signature"], SigningAlgorithm=algorithm)
        changed = bytearray(made["Signature"])
        changed[len(changed) // 2] ^= 4
        with refused("KMSInvalidSignatureException", ""):
            kms.verify(KeyId=key["KeyId"], Message=message,
                       Signature=bytes(changed), SigningAlgorithm=algorithm)
        if not algorithm.startswith("ML_DSA"):
            spki = kms.get_public_key(KeyId=key["KeyId"])["PublicKey"]
            assert openssl_judges(tmp_path, spki, algorithm, message, made["Signature"])
            assert not openssl_judges(tmp_path, spki, algorithm, message, bytes(changed))


@pytest.mark.parametrize(
    "spec, algorithm", [s for s in SIGNERS if s[1] not in RAW_ONLY])
def test_signatures_of_digests(kms, keys, refused, spec, algorithm):
    key = keys(spec)
    name = algorithm.rpartition("_")[2]
    digest = hashlib.new(f"sha{name}", b"message").digest()
    made = kms.sign(KeyId=key["KeyId"], Message=digest, MessageType="DIGEST",
                    SigningAlgorithm=algorithm)
    judge(public_of(kms, key), algorithm, b"message", made["Signature"])
    for kind, message in (("DIGEST", digest), ("RAW", b"message")):
        assert kms.verify(KeyId=key["KeyId"], Message=message, MessageType=kind,
                          Signature=made["Signature"],
                          SigningAlgorithm=algorithm)["SignatureValid"] is True
    with refused("KMSInvalidSignatureException", ""):
        kms.verify(KeyId=key["KeyId"], Message=digest, Signature=made["Signature"],
                   SigningAlgorithm=algorithm)
    for bad in (digest[:-1], digest + b"x", b"x"):
        for call, more in ((kms.sign, {}), (kms.verify, {"Signature": made["Signature"]})):
            with refused("ValidationException",
                         f"Digest is invalid length for algorithm {algorithm}."):
                call(KeyId=key["KeyId"], Message=bad, MessageType="DIGEST",
                     SigningAlgorithm=algorithm, **more)


def test_digests_that_the_caller_signs_elsewhere(kms, keys):
    # A signature by an independent library of the same key pair would need the
    # private key; the digest form of its check is the nearest.
    key = keys("ECC_NIST_P384")
    digest = hashlib.sha384(b"message").digest()
    made = kms.sign(KeyId=key["KeyId"], Message=digest, MessageType="DIGEST",
                    SigningAlgorithm="ECDSA_SHA_384")
    public_of(kms, key).verify(
        made["Signature"], digest, ec.ECDSA(utils.Prehashed(hashes.SHA384())))


@pytest.mark.parametrize("spec", ["ECC_NIST_EDWARDS25519", "ML_DSA_44"])
def test_raw_only(kms, keys, refused, spec):
    algorithm = {"E": RAW_ONLY[0], "M": RAW_ONLY[1]}[spec[0]]
    with refused("ValidationException"):
        kms.sign(KeyId=keys(spec)["KeyId"], Message=b"x" * 64, MessageType="DIGEST",
                 SigningAlgorithm=algorithm)


@pytest.mark.parametrize("spec, algorithm, kind", [
    ("ECC_NIST_EDWARDS25519", "ED25519_PH_SHA_512", "DIGEST"),
    ("ML_DSA_44", "ML_DSA_SHAKE_256", "EXTERNAL_MU"),
])
def test_what_the_library_lacks_is_refused(kms, keys, refused, spec, algorithm, kind):
    with refused(("UnsupportedOperationException", "InvalidKeyUsageException",
                  "ValidationException")):
        kms.sign(KeyId=keys(spec)["KeyId"], Message=b"x" * 64, MessageType=kind,
                 SigningAlgorithm=algorithm)


def test_usages_and_algorithms(kms, loose, keys, refused):
    symmetric, signer = k.make(kms), keys("ECC_NIST_P256")
    with refused("InvalidKeyUsageException",
                 k.usage(symmetric["Arn"], "ENCRYPT_DECRYPT", "Sign")):
        kms.sign(KeyId=symmetric["KeyId"], Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    with refused("InvalidKeyUsageException",
                 k.usage(signer["Arn"], "SIGN_VERIFY", "Encrypt")):
        kms.encrypt(KeyId=signer["KeyId"], Plaintext=b"m",
                    EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("InvalidKeyUsageException",
                 "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256."):
        kms.sign(KeyId=signer["KeyId"], Message=b"m", SigningAlgorithm="ECDSA_SHA_384")
    with refused("ValidationException"):
        loose.sign(KeyId=signer["KeyId"], Message=b"m", SigningAlgorithm="ROT_13")
    with refused("ValidationException"):
        loose.sign(KeyId=signer["KeyId"], Message=b"x" * 4097,
                   SigningAlgorithm="ECDSA_SHA_256")
    with refused("ValidationException"):
        loose.sign(KeyId=signer["KeyId"], Message=b"", SigningAlgorithm="ECDSA_SHA_256")
    # No decryption with a signing key, and no public key of a symmetric one.
    with refused("InvalidKeyUsageException"):
        kms.decrypt(KeyId=signer["KeyId"], CiphertextBlob=b"x" * 256,
                    EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    for secret in (symmetric, k.make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")):
        with refused(("UnsupportedOperationException", "InvalidKeyUsageException")):
            kms.get_public_key(KeyId=secret["KeyId"])


@pytest.mark.parametrize("spec, usage", [
    (spec, usage) for spec, usage, member, _ in k.SPECS
    if usage not in ("GENERATE_VERIFY_MAC",) and spec != "SYMMETRIC_DEFAULT"
])
def test_public_keys(kms, keys, spec, usage, tmp_path):
    key = keys(spec, usage)
    got = kms.get_public_key(KeyId=k.alias(kms, key["KeyId"]))
    assert (got["KeyId"], got["KeySpec"], got["KeyUsage"]) == (key["Arn"], spec, usage)
    for member in ("EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms"):
        assert got.get(member) == key.get(member)
    public = serialization.load_der_public_key(got["PublicKey"])
    if spec.startswith("RSA"):
        assert public.key_size == int(spec[4:])
        assert public.public_numbers().e == 65537
    assert got["PublicKey"] == public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if not spec.startswith("ML_DSA"):
        done = k.openssl(tmp_path, "pkey", "-pubin", "-inform", "DER", "-in", "key.der",
                         "-noout", "-text", **{"key.der": got["PublicKey"]})
        assert done.returncode == 0, done.stderr


# -- RSA encryption ---------------------------------------------------------

LONGEST = {  # [R]
    "RSA_2048": (214, 190), "RSA_3072": (342, 318), "RSA_4096": (470, 446),
}


@pytest.mark.parametrize("spec", k.RSA)
@pytest.mark.parametrize("algorithm", k.OAEP)
def test_rsa_encryption(kms, keys, refused, spec, algorithm):
    key = keys(spec, "ENCRYPT_DECRYPT")
    digest = {"1": hashes.SHA1, "256": hashes.SHA256}[algorithm.rpartition("_")[2]]
    oaep = padding.OAEP(mgf=padding.MGF1(digest()), algorithm=digest(), label=None)
    most = LONGEST[spec][k.OAEP.index(algorithm)]
    for plaintext in (b"x", b"y" * most):
        ours = kms.encrypt(KeyId=key["KeyId"], Plaintext=plaintext,
                           EncryptionAlgorithm=algorithm)
        assert ours["EncryptionAlgorithm"] == algorithm
        theirs = public_of(kms, key).encrypt(plaintext, oaep)
        for blob in (ours["CiphertextBlob"], theirs):
            assert len(blob) * 8 == int(spec[4:])
            opened = kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=blob,
                                 EncryptionAlgorithm=algorithm)
            assert opened["Plaintext"] == plaintext
            assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (key["Arn"], algorithm)
    with refused("ValidationException",
                 f"Algorithm {algorithm} and key spec {spec} cannot encrypt data "
                 f"larger than {most} bytes."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * (most + 1),
                    EncryptionAlgorithm=algorithm)
    changed = bytearray(theirs)
    changed[-1] ^= 1
    for bad in (bytes(changed), theirs[:-1], b"x"):
        with refused("InvalidCiphertextException", ""):
            kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=bad, EncryptionAlgorithm=algorithm)


def test_rsa_ciphertext_does_not_name_its_key(kms, keys, refused):
    key = keys("RSA_2048", "ENCRYPT_DECRYPT")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                       EncryptionAlgorithm="RSAES_OAEP_SHA_1")["CiphertextBlob"]
    with refused(("ValidationException", "InvalidCiphertextException")):
        kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_1")


# -- HMAC -------------------------------------------------------------------


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
def test_macs(kms, loose, keys, refused, bits):
    key = keys(f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
    algorithm = f"HMAC_SHA_{bits}"
    for message in (b"m", b"x" * 4096):
        made = kms.generate_mac(KeyId=key["KeyId"], Message=message, MacAlgorithm=algorithm)
        assert (made["KeyId"], made["MacAlgorithm"]) == (key["Arn"], algorithm)
        assert len(made["Mac"]) * 8 == bits
        answer = kms.verify_mac(KeyId=key["KeyId"], Message=message, Mac=made["Mac"],
                                MacAlgorithm=algorithm)
        assert (answer["MacValid"], answer["KeyId"]) == (True, key["Arn"])
        assert answer["MacAlgorithm"] == algorithm
        for bad in (made["Mac"][:-1], made["Mac"] + b"x", b"\0" * (bits // 8)):
            with refused("KMSInvalidMacException", ""):
                kms.verify_mac(KeyId=key["KeyId"], Message=message, Mac=bad,
                               MacAlgorithm=algorithm)
        with refused("KMSInvalidMacException", ""):
            kms.verify_mac(KeyId=key["KeyId"], Message=b"other", Mac=made["Mac"],
                           MacAlgorithm=algorithm)
    other = "HMAC_SHA_256" if bits != 256 else "HMAC_SHA_512"
    with refused("InvalidKeyUsageException",
                 f"Algorithm {other} is incompatible with key spec HMAC_{bits}."):
        kms.generate_mac(KeyId=key["KeyId"], Message=b"m", MacAlgorithm=other)
    with refused("ValidationException"):
        loose.generate_mac(KeyId=key["KeyId"], Message=b"x" * 4097, MacAlgorithm=algorithm)


def test_macs_of_imported_material_are_pythons(kms):
    """With material that we know, Python's hmac must agree bit by bit."""
    for bits in (224, 256, 384, 512):
        material = hashlib.sha512(b"material").digest()[: bits // 8]
        made = k.make(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")
        k.import_material(kms, made["KeyId"], material)
        for message in (b"m", b"x" * 4096):
            ours = kms.generate_mac(KeyId=made["KeyId"], Message=message,
                                    MacAlgorithm=f"HMAC_SHA_{bits}")["Mac"]
            assert ours == hmac.new(material, message, f"sha{bits}").digest()


# -- key agreement ----------------------------------------------------------

CURVES = {"256": ec.SECP256R1, "384": ec.SECP384R1, "521": ec.SECP521R1}


@pytest.mark.parametrize("bits", ["256", "384", "521"])
def test_shared_secrets(kms, keys, refused, bits):
    key = keys(f"ECC_NIST_P{bits}", "KEY_AGREEMENT")
    ours = public_of(kms, key)
    theirs = ec.generate_private_key(CURVES[bits]())

    def spki(public):
        return public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    derived = kms.derive_shared_secret(
        KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=spki(theirs.public_key()))
    assert derived["SharedSecret"] == theirs.exchange(ec.ECDH(), ours)
    assert (derived["KeyId"], derived["KeyAgreementAlgorithm"]) == (key["Arn"], "ECDH")
    assert derived["KeyOrigin"] == "AWS_KMS"
    other = "384" if bits != "384" else "256"
    strange = spki(ec.generate_private_key(CURVES[other]()).public_key())
    point = theirs.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    for bad in (strange, point, spki(theirs.public_key())[:-1], b"nonsense"):
        with refused("ValidationException"):
            kms.derive_shared_secret(
                KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=bad)
    with refused("DryRunOperationException", k.DRY_RUN):
        kms.derive_shared_secret(KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH",
                                 PublicKey=spki(theirs.public_key()), DryRun=True)
    signer = keys(f"ECC_NIST_P{bits}")
    with refused("InvalidKeyUsageException"):
        kms.derive_shared_secret(
            KeyId=signer["KeyId"], KeyAgreementAlgorithm="ECDH",
            PublicKey=spki(theirs.public_key()))
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=key["KeyId"], Message=b"m",
                 SigningAlgorithm=keys(f"ECC_NIST_P{bits}")["SigningAlgorithms"][0])
