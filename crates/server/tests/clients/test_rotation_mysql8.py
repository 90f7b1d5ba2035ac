"""Logins by MySQL 8's `caching_sha2_password`, against a double of the server."""

import json

import pytest

import harness
import rotations
from certificates import Authority
from mysql8 import MySql8
from receivers import Deployment


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    home = tmp_path_factory.mktemp("mysql8")
    issuer = Authority()
    (home / "ca.pem").write_bytes(issuer.pem)
    (home / "server.pem").write_bytes(b"".join(issuer.issue("127.0.0.1")))
    return home


@pytest.fixture(scope="module")
def deployment(trusted):
    server = Deployment(
        trusted / "server", f'[outbound]\ncertificate_authorities = "{trusted}/ca.pem"\n')
    yield server.start()
    server.stop()


@pytest.mark.parametrize("offered, ssl, expected", [
    (True, True, "tls"), (True, None, "tls"), (False, None, "plain"), (True, False, "plain")])
def test_a_login_by_caching_sha2_password(deployment, trusted, offered, ssl, expected):
    database = MySql8("app", "first-1", trusted / "server.pem" if offered else None)
    sm, name = deployment.client(), harness.name("eight")
    arn = sm.create_secret(Name=name, SecretString=json.dumps(
        {"engine": "mysql", "host": "127.0.0.1", "port": database.port, "username": "app",
         "password": "first-1", "ssl": ssl}))["ARN"]
    function = rotations.function(arn, "RDSMySQLRotationSingleUser")
    for _ in range(2):
        version = sm.rotate_secret(SecretId=name, RotationLambdaARN=function)["VersionId"]
        rotations.finished(sm, name, version)
        assert database.password == rotations.read(sm, name)["password"] != "first-1"
    database.close()
    assert {how for how, _ in database.logins} == {expected}
    # The first password and each new one the whole way; one that it knows the fast one.
    assert [way for _, way in database.logins] == ["whole", "whole", "fast", "whole"]
    # As MySQL 8 wants it: it has no function PASSWORD().
    assert any(statement.startswith("SET PASSWORD = '") for statement in database.statements)
