"""Who may use a key: key policies, identity policies, grants, condition keys, accounts."""

import pytest

import kms as k
from harness import name, word
from people import Person, allow, key_policy, undelegated

DENIED = "AccessDeniedException"


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def account(kms):
    return k.make(kms)["AWSAccountId"]


@pytest.fixture(scope="module")
def admin(account):
    return f"arn:aws:iam::{account}:user/admin"


@pytest.fixture
def person(server):
    return Person(server)


def text(person, action, arn, why):
    return (f"User: {person.arn} is not authorized to perform: kms:{action} "
            f"on resource: {arn} because {why}")


def test_the_default_policy_leaves_it_to_iam(kms, person, refused):
    key = k.make(kms)
    mine = person.client()
    with refused(DENIED, text(person, "Encrypt", key["Arn"], "no identity-based policy "
                              "allows the kms:Encrypt action")):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    person.may(["kms:Encrypt"])
    blob = mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused(DENIED):
        mine.decrypt(CiphertextBlob=blob)
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:*", "Resource": key["Arn"]}})
    assert mine.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused(DENIED):
        mine.encrypt(KeyId=k.make(kms)["KeyId"], Plaintext=b"x")


def test_without_delegation_iam_cannot_grant(kms, account, admin, person, refused):
    key = k.make(kms, Policy=undelegated(account, admin))
    person.may(["kms:*"])
    mine = person.client()
    with refused(DENIED, text(person, "Encrypt", key["Arn"], "no resource-based policy "
                              "allows the kms:Encrypt action")):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=undelegated(
        account, admin, allow(person.arn, "kms:Encrypt")))
    mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    # But it can deny.
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}})
    with refused(DENIED, text(person, "Encrypt", key["Arn"],
                              "with an explicit deny in an identity-based policy")
                 .replace("because with", "with")):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_a_key_policy_alone_is_enough(kms, account, person):
    key = k.make(kms, Policy=key_policy(account, allow(person.arn, "kms:Encrypt")))
    person.client().encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_missing_and_forbidden_look_alike(kms, person, refused):
    key = k.make(kms)
    mine, nowhere = person.client(), "11111111-2222-4333-8444-555555555555"
    for key_id in (key["KeyId"], nowhere):
        with refused((DENIED, "NotFoundException")):
            mine.describe_key(KeyId=key_id)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused(DENIED):
        mine.decrypt(CiphertextBlob=blob)


# -- condition keys ---------------------------------------------------------


@pytest.mark.parametrize("condition, good, bad", [
    ({"StringEquals": {"kms:EncryptionContext:team": "blue"}},
     {"EncryptionContext": {"team": "blue", "more": "x"}}, {"EncryptionContext": {"team": "red"}}),
    ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team", "app"]}},
     {"EncryptionContext": {"team": "x"}}, {"EncryptionContext": {"team": "x", "other": "y"}}),
    ({"Null": {"kms:EncryptionContextKeys": "true"}}, {}, {"EncryptionContext": {"a": "b"}}),
    ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, {}, None),
    ({"StringEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}}, None, {}),
    ({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, {}, None),
    ({"StringEquals": {"kms:KeyUsage": "SIGN_VERIFY"}}, None, {}),
    ({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}, {}, None),
    ({"Bool": {"kms:MultiRegion": "true"}}, None, {}),
    ({"Bool": {"kms:MultiRegion": "false"}}, {}, None),
    ({"StringLike": {"kms:ViaService": "secretsmanager.*"}}, None, {}),
    ({"StringEquals": {"kms:CallerAccount": "999999999999"}}, None, {}),
])
def test_conditions_on_encrypt(kms, person, refused, condition, good, bad):
    key, mine = k.make(kms), person.client()
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": condition}})
    if good is not None:
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x", **good)
    if bad is not None:
        with refused(DENIED):
            mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x", **bad)


def test_caller_account(kms, account, person):
    key = k.make(kms, Policy=key_policy(account, allow(
        "*", "kms:Encrypt", Condition={"StringEquals": {"kms:CallerAccount": account}})))
    person.client().encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_aliases_in_conditions(kms, person, refused):
    key, mine = k.make(kms), person.client()
    alias = k.alias(kms, key["KeyId"])
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"StringEquals": {"kms:RequestAlias": alias}}}})
    mine.encrypt(KeyId=alias, Plaintext=b"x")
    with refused(DENIED):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}}})
    mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.delete_alias(AliasName=alias)
    with refused(DENIED):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


