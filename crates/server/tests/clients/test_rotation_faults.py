"""Rotations that something comes between, and what is left of it: nothing.

Each cell names the test that makes the fault at the step, in every strategy that has the
step (`rotations.ALL`: PostgreSQL, MariaDB and MySQL's function with a single user and with
alternating users; Redis by its own user and by a superuser).

===================  ==============  ==============  ==============  ==============
Fault                createSecret    setSecret       testSecret      finishSecret
===================  ==============  ==============  ==============  ==============
database down        database        database        database        database
superuser is wrong   \\-              superuser       \\-              \\-
password refused     \\-              refused         \\-              \\-
server killed        killed          killed          killed          killed
function crashes     function        function        function        function
function times out   function        function        function        function
function: nonsense   function        function        function        function
===================  ==============  ==============  ==============  ==============

`database` is `test_the_database_is_down`, which goes away before and after each statement;
`superuser` is `test_the_superuser_is_wrong`, `refused` are
`test_a_password_is_refused_by_mariadb` and `…_by_postgresql`, `killed` is
`test_the_server_is_killed` and `function` is in `test_rotation_functions.py`. A dash is for
what cannot happen there: only setSecret speaks to the superuser, and only there does a
database see a new password.

Always after it: the current password logs in and may do what it may, the next attempt
succeeds by itself, and so does the next rotation; nothing is left pending; `strongroom jobs`
and RotationFailed say why, and tell no password.

One promise is smaller, as on AWS: a single user of PostgreSQL, MariaDB or MySQL has one
password. From the moment when the database has the new one until the rotation is finished
it is that of AWSPENDING which logs in.
"""

import datetime
import os
import re
import signal
import time

import pytest

import rotations
from proxy import AFTER, BEFORE, Proxy

LOGIN = None  # The next connection.

# The statements of a first rotation, one of which is the last that the database hears.
STATEMENTS = {
    "postgresql-single": [b"ALTER USER"],
    "postgresql-alternating": [b"pg_roles", b"CREATE ROLE"],
    "mariadb-single": [b"SET PASSWORD"],
    "mysql-single": [b"SET PASSWORD"],
    "mariadb-alternating": [
        b"mysql.user WHERE User", b"CREATE USER", b"SHOW GRANTS", b"GRANT SELECT", b"REQUIRE",
        b"SET PASSWORD FOR"],
    "mysql-alternating": [
        b"mysql.user WHERE User", b"CREATE USER", b"SHOW GRANTS", b"GRANT SELECT", b"REQUIRE",
        b"SET PASSWORD FOR"],
    "redis-own": [b"SETUSER", b"SAVE"],
    "redis-superuser": [b"SETUSER", b"SAVE"],
}
# Those of the next one, where they are others.
LATER = {
    "postgresql-alternating": [b"ALTER USER"],
    "mariadb-alternating": [b"GRANT SELECT", b"SET PASSWORD FOR"],
    "mysql-alternating": [b"GRANT SELECT", b"SET PASSWORD FOR"],
}
TESTS = {"postgres": b"SELECT NOW", "mariadb": b"SELECT NOW", "mysql": b"SELECT NOW",
         "redis": b"PING"}
# From here on the database has a single user's new password.
CHANGED = {(b"ALTER USER", AFTER), (b"SET PASSWORD", AFTER), (b"SELECT NOW", BEFORE),
           (b"SELECT NOW", AFTER)}


@pytest.fixture(params=rotations.ALL)
def strategy(request):
    return rotations.ALL[request.param]


@pytest.fixture
def database(strategy):
    database = rotations.start_database(strategy.engine)
    yield database
    database.remove()


@pytest.fixture
def secrets():
    """Makes secrets whose database is behind a proxy."""
    made = []

    def make(server, strategy, database, count):
        for _ in range(count):
            proxy = Proxy(database.port)
            secret = rotations.Secret(server, strategy, database, proxy.port)
            secret.proxy = proxy
            made.append(secret)
        return made[-count:]

    yield make
    for secret in made:
        secret.proxy.close()


