"""The record of every call, in CloudTrail's form.

Reads and refusals are in the log before they are answered. The record of a change
is committed with the change and follows into the log, so for those we wait.
"""

import json
import re

import pytest

from harness import UUID, name, request_id_of, token, word
from texts import NOT_FOUND

# The order in which live records have their fields [R].
ORDER = [
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName",
    "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
    "requestParameters", "responseElements", "additionalEventData", "requestID",
    "eventID", "readOnly", "resources", "eventType", "apiVersion", "managementEvent",
    "recipientAccountId", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId",
    "eventCategory", "tlsDetails",
]
SERVICE = "secretsmanager.amazonaws.com"


@pytest.fixture
def record(server):
    """The one Secrets Manager record of a call; that of a change is waited for."""
    def read(answer, operation=None, count=0):
        request_id = answer if isinstance(answer, str) else request_id_of(answer)
        mine = server.audit(request_id, count=count, where=lambda r: (
            r["eventSource"] == SERVICE and r["eventType"] == "AwsApiCall"
            and operation in (None, r["eventName"])))
        assert len(mine) == 1, mine
        return mine[0]
    return read


def test_shape_of_a_record(server, sm, secret, record):
    account = secret["ARN"].split(":")[4]
    reply = server.call(
        "GetSecretValue", {"SecretId": secret["Name"]},
        headers={"User-Agent": "judge/1.0"},
    )
    got = record(reply.request_id)
    known = [field for field in got if field in ORDER]
    assert known == sorted(known, key=ORDER.index)
    assert re.fullmatch(r"1\.\d+", got["eventVersion"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["eventTime"])
    assert re.fullmatch(UUID, got["eventID"])
    identity = got["userIdentity"]
    assert identity.pop("principalId").startswith("AIDA")
    assert identity == {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{account}:user/admin",
        "accountId": account,
        "accessKeyId": server.env["AWS_ACCESS_KEY_ID"],
        "userName": "admin",
    }
    expected = {
        "eventSource": SERVICE, "eventName": "GetSecretValue",
        "awsRegion": server.region, "sourceIPAddress": "127.0.0.1",
        "userAgent": "judge/1.0", "requestID": reply.request_id, "readOnly": True,
        "requestParameters": {"secretId": secret["Name"]}, "responseElements": None,
        "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": account, "eventCategory": "Management",
    }
    assert {key: got[key] for key in expected} == expected
    for absent in ("errorCode", "errorMessage", "resources", "apiVersion", "tlsDetails"):
        assert absent not in got


def test_region_of_the_record(server, record):
    answer = server.client("eu-west-1").list_secrets(MaxResults=1)
    assert record(answer)["awsRegion"] == "eu-west-1"


def test_long_user_agent_is_cut(server, record):
    reply = server.call("ListSecrets", {}, headers={"User-Agent": "u" * 3000})
    cut = record(reply.request_id)["userAgent"]
    assert set(cut) == {"u"} and len(cut) <= 1024


def write_cases(secret, other):
    """(operation, members, members in the record, responseElements) of each write."""
    arn, version = secret["ARN"], token()
    account = arn.split(":")[4]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*",
    }]})
    named = {"arn": arn, "name": secret["Name"]}
    return [
        ("CreateSecret",
         {"Name": other, "ClientRequestToken": token(), "SecretString": "hidden",
          "Description": "d", "Tags": [{"Key": "k", "Value": "v"}]},
         {"name", "clientRequestToken", "description", "tags"}, None),
        ("PutSecretValue",
         {"SecretId": arn, "ClientRequestToken": version, "SecretBinary": "aGlkZGVu",
          "VersionStages": ["BLUE"]},
         {"secretId", "clientRequestToken", "versionStages"}, {"arn": arn}),
        ("UpdateSecret",
         {"SecretId": secret["Name"], "ClientRequestToken": token(),
          "SecretString": "hidden", "Description": "d"},
         {"secretId", "clientRequestToken", "description"}, named),
        ("UpdateSecretVersionStage",
         {"SecretId": arn, "VersionStage": "GREEN", "MoveToVersionId": version},
         {"secretId", "versionStage", "moveToVersionId"}, named),
        ("TagResource", {"SecretId": arn, "Tags": [{"Key": "k", "Value": "v"}]},
         {"secretId", "tags"}, None),
        ("UntagResource", {"SecretId": arn, "TagKeys": ["k"]},
         {"secretId", "tagKeys"}, None),
        ("PutResourcePolicy", {"SecretId": arn, "ResourcePolicy": policy},
         {"secretId", "resourcePolicy"}, named),
        ("DeleteResourcePolicy", {"SecretId": arn}, {"secretId"}, named),
        ("DeleteSecret", {"SecretId": arn, "RecoveryWindowInDays": 8},
         {"secretId", "recoveryWindowInDays"}, named),
        ("RestoreSecret", {"SecretId": arn}, {"secretId"}, named),
    ]


