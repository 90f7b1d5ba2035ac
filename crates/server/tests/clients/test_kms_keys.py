"""KMS keys as things to make, name, describe, tag, govern and delete."""

import datetime
import json
import re

import pytest

import kms as k
from harness import UUID, name, word

NOWHERE = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def loose(server):
    return server.client(service="kms", validate=False)


@pytest.fixture(scope="module")
def key(kms):
    return k.make(kms)


@pytest.mark.parametrize("spec, usage, member, algorithms", k.SPECS)
def test_every_key_spec(kms, spec, usage, member, algorithms):
    made = k.make(kms, spec, usage, Description=spec)
    assert re.fullmatch(UUID, made["KeyId"])
    assert made["Arn"].endswith(f":key/{made['KeyId']}")
    assert made["Arn"].split(":")[4] == made["AWSAccountId"]
    assert (made["KeySpec"], made["KeyUsage"], made["Description"]) == (spec, usage, spec)
    assert (made["KeyState"], made["Enabled"]) == ("Enabled", True)
    assert (made["Origin"], made["KeyManager"]) == ("AWS_KMS", "CUSTOMER")
    assert made["MultiRegion"] is False
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - made["CreationDate"]) < datetime.timedelta(minutes=1)
    assert sorted(made[member]) == sorted(algorithms)
    others = {"EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms",
              "KeyAgreementAlgorithms", "EncapsulationAlgorithms"} - {member}
    assert not others & set(made)
    assert ("CurrentKeyMaterialId" in made) == (spec == "SYMMETRIC_DEFAULT")
    for absent in ("DeletionDate", "ValidTo", "ExpirationModel", "CustomKeyStoreId",
                   "PendingDeletionWindowInDays", "MultiRegionConfiguration"):
        assert absent not in made
    # Old name, same value, where the old name's enumeration has it.
    if not spec.startswith(("ML_DSA", "ECC_NIST_EDWARDS")):
        assert made["CustomerMasterKeySpec"] == spec
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made


