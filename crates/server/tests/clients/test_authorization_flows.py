"""The flows of AWS's guides, as their readers run them: who may do what, and in which
words who may not."""

import json

import pytest

import harness
from sts import Principals, allow, deny, policy, session_of, trust, words

DENIED = "AccessDeniedException"


@pytest.fixture(scope="module")
def principals(server):
    return Principals(server)


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_one_policy_for_all_teams(server, principals, refused):
    """Attribute-based access control, as in the IAM tutorial: one policy, secrets' tags
    against principals' tags."""
    team = {"secretsmanager:ResourceTag/access-project": "${aws:PrincipalTag/access-project}",
            "secretsmanager:ResourceTag/access-team": "${aws:PrincipalTag/access-team}"}
    statements = [
        allow("secretsmanager:ListSecrets"),
        allow(["secretsmanager:CreateSecret", "secretsmanager:TagResource"], Condition={
            "StringEquals": {
                "aws:RequestTag/access-project": "${aws:PrincipalTag/access-project}",
                "aws:RequestTag/access-team": "${aws:PrincipalTag/access-team}"},
            "ForAllValues:StringEquals": {
                "aws:TagKeys": ["access-project", "access-team", "cost-center"]}}),
        allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret",
               "secretsmanager:DeleteSecret", "secretsmanager:UpdateSecret"],
              Condition={"StringEquals": team}),
    ]
    project = harness.word()
    clients = {}
    for team_name in ("eng", "qas"):
        role = principals.role(*statements, Tags=[
            {"Key": "access-project", "Value": project},
            {"Key": "access-team", "Value": team_name}])
        clients[team_name] = session_of(server, principals.assume(role))
    name = harness.name("abac")
    with refused(DENIED) as caught:
        clients["eng"].create_secret(Name=name, SecretString="x")
    assert "because no identity-based policy allows the secretsmanager:CreateSecret" in str(
        caught.value)
    with refused(DENIED):
        clients["eng"].create_secret(
            Name=name, SecretString="x",
            Tags=tags(**{"access-project": project, "access-team": "qas"}))
    with refused(DENIED):
        clients["eng"].create_secret(
            Name=name, SecretString="x",
            Tags=tags(**{"access-project": project, "access-team": "eng", "more": "y"}))
    made = clients["eng"].create_secret(
        Name=name, SecretString="x",
        Tags=tags(**{"access-project": project, "access-team": "eng", "cost-center": "7"}))
    assert clients["eng"].get_secret_value(SecretId=made["ARN"])["SecretString"] == "x"
    with refused(DENIED):
        clients["qas"].get_secret_value(SecretId=made["ARN"])


