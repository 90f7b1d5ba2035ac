"""A server under test and the means to speak with it.

The judges are the official clients: boto3 and the AWS CLI for what a user
does, botocore's signer over a bare HTTP connection for what only the wire
shows. Nothing here knows how the server works; it knows the command line
(`strongroom dev`), the environment file and where the audit log lies.
"""

import base64
import contextlib
import datetime
import gzip
import http.client
import json
import os
import pathlib
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

REPOSITORY = pathlib.Path(__file__).resolve().parents[4]
CONTENT_TYPE = "application/x-amz-json-1.1"
# How long anything that comes by itself is waited for. A wait ends when it has come, so
# that only a failure takes as long, and a machine that is slow fails no test. A rotation
# that fails is tried again after 5, 30 and 120 seconds.
PATIENCE = 300
# Below those that the kernel takes for connections: nobody gets one of these by chance
# while a server is down.
PORTS = range(10_000, 32_768)


def binary():
    """The server to judge: `STRONGROOM_BIN`, else this checkout's debug build."""
    return pathlib.Path(
        os.environ.get("STRONGROOM_BIN", REPOSITORY / "target/debug/strongroom")
    ).resolve()


_given = set()


def free_port():
    """A port, TCP and UDP, that nobody listens at and nobody else in these tests is given."""
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        if port in _given:
            continue
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


_session = boto3.session.Session()
_making = threading.Lock()


def boto3_client(service, **settings):
    """A boto3 client, of one session for all: each of its own would read AWS's models anew,
    which takes longer than what most tests do with it."""
    with _making:
        return _session.client(service, **settings)


def client(service, *, validate=True, settings=None, **more):
    """A boto3 client that asks once more when it is answered 503, as official clients do: a
    disk stood still for longer than a record may take. It tries nothing else again."""
    made = boto3_client(service, **more, config=Config(
        retries={"total_max_attempts": 1}, parameter_validation=validate,
        connect_timeout=PATIENCE, read_timeout=PATIENCE, **(settings or {})))

    def once_more(response, attempts, **_):
        unavailable = response is not None and response[0].status_code == 503
        return 1 if unavailable and attempts < 10 else None

    made.meta.events.register_first("needs-retry", once_more)
    return made


@dataclass
class Reply:
    """One HTTP answer as it came over the wire."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body) if self.body else {}

    @property
    def code(self):
        """The error's name, without the namespace that some services put before `#`."""
        return self.json.get("__type", "").rpartition("#")[2]

    @property
    def message(self):
        return self.json.get("message", self.json.get("Message"))

    @property
    def request_id(self):
        return self.headers["x-amzn-requestid"]


class ClockedSigner(SigV4Auth):
    """botocore's signer with the time as an argument instead of the wall clock."""

    def __init__(self, credentials, service, region, at=None):
        super().__init__(credentials, service, region)
        self._at = at or datetime.datetime.now(datetime.timezone.utc)

    def add_auth(self, request):
        request.context["timestamp"] = self._at.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        to_sign = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(to_sign, request))


