"""CreateSecret: names, ARNs, values, tags, idempotency."""

import re

import pytest

from harness import name, token, word
from texts import (
    BOTH_KINDS, INVALID_NAME, NAME_SCHEDULED, NOT_FOUND, TOKEN_REQUIRED, exists,
    token_in_use, violation,
)


def test_answer_has_arn_name_and_the_token_as_version(sm, server):
    secret, version = name(), token()
    answer = sm.create_secret(Name=secret, SecretString="v", ClientRequestToken=version)
    members = set(answer) - {"ResponseMetadata"}
    assert members == {"ARN", "Name", "VersionId"}
    assert answer["Name"] == secret
    assert answer["VersionId"] == version
    assert re.fullmatch(
        rf"arn:aws:secretsmanager:{server.region}:\d{{12}}:secret:"
        rf"{re.escape(secret)}-[A-Za-z0-9]{{6}}",
        answer["ARN"],
    )


def test_without_value_there_is_no_version(sm, refused):
    secret = name()
    answer = sm.create_secret(Name=secret)
    assert "VersionId" not in answer
    assert "VersionIdsToStages" not in sm.describe_secret(SecretId=secret)
    assert sm.list_secret_version_ids(SecretId=secret)["Versions"] == []
    with refused(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value "
        "for staging label: AWSCURRENT",
    ):
        sm.get_secret_value(SecretId=secret)


@pytest.mark.parametrize("value", ["x", "ünïcødé 🔑 \u0000\t\n\"\\", "x" * 65_536])
def test_string_values_come_back_unchanged(sm, value):
    answer = sm.create_secret(Name=name(), SecretString=value)
    got = sm.get_secret_value(SecretId=answer["ARN"])
    assert got["SecretString"] == value
    assert "SecretBinary" not in got


@pytest.mark.parametrize("value", [b"\x00", bytes(range(256)), b"\xff" * 65_536])
def test_binary_values_come_back_unchanged(sm, value):
    answer = sm.create_secret(Name=name(), SecretBinary=value)
    got = sm.get_secret_value(SecretId=answer["ARN"])
    assert got["SecretBinary"] == value
    assert "SecretString" not in got


def test_string_of_65537_characters_is_too_long(loose, sm, refused):
    secret = name()
    with refused("ValidationException", violation(
        "secretString", "Member must have length less than or equal to 65536"
    )) as caught:
        loose.create_secret(Name=secret, SecretString="y" * 65_537)
    # (inferred) sensitive members are not echoed.
    assert "yyyy" not in str(caught.value)
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.describe_secret(SecretId=secret)


def test_limit_counts_bytes_not_characters(sm, refused):
    # The service limit is 65,536 bytes of UTF-8; the model counts characters.
    # Which code answers a string that only the byte limit refuses is not recorded.
    exact = "é" * 32_768
    answer = sm.create_secret(Name=name(), SecretString=exact)
    assert sm.get_secret_value(SecretId=answer["ARN"])["SecretString"] == exact
    with refused(
        ("ValidationException", "InvalidParameterException", "InvalidRequestException")
    ):
        sm.create_secret(Name=name(), SecretString="é" * 32_768 + "x")


def test_binary_of_65537_bytes_is_too_long(loose, refused):
    with refused("ValidationException", violation(
        "secretBinary", "Member must have length less than or equal to 65536"
    )):
        loose.create_secret(Name=name(), SecretBinary=b"z" * 65_537)


@pytest.mark.parametrize("member, value", [("SecretString", ""), ("SecretBinary", b"")])
def test_empty_values_are_refused(loose, refused, member, value):
    with refused("ValidationException", violation(
        member[0].lower() + member[1:],
        "Member must have length greater than or equal to 1",
    )):
        loose.create_secret(Name=name(), **{member: value})


def test_both_kinds_at_once(sm, refused):
    secret = name()
    with refused("InvalidParameterException", BOTH_KINDS):
        sm.create_secret(Name=secret, SecretString="s", SecretBinary=b"b")
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.describe_secret(SecretId=secret)


