"""Managed policies: versions, attachments, lists, AWS's own; an account's whole authorization."""

import contextlib
import json
import re

import pytest

from iam_world import (
    EC2_TRUST, READ_SECRETS, REGION, allow, document, everything, pages, unique, user_with,
)

AWS_POLICIES = {
    "AdministratorAccess": "/",
    "PowerUserAccess": "/",
    "ReadOnlyAccess": "/",
    "SecurityAudit": "/",
    "SecretsManagerReadWrite": "/",
    "AWSSecretsManagerClientReadOnlyAccess": "/",
    "AWSKeyManagementServicePowerUser": "/",
    "AWSLambdaBasicExecutionRole": "/service-role/",
    "IAMReadOnlyAccess": "/",
    "IAMFullAccess": "/",
}


@pytest.fixture(scope="session")
def iam(server):
    return server.client(REGION, service="iam")


@pytest.fixture(scope="session")
def loose(server):
    return server.client(REGION, service="iam", validate=False)


@pytest.fixture
def policy(iam):
    return iam.create_policy(PolicyName=unique("policy"), PolicyDocument=READ_SECRETS)["Policy"]


@pytest.fixture(scope="session")
def account(iam):
    made = iam.create_policy(PolicyName=unique("account"), PolicyDocument=READ_SECRETS)
    return made["Policy"]["Arn"].split(":")[4]


def test_a_policy_is_made_read_and_deleted(iam, refused, account):
    name = unique("p")
    made = iam.create_policy(
        PolicyName=name, Path="/a/b/", PolicyDocument=READ_SECRETS, Description="of tests",
        Tags=[{"Key": "k", "Value": "v"}],
    )["Policy"]
    arn = f"arn:aws:iam::{account}:policy/a/b/{name}"
    assert made["Arn"] == arn and re.fullmatch(r"ANPA[A-Z2-7]{17}", made["PolicyId"])
    assert (made["Path"], made["DefaultVersionId"], made["IsAttachable"]) == ("/a/b/", "v1", True)
    assert (made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == (0, 0)
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (got["Description"], got["Tags"]) == ("of tests", [{"Key": "k", "Value": "v"}])
    assert got["CreateDate"] == got["UpdateDate"] == made["CreateDate"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(READ_SECRETS) and version["IsDefaultVersion"]
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.get_policy(PolicyArn=arn)
    with refused("NoSuchEntity", None, 404):
        iam.delete_policy(PolicyArn=arn)


def test_names_are_one_whatever_their_case_and_path(iam, refused, policy):
    name = policy["PolicyName"].upper()
    text = f"A policy called {name} already exists. Duplicate names are not allowed."
    with refused("EntityAlreadyExists", text, 409):
        iam.create_policy(PolicyName=name, Path="/other/", PolicyDocument=READ_SECRETS)


def test_an_arn_has_one_case_and_one_path(iam, refused, policy):
    for arn in (policy["Arn"].upper().replace("ARN:AWS:IAM", "arn:aws:iam").replace(":POLICY", ":policy"),
                policy["Arn"].replace(":policy/", ":policy/x/")):
        with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
            iam.get_policy(PolicyArn=arn)


@pytest.mark.parametrize("arn,code,message", [
    ("nothing-like-an-arn-at-all", "ValidationError", "Invalid ARN:  Could not be parsed!"),
    ("arn:aws:iam::111122223333:user/ann", "InvalidInput",
     "ARN arn:aws:iam::111122223333:user/ann is not valid."),
])
def test_arns_of_no_policy(iam, refused, arn, code, message):
    for call in (iam.get_policy, iam.list_policy_versions, iam.list_entities_for_policy,
                 iam.delete_policy, iam.list_policy_tags):
        with refused(code, message):
            call(PolicyArn=arn)


def test_managed_policies_are_of_the_newer_version(iam, refused, policy):
    arn = policy["Arn"]
    older = "Policy document must be version 2012-10-17 or greater."
    for text in (READ_SECRETS.replace("2012", "2008"), json.dumps({"Statement": allow("*")})):
        with refused("MalformedPolicyDocument", older):
            iam.create_policy(PolicyName=unique(), PolicyDocument=text)
        with refused("MalformedPolicyDocument", older):
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=text)
        # Inline ones may be older.
        name = unique("g")
        iam.create_group(GroupName=name)
        iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=text)


def test_a_resource_without_its_end_is_everything_in_it(server, iam, refused):
    for resource, name, allowed in (
        ("arn:aws:secretsmanager", "one", True),
        ("arn:aws:secretsmanager:eu-west-3", "two", False),
        ("arn:aws:kms", "three", False),
    ):
        statement = allow("secretsmanager:CreateSecret", resource)
        with user_with(server, iam, statement, service="secretsmanager") as caller:
            with contextlib.nullcontext() if allowed else refused("AccessDeniedException"):
                caller.create_secret(Name=unique(name))
    # What is about nothing is not in it.
    statement = allow("secretsmanager:ListSecrets", "arn:aws:secretsmanager")
    with user_with(server, iam, statement, service="secretsmanager") as caller:
        with refused("AccessDeniedException"):
            caller.list_secrets()


