"""Roles: making, trusting, attaching, tagging, deleting."""

import json
import re
import time
import urllib.parse

import pytest

from iam_world import (
    EC2_TRUST, READ_SECRETS, REGION, allow, document, everything, pages, trust, unique, user_with,
)
from sts import Principals, session_of


@pytest.fixture(scope="session")
def iam(server):
    return server.client(REGION, service="iam")


@pytest.fixture(scope="session")
def loose(server):
    return server.client(REGION, service="iam", validate=False)


@pytest.fixture(scope="session")
def account(iam):
    return iam.create_role(RoleName=unique("account"), AssumeRolePolicyDocument=EC2_TRUST)[
        "Role"
    ]["Arn"].split(":")[4]


@pytest.fixture
def role(iam):
    return iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=EC2_TRUST)["Role"]


def test_a_role_is_made_read_and_deleted(iam, refused, account):
    name = unique("app")
    made = iam.create_role(
        RoleName=name, Path="/team/blue/", AssumeRolePolicyDocument=EC2_TRUST,
        Description="made by hand", MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "blue"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account}:role/team/blue/{name}"
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", made["RoleId"])
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert made["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
    assert made["CreateDate"].microsecond == 0
    got = iam.get_role(RoleName=name.upper())["Role"]
    assert (got["RoleName"], got["RoleId"]) == (name, made["RoleId"])
    assert (got["Description"], got["MaxSessionDuration"]) == ("made by hand", 7200)
    assert got["RoleLastUsed"] == {}
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", f"The role with name {name} cannot be found.", 404):
        iam.get_role(RoleName=name)
    with refused("NoSuchEntity", f"The role with name {name} cannot be found.", 404):
        iam.delete_role(RoleName=name)


def test_the_last_use_of_a_role_is_told(own_server, refused):
    """By any request that a session signs, allowed or not, and after a stop."""
    people = Principals(own_server)
    arn = people.role(allow("secretsmanager:ListSecrets"))
    name = arn.rsplit("/", 1)[1]

    def told():
        api = own_server.client(REGION, service="iam")
        last = api.get_role(RoleName=name)["Role"]["RoleLastUsed"]
        (detail,) = [it for it in api.get_account_authorization_details(
            Filter=["Role"])["RoleDetailList"] if it["Arn"] == arn]
        assert detail["RoleLastUsed"] == last
        return last

    credentials = people.assume(arn)
    # Assuming it is no use of it.
    assert told() == {}
    before = time.time()
    session_of(own_server, credentials, region="eu-west-1").list_secrets()
    last = told()
    assert last["Region"] == "eu-west-1"
    assert int(before) <= last["LastUsedDate"].timestamp() <= time.time()
    with refused("AccessDeniedException"):
        session_of(own_server, people.assume(arn), region="us-west-2").get_random_password()
    assert told()["Region"] == "us-west-2"
    own_server.stop()
    own_server.start()
    assert told()["Region"] == "us-west-2"


def test_documents_are_percent_encoded_on_the_wire(server, role):
    reply = server.call(
        "GetRole", service="iam", region=REGION,
        body=f"Action=GetRole&Version=2010-05-08&RoleName={role['RoleName']}".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Target": None},
    )
    text = reply.body.decode()
    encoded = re.search("<AssumeRolePolicyDocument>(.*)</AssumeRolePolicyDocument>", text)[1]
    assert "%7B%22Version%22%3A" in encoded
    assert urllib.parse.unquote(encoded) == EC2_TRUST
    assert 'xmlns="https://iam.amazonaws.com/doc/2010-05-08/"' in text


def test_names_are_one_whatever_their_case(iam, refused, role):
    name = role["RoleName"].upper()
    with refused("EntityAlreadyExists", f"Role with name {name} already exists.", 409):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST)


@pytest.mark.parametrize("name", ["", "a" * 65, "no blanks", "ä", "a/b"])
def test_names_that_are_none(loose, refused, name):
    with refused("ValidationError", re.compile(r"^\d validation errors? detected: Value at 'roleName'")):
        loose.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST)


@pytest.mark.parametrize("path", ["", "a", "/a", "a/", "//é/"])
def test_paths_that_are_none(loose, refused, path):
    with refused("ValidationError", re.compile("'path'")):
        loose.create_role(RoleName=unique(), Path=path, AssumeRolePolicyDocument=EC2_TRUST)


