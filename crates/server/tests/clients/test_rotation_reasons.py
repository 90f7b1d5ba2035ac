"""Why a rotation failed, in words: the same in `strongroom jobs`, in RotationFailed, and
without any password. One test for each cause that a built-in function knows; what a
database, a certificate or a function of one's own does is in `test_rotation_faults.py`,
`test_rotation_tls.py` and `test_rotation_functions.py`."""

import json

import pytest

import harness
import rotations
from receivers import until

WORD = "canary-of-a-password"
LONG = "u" * 60


@pytest.fixture(scope="module")
def postgresql():
    database = rotations.start_database("postgres")
    assert database.run(f"CREATE ROLE app LOGIN PASSWORD '{WORD}'")
    yield database
    database.remove()


def failure(server, name, arn, template, step):
    """What is told of a rotation that fails: the same words in both places."""
    function = rotations.function(arn, template)
    server.client().rotate_secret(SecretId=name, RotationLambdaARN=function)
    told = until(lambda: rotations.jobs(server)[name])
    assert told
    # Its record follows into the log.
    event, *_ = until(lambda: rotations.of_secret(
        rotations.lookup(server, "RotationFailed"), arn))
    start, _, words = told.partition(": ")
    assert start == step, told
    assert event["errorMessage"] == (
        f"Error when executing lambda {function} during {step} step: {words}")
    assert event["requestID"].startswith(f"Rotation-{arn}-")
    assert event["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    for text in (told, json.dumps(event)):
        assert WORD not in text and "the-superuser" not in text
    server.client().cancel_rotate_secret(SecretId=name)
    return words


SINGLE, MULTI = "RDSPostgreSQLRotationSingleUser", "RDSPostgreSQLRotationMultiUser"
CAUSES = {
    "it is no JSON": (SINGLE, "createSecret", f"{WORD} is no JSON",
                      "ValueError: The secret value isn't a JSON object."),
    "no engine": (SINGLE, "createSecret", {"engine": None},
                  "KeyError: Database engine must be set to 'postgres' in order to use this "
                  "rotation lambda"),
    "another engine": (SINGLE, "createSecret", {"engine": "mysql"},
                       "KeyError: Database engine must be set to 'postgres' in order to use "
                       "this rotation lambda"),
    "no user": (SINGLE, "createSecret", {"username": None},
                "KeyError: username key is missing from secret JSON"),
    "no password": (SINGLE, "createSecret", {"password": None},
                    "KeyError: password key is missing from secret JSON"),
    "no host": (SINGLE, "createSecret", {"host": None},
                "KeyError: host key is missing from secret JSON"),
    "a path for a host": (SINGLE, "createSecret", {"host": "/run/postgresql"},
                          "ValueError: The secret's host isn't a host name or an address."),
    "a port that is none": (SINGLE, "createSecret", {"port": "70000"},
                            "ValueError: The secret's port isn't the number of a port."),
    "a host that is not there": (SINGLE, "setSecret", {"host": "db.invalid"},
                                 "Unable to log into database with previous, current, or "
                                 "pending secret of secret arn"),
    "a wrong password": (SINGLE, "setSecret", {"password": f"{WORD}-no"},
                         'password authentication failed for user "app"'),
    "a database that is not there": (SINGLE, "setSecret", {"dbname": "nowhere"},
                                     'database "nowhere" does not exist'),
    "a name that gets too long": (MULTI, "createSecret", {"username": LONG},
                                  "ValueError: Unable to clone user, username length with "
                                  "_clone appended would exceed 63 characters"),
    "one of MySQL": ("RDSMySQLRotationMultiUser", "createSecret",
                     {"engine": "mysql", "username": "u" * 27}, "would exceed 32 characters"),
    "one of MariaDB": ("RDSMariaDBRotationMultiUser", "createSecret",
                       {"engine": "mariadb", "username": "u" * 75}, "would exceed 80 characters"),
    "no superuser": (MULTI, "setSecret", {}, "KeyError: masterarn key is missing from secret JSON"),
    "a superuser who is not there": (MULTI, "setSecret", {"masterarn": "nowhere"},
                                     "ClientError: An error occurred"),
    "a superuser of another host": (MULTI, "setSecret", {"masterarn": {"host": "localhost"}},
                                    "ValueError: setSecret: Current database host 127.0.0.1 is "
                                    "not the same host as/rds replica of master localhost"),
    "a superuser of another port": (MULTI, "setSecret", {"masterarn": {"port": 1}},
                                    "is not the same host as/rds replica of master 127.0.0.1 "
                                    "(port 1)"),
    "a superuser of another engine": (MULTI, "setSecret", {"masterarn": {"engine": "mysql"}},
                                      "KeyError: Database engine must be set to 'postgres'"),
    "who cannot log in is not cloned": (MULTI, "setSecret", {"password": f"{WORD}-no"},
                                        "Unable to log into database using current credentials"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_told(server, sm, postgresql, cause):
    template, step, changes, words = CAUSES[cause]
    login = {"engine": "postgres", "host": "127.0.0.1", "port": postgresql.port,
             "username": "app", "password": WORD, "ssl": False}
    text = changes
    if isinstance(changes, dict):
        if isinstance(changes.get("masterarn"), dict):
            master = {**login, "username": "postgres", "password": "the-superuser",
                      **changes["masterarn"]}
            made = sm.create_secret(Name=harness.name("root"), SecretString=json.dumps(master))
            changes = {"masterarn": made["ARN"]}
        text = json.dumps({name: value for name, value in {**login, **changes}.items()
                           if value is not None or name not in ("username", "password", "host")})
    name = harness.name("cause")
    arn = sm.create_secret(Name=name, SecretString=text)["ARN"]
    assert words in failure(server, name, arn, template, step)


def test_a_policy_that_keeps_the_function_out(server, sm, postgresql):
    name = harness.name("cause")
    arn = sm.create_secret(Name=name, SecretString=rotations.value(
        postgresql, "postgres", "app", WORD))["ARN"]
    deny = {"Effect": "Deny", "Principal": "*", "Resource": "*",
            "Action": "secretsmanager:PutSecretValue"}
    sm.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(
        {"Version": "2012-10-17", "Statement": deny}))
    words = failure(server, name, arn, SINGLE, "createSecret")
    assert "AccessDeniedException) when calling the PutSecretValue operation" in words
    assert "explicit deny in a resource-based policy" in words


def test_a_key_that_is_disabled(server, sm, postgresql):
    kms = server.client(service="kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = harness.name("cause")
    arn = sm.create_secret(Name=name, KmsKeyId=key, SecretString=rotations.value(
        postgresql, "postgres", "app", WORD))["ARN"]
    kms.disable_key(KeyId=key)
    words = failure(server, name, arn, SINGLE, "createSecret")
    assert "when calling the GetSecretValue operation" in words, words


def test_a_plugin_that_the_driver_has_not(server, sm):
    """Which it panics at: told like any other failure, and nothing is begun over and over."""
    database = rotations.start_database("mariadb", "plugin-load-add=auth_ed25519")
    try:
        assert database.run(
            f"CREATE USER app IDENTIFIED VIA ed25519 USING PASSWORD('{WORD}')")
        for ssl in (False, None):
            name = harness.name("cause")
            arn = sm.create_secret(Name=name, SecretString=rotations.value(
                database, "mariadb", "app", WORD, ssl=ssl))["ARN"]
            words = failure(server, name, arn, "RDSMariaDBRotationSingleUser", "setSecret")
            assert "plugin of the server that isn't supported, such as ed25519" in words
        assert database.run("SELECT 1", "app", WORD)
    finally:
        database.remove()
