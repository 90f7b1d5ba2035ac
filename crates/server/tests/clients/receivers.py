"""Who is told what happens: webhooks and syslog servers made of Python's own
libraries, and a server (`strongroom server`) whose configuration names them."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import secrets
import shlex
import socket
import ssl
import subprocess
import threading
import time

import certificates
import harness


class Deployment(harness.Server):
    """One `strongroom server` process, as `extra` says beyond the usual."""

    def __init__(self, home, extra=""):
        super().__init__(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.config = self.home / "strongroom.toml"
        self.configure(extra)
        made = self.run("init")
        assert made.returncode == 0, made.stderr
        self.env = dict(
            assignment.split("=", 1)
            for assignment in shlex.split(made.stdout) if "=" in assignment
        )
        self.env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.port}"
        self.env.setdefault("AWS_REGION", "us-east-1")

    def configure(self, extra):
        self.config.write_text(
            f'[deployment]\naccount_id = "111122223333"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.port}"\n'
            f'[store]\ndata_dir = "{self.data}"\n'
            f'[seal]\nkey_file = "{self.home}/seal.key"\n{extra}'
        )

    def run(self, *command):
        """A command about this deployment."""
        return subprocess.run(
            [harness.binary(), *command, "--config", self.config],
            capture_output=True, text=True, timeout=harness.PATIENCE, cwd=self.home,
        )

    def json(self, *command):
        done = self.run(*command, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self):
        self.starts += 1
        with open(self.home / f"stderr.{self.starts}", "wb") as err:
            self.process = subprocess.Popen(
                [harness.binary(), "server", "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err, cwd=self.home,
            )
        deadline = time.monotonic() + harness.PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start:\n" + self.log())
            time.sleep(0.02)
        return self

    def answers(self):
        """Whether anything is answered: by then all its sockets are bound."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.send("GET", "/", {}).status
        return None

    def log(self):
        return (self.home / f"stderr.{self.starts}").read_text(errors="replace")


def until(found):
    """What `found` gives once it is true, or what it gave last."""
    deadline = time.monotonic() + harness.PATIENCE
    while not (got := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return got


# -- certificates -----------------------------------------------------------


def authority(directory):
    """A certificate authority, its certificate in `ca.pem`, and a certificate
    for 127.0.0.1 by it in `server.pem`."""
    directory = pathlib.Path(directory)
    issuer = certificates.Authority()
    (directory / "ca.pem").write_bytes(issuer.pem)
    (directory / "server.pem").write_bytes(b"".join(issuer.issue("127.0.0.1")))
    return directory


def tls(directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pathlib.Path(directory) / "server.pem")
    return context


# -- webhooks ---------------------------------------------------------------


class Webhook:
    """Takes signed events over HTTPS and keeps those that it said 200 to."""

    def __init__(self, directory, port=None):
        self.directory = pathlib.Path(directory)
        self.key = secrets.token_bytes(32)
        self.secret_file = self.directory / f"webhook-{secrets.token_hex(4)}.key"
        self.secret_file.write_text("whsec_" + base64.b64encode(self.key).decode())
        os.chmod(self.secret_file, 0o600)
        self.port = port or harness.free_port()
        self.events, self.seen, self.faults = [], [], []
        self.status = lambda event: 200
        self.server = None

    def section(self, name, more=""):
        return (f'[[event_endpoint]]\nname = "{name}"\n'
                f'url = "https://127.0.0.1:{self.port}/hook?from=test"\n'
                f'secret_file = "{self.secret_file}"\n'
                f'certificate_authorities = "{self.directory}/ca.pem"\n{more}\n')

    def start(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, address):
                # The handshake in the connection's own thread.
                with context.wrap_socket(request, server_side=True) as secured:
                    hook.connections.append(secured)
                    self.RequestHandlerClass(secured, address, self)

            def handle_error(self, *_):
                pass

        context, self.connections = tls(self.directory), []
        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.server = None

    def take(self, path, headers, body):
        # As https://www.standardwebhooks.com verifies, by hand.
        identity, moment = headers["webhook-id"], headers["webhook-timestamp"]
        signed = f"{identity}.{moment}.".encode() + body
        tag = base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
        event = json.loads(body)
        for held, fault in [
            (hmac.compare_digest(headers["webhook-signature"], f"v1,{tag}"), "signature"),
            (abs(time.time() - int(moment)) < harness.PATIENCE, "timestamp"),
            (identity == event["id"], "id"),
            (headers["Content-Type"] == "application/json", "type"),
            (path == "/hook?from=test", "path"),
        ]:
            if not held:
                self.faults.append((fault, event))
        self.seen.append(event)
        status = self.status(event)
        if status == 200:
            self.events.append(event)
        return status


# -- syslog -----------------------------------------------------------------


class SyslogTls:
    """Takes RFC 5425: octet-counted messages over TLS."""

    def __init__(self, directory):
        self.directory, self.port, self.messages = directory, harness.free_port(), []
        self.listening, self.connections = None, []

    def start(self):
        self.listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.listening,), daemon=True).start()
        return self

    def accept(self, listening):
        context = tls(self.directory)
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self.read, args=(context, connection),
                                 daemon=True).start()

    def read(self, context, connection):
        with contextlib.suppress(OSError):
            with context.wrap_socket(connection, server_side=True) as secured:
                self.connections.append(secured)
                stream = secured.makefile("rb")
                while True:
                    digits = b""
                    while (byte := stream.read(1)) != b" ":
                        if not byte:
                            return
                        digits += byte
                    message = stream.read(int(digits))
                    if len(message) < int(digits):
                        return
                    self.messages.append(message)

    def stop(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


# Of Linux; Python has no name for it.
SO_RCVBUFFORCE = 33


class SyslogUdp:
    """Takes RFC 5426: a message in each datagram."""

    def __init__(self):
        self.port, self.messages = harness.free_port(), []

    def start(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Of root the system takes it as it is; what it has no room for is lost.
        for option in (socket.SO_RCVBUF, SO_RCVBUFFORCE):
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, option, 32 << 20)
        self.socket.bind(("127.0.0.1", self.port))
        threading.Thread(target=self.read, daemon=True).start()
        return self

    def read(self):
        mine = self.socket
        with contextlib.suppress(OSError):
            while message := mine.recv(65536):
                self.messages.append(message)

    def stop(self):
        # It wakes whoever reads, though there is nothing to shut down.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
