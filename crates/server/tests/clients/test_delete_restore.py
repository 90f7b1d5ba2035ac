"""DeleteSecret and RestoreSecret: windows, force, what still works meanwhile."""

import datetime

import pytest

from harness import name
from texts import (
    ALREADY_SCHEDULED, FORCE_AND_WINDOW, MARKED, NOT_FOUND, WINDOW_RANGE,
)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.mark.parametrize("wish, days", [
    ({}, 30), ({"RecoveryWindowInDays": 7}, 7), ({"RecoveryWindowInDays": 30}, 30),
])
def test_window(sm, secret, wish, days):
    before = now()
    answer = sm.delete_secret(SecretId=secret["Name"], **wish)
    assert set(answer) - {"ResponseMetadata"} == {"ARN", "Name", "DeletionDate"}
    assert (answer["ARN"], answer["Name"]) == (secret["ARN"], secret["Name"])
    due = answer["DeletionDate"] - datetime.timedelta(days=days)
    assert before - datetime.timedelta(seconds=1) <= due <= now() + datetime.timedelta(seconds=1)
    described = sm.describe_secret(SecretId=secret["ARN"])
    # (inferred) Describe tells when DeleteSecret was called.
    slack = datetime.timedelta(seconds=1)
    assert before - slack <= described["DeletedDate"] <= now() + slack
    # [R] the labels stay visible.
    assert described["VersionIdsToStages"] == {secret["VersionId"]: ["AWSCURRENT"]}


@pytest.mark.parametrize("days", [-1, 0, 6, 31, 1000])
def test_window_out_of_range(loose, sm, secret, refused, days):
    with refused("InvalidParameterException", WINDOW_RANGE):  # [E]
        loose.delete_secret(SecretId=secret["ARN"], RecoveryWindowInDays=days)
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_force_and_window_together(sm, secret, refused):
    with refused("InvalidParameterException", FORCE_AND_WINDOW):  # [E]
        sm.delete_secret(
            SecretId=secret["ARN"], RecoveryWindowInDays=7,
            ForceDeleteWithoutRecovery=True,
        )
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_force_false_is_no_force(sm, secret):
    answer = sm.delete_secret(
        SecretId=secret["ARN"], RecoveryWindowInDays=8, ForceDeleteWithoutRecovery=False
    )
    assert answer["DeletionDate"] > now() + datetime.timedelta(days=7)
    sm.restore_secret(SecretId=secret["ARN"])


def test_forced_deletion_is_final(sm, secret, refused):
    slack, before = datetime.timedelta(seconds=1), now()
    answer = sm.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert before - slack <= answer["DeletionDate"] <= now() + slack
    for secret_id in (secret["ARN"], secret["Name"]):
        for ask in (sm.get_secret_value, sm.describe_secret, sm.restore_secret):
            with refused("ResourceNotFoundException", NOT_FOUND):
                ask(SecretId=secret_id)


def test_forced_deletion_of_what_never_was(sm):
    # [R] 200 with a made-up ARN.
    secret = name()
    answer = sm.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert answer["Name"] == secret
    assert f":secret:{secret}" in answer["ARN"]
    assert "DeletionDate" in answer


def test_unforced_deletion_of_what_never_was(sm, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.delete_secret(SecretId=name())


def test_second_deletion(sm, secret, refused):
    sm.delete_secret(SecretId=secret["ARN"])
    with refused("InvalidRequestException", ALREADY_SCHEDULED):  # [E]
        sm.delete_secret(SecretId=secret["ARN"])
    # [R] force is still allowed, and frees the name.
    sm.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    again = sm.create_secret(Name=secret["Name"], SecretString="again")
    assert again["ARN"] != secret["ARN"]


def test_what_a_scheduled_secret_refuses(sm, secret, refused):
    arn = secret["ARN"]
    account = arn.split(":")[4]
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        f'{{"AWS":"arn:aws:iam::{account}:root"}},'
        '"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
    )
    sm.delete_secret(SecretId=arn)
    for ask, extra in [
        (sm.get_secret_value, {}),
        (sm.get_secret_value, {"VersionId": secret["VersionId"]}),
        (sm.put_secret_value, {"SecretString": "v"}),
        (sm.update_secret, {"SecretString": "v"}),
        (sm.update_secret, {"Description": "d"}),
        (sm.update_secret_version_stage,
         {"VersionStage": "BLUE", "MoveToVersionId": secret["VersionId"]}),
        (sm.tag_resource, {"Tags": [{"Key": "k", "Value": "v"}]}),
        (sm.untag_resource, {"TagKeys": ["k"]}),
        (sm.put_resource_policy, {"ResourcePolicy": policy}),
    ]:
        with refused("InvalidRequestException", MARKED):
            ask(SecretId=arn, **extra)


def test_what_a_scheduled_secret_still_does(sm, secret):
    arn = secret["ARN"]
    sm.delete_secret(SecretId=arn)
    assert sm.describe_secret(SecretId=arn)["ARN"] == arn
    # (inferred) for these four.
    assert len(sm.list_secret_version_ids(SecretId=arn)["Versions"]) == 1
    assert "ResourcePolicy" not in sm.get_resource_policy(SecretId=arn)
    assert sm.list_resource_policies(SecretId=arn)["ResourcePolicies"] == []
    assert sm.delete_resource_policy(SecretId=arn)["ARN"] == arn


def test_restore(sm, secret):
    sm.put_secret_value(SecretId=secret["ARN"], SecretString="two")
    sm.delete_secret(SecretId=secret["ARN"])
    answer = sm.restore_secret(SecretId=secret["Name"])
    assert set(answer) - {"ResponseMetadata"} == {"ARN", "Name"}
    assert answer["ARN"] == secret["ARN"]
    assert "DeletedDate" not in sm.describe_secret(SecretId=secret["ARN"])
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "two"
    old = sm.get_secret_value(SecretId=secret["ARN"], VersionId=secret["VersionId"])
    assert old["SecretString"] == "one"
    sm.put_secret_value(SecretId=secret["ARN"], SecretString="three")
    sm.delete_secret(SecretId=secret["ARN"])


def test_restore_of_an_active_secret_is_no_change(sm, secret):
    # [E]
    assert sm.restore_secret(SecretId=secret["ARN"])["ARN"] == secret["ARN"]
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_restore_of_what_never_was(sm, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.restore_secret(SecretId=name())


def test_nothing_of_the_old_secret_survives_in_the_new(sm, secret, refused):
    sm.tag_resource(SecretId=secret["ARN"], Tags=[{"Key": "k", "Value": "v"}])
    sm.update_secret(SecretId=secret["ARN"], Description="old")
    sm.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    new = sm.create_secret(Name=secret["Name"], SecretString="new")
    described = sm.describe_secret(SecretId=secret["Name"])
    assert "Tags" not in described
    assert "Description" not in described
    assert described["VersionIdsToStages"] == {new["VersionId"]: ["AWSCURRENT"]}
    with refused("ResourceNotFoundException"):
        sm.get_secret_value(SecretId=new["ARN"], VersionId=secret["VersionId"])
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.get_secret_value(SecretId=secret["ARN"])