def test_the_path_of_services_is_theirs(iam, refused):
    with refused("InvalidInput", "Paths beginning with '/aws-service-role' are reserved for AWS "
                 "Service Linked Roles"):
        iam.create_role(
            RoleName=unique(), Path="/aws-service-role/x/", AssumeRolePolicyDocument=EC2_TRUST
        )


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_durations_out_of_range(loose, refused, role, seconds):
    with refused("ValidationError", re.compile("'maxSessionDuration'")):
        loose.update_role(RoleName=role["RoleName"], MaxSessionDuration=seconds)


def test_update(iam, role):
    name = role["RoleName"]
    assert iam.get_role(RoleName=name)["Role"]["MaxSessionDuration"] == 3600
    iam.update_role(RoleName=name, Description="new", MaxSessionDuration=43200)
    got = iam.get_role(RoleName=name)["Role"]
    assert (got["Description"], got["MaxSessionDuration"]) == ("new", 43200)
    changed = iam.update_role_description(RoleName=name, Description="newer")["Role"]
    assert (changed["Description"], changed["RoleId"]) == ("newer", role["RoleId"])
    iam.update_role(RoleName=name, MaxSessionDuration=3600)
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "newer"


@pytest.mark.parametrize("text,message", [
    ("{", "This policy contains invalid Json"),
    ("[]", "Syntax errors in policy."),
    ('{"Version":"2012-10-17"}', "Syntax errors in policy."),
    (document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}),
     "Has prohibited field Resource"),
    (document({"Effect": "Allow", "Principal": "*", "Action": "iam:GetRole"}),
     "AssumeRole policy may only specify STS AssumeRole actions."),
    (document({"Effect": "Allow", "Principal": "*"}), "Policy statement must contain actions."),
    (trust({"AWS": "arn:aws:iam::111122223333:user/*"}),
     'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"'),
    (trust("*"), 'AssumeRolepolicy contained an invalid principal: "STAR":"*".'),
    (document({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
               "Action": "sts:AssumeRole"}), "Allow with NotPrincipal is not allowed."),
    (trust({"Federated": "arn:aws:iam//111122223333:oidc-provider/a.example"}),
     "Federated principals must be valid domain names or SAML metadata ARNs"),
    (trust({"Service": "*.amazonaws.com"}),
     'Invalid principal in policy: "SERVICE":"*.amazonaws.com"'),
    (trust({"Service": "lambda.example.com"}),
     'Invalid principal in policy: "SERVICE":"lambda.example.com"'),
    *((trust({"AWS": "*"}, action),
       "AssumeRole policy may only specify STS AssumeRole actions.")
      for action in ("sts:*", "sts:assumerole", "sts:AssumeRoot", "sts:GetCallerIdentity")),
    (trust({"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}),
     "The policy failed legacy parsing"),
    (trust({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity"),
     "A condition block must be present for the Cognito provider"),
    (trust({"AWS": "arn:aws:iam::111122223333:root"}),
     'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:root"'),
])
def test_trust_policies_that_are_none(iam, refused, role, text, message):
    with refused("MalformedPolicyDocument", message):
        iam.create_role(RoleName=unique(), AssumeRolePolicyDocument=text)
    with refused("MalformedPolicyDocument", message):
        iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=text)


GITHUB = "token.actions.githubusercontent.com"


def test_shared_identity_providers(iam, refused, account, role):
    """Trust in a provider that everybody shares is taken only with the claim that says
    whose token it is."""
    provider = f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"
    aud = {f"{GITHUB}:aud": "sts.amazonaws.com"}
    sub = f"{GITHUB}:sub"

    def trusting(**condition):
        return trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity",
                     Condition=condition)

    # The example of GitHub's guide "Configuring OpenID Connect in Amazon Web Services".
    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=trusting(
        StringLike={sub: "repo:octo-org/octo-repo:*"}, StringEquals=aud))
    iam.create_role(RoleName=unique(), AssumeRolePolicyDocument=trusting(
        StringEquals={**aud, sub: "repo:octo-org/octo-repo:ref:refs/heads/octo-branch"}))
    text = (f"A role that trusts the shared identity provider {GITHUB} must evaluate {sub} or "
            f"{GITHUB}:job_workflow_ref.")
    for condition in (
        {"StringEquals": aud},
        {"StringEquals": aud, "StringLike": {sub: "*"}},
        {"StringEquals": aud, "StringNotEquals": {sub: "repo:other/app:*"}},
    ):
        with refused("MalformedPolicyDocument", text):
            iam.create_role(RoleName=unique(), AssumeRolePolicyDocument=trusting(**condition))
        with refused("MalformedPolicyDocument", text):
            iam.update_assume_role_policy(
                RoleName=role["RoleName"], PolicyDocument=trusting(**condition))
    # A role that was trusting keeps what it had.
    kept = iam.get_role(RoleName=role["RoleName"])["Role"]["AssumeRolePolicyDocument"]
    assert kept["Statement"][0]["Condition"]["StringLike"] == {sub: "repo:octo-org/octo-repo:*"}


