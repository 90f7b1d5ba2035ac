"""The reference's table of key states: every operation in every state.

The legend's codes: Y ok; 1 disabled; 3 pending deletion; 4 not pending deletion;
5 pending import; 6 the origin does not suit; 9 neither does it for import;
10 only the target's deletion counts.
"""

import os

import pytest

import kms as k
from harness import word

STATES = ("Enabled", "Disabled", "PendingDeletion", "PendingImport")
CONTEXT_FREE = {"MacAlgorithm": "HMAC_SHA_256", "Message": b"m"}
SIGNING = {"SigningAlgorithm": "ECDSA_SHA_256", "Message": b"m"}


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


@pytest.fixture(scope="module")
def spare(kms):
    """A key that stays enabled, for the other half of what takes two."""
    return k.make(kms)


class Subject:
    """A key in a state, and what was made with it while it could."""

    def __init__(self, kms, state, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT",
                 external=False, **more):
        self.kms = kms
        if external or state == "PendingImport":
            more["Origin"] = "EXTERNAL"
        self.metadata = k.make(kms, spec, usage, **more)
        self.key_id, self.arn = self.metadata["KeyId"], self.metadata["Arn"]
        if "Origin" in more:
            k.import_material(kms, self.key_id, os.urandom(32))
        if spec == "SYMMETRIC_DEFAULT":
            self.blob = kms.encrypt(KeyId=self.key_id, Plaintext=b"x")["CiphertextBlob"]
        elif spec.startswith("HMAC"):
            self.tag = kms.generate_mac(KeyId=self.key_id, **CONTEXT_FREE)["Mac"]
        elif usage == "SIGN_VERIFY":
            self.signature = kms.sign(KeyId=self.key_id, **SIGNING)["Signature"]
        self.alias = k.alias(kms, self.key_id)
        self.grant = kms.create_grant(
            KeyId=self.key_id, Operations=["DescribeKey"],
            GranteePrincipal=f"arn:aws:iam::{self.metadata['AWSAccountId']}:root")
        if state == "Disabled":
            kms.disable_key(KeyId=self.key_id)
        elif state == "PendingDeletion":
            kms.schedule_key_deletion(KeyId=self.key_id, PendingWindowInDays=7)
        elif state == "PendingImport":
            kms.delete_imported_key_material(KeyId=self.key_id)
        assert k.state_of(kms, self.key_id) == state


def expected(code, subject):
    return {
        "1": k.disabled(subject.arn),
        "3": k.pending_deletion(subject.arn),
        "4": k.not_pending_deletion(subject.arn),
        "5": k.pending_import(subject.arn),
        "6": k.origin(subject.arn, "EXTERNAL"),
        "9": k.origin(subject.arn, "AWS_KMS"),
    }[code]


def check(refused, codes, state, subject, call):
    code = codes[STATES.index(state)]
    if code == "-":
        return
    if code == "Y":
        call()
        return
    with refused(*expected(code, subject)):
        call()


GRANT = {"Operations": ["DescribeKey"]}

