"""Rules whose parameters name accounts and keys: who is trusted, what a secret may be
under."""

import pytest

from receivers import Deployment, until
from test_rules import FOREIGN, USING_CMK, Watched, document


class Parameters(Watched):
    """All rules that are switched on are about these; see `quiet`."""

    def configure(self, extra):
        marker = '[[rule]]\nname = "required-tags"\ntags = ["team"]\n'
        Deployment.configure(self, marker + extra)

    def again(self, extra):
        """With other rules, judged anew at the start."""
        self.stop()
        self.configure(extra)
        return self.start()


@pytest.fixture
def server(tmp_path):
    server = Parameters(tmp_path / "server").start()
    yield server
    server.stop()


def accounts(server, count):
    org = server.client("us-east-1", service="organizations")
    org.create_organization(FeatureSet="ALL")
    made = []
    for number in range(count):
        asked = org.create_account(AccountName=f"a{number}", Email=f"a{number}@example.com")
        asked = asked["CreateAccountStatus"]["Id"]
        made.append(until(lambda a=asked: org.describe_create_account_status(
            CreateAccountRequestId=a)["CreateAccountStatus"].get("AccountId")))
    return made


def test_accounts_that_are_trusted(server):
    trusted, other = accounts(server, 2)
    server.again(f'[[rule]]\nname = "{FOREIGN}"\ntrusted_accounts = ["{trusted}"]\n')
    sm, arn = server.client(), server.make()
    sm.put_resource_policy(
        SecretId=arn, ResourcePolicy=document(f"arn:aws:iam::{trusted}:root"))
    server.quiet(FOREIGN, arn)
    sm.put_resource_policy(SecretId=arn, ResourcePolicy=document(
        f"arn:aws:iam::{trusted}:root", f"arn:aws:iam::{other}:root"))
    assert server.found(FOREIGN, arn)["annotation"] == (
        f"The resource policy lets in account {other}.")
    sm.put_resource_policy(
        SecretId=arn, ResourcePolicy=document(f"arn:aws:iam::{trusted}:root"))
    server.mended(FOREIGN, arn)
    # Whom the rule no longer trusts is found at the next start.
    server.again(f'[[rule]]\nname = "{FOREIGN}"\n')
    assert server.found(FOREIGN, arn)["annotation"] == (
        f"The resource policy lets in account {trusted}.")


def test_keys_that_secrets_may_be_under(server):
    kms = server.client(service="kms")
    allowed, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    server.again(f'[[rule]]\nname = "{USING_CMK}"\nkms_key_arns = ["{allowed}"]\n')
    sm = server.client()
    good, bad, default = (server.make(KmsKeyId=allowed), server.make(KmsKeyId=other),
                          server.make())
    assert other in server.found(USING_CMK, bad)["annotation"]
    server.found(USING_CMK, default)
    server.quiet(USING_CMK, good)
    for arn in (bad, default):
        sm.update_secret(SecretId=arn, KmsKeyId=allowed)
        server.mended(USING_CMK, arn)
    # A key of one's own is enough where none is named.
    sm.update_secret(SecretId=bad, KmsKeyId=other)
    server.found(USING_CMK, bad)
    server.again(f'[[rule]]\nname = "{USING_CMK}"\n')
    server.mended(USING_CMK, bad)
