"""Put, Get, Delete, List and Validate of resource policies."""

import json

import pytest

from harness import all_pages, name
from texts import NOT_FOUND, UNSUPPORTED_PRINCIPAL, violation


def policy(principal, action="secretsmanager:GetSecretValue", effect="Allow", **extra):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect, "Principal": principal, "Action": action,
            "Resource": "*", **extra,
        }],
    })


@pytest.fixture
def root(secret):
    return {"AWS": f"arn:aws:iam::{secret['ARN'].split(':')[4]}:root"}


def test_put_get_delete(sm, secret, root):
    arn, text = secret["ARN"], policy(root)
    put = sm.put_resource_policy(SecretId=secret["Name"], ResourcePolicy=text)
    assert (put["ARN"], put["Name"]) == (arn, secret["Name"])
    got = sm.get_resource_policy(SecretId=secret["Name"])
    assert (got["ARN"], got["Name"]) == (arn, secret["Name"])
    assert json.loads(got["ResourcePolicy"]) == json.loads(text)
    deleted = sm.delete_resource_policy(SecretId=arn)
    assert (deleted["ARN"], deleted["Name"]) == (arn, secret["Name"])
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=arn)


def test_secret_without_policy(sm, secret):
    got = sm.get_resource_policy(SecretId=secret["ARN"])
    assert got["ARN"] == secret["ARN"]
    assert "ResourcePolicy" not in got
    assert sm.list_resource_policies(SecretId=secret["ARN"])["ResourcePolicies"] == []
    # (inferred) deleting what is not there succeeds.
    assert sm.delete_resource_policy(SecretId=secret["ARN"])["ARN"] == secret["ARN"]


def test_put_replaces(sm, secret, root):
    sm.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy=policy(root))
    second = policy(root, "secretsmanager:DescribeSecret")
    sm.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy=second)
    got = sm.get_resource_policy(SecretId=secret["ARN"])["ResourcePolicy"]
    assert json.loads(got) == json.loads(second)


def test_the_name_default(sm, secret, root, refused):
    arn, text = secret["ARN"], policy(root)
    sm.put_resource_policy(SecretId=arn, ResourcePolicy=text, PolicyName="default")
    listed = sm.list_resource_policies(SecretId=arn)
    assert [p["PolicyName"] for p in listed["ResourcePolicies"]] == ["default"]
    assert "NextToken" not in listed
    got = sm.get_resource_policy(SecretId=arn, PolicyName="default")
    assert json.loads(got["ResourcePolicy"]) == json.loads(text)
    pages = all_pages(
        sm.list_resource_policies, "ResourcePolicies", SecretId=arn, MaxResults=1
    )
    assert sum(map(len, pages)) == 1
    sm.delete_resource_policy(SecretId=arn, PolicyName="default")
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=arn)


def test_other_names(sm, secret, root, refused):
    arn = secret["ARN"]
    with refused("InvalidParameterException"):
        sm.put_resource_policy(
            SecretId=arn, ResourcePolicy=policy(root), PolicyName="other"
        )
    with refused("InvalidParameterException"):
        sm.delete_resource_policy(SecretId=arn, PolicyName="other")
    with refused("ResourceNotFoundException"):
        sm.get_resource_policy(SecretId=arn, PolicyName="other")


def test_public_policy_is_accepted_by_default(sm, secret):
    # [R] BlockPublicPolicy defaults to false.
    sm.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy=policy("*"))
    assert "ResourcePolicy" in sm.get_resource_policy(SecretId=secret["ARN"])


def test_narrow_policy_passes_the_block(sm, secret, root):
    sm.put_resource_policy(
        SecretId=secret["ARN"], ResourcePolicy=policy(root), BlockPublicPolicy=True
    )


@pytest.mark.parametrize("text", [
    "not json", "{}", "[]", '"text"', '{"Version":"2012-10-17"}',
    '{"Version":"1999-01-01","Statement":[]}',
    policy({"AWS": "*"}, effect="Perhaps"),
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*"}]}',
    # A resource policy without a principal.
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":'
    '"secretsmanager:GetSecretValue","Resource":"*"}]}',
    policy({"AWS": "*"}, Condition={"NoSuchOperator": {"aws:userid": "x"}}),
    policy({"AWS": "*"}, Surprise="member"),
    policy({"AWS": "*"})[:-1],
])
def test_syntax(sm, secret, refused, text):
    with refused("MalformedPolicyDocumentException"):
        sm.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy=text)
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=secret["ARN"])