def test_the_size_of_a_policy(iam, refused):
    def sized(size):
        text = document(allow("kms:Decrypt", "arn:aws:kms:*:*:key/%s")).replace(" ", "")
        return text.replace("%s", "x" * (size - len(text) + 2))

    iam.create_policy(PolicyName=unique(), PolicyDocument=sized(6144) + " " * 1000)
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        iam.create_policy(PolicyName=unique(), PolicyDocument=sized(6145))


def test_versions(iam, refused, policy):
    arn = policy["Arn"]
    second = document(allow("kms:Decrypt"))
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=second)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
    assert "Document" not in made
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    third = iam.create_policy_version(PolicyArn=arn, PolicyDocument=second, SetAsDefault=True)
    assert third["PolicyVersion"]["IsDefaultVersion"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(it["VersionId"], it["IsDefaultVersion"]) for it in listed] == [
        ("v3", True), ("v2", False), ("v1", False)]
    assert all("Document" not in it for it in listed)
    assert [[it["VersionId"] for it in page] for page in pages(
        iam.list_policy_versions, "Versions", PolicyArn=arn)] == [["v3", "v2"], ["v1"]]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    got = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert got["IsDefaultVersion"] and got["Document"] == json.loads(second)
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    with refused("DeleteConflict", re.compile("^This policy has more than one version. "), 409):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    missing = f"Policy {arn} version v3 does not exist or is not attachable."
    for call in (iam.get_policy_version, iam.delete_policy_version, iam.set_default_policy_version):
        with refused("NoSuchEntity", missing, 404):
            call(PolicyArn=arn, VersionId="v3")
    # Numbers are never used again.
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=second)["PolicyVersion"]
    assert made["VersionId"] == "v4"
    for version in ("v4", "v1"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)


def test_a_policy_has_five_versions(iam, refused, policy):
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=READ_SECRETS)
    text = ("A managed policy can have up to 5 versions. Before you create a new version, you must "
            "delete an existing version.")
    with refused("LimitExceeded", text, 409):
        iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=READ_SECRETS)


def test_version_ids_that_are_none(loose, refused, policy):
    for version in ("1", "v0", "version1"):
        with refused("ValidationError", re.compile("'versionId'")):
            loose.get_policy_version(PolicyArn=policy["Arn"], VersionId=version)


def test_a_change_of_the_default_version_is_in_force_at_once(server, iam, refused):
    arn = iam.create_policy(PolicyName=unique(), PolicyDocument=document(allow("iam:ListRoles")))[
        "Policy"]["Arn"]
    user = unique("ann")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    from iam_world import client_of
    ann = client_of(server, key)
    with refused("AccessDenied", None, 403):
        ann.list_roles()
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    ann.list_roles()
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(allow("iam:ListUsers")), SetAsDefault=True)
    with refused("AccessDenied", None, 403):
        ann.list_roles()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    ann.list_roles()


def test_counts_and_entities(iam, refused, policy):
    arn, path = policy["Arn"], f"/{unique('path')}/"
    role, user, group = unique("role"), unique("user"), unique("group")
    iam.create_role(RoleName=role, Path=path, AssumeRolePolicyDocument=EC2_TRUST)
    iam.create_user(UserName=user)
    iam.create_group(GroupName=group)
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (got["AttachmentCount"], got["PermissionsBoundaryUsageCount"]) == (3, 1)

    def entities(**filters):
        answer = iam.list_entities_for_policy(PolicyArn=arn, **filters)
        return ([it["RoleName"] for it in answer["PolicyRoles"]],
                [it["UserName"] for it in answer["PolicyUsers"]],
                [it["GroupName"] for it in answer["PolicyGroups"]])

    assert entities() == ([role], [user], [group])
    assert entities(EntityFilter="Role") == ([role], [], [])
    assert entities(EntityFilter="LocalManagedPolicy") == ([], [], [])
    assert entities(PathPrefix=path) == ([role], [], [])
    assert entities(PolicyUsageFilter="PermissionsBoundary") == ([], [user], [])
    assert entities(PolicyUsageFilter="PermissionsPolicy") == ([role], [user], [group])
    first = iam.list_entities_for_policy(PolicyArn=arn, MaxItems=2)
    rest = iam.list_entities_for_policy(PolicyArn=arn, MaxItems=2, Marker=first["Marker"])
    found = [it for page in (first, rest) for kind in ("PolicyRoles", "PolicyUsers", "PolicyGroups")
             for it in page[kind]]
    assert len(found) == 3 and not rest["IsTruncated"]

    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    iam.detach_user_policy(UserName=user, PolicyArn=arn)
    iam.detach_group_policy(GroupName=group, PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName=user)
    iam.delete_policy(PolicyArn=arn)


