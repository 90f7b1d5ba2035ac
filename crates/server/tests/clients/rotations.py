"""What the tests of rotation share: functions, secrets of databases, and what waits for
them."""

import datetime
import json
import re
import subprocess

import databases
import harness
from harness import PATIENCE
from receivers import until

FUNCTION = "arn:aws:lambda:{region}:{account}:function:SecretsManager{name}"
NEVER = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
# A member that a secret is to be without.
ABSENT = object()


def function(arn, name):
    """The built-in function of the account and Region that a secret is of."""
    _, _, _, region, account, *_ = arn.split(":")
    return FUNCTION.format(region=region, account=account, name=name)


def set_environment(server, strategy, **variables):
    """Sets that of a built-in function, with the AWS CLI as an operator would."""
    done = server.aws(
        "lambda", "update-function-configuration",
        "--function-name", f"SecretsManager{strategy.template}",
        "--environment", json.dumps({"Variables": variables}))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def value(database, engine, user, password, **more):
    return json.dumps(
        {
            "engine": engine, "host": "127.0.0.1", "port": database.port, "username": user,
            "password": password, **more,
        }
    )


def read(sm, name, stage="AWSCURRENT"):
    return json.loads(sm.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"])


def finished(sm, name, version=None):
    """Waits until a rotation is over: a version, or any that was pending, is what
    applications read, and it is noted when that came to be. The function has moved the
    label before that, and until then there can be no other rotation."""
    def is_over():
        described = sm.describe_secret(SecretId=name)
        labels = described["VersionIdsToStages"]
        [current] = [i for i, held in labels.items() if "AWSCURRENT" in held]
        if current != version if version else ["AWSPENDING"] in labels.values():
            return None
        [made] = [v["CreatedDate"] for v in sm.list_secret_version_ids(SecretId=name)["Versions"]
                  if v["VersionId"] == current]
        return made <= described.get("LastRotatedDate", NEVER) and described

    described = until(is_over)
    assert described, sm.describe_secret(SecretId=name)
    return described


def jobs(server):
    """What `strongroom jobs` says: why the rotation of each secret failed, by its name."""
    return {row[4]: row[6] if len(row) > 6 else "" for row in _rows(server)}


def due(server, name):
    """When `strongroom jobs` says that a rotation goes on."""
    return next(datetime.datetime.fromisoformat(row[0]) for row in _rows(server) if row[4] == name)


def _rows(server):
    config = getattr(server, "config", None)
    place = ["--config", config] if config else ["--data-dir", server.data]
    done = subprocess.run(
        [harness.binary(), "jobs", *place], capture_output=True, text=True, check=True)
    lines = (line.split(None, 6) for line in done.stdout.splitlines())
    return [line for line in lines if line[1:2] == ["RotateSecret"]]


def lookup(server, event_name):
    """The events of a name as LookupEvents has them, newest first."""
    trail = server.client(service="cloudtrail")
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": event_name}]
    )
    return [json.loads(e["CloudTrailEvent"]) for page in pages for e in page["Events"]]


def of_secret(events, arn):
    return [e for e in events if e["additionalEventData"] == {"SecretId": arn}]


class Strategy:
    """A built-in function, and the database that it is for."""

    def __init__(self, name, engine, template, *, alternating=False, superuser=False):
        self.name, self.engine, self.template = name, engine, template
        self.alternating, self.superuser = alternating, superuser or alternating

    def __repr__(self):
        return self.name

    def make_user(self, database, user, password):
        """A user with rights of its own."""
        if self.engine == "redis":
            done = database.run("ACL", "SETUSER", user, "on", f">{password}", "~*", "+@all")
            database.run("ACL", "SAVE")
        elif self.engine == "postgres":
            done = database.run(
                f"CREATE TABLE IF NOT EXISTS t (n int); "
                f"CREATE ROLE {user} LOGIN PASSWORD '{password}'; GRANT SELECT ON t TO {user}"
            )
        else:
            done = database.run(
                f"CREATE DATABASE IF NOT EXISTS d; CREATE TABLE IF NOT EXISTS d.t (n int);"
                f"CREATE USER {user} IDENTIFIED BY '{password}'; GRANT SELECT ON d.* TO {user}"
            )
        assert done

    def works(self, database, login):
        """Whether an application logs in, and may do what it does."""
        command = {"redis": ["PING"], "postgres": ["SELECT n FROM t"]}.get(
            self.engine, ["SELECT n FROM d.t"])
        return database.run(*command, user=login["username"], password=login["password"])


def strategies():
    yield Strategy("postgresql-single", "postgres", "RDSPostgreSQLRotationSingleUser")
    yield Strategy(
        "postgresql-alternating", "postgres", "RDSPostgreSQLRotationMultiUser", alternating=True)
    yield Strategy("mariadb-single", "mariadb", "RDSMariaDBRotationSingleUser")
    yield Strategy(
        "mariadb-alternating", "mariadb", "RDSMariaDBRotationMultiUser", alternating=True)
    yield Strategy("mysql-single", "mysql", "RDSMySQLRotationSingleUser")
    yield Strategy("mysql-alternating", "mysql", "RDSMySQLRotationMultiUser", alternating=True)
    yield Strategy("redis-own", "redis", "ElasticacheUserRotation")
    yield Strategy("redis-superuser", "redis", "ElasticacheUserRotation", superuser=True)


ALL = {strategy.name: strategy for strategy in strategies()}
SERVERS = {"postgres": databases.PostgreSql, "redis": databases.Redis}


def start_database(engine, *settings):
    return SERVERS.get(engine, databases.MariaDb)(*settings).start()


class Secret:
    """A user's secret, that of the superuser, and rotations of it."""

    def __init__(self, server, strategy, database, port=None, **members):
        self.server, self.strategy, self.database = server, strategy, database
        self.user, self.first = harness.word(), f"{harness.word()}-1".replace("q", "r")
        self.seen = {self.first}
        strategy.make_user(database, self.user, self.first)
        at = {"host": "127.0.0.1", "port": port or database.port, "ssl": False,
              "engine": strategy.engine, **members}
        self.at = {name: value for name, value in at.items() if value is not ABSENT}
        more = {}
        if strategy.superuser:
            self.master = self.sm.create_secret(
                Name=harness.name("root"), SecretString=self.superuser())["ARN"]
            more = {"masterarn": self.master}
        self.name = harness.name("app")
        self.arn = self.sm.create_secret(
            Name=self.name,
            SecretString=json.dumps(
                {**self.at, "username": self.user, "password": self.first, **more}),
        )["ARN"]
        self.version = None

    @property
    def sm(self):
        return self.server.client()

    def superuser(self, user=None, password=databases.ROOT_PASSWORD):
        user = user or self.database.superuser
        return json.dumps({**self.at, "username": user, "password": password})

    def rotate(self):
        more = {}
        if self.version is None:
            more = {"RotationLambdaARN": function(self.arn, self.strategy.template)}
        self.version = self.sm.rotate_secret(SecretId=self.name, **more)["VersionId"]

    def finished(self, version=None):
        described = finished(self.sm, self.name, version)
        labels = sorted(sum(described["VersionIdsToStages"].values(), []))
        assert labels == ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"], labels
        return described

    def read(self, stage="AWSCURRENT"):
        login = read(self.sm, self.name, stage)
        self.seen.add(login["password"])
        return login

    def works(self, stage="AWSCURRENT"):
        return self.strategy.works(self.database, self.read(stage))

    def tells_no_password(self, text):
        for password in self.seen | {databases.ROOT_PASSWORD}:
            assert not re.search(rf"\b{re.escape(password)}\b|{re.escape(password)}", text), text
