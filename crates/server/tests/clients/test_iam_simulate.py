"""The policy simulator, and that it agrees with what is answered."""

import itertools
import json
import re

import pytest

from iam_world import (
    EC2_TRUST, REGION, allow, client_of, deny, document, unique, user_with,
)

SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-AbCdEf"


@pytest.fixture(scope="session")
def iam(server):
    return server.client(REGION, service="iam")


@pytest.fixture(scope="session")
def loose(server):
    return server.client(REGION, service="iam", validate=False)


def entry(key, *values, kind="string"):
    return {"ContextKeyName": key, "ContextKeyValues": [*values], "ContextKeyType": kind}


def decisions(answer):
    return [it["EvalDecision"] for it in answer["EvaluationResults"]]


def one(answer):
    (result,) = answer["EvaluationResults"]
    return result


# -- custom policies ---------------------------------------------------------


def test_as_the_guide_shows(iam):
    # AWS CLI Command Reference, `simulate-custom-policy`.
    policy = ('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*",'
              '"Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":'
              '"2018-08-16T12:00:00Z"}}}}')
    allowed = one(iam.simulate_custom_policy(
        PolicyInputList=[policy], ActionNames=["dynamodb:CreateBackup"],
        ContextEntries=[entry("aws:CurrentTime", "2019-04-25T11:00:00Z", kind="date")]))
    assert allowed["EvalDecision"] == "allowed" and allowed["EvalResourceName"] == "*"
    assert allowed["MatchedStatements"] == [{
        "SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "none",
        "StartPosition": {"Line": 1, "Column": 38}, "EndPosition": {"Line": 1, "Column": 167},
    }]
    assert allowed["MissingContextValues"] == []
    refused = one(iam.simulate_custom_policy(
        PolicyInputList=[policy], ActionNames=["dynamodb:CreateBackup"],
        ContextEntries=[entry("aws:CurrentTime", "2016-04-25T11:00:00Z", kind="date")]))
    assert refused["EvalDecision"] == "implicitDeny"
    missing = one(iam.simulate_custom_policy(
        PolicyInputList=[policy], ActionNames=["dynamodb:CreateBackup"]))
    assert missing["MissingContextValues"] == ["aws:CurrentTime"]


