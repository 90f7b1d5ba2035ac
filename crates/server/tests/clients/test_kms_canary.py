"""No byte that KMS was given or gave in confidence lies in any file.

The search is the one of `test_canary.py`; the canaries are what KMS sees: plaintexts,
data keys, messages to sign or authenticate, shared secrets, imported material, chance.
"""

import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import kms as k
from harness import b64
from test_canary import canary, finds


class Nest:
    def __init__(self, server):
        self.server = server
        self.kms = server.client(service="kms")
        self.hidden = []

    def text(self):
        self.hidden.append(canary().encode())
        return self.hidden[-1]

    def binary(self, size=32):
        self.hidden.append(os.urandom(size))
        return self.hidden[-1]

    def came(self, data):
        """A secret that the server made."""
        assert len(data) >= 16
        self.hidden.append(data)

    def wire(self, operation, members, status=400):
        reply = k.wire(self.server, operation, members)
        assert reply.status == status, (operation, reply.status, reply.body)


def symmetric(nest):
    kms, key = nest.kms, k.make(nest.kms)["KeyId"]
    for plaintext in (nest.text(), nest.binary()):
        blob = kms.encrypt(KeyId=key, Plaintext=plaintext)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == plaintext
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    for wish in ({"KeySpec": "AES_256"}, {"NumberOfBytes": 300}):
        nest.came(kms.generate_data_key(KeyId=key, **wish)["Plaintext"])
    blind = kms.generate_data_key_without_plaintext(KeyId=key)["CiphertextBlob"]
    nest.came(kms.decrypt(CiphertextBlob=blind)["Plaintext"])
    for spec in ("ECC_NIST_P256", "RSA_2048"):
        private = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)["PrivateKeyPlaintext"]
        numbers = serialization.load_der_private_key(private, None).private_numbers()
        secret = numbers.private_value if spec[0] == "E" else numbers.d
        nest.came(secret.to_bytes((secret.bit_length() + 7) // 8))
        if spec[0] == "R":
            nest.came(numbers.p.to_bytes(128))
    nest.came(kms.generate_random(NumberOfBytes=64)["Plaintext"])
    # Refused: by size, key, context, state, shape.
    other = k.make(nest.kms)["KeyId"]
    kms.disable_key(KeyId=other)
    nest.wire("Encrypt", {"KeyId": other, "Plaintext": b64(nest.text())})
    nest.wire("Encrypt", {"KeyId": key, "Plaintext": b64(nest.text() + b"x" * 4096)})
    nest.wire("Encrypt", {"KeyId": "nonsense", "Plaintext": b64(nest.text())})
    nest.wire("Encrypt", {"KeyId": key, "Plaintext": nest.text().decode() + "!"})
    nest.wire("Encrypt", {"KeyId": key, "Plaintext": [b64(nest.text())]})
    nest.wire("Encrypt", {"KeyId": key, "Plaintext": b64(nest.text()), "DryRun": True})


def others(nest):
    kms = nest.kms
    mac = k.make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")["KeyId"]
    message = nest.text()
    tag = kms.generate_mac(KeyId=mac, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"]
    nest.came(tag)
    kms.verify_mac(KeyId=mac, Message=message, Mac=tag, MacAlgorithm="HMAC_SHA_256")
    nest.wire("VerifyMac", {"KeyId": mac, "Message": b64(nest.text()), "Mac": b64(tag),
                            "MacAlgorithm": "HMAC_SHA_256"})
    signer = k.make(kms, "ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    message = nest.text()
    wish = {"KeyId": signer, "Message": message, "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**wish)["Signature"]
    nest.came(signature)
    kms.verify(Signature=signature, **wish)
    nest.wire("Verify", {**wish, "Message": b64(nest.text()), "Signature": b64(signature)})
    nest.wire("Sign", {**wish, "Message": b64(nest.text()), "MessageType": "DIGEST"})
    agreement = k.make(kms, "ECC_NIST_P256", "KEY_AGREEMENT")["KeyId"]
    peer = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    nest.came(kms.derive_shared_secret(
        KeyId=agreement, KeyAgreementAlgorithm="ECDH", PublicKey=peer)["SharedSecret"])
    rsa = k.make(kms, "RSA_2048")["KeyId"]
    plaintext = nest.text()
    blob = kms.encrypt(KeyId=rsa, Plaintext=plaintext,
                       EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    kms.decrypt(KeyId=rsa, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")


def imported(nest):
    kms = nest.kms
    for algorithm in ("RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_256"):
        key = k.make(kms, Origin="EXTERNAL")["KeyId"]
        k.import_material(kms, key, nest.binary(), algorithm)
        with pytest.raises(kms.exceptions.IncorrectKeyMaterialException):
            k.import_material(kms, key, nest.binary(), algorithm)
    bad = k.make(kms, Origin="EXTERNAL")["KeyId"]
    with pytest.raises(kms.exceptions.ClientError):
        k.import_material(kms, bad, nest.binary(48))


def test_no_file_holds_a_canary(own_server):
    nest = Nest(own_server)
    symmetric(nest)
    others(nest)
    imported(nest)
    own_server.kill()
    assert len(nest.hidden) > 25
    assert finds(own_server, nest.hidden) == {}
    own_server.start()
    own_server.stop()
    assert finds(own_server, nest.hidden) == {}
