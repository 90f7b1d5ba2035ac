"""Rotation as applications and operators see it: real databases, the real engine."""

import json
import subprocess
import threading
import time
import uuid

import pytest

import databases
import harness
from rotations import PATIENCE, finished, function, read, value


@pytest.fixture(scope="module")
def postgresql():
    database = databases.PostgreSql().start()
    yield database
    database.remove()


@pytest.fixture
def redis():
    database = databases.Redis().start()
    yield database
    database.remove()


class Application(threading.Thread):
    """Reads the secret and logs in with it, again and again."""

    def __init__(self, sm, name, log_in):
        super().__init__()
        self.sm, self.name_of_secret, self.log_in = sm, name, log_in
        self.logins, self.failed, self.ended = 0, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            login = read(self.sm, self.name_of_secret)
            if not self.log_in(login["username"], login["password"]):
                self.failed.append(login["username"])
            self.logins += 1

    def another_login(self):
        """What was read before is used up."""
        before = self.logins
        while self.logins < before + 2:
            time.sleep(0.002)

    def end(self):
        self.ended.set()
        self.join()
        assert self.failed == []


@pytest.mark.parametrize("user", ["app1", "app2", "app3", "app4"])
def test_alternating_users_under_an_application_that_reconnects(server, sm, postgresql, user):
    # A secret has at most a hundred versions of one day: four of fifty rotations each.
    name = harness.name()
    postgresql.run(f"CREATE ROLE {user} LOGIN PASSWORD 'first'")
    master = sm.create_secret(
        Name=harness.name(),
        SecretString=value(postgresql, "postgres", "postgres", databases.ROOT_PASSWORD, ssl=False),
    )["ARN"]
    secret = sm.create_secret(
        Name=name, SecretString=value(postgresql, "postgres", user, "first", masterarn=master)
    )
    multi = function(secret["ARN"], "RDSPostgreSQLRotationMultiUser")
    application = Application(
        server.client(), name, lambda who, word: postgresql.run("SELECT 1", who, word)
    )
    application.start()
    try:
        more = {"RotationLambdaARN": multi, "RotationRules": {"AutomaticallyAfterDays": 30}}
        for _ in range(50):
            version = sm.rotate_secret(SecretId=name, **more)["VersionId"]
            finished(sm, name, version)
            application.another_login()
            more = {}
    finally:
        application.end()
    assert application.logins >= 100
    assert read(sm, name)["masterarn"] == master


def test_a_single_user_by_the_aws_cli(server, sm, postgresql):
    name = harness.name()
    postgresql.run("CREATE ROLE single LOGIN PASSWORD 'first'")
    secret = sm.create_secret(
        Name=name, SecretString=value(postgresql, "postgres", "single", "first")
    )
    single = function(secret["ARN"], "RDSPostgreSQLRotationSingleUser")
    answer = json.loads(
        server.aws(
            "secretsmanager", "rotate-secret", "--secret-id", name,
            "--rotation-lambda-arn", single,
            "--rotation-rules", "ScheduleExpression=cron(0 16 1\\,15 * ? *),Duration=2h",
        ).stdout
    )
    described = finished(sm, name, answer["VersionId"])
    login = read(sm, name)
    assert postgresql.run("SELECT 1", "single", login["password"])
    assert not postgresql.run("SELECT 1", "single", "first")
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == {
        "AutomaticallyAfterDays": 15, "Duration": "2h",
        "ScheduleExpression": "cron(0 16 1,15 * ? *)",
    }
    following = described["NextRotationDate"].astimezone(tz=None).utctimetuple()
    assert (following.tm_hour, following.tm_min, following.tm_sec) == (17, 59, 59)
    assert following.tm_mday in (1, 15)


def test_the_server_is_killed_while_it_rotates(own_server, redis):
    sm = own_server.client()
    redis.run("ACL", "SETUSER", "app", "on", ">first", "~*", "+ping")
    master = sm.create_secret(
        Name="root", SecretString=value(redis, "redis", "default", databases.ROOT_PASSWORD)
    )["ARN"]
    secret = sm.create_secret(
        Name="app", SecretString=value(redis, "redis", "app", "first", ssl=False, masterarn=master)
    )
    rotate = {"RotationLambdaARN": function(secret["ARN"], "ElasticacheUserRotation")}
    # Killed sooner and later after the call.
    for pause in (0, 0.02, 0.1):
        version = sm.rotate_secret(SecretId="app", **rotate)["VersionId"]
        time.sleep(pause)
        own_server.restart()
        sm = own_server.client()
        login = read(sm, "app")
        assert redis.run("PING", user="app", password=login["password"])
        finished(sm, "app", version)
        login = read(sm, "app")
        assert redis.run("PING", user="app", password=login["password"])


def test_jobs_say_why_a_rotation_failed(own_server, redis):
    sm = own_server.client()
    secret = sm.create_secret(
        Name="app", SecretString=value(redis, "redis", "app", "wrong", ssl=False)
    )
    sm.rotate_secret(
        SecretId="app", RotationLambdaARN=function(secret["ARN"], "ElasticacheUserRotation")
    )
    jobs = [harness.binary(), "jobs", "--data-dir", own_server.data]
    deadline = time.monotonic() + PATIENCE
    while True:
        told = subprocess.run(jobs, capture_output=True, text=True, check=True).stdout
        if "using current credentials" in told:
            break
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    assert "RotateSecret" in told
    assert "wrong" not in told
    assert read(sm, "app")["password"] == "wrong"


def test_a_repeated_call_is_harmless(sm, redis):
    name = harness.name()
    redis.run("ACL", "SETUSER", "app", "on", ">first", "~*", "+@all")
    secret = sm.create_secret(
        Name=name, SecretString=value(redis, "redis", "app", "first", ssl=False)
    )
    token = str(uuid.uuid4())
    for _ in range(3):
        answer = sm.rotate_secret(
            SecretId=name, ClientRequestToken=token,
            RotationLambdaARN=function(secret["ARN"], "ElasticacheUserRotation"),
        )
        assert answer["VersionId"] == token
        finished(sm, name, token)