def test_writes(server, secret, record):
    other = name()
    for operation, members, shown, elements in write_cases(secret, other):
        reply = server.call(operation, members)
        assert reply.status == 200, reply
        got = record(reply.request_id, count=1)
        assert got["eventName"] == operation
        assert got["readOnly"] is False
        logged = got["requestParameters"]
        # AWS's own record may add a defaulted flag [R: forceOverwriteReplicaSecret].
        assert set(logged) - {"forceOverwriteReplicaSecret"} == shown, operation
        for member, value in members.items():
            if (key := member[0].lower() + member[1:]) in shown and key != "tags":
                assert logged[key] == value, operation
        if "tags" in shown:
            assert logged["tags"] == [{"key": "k", "value": "v"}]
        if operation == "CreateSecret":
            assert got["responseElements"]["arn"] == reply.json["ARN"]
        elif elements is None:
            assert got["responseElements"] is None
        else:
            assert got["responseElements"].items() >= elements.items(), operation
        if operation == "DeleteSecret":
            assert "deletionDate" in got["responseElements"]
        assert "hidden" not in json.dumps(got)
        assert "aGlkZGVu" not in json.dumps(got)


def test_reads(server, secret, record):
    arn = secret["ARN"]
    for operation, members, logged in [
        ("DescribeSecret", {"SecretId": arn}, {"secretId": arn}),
        ("GetSecretValue",
         {"SecretId": arn, "VersionId": secret["VersionId"], "VersionStage": "AWSCURRENT"},
         {"secretId": arn, "versionId": secret["VersionId"], "versionStage": "AWSCURRENT"}),
        ("ListSecretVersionIds", {"SecretId": arn, "IncludeDeprecated": True},
         {"secretId": arn, "includeDeprecated": True}),
        ("ListSecrets",
         {"Filters": [{"Key": "name", "Values": ["x"]}], "MaxResults": 3, "SortOrder": "asc"},
         {"filters": [{"key": "name", "values": ["x"]}], "maxResults": 3,
          "sortOrder": "asc"}),
        ("GetResourcePolicy", {"SecretId": arn}, {"secretId": arn}),
        ("ListResourcePolicies", {"SecretId": arn}, {"secretId": arn}),
        ("GetRandomPassword", {"PasswordLength": 20, "ExcludeNumbers": True},
         {"passwordLength": 20, "excludeNumbers": True}),
        ("ValidateResourcePolicy",
         {"SecretId": arn, "ResourcePolicy": '{"Version":"2012-10-17","Statement":[]}'},
         None),
    ]:
        reply = server.call(operation, members)
        got = record(reply.request_id)
        assert got["eventName"] == operation
        assert got["readOnly"] is True, operation
        assert got["responseElements"] is None
        if logged is not None:
            assert reply.status == 200, reply
            assert got["requestParameters"] == logged, operation
        if operation == "GetRandomPassword":
            password = reply.json["RandomPassword"]
            assert password not in json.dumps(got, ensure_ascii=False)


