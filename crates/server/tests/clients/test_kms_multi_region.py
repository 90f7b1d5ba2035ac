"""Multi-Region keys: one id and material, everything else of each Region."""

import json
import re

import pytest

import kms as k
from receivers import until

THERE = "eu-west-1"
THIRD = "ap-southeast-2"


@pytest.fixture(scope="module")
def here(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def there(server):
    return server.client(THERE, service="kms")


@pytest.fixture(scope="module")
def third(server):
    return server.client(THIRD, service="kms")


def usable(kms, key_id):
    """A new replica may be `Creating` for a while."""
    def made():
        described = kms.describe_key(KeyId=key_id)["KeyMetadata"]
        return described["KeyState"] not in ("Creating", "Updating") and described

    described = until(made)
    assert described
    return described


def replicate(kms, other, key_id, region, **more):
    kms.replicate_key(KeyId=key_id, ReplicaRegion=region, **more)
    return usable(other, key_id)


@pytest.mark.parametrize("spec, usage", [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("RSA_2048", "SIGN_VERIFY"),
    ("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC"),
])
def test_a_replica_does_what_the_primary_does(server, here, there, spec, usage):
    made = k.make(here, spec, usage, MultiRegion=True, Description="primary")
    assert re.fullmatch(r"mrk-[0-9a-f]{32}", made["KeyId"])
    assert made["MultiRegion"] is True
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": made["Arn"], "Region": server.region}, "ReplicaKeys": [],
    }
    tags = [{"TagKey": "of", "TagValue": "replica"}]
    answer = here.replicate_key(
        KeyId=made["KeyId"], ReplicaRegion=THERE, Description="replica", Tags=tags)
    replica_arn = k.in_region(made["Arn"], THERE)
    metadata = answer["ReplicaKeyMetadata"]
    assert (metadata["Arn"], metadata["KeyId"]) == (replica_arn, made["KeyId"])
    assert answer["ReplicaTags"] == tags
    assert json.loads(answer["ReplicaPolicy"])["Id"] == "key-default-1"
    configuration = {
        "PrimaryKey": {"Arn": made["Arn"], "Region": server.region},
        "ReplicaKeys": [{"Arn": replica_arn, "Region": THERE}],
    }
    replica = usable(there, made["KeyId"])
    assert replica["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA", **configuration}
    primary = usable(here, made["KeyId"])
    assert primary["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", **configuration}
    assert (primary["Description"], replica["Description"]) == ("primary", "replica")
    for one, other in ((here, there), (there, here)):
        if spec == "SYMMETRIC_DEFAULT":
            context = {"a": "b"}
            blob = one.encrypt(KeyId=made["KeyId"], Plaintext=b"x", EncryptionContext=context)
            opened = other.decrypt(
                CiphertextBlob=blob["CiphertextBlob"], EncryptionContext=context)
            assert opened["Plaintext"] == b"x"
            assert opened["KeyId"].split(":")[3] == other.meta.region_name
        elif usage == "SIGN_VERIFY":
            assert (one.get_public_key(KeyId=made["KeyId"])["PublicKey"]
                    == other.get_public_key(KeyId=made["KeyId"])["PublicKey"])
            wish = {"KeyId": made["KeyId"], "Message": b"m",
                    "SigningAlgorithm": made["SigningAlgorithms"][0]}
            signature = one.sign(**wish)["Signature"]
            assert other.verify(Signature=signature, **wish)["SignatureValid"]
        else:
            wish = {"KeyId": made["KeyId"], "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
            assert one.generate_mac(**wish)["Mac"] == other.generate_mac(**wish)["Mac"]


def test_each_region_governs_its_own(here, there, refused):
    made = k.make(here, MultiRegion=True)
    replicate(here, there, made["KeyId"], THERE)
    replica_arn = k.in_region(made["Arn"], THERE)
    here.disable_key(KeyId=made["KeyId"])
    assert k.state_of(there, made["KeyId"]) == "Enabled"
    blob = there.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused(*k.disabled(made["Arn"])):
        here.decrypt(CiphertextBlob=blob)
    there.update_key_description(KeyId=replica_arn, Description="own")
    there.tag_resource(KeyId=replica_arn, Tags=[{"TagKey": "own", "TagValue": ""}])
    alias = k.alias(there, replica_arn)
    assert here.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["Description"] == ""
    assert here.list_resource_tags(KeyId=made["KeyId"])["Tags"] == []
    with refused("NotFoundException"):
        here.describe_key(KeyId=alias)


def test_what_cannot_be_replicated(here, there, third, refused):
    made = k.make(here, MultiRegion=True)
    replicate(here, there, made["KeyId"], THERE)
    with refused("AlreadyExistsException"):
        here.replicate_key(KeyId=made["KeyId"], ReplicaRegion=THERE)
    replica_arn = k.in_region(made["Arn"], THERE)
    with refused("UnsupportedOperationException",
                 f"{replica_arn} is not a multi-region primary key."):
        there.replicate_key(KeyId=made["KeyId"], ReplicaRegion=THIRD)
    single = k.make(here)
    with refused("UnsupportedOperationException",
                 f"{single['Arn']} is not a multi-region primary key."):
        here.replicate_key(KeyId=single["KeyId"], ReplicaRegion=THERE)
    for region in (here.meta.region_name, "nowhere-1"):
        with pytest.raises(here.exceptions.ClientError):
            here.replicate_key(KeyId=made["KeyId"], ReplicaRegion=region)


def test_rotation_reaches_replicas(here, there, refused):
    made = k.make(here, MultiRegion=True)
    replicate(here, there, made["KeyId"], THERE)
    old = there.encrypt(KeyId=made["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    here.rotate_key_on_demand(KeyId=made["KeyId"])
    primary, replica = (usable(c, made["KeyId"]) for c in (here, there))
    assert primary["CurrentKeyMaterialId"] == replica["CurrentKeyMaterialId"]
    assert primary["CurrentKeyMaterialId"] != made["CurrentKeyMaterialId"]
    for client in (here, there):
        assert client.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    new = here.encrypt(KeyId=made["KeyId"], Plaintext=b"new")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    with refused("UnsupportedOperationException"):
        there.rotate_key_on_demand(KeyId=made["KeyId"])
    with refused("UnsupportedOperationException"):
        there.enable_key_rotation(KeyId=made["KeyId"])
    here.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=180)
    status = there.get_key_rotation_status(KeyId=made["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)


def test_the_primary_moves(server, here, there, refused):
    made = k.make(here, MultiRegion=True)
    with refused("NotFoundException"):
        here.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=THERE)
    replicate(here, there, made["KeyId"], THERE)
    here.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=THERE)
    replica_arn = k.in_region(made["Arn"], THERE)
    for client, kind in ((here, "REPLICA"), (there, "PRIMARY")):
        assert usable(client, made["KeyId"])["MultiRegionConfiguration"] == {
            "MultiRegionKeyType": kind,
            "PrimaryKey": {"Arn": replica_arn, "Region": THERE},
            "ReplicaKeys": [{"Arn": made["Arn"], "Region": server.region}],
        }
    with refused("UnsupportedOperationException"):
        here.update_primary_region(KeyId=made["KeyId"], PrimaryRegion=THERE)
    there.rotate_key_on_demand(KeyId=made["KeyId"])


def test_a_primary_outlives_its_replicas(here, there):
    made = k.make(here, MultiRegion=True)
    replicate(here, there, made["KeyId"], THERE)
    answer = here.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in answer
    described = here.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described["KeyState"] == "PendingReplicaDeletion"
    assert described["PendingDeletionWindowInDays"] == 7
    assert k.state_of(there, made["KeyId"]) == "Enabled"
    there.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert k.state_of(here, made["KeyId"]) == "PendingReplicaDeletion"
    here.cancel_key_deletion(KeyId=made["KeyId"])
    assert k.state_of(here, made["KeyId"]) == "Disabled"
