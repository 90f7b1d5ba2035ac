"""Names and first passwords with every character that means something to somebody, and
hosts by their IPv6 addresses: rotated by the built-in functions."""

import json
import os
import subprocess

import pytest

import databases
import harness
import rotations

NAMES = ["o'brien", 'qu"ote', "back\\slash", "tick`s", "Zo\u00eb", "\u65e5\u672c", "sp ace", "semi;--", "UPPER",
         "a%b%s", "$x{}"]
FIRSTS = ["p'q\"r\\s", "%s %d `id`", "$$;--", "\u00fcn\u00efcode", "spa ce", "a\nb"]
FUNCTIONS = {
    "postgres": ("RDSPostgreSQLRotationSingleUser", "RDSPostgreSQLRotationMultiUser"),
    "mariadb": ("RDSMariaDBRotationSingleUser", "RDSMariaDBRotationMultiUser"),
    "mysql": ("RDSMySQLRotationSingleUser", "RDSMySQLRotationMultiUser"),
    "redis": ("ElasticacheUserRotation", "ElasticacheUserRotation"),
}


class PostgreSql(databases.PostgreSql):
    def arguments(self):
        there, both = "listen_addresses=127.0.0.1", "listen_addresses=127.0.0.1,::1"
        return [both if word == there else word for word in super().arguments()]

    def login(self, user, password, statement="SELECT 1"):
        return subprocess.run(
            ["psql", "-qtA", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", user, "-d", "postgres", "-c", statement],
            env={"PGPASSWORD": password, "PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8"},
            capture_output=True).returncode == 0

    def make(self, user, password):
        name = '"' + user.replace('"', '""') + '"'
        word = "'" + password.replace("'", "''") + "'"
        return self.login("postgres", databases.ROOT_PASSWORD, f"CREATE ROLE {name} LOGIN PASSWORD {word}")


class MariaDb(databases.MariaDb):
    def arguments(self):
        there, both = "--bind-address=127.0.0.1", "--bind-address=127.0.0.1,::1"
        return [both if word == there else word for word in super().arguments()]

    def login(self, user, password, statement="SELECT 1"):
        return subprocess.run(
            ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--skip-ssl", "-h",
             "127.0.0.1", "-P", str(self.port), f"-u{user}", "-e", statement],
            env={"MYSQL_PWD": password, "PATH": os.environ["PATH"]}, capture_output=True,
        ).returncode == 0

    def make(self, user, password):
        quoted = ["'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in (user, password)]
        return self.login("superuser", databases.ROOT_PASSWORD,
                          "CREATE USER {} IDENTIFIED BY {}".format(*quoted))


class Redis(databases.Redis):
    def arguments(self):
        words = super().arguments()
        at = words.index("127.0.0.1") + 1
        return words[:at] + ["::1"] + words[at:]

    def login(self, user, password):
        return self.run("PING", user=user, password=password)

    def make(self, user, password):
        # Redis has no users with spaces in their names.
        return self.run("ACL", "SETUSER", user.replace(" ", "_"), "on", f">{password}", "~*", "+@all")


@pytest.fixture(scope="module", params=["postgres", "mariadb", "redis"])
def database(request):
    database = {"postgres": PostgreSql, "mariadb": MariaDb, "redis": Redis}[request.param]().start()
    database.engine = request.param
    yield database
    database.remove()


def rotate(sm, name, function, version=None):
    arn = sm.describe_secret(SecretId=name)["ARN"]
    version = sm.rotate_secret(
        SecretId=name, RotationLambdaARN=rotations.function(arn, function))["VersionId"]
    rotations.finished(sm, name, version)
    return rotations.read(sm, name)


def test_names_and_passwords(sm, database):
    engines = ["mariadb", "mysql"] if database.engine == "mariadb" else [database.engine]
    for number, user in enumerate(NAMES):
        engine, first = engines[number % len(engines)], FIRSTS[number % len(FIRSTS)]
        single, multi = FUNCTIONS[engine]
        user = user.replace(" ", "_") if engine == "redis" else user
        assert database.make(user, first) and database.login(user, first), user
        more = {"ssl": "False", "port": str(database.port)}
        name = harness.name("named")
        sm.create_secret(Name=name, SecretString=rotations.value(
            database, engine, user, first, **more))
        login = rotate(sm, name, single)
        assert database.login(user, login["password"]) and login["username"] == user
        if engine == "redis":
            continue
        assert not database.login(user, first)
        master = sm.create_secret(Name=harness.name("root"), SecretString=rotations.value(
            database, engine, database.superuser, databases.ROOT_PASSWORD, **more))["ARN"]
        name = harness.name("named")
        sm.create_secret(Name=name, SecretString=rotations.value(
            database, engine, user, login["password"], masterarn=master, **more))
        for expected in (f"{user}_clone", user):
            login = rotate(sm, name, multi)
            assert login["username"] == expected and database.login(expected, login["password"])


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_hosts_by_other_names(sm, database, host):
    user, first = harness.word(), harness.word()
    assert database.make(user, first)
    value = json.loads(rotations.value(database, database.engine, user, first, host=host))
    name = harness.name("host")
    sm.create_secret(Name=name, SecretString=json.dumps(value))
    login = rotate(sm, name, FUNCTIONS[database.engine][0])
    assert login["host"] == host and database.login(user, login["password"])