def test_principals_must_exist(iam, refused, account):
    for kind in ("user", "role"):
        arn = f"arn:aws:iam::{account}:{kind}/{unique('nobody')}"
        with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"'):
            iam.create_role(RoleName=unique(), AssumeRolePolicyDocument=trust({"AWS": arn}))
    iam.create_role(
        RoleName=unique(),
        AssumeRolePolicyDocument=trust({"AWS": [
            account, f"{account[:4]}-{account[4:8]}-{account[8:]}",
            f"arn:aws:iam::{account}:root"]}),
    )


def test_a_principal_that_is_gone_is_shown_by_its_id(iam):
    user = iam.create_user(UserName=unique("ann"))["User"]
    other = iam.create_role(RoleName=unique("other"), AssumeRolePolicyDocument=EC2_TRUST)["Role"]
    text = trust({"AWS": [user["Arn"], other["Arn"]]},
                 Condition={"ArnEquals": {"aws:PrincipalArn": user["Arn"]}})
    name = unique("trusting")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(text)

    def shown():
        statement = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
        assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": user["Arn"]}}
        return statement["Principal"]["AWS"]

    assert shown() == [user["Arn"], other["Arn"]]
    iam.delete_user(UserName=user["UserName"])
    iam.delete_role(RoleName=other["RoleName"])
    assert shown() == [user["UserId"], other["RoleId"]]
    # Another of the same name is another.
    again = iam.create_user(UserName=user["UserName"])["User"]
    assert again["UserId"] != user["UserId"]
    assert shown()[0] == user["UserId"]


def test_a_renamed_principal_is_shown_by_its_new_name(iam):
    user = iam.create_user(UserName=unique("ann"))["User"]
    name = unique("trusting")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": user["Arn"]}))
    new = unique("anna")
    iam.update_user(UserName=user["UserName"], NewUserName=new)
    document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"]["AWS"].endswith(f":user/{new}")


def test_the_size_of_a_trust_policy(iam, refused, role):
    def padded(length):
        text = trust({"Service": "ec2.amazonaws.com"}, Condition={"StringEquals": {"aws:x": "%s"}})
        size = len(text.replace(" ", "")) - 2
        return text.replace("%s", "x" * (length - size))

    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=padded(2048) + " " * 99)
    with refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409):
        iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=padded(2049))


def test_lists_are_by_path_and_in_pages(iam):
    path = f"/{unique('list')}/"
    names = [unique(f"role{n}") for n in range(5)]
    for name in names:
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=EC2_TRUST,
                        Tags=[{"Key": "a", "Value": "b"}])
    found = pages(iam.list_roles, "Roles", PathPrefix=path)
    assert [len(page) for page in found] == [2, 2, 1]
    roles = [role for page in found for role in page]
    assert [role["RoleName"] for role in roles] == sorted(names)
    assert all("Tags" not in role and "RoleLastUsed" not in role for role in roles)
    assert {*names} <= {role["RoleName"] for role in everything(iam.list_roles, "Roles")}
    assert iam.list_roles(PathPrefix="/nothing/here/")["Roles"] == []


def test_a_marker_that_no_list_gave(loose, refused):
    with refused("ValidationError"):
        loose.list_roles(Marker="*")
    with refused("ValidationError", re.compile("'maxItems'")):
        loose.list_roles(MaxItems=0)
    with refused("ValidationError", re.compile("'maxItems'")):
        loose.list_roles(MaxItems=1001)