def test_decisions_of_each_action_on_each_resource(iam):
    other = SECRET.replace("app/", "other/")
    answer = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("secretsmanager:*", "arn:aws:secretsmanager:*:*:secret:app/*")),
                         document(deny("secretsmanager:DeleteSecret"))],
        ActionNames=["secretsmanager:GetSecretValue", "secretsmanager:DeleteSecret"],
        ResourceArns=[SECRET, other])
    results = [(it["EvalActionName"].split(":")[1], it["EvalResourceName"], it["EvalDecision"])
               for it in answer["EvaluationResults"]]
    assert results == [
        ("GetSecretValue", SECRET, "allowed"), ("GetSecretValue", other, "implicitDeny"),
        ("DeleteSecret", SECRET, "explicitDeny"), ("DeleteSecret", other, "explicitDeny"),
    ]
    both = answer["EvaluationResults"][2]
    assert {it["SourcePolicyId"] for it in both["MatchedStatements"]} == {
        "PolicyInputList.1", "PolicyInputList.2"}
    (specific,) = both["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (SECRET, "explicitDeny")
    assert specific["MatchedStatements"] == both["MatchedStatements"]


def test_pages(iam):
    actions = [f"kms:Action{n}" for n in range(5)]
    seen, marker = [], {}
    while True:
        page = iam.simulate_custom_policy(
            PolicyInputList=[document(allow("kms:*"))], ActionNames=actions, MaxItems=2, **marker)
        seen.append([it["EvalActionName"] for it in page["EvaluationResults"]])
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == [actions[:2], actions[2:4], actions[4:]]


def test_a_page_of_very_many_results_takes_little(server, iam):
    def most():
        status = open(f"/proc/{server.process.pid}/status").read()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    call = {"PolicyInputList": [document(allow("*"))], "MaxItems": 2,
            "ActionNames": [f"kms:A{number}" for number in range(3000)],
            "ResourceArns": [f"arn:aws:kms:eu-west-1:111122223333:key/{number}"
                             for number in range(3000)]}
    before = most()
    found = iam.simulate_custom_policy(**call)
    assert found["IsTruncated"]
    found = iam.simulate_custom_policy(**call, Marker=found["Marker"])
    results = [(r["EvalActionName"], r["EvalResourceName"][-2:]) for r in found["EvaluationResults"]]
    assert results == [("kms:A0", "/2"), ("kms:A0", "/3")]
    # Nine million results are not kept; in KiB.
    assert most() - before < 100_000


def test_pages_of_very_long_policies_are_short(iam):
    long = document(allow("*", ["arn:aws:kms:*:*:key/" + "?a" * 500] * 100))
    call = {"PolicyInputList": [long] * 5, "MaxItems": 1000,
            "ActionNames": [f"kms:A{number}" for number in range(100)]}
    seen, marker, pages = [], {}, 0
    while True:
        page = iam.simulate_custom_policy(**call, **marker)
        seen += [it["EvalActionName"] for it in page["EvaluationResults"]]
        pages += 1
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == call["ActionNames"] and pages == 4


def test_pages_whose_wildcards_take_long_are_short(iam):
    # Each of these is compared with every part of the value before it is given up.
    patterns = {"StringLike": {"aws:UserAgent": ["*" + "a" * 120 + "b"] * 900}}
    hard = allow("s3:*", Condition=patterns)
    call = {"PolicyInputList": [document(hard)], "MaxItems": 1000,
            "ContextEntries": [entry("aws:UserAgent", "a" * 2048)],
            "ActionNames": [f"s3:A{number}" for number in range(30)]}
    page = iam.simulate_custom_policy(**call)
    assert page["IsTruncated"] and 1 <= len(page["EvaluationResults"]) < 30
    rest = iam.simulate_custom_policy(**call, Marker=page["Marker"])["EvaluationResults"]
    assert rest[0]["EvalActionName"] == f"s3:A{len(page['EvaluationResults'])}"


def test_boundaries(iam):
    policy = document(allow("*"))
    for boundary, decision, allows in (
        (document(allow("kms:*")), "allowed", True),
        (document(allow("s3:*")), "implicitDeny", False),
        (document(allow("*"), deny("kms:Decrypt")), "explicitDeny", False),
    ):
        result = one(iam.simulate_custom_policy(
            PolicyInputList=[policy], PermissionsBoundaryPolicyInputList=[boundary],
            ActionNames=["kms:Decrypt"]))
        assert result["EvalDecision"] == decision
        detail = result["PermissionsBoundaryDecisionDetail"]
        assert detail == {"AllowedByPermissionsBoundary": allows}


def test_organizations(iam):
    levels = [[document(allow("*"))], [document(allow("*")), document(deny("kms:Decrypt"))]]
    ordered = [{"ServiceControlPolicyInputList": level} for level in levels]
    for action, decision, allows in (("kms:Decrypt", "explicitDeny", False),
                                     ("kms:Encrypt", "allowed", True)):
        result = one(iam.simulate_custom_policy(
            PolicyInputList=[document(allow("*"))], ActionNames=[action],
            OrderedOrganizationPolicyInputList=ordered))
        assert result["EvalDecision"] == decision
        assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allows}


def test_resource_policies(iam, refused):
    caller = "arn:aws:iam::111122223333:user/ann"
    resource = json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": caller}, "Action": "secretsmanager:GetSecretValue",
        "Resource": "*"}})
    call = dict(PolicyInputList=[document(allow("kms:*"))], ResourceArns=[SECRET],
                ActionNames=["secretsmanager:GetSecretValue"], ResourcePolicy=resource)
    with refused("InvalidInput", re.compile("CallerArn")):
        iam.simulate_custom_policy(**call)
    same = one(iam.simulate_custom_policy(CallerArn=caller, **call))
    assert same["EvalDecision"] == "allowed"
    assert [it["SourcePolicyType"] for it in same["MatchedStatements"]] == ["resource"]
    assert "EvalDecisionDetails" not in same
    across = one(iam.simulate_custom_policy(
        CallerArn=caller, ResourceOwner="arn:aws:iam::444455556666:root", **call))
    assert across["EvalDecision"] == "implicitDeny"
    assert across["EvalDecisionDetails"] == {
        "IAM Policy": "implicitDeny", "Resource Policy": "allowed"}
    call["PolicyInputList"] = [document(allow("secretsmanager:*"))]
    across = one(iam.simulate_custom_policy(CallerArn=caller, ResourceOwner="444455556666", **call))
    assert across["EvalDecision"] == "allowed"
    another = one(iam.simulate_custom_policy(
        CallerArn=caller.replace("ann", "bob"), ResourceOwner="444455556666", **call))
    assert another["EvalDecision"] == "implicitDeny"