def test_tags_in_conditions(kms, person, refused):
    blue = k.make(kms, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    red = k.make(kms, Tags=[{"TagKey": "team", "TagValue": "red"}])
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["kms:Encrypt", "kms:CreateKey", "kms:TagResource"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}})
    mine = person.client()
    mine.encrypt(KeyId=blue["KeyId"], Plaintext=b"x")
    with refused(DENIED):
        mine.encrypt(KeyId=red["KeyId"], Plaintext=b"x")


def test_conditions_on_making_keys(kms, person, refused):
    person.may({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*",
         "Condition": {"StringEquals": {"kms:KeySpec": "HMAC_256"}}},
        {"Effect": "Allow", "Action": "kms:TagResource", "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestTag/team": "blue"}}}]})
    mine = person.client()
    k.make(mine, "HMAC_256", "GENERATE_VERIFY_MAC")
    with refused(DENIED):
        k.make(mine)
    k.make(mine, "HMAC_256", "GENERATE_VERIFY_MAC",
           Tags=[{"TagKey": "team", "TagValue": "blue"}])
    with refused(DENIED):
        k.make(mine, "HMAC_256", "GENERATE_VERIFY_MAC",
               Tags=[{"TagKey": "team", "TagValue": "red"}])


@pytest.mark.parametrize("action, condition, good, bad", [
    ("ScheduleKeyDeletion",
     {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}},
     lambda c, key: c.schedule_key_deletion(KeyId=key, PendingWindowInDays=20),
     lambda c, key: c.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)),
    ("EnableKeyRotation", {"NumericLessThanEquals": {"kms:RotationPeriodInDays": "100"}},
     lambda c, key: c.enable_key_rotation(KeyId=key, RotationPeriodInDays=90),
     lambda c, key: c.enable_key_rotation(KeyId=key, RotationPeriodInDays=200)),
    ("CreateGrant", {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]}},
     lambda c, key: grant(c, key, ["Decrypt"]),
     lambda c, key: grant(c, key, ["Decrypt", "Encrypt"])),
    ("GenerateDataKeyPair", {"StringEquals": {"kms:DataKeyPairSpec": "ECC_NIST_P256"}},
     lambda c, key: c.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256"),
     lambda c, key: c.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P384")),
])
def test_conditions_of_operations(kms, person, refused, action, condition, good, bad):
    key, mine = k.make(kms), person.client()
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": f"kms:{action}", "Resource": "*",
        "Condition": condition}})
    with refused(DENIED):
        bad(mine, key["KeyId"])
    good(mine, key["KeyId"])


@pytest.mark.parametrize("condition, good", [
    ({"StringEquals": {"kms:SigningAlgorithm": "RSASSA_PSS_SHA_256"}},
     {"SigningAlgorithm": "RSASSA_PSS_SHA_256"}),
    ({"StringEquals": {"kms:MessageType": "DIGEST"}}, {"MessageType": "DIGEST"}),
])
def test_conditions_of_signing(kms, person, refused, condition, good):
    key, mine = k.make(kms, "RSA_2048", "SIGN_VERIFY"), person.client()
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "kms:Sign", "Resource": "*", "Condition": condition}})
    wish = {"KeyId": key["KeyId"], "Message": b"x" * 32,
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}
    with refused(DENIED):
        mine.sign(**wish)
    mine.sign(**{**wish, **good})


def test_re_encryption_needs_both_ends(kms, person, refused):
    one, other, mine = k.make(kms), k.make(kms), person.client()
    blob = kms.encrypt(KeyId=one["KeyId"], Plaintext=b"x")["CiphertextBlob"]

    def rights(*pairs):
        person.may({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": f"kms:{action}", "Resource": key["Arn"]}
            for action, key in pairs]})

    def call():
        return mine.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"])

    for half in (("ReEncryptFrom", one), ("ReEncryptTo", other)):
        rights(half)
        with refused(DENIED):
            call()
    rights(("ReEncryptFrom", one), ("ReEncryptTo", other))
    assert call()["KeyId"] == other["Arn"]


