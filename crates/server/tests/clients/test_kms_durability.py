"""Keys outlive the process, and come back from a backup with all they need."""

import os
import shutil
import subprocess

import pytest

import harness
import kms as k

THERE = "eu-west-1"


def work(server):
    """Keys of several kinds with what they made: {what: a call that must succeed}."""
    kms, there = server.client(service="kms"), server.client(THERE, service="kms")
    rotated = k.make(kms, MultiRegion=True)
    kms.replicate_key(KeyId=rotated["KeyId"], ReplicaRegion=THERE)
    blobs = []
    for turn in range(3):
        sealed = kms.encrypt(KeyId=rotated["KeyId"], Plaintext=b"%d" % turn,
                             EncryptionContext={"turn": str(turn)})
        blobs.append(sealed["CiphertextBlob"])
        kms.rotate_key_on_demand(KeyId=rotated["KeyId"])
    imported = k.make(kms, Origin="EXTERNAL")
    k.import_material(kms, imported["KeyId"], os.urandom(32))
    brought = kms.encrypt(KeyId=imported["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    signer = k.make(kms, "RSA_2048", "SIGN_VERIFY")
    signed = {"KeyId": signer["KeyId"], "Message": b"m",
              "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(**signed)["Signature"]
    mac = k.make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")
    authentic = {"KeyId": mac["KeyId"], "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    tag = kms.generate_mac(**authentic)["Mac"]
    alias = k.alias(kms, rotated["KeyId"])
    kms.disable_key(KeyId=mac["KeyId"])

    def judge(one):
        here = one.client(service="kms")
        other = one.client(THERE, service="kms")
        for client in (here, other):
            for turn, blob in enumerate(blobs):
                opened = client.decrypt(
                    CiphertextBlob=blob, EncryptionContext={"turn": str(turn)})
                assert opened["Plaintext"] == b"%d" % turn
        assert here.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == rotated["KeyId"]
        assert len(here.list_key_rotations(KeyId=alias_key(here, alias))["Rotations"]) == 3
        assert here.decrypt(CiphertextBlob=brought)["Plaintext"] == b"x"
        assert here.verify(Signature=signature, **signed)["SignatureValid"]
        here.verify(Signature=here.sign(**signed)["Signature"], **signed)
        with pytest.raises(here.exceptions.DisabledException):
            here.verify_mac(Mac=tag, **authentic)
        here.enable_key(KeyId=mac["KeyId"])
        assert here.verify_mac(Mac=tag, **authentic)["MacValid"]
        here.disable_key(KeyId=mac["KeyId"])

    assert there.describe_key(KeyId=rotated["KeyId"])
    return judge


def alias_key(kms, alias):
    return kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]


def test_after_a_crash(own_server):
    judge = work(own_server)
    judge(own_server)
    own_server.restart()
    judge(own_server)


def test_from_a_backup(own_server, tmp_path):
    judge = work(own_server)
    backup = tmp_path / "backup"
    saved = subprocess.run(
        [harness.binary(), "backup", "--data-dir", own_server.data, backup],
        capture_output=True, text=True, timeout=harness.PATIENCE)
    assert saved.returncode == 0, saved.stderr
    own_server.stop()
    other = harness.Server(tmp_path / "other")
    other.data.mkdir(parents=True)
    shutil.copy(own_server.data / "root.key", other.data / "root.key")
    made = subprocess.run(
        [harness.binary(), "restore", "--data-dir", other.data, backup],
        capture_output=True, text=True, timeout=harness.PATIENCE)
    assert made.returncode == 0, made.stderr
    try:
        other.start()
        # The keys of the caller are those of the first deployment.
        other.env = {**own_server.env, "AWS_ENDPOINT_URL": other.env["AWS_ENDPOINT_URL"]}
        judge(other)
    finally:
        other.stop()