def test_the_caller_gives_its_keys(iam):
    policy = document(allow("kms:*", "arn:aws:kms:*:*:key/${aws:username}"))
    result = one(iam.simulate_custom_policy(
        PolicyInputList=[policy], ActionNames=["kms:Decrypt"],
        CallerArn="arn:aws:iam::111122223333:user/a/ann",
        ResourceArns=["arn:aws:kms:us-east-1:111122223333:key/ann"]))
    assert result["EvalDecision"] == "allowed"


@pytest.mark.parametrize("wrong,words", [
    ({"PolicyInputList": ["{"]}, "This policy contains invalid Json"),
    ({"PolicyInputList": [document({**allow("*"), "Principal": "*"})]}, "principal"),
    ({"ActionNames": ["Decrypt"]}, "Decrypt"),
    ({"ActionNames": ["kms:*"]}, r"kms:\*"),
    ({"ResourceArns": ["a-key"]}, "a-key"),
    ({"ResourceHandlingOption": "EC2-VPC"}, "EC2-VPC"),
    ({"ResourceHandlingOption": "EC2-Classic-EBS", "ActionNames": ["ec2:RunInstances"]}, "instance"),
    ({"PermissionsBoundaryPolicyInputList": [document(allow("*"))] * 2}, "one permissions boundary"),
    ({"CallerArn": "arn:aws:sts::111122223333:assumed-role/a/b"}, "not valid"),
    ({"ResourceOwner": "me"}, "me"),
    ({"ContextEntries": [entry("aws:MultiFactorAuthPresent", "maybe", kind="boolean")]}, "boolean"),
    ({"ContextEntries": [entry("aws:SourceIp", "a.b", kind="ip")]}, "ip"),
    ({"ContextEntries": [entry("aws:EpochTime", "x", kind="numeric")]}, "numeric"),
    ({"ContextEntries": [entry("aws:CurrentTime", "today", kind="date")]}, "date"),
    ({"ContextEntries": [entry("aws:username", "a", "b")]}, "aws:username"),
    ({"ContextEntries": [entry("aws:username", "a" * 2049)]}, "too long"),
    ({"ContextEntries": [entry("aws:TagKeys", *["a" * 2048] * 33, kind="stringList")]},
     "too long together"),
    ({"ContextEntries": [{"ContextKeyName": "aws:username"}]}, "context entry"),
])
def test_what_cannot_be_simulated(iam, refused, wrong, words):
    call = {"PolicyInputList": [document(allow("*"))], "ActionNames": ["kms:Decrypt"], **wrong}
    with refused("InvalidInput", re.compile(words)):
        iam.simulate_custom_policy(**call)


def test_the_simulator_asks_less_of_resources(iam):
    # Such a resource cannot be written into a policy.
    answer = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("*", "arn:aws:*:*:*:*"))],
        ActionNames=["kms:Decrypt"], ResourceArns=["arn:aws:kms:eu-west-1:111122223333:key/a"])
    assert answer["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_context_keys_of_custom_policies(iam, refused):
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[
        document(allow("kms:*", "arn:aws:kms:*:*:key/${aws:username}", Condition={
            "DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"}})),
        document(allow("kms:*", Condition={"StringEquals": {"AWS:UserName": "a", "kms:ViaService": "b"}})),
    ])
    assert answer["ContextKeyNames"] == ["aws:username", "aws:CurrentTime", "kms:ViaService"]
    with refused("InvalidInput"):
        iam.get_context_keys_for_custom_policy(PolicyInputList=["{"])


# -- principals --------------------------------------------------------------