def test_failures(server, secret, record):
    missing = name()
    for operation, members, code, message in [
        ("DescribeSecret", {"SecretId": missing}, "ResourceNotFoundException", NOT_FOUND),
        ("CreateSecret", {"Name": secret["Name"], "SecretString": "hidden",
                          "ClientRequestToken": token()}, "ResourceExistsException", None),
        ("PutSecretValue", {"SecretId": secret["ARN"], "SecretString": "hidden",
                            "SecretBinary": "aGlkZGVu", "ClientRequestToken": token()},
         "InvalidParameterException", None),
        ("GetSecretValue", {"SecretId": "bad name"}, "ValidationException", None),
        ("ListSecrets", {"MaxResults": 500}, "ValidationException", None),
        ("ListSecrets", {"NextToken": "nonsense"}, "InvalidNextTokenException", None),
    ]:
        reply = server.call(operation, members)
        assert (reply.status, reply.code) == (400, code), reply
        got = record(reply.request_id)
        assert got["eventName"] == operation
        assert got["errorCode"] == code
        assert got["errorMessage"] == (message or reply.message)
        assert got["responseElements"] is None
        order = list(got)
        if got["requestParameters"] is not None:
            assert order.index("sourceIPAddress") < order.index("errorCode")
            assert order.index("errorCode") < order.index("requestParameters")
        assert "hidden" not in json.dumps(got)
        assert "aGlkZGVu" not in json.dumps(got)


def test_reads_and_refusals_are_recorded_before_they_are_answered(server, secret):
    # Without a moment's grace.
    for operation, members in 8 * [
        ("GetSecretValue", {"SecretId": secret["ARN"]}),
        ("ListSecrets", {"MaxResults": 1}), ("GetRandomPassword", {}),
        ("GetSecretValue", {"SecretId": name()}),
        ("CreateSecret", {"Name": secret["Name"], "ClientRequestToken": token()}),
    ]:
        reply = server.call(operation, members)
        assert len(server.audit(reply.request_id)) >= 1, operation


def test_event_ids_are_unique(server, secret):
    ids = [r["eventID"] for r in server.audit()]
    assert len(ids) > 1
    assert len(ids) == len(set(ids))


# -- the key's side -------------------------------------------------------


def kms_records(server, arn, version, operation, count=0):
    # The version's own string narrows to records of its key's use.
    return server.audit(needle=f'"SecretVersionId":"{version}"', count=count, where=lambda r: (
        r["eventSource"] == "kms.amazonaws.com" and r["eventName"] == operation
        and r["requestParameters"]["encryptionContext"]["SecretARN"] == arn))


def test_a_write_generates_a_data_key(server, sm, secret):
    arn = secret["ARN"]
    put = sm.put_secret_value(SecretId=arn, SecretString="two")["VersionId"]
    update = sm.update_secret(SecretId=arn, SecretString="three")["VersionId"]
    for version in (secret["VersionId"], put, update):
        got, = kms_records(server, arn, version, "GenerateDataKey", 1)
        parameters = got["requestParameters"]
        assert parameters["encryptionContext"] == {
            "SecretARN": arn, "SecretVersionId": version,
        }
        assert parameters["keySpec"] == "AES_256"
        assert "keyId" in parameters