@pytest.mark.parametrize("shape", [
    "plain{}", "/leading/{}", "trailing/{}/", "double//{}", "+{}=.@_-", "{}-AbCdEf",
])
def test_names_of_every_allowed_shape(sm, shape):
    secret = shape.format(word())
    answer = sm.create_secret(Name=secret, SecretString=secret)
    for secret_id in (secret, answer["ARN"]):
        got = sm.get_secret_value(SecretId=secret_id)
        assert (got["Name"], got["SecretString"]) == (secret, secret)


@pytest.mark.parametrize("bad", [
    "with space", "hash#", "colon:", "star*", "back\\slash", "ümlaut", "tab\t",
    # (inferred) only services may make names with an exclamation mark.
    "rds!db",
])
def test_names_with_other_characters(sm, refused, bad):
    with refused("ValidationException", INVALID_NAME):
        sm.create_secret(Name=bad + word(), SecretString="v")


def test_name_length(sm, loose, refused):
    longest = word() + "n" * 500
    assert sm.create_secret(Name=longest, SecretString="v")["Name"] == longest
    assert sm.get_secret_value(SecretId=longest)["SecretString"] == "v"
    with refused("ValidationException"):
        loose.create_secret(Name=longest + "n", SecretString="v")
    with refused("ValidationException", violation(
        "name", "Member must have length greater than or equal to 1"
    )):
        loose.create_secret(Name="", SecretString="v")
    with refused("ValidationException", violation("name", "Member must not be null")):
        loose.create_secret(SecretString="v")


def test_names_are_case_sensitive(sm):
    secret = word()
    sm.create_secret(Name=secret, SecretString="lower")
    sm.create_secret(Name=secret.upper(), SecretString="upper")
    assert sm.get_secret_value(SecretId=secret)["SecretString"] == "lower"
    assert sm.get_secret_value(SecretId=secret.upper())["SecretString"] == "upper"


def test_name_conflict(sm, secret, refused):
    with refused("ResourceExistsException", exists(secret["Name"])):
        sm.create_secret(Name=secret["Name"], SecretString="two")
    # The same value is no excuse: only the token makes a retry.
    with refused("ResourceExistsException", exists(secret["Name"])):
        sm.create_secret(Name=secret["Name"], SecretString="one")
    assert sm.get_secret_value(SecretId=secret["ARN"])["SecretString"] == "one"


def test_same_token_same_value_is_a_retry(sm):
    wish = {"Name": name(), "SecretString": "v", "ClientRequestToken": token()}
    first, second = sm.create_secret(**wish), sm.create_secret(**wish)
    for member in ("ARN", "Name", "VersionId"):
        assert first[member] == second[member]
    versions = sm.list_secret_version_ids(SecretId=first["ARN"])["Versions"]
    assert len(versions) == 1


def test_retry_looks_at_token_and_value_only(sm):
    # (inferred) Description and Tags play no part and are not changed.
    wish = {"Name": name(), "SecretString": "v", "ClientRequestToken": token()}
    first = sm.create_secret(**wish, Description="first")
    second = sm.create_secret(**wish, Description="second")
    assert first["ARN"] == second["ARN"]
    assert sm.describe_secret(SecretId=first["ARN"])["Description"] == "first"


@pytest.mark.parametrize("other", [{"SecretString": "w"}, {"SecretBinary": b"v"}])
def test_same_token_other_value_is_a_conflict(sm, refused, other):
    secret, version = name(), token()
    arn = sm.create_secret(
        Name=secret, SecretString="v", ClientRequestToken=version
    )["ARN"]
    with refused("ResourceExistsException", token_in_use(version, arn)):
        sm.create_secret(Name=secret, ClientRequestToken=version, **other)


def test_the_token_may_be_any_text_of_32_to_64_characters(sm):
    for version in ("t" * 32, "terraform-20240101000000000000000001", "T!" * 32):
        answer = sm.create_secret(
            Name=name(), SecretString="v", ClientRequestToken=version
        )
        assert answer["VersionId"] == version


