"""GetSecretValue and DescribeSecret: which secret, which version, which members."""

import datetime
import re
import time

import pytest

from harness import name, token, word
from receivers import until
from texts import (
    INVALID_NAME, NOT_FOUND, STAGE_MISMATCH, no_value_for_label,
    no_value_for_version, violation,
)


def test_members_and_metadata_of_the_value(sm):
    before = datetime.datetime.now(datetime.timezone.utc)
    made = sm.create_secret(Name=name(), SecretString="v")
    after = datetime.datetime.now(datetime.timezone.utc)
    got = sm.get_secret_value(SecretId=made["ARN"])
    assert set(got) - {"ResponseMetadata"} == {
        "ARN", "Name", "VersionId", "SecretString", "VersionStages", "CreatedDate",
    }
    assert got["ARN"] == made["ARN"]
    assert got["VersionId"] == made["VersionId"]
    assert got["VersionStages"] == ["AWSCURRENT"]
    slack = datetime.timedelta(milliseconds=1)
    assert before - slack <= got["CreatedDate"] <= after + slack


def test_by_version_by_stage_by_both(sm):
    made = sm.create_secret(Name=name(), SecretString="one")
    second = sm.put_secret_value(SecretId=made["ARN"], SecretString="two")
    old, new = made["VersionId"], second["VersionId"]
    for question, value in [
        ({}, "two"),
        ({"VersionStage": "AWSCURRENT"}, "two"),
        ({"VersionStage": "AWSPREVIOUS"}, "one"),
        ({"VersionId": old}, "one"),
        ({"VersionId": new}, "two"),
        ({"VersionId": old, "VersionStage": "AWSPREVIOUS"}, "one"),
    ]:
        got = sm.get_secret_value(SecretId=made["ARN"], **question)
        assert got["SecretString"] == value, question


def test_created_date_is_the_versions_own(sm):
    made = sm.create_secret(Name=name(), SecretString="one")
    time.sleep(0.02)
    sm.put_secret_value(SecretId=made["ARN"], SecretString="two")
    old = sm.get_secret_value(SecretId=made["ARN"], VersionStage="AWSPREVIOUS")
    new = sm.get_secret_value(SecretId=made["ARN"])
    assert old["CreatedDate"] < new["CreatedDate"]


def test_stage_that_belongs_to_another_version(sm, secret, refused):
    sm.put_secret_value(SecretId=secret["ARN"], SecretString="two")
    with refused("InvalidRequestException", STAGE_MISMATCH):
        sm.get_secret_value(
            SecretId=secret["ARN"], VersionId=secret["VersionId"],
            VersionStage="AWSCURRENT",
        )


def test_unknown_stage_and_unknown_version(sm, secret, refused):
    unknown = token()
    with refused("ResourceNotFoundException", no_value_for_label("NOSUCH")):
        sm.get_secret_value(SecretId=secret["ARN"], VersionStage="NOSUCH")
    with refused("ResourceNotFoundException", no_value_for_version(unknown)):
        sm.get_secret_value(SecretId=secret["ARN"], VersionId=unknown)
    # (inferred) the version wins when both are given and it is unknown.
    with refused("ResourceNotFoundException", no_value_for_version(unknown)):
        sm.get_secret_value(
            SecretId=secret["ARN"], VersionId=unknown, VersionStage="AWSCURRENT"
        )


def test_deprecated_version_is_readable_and_has_no_stages(sm, secret):
    for value in ("two", "three"):
        sm.put_secret_value(SecretId=secret["ARN"], SecretString=value)
    got = sm.get_secret_value(SecretId=secret["ARN"], VersionId=secret["VersionId"])
    assert got["SecretString"] == "one"
    assert "VersionStages" not in got


def test_missing_secret(sm, server, refused):
    account = sm.create_secret(Name=name())["ARN"].split(":")[4]
    prefix = f"arn:aws:secretsmanager:{server.region}:{account}:secret:"
    for secret_id in (word(), f"{prefix}{word()}-AbCdEf", f"{prefix}{word()}"):
        for ask in (
            sm.get_secret_value, sm.describe_secret, sm.list_secret_version_ids,
            sm.get_resource_policy, sm.restore_secret, sm.delete_secret,
        ):
            with refused("ResourceNotFoundException", NOT_FOUND):
                ask(SecretId=secret_id)


