"""What MySQL 8 says when somebody logs in, as far as a rotation hears it: MySQL itself is in
none of the distributions that the tests run on. `caching_sha2_password` with its public key
and its fast way, over TLS and without, and the few statements of the template.

Source: MySQL Server Doxygen Documentation, "Client/Server Protocol".
"""

import hashlib
import re
import secrets
import socket
import ssl
import struct
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PLUGIN = b"caching_sha2_password"
CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x200000
SSL = 0x800
OK, EOF = b"\0\0\0\2\0\0\0", b"\xfe\0\0\2\0"
FULL, FAST = b"\1\4", b"\1\3"


class MySql8:
    """A server with one user, over TLS if there is a certificate."""

    def __init__(self, user, password, certificate=None):
        self.user, self.password = user, password
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.cached = None
        # How users logged in: plain or tls, and by the whole way or the fast one.
        self.logins, self.statements = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Session(self, connection).run, daemon=True).start()


class Session:
    def __init__(self, server, connection):
        self.server, self.connection, self.number = server, connection, 0

    def run(self):
        try:
            if self.log_in():
                self.serve()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            self.connection.close()

    def read(self):
        header = self.exactly(4)
        self.number = header[3] + 1
        return self.exactly(int.from_bytes(header[:3], "little"))

    def exactly(self, count):
        content = b""
        while len(content) < count:
            part = self.connection.recv(count - len(content))
            if not part:
                raise EOFError
            content += part
        return content

    def write(self, *packets):
        for packet in packets:
            self.connection.sendall(
                len(packet).to_bytes(3, "little") + bytes([self.number % 256]) + packet)
            self.number += 1

    def log_in(self):
        nonce = bytes(secrets.randbelow(94) + 33 for _ in range(20))
        offered = CAPABILITIES | (SSL if self.server.tls else 0)
        self.write(
            b"\x0a8.0.36\0" + struct.pack("<I", 7) + nonce[:8] + b"\0"
            + struct.pack("<HBHHB", offered & 0xFFFF, 255, 2, offered >> 16, 21) + bytes(10)
            + nonce[8:] + b"\0" + PLUGIN + b"\0")
        packet, how = self.read(), "plain"
        if len(packet) == 32:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
            packet, how = self.read(), "tls"
        user, _, rest = packet[32:].partition(b"\0")
        scramble = rest[1:1 + rest[0]]
        expected = self.server.password.encode()
        known = user.decode() == self.server.user
        if known and self.server.cached == expected and scramble == scrambled(expected, nonce):
            self.write(FAST, OK)
            self.server.logins.append((how, "fast"))
            return True
        self.write(FULL)
        given = self.password(how, nonce)
        if known and given == expected:
            self.server.cached = expected
            self.server.logins.append((how, "whole"))
            self.write(OK)
            return True
        self.write(b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied")
        return False

    def password(self, how, nonce):
        packet = self.read()
        if how == "tls":
            return packet.rstrip(b"\0")
        assert packet == b"\2", "the password itself came in clear text"
        self.write(b"\1" + self.server.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        hidden = self.server.key.decrypt(self.read(), padding.OAEP(
            padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        return bytes(byte ^ nonce[at % 20] for at, byte in enumerate(hidden)).rstrip(b"\0")

    def serve(self):
        while True:
            command = self.read()
            if command[:1] == b"\1":
                return
            if command[:1] != b"\3":
                self.write(OK)
                continue
            statement = command[1:].decode()
            self.server.statements.append(statement)
            changed = re.fullmatch(r"SET PASSWORD = '(.*)'", statement)
            if changed:
                self.server.password, self.server.cached = changed[1], None
                self.write(OK)
            elif statement.startswith("SELECT"):
                values = [value(name) for name in statement[len("SELECT"):].split(",")]
                columns = [text(b"def") + text(b"") * 3 + text(b"c") + text(b"")
                           + b"\x0c" + struct.pack("<HIBHBH", 45, 255, 0xFD, 0, 0, 0)] * len(values)
                self.write(bytes([len(values)]), *columns, EOF, b"".join(map(text, values)), EOF)
            else:
                self.write(OK)


def value(name):
    return {"VERSION()": b"8.0.36", "NOW()": b"2026-01-01 00:00:00"}.get(name.strip(), b"16777216")


def text(content):
    return bytes([len(content)]) + content


def scrambled(password, nonce):
    def sha(content):
        return hashlib.sha256(content).digest()

    mask = sha(sha(sha(password)) + nonce)
    return bytes(one ^ other for one, other in zip(sha(password), mask))
