"""Perimeters of an organization, by its principals and by its resources, and of a key, by
the service and the account that use it: as the guides on data perimeters and on KMS's
condition keys write them."""

import json

import pytest

import kms as k
from accounts import RCP, SCP, organization
from harness import name
from oidc import Provider, assume, stranger, trusting
from people import undelegated
from sts import allow, deny, policy, session_of, trust, words

DENIED = "AccessDeniedException"
READ = "secretsmanager:GetSecretValue"
IN_RESOURCE_POLICY = "with an explicit deny in a resource-based policy"
IN_RCP = "with an explicit deny in a resource control policy"
IN_SCP = "with an explicit deny in a service control policy"
NO_KEY_POLICY = "because no resource-based policy allows the {} action"


class Scene:
    """Two members and a stranger; a secret of the first under a key of its own, which its
    policies open to both others."""

    def __init__(self, org):
        self.org, self.server = org, org.server
        self.home, self.member, self.foreign = org.member(), org.member(), org.foreign()
        self.sm, self.kms = self.home.client("secretsmanager"), self.home.client()
        self.via = f"secretsmanager.{org.server.region}.amazonaws.com"
        self.readers = {
            account.id: account.principals().role(allow(["secretsmanager:*", "kms:*", "sts:*"]))
            for account in (self.home, self.member, self.foreign)}

    def reader(self, account, service="secretsmanager"):
        """A session of the account's role that may do everything with secrets and keys."""
        role = self.readers[account.id]
        credentials = account.principals().assume(role)
        return session_of(self.server, credentials, service)

    def key(self, *statements):
        """A key whose policy is these statements and what its administrator needs."""
        admin = f"arn:aws:iam::{self.home.id}:role/OrganizationAccountAccessRole"
        return k.make(self.kms, Policy=undelegated(self.home.id, admin, *statements))["Arn"]

    def opened(self, *more):
        """A secret that all three accounts may read, but for what more statements say."""
        everyone = [self.home.root, self.member.root, self.foreign.root]
        key = self.key(resource_allow(everyone, ["kms:Decrypt", "kms:GenerateDataKey"]))
        arn = self.sm.create_secret(Name=name(), SecretString="one", KmsKeyId=key)["ARN"]
        self.sm.put_resource_policy(SecretId=arn, ResourcePolicy=policy(
            resource_allow(everyone, READ), *more))
        return arn

    def read(self, account, secret):
        return self.reader(account).get_secret_value(SecretId=secret)["SecretString"]

    def words(self, account, secret, why, action=READ):
        return words(self.readers[account.id], action, secret, why)


def resource_allow(accounts, action, **more):
    return {"Effect": "Allow", "Principal": {"AWS": accounts}, "Action": action,
            "Resource": "*", **more}


def resource_deny(action, **conditions):
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*",
            "Condition": conditions}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with organization(tmp_path_factory.mktemp("perimeters")) as own:
        yield Scene(own)


