"""Secrets under keys of one's own: every form of KmsKeyId, change of key, the lock-down."""

import os

import pytest

import kms as k
from harness import name
from people import Person

READ_FAILS, WRITE_FAILS = "DecryptionFailure", "EncryptionFailure"


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


def use(server, key, count=0):
    """The KMS records on behalf of callers that name the key, once there are so many."""
    return server.audit(needle=key["Arn"], count=count, where=lambda r: (
        r["eventSource"] == "kms.amazonaws.com"
        and r["userIdentity"].get("invokedBy") == "secretsmanager.amazonaws.com"))


def test_every_form_of_a_key_id(sm, kms):
    key = k.make(kms)
    alias = k.alias(kms, key["KeyId"])
    alias_arn = key["Arn"].replace(f"key/{key['KeyId']}", alias)
    for form in (key["KeyId"], key["Arn"], alias, alias_arn):
        made = sm.create_secret(Name=name(), SecretString="x", KmsKeyId=form)
        assert sm.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"
        described = sm.describe_secret(SecretId=made["ARN"])
        assert described["KmsKeyId"] in (form, alias_arn if "alias" in form else form)
        [version] = sm.list_secret_version_ids(SecretId=made["ARN"])["Versions"]
        assert version["KmsKeyIds"] == [key["Arn"]] or version["KmsKeyIds"] == [key["KeyId"]]


def test_each_use_is_recorded_for_the_caller(server, sm, kms):
    key = k.make(kms)
    made = sm.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    got = sm.get_secret_value(SecretId=made["ARN"])
    records = use(server, key, count=2)
    assert {"GenerateDataKey", "Decrypt"} <= {r["eventName"] for r in records}
    context = {"SecretARN": made["ARN"], "SecretVersionId": got["VersionId"]}
    decrypt = [r for r in records if r["eventName"] == "Decrypt"][-1]
    assert decrypt["requestParameters"]["encryptionContext"] == context
    assert decrypt["sourceIPAddress"] == decrypt["userAgent"] == "secretsmanager.amazonaws.com"
    assert [r["ARN"] for r in decrypt["resources"]] == [key["Arn"]]


def test_the_lock_down(server, sm, kms, refused):
    """Secrets of three users under one key: disabling it locks them all, at once."""
    key = k.make(kms)
    people = [Person(server, ["secretsmanager:*", "kms:GenerateDataKey", "kms:Decrypt"])
              for _ in range(3)]
    held = []
    for person in people:
        mine = person.client("secretsmanager")
        for _ in range(2):
            made = mine.create_secret(
                Name=name("locked"), SecretString=person.name, KmsKeyId=key["Arn"])
            held.append((person, mine, made["ARN"]))
    for person, mine, arn in held:
        assert mine.get_secret_value(SecretId=arn)["SecretString"] == person.name
    kms.disable_key(KeyId=key["KeyId"])
    for person, mine, arn in held:
        with refused(READ_FAILS) as caught:
            mine.get_secret_value(SecretId=arn)
        with refused(WRITE_FAILS):
            mine.put_secret_value(SecretId=arn, SecretString="new")
        refusal = caught.value.response["ResponseMetadata"]["RequestId"]
        records = {r["eventSource"]: r for r in server.audit(needle=refusal)
                   if r["eventSource"] != "kms.amazonaws.com"}
        record = records["secretsmanager.amazonaws.com"]
        assert record["errorCode"] == READ_FAILS
        assert record["userIdentity"]["arn"] == person.arn
    batch = held[0][1].batch_get_secret_value(SecretIdList=[arn for _, _, arn in held])
    assert batch["SecretValues"] == []
    assert {row["ErrorCode"] for row in batch["Errors"]} == {READ_FAILS}
    # Every refused use of the key is on the key's own record too.
    disabled = [r for r in use(server, key) if r.get("errorCode") == "DisabledException"]
    assert len([r for r in disabled if r["eventName"] == "Decrypt"]) >= len(held)
    assert {r["userIdentity"]["arn"] for r in disabled} == {p.arn for p in people}
    # Other secrets are untouched, and descriptions need no key.
    other = sm.create_secret(Name=name(), SecretString="x")
    sm.get_secret_value(SecretId=other["ARN"])
    sm.describe_secret(SecretId=held[0][2])
    kms.enable_key(KeyId=key["KeyId"])
    for person, mine, arn in held:
        assert mine.get_secret_value(SecretId=arn)["SecretString"] == person.name