def test_inline_policies(iam, refused, role):
    name = role["RoleName"]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=READ_SECRETS)
    iam.put_role_policy(RoleName=name, PolicyName="two", PolicyDocument=READ_SECRETS)
    other = document(allow("kms:Decrypt"))
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=other)
    got = iam.get_role_policy(RoleName=name, PolicyName="one")
    assert (got["RoleName"], got["PolicyName"]) == (name, "one")
    assert got["PolicyDocument"] == json.loads(other)
    assert pages(iam.list_role_policies, "PolicyNames", 1, RoleName=name) == [["one"], ["two"]]
    iam.delete_role_policy(RoleName=name, PolicyName="one")
    text = "The role policy with name one cannot be found."
    with refused("NoSuchEntity", text, 404):
        iam.get_role_policy(RoleName=name, PolicyName="one")
    with refused("NoSuchEntity", text, 404):
        iam.delete_role_policy(RoleName=name, PolicyName="one")


@pytest.mark.parametrize("text,message", [
    ("{", "This policy contains invalid Json"),
    (document({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}),
     "Policy document should not specify a principal."),
    (document({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
    (document({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
    (document(allow("GetSecretValue")),
     "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (document(allow("kms:Decrypt", "bucket")), 'Resource bucket must be in ARN format or "*".'),
    (document(allow("kms:Key:Decrypt")), "Actions/Condition can contain only one colon."),
    (document(allow("k ms:Decrypt")), "Vendor k ms is not valid"),
    *((document(allow(action)), "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")
      for action in ("*:Decrypt", "km?:Decrypt", "kms*:*")),
    *((document(allow("*", Condition={operator: {"aws:x": value}})),
       "The policy failed legacy parsing")
      for operator, value in (
          ("IpAddress", "203.0.113.999/24"), ("NotIpAddress", "example.com"),
          ("IpAddressIfExists", "203.0.113.0/24 "), ("NumericLessThan", "abc"),
          ("NumericNotEquals", " 10"), ("ForAnyValue:NumericEquals", "0x10"),
          ("ArnLike", "nope"), ("ArnNotEquals", "arn:aws:s3:b"),
          ("ArnEquals", "${aws:PrincipalArn}"), ("DateLessThan", "2026/01/01"))),
    *((document(allow("*", Condition={"BinaryEquals": {"aws:x": value}})),
       "Syntax errors in policy.") for value in ("!!!", "abc", "YWJj==")),
    (document(allow("*", "arn:aws:*:*:*:*")),
     "Resource vendor must be fully qualified and cannot contain regexes."),
    (document(allow("*", "arn:error:s3:::bucket")),
     'Partition "error" is not valid for resource "arn:error:s3:::bucket".'),
    (document(allow("*", "arn:aws:s3::bucket")), "The policy failed legacy parsing"),
    (document(allow("*", "arn:aws:iam:eu-west-1:111122223333:user/ann")),
     "IAM resource arn:aws:iam:eu-west-1:111122223333:user/ann cannot contain region information."),
    (document({**allow("*"), "Effect": "allow"}), "The policy failed legacy parsing"),
    (document({**allow("*"), "Effect": "Grant"}), "Syntax errors in policy."),
    (document({**allow("*"), "Sid": "no blanks"}),
     "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
     "expression [0-9A-Za-z]*"),
    (document({**allow("*"), "Sid": "A"}, {**allow("*"), "Sid": "A"}),
     "Statement IDs (SID) in a single policy must be unique."),
    (document(allow("*")).replace("2012", "2013"), "Syntax errors in policy."),
])
def test_identity_policies_that_are_none(iam, refused, role, text, message):
    with refused("MalformedPolicyDocument", message):
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=text)
    with refused("MalformedPolicyDocument", message):
        iam.create_policy(PolicyName=unique(), PolicyDocument=text)


def test_inline_policies_together_have_a_size(iam, refused, role):
    name = role["RoleName"]

    def sized(size):
        text = document(allow("kms:Decrypt", "arn:aws:kms:*:*:key/%s")).replace(" ", "")
        return text.replace("%s", "x" * (size - len(text) + 2))

    for number in range(2):
        iam.put_role_policy(RoleName=name, PolicyName=str(number), PolicyDocument=sized(5120))
    # In place of one of the same size it fits.
    iam.put_role_policy(RoleName=name, PolicyName="1", PolicyDocument=sized(5120) + "\n" * 100)
    with refused("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {name}", 409):
        iam.put_role_policy(RoleName=name, PolicyName="1", PolicyDocument=sized(5121))
    with refused("LimitExceeded", None, 409):
        iam.put_role_policy(RoleName=name, PolicyName="2", PolicyDocument=READ_SECRETS)


def test_attaching_and_detaching(iam, refused, role):
    name = role["RoleName"]
    aws = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
    lambdas = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    for arn in (aws, lambdas, aws):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": lambdas},
        {"PolicyName": "SecretsManagerReadWrite", "PolicyArn": aws},
    ]
    under = iam.list_attached_role_policies(RoleName=name, PathPrefix="/service-role/")
    assert [policy["PolicyArn"] for policy in under["AttachedPolicies"]] == [lambdas]
    assert [len(page) for page in pages(
        iam.list_attached_role_policies, "AttachedPolicies", 1, RoleName=name)] == [1, 1]
    iam.detach_role_policy(RoleName=name, PolicyArn=aws)
    with refused("NoSuchEntity", f"Policy {aws} was not found.", 404):
        iam.detach_role_policy(RoleName=name, PolicyArn=aws)


@pytest.mark.parametrize("arn,code,message,status", [
    ("arn:aws:iam::aws:policy/NoSuchPolicy", "NoSuchEntity",
     "Policy arn:aws:iam::aws:policy/NoSuchPolicy does not exist or is not attachable.", 404),
    ("not-an-arn-but-long-enough", "ValidationError", "Invalid ARN:  Could not be parsed!", 400),
    ("arn:aws:iam::111122223333:role/somebody", "InvalidInput",
     "ARN arn:aws:iam::111122223333:role/somebody is not valid.", 400),
])
def test_what_cannot_be_attached(iam, refused, role, arn, code, message, status):
    with refused(code, message, status):
        iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
    with refused(code, message, status):
        iam.put_role_permissions_boundary(RoleName=role["RoleName"], PermissionsBoundary=arn)


def test_ten_policies_can_be_attached(iam, refused, role):
    name = role["RoleName"]
    arns = [
        iam.create_policy(PolicyName=unique("p"), PolicyDocument=READ_SECRETS)["Policy"]["Arn"]
        for _ in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", 409):
        iam.attach_role_policy(RoleName=name, PolicyArn=arns[10])
    iam.attach_role_policy(RoleName=name, PolicyArn=arns[0])


def test_permissions_boundary(iam, refused, role):
    name = role["RoleName"]
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    assert iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary,
    }
    iam.delete_role_permissions_boundary(RoleName=name)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=name)["Role"]
    with refused("NoSuchEntity", None, 404):
        iam.delete_role_permissions_boundary(RoleName=name)


def test_what_a_role_has_must_go_first(iam, refused, role):
    name = role["RoleName"]
    profile = unique("profile")
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
    iam.attach_role_policy(RoleName=name, PolicyArn=admin)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=READ_SECRETS)
    with refused("DeleteConflict",
                 "Cannot delete entity, must remove roles from instance profile first.", 409):
        iam.delete_role(RoleName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name)
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409):
        iam.delete_role(RoleName=name)
    iam.detach_role_policy(RoleName=name, PolicyArn=admin)
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    # A boundary goes with the role.
    policy = iam.create_policy(PolicyName=unique("b"), PolicyDocument=READ_SECRETS)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=policy)
    iam.delete_role(RoleName=name)
    iam.delete_policy(PolicyArn=policy)


def test_tags(iam, refused, role):
    name = role["RoleName"]
    iam.tag_role(RoleName=name, Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "b", "Value": ""}])
    iam.tag_role(RoleName=name, Tags=[{"Key": "team", "Value": "red"}])
    tags = iam.list_role_tags(RoleName=name)["Tags"]
    assert tags == [{"Key": "b", "Value": ""}, {"Key": "team", "Value": "red"}]
    assert [len(page) for page in pages(iam.list_role_tags, "Tags", 1, RoleName=name)] == [1, 1]
    iam.untag_role(RoleName=name, TagKeys=["TEAM", "other"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "b", "Value": ""}]
    with refused("InvalidInput",
                 "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        iam.tag_role(RoleName=name, Tags=[{"Key": k, "Value": ""} for k in ("x", "X")])
    with refused("InvalidInput"):
        iam.tag_role(RoleName=name, Tags=[{"Key": "aws:x", "Value": ""}])
    with refused("LimitExceeded", None, 409):
        iam.tag_role(RoleName=name, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("ValidationError", re.compile("'tags.1.member.key'")):
        iam.tag_role(RoleName=name, Tags=[{"Key": "a;b", "Value": ""}])


# -- instance profiles ------------------------------------------------------


def test_instance_profiles(iam, refused, role, account):
    name = unique("profile")
    made = iam.create_instance_profile(
        InstanceProfileName=name, Path="/x/", Tags=[{"Key": "a", "Value": "b"}]
    )["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{account}:instance-profile/x/{name}"
    assert re.fullmatch(r"AIPA[A-Z2-7]{17}", made["InstanceProfileId"]) and made["Roles"] == []
    with refused("EntityAlreadyExists", f"Instance Profile {name.upper()} already exists.", 409):
        iam.create_instance_profile(InstanceProfileName=name.upper())
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"].upper())
    got = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [it["Arn"] for it in got["Roles"]] == [role["Arn"]]
    assert got["Tags"] == [{"Key": "a", "Value": "b"}]
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409):
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    of_role = iam.list_instance_profiles_for_role(RoleName=role["RoleName"])["InstanceProfiles"]
    assert [it["InstanceProfileName"] for it in of_role] == [name]
    listed = iam.list_instance_profiles(PathPrefix="/x/")["InstanceProfiles"]
    assert name in [it["InstanceProfileName"] for it in listed]
    with refused("DeleteConflict",
                 "Cannot delete entity, must remove roles from instance profile first.", 409):
        iam.delete_instance_profile(InstanceProfileName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    with refused("NoSuchEntity", None, 404):
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_instance_profile(InstanceProfileName=name, TagKeys=["a"])
    tags = iam.list_instance_profile_tags(InstanceProfileName=name)["Tags"]
    assert tags == [{"Key": "c", "Value": "d"}]
    iam.delete_instance_profile(InstanceProfileName=name)
    with refused("NoSuchEntity", f"Instance Profile {name} cannot be found.", 404):
        iam.get_instance_profile(InstanceProfileName=name)
    with refused("NoSuchEntity", None, 404):
        iam.list_instance_profiles_for_role(RoleName=unique("nobody"))


def test_the_waiter_for_profiles(iam):
    name = unique("waited")
    iam.create_instance_profile(InstanceProfileName=name)
    iam.get_waiter("instance_profile_exists").wait(InstanceProfileName=name)


# -- service-linked roles ---------------------------------------------------


def test_service_linked_roles(iam, refused, account):
    service = "mrk.kms.amazonaws.com"
    made = iam.create_service_linked_role(AWSServiceName=service, Description="d")["Role"]
    name = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
    assert made["Arn"] == f"arn:aws:iam::{account}:role/aws-service-role/{service}/{name}"
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": service}
    with refused("InvalidInput", f"Service role name {name} has been taken in this account, please "
                 "try a different suffix."):
        iam.create_service_linked_role(AWSServiceName=service)
    protected = (f"Cannot perform the operation on the protected role '{name}' - this role is only "
                 "modifiable by AWS")
    for change in (
        lambda: iam.delete_role(RoleName=name),
        lambda: iam.update_role(RoleName=name, MaxSessionDuration=7200),
        lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=EC2_TRUST),
        lambda: iam.attach_role_policy(
            RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=READ_SECRETS),
        lambda: iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "b"}]),
    ):
        with refused("UnmodifiableEntity", protected):
            change()
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/{service}/{name}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity", None, 404):
        iam.get_role(RoleName=name)
    with refused("NoSuchEntity", None, 404):
        iam.get_service_linked_role_deletion_status(DeletionTaskId=task + "x")