def test_counts_follow_a_renamed_user(iam, policy):
    user, new = unique("old"), unique("new")
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy["Arn"])
    iam.update_user(UserName=user, NewUserName=new)
    users = iam.list_entities_for_policy(PolicyArn=policy["Arn"])["PolicyUsers"]
    assert [it["UserName"] for it in users] == [new]


def test_lists(iam, policy):
    mine = {it["Arn"] for it in everything(iam.list_policies, "Policies", Scope="Local")}
    aws = everything(iam.list_policies, "Policies", Scope="AWS")
    assert policy["Arn"] in mine
    assert {it["PolicyName"]: it["Path"] for it in aws} == AWS_POLICIES
    both = {it["Arn"] for it in everything(iam.list_policies, "Policies")}
    assert both == mine | {it["Arn"] for it in aws}
    assert all("Description" not in it and "Tags" not in it for it in aws)
    under = iam.list_policies(PathPrefix="/service-role/", Scope="AWS")["Policies"]
    assert [it["PolicyName"] for it in under] == ["AWSLambdaBasicExecutionRole"]

    def listed(**filters):
        return policy["Arn"] in {
            it["Arn"] for it in everything(iam.list_policies, "Policies", **filters)}

    assert not listed(OnlyAttached=True)
    role = unique("role")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=EC2_TRUST)
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy["Arn"])
    assert not listed(OnlyAttached=True)
    assert listed(PolicyUsageFilter="PermissionsBoundary")
    assert not listed(PolicyUsageFilter="PermissionsPolicy")
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["Arn"])
    assert listed(OnlyAttached=True) and listed(PolicyUsageFilter="PermissionsPolicy")


def test_lists_refuse_other_scopes(loose, refused):
    with refused("ValidationError", re.compile(
            r"Value at 'scope' failed to satisfy constraint: Member must satisfy enum value set: "
            r"\[All, AWS, Local\]")):
        loose.list_policies(Scope="Mine")


def test_tags(iam, policy):
    arn = policy["Arn"]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    assert [it["Key"] for it in iam.list_policy_tags(PolicyArn=arn)["Tags"]] == ["a", "b"]
    iam.untag_policy(PolicyArn=arn, TagKeys=["A"])
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Tags"] == [{"Key": "b", "Value": "1"}]


# -- AWS's own -------------------------------------------------------------


@pytest.mark.parametrize("name", AWS_POLICIES)
def test_policies_of_aws(iam, name):
    arn = f"arn:aws:iam::aws:policy{AWS_POLICIES[name]}{name}"
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (got["PolicyName"], got["Path"], got["IsAttachable"]) == (name, AWS_POLICIES[name], True)
    assert got["Description"] and got["CreateDate"] <= got["UpdateDate"]
    version = got["DefaultVersionId"]
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [it["VersionId"] for it in listed] == [version]
    text = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert text["Version"] == "2012-10-17" and text["Statement"]


