"""BatchGetSecretValue: by list and by filters, with per-secret errors."""

import pytest

from harness import all_pages, name, word
from texts import LIST_OR_FILTERS, MAX_RESULTS_NEEDS_FILTERS, NOT_FOUND, violation


@pytest.fixture(scope="module")
def family(sm):
    """Seven secrets under one prefix: {name: CreateSecret's answer}."""
    prefix = word()
    return {
        f"{prefix}/{i}": sm.create_secret(Name=f"{prefix}/{i}", SecretString=f"v{i}")
        for i in range(7)
    }


def values(answer):
    return {v["Name"]: v["SecretString"] for v in answer["SecretValues"]}


def test_by_list_of_names_and_arns(sm, family):
    names = sorted(family)
    wanted = [names[0], family[names[1]]["ARN"], names[2]]
    answer = sm.batch_get_secret_value(SecretIdList=wanted)
    assert values(answer) == {names[0]: "v0", names[1]: "v1", names[2]: "v2"}
    assert answer.get("Errors", []) == []
    assert "NextToken" not in answer


def test_entries_have_the_members_of_get_secret_value(sm):
    made = sm.create_secret(Name=name(), SecretBinary=b"\x00\xff")
    entry, = sm.batch_get_secret_value(SecretIdList=[made["ARN"]])["SecretValues"]
    single = sm.get_secret_value(SecretId=made["ARN"])
    single.pop("ResponseMetadata")
    assert entry == single


def test_always_the_current_version(sm, secret):
    sm.put_secret_value(SecretId=secret["ARN"], SecretString="two")
    sm.put_secret_value(
        SecretId=secret["ARN"], SecretString="three", VersionStages=["AWSPENDING"]
    )
    entry, = sm.batch_get_secret_value(SecretIdList=[secret["Name"]])["SecretValues"]
    assert entry["SecretString"] == "two"


def test_errors_stand_beside_values(sm, secret):
    missing, bare, doomed = name(), name(), name()
    sm.create_secret(Name=bare)
    sm.create_secret(Name=doomed, SecretString="v")
    sm.delete_secret(SecretId=doomed)
    answer = sm.batch_get_secret_value(
        SecretIdList=[missing, secret["Name"], bare, doomed]
    )
    assert values(answer) == {secret["Name"]: "one"}
    errors = {e["SecretId"]: e for e in answer["Errors"]}
    assert {k: e["ErrorCode"] for k, e in errors.items()} == {
        missing: "ResourceNotFoundException",
        bare: "ResourceNotFoundException",
        doomed: "InvalidRequestException",
    }
    assert errors[missing]["Message"] == NOT_FOUND


def test_only_errors_is_still_an_answer(sm):
    answer = sm.batch_get_secret_value(SecretIdList=[name()])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["SecretValues"] == []
    assert len(answer["Errors"]) == 1


def test_by_filters(sm, family):
    prefix = min(family).partition("/")[0]
    only = [{"Key": "name", "Values": [prefix]}]
    assert values(sm.batch_get_secret_value(Filters=only)) == {
        key: f"v{key[-1]}" for key in family
    }
    some = [{"Key": "name", "Values": [f"{prefix}/1", f"{prefix}/5"]}]
    assert sorted(values(sm.batch_get_secret_value(Filters=some)).values()) == ["v1", "v5"]


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_pages(sm, family, size):
    only = [{"Key": "name", "Values": [min(family).partition("/")[0]]}]
    pages = all_pages(
        sm.batch_get_secret_value, "SecretValues", Filters=only, MaxResults=size
    )
    seen = [entry["Name"] for page in pages for entry in page]
    assert sorted(seen) == sorted(family)
    assert all(len(page) <= size for page in pages)


def test_filters_leave_out_scheduled_secrets(sm):
    prefix = word()
    for i in range(3):
        sm.create_secret(Name=f"{prefix}/{i}", SecretString="v")
    sm.delete_secret(SecretId=f"{prefix}/1")
    answer = sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": [prefix]}])
    assert sorted(values(answer)) == [f"{prefix}/0", f"{prefix}/2"]


def test_list_or_filters(sm, refused):
    only = [{"Key": "name", "Values": ["x"]}]
    with refused("InvalidParameterException", LIST_OR_FILTERS):
        sm.batch_get_secret_value(SecretIdList=["x"], Filters=only)
    with refused("InvalidParameterException", LIST_OR_FILTERS):
        sm.batch_get_secret_value()
    with refused("InvalidParameterException", MAX_RESULTS_NEEDS_FILTERS):
        sm.batch_get_secret_value(SecretIdList=["x"], MaxResults=5)


def test_bad_token(sm, refused):
    with refused("InvalidNextTokenException"):
        sm.batch_get_secret_value(
            Filters=[{"Key": "name", "Values": ["x"]}], NextToken="no such token"
        )


@pytest.mark.parametrize("wish, path, constraint", [
    ({"SecretIdList": []}, "secretIdList",
     "Member must have length greater than or equal to 1"),
    ({"SecretIdList": ["s"] * 21}, "secretIdList",
     "Member must have length less than or equal to 20"),
    ({"Filters": [{"Key": "name", "Values": ["x"]}], "MaxResults": 0}, "maxResults",
     "Member must have value greater than or equal to 1"),
    ({"Filters": [{"Key": "name", "Values": ["x"]}], "MaxResults": 21}, "maxResults",
     "Member must have value less than or equal to 20"),
    ({"Filters": [{"Key": "name", "Values": ["x"]}] * 11}, "filters",
     "Member must have length less than or equal to 10"),
    ({"Filters": [{"Key": "nope", "Values": ["x"]}]}, "filters.1.member.key",
     r"Member must satisfy enum value set: \[.*\]"),
])
def test_violations(loose, refused, wish, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.batch_get_secret_value(**wish)
