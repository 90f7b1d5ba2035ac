"""KMS, operation by operation, with keys of each kind that an operation needs."""

import datetime
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import kms as k
from receivers import until


def walk(w):
    kms = w.service("kms")
    key = kms.create_key(Description="of the app", Tags=[
        {"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["KeyId"]
    kms.refused.create_key(KeySpec="RSA_2048")
    names(w, kms, key)
    rotation(w, kms, key)
    encryption(w, kms, key)
    signatures(w, kms)
    grants(w, kms, key)
    imported(w, kms)
    regions(w, kms)
    stores(kms)
    ends(w, kms, key)


def names(w, kms, key):
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    kms.refused.create_alias(AliasName="alias/app", TargetKeyId=key)
    kms.update_alias(AliasName="alias/app", TargetKeyId=key)
    kms.refused.update_alias(AliasName="alias/none", TargetKeyId=key)
    kms.list_aliases(KeyId=key, Limit=10)
    kms.list_keys(Limit=10)
    kms.describe_key(KeyId="alias/app")
    kms.refused.describe_key(KeyId="alias/none")
    kms.update_key_description(KeyId=key, Description="changed")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "stage", "TagValue": "test"}])
    kms.refused.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": "y"}])
    kms.untag_resource(KeyId=key, TagKeys=["stage"])
    kms.list_resource_tags(KeyId=key)
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    kms.list_key_policies(KeyId=key)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy), PolicyName="default",
                       BypassPolicyLockoutSafetyCheck=True)
    kms.refused.put_key_policy(KeyId=key, Policy="{}")


def rotation(w, kms, key):
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    kms.get_key_rotation_status(KeyId=key)
    kms.rotate_key_on_demand(KeyId=key)
    kms.list_key_rotations(KeyId=key)
    kms.disable_key_rotation(KeyId=key)
    kms.refused.enable_key_rotation(KeyId="none")


def encryption(w, kms, key):
    context = {"purpose": "test"}
    message = w.binary()
    blob = kms.encrypt(KeyId="alias/app", Plaintext=message,
                       EncryptionContext=context)["CiphertextBlob"]
    kms.refused.encrypt(KeyId="alias/none", Plaintext=w.binary())
    kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    kms("with a key").decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=key,
                              EncryptionAlgorithm="SYMMETRIC_DEFAULT")
    kms.refused.decrypt(CiphertextBlob=blob)
    other = kms("another").create_key()["KeyMetadata"]["KeyId"]
    kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context,
                   DestinationKeyId=other, DestinationEncryptionContext={"purpose": "more"})
    kms.refused.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    kms("bytes").generate_data_key(KeyId=key, NumberOfBytes=24)
    kms.refused.generate_data_key(KeyId=key)
    kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_128")
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    chance = kms.generate_random(NumberOfBytes=32)
    kms.refused.generate_random(NumberOfBytes=32, CustomKeyStoreId="cks-1")
    if not w.by_cli:
        w.came(made["Plaintext"])
        w.came(chance["Plaintext"])
        private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
        w.came(private.private_numbers().private_value.to_bytes(32))
    kms.get_key_last_usage(KeyId=key)