SYMMETRIC = {
    # Enabled, Disabled, PendingDeletion, PendingImport
    "Encrypt": ("Y135", lambda s, _: s.kms.encrypt(KeyId=s.key_id, Plaintext=b"x")),
    "Decrypt": ("Y135", lambda s, _: s.kms.decrypt(CiphertextBlob=s.blob)),
    "GenerateDataKey": (
        "Y135", lambda s, _: s.kms.generate_data_key(KeyId=s.key_id, KeySpec="AES_256")),
    "GenerateDataKeyWithoutPlaintext": (
        "Y135", lambda s, _: s.kms.generate_data_key_without_plaintext(KeyId=s.key_id)),
    "GenerateDataKeyPair": ("Y135", lambda s, _: s.kms.generate_data_key_pair(
        KeyId=s.key_id, KeyPairSpec="ECC_NIST_P256")),
    "GenerateDataKeyPairWithoutPlaintext": (
        "Y135", lambda s, _: s.kms.generate_data_key_pair_without_plaintext(
            KeyId=s.key_id, KeyPairSpec="ECC_NIST_P256")),
    "ReEncryptFrom": ("Y135", lambda s, spare: s.kms.re_encrypt(
        CiphertextBlob=s.blob, DestinationKeyId=spare["KeyId"])),
    "ReEncryptTo": ("Y135", lambda s, spare: s.kms.re_encrypt(
        CiphertextBlob=s.kms.encrypt(KeyId=spare["KeyId"], Plaintext=b"x")["CiphertextBlob"],
        DestinationKeyId=s.key_id)),
    "CreateGrant": ("Y135", lambda s, _: s.kms.create_grant(
        KeyId=s.key_id, **GRANT,
        GranteePrincipal=f"arn:aws:iam::{s.metadata['AWSAccountId']}:root")),
    "DescribeKey": ("YYYY", lambda s, _: s.kms.describe_key(KeyId=s.key_id)),
    "GetKeyPolicy": ("YYYY", lambda s, _: s.kms.get_key_policy(KeyId=s.key_id)),
    "PutKeyPolicy": ("YYYY", lambda s, _: s.kms.put_key_policy(
        KeyId=s.key_id, Policy=s.kms.get_key_policy(KeyId=s.key_id)["Policy"])),
    "ListKeyPolicies": ("YYYY", lambda s, _: s.kms.list_key_policies(KeyId=s.key_id)),
    "ListGrants": ("YYYY", lambda s, _: s.kms.list_grants(KeyId=s.key_id)),
    "ListAliases": ("YYYY", lambda s, _: s.kms.list_aliases(KeyId=s.key_id)),
    "ListResourceTags": ("YYYY", lambda s, _: s.kms.list_resource_tags(KeyId=s.key_id)),
    "RetireGrant": ("YYYY", lambda s, _: s.kms.retire_grant(GrantToken=s.grant["GrantToken"])),
    "RevokeGrant": ("YYYY", lambda s, _: s.kms.revoke_grant(
        KeyId=s.key_id, GrantId=s.grant["GrantId"])),
    "DeleteAlias": ("YYYY", lambda s, _: s.kms.delete_alias(AliasName=s.alias)),
    "GetKeyLastUsage": ("YYYY", lambda s, _: s.kms.get_key_last_usage(KeyId=s.key_id)),
    "CreateAlias": ("YY3Y", lambda s, _: k.alias(s.kms, s.key_id)),
    "TagResource": ("YY3Y", lambda s, _: s.kms.tag_resource(
        KeyId=s.key_id, Tags=[{"TagKey": word(), "TagValue": ""}])),
    "UntagResource": ("YY3Y", lambda s, _: s.kms.untag_resource(
        KeyId=s.key_id, TagKeys=["never-there"])),
    "UpdateKeyDescription": ("YY3Y", lambda s, _: s.kms.update_key_description(
        KeyId=s.key_id, Description="x")),
    "UpdateAliasTo": ("YY3Y", lambda s, spare: s.kms.update_alias(
        AliasName=k.alias(s.kms, spare["KeyId"]), TargetKeyId=s.key_id)),
    "UpdateAliasFrom": ("YYYY", lambda s, spare: s.kms.update_alias(
        AliasName=s.alias, TargetKeyId=spare["KeyId"])),
    "EnableKey": ("YY35", lambda s, _: s.kms.enable_key(KeyId=s.key_id)),
    "DisableKey": ("YY35", lambda s, _: s.kms.disable_key(KeyId=s.key_id)),
    "EnableKeyRotation": ("Y136", lambda s, _: s.kms.enable_key_rotation(KeyId=s.key_id)),
    "DisableKeyRotation": ("Y136", lambda s, _: s.kms.disable_key_rotation(KeyId=s.key_id)),
    "GetKeyRotationStatus": (
        "YYY6", lambda s, _: s.kms.get_key_rotation_status(KeyId=s.key_id)),
    "ListKeyRotations": ("YYYY", lambda s, _: s.kms.list_key_rotations(KeyId=s.key_id)),
    "ScheduleKeyDeletion": ("YY3Y", lambda s, _: s.kms.schedule_key_deletion(KeyId=s.key_id)),
    "CancelKeyDeletion": ("44Y4", lambda s, _: s.kms.cancel_key_deletion(KeyId=s.key_id)),
    "RotateKeyOnDemand": ("Y135", lambda s, _: s.kms.rotate_key_on_demand(KeyId=s.key_id)),
    "GetParametersForImport": ("99-Y", lambda s, _: s.kms.get_parameters_for_import(
        KeyId=s.key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")),
    "DeleteImportedKeyMaterial": (
        "999Y", lambda s, _: s.kms.delete_imported_key_material(KeyId=s.key_id)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", SYMMETRIC)
def test_symmetric(kms, spare, refused, operation, state):
    codes, call = SYMMETRIC[operation]
    subject = Subject(kms, state)
    check(refused, codes, state, subject, lambda: call(subject, spare))


IMPORTED = {
    "Encrypt": ("Y13", lambda s: s.kms.encrypt(KeyId=s.key_id, Plaintext=b"x")),
    "GetParametersForImport": ("YY3", lambda s: s.kms.get_parameters_for_import(
        KeyId=s.key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")),
    "DeleteImportedKeyMaterial": (
        "YYY", lambda s: s.kms.delete_imported_key_material(KeyId=s.key_id)),
    "EnableKeyRotation": ("666", lambda s: s.kms.enable_key_rotation(KeyId=s.key_id)),
    "DisableKeyRotation": ("666", lambda s: s.kms.disable_key_rotation(KeyId=s.key_id)),
    "GetKeyRotationStatus": (
        "666", lambda s: s.kms.get_key_rotation_status(KeyId=s.key_id)),
}


@pytest.mark.parametrize("state", STATES[:3])
@pytest.mark.parametrize("operation", IMPORTED)
def test_imported(kms, refused, operation, state):
    codes, call = IMPORTED[operation]
    subject = Subject(kms, state, external=True)
    if state != "Enabled" and codes == "666":
        # The table leaves open which of two faults is told.
        other = expected({"Disabled": "1", "PendingDeletion": "3"}[state], subject)
        with refused((expected("6", subject)[0], other[0])):
            call(subject)
        return
    check(refused, codes, state, subject, lambda: call(subject))
    if operation == "DeleteImportedKeyMaterial":
        left = "PendingDeletion" if state == "PendingDeletion" else "PendingImport"
        assert k.state_of(kms, subject.key_id) == left


OTHERS = {
    "Sign": ("ECC_NIST_P256", "SIGN_VERIFY", lambda s: s.kms.sign(KeyId=s.key_id, **SIGNING)),
    "Verify": ("ECC_NIST_P256", "SIGN_VERIFY", lambda s: s.kms.verify(
        KeyId=s.key_id, Signature=s.signature, **SIGNING)),
    "GetPublicKey": (
        "ECC_NIST_P256", "SIGN_VERIFY", lambda s: s.kms.get_public_key(KeyId=s.key_id)),
    "GenerateMac": ("HMAC_256", "GENERATE_VERIFY_MAC", lambda s: s.kms.generate_mac(
        KeyId=s.key_id, **CONTEXT_FREE)),
    "VerifyMac": ("HMAC_256", "GENERATE_VERIFY_MAC", lambda s: s.kms.verify_mac(
        KeyId=s.key_id, Mac=s.tag, **CONTEXT_FREE)),
}


@pytest.mark.parametrize("state", STATES[:3])
@pytest.mark.parametrize("operation", OTHERS)
def test_asymmetric_and_mac(kms, refused, operation, state):
    spec, usage, call = OTHERS[operation]
    subject = Subject(kms, state, spec, usage)
    check(refused, "Y13", state, subject, lambda: call(subject))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", ["ReplicateKey", "UpdatePrimaryRegion"])
def test_multi_region(kms, refused, operation, state):
    subject = Subject(kms, "Enabled" if state != "PendingImport" else state, MultiRegion=True)
    if operation == "ReplicateKey":
        def call():
            kms.replicate_key(KeyId=subject.key_id, ReplicaRegion="eu-west-1")
    else:
        if state != "PendingImport":
            kms.replicate_key(KeyId=subject.key_id, ReplicaRegion="eu-west-2")

        def call():
            kms.update_primary_region(KeyId=subject.key_id, PrimaryRegion="eu-west-2")
    if state == "Disabled":
        kms.disable_key(KeyId=subject.key_id)
    if state == "PendingDeletion":
        kms.schedule_key_deletion(KeyId=subject.key_id)
        if operation == "UpdatePrimaryRegion":
            # With a replica left it waits for that one first.
            assert k.state_of(kms, subject.key_id) == "PendingReplicaDeletion"
            with refused("KMSInvalidStateException"):
                call()
            return
    check(refused, "Y135", state, subject, call)
