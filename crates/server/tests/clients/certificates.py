"""A certificate authority of the tests' own, and certificates by it."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """Vouches for hosts; `pem` is its certificate."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _called("test authority")
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.pem = self._certificate(self.name, self.key, constraints, True)

    def issue(self, *hosts, ends=DAY):
        """A host's certificate and its key, PEM; with a negative `ends` it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        return self._certificate(_called("host"), key, names, False, ends), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def _certificate(self, name, key, extension, critical, ends=DAY):
        now = datetime.datetime.now(datetime.timezone.utc)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - 30 * DAY).not_valid_after(now + ends)
        made = made.add_extension(extension, critical).sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM)


def _called(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