def test_principal_that_does_not_exist(sm, secret, refused):
    # [R]
    account = secret["ARN"].split(":")[4]
    for principal in (f"arn:aws:iam::{account}:user/no-such-user",
                      f"arn:aws:iam::{account}:role/no-such-role"):
        with refused("MalformedPolicyDocumentException", UNSUPPORTED_PRINCIPAL):
            sm.put_resource_policy(
                SecretId=secret["ARN"], ResourcePolicy=policy({"AWS": principal})
            )


def test_principal_that_exists(sm, secret):
    account = secret["ARN"].split(":")[4]
    sm.put_resource_policy(
        SecretId=secret["ARN"],
        ResourcePolicy=policy({"AWS": f"arn:aws:iam::{account}:user/admin"}),
    )


def test_both_policy_versions_and_lists(sm, secret, root):
    for version in ("2008-10-17", "2012-10-17"):
        document = json.loads(policy(root, ["secretsmanager:Get*", "secretsmanager:Describe*"]))
        document["Version"], document["Id"] = version, "an-id"
        document["Statement"] = document["Statement"][0]
        document["Statement"]["Sid"] = "One"
        sm.put_resource_policy(
            SecretId=secret["ARN"], ResourcePolicy=json.dumps(document)
        )
        got = sm.get_resource_policy(SecretId=secret["ARN"])["ResourcePolicy"]
        assert json.loads(got) == document


def test_size(loose, sm, secret, root, refused):
    text = policy(root)
    sm.put_resource_policy(
        SecretId=secret["ARN"], ResourcePolicy=text + " " * (20_480 - len(text))
    )
    with refused("ValidationException", violation(
        "resourcePolicy", "Member must have length less than or equal to 20480"
    )):
        loose.put_resource_policy(
            SecretId=secret["ARN"], ResourcePolicy=text + " " * (20_481 - len(text))
        )


def test_missing_and_empty_members(loose, secret, refused):
    with refused("ValidationException", violation(
        "resourcePolicy", "Member must not be null"
    )):
        loose.put_resource_policy(SecretId=secret["ARN"])
    with refused("ValidationException", violation(
        "resourcePolicy", "Member must have length greater than or equal to 1"
    )):
        loose.put_resource_policy(SecretId=secret["ARN"], ResourcePolicy="")
    with refused("ValidationException", violation(
        "policyName", "Member must satisfy regular expression pattern: .*"
    )):
        loose.get_resource_policy(SecretId=secret["ARN"], PolicyName="no spaces")
    with refused("ValidationException", violation(
        "policyName", "Member must have length less than or equal to 64"
    )):
        loose.get_resource_policy(SecretId=secret["ARN"], PolicyName="p" * 65)


def test_unknown_secret(sm, refused):
    for ask, extra in [
        (sm.put_resource_policy, {"ResourcePolicy": policy({"AWS": "*"})}),
        (sm.get_resource_policy, {}),
        (sm.delete_resource_policy, {}),
        (sm.list_resource_policies, {}),
    ]:
        with refused("ResourceNotFoundException", NOT_FOUND):
            ask(SecretId=name(), **extra)


def test_page_token_of_policies(sm, loose, secret, refused):
    with refused("InvalidNextTokenException"):
        sm.list_resource_policies(SecretId=secret["ARN"], NextToken="no such token")
    for size, constraint in [
        (0, "Member must have value greater than or equal to 1"),
        (101, "Member must have value less than or equal to 100"),
    ]:
        with refused("ValidationException", violation("maxResults", constraint, str(size))):
            loose.list_resource_policies(SecretId=secret["ARN"], MaxResults=size)


# -- ValidateResourcePolicy -----------------------------------------------


@pytest.mark.parametrize("with_secret", [True, False])
def test_validation_passes(sm, secret, root, with_secret):
    where = {"SecretId": secret["ARN"]} if with_secret else {}
    answer = sm.validate_resource_policy(ResourcePolicy=policy(root), **where)
    assert answer["PolicyValidationPassed"] is True
    assert answer.get("ValidationErrors", []) == []
    # Nothing was stored.
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=secret["ARN"])


def test_validation_of_bad_syntax(sm, secret):
    # 200 with entries, or the modelled MalformedPolicyDocumentException: the
    # reference allows both, so only the verdict is judged.
    try:
        answer = sm.validate_resource_policy(
            SecretId=secret["ARN"], ResourcePolicy='{"Version":"2012-10-17"}'
        )
    except sm.exceptions.MalformedPolicyDocumentException:
        return
    assert answer["PolicyValidationPassed"] is False
    assert answer["ValidationErrors"]
    for entry in answer["ValidationErrors"]:
        assert set(entry) == {"CheckName", "ErrorMessage"}


def test_validation_for_an_unknown_secret(sm, root, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.validate_resource_policy(SecretId=name(), ResourcePolicy=policy(root))