def test_defaults(kms):
    made = kms.create_key()["KeyMetadata"]
    assert (made["KeySpec"], made["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert made["Description"] == ""
    assert k.HEX_64.fullmatch(made["CurrentKeyMaterialId"])
    old = kms.create_key(CustomerMasterKeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    assert old["KeyMetadata"]["KeySpec"] == "HMAC_256"


def test_usage_must_be_given_and_suit(kms, refused):
    for spec in ("RSA_2048", "ECC_NIST_P256", "HMAC_256", "ML_DSA_44"):
        with refused("ValidationException", k.ONLY_KEY_USAGE):
            kms.create_key(KeySpec=spec)
    for spec, usage in (
        ("RSA_2048", "KEY_AGREEMENT"), ("RSA_2048", "GENERATE_VERIFY_MAC"),
        ("ECC_NIST_P256", "ENCRYPT_DECRYPT"), ("ECC_SECG_P256K1", "KEY_AGREEMENT"),
        ("ECC_NIST_EDWARDS25519", "KEY_AGREEMENT"), ("HMAC_256", "SIGN_VERIFY"),
        ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"), ("ML_DSA_65", "ENCRYPT_DECRYPT"),
    ):
        text = f"KeyUsage {usage} is not compatible with KeySpec {spec}"
        with refused("ValidationException", text):
            k.make(kms, spec, usage)


def test_what_cannot_be_made(kms, loose, refused):
    with refused("ValidationException"):
        loose.create_key(KeySpec="RSA_1024", KeyUsage="SIGN_VERIFY")
    with refused("ValidationException"):
        loose.create_key(KeyUsage="SOMETHING")
    with refused("ValidationException"):
        kms.create_key(Description="x" * 8193)
    # Not offered outside China, and not by the cryptography library.
    with refused(("UnsupportedOperationException", "ValidationException")):
        k.make(kms, "SM2", "SIGN_VERIFY")


def test_custom_key_stores_are_refused_in_one_way(kms, refused):
    unsupported = "UnsupportedOperationException"
    with refused(unsupported):
        kms.create_custom_key_store(CustomKeyStoreName=word())
    with refused(unsupported):
        kms.connect_custom_key_store(CustomKeyStoreId="cks-1234567890abcdef0")
    with refused(unsupported):
        kms.disconnect_custom_key_store(CustomKeyStoreId="cks-1234567890abcdef0")
    with refused(unsupported):
        kms.update_custom_key_store(CustomKeyStoreId="cks-1234567890abcdef0")
    with refused(unsupported):
        kms.delete_custom_key_store(CustomKeyStoreId="cks-1234567890abcdef0")


# -- identifiers ------------------------------------------------------------


def test_four_forms_of_a_key_id(kms, key):
    alias = k.alias(kms, key["KeyId"])
    alias_arn = key["Arn"].replace(f"key/{key['KeyId']}", alias)
    for form in (key["KeyId"], key["Arn"], alias, alias_arn):
        assert kms.describe_key(KeyId=form)["KeyMetadata"]["Arn"] == key["Arn"]
        assert kms.encrypt(KeyId=form, Plaintext=b"x")["KeyId"] == key["Arn"]
    for form in (alias, alias_arn):
        for call in (kms.enable_key, kms.get_key_rotation_status, kms.list_resource_tags):
            with pytest.raises(kms.exceptions.ClientError) as caught:
                call(KeyId=form)
            code = caught.value.response["Error"]["Code"]
            assert code in ("NotFoundException", "InvalidArnException", "ValidationException")


def test_bad_key_ids(kms, key, refused):
    account, region = key["AWSAccountId"], key["Arn"].split(":")[3]
    missing = key["Arn"].replace(key["KeyId"], NOWHERE)
    for call in (kms.describe_key, kms.enable_key, kms.get_key_policy):
        for form in (NOWHERE, missing):
            with refused("NotFoundException", k.missing_key(missing)):
                call(KeyId=form)
        with refused("NotFoundException", "Invalid keyId 'nonsense'"):
            call(KeyId="nonsense")
        with refused("NotFoundException", "Invalid arn eu-west-3"):
            call(KeyId=k.in_region(key["Arn"], "eu-west-3"))
        for malformed in (
            "arn:aws:kms", f"arn:aws:kms:{region}:{account}:thing/{NOWHERE}",
            f"arn:aws:s3:{region}:{account}:key/{NOWHERE}",
        ):
            with refused(("InvalidArnException", "NotFoundException")):
                call(KeyId=malformed)
    gone = f"alias/{word()}"
    gone_arn = key["Arn"].replace(f"key/{key['KeyId']}", gone)
    for form in (gone, gone_arn):
        with refused("NotFoundException", f"Alias {gone_arn} is not found."):
            kms.describe_key(KeyId=form)


def test_key_id_length(loose, refused):
    for bad in ("", "x" * 2049):
        with refused("ValidationException"):
            loose.describe_key(KeyId=bad)
    with refused("ValidationException"):
        loose.describe_key()


def test_keys_of_regions_are_apart(server, key, refused):
    elsewhere = server.client("eu-central-1", service="kms")
    with refused("NotFoundException"):
        elsewhere.describe_key(KeyId=key["KeyId"])


# -- listings ---------------------------------------------------------------


def test_list_keys_in_pages(kms, loose, refused):
    made = {k.make(kms)["KeyId"] for _ in range(3)}
    found, arguments = {}, {"Limit": 2}
    while True:
        page = kms.list_keys(**arguments)
        assert len(page["Keys"]) <= 2
        found.update({row["KeyId"]: row["KeyArn"] for row in page["Keys"]})
        assert page["Truncated"] == ("NextMarker" in page)
        if not page["Truncated"]:
            break
        arguments["Marker"] = page["NextMarker"]
    assert made <= set(found)
    assert all(arn.endswith(f":key/{key_id}") for key_id, arn in found.items())
    everything = kms.get_paginator("list_keys").paginate().build_full_result()["Keys"]
    assert {row["KeyId"] for row in everything} == set(found)
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="nonsense")
    for limit in (0, 1001):
        with refused("ValidationException"):
            loose.list_keys(Limit=limit)


# -- aliases ----------------------------------------------------------------


def test_a_life_of_an_alias(kms, key, refused):
    fresh = f"alias/team/{word()}_x-1"
    kms.create_alias(AliasName=fresh, TargetKeyId=key["Arn"])
    arn = key["Arn"].replace(f"key/{key['KeyId']}", fresh)
    [row] = [r for r in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
             if r["AliasName"] == fresh]
    assert (row["AliasArn"], row["TargetKeyId"]) == (arn, key["KeyId"])
    assert row["CreationDate"] == row["LastUpdatedDate"]
    with refused("AlreadyExistsException", f"An alias with the name {arn} already exists"):
        kms.create_alias(AliasName=fresh, TargetKeyId=key["KeyId"])
    other = k.make(kms)
    kms.update_alias(AliasName=fresh, TargetKeyId=other["KeyId"])
    assert kms.describe_key(KeyId=fresh)["KeyMetadata"]["KeyId"] == other["KeyId"]
    everywhere = kms.get_paginator("list_aliases").paginate().build_full_result()["Aliases"]
    assert fresh in {row["AliasName"] for row in everywhere}
    assert "alias/aws/secretsmanager" in {row["AliasName"] for row in everywhere}
    kms.delete_alias(AliasName=fresh)
    for call in (
        lambda: kms.delete_alias(AliasName=fresh),
        lambda: kms.update_alias(AliasName=fresh, TargetKeyId=key["KeyId"]),
        lambda: kms.describe_key(KeyId=fresh),
    ):
        with refused("NotFoundException", f"Alias {arn} is not found."):
            call()


def test_alias_names(kms, loose, key, refused):
    with refused("ValidationException", k.ALIAS_PREFIX):
        kms.create_alias(AliasName=word(), TargetKeyId=key["KeyId"])
    for bad in ("alias/sp ace", "alias/dot.dot", "alias/", "alias/" + "x" * 251):
        with refused(("ValidationException", "InvalidAliasNameException")):
            loose.create_alias(AliasName=bad, TargetKeyId=key["KeyId"])
    with refused(("NotAuthorizedException", "InvalidAliasNameException",
                  "ValidationException")):
        kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key["KeyId"])
    with refused("NotFoundException"):
        kms.create_alias(AliasName=f"alias/{word()}", TargetKeyId=NOWHERE)


def test_an_alias_moves_between_like_keys_only(kms, key, refused):
    fresh = k.alias(kms, key["KeyId"])
    for spec, usage in (("HMAC_256", "GENERATE_VERIFY_MAC"), ("ECC_NIST_P256", "SIGN_VERIFY")):
        with refused("ValidationException"):
            kms.update_alias(AliasName=fresh, TargetKeyId=k.make(kms, spec, usage)["KeyId"])
    assert kms.describe_key(KeyId=fresh)["KeyMetadata"]["KeyId"] == key["KeyId"]


def test_fifty_aliases_a_key(kms, refused):
    made = k.make(kms)
    for _ in range(50):
        k.alias(kms, made["KeyId"])
    with refused("LimitExceededException"):
        k.alias(kms, made["KeyId"])


# -- tags -------------------------------------------------------------------


def tags(kms, key_id):
    rows = kms.get_paginator("list_resource_tags").paginate(KeyId=key_id)
    return {row["TagKey"]: row["TagValue"] for page in rows for row in page["Tags"]}


def test_tags(kms, loose, refused):
    made = k.make(kms, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert tags(kms, made["KeyId"]) == {"team": "blue"}
    kms.tag_resource(KeyId=made["Arn"], Tags=[
        {"TagKey": "team", "TagValue": "red"}, {"TagKey": "empty", "TagValue": ""}])
    assert tags(kms, made["KeyId"]) == {"team": "red", "empty": ""}
    kms.untag_resource(KeyId=made["KeyId"], TagKeys=["empty", "never-there"])
    assert tags(kms, made["KeyId"]) == {"team": "red"}
    page = kms.list_resource_tags(KeyId=made["KeyId"], Limit=50)
    assert page["Truncated"] is False
    twice = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]
    reserved = [{"TagKey": "Aws:x", "TagValue": "1"}]
    many = [{"TagKey": f"t{n}", "TagValue": ""} for n in range(51)]
    for bad, text in ((twice, "Duplicate tag keys"), (many, "Too many tags"),
                      (reserved, "Tags beginning with aws: are reserved")):
        with refused("TagException", text):
            kms.tag_resource(KeyId=made["KeyId"], Tags=bad)
        with refused("TagException", text):
            kms.create_key(Tags=bad)
    kms.tag_resource(KeyId=made["KeyId"], Tags=many[:49])
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=made["KeyId"], Tags=many[49:50])
    assert len(tags(kms, made["KeyId"])) == 50
    with refused("ValidationException"):
        loose.tag_resource(KeyId=made["KeyId"], Tags=[{"TagKey": "x" * 129, "TagValue": ""}])