# -- grants -----------------------------------------------------------------


def grant(kms, key_id, operations, grantee=None, **more):
    grantee = grantee or f"arn:aws:iam::{ACCOUNT['id']}:root"
    return kms.create_grant(
        KeyId=key_id, GranteePrincipal=grantee, Operations=operations, **more)


ACCOUNT = {}


@pytest.fixture(autouse=True, scope="module")
def _account(account):
    ACCOUNT["id"] = account


def test_a_grant_is_enough(kms, account, admin, person, refused):
    key = k.make(kms, Policy=undelegated(account, admin))
    mine = person.client()
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused(DENIED):
        mine.decrypt(CiphertextBlob=blob)
    made = grant(kms, key["KeyId"], ["Decrypt", "DescribeKey"], person.arn, Name="reader")
    assert k.HEX_64.fullmatch(made["GrantId"])
    opened = mine.decrypt(CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])
    assert opened["Plaintext"] == b"x"
    assert mine.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert mine.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    with refused(DENIED):
        mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    [row] = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    assert (row["GrantId"], row["Name"]) == (made["GrantId"], "reader")
    assert row["GranteePrincipal"] == person.arn
    assert row["IssuingAccount"] in (account, f"arn:aws:iam::{account}:root")
    assert sorted(row["Operations"]) == ["Decrypt", "DescribeKey"]
    assert row["KeyId"] == key["Arn"]
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])
    with refused(DENIED):
        mine.decrypt(CiphertextBlob=blob)
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key["KeyId"], GrantId=made["GrantId"])


def test_a_deny_beats_a_grant(kms, person, refused):
    key = k.make(kms)
    grant(kms, key["KeyId"], ["Encrypt"], person.arn)
    person.client().encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    person.may({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}})
    with refused(DENIED):
        person.client().encrypt(KeyId=key["KeyId"], Plaintext=b"x")


@pytest.mark.parametrize("constraint, good, bad", [
    ("EncryptionContextSubset", [{"a": "1"}, {"a": "1", "b": "2"}], [{}, {"a": "2"}, {"A": "1"}]),
    ("EncryptionContextEquals", [{"a": "1"}], [{}, {"a": "1", "b": "2"}, {"a": "2"}]),
])
def test_constraints(kms, person, refused, constraint, good, bad):
    key, mine = k.make(kms), person.client()
    grant(kms, key["KeyId"], ["Encrypt", "Decrypt", "DescribeKey", "GenerateDataKey"],
          person.arn, Constraints={constraint: {"a": "1"}})
    for context in good:
        blob = mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)
        mine.decrypt(CiphertextBlob=blob["CiphertextBlob"], EncryptionContext=context)
        mine.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext=context)
    for context in bad:
        with refused(DENIED):
            mine.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)
    mine.describe_key(KeyId=key["KeyId"])


def test_grants_of_one_name(kms, person):
    key = k.make(kms)
    wish = {"Operations": ["Decrypt"], "grantee": person.arn, "Name": "once"}

    def make(**more):
        merged = {**wish, **more}
        return grant(kms, key["KeyId"], merged.pop("Operations"), merged.pop("grantee"), **merged)

    first, again = make(), make()
    assert first["GrantId"] == again["GrantId"]
    other = make(Operations=["Encrypt"])
    assert other["GrantId"] != first["GrantId"]
    assert len(kms.list_grants(KeyId=key["KeyId"])["Grants"]) == 2


