"""PutSecretValue and UpdateSecret: values, tokens, metadata."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import PATIENCE, name, token
from texts import (
    BOTH_KINDS, NO_VALUE, NOT_FOUND, TOKEN_REQUIRED, token_in_use, violation,
)


def test_put_answers_with_the_new_version(sm, secret):
    version = token()
    answer = sm.put_secret_value(
        SecretId=secret["Name"], SecretString="two", ClientRequestToken=version
    )
    assert set(answer) - {"ResponseMetadata"} == {
        "ARN", "Name", "VersionId", "VersionStages",
    }
    assert answer["ARN"] == secret["ARN"]
    assert answer["Name"] == secret["Name"]
    assert answer["VersionId"] == version
    assert answer["VersionStages"] == ["AWSCURRENT"]
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "two"


def test_a_secret_may_change_its_kind(sm, secret):
    # (inferred)
    sm.put_secret_value(SecretId=secret["ARN"], SecretBinary=b"\x01\x02")
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretBinary"] == b"\x01\x02"
    old = sm.get_secret_value(SecretId=secret["ARN"], VersionStage="AWSPREVIOUS")
    assert old["SecretString"] == "one"


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
def test_both_kinds_at_once(sm, secret, refused, operation):
    with refused("InvalidParameterException", BOTH_KINDS):
        getattr(sm, operation)(
            SecretId=secret["ARN"], SecretString="s", SecretBinary=b"b"
        )
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_put_without_a_value(sm, secret, refused):
    with refused("InvalidRequestException", NO_VALUE):
        sm.put_secret_value(SecretId=secret["ARN"])


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
def test_unknown_secret(sm, refused, operation):
    with refused("ResourceNotFoundException", NOT_FOUND):
        getattr(sm, operation)(SecretId=name(), SecretString="v")


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
def test_value_length_is_bounded_and_the_value_not_echoed(
    sm, loose, secret, refused, operation
):
    write = getattr(loose, operation)
    write(SecretId=secret["ARN"], SecretString="q" * 65_536)
    with refused("ValidationException", violation(
        "secretString", "Member must have length less than or equal to 65536"
    )) as caught:
        write(SecretId=secret["ARN"], SecretString="w" * 65_537)
    assert "wwww" not in str(caught.value)
    with refused("ValidationException", violation(
        "secretBinary", "Member must have length less than or equal to 65536"
    )):
        write(SecretId=secret["ARN"], SecretBinary=b"w" * 65_537)
    current = sm.get_secret_value(SecretId=secret["ARN"])
    assert current["SecretString"] == "q" * 65_536


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
def test_same_token_same_value_changes_nothing(sm, secret, operation):
    write = getattr(sm, operation)
    wish = {"SecretId": secret["ARN"], "SecretString": "two",
            "ClientRequestToken": token()}
    first = write(**wish)
    before = sm.describe_secret(SecretId=secret["ARN"])
    second = write(**wish)
    after = sm.describe_secret(SecretId=secret["ARN"])
    assert first["VersionId"] == second["VersionId"] == wish["ClientRequestToken"]
    assert before["VersionIdsToStages"] == after["VersionIdsToStages"]


def test_a_retried_put_answers_with_the_versions_present_labels(sm, secret):
    # (inferred) labels in a retry are not applied.
    wish = {"SecretId": secret["ARN"], "SecretString": "two",
            "ClientRequestToken": token()}
    sm.put_secret_value(**wish)
    sm.put_secret_value(SecretId=secret["ARN"], SecretString="three")
    again = sm.put_secret_value(**wish, VersionStages=["LATE"])
    assert again["VersionStages"] == ["AWSPREVIOUS"]
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "three"


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
@pytest.mark.parametrize("other", [{"SecretString": "w"}, {"SecretBinary": b"v"}])
def test_same_token_other_value_is_a_conflict(sm, secret, refused, operation, other):
    write, version = getattr(sm, operation), token()
    write(SecretId=secret["ARN"], SecretString="v", ClientRequestToken=version)
    with refused("ResourceExistsException", token_in_use(version, secret["ARN"])):
        write(SecretId=secret["ARN"], ClientRequestToken=version, **other)
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "v"


def test_the_token_of_creation_is_in_use_as_well(sm, secret, refused):
    version = secret["VersionId"]
    again = sm.put_secret_value(
        SecretId=secret["ARN"], SecretString="one", ClientRequestToken=version
    )
    assert again["VersionStages"] == ["AWSCURRENT"]
    with refused("ResourceExistsException", token_in_use(version, secret["ARN"])):
        sm.put_secret_value(
            SecretId=secret["ARN"], SecretString="two", ClientRequestToken=version
        )


@pytest.mark.parametrize("operation, extra", [
    ("PutSecretValue", {"SecretString": "v"}),
    ("UpdateSecret", {"SecretString": "v"}),
    ("UpdateSecret", {"Description": "metadata only"}),
])
def test_raw_request_without_token(server, sm, secret, operation, extra):
    reply = server.call(operation, {"SecretId": secret["ARN"], **extra})
    assert (reply.status, reply.code) == (400, "InvalidRequestException")
    assert reply.message == TOKEN_REQUIRED
    assert "Description" not in sm.describe_secret(SecretId=secret["ARN"])


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
@pytest.mark.parametrize("bad", ["t" * 31, "t" * 65])
def test_token_length(loose, secret, refused, operation, bad):
    # [E] for the specific code; the reference also allows the generic one.
    with refused(("InvalidParameterException", "ValidationException")):
        getattr(loose, operation)(
            SecretId=secret["ARN"], SecretString="v", ClientRequestToken=bad
        )


@pytest.mark.parametrize("stages, path, constraint", [
    ([], "versionStages", "Member must have length greater than or equal to 1"),
    ([f"L{i}" for i in range(21)], "versionStages",
     "Member must have length less than or equal to 20"),
])
def test_number_of_stages_in_one_request(loose, secret, refused, stages, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.put_secret_value(
            SecretId=secret["ARN"], SecretString="v", VersionStages=stages
        )


@pytest.mark.parametrize("stage", ["", "L" * 257])
def test_length_of_a_stage(loose, secret, refused, stage):
    with refused("ValidationException") as caught:
        loose.put_secret_value(
            SecretId=secret["ARN"], SecretString="v", VersionStages=[stage]
        )
    assert "'versionStages" in caught.value.response["Error"]["Message"]


def test_rotation_token_is_checked_and_never_echoed(loose, secret, refused):
    bad = "spaces are no part of it " * 2
    with refused("ValidationException", violation(
        "rotationToken", "Member must satisfy regular expression pattern: .*"
    )) as caught:
        loose.put_secret_value(
            SecretId=secret["ARN"], SecretString="v", RotationToken=bad
        )
    assert "spaces are" not in str(caught.value)


# -- UpdateSecret ---------------------------------------------------------


def test_update_with_a_value_makes_a_version(sm, secret):
    answer = sm.update_secret(SecretId=secret["ARN"], SecretString="two")
    assert set(answer) - {"ResponseMetadata"} == {"ARN", "Name", "VersionId"}
    assert sm.describe_secret(SecretId=secret["ARN"])["VersionIdsToStages"] == {
        secret["VersionId"]: ["AWSPREVIOUS"], answer["VersionId"]: ["AWSCURRENT"],
    }


def test_update_of_metadata_makes_none(sm, secret):
    answer = sm.update_secret(SecretId=secret["ARN"], Description="new")
    assert "VersionId" not in answer
    described = sm.describe_secret(SecretId=secret["ARN"])
    assert described["Description"] == "new"
    assert described["VersionIdsToStages"] == {secret["VersionId"]: ["AWSCURRENT"]}


def test_update_with_value_and_description(sm, secret):
    sm.update_secret(SecretId=secret["ARN"], SecretBinary=b"two", Description="both")
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretBinary"] == b"two"
    assert sm.describe_secret(SecretId=secret["ARN"])["Description"] == "both"


def test_a_refused_update_changes_nothing(sm, secret, refused):
    with refused("ResourceExistsException"):
        sm.update_secret(
            SecretId=secret["ARN"], SecretString="other", Description="half",
            ClientRequestToken=secret["VersionId"],
        )
    described = sm.describe_secret(SecretId=secret["ARN"])
    assert "Description" not in described
    assert described["VersionIdsToStages"] == {secret["VersionId"]: ["AWSCURRENT"]}


def test_update_with_nothing_is_no_change(sm, secret):
    # (inferred)
    before = sm.describe_secret(SecretId=secret["ARN"])["VersionIdsToStages"]
    answer = sm.update_secret(SecretId=secret["ARN"])
    assert "VersionId" not in answer
    assert sm.describe_secret(SecretId=secret["ARN"])["VersionIdsToStages"] == before


def test_empty_description_clears_it(sm, secret):
    # (inferred)
    sm.update_secret(SecretId=secret["ARN"], Description="something")
    sm.update_secret(SecretId=secret["ARN"], Description="")
    assert not sm.describe_secret(SecretId=secret["ARN"]).get("Description")


def test_update_leaves_name_and_tags(sm):
    tags = [{"Key": "k", "Value": "v"}]
    made = sm.create_secret(Name=name(), SecretString="v", Tags=tags)
    sm.update_secret(SecretId=made["ARN"], SecretString="w", Description="d")
    described = sm.describe_secret(SecretId=made["ARN"])
    assert (described["Name"], described["Tags"]) == (made["Name"], tags)


def test_empty_key_id_means_the_managed_key(sm, secret):
    sm.update_secret(SecretId=secret["ARN"], KmsKeyId="")
    assert "KmsKeyId" not in sm.describe_secret(SecretId=secret["ARN"])
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_update_gives_a_valueless_secret_its_first_version(sm):
    made = sm.create_secret(Name=name())
    version = sm.update_secret(SecretId=made["ARN"], SecretString="v")["VersionId"]
    assert sm.describe_secret(SecretId=made["ARN"])["VersionIdsToStages"] == {
        version: ["AWSCURRENT"],
    }


@pytest.mark.parametrize("member, value", [
    ("Description", "d" * 2049), ("KmsKeyId", "k" * 2049), ("Type", "t" * 257),
])
def test_violations(loose, secret, refused, member, value):
    limit = len(value) - 1
    with refused("ValidationException", violation(
        member[0].lower() + member[1:],
        f"Member must have length less than or equal to {limit}",
    )):
        loose.update_secret(SecretId=secret["ARN"], **{member: value})


def test_of_many_writers_at_once_none_is_turned_away(server, secret):
    def describe(writer):
        connection = http.client.HTTPConnection(server.host, timeout=PATIENCE)
        return [
            server.call("UpdateSecret", {
                "SecretId": secret["ARN"], "Description": f"{writer}, {change}",
                "ClientRequestToken": token(),
            }, connection=connection).status
            for change in range(10)
        ]

    with ThreadPoolExecutor(64) as writers:
        answers = [status for answers in writers.map(describe, range(64)) for status in answers]
    assert answers == [200] * 640