def outside(org, **more):
    """Whoever is neither of the organization nor a service."""
    return {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": org.id, **more},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}


def test_a_secrets_policy_keeps_to_the_organization(scene, refused):
    secret = scene.opened(resource_deny("secretsmanager:*", **outside(scene.org)))
    for account in (scene.home, scene.member):
        assert scene.read(account, secret) == "one"
    with refused(DENIED, scene.words(scene.foreign, secret, IN_RESOURCE_POLICY)):
        scene.read(scene.foreign, secret)
    # Without the statement the stranger is let in: it is the statement that decided.
    assert scene.read(scene.foreign, scene.opened()) == "one"


def test_an_account_that_leaves_is_outside_at_once(scene, refused):
    leaver = scene.org.member()
    scene.readers[leaver.id] = leaver.principals().role(allow(["secretsmanager:*", "kms:*"]))
    key = scene.key(resource_allow([scene.home.root, leaver.root], "kms:*"))
    secret = scene.sm.create_secret(Name=name(), SecretString="one", KmsKeyId=key)["ARN"]
    scene.sm.put_resource_policy(SecretId=secret, ResourcePolicy=policy(
        resource_allow("*", READ, Condition={
            "StringEquals": {"aws:PrincipalOrgID": scene.org.id}})), BlockPublicPolicy=True)
    assert scene.read(leaver, secret) == "one"
    scene.org.remove(leaver)
    with refused(DENIED, scene.words(leaver, secret, NO_KEY_POLICY.format(READ))):
        scene.read(leaver, secret)


def test_paths_of_units(scene, refused):
    unit = scene.org.api.create_organizational_unit(ParentId=scene.org.root, Name="Workloads")
    unit = unit["OrganizationalUnit"]["Id"]
    path = f"{scene.org.id}/{scene.org.root}/{unit}/"
    secret = scene.opened(resource_deny(READ, **{
        "ForAllValues:StringNotLikeIfExists": {"aws:PrincipalOrgPaths": f"{path}*"},
        "StringNotEquals": {"aws:PrincipalAccount": scene.home.id}}))
    with refused(DENIED, scene.words(scene.member, secret, IN_RESOURCE_POLICY)):
        scene.read(scene.member, secret)
    place = {"AccountId": scene.member.id}
    scene.org.api.move_account(
        **place, SourceParentId=scene.org.root, DestinationParentId=unit)
    try:
        assert scene.read(scene.member, secret) == "one"
        with refused(DENIED):
            scene.read(scene.foreign, secret)
    finally:
        scene.org.api.move_account(
            **place, SourceParentId=unit, DestinationParentId=scene.org.root)


def test_resource_control_policies_keep_strangers_out(scene, refused):
    """Whatever a secret's, a key's or a role's own policy says."""
    secret, org = scene.opened(), scene.org
    role = scene.home.principals().role(trusts=[
        trust({"AWS": [scene.member.root, scene.foreign.root]})])
    key = scene.key(resource_allow([scene.member.root, scene.foreign.root], "kms:Encrypt"))
    reached = ["secretsmanager:*", "kms:*", "sts:AssumeRole"]

    def uses(account):
        return {
            READ: (secret, lambda: scene.read(account, secret)),
            "kms:Encrypt": (key, lambda: scene.reader(account, "kms").encrypt(
                KeyId=key, Plaintext=b"x")),
            "sts:AssumeRole": (role, lambda: scene.reader(account, "sts").assume_role(
                RoleArn=role, RoleSessionName="in")),
        }

    def all_let_in(*accounts):
        for account in accounts:
            for _, use in uses(account).values():
                use()

    all_let_in(scene.member, scene.foreign)
    with org.under(RCP, org.root, resource_deny(reached, **outside(org))):
        all_let_in(scene.member)
        for action, (resource, use) in uses(scene.foreign).items():
            text = scene.words(scene.foreign, resource, IN_RCP, action)
            query = action.startswith("sts")
            with refused("AccessDenied" if query else DENIED, status=403 if query else 400) as it:
                use()
            # STS gives no reasons across accounts.
            message = it.value.response["Error"]["Message"]
            assert message == (text.removesuffix(f" {IN_RCP}") if query else text)
    # A partner is let through by its account.
    partner = outside(org, **{"aws:PrincipalAccount": scene.foreign.id})
    with org.under(RCP, scene.home.id, resource_deny(reached, **partner)):
        all_let_in(scene.member, scene.foreign)
    all_let_in(scene.foreign)


def test_such_policies_leave_the_management_account_and_services_alone(scene, refused):
    """Nothing of the management account's is under them; rotation, deletion and what a
    service does in its own name is no stranger's."""
    org = scene.org
    ours = org.server.client()
    arn = ours.create_secret(Name=name(), SecretString="one")["ARN"]
    ours.put_resource_policy(SecretId=arn, ResourcePolicy=policy(
        resource_allow([scene.foreign.root], "secretsmanager:DescribeSecret")))
    theirs = scene.opened()
    with org.under(RCP, org.root, resource_deny("secretsmanager:*", **outside(org))):
        scene.reader(scene.foreign).describe_secret(SecretId=arn)
        with refused(DENIED):
            scene.reader(scene.foreign).describe_secret(SecretId=theirs)
        # Of a web identity nothing is known of an organization; this policy does not
        # speak of it.
        provider = Provider().register(scene.home.client("iam"), "sts.amazonaws.com")
        role = scene.home.principals().role(
            allow([READ, "kms:Decrypt"]), trusts=[trusting(provider)])
        answer = assume(stranger(org.server), role, provider.token())
        client = session_of(org.server, answer["Credentials"])
        assert client.get_secret_value(SecretId=theirs)["SecretString"] == "one"
    only_ours = resource_deny("sts:AssumeRoleWithWebIdentity", StringNotEqualsIfExists={
        f"{provider.url}:sub": "system:sa:other"})
    with org.under(RCP, scene.home.id, only_ours):
        with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                     403):
            assume(stranger(org.server), role, provider.token())


