"""Small vocabulary of the IAM tests: documents, callers, pages."""

import contextlib
import json

from harness import client, word

# IAM is global and signed for this Region.
REGION = "us-east-1"


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action, resource="*", **extra):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **extra}


def deny(action, resource="*", **extra):
    return {**allow(action, resource, **extra), "Effect": "Deny"}


def trust(principal, action="sts:AssumeRole", **extra):
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **extra})


EC2_TRUST = trust({"Service": "ec2.amazonaws.com"})
READ_SECRETS = document(allow("secretsmanager:GetSecretValue"))


def unique(topic="it"):
    return f"{topic}-{word()}"


def pages(operation, key, size=2, **arguments):
    """Follows `Marker` to the end by hand; returns the pages."""
    found = []
    while True:
        answer = operation(MaxItems=size, **arguments)
        found.append(answer[key])
        assert len(answer[key]) <= size and len(found) < 200
        assert answer["IsTruncated"] == ("Marker" in answer)
        if not answer["IsTruncated"]:
            return found
        assert 0 < len(answer["Marker"]) <= 320
        arguments["Marker"] = answer["Marker"]


def everything(operation, key, **arguments):
    return [item for page in pages(operation, key, 50, **arguments) for item in page]


def client_of(server, key, service="iam", token=None):
    """A client that signs with this access key."""
    return client(
        service,
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=token,
    )


@contextlib.contextmanager
def user_with(server, iam, *statements, service="iam", tags=None):
    """A user with one inline policy; yields a client that signs as that user."""
    name = unique("caller")
    iam.create_user(UserName=name, **({"Tags": tags} if tags else {}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    if statements:
        iam.put_user_policy(
            UserName=name, PolicyName="inline", PolicyDocument=document(*statements)
        )
    try:
        yield client_of(server, key, service)
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        if statements:
            iam.delete_user_policy(UserName=name, PolicyName="inline")
        iam.delete_user(UserName=name)