@pytest.fixture
def ann(iam):
    """A user with an inline policy, an attached one, a group's, and a boundary."""
    name, group = unique("ann"), unique("group")
    user = iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])["User"]
    iam.create_group(GroupName=group)
    iam.add_user_to_group(UserName=name, GroupName=group)
    iam.put_user_policy(UserName=name, PolicyName="in", PolicyDocument=document(
        allow("kms:Decrypt", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})))
    iam.put_group_policy(GroupName=group, PolicyName="of-group", PolicyDocument=document(
        allow("kms:Encrypt")))
    arn = iam.create_policy(PolicyName=unique("own"), PolicyDocument=document(
        allow("kms:Sign", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})))[
            "Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    iam.attach_group_policy(
        GroupName=group, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    return {**user, "Group": group, "Policy": arn}


def test_a_users_policies(iam, ann):
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"],
        ActionNames=["kms:Decrypt", "kms:Encrypt", "kms:Sign", "iam:GetRole", "kms:Verify"],
        ContextEntries=[entry("aws:RequestedRegion", "us-east-1")])
    assert decisions(answer) == ["allowed"] * 4 + ["implicitDeny"]
    sources = [it["MatchedStatements"] and it["MatchedStatements"][0]["SourcePolicyType"]
               for it in answer["EvaluationResults"]]
    assert sources == ["user", "group", "user-managed", "aws-managed", []]
    missing = one(iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"], ActionNames=["kms:Sign"]))
    assert missing["MissingContextValues"] == ["aws:RequestedRegion"]
    assert missing["EvalDecision"] == "implicitDeny"


def test_further_policies_and_boundaries(iam, ann):
    further = one(iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"], ActionNames=["kms:Verify"],
        PolicyInputList=[document(allow("kms:Verify"))]))
    assert further["EvalDecision"] == "allowed"
    iam.put_user_permissions_boundary(
        UserName=ann["UserName"], PermissionsBoundary="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    bounded = one(iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"], ActionNames=["kms:Encrypt"]))
    assert bounded["EvalDecision"] == "implicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    other = one(iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"], ActionNames=["kms:Encrypt"],
        PermissionsBoundaryPolicyInputList=[document(allow("kms:*"))]))
    assert other["EvalDecision"] == "allowed"
    without = one(iam.simulate_principal_policy(
        PolicySourceArn=ann["Arn"], ActionNames=["kms:Encrypt"],
        PolicyExclusionList=[{"PolicyType": "permission-boundary"}]))
    assert without["EvalDecision"] == "allowed"
    assert "PermissionsBoundaryDecisionDetail" not in without


def test_policies_can_be_left_out(iam, loose, ann, refused):
    def decision(action, **identifier):
        return one(iam.simulate_principal_policy(
            PolicySourceArn=ann["Arn"], ActionNames=[action],
            ContextEntries=[entry("aws:RequestedRegion", "us-east-1")],
            PolicyExclusionList=[identifier]))["EvalDecision"]

    inline = {"PolicyName": "of-group", "AttachmentType": "group", "AttachmentName": ann["Group"]}
    assert decision("kms:Encrypt", InlinePolicyIdentifier=inline) == "implicitDeny"
    other = {**inline, "AttachmentType": "user"}
    assert decision("kms:Encrypt", InlinePolicyIdentifier=other) == "allowed"
    aws = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    assert decision("iam:GetRole", PolicyArn=aws) == "implicitDeny"
    assert decision("iam:GetRole", PolicyArn=ann["Policy"]) == "allowed"
    assert decision("kms:Sign", PolicyArn=ann["Policy"]) == "implicitDeny"
    for kind, action in (("inline", "kms:Encrypt"), ("aws-managed", "iam:GetRole"),
                         ("user-managed", "kms:Sign")):
        assert decision(action, PolicyType=kind) == "implicitDeny"
        assert decision(action, PolicyType="scp") == "allowed"
    with refused("InvalidInput", re.compile("one of")):
        loose.simulate_principal_policy(
            PolicySourceArn=ann["Arn"], ActionNames=["kms:Sign"],
            PolicyExclusionList=[{"PolicyType": "aws-managed", "PolicyArn": aws}])


def test_roles_and_groups(iam, ann, refused):
    role = iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=EC2_TRUST)["Role"]
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="in",
                        PolicyDocument=document(allow("kms:Decrypt")))
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role["Arn"], ActionNames=["kms:Decrypt", "kms:Encrypt"])
    assert decisions(answer) == ["allowed", "implicitDeny"]
    group = ann["Arn"].replace(f":user/{ann['UserName']}", f":group/{ann['Group']}")
    answer = iam.simulate_principal_policy(
        PolicySourceArn=group, ActionNames=["kms:Decrypt", "kms:Encrypt"])
    assert decisions(answer) == ["implicitDeny", "allowed"]
    for missing in (ann["Arn"] + "x", role["Arn"] + "x", group + "x"):
        with refused("NoSuchEntity", None, 404):
            iam.simulate_principal_policy(PolicySourceArn=missing, ActionNames=["kms:Decrypt"])
    with refused("InvalidInput"):
        iam.simulate_principal_policy(PolicySourceArn=ann["Policy"], ActionNames=["kms:Decrypt"])


def test_context_keys_of_a_principal(iam, ann):
    answer = iam.get_context_keys_for_principal_policy(
        PolicySourceArn=ann["Arn"],
        PolicyInputList=[document(allow("kms:*", "arn:aws:kms:*:*:key/${aws:userid}"))])
    assert sorted(answer["ContextKeyNames"]) == [
        "aws:PrincipalTag/team", "aws:RequestedRegion", "aws:userid"]