def test_a_key_pending_deletion(sm, kms, refused):
    key = k.make(kms)
    made = sm.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    with refused(READ_FAILS):
        sm.get_secret_value(SecretId=made["ARN"])
    with refused(WRITE_FAILS):
        sm.put_secret_value(SecretId=made["ARN"], SecretString="y")
    with refused((WRITE_FAILS, READ_FAILS)):
        sm.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    with refused(READ_FAILS):
        sm.get_secret_value(SecretId=made["ARN"])
    kms.enable_key(KeyId=key["KeyId"])
    assert sm.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"


def test_material_that_is_gone(sm, kms, refused):
    key, material = k.make(kms, Origin="EXTERNAL"), os.urandom(32)
    k.import_material(kms, key["KeyId"], material)
    made = sm.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    kms.delete_imported_key_material(KeyId=key["KeyId"])
    with refused(READ_FAILS):
        sm.get_secret_value(SecretId=made["ARN"])
    k.import_material(kms, key["KeyId"], material)
    assert sm.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"


def test_rotation_does_not_matter(sm, kms):
    key = k.make(kms)
    made = sm.create_secret(Name=name(), SecretString="one", KmsKeyId=key["KeyId"])
    for value in ("two", "three"):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
        sm.put_secret_value(SecretId=made["ARN"], SecretString=value)
    assert sm.get_secret_value(SecretId=made["ARN"])["SecretString"] == "three"
    previous = sm.get_secret_value(SecretId=made["ARN"], VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "two"


def test_a_change_of_key(sm, kms, refused):
    old, new = k.make(kms), k.make(kms)
    made = sm.create_secret(Name=name(), SecretString="one", KmsKeyId=old["KeyId"])
    arn = made["ARN"]
    sm.put_secret_value(SecretId=arn, SecretString="two")
    kept = sm.put_secret_value(SecretId=arn, SecretString="three", VersionStages=["KEPT"])
    sm.update_secret(SecretId=arn, KmsKeyId=new["Arn"])
    kms.disable_key(KeyId=old["KeyId"])
    # What carries a label of AWS's moved to the new key; what carries ours did not.
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "two"
    previous = sm.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "one"
    with refused(READ_FAILS):
        sm.get_secret_value(SecretId=arn, VersionId=kept["VersionId"])
    kms.enable_key(KeyId=old["KeyId"])
    sm.get_secret_value(SecretId=arn, VersionId=kept["VersionId"])
    # And back to the managed key.
    sm.update_secret(SecretId=arn, KmsKeyId="")
    kms.disable_key(KeyId=new["KeyId"])
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "two"
    assert "KmsKeyId" not in sm.describe_secret(SecretId=arn)


def test_keys_that_do_not_do(sm, kms, refused):
    for spec, usage in (("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY"),
                        ("HMAC_256", "GENERATE_VERIFY_MAC")):
        key = k.make(kms, spec, usage)
        secret = name()
        with refused((WRITE_FAILS, "InvalidParameterException", "InvalidRequestException")):
            sm.create_secret(Name=secret, SecretString="x", KmsKeyId=key["KeyId"])
        with refused("ResourceNotFoundException"):
            sm.describe_secret(SecretId=secret)
    disabled = k.in_state(kms, "Disabled")
    with refused((WRITE_FAILS, READ_FAILS)):
        sm.create_secret(Name=name(), SecretString="x", KmsKeyId=disabled["KeyId"])
    for missing in ("11111111-2222-4333-8444-555555555555", "alias/none"):
        with pytest.raises(sm.exceptions.ClientError):
            sm.create_secret(Name=name(), SecretString="x", KmsKeyId=missing)


def test_access_is_checked_when_a_key_is_set(server, sm, kms, refused):
    key, other = k.make(kms), k.make(kms)
    person = Person(server, {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
         "Resource": key["Arn"]}]})
    mine = person.client("secretsmanager")
    made = mine.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        mine.create_secret(Name=name(), SecretString="x", KmsKeyId=other["KeyId"])
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        mine.update_secret(SecretId=made["ARN"], KmsKeyId=other["KeyId"])
    under = sm.create_secret(Name=name(), SecretString="x", KmsKeyId=other["KeyId"])
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        mine.get_secret_value(SecretId=under["ARN"])
    # The managed key asks for no right of one's own.
    default = mine.create_secret(Name=name(), SecretString="x")
    assert mine.get_secret_value(SecretId=default["ARN"])["SecretString"] == "x"
