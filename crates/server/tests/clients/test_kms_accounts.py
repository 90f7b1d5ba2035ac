"""Keys used across accounts by their ARN: the key's policy and the caller's both have to allow."""

import json

import pytest

import kms as k
from accounts import Account, organization
from harness import name
from people import allow, key_policy

DENIED = "AccessDeniedException"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organization(tmp_path_factory.mktemp("accounts")) as own:
        yield own.server


@pytest.fixture(scope="module")
def away(org):
    return Account(org)


@pytest.fixture(scope="module")
def kms(org):
    return org.client(service="kms")


def because(person, action, arn, why):
    return (f"User: {person.arn} is not authorized to perform: kms:{action} "
            f"on resource: {arn} because {why}")


def test_both_sides_have_to_allow(kms, away, refused):
    key, them = k.make(kms), away.person()
    home, theirs = key["AWSAccountId"], them.client()
    uses = {
        "Encrypt": lambda arn: theirs.encrypt(KeyId=arn, Plaintext=b"x"),
        "GenerateDataKey": lambda arn: theirs.generate_data_key(KeyId=arn, KeySpec="AES_256"),
        "DescribeKey": lambda arn: theirs.describe_key(KeyId=arn),
    }
    them.may(["kms:*"])
    for action, use in uses.items():
        with refused(DENIED, because(them, action, key["Arn"], "no resource-based policy allows "
                                     f"the kms:{action} action")):
            use(key["Arn"])
    for principal in (f"arn:aws:iam::{away.id}:root", them.arn):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy(home, allow(
            principal, "kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey")))
        them.may({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}})
        for action, use in uses.items():
            with refused(DENIED, because(them, action, key["Arn"], "no identity-based policy "
                                         f"allows the kms:{action} action")):
                use(key["Arn"])
        them.may({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "kms:*", "Resource": key["Arn"]}})
        blob = uses["Encrypt"](key["Arn"])["CiphertextBlob"]
        uses["GenerateDataKey"](key["Arn"])
        assert uses["DescribeKey"](key["Arn"])["KeyMetadata"]["AWSAccountId"] == home
        # The ciphertext names its key, whoever's it is.
        assert theirs.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_names_reach_into_other_accounts_by_arn_alone(kms, away, refused):
    key = k.make(kms)
    alias = k.alias(kms, key["KeyId"])
    arn = key["Arn"].replace(f"key/{key['KeyId']}", alias)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy(
        key["AWSAccountId"], allow(f"arn:aws:iam::{away.id}:root", "kms:*")))
    theirs = away.client()
    assert theirs.encrypt(KeyId=arn, Plaintext=b"x")["KeyId"] == key["Arn"]
    for short in (key["KeyId"], alias):
        with refused("NotFoundException"):
            theirs.encrypt(KeyId=short, Plaintext=b"x")
    # What manages a key stays in its account, whatever its policy says.
    for manage in (
        lambda: theirs.disable_key(KeyId=key["Arn"]),
        lambda: theirs.schedule_key_deletion(KeyId=key["Arn"]),
        lambda: theirs.put_key_policy(KeyId=key["Arn"], Policy=key_policy(away.id)),
        lambda: theirs.update_key_description(KeyId=key["Arn"], Description="x"),
    ):
        with refused(DENIED):
            manage()


def test_a_grant_is_enough_without_policies(kms, away, refused):
    key, them = k.make(kms), away.person()
    theirs = them.client()
    with refused(DENIED):
        theirs.encrypt(KeyId=key["Arn"], Plaintext=b"x")
    made = kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=them.arn, Operations=["Encrypt", "RetireGrant"],
        RetiringPrincipal=f"arn:aws:iam::{away.id}:root")
    theirs.encrypt(KeyId=key["Arn"], Plaintext=b"x")
    with refused(DENIED):
        theirs.generate_data_key(KeyId=key["Arn"], KeySpec="AES_256")
    theirs.retire_grant(KeyId=key["Arn"], GrantId=made["GrantId"])
    with refused(DENIED):
        theirs.encrypt(KeyId=key["Arn"], Plaintext=b"x")