def test_who_may_simulate(server, iam, ann, refused):
    with user_with(server, iam, allow("iam:SimulatePrincipalPolicy", ann["Arn"])) as bob:
        bob.simulate_principal_policy(PolicySourceArn=ann["Arn"], ActionNames=["kms:Decrypt"])
        with refused("AccessDenied", None, 403):
            bob.simulate_principal_policy(
                PolicySourceArn=ann["Arn"] + "x", ActionNames=["kms:Decrypt"])
        with refused("AccessDenied", re.compile(r"on resource: \* because"), 403):
            bob.simulate_custom_policy(
                PolicyInputList=[document(allow("*"))], ActionNames=["kms:Decrypt"])


def test_what_the_organization_says(own_server):
    org = own_server.client(REGION, service="organizations")
    org.create_organization(FeatureSet="ALL")
    (root,) = org.list_roots()["Roots"]
    org.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    status = org.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]
    for _ in range(50):
        status = org.describe_create_account_status(
            CreateAccountRequestId=status["Id"])["CreateAccountStatus"]
        if status["State"] != "IN_PROGRESS":
            break
    account = status["AccountId"]
    policy = org.create_policy(
        Content=document(deny("kms:Decrypt")), Description="", Name="no-decrypt",
        Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]
    org.attach_policy(PolicyId=policy["Id"], TargetId=account)
    session = own_server.client(REGION, service="sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="tests")["Credentials"]
    there = client_of(own_server, session, token=session["SessionToken"])
    user = there.create_user(UserName="ann")["User"]
    there.put_user_policy(UserName="ann", PolicyName="in", PolicyDocument=document(allow("kms:*")))

    def simulated(action, **more):
        result = one(there.simulate_principal_policy(
            PolicySourceArn=user["Arn"], ActionNames=[action], **more))
        detail = result.get("OrganizationsDecisionDetail", {})
        return result["EvalDecision"], detail.get("AllowedByOrganizations")

    assert simulated("kms:Decrypt") == ("explicitDeny", False)
    assert simulated("kms:Encrypt") == ("allowed", True)
    assert simulated("s3:GetObject") == ("implicitDeny", True)
    left_out = [{"PolicyArn": policy["Arn"]}]
    assert simulated("kms:Decrypt", PolicyExclusionList=left_out) == ("allowed", True)
    left_out = [{"PolicyType": "scp"}]
    assert simulated("kms:Decrypt", PolicyExclusionList=left_out) == ("allowed", None)


# -- the simulator and the service agree --------------------------------------


STATEMENTS = [
    allow("iam:GetRole"),
    allow("iam:Get*", "arn:aws:iam::*:role/app/*"),
    deny("iam:GetRole", "arn:aws:iam::*:role/app/*"),
    allow("iam:GetRole", Condition={"StringEquals": {"aws:username": "nobody"}}),
    allow("iam:GetRole", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
    deny("iam:*", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "blue"}}),
]


def test_simulated_and_real_calls_agree(server, iam):
    """Every pair of statements, on two roles, by two users: simulated and called."""
    roles = [
        iam.create_role(RoleName=unique("r"), Path=path, AssumeRolePolicyDocument=EC2_TRUST)["Role"]
        for path in ("/", "/app/")
    ]
    users = []
    for team in ("blue", "red"):
        user = iam.create_user(UserName=unique("u"), Tags=[{"Key": "team", "Value": team}])["User"]
        key = iam.create_access_key(UserName=user["UserName"])["AccessKey"]
        users.append((user, client_of(server, key)))
    outcomes = set()
    for pair in itertools.combinations(STATEMENTS, 2):
        for user, client in users:
            iam.put_user_policy(
                UserName=user["UserName"], PolicyName="in", PolicyDocument=document(*pair))
            for role in roles:
                said = one(iam.simulate_principal_policy(
                    PolicySourceArn=user["Arn"], ActionNames=["iam:GetRole"],
                    ResourceArns=[role["Arn"]]))["EvalDecision"]
                try:
                    client.get_role(RoleName=role["RoleName"])
                    done = "allowed"
                except client.exceptions.ClientError as error:
                    text = error.response["Error"]["Message"]
                    done = "explicitDeny" if "explicit deny" in text else "implicitDeny"
                assert said == done, (pair, user["UserName"], role["Arn"])
                outcomes.add(done)
    assert outcomes == {"allowed", "explicitDeny", "implicitDeny"}