@pytest.mark.parametrize("bad", ["t" * 31, "t" * 65, "t"])
def test_token_length(loose, refused, bad):
    # [E] for the specific code; the reference also allows the generic one.
    with refused(
        ("InvalidParameterException", "ValidationException")
    ) as caught:
        loose.create_secret(Name=name(), SecretString="v", ClientRequestToken=bad)
    text = caught.value.response["Error"]["Message"]
    assert (
        text == "ClientRequestToken must be 32-64 characters long."
        or "at 'clientRequestToken' failed to satisfy constraint" in text
    )


def test_raw_request_without_token(server, sm, refused):
    secret = name()
    for wish in ({"SecretString": "v"}, {}):
        reply = server.call("CreateSecret", {"Name": secret, **wish})
        assert (reply.status, reply.code) == (400, "InvalidRequestException")
        assert reply.message == TOKEN_REQUIRED
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.describe_secret(SecretId=secret)


def test_description_and_tags(sm, loose, refused):
    secret = name()
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "empty", "Value": ""}]
    sm.create_secret(Name=secret, SecretString="v", Description="d" * 2048, Tags=tags)
    described = sm.describe_secret(SecretId=secret)
    assert described["Description"] == "d" * 2048
    assert sorted(described["Tags"], key=str) == sorted(tags, key=str)
    with refused("ValidationException", violation(
        "description", "Member must have length less than or equal to 2048"
    )):
        loose.create_secret(Name=name(), Description="d" * 2049)


def test_name_of_a_scheduled_secret_is_taken(sm, secret, refused):
    sm.delete_secret(SecretId=secret["ARN"])
    with refused("InvalidRequestException", NAME_SCHEDULED):
        sm.create_secret(Name=secret["Name"], SecretString="v")


def test_recreated_name_gets_another_suffix(sm):
    secret, arns = name(), set()
    for _ in range(3):
        arns.add(sm.create_secret(Name=secret, SecretString="v")["ARN"])
        sm.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert len(arns) == 3


def test_type_is_kept_or_refused(sm, refused):
    # Type names a partner integration; Describe and List return it. A deployment
    # without such integrations may refuse it, but never drop it in silence.
    secret = name()
    try:
        sm.create_secret(Name=secret, SecretString="{}", Type="SnowflakePat")
    except sm.exceptions.InvalidParameterException:
        with refused("ResourceNotFoundException", NOT_FOUND):
            sm.describe_secret(SecretId=secret)
    else:
        assert sm.describe_secret(SecretId=secret)["Type"] == "SnowflakePat"


def test_replicas_are_made_or_refused(sm, refused):
    # Likewise for replication: never a secret that only seems to be replicated.
    secret = name()
    try:
        made = sm.create_secret(
            Name=secret, SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1"}]
        )
    except sm.exceptions.InvalidParameterException:
        with refused("ResourceNotFoundException", NOT_FOUND):
            sm.describe_secret(SecretId=secret)
    else:
        assert made["ReplicationStatus"][0]["Region"] == "eu-west-1"


def test_managed_key_by_its_alias(sm):
    answer = sm.create_secret(
        Name=name(), SecretString="v", KmsKeyId="alias/aws/secretsmanager"
    )
    assert sm.get_secret_value(SecretId=answer["ARN"])["SecretString"] == "v"


def test_unknown_key_makes_no_secret(sm, refused):
    # Which of the codes answers a key that does not exist is not recorded.
    secret = name()
    with refused((
        "InvalidParameterException", "InvalidRequestException",
        "EncryptionFailure", "EncryptionFailureException",
        "ResourceNotFoundException", "AccessDeniedException",
    )):
        sm.create_secret(Name=secret, SecretString="v", KmsKeyId="alias/no-such-key")
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.describe_secret(SecretId=secret)


def test_several_violations_come_in_one_message(loose, refused):
    with refused("ValidationException") as caught:
        loose.create_secret(
            Name="", ClientRequestToken=token(), Description="d" * 2049,
            SecretString="",
        )
    text = caught.value.response["Error"]["Message"]
    assert text.startswith("3 validation errors detected: ")
    parts = text.removeprefix("3 validation errors detected: ").split("; ")
    assert len(parts) == 3
    for path in ("name", "description", "secretString"):
        assert sum(f"at '{path}' failed to satisfy constraint" in p for p in parts) == 1
