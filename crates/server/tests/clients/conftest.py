"""Fixtures: one server for the whole session, another for tests that need to hurt it."""

import contextlib
import os
import re

import pytest

# Nothing of the caller's own AWS set-up may leak into a verdict.
for _variable in list(os.environ):
    if _variable.startswith("AWS_") or _variable.lower().endswith("_proxy"):
        del os.environ[_variable]
os.environ.update(
    NO_PROXY="127.0.0.1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)

from botocore.exceptions import ClientError

import harness


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that all tests share; each test keeps to names of its own."""
    with harness.running(tmp_path_factory.mktemp("strongroom")) as shared:
        yield shared


@pytest.fixture
def own_server(tmp_path):
    """A server of the test's own, to kill, restart and search."""
    with harness.running(tmp_path / "strongroom") as own:
        yield own


@pytest.fixture(scope="session")
def sm(server):
    """boto3 Secrets Manager client in the server's default Region."""
    return server.client()


@pytest.fixture(scope="session")
def loose(server):
    """The same client without boto3's own checks, so that bad input reaches the server."""
    return server.client(validate=False)


@pytest.fixture
def secret(sm):
    """A fresh secret with the value `one`: the answer of CreateSecret."""
    return sm.create_secret(Name=harness.name(), SecretString="one")


@contextlib.contextmanager
def _refused(code, message=None, status=400):
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    codes = code if isinstance(code, tuple) else (code,)
    assert answer["Error"]["Code"] in codes, answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    if isinstance(message, re.Pattern):
        assert message.search(answer["Error"]["Message"]), answer["Error"]["Message"]
    elif message is not None:
        assert answer["Error"]["Message"] == message


@pytest.fixture(scope="session")
def refused():
    """`with refused("SomeException", "exact text"):` — text may be a compiled pattern,
    the code a tuple where the reference leaves the choice open."""
    return _refused
