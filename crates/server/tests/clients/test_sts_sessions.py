"""STS: who is asked, what comes back, and what the credentials are good for."""

import base64
import datetime
import json

import pytest

import harness
from sts import Principals, allow, deny, policy, session_of, trust

DENIED = "AccessDenied"


@pytest.fixture(scope="module")
def principals(server):
    return Principals(server)


def test_get_caller_identity_of_a_user(server, principals):
    answer = principals.sts.get_caller_identity()
    assert answer["Arn"] == f"arn:aws:iam::{principals.account}:user/admin"
    assert answer["UserId"].startswith("AIDA")


def test_get_caller_identity_by_the_cli_and_presigned(server, principals):
    ran = server.aws("sts", "get-caller-identity")
    assert json.loads(ran.stdout)["Account"] == principals.account, ran.stderr
    url = principals.sts.generate_presigned_url(
        "get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    path = url.removeprefix(server.endpoint)
    reply = server.send("GET", path, {})
    assert reply.status == 200
    assert b"<GetCallerIdentityResult>" in reply.body
    assert reply.headers["content-type"] == "text/xml"


def test_get_caller_identity_is_never_denied(server, principals):
    role = principals.role(deny("sts:*"))
    sts = session_of(server, principals.assume(role), "sts")
    identity = sts.get_caller_identity()
    name = role.rsplit("/", 1)[1]
    assert identity["Arn"] == f"arn:aws:sts::{principals.account}:assumed-role/{name}/session"
    assert identity["UserId"].endswith(":session")
    assert identity["UserId"].startswith("AROA")


def test_a_role_s_session_may_do_what_its_role_may(server, principals, sm, refused):
    readable = sm.create_secret(Name=harness.name("may"), SecretString="one")["ARN"]
    other = sm.create_secret(Name=harness.name("not"), SecretString="two")["ARN"]
    role = principals.role(allow("secretsmanager:GetSecretValue", readable))
    credentials = principals.assume(role)
    assert credentials["AccessKeyId"].startswith("ASIA")
    client = session_of(server, credentials)
    assert client.get_secret_value(SecretId=readable)["SecretString"] == "one"
    name = role.rsplit("/", 1)[1]
    with refused(
        "AccessDeniedException",
        f"User: arn:aws:sts::{principals.account}:assumed-role/{name}/session is not authorized "
        f"to perform: secretsmanager:GetSecretValue on resource: {other} because no "
        "identity-based policy allows the secretsmanager:GetSecretValue action",
    ):
        client.get_secret_value(SecretId=other)


def test_the_answer_of_assume_role(server, principals):
    role = principals.role(Path="/team/", MaxSessionDuration=7200)
    answer = principals.sts.assume_role(
        RoleArn=role, RoleSessionName="pod-1", DurationSeconds=7200
    )
    name = role.rsplit("/", 1)[1]
    user = answer["AssumedRoleUser"]
    assert user["Arn"] == f"arn:aws:sts::{principals.account}:assumed-role/{name}/pod-1"
    assert user["AssumedRoleId"].endswith(":pod-1")
    assert "PackedPolicySize" not in answer
    left = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert abs(left.total_seconds() - 7200) < 30
    assert len(answer["Credentials"]["SecretAccessKey"]) == 40


def test_session_policies_only_narrow(server, principals, sm, refused):
    one = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]
    two = sm.create_secret(Name=harness.name(), SecretString="two")["ARN"]
    role = principals.role(allow("secretsmanager:*", one))
    inline = policy(allow("secretsmanager:GetSecretValue"))
    answer = principals.sts.assume_role(RoleArn=role, RoleSessionName="narrow", Policy=inline)
    assert 0 < answer["PackedPolicySize"] <= 100
    client = session_of(server, answer["Credentials"])
    assert client.get_secret_value(SecretId=one)["SecretString"] == "one"
    with refused("AccessDeniedException"):
        client.get_secret_value(SecretId=two)
    with refused("AccessDeniedException") as caught:
        client.describe_secret(SecretId=one)
    message = caught.value.response["Error"]["Message"]
    assert message.endswith(
        "because no session policy allows the secretsmanager:DescribeSecret action"
    )
    managed = principals.assume(
        role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}]
    )
    with refused("AccessDeniedException"):
        session_of(server, managed).get_secret_value(SecretId=one)


