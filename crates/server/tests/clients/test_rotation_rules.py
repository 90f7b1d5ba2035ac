"""RotateSecret's rules and errors, and the dates that DescribeSecret and ListSecrets tell."""

import datetime
import json
import uuid

import pytest

import databases
import harness
import rotations
from proxy import BEFORE, Proxy
from receivers import until

UTC = datetime.timezone.utc
INVALID, REFUSED = "InvalidParameterException", "InvalidRequestException"
TEMPLATE = "RDSPostgreSQLRotationSingleUser"
CANNOT_INVOKE = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function "
    "policy grants access to the principal secretsmanager.amazonaws.com.")
MARKED = (
    "You can't perform this operation on the secret because it was marked for deletion.")
NOT_FOUND = "Secrets Manager can't find the specified secret."
UNFINISHED = "A previous rotation isn't complete. That rotation will be reattempted."


@pytest.fixture
def redis():
    database = databases.Redis().start()
    yield database
    database.remove()


@pytest.fixture
def app(server, redis):
    """A secret behind a proxy, that did not rotate yet."""
    proxy = Proxy(redis.port)
    secret = rotations.Secret(server, rotations.ALL["redis-own"], redis, proxy.port)
    secret.proxy = proxy
    secret.function = rotations.function(secret.arn, secret.strategy.template)
    yield secret
    proxy.close()


def entry(sm, name):
    [entry] = sm.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]
    return entry


DATES = ["RotationEnabled", "RotationLambdaARN", "RotationRules", "LastRotatedDate",
         "NextRotationDate", "LastChangedDate"]


def both(sm, name):
    """What DescribeSecret tells of a rotation; ListSecrets tells the same."""
    described, listed = sm.describe_secret(SecretId=name), entry(sm, name)
    for member in DATES:
        assert described.get(member) == listed.get(member), member
    return described


def end_of_day(time, days):
    day = time.astimezone(UTC).date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, datetime.time(23, 59, 59), UTC)


def test_the_dates_of_a_rotation(sm, app):
    before = datetime.datetime.now(UTC).replace(microsecond=0)
    first = both(sm, app.name)
    assert not {"RotationEnabled", "LastRotatedDate", "NextRotationDate"} & set(first)
    sm.rotate_secret(
        SecretId=app.name, RotationLambdaARN=app.function,
        RotationRules={"AutomaticallyAfterDays": 7})
    app.version = "set"
    app.finished()
    after = both(sm, app.name)
    now = datetime.datetime.now(UTC)
    assert before <= after["LastRotatedDate"] <= now
    assert first["LastChangedDate"] < after["LastChangedDate"] <= now
    assert after["NextRotationDate"].astimezone(UTC) == end_of_day(
        after["LastRotatedDate"], 7)
    assert after["RotationRules"] == {"AutomaticallyAfterDays": 7}
    assert after["RotationEnabled"] is True and after["RotationLambdaARN"] == app.function

    # Other rules, without a rotation: only the function's testSecret is called.
    app.proxy.watch_for(b"PING")
    rules = {"ScheduleExpression": "rate(3 days)", "Duration": "2h"}
    sm.rotate_secret(SecretId=app.name, RotationRules=rules, RotateImmediately=False)
    assert app.proxy.sprung.wait(rotations.PATIENCE)
    assert until(lambda: len(both(sm, app.name)["VersionIdsToStages"]) == 2)
    tested = both(sm, app.name)
    assert tested["LastRotatedDate"] == after["LastRotatedDate"]
    assert tested["RotationRules"] == {"AutomaticallyAfterDays": 3, **rules}
    assert tested["NextRotationDate"] > now
    for event in ("TestRotationStarted", "TestRotationSucceeded"):
        # The record follows into the log.
        [told] = until(lambda e=event: rotations.of_secret(
            rotations.lookup(app.server, e), app.arn))
        assert told["requestID"].startswith(f"Rotation-{app.arn}-")
    assert not rotations.of_secret(rotations.lookup(app.server, "RotationStarted"), app.arn)[1:]
    # Four steps and a test, where records name the secret.
    assert until(lambda: len(app.server.audit(needle=app.name, where=lambda r: (
        r["eventName"] == "Invoke"))) in (0, 5))

    # A value by hand counts as a rotation for the next date, and is none.
    sm.rotate_secret(SecretId=app.name, RotationRules={"AutomaticallyAfterDays": 9},
                     RotateImmediately=False)
    assert until(lambda: len(both(sm, app.name)["VersionIdsToStages"]) == 2)
    sm.put_secret_value(SecretId=app.name, SecretString=json.dumps(app.read()))
    by_hand = both(sm, app.name)
    assert by_hand["NextRotationDate"].astimezone(UTC) == end_of_day(
        by_hand["LastChangedDate"], 9)
    assert by_hand["LastRotatedDate"] == after["LastRotatedDate"]

    cancelled = sm.cancel_rotate_secret(SecretId=app.name)
    assert "VersionId" not in cancelled
    off = both(sm, app.name)
    assert off["RotationEnabled"] is False and "NextRotationDate" not in off
    assert off["RotationLambdaARN"] == app.function
    assert off["LastChangedDate"] >= by_hand["LastChangedDate"]
    # On again, with what it had.
    app.rotate()
    app.finished(app.version)
    assert both(sm, app.name)["RotationRules"] == {"AutomaticallyAfterDays": 9}