def test_what_policies_of_aws_say(iam):
    def statements(name):
        arn = f"arn:aws:iam::aws:policy/{name}"
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)[
            "PolicyVersion"]["Document"]["Statement"]

    assert statements("AdministratorAccess") == [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert statements("PowerUserAccess")[0]["NotAction"] == [
        "iam:*", "organizations:*", "account:*"]
    read = [action for it in statements("ReadOnlyAccess") for action in it["Action"]]
    assert {"secretsmanager:Describe*", "secretsmanager:List*", "kms:List*"} <= {*read}
    assert not any(action.startswith("secretsmanager:GetSecret") for action in read)
    assert statements("AWSSecretsManagerClientReadOnlyAccess")[0]["Action"] == [
        "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]


def test_policies_of_aws_cannot_be_changed(iam, refused):
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    for call, extra in (
        (iam.delete_policy, {}),
        (iam.create_policy_version, {"PolicyDocument": READ_SECRETS}),
        (iam.delete_policy_version, {"VersionId": "v1"}),
        (iam.set_default_policy_version, {"VersionId": "v1"}),
        (iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (iam.untag_policy, {"TagKeys": ["a"]}),
    ):
        with refused("AccessDenied", re.compile(rf" on resource: policy {arn} "), 403):
            call(PolicyArn=arn, **extra)


def test_policies_of_another_account(iam, refused):
    arn = "arn:aws:iam::111122223333:policy/theirs"
    with refused("AccessDenied", re.compile(r"because no resource-based policy allows the iam:GetPolicy"), 403):
        iam.get_policy(PolicyArn=arn)


def test_conditions_on_tags(server, iam, refused):
    with user_with(
        server, iam,
        allow(["iam:CreatePolicy", "iam:TagPolicy"],
              Condition={"StringEquals": {"aws:RequestTag/team": "blue"},
                         "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
        allow(["iam:GetPolicy", "iam:DeletePolicy"],
              Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}),
    ) as ann:
        blue = [{"Key": "team", "Value": "blue"}]
        for tags in ([], [{"Key": "team", "Value": "red"}], blue + [{"Key": "x", "Value": ""}]):
            with refused("AccessDenied", None, 403):
                ann.create_policy(PolicyName=unique(), PolicyDocument=READ_SECRETS, Tags=tags)
        arn = ann.create_policy(PolicyName=unique(), PolicyDocument=READ_SECRETS, Tags=blue)[
            "Policy"]["Arn"]
        ann.get_policy(PolicyArn=arn)
        iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
        with refused("AccessDenied", None, 403):
            ann.delete_policy(PolicyArn=arn)


# -- everything at once ------------------------------------------------------


def test_account_authorization_details(iam):
    arn = iam.create_policy(PolicyName=unique("gaad"), PolicyDocument=READ_SECRETS)["Policy"]["Arn"]
    role, user, group, profile = (unique(kind) for kind in ("role", "user", "group", "profile"))
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=EC2_TRUST,
                    Tags=[{"Key": "a", "Value": "b"}], PermissionsBoundary=arn)
    iam.put_role_policy(RoleName=role, PolicyName="in", PolicyDocument=READ_SECRETS)
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.create_user(UserName=user)
    iam.add_user_to_group(GroupName=group, UserName=user)
    kinds = {"UserDetailList": "UserName", "GroupDetailList": "GroupName",
             "RoleDetailList": "RoleName", "Policies": "Arn"}

    def details(size=1000, **filters):
        found = {kind: {} for kind in kinds}
        arguments = {}
        while True:
            page = iam.get_account_authorization_details(MaxItems=size, **filters, **arguments)
            assert sum(len(page[kind]) for kind in kinds) <= size
            for kind, name in kinds.items():
                for it in page[kind]:
                    assert it[name] not in found[kind]
                    found[kind][it[name]] = it
            if not page["IsTruncated"]:
                return found
            arguments = {"Marker": page["Marker"]}

    found = details()
    assert found.keys() == kinds.keys()
    it = found["RoleDetailList"][role]
    assert it["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
    assert it["RolePolicyList"] == [
        {"PolicyName": "in", "PolicyDocument": json.loads(READ_SECRETS)}]
    assert [p["PolicyArn"] for p in it["AttachedManagedPolicies"]] == [arn]
    assert it["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert it["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [p["InstanceProfileName"] for p in it["InstanceProfileList"]] == [profile]
    assert found["UserDetailList"][user]["GroupList"] == [group]
    attached = found["GroupDetailList"][group]["AttachedManagedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["IAMReadOnlyAccess"]
    it = found["Policies"][arn]
    assert (it["AttachmentCount"], it["PermissionsBoundaryUsageCount"]) == (1, 1)
    assert it["PolicyVersionList"][0]["Document"] == json.loads(READ_SECRETS)
    assert "arn:aws:iam::aws:policy/IAMReadOnlyAccess" in found["Policies"]
    # In pages it is the same, and each filter gives its kind.
    paged = details(size=7)
    assert {kind: {*paged[kind]} for kind in kinds} == {kind: {*found[kind]} for kind in kinds}
    only = details(Filter=["Group"])
    assert {*only["GroupDetailList"]} == {*found["GroupDetailList"]}
    assert not only["UserDetailList"] and not only["Policies"]
    local = details(Filter=["LocalManagedPolicy"])["Policies"]
    assert arn in local and not any(":aws:policy/" in it for it in local)
    aws = details(Filter=["AWSManagedPolicy"])["Policies"]
    assert aws and all(":aws:policy/" in it for it in aws)


def test_policies_granting_service_access(iam):
    user, group = unique("user"), unique("group")
    iam.create_group(GroupName=group)
    made = iam.create_user(UserName=user)["User"]
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="in", PolicyDocument=READ_SECRETS)
    iam.attach_group_policy(
        GroupName=group, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    answer = iam.list_policies_granting_service_access(
        Arn=made["Arn"], ServiceNamespaces=["iam", "secretsmanager", "kms"])
    found = {it["ServiceNamespace"]: it["Policies"]
             for it in answer["PoliciesGrantingServiceAccess"]}
    assert found == {
        "iam": [{"PolicyName": "IAMReadOnlyAccess", "PolicyType": "MANAGED",
                 "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}],
        "secretsmanager": [{"PolicyName": "in", "PolicyType": "INLINE", "EntityType": "USER",
                            "EntityName": user}],
        "kms": [],
    }