def test_permissions_boundary_limits(server, principals, sm, refused):
    arn = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]
    boundary = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    role = principals.role(allow("*"), PermissionsBoundary=boundary)
    client = session_of(server, principals.assume(role))
    with refused("AccessDeniedException") as caught:
        client.get_secret_value(SecretId=arn)
    assert caught.value.response["Error"]["Message"].endswith(
        "because no permissions boundary allows the secretsmanager:GetSecretValue action"
    )


@pytest.mark.parametrize(
    "arguments, code, status, text",
    [
        ({"RoleArn": "arn:aws:s3:::not-a-role-at-all"}, "ValidationError", 400,
         "arn:aws:s3:::not-a-role-at-all is invalid"),
        ({"RoleSessionName": "a b"}, "ValidationError", 400,
         "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy "
         "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"),
        ({"TransitiveTagKeys": ["x"]}, "InvalidParameterValue", 400,
         "The specified transitive tag key must be included in the requested tags."),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]},
         "InvalidParameterValue", 400,
         "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
        ({"Policy": "nonsense"}, "MalformedPolicyDocument", 400, None),
        ({"DurationSeconds": 7200}, "ValidationError", 400,
         "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ({"Tags": [{"Key": f"k{n:03}" + "x" * 100, "Value": "y" * 250} for n in range(50)]},
         "PackedPolicyTooLarge", 400, None),
        ({"SerialNumber": "arn:aws:iam::111122223333:mfa/me", "TokenCode": "123456"}, DENIED,
         403, None),
    ],
)
def test_refusals_of_assume_role(server, principals, refused, arguments, code, status, text):
    role = principals.role()
    sts = server.client(service="sts", validate=False)
    with refused(code, text, status):
        sts.assume_role(**{"RoleArn": role, "RoleSessionName": "session", **arguments})


def test_a_role_that_is_not_there_and_one_that_does_not_trust(server, principals, refused):
    role = principals.role(trusts=[trust({"AWS": principals.role()})])
    missing = f"arn:aws:iam::{principals.account}:role/{harness.word()}"
    for arn in (role, missing):
        with refused(
            DENIED,
            f"User: arn:aws:iam::{principals.account}:user/admin is not authorized to perform: "
            f"sts:AssumeRole on resource: {arn} because no role trust policy allows the "
            "sts:AssumeRole action",
            403,
        ):
            principals.assume(arn)
    abroad = f"arn:aws:iam::999988887777:role/{harness.word()}"
    with refused(
        DENIED,
        f"User: arn:aws:iam::{principals.account}:user/admin is not authorized to perform: "
        f"sts:AssumeRole on resource: {abroad}",
        403,
    ):
        principals.assume(abroad)


def test_external_ids(server, principals, refused):
    role = principals.role(trusts=[
        trust({"AWS": f"arn:aws:iam::{principals.account}:root"},
              Condition={"StringEquals": {"sts:ExternalId": "agreed"}})
    ])
    principals.assume(role, ExternalId="agreed")
    for more in ({}, {"ExternalId": "other"}):
        with refused(DENIED, status=403):
            principals.assume(role, **more)
    principals.assume(principals.role(), ExternalId="not-asked-for")


def test_chaining_ends_after_an_hour(server, principals, refused):
    second = principals.role(MaxSessionDuration=43200)
    first = principals.role(allow(["sts:AssumeRole", "sts:TagSession"], second))
    sts = session_of(server, principals.assume(first), "sts")
    answer = principals.assume(second, sts=sts)
    assert session_of(server, answer, "sts").get_caller_identity()["Arn"].endswith("/session")
    with refused(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
        "role chaining",
    ):
        principals.assume(second, sts=sts, DurationSeconds=3601)