def test_the_tutorial_of_attribute_based_access(server, principals, sm, refused):
    """IAM User Guide, "IAM tutorial: Define permissions to access AWS resources based on
    tags": its two policies as they stand there, its users, roles and secrets."""
    keys = ("access-project", "access-team", "cost-center")

    def same(prefix):
        return {f"{prefix}/{key}": f"${{aws:PrincipalTag/{key}}}" for key in keys}

    assume_role = {
        "Sid": "TutorialAssumeRole", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Resource": f"arn:aws:iam::{principals.account}:role/access-*",
        "Condition": {"StringEquals": same("iam:ResourceTag")}}
    same_project_team = [
        {"Sid": "AllActionsSecretsManagerSameProjectSameTeam", "Effect": "Allow",
         "Action": "secretsmanager:*", "Resource": "*", "Condition": {
             "StringEquals": same("aws:ResourceTag"),
             "ForAllValues:StringEquals": {"aws:TagKeys": [*keys, "Name", "OwnedBy"]},
             "StringEqualsIfExists": same("aws:RequestTag")}},
        {"Sid": "AllResourcesSecretsManagerNoTags", "Effect": "Allow",
         "Action": ["secretsmanager:GetRandomPassword", "secretsmanager:ListSecrets"],
         "Resource": "*"},
        {"Sid": "ReadSecretsManagerSameTeam", "Effect": "Allow",
         "Action": ["secretsmanager:Describe*", "secretsmanager:Get*", "secretsmanager:List*"],
         "Resource": "*", "Condition": {"StringEquals": {
             "aws:ResourceTag/access-team": "${aws:PrincipalTag/access-team}"}}},
        {"Sid": "DenyUntagSecretsManagerReservedTags", "Effect": "Deny",
         "Action": "secretsmanager:UntagResource", "Resource": "*",
         "Condition": {"ForAnyValue:StringLike": {"aws:TagKeys": "access-*"}}},
        {"Sid": "DenyPermissionsManagement", "Effect": "Deny",
         "Action": "secretsmanager:*Policy", "Resource": "*"},
    ]
    shared = principals.iam.create_policy(
        PolicyName=harness.word(), PolicyDocument=policy(*same_project_team))["Policy"]["Arn"]
    cast = {f"{project}-{team}": dict(zip(keys, (project, team, center)))
            for project, center in (("peg", "987654"), ("uni", "123456"))
            for team in ("eng", "qas")}
    roles, clients = {}, {}
    for who, has in cast.items():
        roles[who] = principals.role(name=f"access-{who}-{harness.word()}", Tags=tags(**has))
        principals.iam.attach_role_policy(
            RoleName=roles[who].rsplit("/", 1)[1], PolicyArn=shared)
    for who, has in cast.items():
        user, key = principals.user(assume_role, Tags=tags(**has))
        sts = session_of(server, key, "sts")
        for other, role in roles.items():
            if other == who:
                clients[who] = session_of(server, principals.assume(role, sts=sts))
                continue
            with refused("AccessDenied", f"User: {user} is not authorized to perform: "
                         f"sts:AssumeRole on resource: {role} because no identity-based "
                         "policy allows the sts:AssumeRole action", 403):
                principals.assume(role, sts=sts)

    def no(action, secret, who="peg-eng", why="because no identity-based policy allows the {}"):
        clause = why.format(f"secretsmanager:{action} action")
        return DENIED, words(roles[who], f"secretsmanager:{action}", secret, clause)

    peg = cast["peg-eng"]
    name = harness.name("test-access-peg-eng")
    mine = clients["peg-eng"]
    for wrong in ([], tags(**{"access-project": "peg"}), tags(**cast["uni-eng"]),
                  tags(**cast["peg-qas"]), tags(**peg, other="x")):
        with refused(*no("CreateSecret", name)):
            mine.create_secret(Name=name, SecretString="x", Tags=wrong)
    mine.create_secret(Name=name, SecretString="x", Tags=tags(**peg, Name="app"))
    for who, client in clients.items():
        client.list_secrets(MaxResults=1)
        client.get_random_password()
        if who.endswith("-eng"):
            # Of the same team, whatever the project: to read.
            assert client.get_secret_value(SecretId=name)["SecretString"] == "x"
        else:
            with refused(*no("GetSecretValue", name, who)):
                client.get_secret_value(SecretId=name)
        if who != "peg-eng":
            with refused(*no("UpdateSecret", name, who)):
                client.update_secret(SecretId=name, Description="d")
            with refused(*no("DeleteSecret", name, who)):
                client.delete_secret(SecretId=name)
    mine.update_secret(SecretId=name, Description="d")
    denied = "with an explicit deny in an identity-based policy"
    with refused(*no("UntagResource", name, why=denied)):
        mine.untag_resource(SecretId=name, TagKeys=["access-team"])
    mine.untag_resource(SecretId=name, TagKeys=["Name"])
    with refused(*no("TagResource", name)):
        mine.tag_resource(SecretId=name, Tags=tags(**{"access-team": "qas"}))
    with refused(*no("GetResourcePolicy", name, why=denied)):
        mine.get_resource_policy(SecretId=name)
    mine.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_pods_by_session_tags_and_role_chaining(server, principals, sm, refused):
    """Kubernetes workloads: the pod's role is tagged by who starts it, and the tags go on
    into the role of the target account by chaining."""
    target = principals.role(
        allow("secretsmanager:GetSecretValue", Condition={"StringEquals": {
            "secretsmanager:ResourceTag/kubernetes-namespace":
                "${aws:PrincipalTag/kubernetes-namespace}",
            "secretsmanager:ResourceTag/eks-cluster-name":
                "${aws:PrincipalTag/eks-cluster-name}"}}),
    )
    pod = principals.role(allow(["sts:AssumeRole", "sts:TagSession"], target))
    secrets = {
        namespace: sm.create_secret(
            Name=harness.name(namespace), SecretString=namespace,
            Tags=tags(**{"kubernetes-namespace": namespace, "eks-cluster-name": "prod"}))["ARN"]
        for namespace in ("red", "blue")
    }
    keys = {"kubernetes-namespace": "red", "eks-cluster-name": "prod",
            "kubernetes-pod-name": "app-1"}
    first = principals.assume(pod, "eks-prod-app-1", Tags=tags(**keys),
                              TransitiveTagKeys=list(keys))
    second = principals.assume(target, "chained", sts=session_of(server, first, "sts"))
    client = session_of(server, second)
    assert client.get_secret_value(SecretId=secrets["red"])["SecretString"] == "red"
    with refused(DENIED):
        client.get_secret_value(SecretId=secrets["blue"])


