"""AWS's caching client for Python: what it asks, and when it sees a new value."""

import json

import pytest
from aws_secretsmanager_caching import (
    InjectKeywordedSecretString, InjectSecretString, SecretCache, SecretCacheConfig,
)

import harness


class Counted:
    """A boto3 client that counts what it is asked."""

    def __init__(self, client):
        self.client, self.reads, self.looks = client, 0, 0
        self.meta = client.meta

    def get_secret_value(self, **given):
        self.reads += 1
        return self.client.get_secret_value(**given)

    def describe_secret(self, **given):
        self.looks += 1
        return self.client.describe_secret(**given)


@pytest.fixture
def client(server):
    return Counted(server.client())


def test_a_value_is_read_once(client, sm):
    value = {"username": "app", "password": "canary-of-caches"}
    name = sm.create_secret(Name=harness.name(), SecretString=json.dumps(value))["Name"]
    cache = SecretCache(SecretCacheConfig(), client)
    for _ in range(20):
        assert json.loads(cache.get_secret_string(name)) == value
    assert (client.reads, client.looks) == (1, 1)

    @InjectSecretString(name, cache)
    def whole(secret):
        return json.loads(secret)

    @InjectKeywordedSecretString(name, cache, who="username", key="password")
    def parts(who, key):
        return {"username": who, "password": key}

    assert whole() == parts() == value
    assert (client.reads, client.looks) == (1, 1)


def test_bytes_and_labels(client, sm):
    name = sm.create_secret(Name=harness.name(), SecretBinary=b"\0one\xff")["Name"]
    sm.put_secret_value(SecretId=name, SecretBinary=b"\0two\xff")
    cache = SecretCache(SecretCacheConfig(), client)
    assert cache.get_secret_binary(name) == b"\0two\xff"
    assert cache.get_secret_binary(name, version_stage="AWSPREVIOUS") == b"\0one\xff"
    assert cache.get_secret_string(name) is None
    assert client.reads == 2


def test_a_new_value_is_seen_at_the_refresh(client, sm):
    name = sm.create_secret(Name=harness.name(), SecretString="one")["Name"]
    cache = SecretCache(SecretCacheConfig(secret_refresh_interval=3600), client)
    assert cache.get_secret_string(name) == "one"
    sm.put_secret_value(SecretId=name, SecretString="two")
    assert cache.get_secret_string(name) == "one"
    cache.refresh_secret_now(name)
    assert cache.get_secret_string(name) == "two"
    assert client.reads == 2


def test_what_is_missing_is_told_and_asked_no_more_for_a_while(client):
    cache = SecretCache(SecretCacheConfig(exception_retry_delay_base=60), client)
    name = harness.name("missing")
    for _ in range(5):
        with pytest.raises(Exception, match="can't find the specified secret"):
            cache.get_secret_string(name)
    assert client.looks == 1
