"""What the tests of IAM and STS share: clients of temporary credentials, principals
with policies, and the words of a denial."""

import json

import harness


def session_of(server, credentials, service="secretsmanager", region=None, validate=True):
    """A boto3 client that signs with what STS gave."""
    return harness.client(
        service,
        endpoint_url=server.endpoint,
        region_name=region or server.region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        validate=validate,
    )


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal, *actions, **more):
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions) or ["sts:AssumeRole"],
        **more,
    }


def words(role, action, resource, why, session="session"):
    """What AWS tells a session of a role that may not: `why` is how the sentence ends."""
    _, _, _, _, account, name = role.split(":", 5)
    name = name.rsplit("/", 1)[1]
    return (f"User: arn:aws:sts::{account}:assumed-role/{name}/{session} is not authorized "
            f"to perform: {action} on resource: {resource} {why}")


class Principals:
    """Makes users and roles, with policies, for one test."""

    def __init__(self, server):
        self.server = server
        self.iam = server.client("us-east-1", service="iam")
        self.sts = server.client(service="sts")
        self.account = self.sts.get_caller_identity()["Account"]

    def role(self, *statements, trusts=None, name=None, **more):
        """A role that trusts the account unless `trusts` says otherwise; its ARN."""
        name = name or harness.word()
        document = trusts or [trust({"AWS": f"arn:aws:iam::{self.account}:root"},
                                    "sts:AssumeRole", "sts:TagSession",
                                    "sts:SetSourceIdentity")]
        made = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=policy(*document), **more
        )
        if statements:
            self.iam.put_role_policy(
                RoleName=name, PolicyName="inline", PolicyDocument=policy(*statements)
            )
        return made["Role"]["Arn"]

    def user(self, *statements, name=None, **more):
        """A user with an access key: (ARN, credentials)."""
        name = name or harness.word()
        made = self.iam.create_user(UserName=name, **more)
        if statements:
            self.iam.put_user_policy(
                UserName=name, PolicyName="inline", PolicyDocument=policy(*statements)
            )
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return made["User"]["Arn"], {
            "AccessKeyId": key["AccessKeyId"],
            "SecretAccessKey": key["SecretAccessKey"],
        }

    def assume(self, role, name="session", sts=None, **more):
        """Credentials of a role."""
        answer = (sts or self.sts).assume_role(RoleArn=role, RoleSessionName=name, **more)
        return answer["Credentials"]