def has_changed(secret):
    single = not secret.strategy.alternating and secret.strategy.engine != "redis"
    return single and secret.fault in CHANGED


def still_works(secret):
    stage = "AWSPENDING" if has_changed(secret) else "AWSCURRENT"
    assert secret.works(stage), (secret.strategy, secret.fault, stage)


def failed(server, secrets, reason=None):
    """Waits until the rotations of all have failed; checks what is told of it."""
    deadline = time.monotonic() + rotations.PATIENCE
    while True:
        waiting = rotations.jobs(server)
        failures = [waiting.get(secret.name) for secret in secrets]
        if all(failures):
            break
        assert time.monotonic() < deadline, list(zip([s.fault for s in secrets], failures))
        time.sleep(0.1)
    for secret, failure in zip(secrets, failures):
        assert re.match(r"(set|test)Secret: \w+: .{10}", failure), failure
        if reason:
            assert reason in failure, failure
        secret.tells_no_password(failure)
        assert secret.sm.describe_secret(SecretId=secret.name)["RotationEnabled"] is True


def told(server, secrets, reason=None):
    """Each has its RotationFailed in the history of events."""
    events = rotations.lookup(server, "RotationFailed")
    for secret in secrets:
        event = rotations.of_secret(events, secret.arn)[0]
        arn = rotations.function(secret.arn, secret.strategy.template)
        assert re.match(
            re.escape(f"Error when executing lambda {arn} during ") + r"(set|test)Secret step: .+",
            event["errorMessage"]), event
        assert not reason or reason in event["errorMessage"], event
        assert "errorCode" not in event and event["eventType"] == "AwsServiceEvent"
        for one in rotations.of_secret(events, secret.arn):
            secret.read()
            secret.tells_no_password(str(one))


def all_is_well(server, secrets):
    """The rotations come to their ends by themselves, and so do the next."""
    for secret in secrets:
        secret.finished()
    for secret in secrets:
        assert secret.works(), (secret.strategy, secret.fault)
    for secret in secrets:
        secret.before = secret.read()
        secret.rotate()
    for secret in secrets:
        secret.finished(secret.version)
        assert secret.works(), (secret.strategy, secret.fault)
        # What each strategy promises of the password before.
        old = secret.strategy.works(secret.database, secret.before)
        assert old is (secret.strategy.alternating or secret.strategy.engine == "redis")
    waiting = rotations.jobs(server)
    for secret in secrets:
        assert not waiting.get(secret.name)


def faults_of(strategy, statements):
    """Before and after each statement, and that of testSecret."""
    return [(LOGIN, BEFORE)] + [
        (statement, when)
        for statement in [*statements, TESTS[strategy.engine]] for when in (BEFORE, AFTER)
    ]


def test_the_database_is_down(server, strategy, database, secrets):
    first = faults_of(strategy, STATEMENTS[strategy.name])
    later = faults_of(strategy, LATER.get(strategy.name, STATEMENTS[strategy.name]))
    made = secrets(server, strategy, database, len(first) + len(later) + 2)
    *cut, down, gone = made
    for secret in cut[len(first):]:
        secret.rotate()
    for secret in cut[len(first):]:
        secret.finished(secret.version)
    for secret, fault in zip(cut, first + later):
        secret.fault = fault
        secret.proxy.cut_at(*fault)
    # At createSecret, which does not need it, and at finishSecret.
    down.fault, gone.fault = ("createSecret", BEFORE), ("finishSecret", AFTER)
    down.proxy.down()
    gone.proxy.watch_for(TESTS[strategy.engine])
    for secret in made:
        secret.rotate()
    for secret in made:
        assert secret.proxy.sprung.wait(rotations.PATIENCE), secret.fault
        if secret is gone:
            gone.proxy.down()
    gone.finished(gone.version)
    failed(server, cut + [down])
    for secret in made:
        still_works(secret)
    for secret in made:
        secret.proxy.mend()
    all_is_well(server, made)
    told(server, cut + [down])


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("statement", [b"SETUSER", b"SAVE"])
@pytest.mark.parametrize("name", ["redis-own", "redis-superuser"])
def test_redis_keeps_the_password(server, name, secrets, statement, when):
    """Its users are in memory, unless it is told to keep them."""
    database = rotations.start_database("redis")
    try:
        [secret] = secrets(server, rotations.ALL[name], database, 1)
        secret.proxy.cut_at(statement, when)
        secret.rotate()
        assert secret.proxy.sprung.wait(rotations.PATIENCE)
        secret.proxy.mend()
        secret.finished(secret.version)
        database.stop()
        database.start()
        assert secret.works()
    finally:
        database.remove()