def test_names_are_built_from_principal_tags(server, principals, refused):
    account, region = principals.account, server.region
    role = principals.role(
        allow("secretsmanager:CreateSecret",
              f"arn:aws:secretsmanager:{region}:{account}:secret:"
              "${aws:PrincipalTag/team}/${aws:PrincipalTag/stage, 'dev'}/*"),
    )
    team = harness.word()
    client = session_of(server, principals.assume(role, Tags=tags(team=team)))
    client.create_secret(Name=f"{team}/dev/db", SecretString="x")
    for wrong in (f"{team}/prod/db", f"{harness.word()}/dev/db", "dev/db"):
        with refused(DENIED):
            client.create_secret(Name=wrong, SecretString="x")
    prod = session_of(server, principals.assume(role, Tags=tags(team=team, stage="prod")))
    prod.create_secret(Name=f"{team}/prod/db", SecretString="x")


def test_condition_values_that_are_none(server, principals, sm, refused):
    """IAM refuses them when a policy is written, but for booleans, of which nothing is on
    record. Secrets Manager takes all but dates; such values match nothing, so that their
    negation always holds."""
    legacy = ("MalformedPolicyDocument", "The policy failed legacy parsing")
    secret = sm.create_secret(Name=harness.name(), SecretString="x")["ARN"]

    def on_the_secret(effect, **condition):
        return policy({"Effect": effect, "Principal": "*", "Resource": "*",
                       "Action": "secretsmanager:GetSecretValue", "Condition": condition})

    for value in ("tomorrow", "2024-13", "2016-12-13t2:00:00.593194+1", "9223372036854775808"):
        with refused(*legacy):
            principals.role(allow("*", Condition={"DateGreaterThan": {"aws:CurrentTime": value}}))
        with refused("MalformedPolicyDocumentException"):
            sm.put_resource_policy(SecretId=secret, ResourcePolicy=on_the_secret(
                "Deny", DateLessThan={"aws:CurrentTime": value}))

    def gets_in(client, text=None):
        if text:
            sm.put_resource_policy(SecretId=secret, ResourcePolicy=text)
        try:
            client.get_secret_value(SecretId=secret)
            return True
        except client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == DENIED
            return False

    stranger = session_of(server, principals.assume(principals.role()))
    friend = session_of(server, principals.assume(
        principals.role(allow("secretsmanager:GetSecretValue"))))
    for operator, key, values in (
        ("IpAddress", "aws:SourceIp", ["127.0.0.1/33", "127.0.0", "127.0.0.*", "::/129", "/0", ""]),
        ("NumericGreaterThanEquals", "aws:EpochTime", ["zero", "0x0", "NaN", "-inf", " 0", ""]),
        ("ArnLike", "aws:PrincipalArn", ["nobody", "arn:aws:iam:*", ""]),
        ("Bool", "aws:SecureTransport", ["no", "0", "f", ""]),
        ("Null", "aws:SecureTransport", ["no", "0", ""]),
    ):
        condition = {operator: {key: values}}
        assert not gets_in(stranger, on_the_secret("Allow", **condition)), condition
        assert gets_in(friend, on_the_secret("Deny", **condition)), condition
        for value in values if operator not in ("Bool", "Null") else ():
            with refused(*legacy):
                principals.role(allow("*", Condition={operator: {key: value}}))
    for operator, key, value in (
        ("NotIpAddress", "aws:SourceIp", "127.0.0.1/33"),
        ("NumericNotEquals", "aws:EpochTime", "zero"),
    ):
        condition = {operator: {key: value}}
        assert gets_in(stranger, on_the_secret("Allow", **condition)), condition
        assert not gets_in(friend, on_the_secret("Deny", **condition)), condition
    # One that is none does not spoil its neighbours.
    assert gets_in(stranger, on_the_secret(
        "Allow", IpAddress={"aws:SourceIp": ["127.0.0.1/33", "127.0.0.0/8"]}))
    # A star is every ARN, and IAM takes it.
    every = {"ArnLike": {"aws:PrincipalArn": "*"}}
    assert gets_in(stranger, on_the_secret("Allow", **every))
    assert not gets_in(friend, on_the_secret("Deny", **every))
    principals.role(allow("*", Condition=every))


