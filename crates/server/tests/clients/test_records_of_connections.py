"""What a record says of the connection that a call came by: TLS, and a listener that is
declared a VPC endpoint."""

import os
import re

import pytest
from botocore.config import Config

import harness
from receivers import Deployment, authority

ENDPOINT, OWNER = "vpce-0a1b2c3d4e5f6a7b8", "444455556666"


class Listening(Deployment):
    """Beside the plain listener one with TLS, and one that is a VPC endpoint."""

    def configure(self, extra):
        self.tls_port, self.endpoint_port = harness.free_port(), harness.free_port()
        pem = self.home.parent / "server.pem"
        os.chmod(pem, 0o600)
        secured = f'tls_certificate = "{pem}"\ntls_key = "{pem}"\n'
        super().configure(
            f'[[listener]]\naddress = "127.0.0.1:{self.tls_port}"\n{secured}'
            f'[[listener]]\naddress = "127.0.0.1:{self.endpoint_port}"\n{secured}'
            f'vpc_endpoint = "{ENDPOINT}"\nvpc = "vpc-0a1b2c3d"\n'
            f'vpc_endpoint_account = "{OWNER}"\n{extra}')

    def by(self, port, service="secretsmanager"):
        return harness.boto3_client(
            service, endpoint_url=f"https://127.0.0.1:{port}", region_name=self.region,
            verify=str(self.home.parent / "ca.pem"),
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Listening(authority(tmp_path_factory.mktemp("listening")) / "server").start()
    yield server
    server.stop()


def records_of(server, answer, count=1):
    """The records of a call, of which there are so many."""
    request_id = harness.request_id_of(answer)
    return {r["eventName"]: r for r in server.audit(request_id, count=count)}


def test_tls(server):
    made = server.by(server.tls_port).create_secret(Name=harness.name(), SecretString="v")
    records = records_of(server, made, count=2)
    details = records["CreateSecret"]["tlsDetails"]
    assert list(records["CreateSecret"])[-2:] == ["tlsDetails", "chain"] or (
        list(records["CreateSecret"])[-1] == "tlsDetails")
    assert details["tlsVersion"] == "TLSv1.3"
    assert details["cipherSuite"] in (
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
    assert details["clientProvidedHostHeader"] == f"127.0.0.1:{server.tls_port}"
    assert re.fullmatch(r"X25519MLKEM768|x25519|secp\d+r1", details["keyExchange"])
    assert "vpcEndpointId" not in records["CreateSecret"]
    # What the service did for the caller came by no connection of the caller's.
    assert "tlsDetails" not in records["GenerateDataKey"]
    plain = records_of(server, server.client().list_secrets())["ListSecrets"]
    assert "tlsDetails" not in plain


def test_a_vpc_endpoint(server):
    answer = server.by(server.endpoint_port).list_secrets()
    record = records_of(server, answer)["ListSecrets"]
    assert (record["vpcEndpointId"], record["vpcEndpointAccountId"]) == (ENDPOINT, OWNER)
    fields = list(record)
    assert fields.index("recipientAccountId") < fields.index("vpcEndpointId")
    assert fields.index("vpcEndpointAccountId") < fields.index("eventCategory")
    assert record["tlsDetails"]["tlsVersion"] == "TLSv1.3"
    # KMS was asked by the service, not through the endpoint.
    made = server.by(server.endpoint_port).create_secret(Name=harness.name(), SecretString="v")
    records = records_of(server, made, count=2)
    assert records["CreateSecret"]["vpcEndpointId"] == ENDPOINT
    assert "vpcEndpointId" not in records["GenerateDataKey"]