# -- policies ---------------------------------------------------------------


def default_policy(account):
    return {
        "Version": "2012-10-17", "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions", "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*", "Resource": "*",
        }],
    }


def test_policies(kms, refused):
    made = k.make(kms)
    account = made["AWSAccountId"]
    got = kms.get_key_policy(KeyId=made["KeyId"])
    assert json.loads(got["Policy"]) == default_policy(account)
    assert got["PolicyName"] == "default"
    listed = kms.list_key_policies(KeyId=made["Arn"])
    assert (listed["PolicyNames"], listed["Truncated"]) == (["default"], False)
    own = default_policy(account)
    own["Statement"].append({
        "Sid": "reader", "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": "kms:DescribeKey", "Resource": "*",
    })
    kms.put_key_policy(KeyId=made["KeyId"], PolicyName="default", Policy=json.dumps(own))
    assert json.loads(kms.get_key_policy(KeyId=made["KeyId"])["Policy"]) == own
    with refused("NotFoundException"):
        kms.get_key_policy(KeyId=made["KeyId"], PolicyName="other")
    # And at creation.
    other = k.make(kms, Policy=json.dumps(own))
    assert json.loads(kms.get_key_policy(KeyId=other["KeyId"])["Policy"]) == own


def test_bad_policies(kms, key, refused):
    account = key["AWSAccountId"]
    root = default_policy(account)
    locked = default_policy(account)
    locked["Statement"][0]["Action"] = "kms:Decrypt"
    nobody = default_policy(account)
    nobody["Statement"].append({
        "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
        "Principal": {"AWS": f"arn:aws:iam::{account}:user/{word()}"},
    })
    no_principal = default_policy(account)
    del no_principal["Statement"][0]["Principal"]
    malformed = "MalformedPolicyDocumentException"
    for policy, text in (
        ("{", None), ("[]", None), (json.dumps({**root, "Statement": []}), None),
        (json.dumps(no_principal), None), (json.dumps(locked), k.LOCKED_OUT),
        (json.dumps(nobody), k.INVALID_PRINCIPALS),
    ):
        with refused(malformed, text):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=policy)
        with refused(malformed, text):
            kms.create_key(Policy=policy)
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == root
    big = default_policy(account)
    big["Statement"][0]["Sid"] = "x" * 33_000
    with refused(("LimitExceededException", malformed, "ValidationException")):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(big))


