"""Rotation as applications and operators see it: real databases, the real engine."""

import json
import string
import subprocess
import threading
import time
import uuid

import pytest

import databases
import harness
import rotations
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
    """Reads the secret and logs in with it, again and again. Where its strategy lets logins
    fail for a moment, it reads the secret again and tries again, for `patience` seconds."""

    def __init__(self, secret, patience=0):
        super().__init__()
        self.secret, self.patience = secret, patience
        self.logins, self.failed, self.ended = 0, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            deadline = time.monotonic() + self.patience
            while not self.secret.works():
                if time.monotonic() >= deadline:
                    self.failed.append(self.secret.name)
                    break
            self.logins += 1

    def another_login(self):
        """What was read before is used up."""
        before = self.logins
        while self.logins < before + 2 and self.is_alive():
            time.sleep(0.002)

    def end(self):
        self.ended.set()
        self.join()
        assert self.failed == []


@pytest.fixture(scope="module")
def started():
    """Database servers by engine."""
    started = {}

    def start(engine):
        engine = "mariadb" if engine == "mysql" else engine
        if engine not in started:
            started[engine] = rotations.start_database(engine)
        return started[engine]

    yield start
    for database in started.values():
        database.remove()


# A secret has at most a hundred versions of one day: two hundred rotations are of four.
ALTERNATING = [
    *(("postgresql-alternating", number) for number in range(4)),
    *(("mariadb-alternating", number) for number in range(4)),
    ("mysql-alternating", 0), ("redis-own", 0), ("redis-superuser", 0),
]


def under_an_application(server, started, name, count, patience):
    strategy = rotations.ALL[name]
    secret = rotations.Secret(server, strategy, started(strategy.engine))
    before = secret.read()
    application = Application(secret, patience)
    application.start()
    try:
        for _ in range(count):
            secret.rotate()
            finished(secret.sm, secret.name, secret.version)
            application.another_login()
    finally:
        application.end()
    assert application.logins >= 2 * count
    after = secret.read()
    assert before.keys() == after.keys()
    assert after["username"] in (secret.user, f"{secret.user}_clone")
    for password in secret.seen - {secret.first}:
        as_the_template_makes_it(strategy.engine, password)


def as_the_template_makes_it(engine, password):
    assert len(password) == (20 if engine == "redis" else 32)
    assert not set(password) & set(":/@\"'\\" if engine == "postgres" else "/@\"'\\")
    kinds = (str.islower, str.isupper, str.isdigit, lambda letter: letter in string.punctuation)
    assert all(any(map(kind, password)) for kind in kinds) and password.isascii()


@pytest.mark.parametrize("name, number", ALTERNATING)
def test_an_application_that_reconnects_notices_nothing(server, started, name, number):
    under_an_application(server, started, name, 50, patience=0)


@pytest.mark.parametrize("name", ["postgresql-single", "mariadb-single", "mysql-single"])
def test_an_application_of_a_single_user_reads_again(server, started, name):
    """Between setSecret and finishSecret the database has the password that is pending."""
    under_an_application(server, started, name, 20, patience=PATIENCE)


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
