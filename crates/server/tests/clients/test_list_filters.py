"""ListSecrets: every filter key, negation, tokenised search, order."""

import re
import time

import pytest

from harness import name, word
from texts import violation


def found(client, *filters, **extra):
    """The names that a listing with these (key, *values) filters returns, in order."""
    wish = [{"Key": key, "Values": list(values)} for key, *values in filters]
    answer = client.list_secrets(Filters=wish, MaxResults=100, **extra)
    assert "NextToken" not in answer
    return [entry["Name"] for entry in answer["SecretList"]]


@pytest.fixture(scope="module")
def family(sm):
    """Makes secrets `<prefix>/<key>` from {key: CreateSecret's other members};
    returns the prefix."""
    def make(members):
        prefix = word()
        for key, extra in members.items():
            sm.create_secret(Name=f"{prefix}/{key}", SecretString="v", **extra)
        return prefix
    return make


def described(text):
    return {"Description": text}


def tagged(**pairs):
    return {"Tags": [{"Key": k, "Value": v} for k, v in pairs.items()]}


# -- keys -----------------------------------------------------------------


def test_name_is_a_case_sensitive_prefix(sm, family):
    prefix = family({"alpha": {}, "alphabet": {}, "Alpha": {}, "beta": {}})
    assert set(found(sm, ("name", f"{prefix}/alpha"))) == {
        f"{prefix}/alpha", f"{prefix}/alphabet",
    }
    assert found(sm, ("name", f"{prefix}/ALPHA")) == []
    assert found(sm, ("name", prefix[1:])) == []


@pytest.mark.parametrize("key", ["tag-key", "tag-value"])
def test_tags_are_case_sensitive_prefixes(sm, family, key):
    text = word()
    pair = (lambda t: tagged(**{t: "x"})) if key == "tag-key" else (lambda t: tagged(k=t))
    prefix = family({
        "a": pair(text), "b": pair(text + "more"), "c": pair("more" + text), "d": {},
    })
    assert set(found(sm, (key, text))) == {f"{prefix}/a", f"{prefix}/b"}
    assert found(sm, (key, text.upper())) == []


def test_one_matching_tag_of_many_is_enough(sm, family):
    text = word()
    prefix = family({"a": tagged(one="1", two=text, three="3"), "b": tagged(one="1")})
    assert found(sm, ("tag-value", text)) == [f"{prefix}/a"]


def test_owning_service_and_primary_region_of_plain_secrets(sm, family):
    # Neither member exists on an unmanaged, unreplicated secret.
    prefix = family({"a": {}})
    assert found(sm, ("name", prefix), ("owning-service", "rds")) == []
    assert found(sm, ("name", prefix), ("primary-region", "us-")) == []


def test_all_looks_at_name_description_and_tags(sm, family):
    text = word()
    prefix = family({
        f"x/{text}": {}, "b": described(f"some {text} here"),
        "c": tagged(**{text: "x"}), "d": tagged(k=text), "e": {},
    })
    assert set(found(sm, ("all", text))) == {
        f"{prefix}/x/{text}", f"{prefix}/b", f"{prefix}/c", f"{prefix}/d",
    }
    assert len(found(sm, ("all", text.upper()))) == 4


def test_all_wants_its_words_within_one_attribute(sm, family):
    # (inferred)
    one, two = word(), word()
    prefix = family({
        "together": described(f"{one} and {two}"),
        "apart": {**described(one), **tagged(k=two)},
    })
    assert found(sm, ("all", f"{one} {two}")) == [f"{prefix}/together"]


# -- tokenised search -----------------------------------------------------


@pytest.mark.parametrize("text, question, matches", [
    # [R] every word must be a prefix of some word.
    ("an secret", "a secret", True),
    ("a secret", "a secret", True),
    ("asecret", "a secret", False),
    ("asecret", "a", True),
    ("DescTwo", "d t", True),
    # Documented splitting: spaces, punctuation, case, digits.
    ("credsDatabase#892", "creds", True),
    ("credsDatabase#892", "database", True),
    ("credsDatabase#892", "892", True),
    ("credsDatabase#892", "89", True),
    ("credsDatabase#892", "abase", False),
    ("credsDatabase#892", "92", False),
    ("one-two-three-four", "two", True),
    ("one-two-three-four", "three", True),
    ("one-two-three-four", "four one", True),
    ("one-two-three-four", "wo", False),
    # Case is ignored.
    ("Production Database", "PRODUCTION", True),
    ("PRODUCTION", "prod", True),
    # [R] capitals followed by lower case split before the last capital.
    ("COMPANYthings", "compan", True),
    ("COMPANYthings", "ythings", True),
    ("COMPANYthings", "things", False),
    # [R] punctuation alone matches nothing.
    ("a-b/c", "-", False),
    ("a-b/c", "/", False),
    ("a.b", ".", False),
])
def test_words_of_a_description(sm, family, text, question, matches):
    prefix = family({"s": described(text)})
    hits = found(sm, ("name", prefix), ("description", question))
    assert hits == ([f"{prefix}/s"] if matches else [])