def test_the_lock_out_check_can_be_passed_by(kms, refused):
    locked = default_policy(k.make(kms)["AWSAccountId"])
    locked["Statement"][0]["Action"] = ["kms:Encrypt", "kms:Describe*"]
    made = kms.create_key(
        Policy=json.dumps(locked), BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    assert kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["KeyId"] == made["Arn"]
    user = f"arn:aws:iam::{made['AWSAccountId']}:user/admin"
    with refused("AccessDeniedException",
                 f"User: {user} is not authorized to perform: kms:PutKeyPolicy on resource: "
                 f"{made['Arn']} because no resource-based policy allows the "
                 "kms:PutKeyPolicy action"):
        kms.put_key_policy(KeyId=made["KeyId"], Policy=json.dumps(locked))


# -- descriptions, deletion, the managed key --------------------------------


def test_descriptions(kms, loose, refused):
    made = k.make(kms)
    kms.update_key_description(KeyId=made["KeyId"], Description="ü" * 8192)
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described["Description"] == "ü" * 8192
    kms.update_key_description(KeyId=made["Arn"], Description="")
    with refused("ValidationException"):
        loose.update_key_description(KeyId=made["KeyId"], Description="x" * 8193)


def test_deletion_and_second_thoughts(kms, loose, refused):
    made = k.make(kms)
    answer = kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"]) == (made["Arn"], "PendingDeletion")
    assert answer["PendingWindowInDays"] == 7
    due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=7)
    assert abs(answer["DeletionDate"] - due) < datetime.timedelta(minutes=2)
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("PendingDeletion", False)
    assert described["DeletionDate"] == answer["DeletionDate"]
    with refused(*k.pending_deletion(made["Arn"])):
        kms.schedule_key_deletion(KeyId=made["KeyId"])
    assert kms.cancel_key_deletion(KeyId=made["KeyId"])["KeyId"] == made["Arn"]
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("Disabled", False)
    assert "DeletionDate" not in described
    kms.enable_key(KeyId=made["KeyId"])
    assert kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")
    default = kms.schedule_key_deletion(KeyId=made["KeyId"])
    assert default["PendingWindowInDays"] == 30
    for days in (0, 6, 31, 366):
        with refused("ValidationException"):
            loose.schedule_key_deletion(KeyId=k.make(kms)["KeyId"], PendingWindowInDays=days)