class Server:
    """One `strongroom dev` process with a data directory of its own."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.data = self.home / "data"
        self.env_file = self.home / "env"
        self.port, self.admin_port = free_port(), free_port()
        self.process = None
        self.starts = 0
        self._clients = {}

    # -- life ------------------------------------------------------------

    def start(self, close_fds=True):
        """Starts the process; returns once it answers requests (the env file says so)."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.env_file.unlink(missing_ok=True)
        self.starts += 1
        with open(self.home / f"stdout.{self.starts}", "wb") as out, open(
            self.home / f"stderr.{self.starts}", "wb"
        ) as err:
            self.process = subprocess.Popen(
                [
                    binary(), "dev",
                    "--data-dir", self.data,
                    "--listen", f"127.0.0.1:{self.port}",
                    "--admin-listen", f"127.0.0.1:{self.admin_port}",
                    "--env-file", self.env_file,
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.home,
                close_fds=close_fds,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.env_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.home / f"stderr.{self.starts}").read_text(errors="replace")
                raise RuntimeError(
                    f"the server did not start (exit {self.process.poll()}):\n{log[-4000:]}"
                )
            time.sleep(0.01)
        self.env = dict(
            assignment.split("=", 1)
            for assignment in shlex.split(self.env_file.read_text())
            if "=" in assignment
        )
        return self

    def kill(self):
        """`kill -9`: the process gets no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        """`kill -9`, then a new process on the same directory and port."""
        self.kill()
        return self.start()

    def stop(self):
        """SIGTERM, as a supervisor would; returns the exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode if self.process else None

    # -- who and where ---------------------------------------------------

    @property
    def endpoint(self):
        return self.env["AWS_ENDPOINT_URL"]

    @property
    def region(self):
        return self.env["AWS_REGION"]

    @property
    def credentials(self):
        return Credentials(
            self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]
        )

    @property
    def host(self):
        return urlsplit(self.endpoint).netloc

    # -- official clients ------------------------------------------------

    def client(self, region=None, *, validate=True, service="secretsmanager"):
        """A boto3 client; `validate=False` lets bad input through to us."""
        key = (region or self.region, validate, service)
        if key not in self._clients:
            self._clients[key] = client(
                service,
                endpoint_url=self.endpoint,
                region_name=key[0],
                aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
                validate=validate,
            )
        return self._clients[key]

    def aws(self, *args, env=None):
        """Runs the AWS CLI with nothing in its environment but our server's exports."""
        command = pathlib.Path(sys.executable).with_name("aws")
        if not command.exists():
            command = shutil.which("aws")
        clean = {
            "PATH": f"{pathlib.Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            **self.env,
            **(env or {}),
        }
        return subprocess.run(
            [command, *map(str, args)],
            env=clean, cwd=self.home, capture_output=True, text=True, timeout=PATIENCE,
        )

    # -- the bare wire ---------------------------------------------------

    def sign(self, operation, members=None, *, body=None, region=None, headers=None,
             service="secretsmanager", credentials=None, at=None, path="/",
             method="POST"):
        """A signed request, not yet sent: (method, path, headers, body).

        `body` (bytes) wins over `members`; a header given as None is left out.
        """
        if body is None:
            body = json.dumps(members if members is not None else {}).encode()
        wanted = {
            "Content-Type": CONTENT_TYPE,
            "X-Amz-Target": f"secretsmanager.{operation}",
            **(headers or {}),
        }
        request = AWSRequest(
            method, f"{self.endpoint}{path}",
            headers={k: v for k, v in wanted.items() if v is not None}, data=body,
        )
        ClockedSigner(
            credentials or self.credentials, service, region or self.region, at
        ).add_auth(request)
        return method, path, dict(request.headers.items()), body

    def send(self, method, path, headers, body=b"", connection=None):
        """Sends exactly these headers, plus Host and Content-Length where not given."""
        own = connection is None
        connection = connection or http.client.HTTPConnection(self.host, timeout=PATIENCE)
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        names = {name.lower() for name, _ in pairs}
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if "host" not in names:
                connection.putheader("Host", self.host)
            if not names & {"content-length", "transfer-encoding"}:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in pairs:
                connection.putheader(name, value)
            try:
                connection.endheaders(body or None)
            except (BrokenPipeError, ConnectionResetError):
                pass  # Refused before the end of the body; the answer may be there.
            answer = connection.getresponse()
            return Reply(
                answer.status,
                {k.lower(): v for k, v in answer.getheaders()},
                answer.read(),
            )
        finally:
            if own:
                connection.close()

    def call(self, operation, members=None, *, connection=None, **signing):
        """Signs with botocore, sends over a bare connection, returns the raw answer."""
        return self.send(*self.sign(operation, members, **signing), connection=connection)

    # -- the record ------------------------------------------------------

    def audit_lines(self):
        """Every line of the audit log, oldest segment first, of compressed segments
        too. The zeros that fill up the last segment are left out, and what of a line
        is only being written: whoever reads meanwhile may find it after some of them."""
        log = self.data / "audit"
        names = {path.name.removesuffix(".gz") for path in log.glob("*.jsonl*")
                 if path.name.endswith((".jsonl", ".jsonl.gz"))}
        for name in sorted(names):
            try:
                content = (log / name).read_bytes()
            except FileNotFoundError:
                content = gzip.decompress((log / f"{name}.gz").read_bytes())
            yield from content.partition(b"\0")[0].split(b"\n")[:-1]

    def audit(self, request_id=None, needle=None, *, where=lambda record: True, count=0):
        """The records that hold `request_id` and the string `needle` and are as `where`
        says, in log order.

        Waits for `count` of them. The record of a read or a refusal is due in the log
        before its answer; that of a change is durable with the change, and follows into
        the log.
        """
        wanted = [w.encode() for w in (request_id, needle) if w]
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [
                json.loads(line)
                for line in self.audit_lines()
                if all(w in line for w in wanted)
            ]
            if request_id:
                found = [r for r in found if r.get("requestID") == request_id]
            found = [r for r in found if where(r)]
            if len(found) >= count or time.monotonic() >= deadline:
                return found
            time.sleep(0.05)


@contextlib.contextmanager
def running(home):
    """A server in this directory, while this lasts."""
    server = Server(home)
    try:
        yield server.start()
    finally:
        server.stop()


# -- small vocabulary shared by the tests ----------------------------------


def token():
    return str(uuid.uuid4())


def word():
    """Twelve random lower-case letters: one search word, never split by the tokeniser."""
    return "".join(chr(97 + b % 26) for b in uuid.uuid4().bytes[:12])


def name(topic="secret"):
    return f"{topic}/{word()}"


def all_pages(operation, list_key, **arguments):
    """Follows NextToken to the end by hand; returns the pages."""
    pages = []
    while True:
        answer = operation(**arguments)
        pages.append(answer[list_key])
        assert len(pages) < 200, "the listing never ends"
        if "NextToken" not in answer:
            return pages
        arguments["NextToken"] = answer["NextToken"]


def b64(data):
    return base64.b64encode(data).decode()


def request_id_of(answer):
    return answer["ResponseMetadata"]["RequestId"]


UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