def test_recorded_quirk_of_mixed_separators_in_a_name(sm):
    # [R] a name with different separators is not found by its inner words.
    plain, mixed = word(), word()
    sm.create_secret(Name=f"prod/{plain}/x")
    sm.create_secret(Name=f"prod-{mixed}/x")
    assert found(sm, ("all", plain)) == [f"prod/{plain}/x"]
    assert found(sm, ("all", mixed)) == []


# -- and, or, not ---------------------------------------------------------


def test_values_are_or_filters_are_and(sm, family):
    prefix = family({
        "a": tagged(env="prod", team="red"), "b": tagged(env="test", team="red"),
        "c": tagged(env="prod", team="blue"), "d": tagged(env="dev"),
    })
    here = ("name", prefix)

    def keys(*filters):
        return "".join(sorted(n[-1] for n in found(sm, here, *filters)))

    assert keys(("tag-value", "prod")) == "ac"
    assert keys(("tag-value", "prod", "test")) == "abc"
    assert keys(("tag-value", "prod"), ("tag-value", "red")) == "a"  # [R] same key twice
    assert keys(("tag-value", "prod", "dev"), ("tag-key", "team")) == "ac"
    assert keys(("tag-value", "prod"), ("tag-value", "dev")) == ""


def test_negation_of_names(sm, family):
    prefix = family({"keep": {}, "drop": {}, "dropped": {}})
    assert found(sm, ("name", prefix), ("name", f"!{prefix}/drop")) == [f"{prefix}/keep"]


def test_negation_of_names_with_leading_slash(sm):
    # [R] `name: !/` returns names that do not start with a slash.
    tag = word()
    slash, plain = f"/{word()}", word()
    for secret in (slash, plain):
        sm.create_secret(Name=secret, Tags=[{"Key": tag, "Value": ""}])
    assert found(sm, ("tag-key", tag), ("name", "!/")) == [plain]
    assert found(sm, ("tag-key", tag), ("name", "/")) == [slash]


def test_negation_of_descriptions(sm, family):
    # [R] drops each secret whose description has a word that starts so.
    prefix = family({
        "a": described("apple tree"), "b": described("the avocado"),
        "c": described("banana"),
    })
    here = ("name", prefix)
    assert found(sm, here, ("description", "!a")) == [f"{prefix}/c"]
    # [R] a negation that matches nothing returns everything.
    assert len(found(sm, here, ("description", "!c"))) == 3


def test_negation_of_tags(sm, family):
    prefix = family({"a": tagged(env="prod"), "b": tagged(env="test"), "c": {}})
    here = ("name", prefix)
    assert set(found(sm, here, ("tag-value", "!prod"))) == {f"{prefix}/b", f"{prefix}/c"}
    assert found(sm, here, ("tag-key", "!env")) == [f"{prefix}/c"]


def test_positive_and_negative_values_together_are_or(sm, family):
    # (inferred)
    prefix = family({"a": tagged(e="prod"), "b": tagged(e="test"), "c": tagged(e="dev")})
    hits = found(sm, ("name", prefix), ("tag-value", "!prod", "!test"))
    assert len(hits) == 3
    hits = found(sm, ("name", prefix), ("tag-value", "prod", "!test"))
    assert set(hits) == {f"{prefix}/a", f"{prefix}/c"}


# -- order, deletion, members ---------------------------------------------


@pytest.fixture(scope="module")
def ordered(sm):
    """b, c, a in order of creation; changed in the order c, a, b."""
    prefix = word()
    for key in "bca":
        sm.create_secret(Name=f"{prefix}/{key}", SecretString="v")
        time.sleep(0.01)
    for key in "cab":
        sm.update_secret(SecretId=f"{prefix}/{key}", Description="changed")
        time.sleep(0.01)
    return prefix


@pytest.mark.parametrize("by, ascending", [
    ("name", "abc"), ("created-date", "bca"), ("last-changed-date", "cab"),
])
def test_order(sm, ordered, by, ascending):
    for direction, wanted in (("asc", ascending), ("desc", ascending[::-1])):
        hits = found(sm, ("name", ordered), SortBy=by, SortOrder=direction)
        assert "".join(n[-1] for n in hits) == wanted


def test_order_by_access_keeps_secrets_never_read(sm, ordered):
    for direction in ("asc", "desc"):
        hits = found(
            sm, ("name", ordered), SortBy="last-accessed-date", SortOrder=direction
        )
        assert len(hits) == 3


def test_default_order_is_by_creation(sm, ordered):
    # (inferred) newest first.
    assert "".join(n[-1] for n in found(sm, ("name", ordered))) == "acb"