def test_a_user_in_a_group(server, principals, sm, refused):
    iam = principals.iam
    arn, key = principals.user(Tags=tags(team="red"))
    user, group = arn.rsplit("/", 1)[1], harness.word()
    client = session_of(server, key)
    with refused(DENIED):
        client.list_secrets()
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="list", PolicyDocument=policy(
        allow("secretsmanager:ListSecrets",
              Condition={"StringEquals": {"aws:PrincipalTag/team": "red",
                                          "aws:username": user}})))
    iam.add_user_to_group(GroupName=group, UserName=user)
    client.list_secrets()
    iam.tag_user(UserName=user, Tags=tags(team="blue"))
    with refused(DENIED):
        client.list_secrets()
    iam.tag_user(UserName=user, Tags=tags(team="red"))
    client.list_secrets()
    iam.remove_user_from_group(GroupName=group, UserName=user)
    with refused(DENIED):
        client.list_secrets()


def test_managed_policies_follow_their_default_version(server, principals, refused):
    iam = principals.iam
    name = harness.word()
    managed = iam.create_policy(
        PolicyName=name, PolicyDocument=policy(allow("secretsmanager:ListSecrets"))
    )["Policy"]["Arn"]
    role = principals.role()
    iam.attach_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyArn=managed)
    client = session_of(server, principals.assume(role))
    client.list_secrets()
    iam.create_policy_version(
        PolicyArn=managed, SetAsDefault=True,
        PolicyDocument=policy(allow("secretsmanager:GetRandomPassword")))
    with refused(DENIED):
        client.list_secrets()
    client.get_random_password()
    iam.set_default_policy_version(PolicyArn=managed, VersionId="v1")
    client.list_secrets()
    iam.detach_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyArn=managed)
    with refused(DENIED):
        client.list_secrets()


def test_a_resource_policy_lets_a_role_in_within_its_boundary(server, principals, sm, refused):
    """The same-account table: an Allow for the role outweighs its identity policies, not
    its boundary; one for the session outweighs that too."""
    boundary = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    free, bounded = principals.role(), principals.role(PermissionsBoundary=boundary)
    arn = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]

    def let_in(*principal):
        sm.put_resource_policy(SecretId=arn, ResourcePolicy=policy(
            {"Effect": "Allow", "Principal": {"AWS": list(principal)},
             "Action": "secretsmanager:GetSecretValue", "Resource": "*"}))

    let_in(free, bounded)
    for role, gets_in in ((free, True), (bounded, False)):
        client = session_of(server, principals.assume(role))
        if gets_in:
            # Within the account the AWS managed key asks for nothing more.
            assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
        else:
            with refused(DENIED) as caught:
                client.get_secret_value(SecretId=arn)
            assert "because no permissions boundary allows" in str(caught.value)
    name = bounded.rsplit("/", 1)[1]
    let_in(f"arn:aws:sts::{principals.account}:assumed-role/{name}/chosen")
    chosen = session_of(server, principals.assume(bounded, "chosen"))
    assert chosen.get_secret_value(SecretId=arn)["SecretString"] == "one"
    with refused(DENIED):
        session_of(server, principals.assume(bounded, "other")).get_secret_value(SecretId=arn)


