"""Service control policies that guard the tags which decide who gets in: asked for when a
secret is made, kept from being changed or removed, and left to an administrators' role."""

import json

import pytest

from accounts import SCP, organization
from harness import name, word
from sts import allow, deny, session_of, words

DENIED = "AccessDeniedException"
SCP_DENIES = "with an explicit deny in a service control policy"
TAG_ADMIN = "arn:aws:iam::*:role/org-admins/tag-admin"


def tags(**values):
    return [{"Key": key.replace("_", "-"), "Value": value} for key, value in values.items()]


# As in "Example SCPs for tagging resources" of the Organizations User Guide.
ASKS_FOR_TAGS = [
    deny("secretsmanager:CreateSecret", Sid=f"DenyCreateSecretWithNo{key}",
         Condition={"Null": {f"aws:RequestTag/{tag}": "true"}})
    for key, tag in (("Project", "access-project"), ("CostCenter", "cost-center"))
]
CHANGES = ["secretsmanager:TagResource", "secretsmanager:UntagResource"]
GUARDS_TAGS = [
    deny(CHANGES, Sid="DenyModifyTagsIfResAuthzTagAndPrinTagDontMatch", Condition={
        "StringNotEquals": {
            "secretsmanager:ResourceTag/access-project": "${aws:PrincipalTag/access-project}"},
        "ArnNotLike": {"aws:PrincipalArn": TAG_ADMIN},
        "Null": {"secretsmanager:ResourceTag/access-project": "false"}}),
    deny([*CHANGES, "secretsmanager:CreateSecret"],
         Sid="DenyModifyResAuthzTagIfPrinTagDontMatch", Condition={
        "StringNotEquals": {
            "aws:RequestTag/access-project": "${aws:PrincipalTag/access-project}"},
        "ArnNotLike": {"aws:PrincipalArn": TAG_ADMIN},
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["access-project"]}}),
    deny(CHANGES, Sid="DenyModifyTagsIfPrinTagNotExists", Condition={
        "ArnNotLike": {"aws:PrincipalArn": TAG_ADMIN},
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["access-project"]},
        "Null": {"aws:PrincipalTag/access-project": "true"}}),
]


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organization(tmp_path_factory.mktemp("guarded")) as own:
        yield own


@pytest.fixture(scope="module")
def member(org):
    return org.member()


@pytest.fixture(scope="module")
def people(member):
    return member.principals()


@pytest.fixture(scope="module")
def act(org, people):
    """Makes a role of the member account that may do everything with secrets, and a
    session of it: (role, credentials)."""
    def made(name=None, **more):
        role = people.role(allow("secretsmanager:*"), name=name, **more)
        return role, people.assume(role)
    return made


def test_secrets_are_tagged_when_they_are_made(org, member, act, refused):
    role, credentials = act()
    client = session_of(org.server, credentials)
    secret = name()
    with org.under(SCP, org.root, *ASKS_FOR_TAGS):
        for given in ([], tags(access_project="peg"), tags(cost_center="7")):
            with refused(DENIED, words(role, "secretsmanager:CreateSecret", secret, SCP_DENIES)):
                client.create_secret(Name=secret, SecretString="x", Tags=given)
        both = tags(access_project="peg", cost_center="7")
        client.create_secret(Name=secret, SecretString="x", Tags=both)
        # Key names of conditions are not told apart by case, so neither are these.
        client.create_secret(
            Name=name(), SecretString="x", Tags=tags(Access_Project="peg", COST_CENTER="7"))
        # An empty value is a value.
        client.create_secret(
            Name=name(), SecretString="x", Tags=tags(access_project="", cost_center="7"))
        # No policy of the organization touches its management account.
        org.server.client().create_secret(Name=name(), SecretString="x")
        # Who may do everything in the member account is not let through.
        with refused(DENIED):
            member.client("secretsmanager").create_secret(Name=name(), SecretString="x")
    client.create_secret(Name=name(), SecretString="x")


def test_the_same_through_the_cli(org, act):
    role, credentials = act(Tags=tags(access_project="peg"))
    env = {"AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
           "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
           "AWS_SESSION_TOKEN": credentials["SessionToken"]}

    def aws(*args):
        return org.server.aws("secretsmanager", *args, env=env)

    secret = name()
    make = ("create-secret", "--name", secret, "--secret-string", "x")
    with org.under(SCP, org.root, *ASKS_FOR_TAGS, *GUARDS_TAGS):
        refusal = aws(*make, "--tags", "Key=cost-center,Value=7")
        assert refusal.returncode != 0
        assert (
            "An error occurred (AccessDeniedException) when calling the CreateSecret operation: "
            + words(role, "secretsmanager:CreateSecret", secret, SCP_DENIES)
        ) in refusal.stderr
        made = aws(*make, "--tags", "Key=cost-center,Value=7", "Key=access-project,Value=peg")
        assert made.returncode == 0, made.stderr
        arn = json.loads(made.stdout)["ARN"]
        refusal = aws("untag-resource", "--secret-id", arn, "--tag-keys", "access-project")
        assert refusal.returncode != 0
        assert (
            "An error occurred (AccessDeniedException) when calling the UntagResource operation: "
            + words(role, "secretsmanager:UntagResource", arn, SCP_DENIES)
        ) in refusal.stderr
        harmless = aws("untag-resource", "--secret-id", arn, "--tag-keys", "cost-center")
        assert harmless.returncode == 0, harmless.stderr


