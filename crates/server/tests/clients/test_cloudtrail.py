"""CloudTrail's lookups, by boto3 and the AWS CLI."""

import datetime
import json

import pytest

import harness
from receivers import until


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One whose log is of these tests alone."""
    with harness.running(tmp_path_factory.mktemp("cloudtrail")) as own:
        yield own


@pytest.fixture(scope="module")
def sm(server):
    return server.client()


@pytest.fixture(scope="module")
def trail(server):
    """boto3 CloudTrail client."""
    return server.client(service="cloudtrail")


def lookup(trail, key=None, value=None, **arguments):
    """All events of all pages."""
    if key:
        arguments["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
    pages = trail.get_paginator("lookup_events").paginate(**arguments)
    return [event for page in pages for event in page["Events"]]


def eventually(found, count):
    """Records of changes follow into the log within moments."""
    assert until(lambda: len(found()) >= count)
    events = found()
    assert len(events) == count
    return events


@pytest.fixture(scope="module")
def used(server, sm):
    """A secret that was made, read three times and not found under another name."""
    name = harness.name("looked-up")
    made = sm.create_secret(Name=name, SecretString="canary")
    arn = made["ARN"]
    # The record of a change follows into the log, here before those of the reads.
    server.audit(harness.request_id_of(made), where=lambda r: r["eventName"] == "CreateSecret",
                 count=1)
    for secret_id in (name, arn, name):
        sm.get_secret_value(SecretId=secret_id)
    return name, arn


def test_events_are_found_by_resource_name(trail, used):
    name, arn = used
    by_name = eventually(lambda: lookup(trail, "ResourceName", name), 3)
    assert [event["EventName"] for event in by_name] == [
        "GetSecretValue", "GetSecretValue", "CreateSecret",
    ]
    by_arn = eventually(lambda: lookup(trail, "ResourceName", arn), 2)
    assert [event["EventName"] for event in by_arn] == ["GetSecretValue", "CreateSecret"]


def test_an_event_is_as_the_api_reference_has_it(server, trail, used):
    name, arn = used
    event = eventually(lambda: lookup(trail, "ResourceName", name), 3)[0]
    record = json.loads(event["CloudTrailEvent"])
    assert event["EventId"] == record["eventID"]
    assert event["ReadOnly"] == "true"
    assert event["Username"] == "admin"
    assert event["AccessKeyId"] == server.env["AWS_ACCESS_KEY_ID"]
    assert event["EventSource"] == "secretsmanager.amazonaws.com"
    assert event["Resources"] == [
        {"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": name}
    ]
    age = datetime.datetime.now(datetime.timezone.utc) - event["EventTime"]
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=5)
    assert record["requestParameters"] == {"secretId": name}
    assert "chain" not in record
    assert "canary" not in event["CloudTrailEvent"]
    [same] = lookup(trail, "EventId", event["EventId"])
    assert same == event


@pytest.mark.parametrize(
    "key, value",
    [
        ("EventName", "GetSecretValue"),
        ("EventSource", "secretsmanager.amazonaws.com"),
        ("ReadOnly", "true"),
        ("Username", "admin"),
        ("ResourceType", "AWS::SecretsManager::Secret"),
    ],
)
def test_each_attribute_finds_what_has_it_and_nothing_else(server, trail, used, key, value):
    events = lookup(trail, key, value)
    assert events
    # The newest first: of the log, where the record of a change follows what came after it.
    log = [record["eventID"] for record in server.audit()]
    places = [log.index(event["EventId"]) for event in events]
    assert places == sorted(places, reverse=True)
    for event in events:
        if key == "ResourceType":
            assert value in [resource["ResourceType"] for resource in event["Resources"]]
        else:
            assert event[key] == value
    assert lookup(trail, key, value.swapcase()) == [], "letter by letter"


def test_uses_of_keys_are_found_by_the_key(trail, used):
    name, arn = used
    decrypts = lookup(trail, "EventName", "Decrypt")
    [key] = {r["ResourceName"] for e in decrypts for r in e["Resources"]}
    assert key.startswith("arn:aws:kms:us-east-1:")
    found = lookup(trail, "ResourceName", key)
    assert {event["EventName"] for event in found} == {"Decrypt", "GenerateDataKey"}


def test_times_bound_what_is_found(trail, used):
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    everything = lookup(trail, "EventName", "GetSecretValue")
    assert lookup(trail, "EventName", "GetSecretValue", StartTime=now - hour, EndTime=now + hour)
    assert not lookup(trail, StartTime=now + hour)
    assert not lookup(trail, EndTime=now - hour)
    newest = everything[0]["EventTime"]
    at_once = lookup(trail, "EventName", "GetSecretValue", StartTime=newest, EndTime=newest)
    assert at_once and {event["EventTime"] for event in at_once} == {newest}


def test_pages_hold_everything_once(trail, used):
    ids = [event["EventId"] for event in lookup(trail, "Username", "admin")]
    again, token, sizes = [], {}, []
    attribute = {"AttributeKey": "Username", "AttributeValue": "admin"}
    while True:
        # Only what was there before: each lookup is an event itself.
        page = trail.lookup_events(LookupAttributes=[attribute], MaxResults=3, **token)
        sizes.append(len(page["Events"]))
        again += [event["EventId"] for event in page["Events"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert set(ids) <= set(again) and len(again) == len(set(again))
    assert set(sizes[:-1]) <= {3}
    assert again[-len(ids):] == ids


def test_a_token_is_of_its_own_query_alone(trail, used, refused):
    attribute = [{"AttributeKey": "ReadOnly", "AttributeValue": "true"}]
    page = trail.lookup_events(LookupAttributes=attribute, MaxResults=1)
    with refused("InvalidNextTokenException"):
        trail.lookup_events(NextToken=page["NextToken"])


def test_other_regions_and_bad_questions(server, trail, refused):
    elsewhere = server.client("eu-central-1", service="cloudtrail")
    assert lookup(elsewhere, "EventName", "GetSecretValue") == []
    loose = server.client(service="cloudtrail", validate=False)
    two = [{"AttributeKey": "ReadOnly", "AttributeValue": "true"}] * 2
    with refused("InvalidLookupAttributesException"):
        loose.lookup_events(LookupAttributes=two)
    with refused("InvalidTimeRangeException"):
        loose.lookup_events(StartTime=2, EndTime=1)
    with refused("ValidationException"):
        loose.lookup_events(MaxResults=51)


def test_the_one_trail(server, trail, refused):
    [listed] = trail.list_trails()["Trails"]
    assert listed["Name"] == "management-events"
    [described] = trail.describe_trails()["trailList"]
    assert described["TrailARN"] == listed["TrailARN"]
    assert described["LogFileValidationEnabled"] and described["IsMultiRegionTrail"]
    status = trail.get_trail_status(Name=listed["TrailARN"])
    assert status["IsLogging"] is True
    assert status["StartLoggingTime"] <= status["LatestDeliveryTime"]
    with refused("TrailNotFoundException"):
        trail.get_trail_status(Name="another")
    with refused("InvalidTrailNameException"):
        trail.get_trail_status(Name="-")


def test_the_cli_looks_events_up(server, used):
    name, _ = used
    done = server.aws(
        "cloudtrail", "lookup-events",
        "--lookup-attributes", f"AttributeKey=ResourceName,AttributeValue={name}",
        "--max-items", "2", "--output", "json",
    )
    assert done.returncode == 0, done.stderr
    events = json.loads(done.stdout)["Events"]
    assert [event["EventName"] for event in events] == ["GetSecretValue", "GetSecretValue"]