def test_tags_are_handed_down_and_cannot_be_changed(server, principals, sm, refused):
    second = principals.role(
        allow("secretsmanager:GetSecretValue",
              Condition={"StringEquals": {
                  "secretsmanager:ResourceTag/team": "${aws:PrincipalTag/team}"}})
    )
    first = principals.role(allow(["sts:AssumeRole", "sts:TagSession"], second))
    mine = sm.create_secret(
        Name=harness.name(), SecretString="mine", Tags=[{"Key": "team", "Value": "red"}])["ARN"]
    theirs = sm.create_secret(
        Name=harness.name(), SecretString="theirs",
        Tags=[{"Key": "team", "Value": "blue"}])["ARN"]
    tagged = principals.assume(
        first, Tags=[{"Key": "team", "Value": "red"}], TransitiveTagKeys=["team"])
    sts = session_of(server, tagged, "sts")
    client = session_of(server, principals.assume(second, sts=sts))
    assert client.get_secret_value(SecretId=mine)["SecretString"] == "mine"
    with refused("AccessDeniedException"):
        client.get_secret_value(SecretId=theirs)
    with refused(
        "InvalidParameterValue",
        "One of the specified transitive tag keys can't be set because it conflicts with a "
        "transitive tag key from the calling session.",
    ):
        principals.assume(second, sts=sts, Tags=[{"Key": "Team", "Value": "blue"}])
    untagged = session_of(server, principals.assume(first), "sts")
    client = session_of(server, principals.assume(second, sts=untagged))
    with refused("AccessDeniedException"):
        client.get_secret_value(SecretId=mine)


def test_tagging_and_source_identity_need_trust(server, principals, refused):
    plain = principals.role(trusts=[trust({"AWS": f"arn:aws:iam::{principals.account}:root"})])
    principals.assume(plain)
    for more, action in (
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "sts:TagSession"),
        ({"SourceIdentity": "ann"}, "sts:SetSourceIdentity"),
    ):
        with refused(DENIED, status=403) as caught:
            principals.assume(plain, **more)
        assert f"not authorized to perform: {action} on" in str(caught.value)


def test_source_identity_stays(server, principals, sm, refused):
    second = principals.role(
        allow("secretsmanager:ListSecrets",
              Condition={"StringEquals": {"aws:SourceIdentity": "ann"}})
    )
    first = principals.role(allow(["sts:AssumeRole", "sts:SetSourceIdentity"], second))
    answer = principals.sts.assume_role(
        RoleArn=first, RoleSessionName="one", SourceIdentity="ann")
    assert answer["SourceIdentity"] == "ann"
    sts = session_of(server, answer["Credentials"], "sts")
    chained = sts.assume_role(RoleArn=second, RoleSessionName="two")
    assert chained["SourceIdentity"] == "ann"
    session_of(server, chained["Credentials"]).list_secrets()
    with refused(DENIED, status=403):
        sts.assume_role(RoleArn=second, RoleSessionName="two", SourceIdentity="bob")


