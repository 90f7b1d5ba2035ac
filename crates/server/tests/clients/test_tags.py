"""TagResource and UntagResource."""

import pytest

from harness import name
from texts import NOT_FOUND, violation


def tags(pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def tags_of(client, secret_id):
    described = client.describe_secret(SecretId=secret_id)
    assert "Tags" in described
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def test_tag_overwrite_untag(sm, secret):
    arn = secret["ARN"]
    sm.tag_resource(SecretId=arn, Tags=tags({"a": "1", "b": "2"}))
    sm.tag_resource(SecretId=secret["Name"], Tags=tags({"b": "3", "c": ""}))
    assert tags_of(sm, arn) == {"a": "1", "b": "3", "c": ""}
    sm.untag_resource(SecretId=arn, TagKeys=["b", "never there"])
    assert tags_of(sm, arn) == {"a": "1", "c": ""}


def test_keys_are_case_sensitive(sm, secret):
    sm.tag_resource(SecretId=secret["ARN"], Tags=tags({"Key": "1", "key": "2"}))
    assert tags_of(sm, secret["ARN"]) == {"Key": "1", "key": "2"}


def test_tags_are_absent_before_and_empty_after(sm, secret):
    # [R]
    arn = secret["ARN"]
    assert "Tags" not in sm.describe_secret(SecretId=arn)
    sm.tag_resource(SecretId=arn, Tags=tags({"k": "v"}))
    sm.untag_resource(SecretId=arn, TagKeys=["k"])
    assert sm.describe_secret(SecretId=arn)["Tags"] == []


def test_output_is_empty(server, secret):
    for operation, extra in [
        ("TagResource", {"Tags": tags({"k": "v"})}), ("UntagResource", {"TagKeys": ["k"]}),
    ]:
        reply = server.call(operation, {"SecretId": secret["ARN"], **extra})
        assert reply.status == 200
        assert reply.body in (b"", b"{}")


def test_fifty_tags_at_most(sm, secret, refused):
    arn = secret["ARN"]
    sm.tag_resource(SecretId=arn, Tags=tags({f"k{i}": "v" for i in range(50)}))
    # (inferred) which of the two codes.
    with refused(("InvalidParameterException", "LimitExceededException")):
        sm.tag_resource(SecretId=arn, Tags=tags({"k50": "v"}))
    assert len(tags_of(sm, arn)) == 50
    # Overwriting adds none.
    sm.tag_resource(SecretId=arn, Tags=tags({"k49": "w"}))
    assert tags_of(sm, arn)["k49"] == "w"
    with refused(("InvalidParameterException", "LimitExceededException")):
        sm.create_secret(Name=name(), Tags=tags({f"k{i}": "v" for i in range(51)}))


@pytest.mark.parametrize("key", ["aws:mine", "AWS:mine", "Aws:secretsmanager:x"])
def test_reserved_keys(sm, secret, refused, key):
    with refused("InvalidParameterException"):
        sm.tag_resource(SecretId=secret["ARN"], Tags=tags({key: "v"}))
    with refused("InvalidParameterException"):
        sm.create_secret(Name=name(), Tags=tags({key: "v"}))
    assert "Tags" not in sm.describe_secret(SecretId=secret["ARN"])


def test_key_twice_in_one_request(sm, secret, refused):
    # (inferred)
    twice = tags({"k": "1"}) + tags({"k": "2"})
    with refused("InvalidParameterException"):
        sm.tag_resource(SecretId=secret["ARN"], Tags=twice)
    with refused("InvalidParameterException"):
        sm.create_secret(Name=name(), Tags=twice)


def test_longest_key_and_value(sm, secret):
    sm.tag_resource(SecretId=secret["ARN"], Tags=tags({"k" * 128: "v" * 256}))
    assert tags_of(sm, secret["ARN"]) == {"k" * 128: "v" * 256}


@pytest.mark.parametrize("pairs, path, constraint", [
    ({"k" * 129: "v"}, "tags.1.member.key",
     "Member must have length less than or equal to 128"),
    ({"": "v"}, "tags.1.member.key",
     "Member must have length greater than or equal to 1"),
    ({"k": "v" * 257}, "tags.1.member.value",
     "Member must have length less than or equal to 256"),
    ({"a": "b", "k": "v" * 257}, "tags.2.member.value",
     "Member must have length less than or equal to 256"),
])
def test_key_and_value_lengths(loose, secret, refused, pairs, path, constraint):
    with refused("ValidationException", violation(path, constraint)):
        loose.tag_resource(SecretId=secret["ARN"], Tags=tags(pairs))


def test_missing_members(loose, secret, refused):
    with refused("ValidationException", violation("tags", "Member must not be null")):
        loose.tag_resource(SecretId=secret["ARN"])
    with refused("ValidationException", violation("tagKeys", "Member must not be null")):
        loose.untag_resource(SecretId=secret["ARN"])


def test_unknown_secret(sm, refused):
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.tag_resource(SecretId=name(), Tags=tags({"k": "v"}))
    with refused("ResourceNotFoundException", NOT_FOUND):
        sm.untag_resource(SecretId=name(), TagKeys=["k"])
