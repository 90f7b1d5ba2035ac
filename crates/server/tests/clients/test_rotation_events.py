"""The life of a rotation, event by event: in the audit log, in LookupEvents and in what is
told to others."""

import json

import pytest

import databases
import rotations
from proxy import BEFORE, Proxy
from receivers import Deployment, Webhook, authority, until

NAMES = ["RotationStarted", "RotationSucceeded", "RotationFailed", "RotationAbandoned",
         "TestRotationStarted", "TestRotationSucceeded", "TestRotationFailed"]


@pytest.fixture
def world(tmp_path):
    """A server, its webhook, and a Redis behind a proxy."""
    authority(tmp_path)
    hook = Webhook(tmp_path)
    hook.start()
    server = Deployment(tmp_path / "server", hook.section("told")).start()
    database = databases.Redis().start()
    proxy = Proxy(database.port)
    yield server, hook, database, proxy
    proxy.close()
    server.stop()
    database.remove()
    hook.stop()


def test_each_event_is_told(world):
    server, hook, database, proxy = world
    sm = server.client()
    secret = rotations.Secret(server, rotations.ALL["redis-own"], database, proxy.port)

    def told(name, count=1):
        """The events of a name, wherever they are told; the newest."""
        def of(events):
            return [e for e in events if e.get("eventName") == name]

        assert until(lambda: len(of(e["detail"] for e in hook.events)) >= count), (
            name, [e["detail"].get("eventName") for e in hook.events])
        event = of(e["detail"] for e in hook.events)[-1]
        [envelope] = [e for e in hook.events if e["detail"].get("eventID") == event["eventID"]]
        assert envelope["detail-type"] == "AWS Service Event via CloudTrail"
        assert envelope["source"] == "aws.secretsmanager"
        recorded = [e for e in server.audit(needle=event["eventID"]) if e.get("eventName") == name]
        looked_up = [e for e in rotations.lookup(server, name) if e["eventID"] == event["eventID"]]
        for [other] in (recorded, looked_up):
            assert {**other, "chain": None} == {**event, "chain": None}
        assert event["eventType"] == "AwsServiceEvent" and event["readOnly"] is False
        assert event["eventCategory"] == "Management" and event["managementEvent"] is True
        assert event["userIdentity"] == {
            "accountId": "111122223333", "invokedBy": "secretsmanager.amazonaws.com"}
        assert event["sourceIPAddress"] == event["userAgent"] == "secretsmanager.amazonaws.com"
        assert event["requestParameters"] is None and event["responseElements"] is None
        assert event["additionalEventData"] == {"SecretId": secret.arn}
        assert "errorCode" not in event
        assert ("errorMessage" in event) is name.endswith("Failed")
        secret.tells_no_password(json.dumps(event))
        return event

    def is_of(event, version):
        assert event["requestID"] == f"Rotation-{secret.arn}-{version}"

    # Good from beginning to end.
    secret.rotate()
    secret.finished(secret.version)
    secret.read()
    for name in ("RotationStarted", "RotationSucceeded"):
        is_of(told(name), secret.version)
    assert until(lambda: [
        e for e in hook.events if e["detail-type"] == "Secret Label Updated"
        and e["detail"]["labelUpdated"] == "AWSCURRENT"
        and e["detail"]["versionId"] == secret.version])

    # A test of the function, good and bad.
    version = sm.rotate_secret(SecretId=secret.name, RotateImmediately=False)["VersionId"]
    for name in ("TestRotationStarted", "TestRotationSucceeded"):
        is_of(told(name), version)
    proxy.down()
    version = sm.rotate_secret(SecretId=secret.name, RotateImmediately=False)["VersionId"]
    is_of(told("TestRotationStarted", 2), version)
    failed = told("TestRotationFailed")
    is_of(failed, version)
    assert " during testSecret step: " in failed["errorMessage"]

    # One that fails, and is given up because somebody sets a value.
    secret.rotate()
    failed = told("RotationFailed")
    is_of(failed, secret.version)
    function = rotations.function(secret.arn, secret.strategy.template)
    assert failed["errorMessage"].startswith(
        f"Error when executing lambda {function} during setSecret step: ")
    sm.put_secret_value(SecretId=secret.name, SecretString=json.dumps(secret.read()))
    is_of(told("RotationAbandoned"), secret.version)
    proxy.mend()

    # And one that loses its label while its function works.
    proxy.hold_at(b"SETUSER", BEFORE)
    secret.rotate()
    assert proxy.sprung.wait(rotations.PATIENCE)
    sm.update_secret_version_stage(
        SecretId=secret.name, VersionStage="AWSPENDING", RemoveFromVersionId=secret.version)
    proxy.mend()
    is_of(told("RotationAbandoned", 2), secret.version)
    assert secret.works()
    secret.rotate()
    secret.finished(secret.version)
    assert secret.works()

    # And one that is cancelled: who waits for its end hears of it.
    proxy.hold_at(b"SETUSER", BEFORE)
    secret.rotate()
    assert proxy.sprung.wait(rotations.PATIENCE)
    sm.cancel_rotate_secret(SecretId=secret.name)
    request = f"Rotation-{secret.arn}-{secret.version}"
    assert until(lambda: {"RotationStarted", "RotationAbandoned"} <= {
        e["detail"]["eventName"] for e in hook.events if e["detail"].get("requestID") == request})
    proxy.mend()
    assert {e["detail"].get("eventName") for e in hook.events} >= set(NAMES)
