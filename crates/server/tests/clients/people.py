"""Users and accounts for tests of who may do what, made by IAM's own API."""

import json

from harness import word
from kms import client_as


class Person:
    """An IAM user with an access key, and clients that act as them."""

    def __init__(self, server, policy=None):
        self.server, self.iam = server, server.client(service="iam")
        self.name = f"user-{word()}"
        self.arn = self.iam.create_user(UserName=self.name)["User"]["Arn"]
        self.keys = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        if policy:
            self.may(policy)

    def may(self, policy, name="inline"):
        """Puts an inline policy: a document, or a list of actions on everything."""
        if isinstance(policy, list):
            policy = {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": policy, "Resource": "*"}]}
        self.iam.put_user_policy(
            UserName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy))

    def client(self, service="kms", region=None, validate=True):
        return client_as(self.server, self.keys, service, region, validate)


def key_policy(account, *statements):
    """A key policy that delegates to the account, and more statements."""
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [root, *statements]})


def undelegated(account, admin, *statements):
    """A key policy that names its administrator and does not delegate to the account."""
    own = {"Effect": "Allow", "Principal": {"AWS": admin},
           "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})


def allow(principal, *actions, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal},
            "Action": list(actions), "Resource": "*", **more}