def test_the_managed_key(server, kms, refused):
    server.client().create_secret(Name=name(), SecretString="x")
    managed = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    assert (managed["KeyManager"], managed["KeyState"]) == ("AWS", "Enabled")
    account, region = managed["AWSAccountId"], managed["Arn"].split(":")[3]
    [alias] = kms.list_aliases(KeyId=managed["KeyId"])["Aliases"]
    assert alias["AliasName"] == "alias/aws/secretsmanager"
    policy = json.loads(kms.get_key_policy(KeyId=managed["KeyId"])["Policy"])
    assert policy["Id"].startswith("auto-secretsmanager-")
    through, describe = policy["Statement"]
    assert through["Principal"] == {"AWS": "*"}
    assert through["Condition"] == {"StringEquals": {
        "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
        "kms:CallerAccount": account,
    }}
    assert describe["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}
    # Usable through the service, not directly, and not to be governed.
    for call in (
        lambda: kms.encrypt(KeyId="alias/aws/secretsmanager", Plaintext=b"x"),
        lambda: kms.generate_data_key(KeyId=managed["Arn"], KeySpec="AES_256"),
        lambda: kms.disable_key(KeyId=managed["KeyId"]),
        lambda: kms.schedule_key_deletion(KeyId=managed["KeyId"]),
        lambda: kms.put_key_policy(KeyId=managed["KeyId"], Policy=json.dumps(policy)),
        lambda: kms.create_alias(AliasName=f"alias/{word()}", TargetKeyId=managed["KeyId"]),
    ):
        with refused(("AccessDeniedException", "NotAuthorizedException")):
            call()
    status = kms.get_key_rotation_status(KeyId=managed["KeyId"])
    assert status["KeyRotationEnabled"] is True