def test_a_test_that_fails_is_told_and_changes_nothing(sm, app):
    value = {**app.read(), "password": "not-that-one"}
    sm.put_secret_value(SecretId=app.name, SecretString=json.dumps(value))
    before = sm.describe_secret(SecretId=app.name)["VersionIdsToStages"]
    version = sm.rotate_secret(
        SecretId=app.name, RotationLambdaARN=app.function, RotateImmediately=False)["VersionId"]
    assert until(lambda: version not in sm.describe_secret(
        SecretId=app.name)["VersionIdsToStages"])
    described = sm.describe_secret(SecretId=app.name)
    assert described["VersionIdsToStages"] == before and described["RotationEnabled"] is True
    [event] = until(lambda: rotations.of_secret(
        rotations.lookup(app.server, "TestRotationFailed"), app.arn))
    assert event["errorMessage"].startswith(
        f"Error when executing lambda {app.function} during testSecret step: ")
    assert "errorCode" not in event and "not-that-one" not in json.dumps(event)


DAYS = "RotationRules.AutomaticallyAfterDays must be within 1-1000."
RULES = [
    ({"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
     "You cannot specify both rotation frequency and schedule expression together."),
    ({}, None),
    ({"Duration": "2h"}, None),
    ({"AutomaticallyAfterDays": 0}, DAYS),
    ({"AutomaticallyAfterDays": 1001}, DAYS),
    ({"AutomaticallyAfterDays": -1}, DAYS),
    ({"ScheduleExpression": "rate(3 hours)"}, None),
    ({"ScheduleExpression": "rate(0 days)"}, None),
    ({"ScheduleExpression": "rate(1 week)"}, None),
    ({"ScheduleExpression": "cron(0/5 8 * * ? *)"}, None),
    ({"ScheduleExpression": "cron(0 8 * * * *)"}, None),
    ({"ScheduleExpression": "cron(0 8 1 * 2 *)"}, None),
    ({"ScheduleExpression": "cron(0 8 1 * ? 2027)"}, None),
    ({"ScheduleExpression": "cron(0 8,10 1 * ? *)"}, None),
    ({"ScheduleExpression": "cron(0 24 1 * ? *)"}, None),
    ({"ScheduleExpression": "cron(0 8 ? * 6#6 *)"}, None),
    ({"ScheduleExpression": "at(2027-01-01T00:00:00)"}, None),
    ({"ScheduleExpression": "rate(4 hours)", "Duration": "5h"}, None),
    ({"ScheduleExpression": "cron(0 22 * * ? *)", "Duration": "3h"}, None),
    ({"ScheduleExpression": "rate(1 day)", "Duration": "0h"}, None),
    ({"ScheduleExpression": "rate(1 day)", "Duration": "25h"}, None),
]


@pytest.mark.parametrize("rules, text", RULES, ids=[json.dumps(rules) for rules, _ in RULES])
def test_rules_that_mean_nothing(sm, loose, refused, secret, rules, text):
    function = rotations.function(secret["ARN"], TEMPLATE)
    with refused((INVALID, "ValidationException"), text):
        loose.rotate_secret(
            SecretId=secret["Name"], RotationLambdaARN=function, RotationRules=rules)
    assert "RotationEnabled" not in sm.describe_secret(SecretId=secret["Name"])


def test_functions_that_cannot_be_called(sm, refused, secret):
    own = rotations.function(secret["ARN"], TEMPLATE)
    account = own.split(":")[4]
    elsewhere = own.replace("us-east-1", "eu-central-1")
    for function in (own + "None", own.replace(account, "000011112222"), "no-arn", elsewhere):
        with refused("AccessDeniedException", CANNOT_INVOKE):
            sm.rotate_secret(SecretId=secret["Name"], RotationLambdaARN=function)
    assert "RotationEnabled" not in sm.describe_secret(SecretId=secret["Name"])


def test_what_else_is_refused(server, sm, loose, refused, app):
    rotate = {"SecretId": app.name, "RotationLambdaARN": app.function}
    with refused(REFUSED, "No Lambda rotation function ARN is associated with this secret."):
        sm.rotate_secret(SecretId=app.name)
    with refused(REFUSED):
        sm.cancel_rotate_secret(SecretId=app.name)
    for operation in (sm.rotate_secret, sm.cancel_rotate_secret):
        with refused("ResourceNotFoundException", NOT_FOUND):
            operation(SecretId=harness.name("nowhere"))
    without = server.call("RotateSecret", rotate)
    assert without.status == 400 and without.code == INVALID
    assert without.message == (
        "You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    with refused((INVALID, "ValidationException")):
        loose.rotate_secret(**rotate, ClientRequestToken="short")
    for members in (
        {"ExternalSecretRotationMetadata": [{"Key": "a", "Value": "b"}]},
        {"ExternalSecretRotationRoleArn": "arn:aws:iam::111122223333:role/rotation"},
    ):
        with refused((REFUSED, INVALID)):
            sm.rotate_secret(**rotate, **members)
    # A token that is the id of a version with a value.
    [version] = sm.describe_secret(SecretId=app.name)["VersionIdsToStages"]
    with refused((REFUSED, "ResourceExistsException", INVALID)):
        sm.rotate_secret(**rotate, ClientRequestToken=version)

    app.proxy.hold_at(b"SETUSER", BEFORE)
    app.rotate()
    assert app.proxy.sprung.wait(rotations.PATIENCE)
    for members in ({}, {"RotateImmediately": False}, {"RotationRules": {"AutomaticallyAfterDays": 3}}):
        with refused(REFUSED, UNFINISHED):
            sm.rotate_secret(SecretId=app.name, ClientRequestToken=str(uuid.uuid4()), **members)
    # The same call again is the same rotation.
    again = sm.rotate_secret(SecretId=app.name, ClientRequestToken=app.version)
    assert again["VersionId"] == app.version

    # Deleted while a function works: it stops, and goes on once the secret is back.
    sm.delete_secret(SecretId=app.name)
    for operation in (sm.rotate_secret, sm.cancel_rotate_secret):
        with refused(REFUSED, MARKED):
            operation(SecretId=app.name)
    app.proxy.mend()
    sm.restore_secret(SecretId=app.name)
    app.finished(app.version)
    assert app.works()


def test_a_cancelled_rotation_is_reattempted_as_the_refusal_says(sm, refused, app):
    app.proxy.hold_at(b"SETUSER", BEFORE)
    app.rotate()
    assert app.proxy.sprung.wait(rotations.PATIENCE)
    assert sm.cancel_rotate_secret(SecretId=app.name)["VersionId"] == app.version
    app.proxy.mend()
    off = both(sm, app.name)
    assert off["RotationEnabled"] is False
    assert off["VersionIdsToStages"][app.version] == ["AWSPENDING"]
    with refused(REFUSED, UNFINISHED):
        sm.rotate_secret(SecretId=app.name)
    app.finished(app.version)
    assert app.works() and both(sm, app.name)["RotationEnabled"] is True
    app.rotate()
    app.finished(app.version)
    assert app.works()


def test_a_label_that_somebody_put_there_is_in_the_way(sm, refused, app):
    """Also of a secret that never rotated, as on AWS, until the label is taken away."""
    value = json.dumps({**app.read(), "password": "by-hand"})
    version = sm.put_secret_value(
        SecretId=app.name, SecretString=value, VersionStages=["AWSPENDING"])["VersionId"]
    for members in ({}, {"RotateImmediately": False}):
        with refused(REFUSED, UNFINISHED):
            sm.rotate_secret(SecretId=app.name, RotationLambdaARN=app.function, **members)
    assert "RotationEnabled" not in sm.describe_secret(SecretId=app.name)
    sm.update_secret_version_stage(
        SecretId=app.name, VersionStage="AWSPENDING", RemoveFromVersionId=version)
    app.rotate()
    app.finished(app.version)
    assert app.works() and app.read()["password"] != "by-hand"


def test_hours_are_counted_from_midnight(sm, app):
    rules = {"ScheduleExpression": "rate(7 hours)", "Duration": "2h"}
    sm.rotate_secret(
        SecretId=app.name, RotationLambdaARN=app.function, RotationRules=rules)
    app.version = "set"
    app.finished()
    told = both(sm, app.name)
    following = told["NextRotationDate"].astimezone(UTC) + datetime.timedelta(seconds=1)
    rotated = told["LastRotatedDate"].astimezone(UTC)
    midnight = datetime.datetime.combine(rotated.date(), datetime.time(0), UTC)
    hours = (following - midnight) / datetime.timedelta(hours=1)
    assert hours in (9, 16, 23, 30)
    assert rotated < following - datetime.timedelta(hours=2) <= rotated + datetime.timedelta(hours=7)