def signatures(w, kms):
    mac = kms("for MACs").create_key(
        KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    message, algorithm = w.binary(), {"MacAlgorithm": "HMAC_SHA_256"}
    tag = w.came(kms.generate_mac(KeyId=mac, Message=message, **algorithm)["Mac"])
    kms.verify_mac(KeyId=mac, Message=message, Mac=tag, **algorithm)
    kms.refused.verify_mac(KeyId=mac, Message=w.binary(), Mac=tag, **algorithm)
    kms.refused.generate_mac(KeyId="none", Message=w.binary(), **algorithm)
    signer = kms("for signatures").create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    message, algorithm = w.binary(), {"SigningAlgorithm": "ECDSA_SHA_256", "MessageType": "RAW"}
    signed = w.came(kms.sign(KeyId=signer, Message=message, **algorithm)["Signature"])
    kms.verify(KeyId=signer, Message=message, Signature=signed, **algorithm)
    kms.refused.verify(KeyId=signer, Message=w.binary(), Signature=signed, **algorithm)
    kms.refused.sign(KeyId=mac, Message=w.binary(), **algorithm)
    kms.get_public_key(KeyId=signer)
    kms.refused.get_public_key(KeyId=mac)
    agreement = kms("for key agreement").create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    peer = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    w.came(kms.derive_shared_secret(
        KeyId=agreement, KeyAgreementAlgorithm="ECDH", PublicKey=peer)["SharedSecret"])


def grants(w, kms, key):
    admin = w.admin_arn
    made = kms.create_grant(
        KeyId=key, GranteePrincipal=admin, RetiringPrincipal=admin, Name="one",
        Operations=["Decrypt", "DescribeKey"],
        Constraints={"EncryptionContextSubset": {"purpose": "test"}})
    w.came(made["GrantToken"])
    kms.refused.create_grant(KeyId=key, GranteePrincipal="nobody", Operations=["Decrypt"])
    kms.list_grants(KeyId=key)
    kms.list_retirable_grants(RetiringPrincipal=admin)
    kms("under a grant").describe_key(KeyId=key, GrantTokens=[made["GrantToken"]])
    kms.retire_grant(GrantToken=made["GrantToken"])
    second = kms("another").create_grant(
        KeyId=key, GranteePrincipal=admin, Operations=["Decrypt"])
    w.came(second["GrantToken"])
    third = kms("another").create_grant(
        KeyId=key, GranteePrincipal=admin, RetiringPrincipal=admin, Operations=["Encrypt"])
    kms("by its id").retire_grant(KeyId=k.in_region(
        f"arn:aws:kms:us-east-1:{w.account}:key/{key}", "us-east-1"), GrantId=third["GrantId"])
    kms.revoke_grant(KeyId=key, GrantId=second["GrantId"])
    kms.refused.revoke_grant(KeyId=key, GrantId=second["GrantId"])


def imported(w, kms):
    key = kms("for imported material").create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    algorithm = "RSAES_OAEP_SHA_256"
    got = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
    public, token = got["PublicKey"], got["ImportToken"]
    if w.by_cli:
        # As text: by boto3, which gives bytes.
        got = w.server.client(REGION_OF_KEYS, service="kms").get_parameters_for_import(
            KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
        public, token = got["PublicKey"], got["ImportToken"]
    wish = {"KeyId": key, "ImportToken": token,
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    material = w.binary(32)
    kms.import_key_material(
        EncryptedKeyMaterial=k.wrap(material, public, algorithm), **wish)
    kms.refused.import_key_material(
        EncryptedKeyMaterial=k.wrap(w.binary(32), public, algorithm), **wish)
    kms.delete_imported_key_material(KeyId=key)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=8)
    kms("for a while").import_key_material(
        EncryptedKeyMaterial=k.wrap(material, public, algorithm), KeyId=key, ImportToken=token,
        ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=soon)
    assert until(lambda: w.server.audit(needle="DeleteExpiredKeyMaterial"))


REGION_OF_KEYS = "us-east-1"


def regions(w, kms):
    key = kms("for several Regions").create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1", Description="over there")
    kms.refused.replicate_key(KeyId="none", ReplicaRegion="eu-west-1")
    # The replica gets the new material too.
    kms("for several Regions").rotate_key_on_demand(KeyId=key)
    kms.update_primary_region(KeyId=key, PrimaryRegion="eu-west-1")


def stores(kms):
    kms.refused.create_custom_key_store(CustomKeyStoreName="store")
    kms.refused.describe_custom_key_stores()
    for operation in ("connect", "disconnect", "update", "delete"):
        getattr(kms.refused, f"{operation}_custom_key_store")(CustomKeyStoreId="cks-1")


def ends(w, kms, key):
    kms.disable_key(KeyId=key)
    kms.refused("a disabled key").encrypt(KeyId=key, Plaintext=w.binary())
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.refused.enable_key(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    kms.refused.cancel_key_deletion(KeyId=key)
    kms.delete_alias(AliasName="alias/app")
    kms.refused.delete_alias(AliasName="alias/app")