def test_grants_given_from_another_account(kms, away, refused):
    key, them = k.make(kms), away.person()
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy(
        key["AWSAccountId"], allow(f"arn:aws:iam::{away.id}:root", "kms:CreateGrant")))
    grant = {"KeyId": key["Arn"], "GranteePrincipal": them.arn, "Operations": ["Decrypt"]}
    made = away.client().create_grant(**grant)
    listed = kms.list_grants(KeyId=key["KeyId"], GrantId=made["GrantId"])["Grants"]
    assert listed[0]["IssuingAccount"] == f"arn:aws:iam::{away.id}:root"
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert them.client().decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused(DENIED):
        them.client().create_grant(**grant)


def test_a_secret_under_another_accounts_key(org, kms, away, refused):
    key = k.make(kms)
    theirs = away.client("secretsmanager")
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        theirs.create_secret(Name=name(), SecretString="x", KmsKeyId=key["Arn"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=key_policy(key["AWSAccountId"], allow(
        f"arn:aws:iam::{away.id}:root", "kms:Decrypt", "kms:GenerateDataKey", Condition={
            "StringEquals": {"kms:ViaService": f"secretsmanager.{org.region}.amazonaws.com",
                             "kms:CallerAccount": away.id}})))
    made = theirs.create_secret(Name=name(), SecretString="x", KmsKeyId=key["Arn"])
    assert theirs.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"
    assert theirs.describe_secret(SecretId=made["ARN"])["KmsKeyId"] == key["Arn"]
    with refused(DENIED):
        away.client().generate_data_key(KeyId=key["Arn"], KeySpec="AES_256")
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DecryptionFailure"):
        theirs.get_secret_value(SecretId=made["ARN"])
    # The uses are on record under the caller who had them.
    uses = [record for record in org.audit(needle=key["Arn"])
            if record["eventName"] == "Decrypt" and record["userIdentity"].get("accountId") == away.id]
    assert {record.get("errorCode") for record in uses} >= {None, "DisabledException"}
    # And on the trail of the key's owner, who is told whose account it was.
    trails = {}
    for record in uses:
        trails.setdefault(record["sharedEventID"], []).append(record)
    for theirs_own, copy in trails.values():
        assert {theirs_own["recipientAccountId"], copy["recipientAccountId"]} == {
            away.id, key["AWSAccountId"]}
        if copy["recipientAccountId"] == away.id:
            theirs_own, copy = copy, theirs_own
        assert copy["userIdentity"] == {
            "type": "AWSAccount", "accountId": away.id,
            "principalId": theirs_own["userIdentity"]["principalId"],
            "invokedBy": "secretsmanager.amazonaws.com"}
    trail = org.client(service="cloudtrail").lookup_events(LookupAttributes=[
        {"AttributeKey": "ResourceName", "AttributeValue": key["Arn"]}])["Events"]
    assert any(json.loads(event["CloudTrailEvent"]).get("sharedEventID") in trails
               for event in trail)


def test_the_managed_key_serves_its_own_account(org, away, refused):
    ours = org.client()
    made = ours.create_secret(Name=name(), SecretString="x")
    ours.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=json.dumps({
        "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{away.id}:root"},
            "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}))
    theirs = away.client("secretsmanager")
    with refused(("InvalidRequestException", "AccessDeniedException", "DecryptionFailure")):
        theirs.get_secret_value(SecretId=made["ARN"])
    key = k.make(org.client(service="kms"))
    org.client(service="kms").put_key_policy(KeyId=key["KeyId"], Policy=key_policy(
        key["AWSAccountId"], allow(f"arn:aws:iam::{away.id}:root", "kms:Decrypt")))
    ours.update_secret(SecretId=made["ARN"], KmsKeyId=key["KeyId"])
    assert theirs.get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"