def test_suffixes_of_service_linked_roles(iam, refused):
    made = iam.create_service_linked_role(
        AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="blue")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForAutoScaling_blue"
    with refused("InvalidInput", "Custom suffix is not allowed for rds.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", CustomSuffix="x")


def test_service_linked_roles_of_what_is_no_service(server, iam, refused, account):
    """Whoever may not make one is told so, whether or not there is such a service."""
    with user_with(server, iam) as nobody:
        for service, role in (("nothing.amazonaws.com", "AWSServiceRoleFor"),
                              ("rds.amazonaws.com", "AWSServiceRoleForRDS")):
            resource = f"arn:aws:iam::{account}:role/aws-service-role/{service}/{role}"
            with refused("AccessDenied", re.compile(
                    "is not authorized to perform: iam:CreateServiceLinkedRole on resource: "
                    f"{resource} because no identity-based policy"), 403):
                nobody.create_service_linked_role(AWSServiceName=service)
        with refused("AccessDenied", re.compile("RDS_x because no identity-based policy"), 403):
            nobody.create_service_linked_role(AWSServiceName="rds.amazonaws.com", CustomSuffix="x")
    for service in ("nothing.amazonaws.com", "elasticloadbalancing"):
        with refused("AccessDenied",
                     f"{service} is not a valid AWS service name (Service Principal)", 403):
            iam.create_service_linked_role(AWSServiceName=service)


