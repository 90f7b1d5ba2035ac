"""To whom a grant belongs."""

import pytest
from botocore.exceptions import ClientError

import kms as k
from harness import word


@pytest.fixture(scope="module")
def kms(server):
    return server.client(service="kms")


def test_a_grant_is_not_for_another_of_the_name(server, kms):
    # The grantee is who had the name when the grant was made.
    iam = server.client(service="iam")
    who = f"grantee-{word()}"
    first = iam.create_user(UserName=who)["User"]
    key = k.make(kms)["KeyId"]
    kms.create_grant(KeyId=key, GranteePrincipal=first["Arn"], Operations=["Encrypt"])

    def encrypt():
        made = iam.create_access_key(UserName=who)["AccessKey"]
        try:
            return k.client_as(server, made).encrypt(KeyId=key, Plaintext=b"x")["KeyId"]
        finally:
            iam.delete_access_key(UserName=who, AccessKeyId=made["AccessKeyId"])

    assert encrypt().endswith(key)
    iam.delete_user(UserName=who)
    iam.create_user(UserName=who)
    with pytest.raises(ClientError) as caught:
        encrypt()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
