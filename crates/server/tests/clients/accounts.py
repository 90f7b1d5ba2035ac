"""An organization of a test's own: its accounts, and the policies it puts on them."""

import contextlib

import harness
from harness import word
from people import Person
from sts import Principals, policy, session_of

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"


class Account:
    """A member account, with its administrator's session."""

    def __init__(self, server):
        self.server = server
        orgs = server.client("us-east-1", service="organizations")
        asked = orgs.create_account(AccountName=word(), Email=f"{word()}@example.com")
        self.id = asked["CreateAccountStatus"].get("AccountId") or (
            orgs.describe_create_account_status(
                CreateAccountRequestId=asked["CreateAccountStatus"]["Id"]
            )["CreateAccountStatus"]["AccountId"])
        self.root = f"arn:aws:iam::{self.id}:root"
        role = f"arn:aws:iam::{self.id}:role/OrganizationAccountAccessRole"
        self.session = server.client(service="sts").assume_role(
            RoleArn=role, RoleSessionName="admin")["Credentials"]

    def client(self, service="kms"):
        return session_of(self.server, self.session, service)

    def person(self):
        """A user of this account, without permissions."""
        return Person(Their(self))

    def principals(self):
        """Makes users and roles of this account."""
        return Principals(Their(self))


class Their:
    """The server as an account's administrator has it."""

    def __init__(self, account):
        self.account, self.region = account, account.server.region
        self.endpoint = account.server.endpoint

    def client(self, *args, service="kms", **more):
        return self.account.client(service)


class Organization:
    """An organization in which both types of policies are enabled."""

    def __init__(self, server):
        self.server = server
        self.api = server.client("us-east-1", service="organizations")
        made = self.api.create_organization(FeatureSet="ALL")["Organization"]
        self.id, self.management = made["Id"], made["MasterAccountId"]
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        for policy_type in (SCP, RCP):
            self.api.enable_policy_type(RootId=self.root, PolicyType=policy_type)

    def member(self):
        """A new account, at the root."""
        return Account(self.server)

    def foreign(self):
        """A new account that is in no organization."""
        account = Account(self.server)
        self.remove(account)
        return account

    def remove(self, account):
        self.api.remove_account_from_organization(AccountId=account.id)

    @contextlib.contextmanager
    def under(self, policy_type, target, *statements):
        """While this lasts, the statements are a policy of the root, unit or account."""
        made = self.api.create_policy(
            Name=word(), Description="", Type=policy_type, Content=policy(*statements))
        policy_id = made["Policy"]["PolicySummary"]["Id"]
        self.api.attach_policy(PolicyId=policy_id, TargetId=target)
        try:
            yield
        finally:
            self.api.detach_policy(PolicyId=policy_id, TargetId=target)
            self.api.delete_policy(PolicyId=policy_id)


@contextlib.contextmanager
def organization(home):
    """An organization on a server of its own, while this lasts."""
    with harness.running(home) as server:
        yield Organization(server)
