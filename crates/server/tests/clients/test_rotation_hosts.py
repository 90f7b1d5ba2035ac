"""Users of MariaDB and of MySQL's function who may come from certain hosts alone: each such
account is a user of its own, and a clone has the same."""

import json

import pytest

import databases
import harness
import rotations
from rotations import finished, read

ALTERNATING = ["mariadb-alternating", "mysql-alternating"]


@pytest.fixture(scope="module")
def database():
    # By a name that is looked up, or is that of this machine.
    database = databases.MariaDb("skip-name-resolve=OFF").start()
    assert database.run("CREATE DATABASE d; CREATE TABLE d.t (n int)")
    yield database
    database.remove()


def accounts(database, user):
    told = database.ask(f"SELECT Host FROM mysql.user WHERE User = '{user}'")
    return sorted(told.split())


# Where the user may come from, and where the clone may then.
HOSTS = {
    "one address": (["127.0.0.1"], ["127.0.0.1"]),
    "this machine": (["localhost"], ["localhost"]),
    "a network": (["127.0.0.%"], ["127.0.0.%"]),
    "some": (["127.0.0.1", "192.0.2.7", "localhost"], ["127.0.0.1", "192.0.2.7", "localhost"]),
    # As the template does, which knows this alone.
    "anywhere and elsewhere": (["%", "192.0.2.7"], ["%"]),
}


@pytest.mark.parametrize("where", HOSTS)
@pytest.mark.parametrize("name", ALTERNATING)
def test_a_clone_comes_from_where_the_user_does(server, sm, database, name, where):
    strategy = rotations.ALL[name]
    user = harness.word()
    hosts, cloned = HOSTS[where]
    for host in hosts:
        assert database.run(
            f"CREATE USER '{user}'@'{host}' IDENTIFIED BY 'first-1'; "
            f"GRANT SELECT ON d.* TO '{user}'@'{host}'")
    login = {"engine": strategy.engine, "host": "127.0.0.1", "port": database.port, "ssl": False}
    root = {**login, "username": "superuser", "password": databases.ROOT_PASSWORD}
    master = sm.create_secret(Name=harness.name("root"), SecretString=json.dumps(root))["ARN"]
    name = harness.name("app")
    arn = sm.create_secret(Name=name, SecretString=json.dumps(
        {**login, "username": user, "password": "first-1", "masterarn": master}))["ARN"]
    before = read(sm, name)
    for expected in (f"{user}_clone", user, f"{user}_clone"):
        version = sm.rotate_secret(
            SecretId=name, RotationLambdaARN=rotations.function(arn, strategy.template)
        )["VersionId"]
        finished(sm, name, version)
        after = read(sm, name)
        assert after["username"] == expected
        for value in (before, after):
            assert strategy.works(database, value)
        before = after
    assert accounts(database, user) == sorted(hosts)
    assert accounts(database, f"{user}_clone") == cloned
    hashes = database.ask(
        "SELECT DISTINCT authentication_string FROM mysql.user "
        f"WHERE User = '{user}_clone'")
    assert len(hashes.split()) == 1
    for host in cloned:
        assert "GRANT SELECT ON `d`" in database.ask(f"SHOW GRANTS FOR '{user}_clone'@'{host}'")
