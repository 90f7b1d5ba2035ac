"""The `ssl` member of a secret: TLS by the server's `[outbound] certificate_authorities`,
and when a connection may do without. A proxy sees whether the new password could be read."""

import pytest

import databases
import rotations
from certificates import DAY, Authority
from proxy import Proxy
from receivers import Deployment, until

HOST = "127.0.0.1"
ABSENT = rotations.ABSENT
ONLY, NEVER, PREFERRED = [True, "true", "TRUE"], [False, "false", "False"], [ABSENT, None, "yes", 1]
STRATEGIES = {
    "postgres": (rotations.ALL["postgresql-single"], b"ALTER USER"),
    "mariadb": (rotations.ALL["mariadb-single"], b"SET PASSWORD"),
    "mysql": (rotations.ALL["mysql-single"], b"SET PASSWORD"),
}
# What the server offers, and what comes of each rule: TLS, plain, or words of a refusal.
OFFERS = {
    "good": ("tls", "plain", "tls"),
    "none": ("setSecret", "plain", "plain"),
    "required": ("tls", "setSecret", "tls"),
    "for another host": ("certificate", "plain", "plain"),
    "expired": ("certificate", "plain", "plain"),
    "of another authority": ("certificate", "plain", "plain"),
}


@pytest.fixture(scope="module")
def trusted():
    return Authority()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, trusted):
    home = tmp_path_factory.mktemp("tls")
    (home / "ca.pem").write_bytes(trusted.pem)
    server = Deployment(
        home / "server", f'[outbound]\ncertificate_authorities = "{home}/ca.pem"\n')
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def offers(trusted):
    """Servers of an engine, each started again when it is to offer something else."""
    started = {}

    def offer(engine, name):
        kind = databases.PostgreSql if engine == "postgres" else databases.MariaDb
        database = started.get(kind) or started.setdefault(kind, kind())
        database.settings = settings(database, name)
        if database.process:
            database.stop()
        return database.start()

    def settings(database, name):
        issuer = Authority() if name == "of another authority" else trusted
        host = "db.example.com" if name == "for another host" else HOST
        certificate, key = issuer.issue(host, ends=-DAY if name == "expired" else DAY)
        certificate = database.keep("server.pem", certificate)
        key = database.keep("server.key", key)
        if isinstance(database, databases.MariaDb):
            if name == "none":
                return ["skip-ssl"]
            required = ["require-secure-transport=ON"] if name == "required" else []
            return [f"ssl-cert={certificate}", f"ssl-key={key}", *required]
        kind = "hostssl" if name == "required" else "host"
        rules = database.keep("rules", (
            f"host all postgres {HOST}/32 scram-sha-256\nhost all checks {HOST}/32 scram-sha-256\n"
            f"{kind} all all {HOST}/32 scram-sha-256\n").encode())
        return [f"ssl={'off' if name == 'none' else 'on'}", f"ssl_cert_file={certificate}",
                f"ssl_key_file={key}", f"hba_file={rules}"]

    yield offer
    for database in started.values():
        database.remove()


def secret_of(server, strategy, database, port, ssl):
    proxy = Proxy(port)
    secret = rotations.Secret(server, strategy, database, proxy.port, ssl=ssl)
    secret.proxy = proxy
    return secret


def comes_to(server, secret, expected):
    """Waits for the end of a rotation, good or bad."""
    if expected in ("tls", "plain"):
        secret.finished(secret.version)
        # It says so once the answer is passed on, which the rotation does not wait for.
        assert expected == "tls" or secret.proxy.sprung.wait(rotations.PATIENCE)
        assert secret.proxy.sprung.is_set() is (expected == "plain")
        return
    told = until(lambda: rotations.jobs(server).get(secret.name))
    assert told
    assert expected in told, told
    secret.tells_no_password(told)
    # Not to succeed in a moment at which somebody logs in.
    secret.sm.cancel_rotate_secret(SecretId=secret.name)
    assert secret.read()["password"] == secret.first


@pytest.mark.parametrize("offered", OFFERS)
@pytest.mark.parametrize("engine", STRATEGIES)
def test_the_rule_of_the_secret(deployment, offers, engine, offered):
    strategy, statement = STRATEGIES[engine]
    database = offers(engine, offered)
    made = []
    for rule, expected in zip((ONLY, NEVER, PREFERRED), OFFERS[offered]):
        for ssl in rule:
            secret = secret_of(deployment, strategy, database, database.port, ssl)
            secret.proxy.watch_for(statement)
            secret.rotate()
            made.append((secret, expected))
    try:
        for secret, expected in made:
            comes_to(deployment, secret, expected)
        database.settings = [] if engine != "postgres" else ["ssl=off"]
        database.stop()
        database.start()
        for secret, _ in made:
            assert secret.works()
    finally:
        for secret, _ in made:
            secret.proxy.close()


def test_redis(deployment, trusted):
    certificate, key = trusted.issue(HOST)
    database = databases.Redis()
    tls = databases.free_port()
    database.settings = [
        "--tls-port", str(tls), "--tls-cert-file", database.keep("server.pem", certificate),
        "--tls-key-file", database.keep("server.key", key), "--tls-auth-clients", "no",
    ]
    database.start()
    made = []
    try:
        for port, outcomes in ((tls, OFFERS["required"]), (database.port, OFFERS["none"])):
            for rule, expected in zip((ONLY, NEVER, PREFERRED), outcomes):
                for ssl in rule:
                    secret = secret_of(deployment, rotations.ALL["redis-own"], database, port, ssl)
                    secret.proxy.watch_for(b"SETUSER")
                    secret.rotate()
                    made.append((secret, expected))
        for secret, expected in made:
            comes_to(deployment, secret, expected)
            assert secret.works()
    finally:
        for secret, _ in made:
            secret.proxy.close()
        database.remove()
