"""Staging labels and ListSecretVersionIds."""

import pytest

from harness import all_pages, name, token
from texts import CURRENT_STAYS, NOT_FOUND, no_value_for_version, remove_from_needed, violation


@pytest.fixture
def labels(sm):
    """The labels of each version that has any, as DescribeSecret tells."""
    def read(secret_id):
        stages = sm.describe_secret(SecretId=secret_id).get("VersionIdsToStages", {})
        return {version: set(held) for version, held in stages.items()}
    return read


def put(sm, secret_id, value, *stages):
    wish = {"VersionStages": list(stages)} if stages else {}
    return sm.put_secret_value(SecretId=secret_id, SecretString=value, **wish)["VersionId"]


def move(sm, secret_id, label, to=None, away_from=None):
    wish = {"MoveToVersionId": to, "RemoveFromVersionId": away_from}
    return sm.update_secret_version_stage(
        SecretId=secret_id, VersionStage=label, **{k: v for k, v in wish.items() if v}
    )


def test_current_pushes_previous_along(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two")
    assert labels(arn) == {one: {"AWSPREVIOUS"}, two: {"AWSCURRENT"}}
    three = put(sm, arn, "three")
    assert labels(arn) == {two: {"AWSPREVIOUS"}, three: {"AWSCURRENT"}}


def test_custom_labels_leave_current_alone(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two", "CANDIDATE", "BLUE")
    assert labels(arn) == {one: {"AWSCURRENT"}, two: {"CANDIDATE", "BLUE"}}
    three = put(sm, arn, "three", "CANDIDATE")
    assert labels(arn) == {
        one: {"AWSCURRENT"}, two: {"BLUE"}, three: {"CANDIDATE"},
    }


def test_current_with_company(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two", "AWSCURRENT", "BLUE")
    assert labels(arn) == {one: {"AWSPREVIOUS"}, two: {"AWSCURRENT", "BLUE"}}


def test_first_value_is_current_whatever_was_asked(sm, labels):
    for asked in ([], ["AWSPENDING"], ["BLUE", "GREEN"]):
        arn = sm.create_secret(Name=name())["ARN"]
        first = put(sm, arn, "v", *asked)
        assert labels(arn) == {first: {"AWSCURRENT", *asked}}


def test_recorded_rotation_sequence(sm, secret, labels):
    # [R] v1 CURRENT → Put v2 [AWSPENDING] → move CURRENT v1→v2 → Put v3.
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two", "AWSPENDING")
    assert labels(arn) == {one: {"AWSCURRENT"}, two: {"AWSPENDING"}}
    answer = move(sm, arn, "AWSCURRENT", to=two, away_from=one)
    assert set(answer) - {"ResponseMetadata"} == {"ARN", "Name"}
    assert labels(arn) == {one: {"AWSPREVIOUS"}, two: {"AWSCURRENT", "AWSPENDING"}}
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "two"
    three = put(sm, arn, "three")
    assert labels(arn) == {two: {"AWSPREVIOUS"}, three: {"AWSCURRENT"}}


def test_pending_moves_off_the_current_version(sm, secret, labels):
    # [R]
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two", "AWSPENDING")
    move(sm, arn, "AWSCURRENT", to=two, away_from=one)
    three = put(sm, arn, "three", "AWSPENDING")
    assert labels(arn) == {
        one: {"AWSPREVIOUS"}, two: {"AWSCURRENT"}, three: {"AWSPENDING"},
    }


@pytest.mark.parametrize("operation", ["put_secret_value", "update_secret"])
def test_a_new_value_abandons_the_pending_one(sm, secret, labels, operation):
    one, arn = secret["VersionId"], secret["ARN"]
    put(sm, arn, "pending", "AWSPENDING")
    new = getattr(sm, operation)(SecretId=arn, SecretString="new")["VersionId"]
    assert labels(arn) == {one: {"AWSPREVIOUS"}, new: {"AWSCURRENT"}}


def test_moving_current_back(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two")
    move(sm, arn, "AWSCURRENT", to=one, away_from=two)
    assert labels(arn) == {one: {"AWSCURRENT"}, two: {"AWSPREVIOUS"}}
    assert sm.get_secret_value(SecretId=arn)["SecretString"] == "one"


def test_moving_current_takes_previous_from_a_third_version(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two")
    three = put(sm, arn, "three", "BLUE")
    move(sm, arn, "AWSCURRENT", to=three, away_from=two)
    assert labels(arn) == {two: {"AWSPREVIOUS"}, three: {"AWSCURRENT", "BLUE"}}
    assert one not in labels(arn)


def test_current_onto_its_own_version_is_no_change(sm, secret, labels):
    # (inferred)
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two")
    move(sm, arn, "AWSCURRENT", to=two, away_from=two)
    assert labels(arn) == {one: {"AWSPREVIOUS"}, two: {"AWSCURRENT"}}


def test_free_label_is_attached_and_detached(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    move(sm, arn, "BLUE", to=one)
    assert labels(arn) == {one: {"AWSCURRENT", "BLUE"}}
    move(sm, arn, "BLUE", away_from=one)
    assert labels(arn) == {one: {"AWSCURRENT"}}


def test_label_revives_a_deprecated_version(sm, secret, labels):
    one, arn = secret["VersionId"], secret["ARN"]
    put(sm, arn, "two")
    put(sm, arn, "three")
    move(sm, arn, "KEEP", to=one)
    assert labels(arn)[one] == {"KEEP"}
    assert sm.get_secret_value(SecretId=arn, VersionStage="KEEP")["SecretString"] == "one"


@pytest.mark.parametrize("label", ["AWSCURRENT", "BLUE"])
def test_remove_from_is_required_to_move(sm, secret, labels, refused, label):
    one, arn = secret["VersionId"], secret["ARN"]
    if label != "AWSCURRENT":
        move(sm, arn, label, to=one)
    two = put(sm, arn, "two", "OTHER")
    before = labels(arn)
    with refused("InvalidParameterException", remove_from_needed(label, one)):
        move(sm, arn, label, to=two)
    assert labels(arn) == before


@pytest.mark.parametrize("label", ["AWSCURRENT", "BLUE"])
def test_remove_from_must_name_the_holder(sm, secret, labels, refused, label):
    one, arn = secret["VersionId"], secret["ARN"]
    if label != "AWSCURRENT":
        move(sm, arn, label, to=one)
    two = put(sm, arn, "two", "OTHER")
    before = labels(arn)
    with refused("InvalidParameterException"):
        move(sm, arn, label, to=two, away_from=two)
    with refused(("InvalidParameterException", "ResourceNotFoundException")):
        move(sm, arn, label, to=two, away_from=token())
    assert labels(arn) == before


def test_current_cannot_be_detached(sm, secret, labels, refused):
    with refused("InvalidParameterException", CURRENT_STAYS):  # [E]
        move(sm, secret["ARN"], "AWSCURRENT", away_from=secret["VersionId"])
    assert labels(secret["ARN"]) == {secret["VersionId"]: {"AWSCURRENT"}}


def test_unknown_version_to_move_to(sm, secret, refused):
    # (inferred)
    unknown = token()
    with refused("ResourceNotFoundException", no_value_for_version(unknown)):
        move(sm, secret["ARN"], "BLUE", to=unknown)


def test_neither_to_nor_from(sm, secret, refused):
    # (inferred)
    with refused("InvalidParameterException"):
        move(sm, secret["ARN"], "BLUE")


def test_unknown_secret(sm, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        move(sm, name(), "BLUE", to=token())


def test_previous_moves_like_any_label(sm, secret, labels):
    # (inferred)
    one, arn = secret["VersionId"], secret["ARN"]
    two = put(sm, arn, "two")
    three = put(sm, arn, "three", "BLUE")
    move(sm, arn, "AWSPREVIOUS", to=three, away_from=one)
    assert labels(arn) == {two: {"AWSCURRENT"}, three: {"BLUE", "AWSPREVIOUS"}}


def test_twenty_labels_over_all_versions(sm, secret, labels, refused):
    one, arn = secret["VersionId"], secret["ARN"]
    for i in range(19):
        move(sm, arn, f"L{i}", to=one)
    with refused("LimitExceededException"):
        move(sm, arn, "L19", to=one)
    with refused("LimitExceededException"):
        put(sm, arn, "two", "L19")
    assert sum(len(held) for held in labels(arn).values()) == 20
    # Moving one of the twenty is no new label.
    two = put(sm, arn, "two", "L0")
    assert labels(arn)[two] == {"L0"}


@pytest.mark.parametrize("wish, path, constraint", [
    ({"SecretId": "s"}, "versionStage", "Member must not be null"),
    ({"SecretId": "s", "VersionStage": ""}, "versionStage",
     "Member must have length greater than or equal to 1"),
    ({"SecretId": "s", "VersionStage": "L" * 257}, "versionStage",
     "Member must have length less than or equal to 256"),
    ({"SecretId": "s", "VersionStage": "L", "MoveToVersionId": "short"},
     "moveToVersionId", "Member must have length greater than or equal to 32"),
    ({"SecretId": "s", "VersionStage": "L", "RemoveFromVersionId": "x" * 65},
     "removeFromVersionId", "Member must have length less than or equal to 64"),
])
def test_violations(loose, refused, wish, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.update_secret_version_stage(**wish)


# -- ListSecretVersionIds -------------------------------------------------


def test_listing_of_versions(sm, secret):
    arn = secret["ARN"]
    two, three = put(sm, arn, "two"), put(sm, arn, "three")
    answer = sm.list_secret_version_ids(SecretId=secret["Name"])
    assert (answer["ARN"], answer["Name"]) == (arn, secret["Name"])
    assert "NextToken" not in answer
    listed = {v["VersionId"]: v for v in answer["Versions"]}
    assert set(listed) == {two, three}
    assert listed[two]["VersionStages"] == ["AWSPREVIOUS"]
    assert listed[three]["VersionStages"] == ["AWSCURRENT"]
    for entry in listed.values():
        assert entry["KmsKeyIds"] == ["DefaultEncryptionKey"]  # [R]
        assert "CreatedDate" in entry
        assert "LastAccessedDate" not in entry
    every = sm.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True)["Versions"]
    deprecated, = (v for v in every if v["VersionId"] == secret["VersionId"])
    assert "VersionStages" not in deprecated  # [R]
    assert len(every) == 3


def test_pages_of_versions(sm, secret):
    arn = secret["ARN"]
    made = {secret["VersionId"], *(put(sm, arn, f"v{i}") for i in range(9))}
    for size in (1, 3, 10, 100):
        pages = all_pages(
            sm.list_secret_version_ids, "Versions",
            SecretId=arn, IncludeDeprecated=True, MaxResults=size,
        )
        seen = [v["VersionId"] for page in pages for v in page]
        assert len(seen) == len(set(seen))
        assert set(seen) == made
        assert all(len(page) <= size for page in pages)
    pages = all_pages(
        sm.list_secret_version_ids, "Versions", SecretId=arn, MaxResults=1
    )
    assert len([v for page in pages for v in page]) == 2


def test_page_size_and_token_of_versions(loose, sm, secret, refused):
    for size, constraint in [
        (0, "Member must have value greater than or equal to 1"),
        (101, "Member must have value less than or equal to 100"),
    ]:
        with refused("ValidationException", violation("maxResults", constraint, str(size))):
            loose.list_secret_version_ids(SecretId=secret["ARN"], MaxResults=size)
    with refused("InvalidNextTokenException"):
        sm.list_secret_version_ids(SecretId=secret["ARN"], NextToken="no such token")


def test_number_of_versions_is_bounded(server, secret, labels, refused):
    # About 100 versions; younger than 24 hours, none of them is cleaned up,
    # so at some point beyond the hundred a write must be refused.
    client, arn = server.client(), secret["ARN"]
    for i in range(98):
        put(client, arn, f"v{i}")
    with refused("LimitExceededException"):
        for i in range(30):
            put(client, arn, f"more{i}")
    got = client.get_secret_value(SecretId=arn, VersionId=secret["VersionId"])
    assert got["SecretString"] == "one"