@pytest.mark.parametrize("bad", ["no space", "no#hash", "star*"])
def test_name_with_bad_characters_as_secret_id(sm, refused, bad):
    # [R] the same text for every operation that takes a SecretId.
    tag = [{"Key": "k", "Value": "v"}]
    for ask, extra in [
        (sm.get_secret_value, {}),
        (sm.describe_secret, {}),
        (sm.delete_secret, {}),
        (sm.list_secret_version_ids, {}),
        (sm.get_resource_policy, {}),
        (sm.put_secret_value, {"SecretString": "v"}),
        (sm.update_secret, {"Description": "v"}),
        (sm.tag_resource, {"Tags": tag}),
        (sm.untag_resource, {"TagKeys": ["k"]}),
    ]:
        with refused("ValidationException", INVALID_NAME):
            ask(SecretId=bad, **extra)


def test_full_and_partial_arn(sm, secret):
    full = secret["ARN"]
    for secret_id in (secret["Name"], full, full[:-7]):
        assert sm.get_secret_value(SecretId=secret_id)["SecretString"] == "one"


def test_bare_name_with_suffix_is_only_a_name(sm, secret, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.get_secret_value(SecretId=secret["ARN"].rpartition(":")[2])


def test_arn_with_another_suffix_is_another_secret(sm, secret, refused):
    wrong = "AAAAAA" if not secret["ARN"].endswith("AAAAAA") else "BBBBBB"
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.get_secret_value(SecretId=secret["ARN"][:-6] + wrong)


def test_name_that_looks_like_a_suffix(sm, refused):
    base = word()
    looks = sm.create_secret(Name=f"{base}-abcdef", SecretString="looks")
    # Its partial ARN reads as a complete one, and no such secret exists …
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.get_secret_value(SecretId=looks["ARN"][:-7])
    # … while name and full ARN work, and a sibling changes nothing about it.
    for secret_id in (f"{base}-abcdef", looks["ARN"]):
        assert sm.get_secret_value(SecretId=secret_id)["SecretString"] == "looks"
    sm.create_secret(Name=base, SecretString="base")
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.get_secret_value(SecretId=looks["ARN"][:-7])
    assert sm.get_secret_value(SecretId=base)["SecretString"] == "base"


def test_regions_are_separate(sm, server, secret, refused):
    elsewhere = server.client("eu-central-1")
    with refused("ResourceNotFoundException", NOT_FOUND):
        elsewhere.get_secret_value(SecretId=secret["Name"])
    # (inferred) an ARN of another Region than the endpoint's.
    with refused("ResourceNotFoundException", NOT_FOUND):
        elsewhere.get_secret_value(SecretId=secret["ARN"])
    theirs = elsewhere.create_secret(Name=secret["Name"], SecretString="elsewhere")
    assert theirs["ARN"].split(":")[3] == "eu-central-1"
    assert sm.get_secret_value(SecretId=secret["Name"])["SecretString"] == "one"
    only = {"Filters": [{"Key": "name", "Values": [secret["Name"]]}]}
    for client, arn in ((sm, secret["ARN"]), (elsewhere, theirs["ARN"])):
        found = [entry["ARN"] for entry in client.list_secrets(**only)["SecretList"]]
        assert found == [arn]


def test_arn_of_a_foreign_account(sm, secret, refused):
    # [R] authorisation comes before existence: no resource policy there lets us in.
    parts = secret["ARN"].split(":")
    parts[4] = "999999999999" if parts[4] != "999999999999" else "888888888888"
    with refused("AccessDeniedException", re.compile(
        r"is not authorized to perform: secretsmanager:DescribeSecret on resource: "
        + re.escape(":".join(parts))
        + " because no resource-based policy allows the "
        "secretsmanager:DescribeSecret action"
    )):
        sm.describe_secret(SecretId=":".join(parts))


@pytest.mark.parametrize("question, path, constraint", [
    ({}, "secretId", "Member must not be null"),
    ({"SecretId": ""}, "secretId", "Member must have length greater than or equal to 1"),
    ({"SecretId": "s" * 2049}, "secretId",
     "Member must have length less than or equal to 2048"),
    ({"SecretId": "s", "VersionId": "v" * 31}, "versionId",
     "Member must have length greater than or equal to 32"),
    ({"SecretId": "s", "VersionId": "v" * 65}, "versionId",
     "Member must have length less than or equal to 64"),
    ({"SecretId": "s", "VersionStage": ""}, "versionStage",
     "Member must have length greater than or equal to 1"),
    ({"SecretId": "s", "VersionStage": "v" * 257}, "versionStage",
     "Member must have length less than or equal to 256"),
])
def test_violations(loose, refused, question, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.get_secret_value(**question)


# -- DescribeSecret -------------------------------------------------------


def test_describe_of_the_barest_secret(sm):
    made = sm.create_secret(Name=name())
    described = sm.describe_secret(SecretId=made["ARN"])
    # Nothing without a value: no key, tags, rotation, access or deletion date.
    assert set(described) - {"ResponseMetadata"} == {
        "ARN", "Name", "CreatedDate", "LastChangedDate",
    }


def test_describe_of_a_secret_with_a_value(sm, secret):
    described = sm.describe_secret(SecretId=secret["Name"])
    assert set(described) - {"ResponseMetadata"} == {
        "ARN", "Name", "CreatedDate", "LastChangedDate", "VersionIdsToStages",
    }
    assert described["VersionIdsToStages"] == {secret["VersionId"]: ["AWSCURRENT"]}


def test_describe_hides_deprecated_versions(sm, secret):
    two = sm.put_secret_value(SecretId=secret["ARN"], SecretString="two")
    three = sm.put_secret_value(SecretId=secret["ARN"], SecretString="three")
    assert sm.describe_secret(SecretId=secret["ARN"])["VersionIdsToStages"] == {
        two["VersionId"]: ["AWSPREVIOUS"], three["VersionId"]: ["AWSCURRENT"],
    }


def test_last_changed_date_follows_changes_not_reads(sm, secret):
    arn = secret["ARN"]

    def changed():
        return sm.describe_secret(SecretId=arn)["LastChangedDate"]

    last = changed()
    for change in (
        lambda: sm.put_secret_value(SecretId=arn, SecretString="two"),
        lambda: sm.update_secret(SecretId=arn, Description="d"),
        lambda: sm.tag_resource(SecretId=arn, Tags=[{"Key": "k", "Value": "v"}]),
        lambda: sm.untag_resource(SecretId=arn, TagKeys=["k"]),
    ):
        time.sleep(0.02)
        change()
        now = changed()
        assert now > last
        last = now
    time.sleep(0.02)
    sm.get_secret_value(SecretId=arn)
    assert changed() == last


def test_last_accessed_date_is_the_day_of_the_last_read(sm, secret):
    arn = secret["ARN"]
    assert "LastAccessedDate" not in sm.describe_secret(SecretId=arn)
    days = {datetime.datetime.now(datetime.timezone.utc).date()}
    sm.get_secret_value(SecretId=arn)
    days.add(datetime.datetime.now(datetime.timezone.utc).date())
    assert until(lambda: "LastAccessedDate" in sm.describe_secret(SecretId=arn))
    described = sm.describe_secret(SecretId=arn)
    accessed = described["LastAccessedDate"].astimezone(datetime.timezone.utc)
    assert accessed.time() == datetime.time(0, 0)
    assert accessed.date() in days
    version, = sm.list_secret_version_ids(SecretId=arn)["Versions"]
    assert version["LastAccessedDate"] == described["LastAccessedDate"]


def test_last_accessed_date_belongs_to_the_version_read(sm, secret):
    arn = secret["ARN"]
    two = sm.put_secret_value(SecretId=arn, SecretString="two")
    sm.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")

    def read():
        listed = sm.list_secret_version_ids(SecretId=arn)["Versions"]
        return {v["VersionId"] for v in listed if "LastAccessedDate" in v}

    assert until(read) == {secret["VersionId"]}
    assert two["VersionId"] not in read()