def test_role_tags_yield_to_session_tags(server, principals, refused):
    role = principals.role(
        allow("secretsmanager:ListSecrets",
              Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    session_of(server, principals.assume(role)).list_secrets()
    other = principals.assume(role, Tags=[{"Key": "TEAM", "Value": "blue"}])
    with refused("AccessDeniedException"):
        session_of(server, other).list_secrets()


def test_get_session_token(server, principals, sm, refused):
    answer = principals.sts.get_session_token(DurationSeconds=900)
    credentials = answer["Credentials"]
    sts = session_of(server, credentials, "sts")
    assert sts.get_caller_identity()["Arn"].endswith(":user/admin")
    session_of(server, credentials).list_secrets()
    for operation, arguments in (
        ("get_session_token", {}),
        ("get_federation_token", {"Name": "fay"}),
    ):
        words = operation.replace("_", " ").title().replace(" ", "")
        with refused(DENIED, f"Cannot call {words} with session credentials", 403):
            getattr(sts, operation)(**arguments)
    principals.assume(principals.role(), sts=sts)
    iam = session_of(server, credentials, "iam", "us-east-1")
    with refused("InvalidClientTokenId",
                 "The security token included in the request is invalid.", 403):
        iam.list_roles()


def test_sessions_of_a_user_outlive_its_name(server, principals, refused):
    arn, key = principals.user(allow("*"))
    name = arn.rsplit("/", 1)[1]
    mine = session_of(server, key, "sts")
    sessions = [mine.get_session_token()["Credentials"],
                mine.get_federation_token(Name="fay", Policy=policy(allow("*")))["Credentials"]]
    renamed = harness.word()
    principals.iam.update_user(UserName=name, NewUserName=renamed, NewPath="/moved/")
    # Another user of the name that is free now is another user.
    principals.iam.create_user(UserName=name)
    for session in sessions:
        session_of(server, session).list_secrets()
    answer = session_of(server, sessions[0], "sts").get_caller_identity()
    assert answer["Arn"].endswith(f":user/moved/{renamed}")
    principals.iam.delete_user_policy(UserName=renamed, PolicyName="inline")
    for session in sessions:
        with refused("AccessDeniedException"):
            session_of(server, session).list_secrets()
    principals.iam.delete_access_key(UserName=renamed, AccessKeyId=key["AccessKeyId"])
    principals.iam.delete_user(UserName=renamed)
    for session in sessions:
        with refused("UnrecognizedClientException"):
            session_of(server, session).list_secrets()


def test_get_federation_token(server, principals, sm, refused):
    arn = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]
    answer = principals.sts.get_federation_token(
        Name="fay", Policy=policy(allow("secretsmanager:GetSecretValue", arn)),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    user = answer["FederatedUser"]
    assert user["Arn"] == f"arn:aws:sts::{principals.account}:federated-user/fay"
    assert user["FederatedUserId"] == f"{principals.account}:fay"
    client = session_of(server, answer["Credentials"])
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "one"
    with refused("AccessDeniedException"):
        client.list_secrets()
    sts = session_of(server, answer["Credentials"], "sts")
    assert sts.get_caller_identity()["Arn"] == user["Arn"]
    with refused(DENIED, status=403):
        sts.assume_role(RoleArn=principals.role(), RoleSessionName="session")
    without = principals.sts.get_federation_token(Name="fay")["Credentials"]
    with refused("AccessDeniedException"):
        session_of(server, without).get_secret_value(SecretId=arn)


def test_get_access_key_info(server, principals, refused):
    sts = principals.sts
    key = server.credentials.access_key
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == principals.account
    temporary = principals.assume(principals.role())["AccessKeyId"]
    assert sts.get_access_key_info(AccessKeyId=temporary)["Account"] == principals.account
    # As public tools decode the account of AWS's own access keys.
    bits = int.from_bytes(base64.b32decode(temporary[4:])[:6], "big")
    assert f"{(bits & 0x7FFFFFFFFF80) >> 7:012}" == principals.account
    with refused("ValidationError"):
        sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")


def test_tokens_that_are_no_good(server, principals, sm, refused):
    role = principals.role(allow("*"))
    good = principals.assume(role)
    other = principals.assume(role)
    invalid = ("UnrecognizedClientException",
               "The security token included in the request is invalid.")
    flipped = good["SessionToken"]
    place = len(flipped) // 2
    flipped = flipped[:place] + ("A" if flipped[place] != "A" else "B") + flipped[place + 1:]
    for wrong in (
        {**good, "SessionToken": None},
        {**good, "SessionToken": "nonsense"},
        {**good, "SessionToken": other["SessionToken"]},
        {**good, "SessionToken": flipped},
        {**good, "AccessKeyId": server.credentials.access_key},
        {"AccessKeyId": server.credentials.access_key,
         "SecretAccessKey": server.credentials.secret_key,
         "SessionToken": good["SessionToken"]},
    ):
        with refused(*invalid):
            session_of(server, wrong).list_secrets()
        with refused("InvalidClientTokenId", invalid[1], 403):
            session_of(server, wrong, "sts").get_caller_identity()
    with refused("InvalidSignatureException"):
        session_of(server, {**good, "SecretAccessKey": "x" * 40}).list_secrets()
    session_of(server, good).list_secrets()


def test_a_deleted_role_s_sessions_are_over(server, principals, refused):
    role = principals.role()
    name = role.rsplit("/", 1)[1]
    credentials = principals.assume(role)
    session_of(server, credentials, "sts").get_caller_identity()
    principals.iam.delete_role(RoleName=name)
    with refused("InvalidClientTokenId", status=403):
        session_of(server, credentials, "sts").get_caller_identity()
    # Nor are they those of another role that has the name.
    principals.role(name=name)
    with refused("InvalidClientTokenId", status=403):
        session_of(server, credentials, "sts").get_caller_identity()


def test_sessions_can_be_revoked_by_their_time_of_issue(server, principals, refused):
    role = principals.role(allow("secretsmanager:ListSecrets"))
    credentials = principals.assume(role)
    session_of(server, credentials).list_secrets()
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1))
    principals.iam.put_role_policy(
        RoleName=role.rsplit("/", 1)[1], PolicyName="AWSRevokeOlderSessions",
        PolicyDocument=policy(deny("*", Condition={
            "DateLessThan": {"aws:TokenIssueTime": later.strftime("%Y-%m-%dT%H:%M:%SZ")}})),
    )
    with refused("AccessDeniedException") as caught:
        session_of(server, credentials).list_secrets()
    assert "with an explicit deny in an identity-based policy" in str(caught.value)


