"""Database servers for tests, from Debian's packages: each in a directory and on a port of
its own, under an unprivileged user where the tests run as root."""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import PATIENCE, free_port

ROOT_PASSWORD = "the-superuser"


def _user(name):
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Database:
    """A server process with its data."""

    def __init__(self, user, *settings):
        self.settings = settings
        self.identity = _user(user)
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="db", dir="/tmp"))
        self.own(self.place)
        self.port = free_port()
        self.process = None

    def own(self, path):
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])

    def command(self, *arguments):
        return subprocess.run(
            arguments, check=True, capture_output=True, cwd=self.place, **self.identity
        )

    def start(self):
        with open(self.place / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.arguments(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.place, **self.identity,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.ready():
            assert self.process.poll() is None and time.monotonic() < deadline, (
                self.place / "log"
            ).read_text()
            time.sleep(0.05)
        return self

    def stop(self):
        self.process.send_signal(self.farewell)
        self.process.wait()

    def keep(self, name, content):
        """A file that the server reads."""
        path = self.place / name
        path.write_bytes(content)
        path.chmod(0o600)
        self.own(path)
        return path

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.place, ignore_errors=True)


class PostgreSql(Database):
    """PostgreSQL; the superuser is `postgres`."""

    farewell = signal.SIGQUIT
    superuser = "postgres"

    def __init__(self, *settings):
        super().__init__("postgres", *settings)
        self.bin = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        password = self.keep("password", ROOT_PASSWORD.encode())
        self.command(
            self.bin / "initdb", "-U", "postgres", "-A", "scram-sha-256", "--no-sync",
            "--locale=C", f"--pwfile={password}", "-D", self.place / "data",
        )

    def arguments(self):
        settings = (
            f"port={self.port}", "listen_addresses=127.0.0.1", "fsync=off",
            f"unix_socket_directories={self.place}", *self.settings,
        )
        return [
            self.bin / "postgres", "-D", self.place / "data",
            *(word for setting in settings for word in ("-c", setting)),
        ]

    def ready(self):
        probe = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe).returncode == 0

    def run(self, statement, user="postgres", password=ROOT_PASSWORD):
        """Whether the user can log in and the statement is carried out."""
        return subprocess.run(
            ["psql", "-qtA", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d",
             "postgres", "-c", statement],
            env={"PGPASSWORD": password, "PATH": os.environ["PATH"]},
            capture_output=True,
        ).returncode == 0


class MariaDb(Database):
    """MariaDB; the superuser is `superuser`."""

    farewell = signal.SIGKILL
    superuser = "superuser"

    def __init__(self, *settings):
        super().__init__("mysql", *settings)
        self.keep(
            "init.sql",
            f"CREATE USER IF NOT EXISTS superuser@'%' IDENTIFIED BY '{ROOT_PASSWORD}';\n"
            "GRANT ALL ON *.* TO superuser@'%' WITH GRANT OPTION;\n".encode(),
        )
        self.command(
            "mariadb-install-db", "--no-defaults", "--skip-test-db",
            "--auth-root-authentication-method=normal", f"--datadir={self.place}/data",
        )

    def arguments(self):
        return [
            "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.place}/data",
            f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
            f"--socket={self.place}/socket", f"--pid-file={self.place}/pid",
            f"--tmpdir={self.place}", f"--init-file={self.place}/init.sql",
            "--innodb-flush-log-at-trx-commit=0", "--max-connect-errors=1000000",
            *(f"--{setting}" for setting in self.settings),
        ]

    def ready(self):
        return self.run("SELECT 1")

    def ask(self, statement, user="superuser", password=ROOT_PASSWORD):
        """What a statement answers; nothing if the user cannot log in or it fails."""
        tls = "--ssl" if "require-secure-transport=ON" in self.settings else "--skip-ssl"
        done = subprocess.run(
            ["mariadb", "--no-defaults", "-NB", "-h", "127.0.0.1", "-P", str(self.port),
             tls, "-u", user, "-e", statement],
            env={"MYSQL_PWD": password, "PATH": os.environ["PATH"]}, capture_output=True, text=True,
        )
        return done.stdout if done.returncode == 0 else None

    def run(self, statement, user="superuser", password=ROOT_PASSWORD):
        """Whether the user can log in and the statement is carried out."""
        return self.ask(statement, user, password) is not None


class Redis(Database):
    """Redis; the superuser is `default`."""

    farewell = signal.SIGKILL
    superuser = "default"

    def __init__(self, *settings):
        super().__init__("redis", *settings)
        self.keep("users.acl", f"user default on >{ROOT_PASSWORD} ~* &* +@all\n".encode())

    def arguments(self):
        return [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--dir", self.place, "--aclfile", self.place / "users.acl", *self.settings,
        ]

    def ready(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def run(self, *words, user="default", password=ROOT_PASSWORD):
        """Whether the user can log in and the command is carried out."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            stream = connection.makefile("rwb")
            for command in (("AUTH", user, password), words):
                parts = [str(word).encode() for word in command]
                stream.write(b"*%d\r\n" % len(parts))
                for part in parts:
                    stream.write(b"$%d\r\n%s\r\n" % (len(part), part))
                stream.flush()
                if not stream.readline().startswith((b"+", b":")):
                    return False
        return True
