"""The AWS Encryption SDK for Python, with our keys as it uses AWS's."""

import io
import os

import aws_encryption_sdk
import pytest
from aws_encryption_sdk import (
    CommitmentPolicy, DiscoveryAwsKmsMasterKeyProvider, StrictAwsKmsMasterKeyProvider,
)
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.identifiers import Algorithm
from aws_encryption_sdk.key_providers.kms import (
    MRKAwareDiscoveryAwsKmsMasterKeyProvider, MRKAwareStrictAwsKmsMasterKeyProvider,
)

import kms as k

THERE = "eu-west-1"
CONTEXT = {"purpose": "test"}


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    """The SDK makes its own clients, from what the user exports."""
    for variable, value in server.env.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture(params=[
    CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
])
def sdk(request):
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=request.param)


@pytest.mark.parametrize("size", [0, 1, 5000, 100_000])
def test_round_trip(sdk, kms, size):
    key, plaintext = k.make(kms), os.urandom(size)
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]])
    sealed, header = sdk.encrypt(
        source=plaintext, key_provider=provider, encryption_context=CONTEXT)
    assert {data_key.key_provider.key_info for data_key in header.encrypted_data_keys} == {
        key["Arn"].encode()}
    opened, header = sdk.decrypt(
        source=sealed, key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]]))
    assert opened == plaintext
    assert CONTEXT.items() <= header.encryption_context.items()
    found, _ = sdk.decrypt(source=sealed, key_provider=DiscoveryAwsKmsMasterKeyProvider())
    assert found == plaintext


def test_streams(sdk, kms):
    key, plaintext = k.make(kms), os.urandom(300_000)
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]])
    with sdk.stream(mode="e", source=io.BytesIO(plaintext), key_provider=provider,
                    frame_length=4096) as sealing:
        sealed = b"".join(sealing)
    with sdk.stream(mode="d", source=io.BytesIO(sealed), key_provider=provider) as opening:
        assert b"".join(opening) == plaintext


def test_signed_and_unsigned_suites(kms):
    key = k.make(kms)
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]])
    for algorithm in (Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
                      Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384):
        sdk = aws_encryption_sdk.EncryptionSDKClient()
        sealed, _ = sdk.encrypt(source=b"x", key_provider=provider, algorithm=algorithm)
        assert sdk.decrypt(source=sealed, key_provider=provider)[0] == b"x"


def test_several_keys(sdk, kms):
    one, other = k.make(kms), k.make(kms)
    both = StrictAwsKmsMasterKeyProvider(key_ids=[one["Arn"], other["Arn"]])
    sealed, _ = sdk.encrypt(source=b"x", key_provider=both)
    kms.disable_key(KeyId=one["KeyId"])
    for key_ids in ([other["Arn"]], [one["Arn"], other["Arn"]]):
        provider = StrictAwsKmsMasterKeyProvider(key_ids=key_ids)
        assert sdk.decrypt(source=sealed, key_provider=provider)[0] == b"x"
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed,
                    key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[one["Arn"]]))


def test_after_rotation_and_not_by_another_key(sdk, kms):
    key, other = k.make(kms), k.make(kms)
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[key["Arn"]])
    sealed, _ = sdk.encrypt(source=b"x", key_provider=provider, encryption_context=CONTEXT)
    for _ in range(3):
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    assert sdk.decrypt(source=sealed, key_provider=provider)[0] == b"x"
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed,
                    key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[other["Arn"]]))


def test_multi_region(server, sdk, kms):
    made = k.make(kms, MultiRegion=True)
    kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=THERE)
    there = k.in_region(made["Arn"], THERE)
    sealed, _ = sdk.encrypt(
        source=b"x", key_provider=MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[made["Arn"]]))
    kms.disable_key(KeyId=made["KeyId"])
    opened, _ = sdk.decrypt(
        source=sealed, key_provider=MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[there]))
    assert opened == b"x"
    opened, _ = sdk.decrypt(
        source=sealed,
        key_provider=MRKAwareDiscoveryAwsKmsMasterKeyProvider(discovery_region=THERE))
    assert opened == b"x"
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=MRKAwareStrictAwsKmsMasterKeyProvider(
            key_ids=[made["Arn"]]))