@pytest.mark.parametrize("back", ["while the function waits", "after it has given up"])
def test_the_secret_goes_and_comes_back_while_the_database_stands_still(
        server, strategy, database, secrets, back):
    """The server of the database is stopped, so that whoever connects waits."""
    [secret] = secrets(server, strategy, database, 1)
    sm, gone = secret.sm, False
    os.kill(database.process.pid, signal.SIGSTOP)
    try:
        secret.rotate()
        deadline = time.monotonic() + rotations.PATIENCE
        while not secret.proxy.open:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        sm.delete_secret(SecretId=secret.name)
        while back == "after it has given up" and not gone:
            assert time.monotonic() < deadline
            # It is put off, for as long as it takes somebody to want the secret back.
            now = datetime.datetime.now(datetime.timezone.utc)
            gone = rotations.due(server, secret.name) > now + datetime.timedelta(hours=1)
            time.sleep(0.1)
        sm.restore_secret(SecretId=secret.name)
        assert secret.read()["password"] == secret.first
    finally:
        os.kill(database.process.pid, signal.SIGCONT)
    # The very same rotation goes on, by itself.
    secret.finished(secret.version)
    all_is_well(server, [secret])


def test_the_superuser_is_wrong(server, strategy, database, secrets):
    if not strategy.superuser:
        pytest.skip("no superuser changes this password")
    made = secrets(server, strategy, database, 6)
    for secret in made[3:]:
        secret.rotate()
    for secret in made[3:]:
        secret.finished(secret.version)
    weak, word = "weak", "weak-and-known"
    if strategy.engine == "redis":
        database.run("ACL", "SETUSER", weak, "on", f">{word}", "+ping")
    elif strategy.engine == "postgres":
        database.run(f"CREATE ROLE {weak} LOGIN PASSWORD '{word}'")
    else:
        database.run(f"CREATE USER {weak} IDENTIFIED BY '{word}'")
    # The password is wrong, there is no such user, and one without the rights.
    wrong = [{"password": "wrong-one"}, {"user": "nobody"}, {"user": weak, "password": word}]
    for secret, values in zip(made, wrong + wrong):
        secret.fault = values
        secret.seen |= {"wrong-one", word}
        secret.sm.put_secret_value(SecretId=secret.master, SecretString=secret.superuser(**values))
        secret.rotate()
    unable = "setSecret: ValueError: setSecret: Unable to log into database using credentials in"
    failed(server, [s for s in made if s.fault is not wrong[2]], unable)
    failed(server, made, "setSecret: ")
    for secret in made:
        still_works(secret)
        secret.sm.put_secret_value(SecretId=secret.master, SecretString=secret.superuser())
    all_is_well(server, made)
    told(server, made)


@pytest.mark.parametrize(
    "name", ["mariadb-single", "mariadb-alternating", "mysql-single", "mysql-alternating"])
