"""Rotation: automatic, on demand, and what old ciphertext says of it."""

import datetime
import re

import pytest

import kms as k


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def loose(server):
    return server.client(service="kms", validate=False)


def in_days(days):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


def close(one, other):
    return abs(one - other) < datetime.timedelta(minutes=2)


def test_automatic_rotation(kms, loose, refused):
    made = k.make(kms)
    status = kms.get_key_rotation_status(KeyId=made["KeyId"])
    assert (status["KeyRotationEnabled"], status["KeyId"]) == (False, made["Arn"])
    assert "NextRotationDate" not in status
    kms.enable_key_rotation(KeyId=made["KeyId"])
    status = kms.get_key_rotation_status(KeyId=made["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    assert close(status["NextRotationDate"], in_days(365))
    kms.enable_key_rotation(KeyId=made["Arn"], RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=made["Arn"])
    assert status["RotationPeriodInDays"] == 90
    assert close(status["NextRotationDate"], in_days(90))
    kms.disable_key_rotation(KeyId=made["KeyId"])
    assert kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"] is False
    for bad in (89, 2561):
        with refused("ValidationException"):
            loose.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=bad)
    kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=2560)


@pytest.mark.parametrize("spec, usage", [
    ("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY"),
    ("HMAC_256", "GENERATE_VERIFY_MAC"),
])
def test_only_symmetric_keys_rotate(kms, refused, spec, usage):
    made = k.make(kms, spec, usage)
    for call in (kms.enable_key_rotation, kms.disable_key_rotation):
        with refused("UnsupportedOperationException"):
            call(KeyId=made["KeyId"])
    with refused("UnsupportedOperationException", ""):
        kms.rotate_key_on_demand(KeyId=made["KeyId"])


def test_old_ciphertext_stays_readable(kms):
    made = k.make(kms)
    blobs, materials = [], [made["CurrentKeyMaterialId"]]
    for turn in range(5):
        blobs.append(kms.encrypt(KeyId=made["KeyId"], Plaintext=b"%d" % turn)["CiphertextBlob"])
        answer = kms.rotate_key_on_demand(KeyId=made["KeyId"])
        assert answer["KeyId"] == made["Arn"]
        described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
        materials.append(described["CurrentKeyMaterialId"])
        for name in ("KeyId", "Arn", "CreationDate", "KeyState", "Description"):
            assert described[name] == made[name]
    assert len(set(materials)) == 6
    for turn, blob in enumerate(blobs):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert opened["Plaintext"] == b"%d" % turn
        assert opened["KeyMaterialId"] == materials[turn]
        # Re-encryption brings it under the newest material.
        moved = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=made["KeyId"])
        assert moved["SourceKeyMaterialId"] == materials[turn]
        assert moved["DestinationKeyMaterialId"] == materials[-1]
    data_key = kms.generate_data_key(KeyId=made["KeyId"], KeySpec="AES_256")
    assert data_key["KeyMaterialId"] == materials[-1]
    rows = kms.list_key_rotations(KeyId=made["KeyId"])["Rotations"]
    assert len(rows) == 5
    assert {row["RotationType"] for row in rows} == {"ON_DEMAND"}
    assert all(row["KeyId"] == made["KeyId"] or row["KeyId"] == made["Arn"] for row in rows)
    everything = kms.list_key_rotations(
        KeyId=made["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    states = {row["KeyMaterialId"]: row["KeyMaterialState"] for row in everything}
    assert states == {**dict.fromkeys(materials, "NON_CURRENT"), materials[-1]: "CURRENT"}
    paged, arguments = [], {"Limit": 2}
    while True:
        page = kms.list_key_rotations(KeyId=made["KeyId"], **arguments)
        paged += page["Rotations"]
        if not page["Truncated"]:
            break
        arguments["Marker"] = page["NextMarker"]
    assert paged == rows


def test_rotations_on_demand_are_counted(kms, refused):
    made = k.make(kms)
    with refused("LimitExceededException", re.compile(
            "^The on-demand rotations limit has been reached for the given keyId. No more "
            f"on-demand rotations can be performed for this key: {re.escape(made['Arn'])}$")):
        for _ in range(26):
            kms.rotate_key_on_demand(KeyId=made["KeyId"])
    assert len(kms.list_key_rotations(KeyId=made["KeyId"], Limit=100)["Rotations"]) == 25