def test_a_read_decrypts(server, sm, secret):
    arn, version = secret["ARN"], secret["VersionId"]
    assert kms_records(server, arn, version, "Decrypt") == []
    sm.get_secret_value(SecretId=secret["Name"])
    got, = kms_records(server, arn, version, "Decrypt")
    assert got["requestParameters"]["encryptionContext"] == {
        "SecretARN": arn, "SecretVersionId": version,
    }
    assert got["requestParameters"]["encryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    sm.batch_get_secret_value(SecretIdList=[arn])
    assert len(kms_records(server, arn, version, "Decrypt")) == 2


def test_comparison_of_a_retry_decrypts(server, sm):
    wish = {"Name": name(), "SecretString": "v", "ClientRequestToken": token()}
    arn = sm.create_secret(**wish)["ARN"]
    sm.create_secret(**wish)
    for operation in ("GenerateDataKey", "Decrypt"):
        assert len(kms_records(server, arn, wish["ClientRequestToken"], operation, 1)) == 1


def test_shape_of_a_kms_record(server, sm, secret):
    account = secret["ARN"].split(":")[4]
    sm.get_secret_value(SecretId=secret["ARN"])
    for operation in ("GenerateDataKey", "Decrypt"):
        got, = kms_records(server, secret["ARN"], secret["VersionId"], operation, 1)
        known = [field for field in got if field in ORDER]
        assert known == sorted(known, key=ORDER.index)
        assert got["sourceIPAddress"] == SERVICE
        assert got["userAgent"] == SERVICE
        assert got["responseElements"] is None
        assert got["readOnly"] is True
        assert got["awsRegion"] == server.region
        assert got["eventType"] == "AwsApiCall"
        identity = got["userIdentity"]
        assert identity["type"] == "IAMUser"
        assert identity["userName"] == "admin"
        assert identity["invokedBy"] == SERVICE
        assert UUID.fullmatch(got["eventID"])
        key, = got["resources"]
        assert set(key) == {"ARN", "accountId", "type"}
        assert key["type"] == "AWS::KMS::Key"
        assert key["accountId"] == account
        assert re.fullmatch(
            rf"arn:aws:kms:{server.region}:{account}:key/[0-9a-f-]{{36}}", key["ARN"]
        )


def test_reads_of_metadata_touch_no_key(server, sm, secret):
    for ask in (sm.describe_secret, sm.list_secret_version_ids):
        ask(SecretId=secret["ARN"])
    assert kms_records(server, secret["ARN"], secret["VersionId"], "Decrypt") == []


# -- batches and service events -------------------------------------------


def test_batch_has_one_record_and_one_per_secret(server, sm, record):
    prefix = word()
    for i in range(3):
        sm.create_secret(Name=f"{prefix}/{i}", SecretString="v")
    wanted = [f"{prefix}/{i}" for i in range(3)]
    answer = sm.batch_get_secret_value(SecretIdList=wanted)
    got = record(answer, "BatchGetSecretValue")
    assert got["requestParameters"] == {"secretIdList": wanted}
    assert got["responseElements"] is None and got["readOnly"] is True
    singles = [
        r for r in server.audit(needle=f"{prefix}/") if r["eventName"] == "GetSecretValue"
    ]
    assert len(singles) == 3
    answer = sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": [prefix]}])
    got = record(answer, "BatchGetSecretValue")
    assert got["requestParameters"] == {"filters": [{"key": "name", "values": [prefix]}]}


def service_events(server, arn, event, count=1):
    """Waits for `count` such events of one secret."""
    return server.audit(needle=arn, count=count, where=lambda r: (
        r["eventType"] == "AwsServiceEvent" and r["eventName"] == event))


def test_deletion_has_service_events(server, sm, secret):
    # Per version: Start on DeleteSecret, Cancel on RestoreSecret, End when gone.
    # (inferred) for the place of the ARN, so only its presence is judged.
    arn = secret["ARN"]
    account = arn.split(":")[4]
    sm.delete_secret(SecretId=arn)
    started = service_events(server, arn, "StartSecretVersionDelete")
    assert len(started) == 1
    assert "type" not in started[0]["userIdentity"]
    assert started[0]["userIdentity"]["accountId"] == account
    assert started[0]["readOnly"] is False
    assert started[0]["eventSource"] == SERVICE
    sm.restore_secret(SecretId=arn)
    assert len(service_events(server, arn, "CancelSecretVersionDelete")) == 1
    sm.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    assert len(service_events(server, arn, "StartSecretVersionDelete", 2)) == 2
    assert len(service_events(server, arn, "EndSecretVersionDelete")) == 1