def test_a_password_is_refused_by_mariadb(server, name, secrets):
    strategy = rotations.ALL[name]
    database = rotations.start_database(strategy.engine)
    try:
        made = secrets(server, strategy, database, 2)
        made[1].rotate()
        made[1].finished(made[1].version)
        assert database.run("INSTALL SONAME 'simple_password_check'")
        assert database.run("SET GLOBAL simple_password_check_minimal_length = 64")
        for secret in made:
            secret.fault = "refused"
            secret.rotate()
        refused = "PasswordRefusedError: The database refused the new password"
        failed(server, made, refused)
        for secret in made:
            still_works(secret)
        assert database.run("SET GLOBAL simple_password_check_minimal_length = 8")
        all_is_well(server, made)
        for secret in made:
            # It is another password, in another version.
            assert len(rotations.of_secret(rotations.lookup(server, "RotationStarted"), secret.arn)) >= 3
        told(server, made, refused)
    finally:
        database.remove()


@pytest.mark.parametrize("name", ["postgresql-single", "postgresql-alternating"])
def test_a_password_is_refused_by_postgresql(server, name, secrets):
    strategy = rotations.ALL[name]
    database = rotations.start_database("postgres", "session_preload_libraries=passwordcheck")
    try:
        made = secrets(server, strategy, database, 2)
        made[1].rotate()
        made[1].finished(made[1].version)
        # It takes no password that is letters alone.
        rotations.set_environment(
            server, strategy, EXCLUDE_NUMBERS="true", EXCLUDE_PUNCTUATION="true")
        for secret in made:
            secret.fault = "refused"
            secret.rotate()
        refused = (
            "PasswordRefusedError: The database refused the new password: password must contain "
            "both letters and nonletters")
        failed(server, made, refused)
        for secret in made:
            still_works(secret)
        rotations.set_environment(server, strategy)
        for secret in made:
            secret.finished()
            # It is another password, in another version.
            versions = secret.sm.describe_secret(SecretId=secret.name)["VersionIdsToStages"]
            assert "AWSCURRENT" not in versions.get(secret.version, [])
        all_is_well(server, made)
        told(server, made, refused)
    finally:
        rotations.set_environment(server, strategy)
        database.remove()


POINTS = ["called", "login", "before", "after", "testing", "tested", "finished"]


@pytest.mark.parametrize("point", POINTS)
def test_the_server_is_killed(own_server, databases, secrets, point):
    """As soon as RotateSecret is answered; when setSecret logs in, before and after it has
    changed the password; while testSecret logs in, when it has; and when AWSCURRENT moves."""
    made = []
    for strategy in rotations.ALL.values():
        made += secrets(own_server, strategy, databases[strategy.engine], 1)
    for secret in made:
        change, test = STATEMENTS[secret.strategy.name][-1], TESTS[secret.strategy.engine]
        if change == b"SAVE":
            change = b"SETUSER"
        secret.fault = {
            "login": (LOGIN, BEFORE), "before": (change, BEFORE), "after": (change, AFTER),
            "testing": (test, BEFORE), "tested": (test, AFTER),
        }.get(point, (None, None))
        if point in ("login", "before", "after", "testing"):
            secret.proxy.hold_at(*secret.fault)
        elif point == "tested":
            secret.proxy.watch_for(secret.fault[0])
    if point in ("called", "tested", "finished"):
        # One after the other, for these pass by.
        for secret in made:
            secret.rotate()
            if point == "tested":
                assert secret.proxy.sprung.wait(rotations.PATIENCE)
            elif point == "finished":
                deadline = time.monotonic() + rotations.PATIENCE
                while "AWSCURRENT" not in secret.sm.describe_secret(
                        SecretId=secret.name)["VersionIdsToStages"][secret.version]:
                    assert time.monotonic() < deadline
            own_server.restart()
    else:
        for secret in made:
            secret.rotate()
        for secret in made:
            assert secret.proxy.sprung.wait(rotations.PATIENCE), secret.strategy
        own_server.restart()
        for secret in made:
            still_works(secret)
            secret.proxy.mend()
    for secret in made:
        # The very same rotation goes on.
        secret.finished(secret.version)
        assert secret.works()
    all_is_well(own_server, made)


@pytest.fixture(scope="module")
def databases():
    started = {engine: rotations.start_database(engine) for engine in ("postgres", "redis", "mariadb")}
    yield started | {"mysql": started["mariadb"]}
    for database in started.values():
        database.remove()