def test_perimeters(server, principals, sm, refused):
    """`…IfExists` and `BoolIfExists` as the perimeter guides write them."""
    arn = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]
    cases = [
        (deny("*", Condition={
            "StringNotEqualsIfExists": {"aws:PrincipalAccount": principals.account},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), True),
        (deny("*", Condition={
            "StringNotEqualsIfExists": {"aws:PrincipalAccount": "999988887777"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}), False),
        (deny("*", Condition={"NotIpAddressIfExists": {"aws:SourceIp": "127.0.0.0/8"},
                              "BoolIfExists": {"aws:ViaAWSService": "false"}}), True),
        (deny("secretsmanager:*", Condition={
            "NotIpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"},
            "BoolIfExists": {"aws:ViaAWSService": "false"}}), False),
        # Absent with long-term credentials, "false" with a role's.
        (deny("*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), False),
        (deny("*", Condition={"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}), False),
        (deny("*", Condition={"Null": {"aws:TokenIssueTime": "true"}}), True),
    ]
    for statement, gets_in in cases:
        if "StringNotEqualsIfExists" in statement["Condition"] and (
            "aws:SourceVpce" in statement["Condition"]["StringNotEqualsIfExists"]
        ):
            gets_in = True  # No endpoint, no key: IfExists holds of what is absent.
            statement = deny("*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})
        role = principals.role(allow("secretsmanager:*"), statement)
        client = session_of(server, principals.assume(role))
        if gets_in:
            assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
        else:
            with refused(DENIED) as caught:
                client.get_secret_value(SecretId=arn)
            assert "with an explicit deny in an identity-based policy" in str(caught.value)


def test_keys_that_are_switched_off_or_deleted(server, principals, refused):
    arn, key = principals.user(allow("*"))
    user = arn.rsplit("/", 1)[1]
    clients = {
        service: session_of(server, key, service, "us-east-1")
        for service in ("secretsmanager", "sts", "iam", "kms")
    }
    calls = {
        "secretsmanager": lambda client: client.list_secrets(),
        "sts": lambda client: client.get_caller_identity(),
        "iam": lambda client: client.list_roles(),
        "kms": lambda client: client.list_keys(),
    }
    text = "The security token included in the request is invalid."

    def all_refused():
        for service, client in clients.items():
            json_form = service in ("secretsmanager", "kms")
            code = "UnrecognizedClientException" if json_form else "InvalidClientTokenId"
            with refused(code, text, 400 if json_form else 403):
                calls[service](client)

    for service, client in clients.items():
        calls[service](client)
    change = principals.iam.update_access_key
    change(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    all_refused()
    change(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Active")
    for service, client in clients.items():
        calls[service](client)
    principals.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    all_refused()


def test_wrong_secrets_reach_no_operation(server, refused):
    wrong = {"AccessKeyId": server.credentials.access_key, "SecretAccessKey": "x" * 40}
    unknown = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x" * 40}
    for service, operation in (
        ("secretsmanager", "list_secrets"), ("kms", "list_keys"),
        ("sts", "get_caller_identity"), ("iam", "list_roles"),
    ):
        json_form = service in ("secretsmanager", "kms")
        status = 400 if json_form else 403
        client = session_of(server, wrong, service, "us-east-1")
        with refused("InvalidSignatureException" if json_form else "SignatureDoesNotMatch",
                     status=status):
            getattr(client, operation)()
        client = session_of(server, unknown, service, "us-east-1")
        code = "UnrecognizedClientException" if json_form else "InvalidClientTokenId"
        with refused(code, status=status):
            getattr(client, operation)()