def test_principals_keep_to_resources_of_the_organization(scene, refused):
    """The other way about, by a service control policy: nothing of a stranger's is used,
    even where the stranger lets them."""
    strange = scene.foreign.client("secretsmanager")
    bait = strange.create_secret(Name=name(), SecretString="x")["ARN"]
    strange.put_resource_policy(SecretId=bait, ResourcePolicy=policy(
        resource_allow([scene.member.root], "secretsmanager:*")))
    secret = scene.opened()
    perimeter = deny(["secretsmanager:*", "kms:*"], Condition={
        "StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})
    client = scene.reader(scene.member)
    client.describe_secret(SecretId=bait)
    with scene.org.under(SCP, scene.org.root, perimeter):
        with refused(DENIED, scene.words(
            scene.member, bait, IN_SCP, "secretsmanager:DescribeSecret",
        )):
            client.describe_secret(SecretId=bait)
        assert scene.read(scene.member, secret) == "one"
        # What names no resource is about the caller's own account.
        client.list_secrets()
        client.get_random_password()
        scene.reader(scene.member, "kms").list_keys()
        client.batch_get_secret_value(Filters=[{"Key": "name", "Values": [name()]}])
        made = client.create_secret(Name=name(), SecretString="x")["ARN"]
        assert client.get_secret_value(SecretId=made)["SecretString"] == "x"


def test_the_network_perimeter_lets_services_through(scene, refused):
    """`aws:ViaAWSService`: what Secrets Manager asks of KMS comes from no network."""
    elsewhere = {"NotIpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"},
                 "BoolIfExists": {"aws:ViaAWSService": "false"}}
    key = scene.key(
        resource_allow([scene.home.root], "kms:*"), resource_deny("kms:Decrypt", **elsewhere))
    secret = scene.sm.create_secret(Name=name(), SecretString="one", KmsKeyId=key)["ARN"]
    assert scene.read(scene.home, secret) == "one"
    blob = scene.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    text = scene.words(scene.home, key, IN_RESOURCE_POLICY, "kms:Decrypt")
    with refused(DENIED, text):
        scene.reader(scene.home, "kms").decrypt(CiphertextBlob=blob)
    # The same by the organization, and for secrets, which are asked for from a network.
    guarded = scene.opened()
    with scene.org.under(RCP, scene.home.id, resource_deny("kms:Decrypt", **elsewhere)):
        assert scene.read(scene.member, guarded) == "one"
        with refused(DENIED):
            scene.reader(scene.home, "kms").decrypt(CiphertextBlob=blob)
    with scene.org.under(RCP, scene.home.id, resource_deny("secretsmanager:*", **elsewhere)):
        with refused(DENIED, scene.words(scene.member, guarded, IN_RCP)):
            scene.read(scene.member, guarded)


def test_a_key_that_one_service_may_use_for_one_account(scene, refused):
    """`kms:ViaService` and `kms:CallerAccount`, as in the policies of AWS's own keys."""
    def through(via, *accounts):
        return resource_allow("*", ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"],
                              Condition={"StringEquals": {
                                  "kms:ViaService": via, "kms:CallerAccount": list(accounts)}})

    def change(*statements):
        admin = f"arn:aws:iam::{scene.home.id}:role/OrganizationAccountAccessRole"
        scene.kms.put_key_policy(
            KeyId=key, Policy=undelegated(scene.home.id, admin, *statements))

    key = scene.key(through(scene.via, scene.home.id))
    blob = scene.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    secret = scene.reader(scene.home).create_secret(
        Name=name(), SecretString="one", KmsKeyId=key)["ARN"]
    scene.sm.put_resource_policy(SecretId=secret, ResourcePolicy=policy(
        resource_allow([scene.member.root, scene.foreign.root], "secretsmanager:*")))
    assert scene.read(scene.home, secret) == "one"
    # Directly nobody uses it, whatever their identity policies allow.
    direct = scene.reader(scene.home, "kms")
    for action, use in (
        ("kms:Decrypt", lambda: direct.decrypt(CiphertextBlob=blob)),
        ("kms:Decrypt", lambda: direct.decrypt(CiphertextBlob=blob, KeyId=key)),
        ("kms:GenerateDataKey", lambda: direct.generate_data_key(KeyId=key, KeySpec="AES_256")),
        ("kms:Encrypt", lambda: direct.encrypt(KeyId=key, Plaintext=b"x")),
    ):
        with refused(DENIED, scene.words(
            scene.home, key, NO_KEY_POLICY.format(action), action,
        )):
            use()
    # Through the service only the account that is named.
    for account in (scene.member, scene.foreign):
        for use in (lambda it: it.get_secret_value(SecretId=secret),
                    lambda it: it.put_secret_value(SecretId=secret, SecretString="two")):
            with refused(DENIED, "Access to KMS is not allowed"):
                use(scene.reader(account))
        scene.reader(account).describe_secret(SecretId=secret)
    change(through(scene.via, scene.home.id, scene.member.id))
    assert scene.read(scene.member, secret) == "one"
    with refused(DENIED, "Access to KMS is not allowed"):
        scene.read(scene.foreign, secret)
    # Another Region's service is another one.
    change(through(scene.via.replace(scene.server.region, "ap-south-2"), scene.home.id))
    with refused(DENIED, "Access to KMS is not allowed"):
        scene.read(scene.home, secret)


def test_an_identity_policy_that_lets_a_service_use_keys(scene, refused):
    """The key leaves it to the account, and the account to Secrets Manager."""
    key = scene.key(resource_allow([scene.home.root], "kms:*"))
    blob = scene.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    secret = scene.sm.create_secret(Name=name(), SecretString="one", KmsKeyId=key)["ARN"]
    people = scene.home.principals()

    def clients(**conditions):
        role = people.role(allow(READ), allow("kms:Decrypt", key, Condition=conditions))
        credentials = people.assume(role)
        return role, *(session_of(scene.server, credentials, service)
                       for service in ("secretsmanager", "kms"))

    for conditions, gets_in in (
        ({"StringEquals": {"kms:ViaService": scene.via}}, True),
        ({"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:EncryptionContext:SecretARN": secret}}, True),
        ({"StringEquals": {"kms:CallerAccount": scene.home.id,
                           "kms:ViaService": scene.via}}, True),
        ({"StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}}, False),
        ({"StringEquals": {"kms:EncryptionContext:SecretARN": secret + "x"}}, False),
        ({"StringEquals": {"kms:CallerAccount": scene.member.id}}, False),
    ):
        role, sm, kms = clients(**conditions)
        if gets_in:
            assert sm.get_secret_value(SecretId=secret)["SecretString"] == "one"
        else:
            with refused(DENIED, "Access to KMS is not allowed"):
                sm.get_secret_value(SecretId=secret)
        why = "because no identity-based policy allows the kms:Decrypt action"
        with refused(DENIED, words(role, "kms:Decrypt", key, why)):
            kms.decrypt(CiphertextBlob=blob)


def test_perimeters_through_the_cli(scene):
    secret = scene.opened(resource_deny("secretsmanager:*", **outside(scene.org)))
    for account, gets_in in ((scene.member, True), (scene.foreign, False)):
        credentials = account.principals().assume(scene.readers[account.id])
        ran = scene.server.aws(
            "secretsmanager", "get-secret-value", "--secret-id", secret, env={
                "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": credentials["SessionToken"]})
        if gets_in:
            assert json.loads(ran.stdout)["SecretString"] == "one", ran.stderr
        else:
            assert ran.returncode != 0
            assert (
                "An error occurred (AccessDeniedException) when calling the GetSecretValue "
                "operation: " + scene.words(account, secret, IN_RESOURCE_POLICY)
            ) in ran.stderr