def test_tags_that_decide_are_left_to_whom_they_name(org, act, refused):
    """Who has the tag may tag their own; whose tag differs, or who has none, may not, and
    other tags of such a secret are guarded with it."""
    peg_role, peg = act(Tags=tags(access_project="peg"))
    uni_role, uni = act(Tags=tags(access_project="uni"))
    none_role, none = act()
    peg, uni, none = (session_of(org.server, it) for it in (peg, uni, none))
    tag, untag = CHANGES
    with org.under(SCP, org.root, *GUARDS_TAGS):
        secret = peg.create_secret(
            Name=name(), SecretString="x", Tags=tags(access_project="peg"))["ARN"]
        with refused(DENIED):
            uni.create_secret(Name=name(), SecretString="x", Tags=tags(access_project="peg"))
        peg.tag_resource(SecretId=secret, Tags=tags(access_project="peg", stage="dev"))
        for client, role in ((uni, uni_role), (none, none_role)):
            # The tag itself, another one of the same secret, and taking them away.
            for change in (tags(access_project="uni"), tags(stage="prod")):
                with refused(DENIED, words(role, tag, secret, SCP_DENIES)):
                    client.tag_resource(SecretId=secret, Tags=change)
            for key in ("access-project", "stage"):
                with refused(DENIED, words(role, untag, secret, SCP_DENIES)):
                    client.untag_resource(SecretId=secret, TagKeys=[key])
        # Its own people cannot hand it over or set it free: the request has no such tag
        # that equals theirs.
        with refused(DENIED, words(peg_role, tag, secret, SCP_DENIES)):
            peg.tag_resource(SecretId=secret, Tags=tags(access_project="uni"))
        with refused(DENIED, words(peg_role, untag, secret, SCP_DENIES)):
            peg.untag_resource(SecretId=secret, TagKeys=["access-project"])
        peg.untag_resource(SecretId=secret, TagKeys=["stage"])
        # A secret without the tag is nobody's yet; who has no tag cannot give it one.
        free = none.create_secret(Name=name(), SecretString="x")["ARN"]
        none.tag_resource(SecretId=free, Tags=tags(stage="dev"))
        with refused(DENIED, words(none_role, tag, free, SCP_DENIES)):
            none.tag_resource(SecretId=free, Tags=tags(access_project="peg"))
        peg.tag_resource(SecretId=free, Tags=tags(access_project="peg"))
        assert peg.describe_secret(SecretId=secret)["Tags"] == tags(access_project="peg")


def test_the_administrators_role_is_exempt(org, member, act, refused):
    _, peg = act(Tags=tags(access_project="peg"))
    _, admin = act("tag-admin", Path="/org-admins/")
    # The same name without the path is another role.
    fake_role, fake = act(f"tag-admin-{word()}")
    peg, admin, fake = (session_of(org.server, it) for it in (peg, admin, fake))
    with org.under(SCP, member.id, *GUARDS_TAGS):
        secret = peg.create_secret(
            Name=name(), SecretString="x", Tags=tags(access_project="peg"))["ARN"]
        with refused(DENIED, words(fake_role, CHANGES[0], secret, SCP_DENIES)):
            fake.tag_resource(SecretId=secret, Tags=tags(access_project="uni"))
        admin.tag_resource(SecretId=secret, Tags=tags(access_project="uni"))
        admin.untag_resource(SecretId=secret, TagKeys=["access-project"])
        assert admin.describe_secret(SecretId=secret)["Tags"] == []


def test_policies_reach_the_accounts_below(org, refused):
    """A policy of a unit holds for what is in it, and for what is moved there at once."""
    account = org.member()
    unit = org.api.create_organizational_unit(ParentId=org.root, Name=word())
    unit = unit["OrganizationalUnit"]["Id"]
    client = account.client("secretsmanager")
    with org.under(SCP, unit, *ASKS_FOR_TAGS):
        client.create_secret(Name=name(), SecretString="x")
        org.api.move_account(
            AccountId=account.id, SourceParentId=org.root, DestinationParentId=unit)
        with refused(DENIED):
            client.create_secret(Name=name(), SecretString="x")
        org.api.move_account(
            AccountId=account.id, SourceParentId=unit, DestinationParentId=org.root)
        client.create_secret(Name=name(), SecretString="x")