# -- who may ---------------------------------------------------------------


def test_refusals_name_the_role_as_aws_does(server, iam, refused, role, account):
    name = role["RoleName"]
    with user_with(server, iam) as nobody:
        def text(action, resource):
            return re.compile(
                rf"^User: arn:aws:iam::{account}:user/\S+ is not authorized to perform: "
                rf"iam:{action} on resource: {re.escape(resource)} because no identity-based "
                rf"policy allows the iam:{action} action$")
        for call, action, resource in (
            (lambda: nobody.get_role(RoleName=name), "GetRole", f"role {name}"),
            (lambda: nobody.get_role(RoleName="nobody"), "GetRole", "role nobody"),
            (lambda: nobody.list_roles(), "ListRoles", f"arn:aws:iam::{account}:role/"),
            (lambda: nobody.create_role(RoleName="new", AssumeRolePolicyDocument="{"),
             "CreateRole", f"arn:aws:iam::{account}:role/new"),
            (lambda: nobody.list_policies(), "ListPolicies", "policy path /"),
            (lambda: nobody.create_policy(PolicyName="new", PolicyDocument="{"),
             "CreatePolicy", "policy new"),
        ):
            with refused("AccessDenied", text(action, resource), 403):
                call()


def test_conditions_on_tags_and_boundaries(server, iam, refused, account):
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    with user_with(
        server, iam,
        allow("iam:CreateRole", Condition={"StringEquals": {
            "iam:PermissionsBoundary": boundary, "aws:RequestTag/team": "blue"}}),
        allow("iam:TagRole"),
        allow(["iam:GetRole", "iam:DeleteRole"], Condition={
            "StringEquals": {"iam:ResourceTag/team": "blue"}}),
        allow(["iam:AttachRolePolicy", "iam:DetachRolePolicy"], Condition={
            "ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            "StringEquals": {"iam:PermissionsBoundary": boundary}}),
    ) as ann:
        name = unique("bounded")
        blue = [{"Key": "team", "Value": "blue"}]
        for wrong in ({}, {"Tags": blue}, {"PermissionsBoundary": boundary}):
            with refused("AccessDenied", re.compile("iam:CreateRole"), 403):
                ann.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST, **wrong)
        ann.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST, Tags=blue,
                        PermissionsBoundary=boundary)
        assert ann.get_role(RoleName=name)["Role"]["Tags"] == blue
        ann.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        with refused("AccessDenied", None, 403):
            ann.attach_role_policy(RoleName=name,
                                   PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        ann.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        iam.delete_role_permissions_boundary(RoleName=name)
        with refused("AccessDenied", None, 403):
            ann.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        ann.delete_role(RoleName=name)


def test_tags_of_a_new_role_need_their_own_permission(server, iam, refused):
    with user_with(server, iam, allow("iam:CreateRole")) as ann:
        name = unique("tagged")
        with refused("AccessDenied", re.compile("iam:TagRole"), 403):
            ann.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST,
                            Tags=[{"Key": "a", "Value": "b"}])
        ann.create_role(RoleName=name, AssumeRolePolicyDocument=EC2_TRUST)


def test_a_role_is_passed_to_an_instance_profile(server, iam, refused, role, account):
    profile = unique("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    call = dict(InstanceProfileName=profile, RoleName=role["RoleName"])
    with user_with(server, iam, allow("iam:AddRoleToInstanceProfile")) as ann:
        with refused("AccessDenied", re.compile(
                rf"iam:PassRole on resource: arn:aws:iam::{account}:role/{role['RoleName']} "), 403):
            ann.add_role_to_instance_profile(**call)
    passing = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    with user_with(server, iam, allow("iam:AddRoleToInstanceProfile"),
                   allow("iam:PassRole", Condition=passing)) as ann:
        with refused("AccessDenied", re.compile("iam:PassRole"), 403):
            ann.add_role_to_instance_profile(**call)
    passing = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    with user_with(server, iam, allow("iam:AddRoleToInstanceProfile"),
                   allow("iam:PassRole", Condition=passing)) as ann:
        ann.add_role_to_instance_profile(**call)