def test_retirement(kms, person, refused):
    key, mine = k.make(kms), person.client()
    person.may(["kms:ListRetirableGrants"])
    made = grant(kms, key["KeyId"], ["Decrypt"], person.arn, RetiringPrincipal=person.arn)
    [row] = mine.list_retirable_grants(RetiringPrincipal=person.arn)["Grants"]
    assert row["GrantId"] == made["GrantId"]
    mine.retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []
    # The grantee may retire only if granted so; the retiring principal by id too.
    other = grant(kms, key["KeyId"], ["Decrypt"], person.arn)
    with refused((DENIED, "NotFoundException")):
        mine.retire_grant(KeyId=key["Arn"], GrantId=other["GrantId"])
    own = grant(kms, key["KeyId"], ["Decrypt", "RetireGrant"], person.arn)
    mine.retire_grant(KeyId=key["Arn"], GrantId=own["GrantId"])
    kms.retire_grant(KeyId=key["Arn"], GrantId=other["GrantId"])
    with refused("InvalidGrantTokenException"):
        mine.retire_grant(GrantToken="nonsense")


def test_delegated_grants_are_no_wider(server, kms, person, refused):
    key, mine, third = k.make(kms), person.client(), Person(server)
    grant(kms, key["KeyId"], ["CreateGrant", "Decrypt", "DescribeKey"], person.arn,
          Constraints={"EncryptionContextSubset": {"a": "1"}})
    tight = {"EncryptionContextSubset": {"a": "1", "b": "2"}}
    grant(mine, key["KeyId"], ["Decrypt"], third.arn, Constraints=tight)
    for operations, constraints in (
        (["Encrypt"], tight), (["Decrypt"], None),
        (["Decrypt"], {"EncryptionContextSubset": {"b": "2"}}),
    ):
        more = {"Constraints": constraints} if constraints else {}
        with refused(DENIED):
            grant(mine, key["KeyId"], operations, third.arn, **more)


def test_grants_must_suit_the_key(kms, person, refused):
    key, signer = k.make(kms), k.make(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    for key_id, operations in (
        (key["KeyId"], ["Sign"]), (signer["KeyId"], ["Decrypt"]),
        (key["KeyId"], ["GenerateMac"]), (signer["KeyId"], ["GenerateDataKey"]),
    ):
        with refused("ValidationException"):
            grant(kms, key_id, operations, person.arn)
    with refused("ValidationException"):
        grant(kms, signer["KeyId"], ["Sign"], person.arn,
              Constraints={"EncryptionContextSubset": {"a": "1"}})
    grant(kms, signer["KeyId"], ["Sign", "Verify", "GetPublicKey"], person.arn)
    with refused(("ValidationException", "InvalidArnException")):
        grant(kms, key["KeyId"], ["Decrypt"], "nonsense")
    with refused("ValidationException"):
        kms.create_grant(KeyId=key["KeyId"], Operations=["Decrypt"])


def test_bad_tokens(kms, person, refused):
    key = k.make(kms)
    with refused("InvalidGrantTokenException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", GrantTokens=["nonsense"])


def test_grants_in_pages(kms, person, refused):
    key = k.make(kms)
    made = {grant(kms, key["KeyId"], ["Decrypt"], person.arn, Name=word())["GrantId"]
            for _ in range(5)}
    pages = kms.get_paginator("list_grants").paginate(
        KeyId=key["KeyId"], PaginationConfig={"PageSize": 2})
    pages = [[row["GrantId"] for row in page["Grants"]] for page in pages]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {one for page in pages for one in page} == made
    one = min(made)
    [row] = kms.list_grants(KeyId=key["KeyId"], GrantId=one)["Grants"]
    assert row["GrantId"] == one
    mine = kms.list_grants(KeyId=key["KeyId"], GranteePrincipal=person.arn)["Grants"]
    assert len(mine) == 5
    with refused("InvalidMarkerException"):
        kms.list_grants(KeyId=key["KeyId"], Marker="nonsense")


# -- through Secrets Manager ------------------------------------------------


def test_via_service(server, kms, person, refused):
    key = k.make(kms)
    region = server.region
    person.may({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*",
         "Condition": {"StringEquals": {
             "kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}}}]})
    mine = person.client("secretsmanager")
    made = mine.create_secret(Name=name(), SecretString="x", KmsKeyId=key["KeyId"])
    assert mine.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"
    with refused(DENIED):
        person.client().generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