def test_scheduled_secrets_only_on_request(sm, family):
    prefix = family({"live": {}, "doomed": {}})
    sm.delete_secret(SecretId=f"{prefix}/doomed")
    assert found(sm, ("name", prefix)) == [f"{prefix}/live"]
    assert found(sm, ("name", prefix), IncludePlannedDeletion=False) == [f"{prefix}/live"]
    both = found(sm, ("name", prefix), IncludePlannedDeletion=True)
    assert set(both) == {f"{prefix}/live", f"{prefix}/doomed"}


def test_listing_is_current_at_once(sm):
    # AWS may lag by minutes; a stronger promise is compatible and ours.
    secret = name()
    made = sm.create_secret(Name=secret, SecretString="v")
    assert found(sm, ("name", secret)) == [secret]
    sm.update_secret(SecretId=secret, Description=(text := word()))
    assert found(sm, ("description", text)) == [secret]
    sm.tag_resource(SecretId=secret, Tags=[{"Key": text, "Value": "v"}])
    assert found(sm, ("tag-key", text)) == [secret]
    sm.untag_resource(SecretId=secret, TagKeys=[text])
    assert found(sm, ("tag-key", text)) == []
    sm.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)
    assert found(sm, ("name", secret), IncludePlannedDeletion=True) == []


def test_members_of_an_entry(sm):
    secret = name()
    made = sm.create_secret(
        Name=secret, SecretString="v", Description="d", Tags=[{"Key": "k", "Value": "v"}]
    )
    bare = sm.create_secret(Name=f"{secret}/bare")
    listed = {
        entry["ARN"]: entry
        for entry in sm.list_secrets(
            Filters=[{"Key": "name", "Values": [secret]}]
        )["SecretList"]
    }
    assert set(listed[bare["ARN"]]) == {"ARN", "Name", "CreatedDate", "LastChangedDate"}
    entry = listed[made["ARN"]]
    # ListSecrets has its own word for DescribeSecret's VersionIdsToStages.
    assert set(entry) == {
        "ARN", "Name", "Description", "Tags", "CreatedDate", "LastChangedDate",
        "SecretVersionsToStages",
    }
    assert entry["SecretVersionsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    one = sm.describe_secret(SecretId=secret)
    for member in set(entry) - {"SecretVersionsToStages"}:
        assert entry[member] == one[member], member


# -- bad input ------------------------------------------------------------

KEYS = ["description", "name", "tag-key", "tag-value", "primary-region",
        "owning-service", "all"]


def test_unknown_key(loose, refused):
    with refused("ValidationException", violation(
        "filters.1.member.key", r"Member must satisfy enum value set: \[.*\]", "bogus"
    )) as caught:
        loose.list_secrets(Filters=[{"Key": "bogus", "Values": ["x"]}])
    text = caught.value.response["Error"]["Message"]
    named = re.search(r"enum value set: \[(.*)\]", text).group(1).split(", ")
    assert sorted(named) == sorted(KEYS)


def test_unknown_key_in_the_second_filter(loose, refused):
    good = {"Key": "name", "Values": ["x"]}
    with refused("ValidationException", violation(
        "filters.2.member.key", r"Member must satisfy enum value set: \[.*\]", "Name"
    )):
        loose.list_secrets(Filters=[good, {"Key": "Name", "Values": ["x"]}])


def test_filter_without_key_or_values(loose, refused):
    with refused("InvalidParameterException", "Invalid filter key"):  # [E]
        loose.list_secrets(Filters=[{"Values": ["x"]}])
    with refused("InvalidParameterException", "Invalid filter values for key: name"):  # [E]
        loose.list_secrets(Filters=[{"Key": "name"}])


@pytest.mark.parametrize("value", ["a#b", "a*b", "a,b", "ü", "x" * 513])
def test_characters_and_length_of_a_filter_value(loose, refused, value):
    with refused("ValidationException") as caught:
        loose.list_secrets(Filters=[{"Key": "name", "Values": [value]}])
    assert "filters.1.member.values" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("wish, path, constraint", [
    ({"Filters": [{"Key": "name", "Values": ["x"]}] * 11}, "filters",
     "Member must have length less than or equal to 10"),
    ({"Filters": [{"Key": "name", "Values": ["x"] * 11}]}, "filters.1.member.values",
     "Member must have length less than or equal to 10"),
    ({"SortOrder": "up"}, "sortOrder",
     r"Member must satisfy enum value set: \[(asc, desc|desc, asc)\]"),
    ({"SortBy": "size"}, "sortBy", r"Member must satisfy enum value set: \[.*\]"),
])
def test_violations(loose, refused, wish, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.list_secrets(**wish)


def test_two_violations_in_one_message(loose, refused):
    with refused("ValidationException") as caught:
        loose.list_secrets(SortOrder="up", MaxResults=101)
    text = caught.value.response["Error"]["Message"]
    assert text.startswith("2 validation errors detected: ")
    assert "Value 'up' at 'sortOrder' failed to satisfy constraint: " in text
    assert (
        "Value '101' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100"
    ) in text
    assert text.count("; ") == 1
