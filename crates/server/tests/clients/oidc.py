"""An OpenID Connect provider of our own, and who comes with its tokens."""

import base64
import http.server
import json
import ssl
import threading
import time

import botocore
from botocore.config import Config
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import harness

TAGS = "https://aws.amazon.com/tags"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Provider:
    """An issuer on this machine: discovery, keys, tokens; by TLS with the certificates
    and the private key in a file."""

    def __init__(self, pem=None):
        self.rsa = {"one": rsa.generate_private_key(65537, 2048)}
        self.ec = {"two": ec.generate_private_key(ec.SECP256R1())}
        self.asked = []
        self.broken = False
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked.append(self.path)
                documents = {
                    "/idp/.well-known/openid-configuration": {
                        "issuer": provider.issuer, "jwks_uri": provider.issuer + "/keys"},
                    "/idp/keys": provider.keys(),
                }
                document = documents.get(self.path)
                if provider.broken or document is None:
                    self.send_error(500)
                    return
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"127.0.0.1:{self.server.server_port}/idp"
        self.issuer = f"{'https' if pem else 'http'}://{self.url}"
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self):
        keys = []
        for kid, key in self.rsa.items():
            public = key.public_key().public_numbers()
            keys.append({"kty": "RSA", "kid": kid, "use": "sig",
                         "n": number(public.n), "e": number(public.e)})
        for kid, key in self.ec.items():
            public = key.public_key().public_numbers()
            keys.append({"kty": "EC", "kid": kid, "crv": "P-256",
                         "x": number(public.x, 32), "y": number(public.y, 32)})
        return {"keys": keys}

    def token(self, kid="one", alg=None, key=None, **claims):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "sts.amazonaws.com", "sub": "system:sa:app",
                  "iat": now, "exp": now + 300, **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        key = key or self.rsa.get(kid) or self.ec.get(kid)
        is_rsa = isinstance(key, rsa.RSAPrivateKey)
        alg = alg or ("RS256" if is_rsa else "ES256")
        head = b64(json.dumps({"alg": alg, "kid": kid}).encode())
        signed = f"{head}.{b64(json.dumps(claims).encode())}"
        if is_rsa:
            signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{b64(signature)}"

    def register(self, iam, *audiences, thumbprints=()):
        """Makes it a provider of the account that `iam` speaks for."""
        # Registered as AWS demands; on this machine the issuer may speak plain HTTP.
        self.arn = iam.create_open_id_connect_provider(
            Url=f"https://{self.url}", ClientIDList=list(audiences),
            ThumbprintList=list(thumbprints),
        )["OpenIDConnectProviderArn"]
        return self


def stranger(server):
    """STS for whoever has nothing to sign with."""
    return harness.boto3_client(
        "sts", endpoint_url=server.endpoint, region_name=server.region,
        config=Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}),
    )


def trusting(provider, *actions, **conditions):
    return {
        "Effect": "Allow", "Principal": {"Federated": provider.arn},
        "Action": ["sts:AssumeRoleWithWebIdentity", *actions],
        "Condition": {"StringEquals": {f"{provider.url}:aud": "sts.amazonaws.com",
                                       **conditions}},
    }


def assume(anonymous, role, token, **more):
    return anonymous.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=token, **more)