def test_presigned_with_a_session_token(server, principals):
    role = principals.role()
    sts = session_of(server, principals.assume(role), "sts")
    url = sts.generate_presigned_url(
        "get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    reply = server.send("GET", url.removeprefix(server.endpoint), {})
    assert reply.status == 200, reply.body
    assert b":session</UserId>" in reply.body


def test_the_token_is_as_long_as_asked_for(server, principals):
    answer = principals.sts.assume_role(
        RoleArn=principals.role(), RoleSessionName="long", MinimumSessionTokenSize=4096
    )
    assert len(answer["Credentials"]["SessionToken"]) >= 4096
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    session_of(server, answer["Credentials"], "sts").get_caller_identity()


def test_records(server, principals, sm):
    role = principals.role(allow("secretsmanager:ListSecrets"))
    answer = principals.sts.assume_role(
        RoleArn=role, RoleSessionName="recorded", SourceIdentity="ann",
        Tags=[{"Key": "team", "Value": "red"}], TransitiveTagKeys=["team"],
    )
    request_id = harness.request_id_of(answer)
    (record,) = server.audit(request_id, count=1)
    credentials = answer["Credentials"]
    assert record["eventSource"] == "sts.amazonaws.com"
    assert record["requestParameters"]["roleArn"] == role
    assert record["requestParameters"]["tags"] == [{"key": "team", "value": "red"}]
    given = record["responseElements"]
    assert given["credentials"]["accessKeyId"] == credentials["AccessKeyId"]
    assert set(given["credentials"]) == {"accessKeyId", "expiration"}
    assert given["assumedRoleUser"]["arn"] == answer["AssumedRoleUser"]["Arn"]
    line = json.dumps(record)
    assert credentials["SecretAccessKey"] not in line
    assert credentials["SessionToken"] not in line

    listed = session_of(server, credentials).list_secrets()
    (record,) = server.audit(harness.request_id_of(listed), count=1)
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["accessKeyId"] == credentials["AccessKeyId"]
    context = identity["sessionContext"]
    name = role.rsplit("/", 1)[1]
    assert context["sessionIssuer"] == {
        "type": "Role", "principalId": identity["principalId"].split(":")[0], "arn": role,
        "accountId": principals.account, "userName": name,
    }
    assert context["attributes"]["mfaAuthenticated"] == "false"
    assert context["attributes"]["creationDate"].endswith("Z")
    assert context["sourceIdentity"] == "ann"


def test_a_denial_is_decoded(server, principals, sm, refused):
    role = principals.role(
        allow("secretsmanager:GetSecretValue",
              Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        {"Sid": "NoListing", **deny("secretsmanager:ListSecrets")},
    )
    client = session_of(server, principals.assume(role))
    arn = sm.create_secret(Name=harness.name(), SecretString="one")["ARN"]
    with refused("AccessDeniedException") as caught:
        client.get_secret_value(SecretId=arn)
    request_id = harness.request_id_of(caught.value.response)
    (record,) = server.audit(request_id, count=1)
    sealed = record["additionalEventData"]["encodedAuthorizationMessage"]
    decoded = json.loads(
        principals.sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])
    assert decoded["allowed"] is False and decoded["explicitDeny"] is False
    assert {"missingKey": "aws:PrincipalTag/team"} in decoded["failures"]["items"]
    assert decoded["context"]["action"] == "secretsmanager:GetSecretValue"
    assert decoded["context"]["resource"] == arn
    keys = {item["key"] for item in decoded["context"]["conditions"]["items"]}
    assert {"aws:principalarn", "aws:sourceip", "aws:tokenissuetime"} <= keys

    with refused("AccessDeniedException") as caught:
        client.list_secrets()
    request_id = harness.request_id_of(caught.value.response)
    (record,) = server.audit(request_id, count=1)
    sealed = record["additionalEventData"]["encodedAuthorizationMessage"]
    decoded = json.loads(
        principals.sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"])
    assert decoded["explicitDeny"] is True
    (statement,) = decoded["matchedStatements"]["items"]
    assert statement["statementId"] == "NoListing" and statement["effect"] == "DENY"

    with refused(DENIED, status=403):
        session_of(server, principals.assume(role), "sts").decode_authorization_message(
            EncodedMessage=sealed)
    with refused("InvalidAuthorizationMessageException"):
        principals.sts.decode_authorization_message(EncodedMessage=sealed[:-2])
