"""The real AWS CLI, as a person at a terminal has it."""

import base64
import json

from harness import name, token, word
from texts import INVALID_NAME, NOT_FOUND


# Version 1 of the CLI ends with 255 when the service refuses, version 2 with 254.
REFUSED = (254, 255)


def run(server, *args):
    """An invocation that must succeed: its JSON, or None when it prints nothing."""
    done = server.aws("secretsmanager", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def fails(server, code, operation, message, *args):
    done = server.aws("secretsmanager", *args)
    assert done.returncode in REFUSED, done
    assert done.stdout == ""
    wanted = f"An error occurred ({code}) when calling the {operation} operation: {message}"
    assert wanted in done.stderr.strip()


def test_a_day_with_a_secret(server):
    secret = name("cli")
    made = run(server, "create-secret", "--name", secret, "--secret-string",
               '{"user":"me","password":"öne"}', "--description", "made by hand",
               "--tags", "Key=team,Value=blue")
    assert made["Name"] == secret
    got = run(server, "get-secret-value", "--secret-id", secret)
    assert json.loads(got["SecretString"])["password"] == "öne"
    assert got["VersionStages"] == ["AWSCURRENT"]

    second = run(server, "put-secret-value", "--secret-id", secret, "--secret-string", "two")
    text = server.aws("secretsmanager", "get-secret-value", "--secret-id", secret,
                      "--query", "SecretString", "--output", "text")
    assert text.stdout == "two\n"
    previous = run(server, "get-secret-value", "--secret-id", made["ARN"],
                   "--version-stage", "AWSPREVIOUS")
    assert previous["VersionId"] == made["VersionId"]
    run(server, "update-secret-version-stage", "--secret-id", secret,
        "--version-stage", "AWSCURRENT", "--move-to-version-id", made["VersionId"],
        "--remove-from-version-id", second["VersionId"])
    run(server, "update-secret", "--secret-id", secret, "--description", "changed")
    described = run(server, "describe-secret", "--secret-id", secret)
    assert described["Description"] == "changed"
    assert described["VersionIdsToStages"] == {
        made["VersionId"]: ["AWSCURRENT"], second["VersionId"]: ["AWSPREVIOUS"],
    }
    versions = run(server, "list-secret-version-ids", "--secret-id", secret)
    assert len(versions["Versions"]) == 2

    gone = run(server, "delete-secret", "--secret-id", secret,
               "--recovery-window-in-days", "7")
    assert gone["ARN"] == made["ARN"]
    run(server, "restore-secret", "--secret-id", secret)
    run(server, "delete-secret", "--secret-id", secret, "--force-delete-without-recovery")
    fails(server, "ResourceNotFoundException", "DescribeSecret", NOT_FOUND,
          "describe-secret", "--secret-id", secret)


def test_binary_from_and_to_a_file(server, tmp_path):
    blob = tmp_path / "blob"
    blob.write_bytes(bytes(range(256)))
    secret = name("cli")
    run(server, "create-secret", "--name", secret, "--secret-binary", f"fileb://{blob}")
    got = run(server, "get-secret-value", "--secret-id", secret)
    assert base64.b64decode(got["SecretBinary"]) == bytes(range(256))
    wish = tmp_path / "wish.json"
    wish.write_text(json.dumps({
        "SecretId": secret, "SecretString": "from a file", "ClientRequestToken": token(),
        "VersionStages": ["BLUE"],
    }))
    put = run(server, "put-secret-value", "--cli-input-json", f"file://{wish}")
    assert put["VersionStages"] == ["BLUE"]


def test_lists(server, sm):
    prefix = word()
    for i in range(5):
        sm.create_secret(Name=f"{prefix}/{i}", SecretString=f"v{i}")
    listed = run(server, "list-secrets", "--filters", f"Key=name,Values={prefix}",
                 "--page-size", "2", "--sort-by", "name", "--sort-order", "asc")
    assert [e["Name"][-1] for e in listed["SecretList"]] == list("01234")
    part = run(server, "list-secrets", "--filters", f"Key=name,Values={prefix}",
               "--max-items", "3")
    assert len(part["SecretList"]) == 3
    rest = run(server, "list-secrets", "--filters", f"Key=name,Values={prefix}",
               "--starting-token", part["NextToken"])
    assert len(rest["SecretList"]) == 2
    batch = run(server, "batch-get-secret-value", "--secret-id-list",
                f"{prefix}/0", f"{prefix}/missing")
    assert [v["SecretString"] for v in batch["SecretValues"]] == ["v0"]
    assert [e["ErrorCode"] for e in batch["Errors"]] == ["ResourceNotFoundException"]


def test_tags_policies_passwords(server, secret):
    arn = secret["ARN"]
    assert run(server, "tag-resource", "--secret-id", arn,
               "--tags", "Key=a,Value=1", "Key=b,Value=2") is None
    assert run(server, "untag-resource", "--secret-id", arn, "--tag-keys", "a") is None
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{arn.split(':')[4]}:root"},
        "Action": "secretsmanager:GetSecretValue", "Resource": "*",
    }]})
    run(server, "put-resource-policy", "--secret-id", arn, "--resource-policy", policy,
        "--block-public-policy")
    got = run(server, "get-resource-policy", "--secret-id", arn)
    assert json.loads(got["ResourcePolicy"]) == json.loads(policy)
    assert run(server, "validate-resource-policy", "--resource-policy", policy)[
        "PolicyValidationPassed"] is True
    run(server, "delete-resource-policy", "--secret-id", arn)
    password = run(server, "get-random-password", "--password-length", "50",
                   "--exclude-punctuation", "--no-include-space")["RandomPassword"]
    assert len(password) == 50 and password.isalnum()


def test_errors_as_the_cli_prints_them(server, secret):
    fails(server, "ResourceNotFoundException", "GetSecretValue", NOT_FOUND,
          "get-secret-value", "--secret-id", name())
    fails(server, "ResourceExistsException", "CreateSecret",
          f"The operation failed because the secret {secret['Name']} already exists.",
          "create-secret", "--name", secret["Name"], "--secret-string", "v")
    fails(server, "ValidationException", "CreateSecret", INVALID_NAME,
          "create-secret", "--name", "no spaces", "--secret-string", "v")
    done = server.aws("secretsmanager", "list-secrets",
                      env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert done.returncode in REFUSED
    assert ("An error occurred (InvalidSignatureException) when calling the "
            "ListSecrets operation: The request signature we calculated does not match"
            ) in done.stderr


def test_another_region(server, secret):
    fails(server, "ResourceNotFoundException", "GetSecretValue", NOT_FOUND,
          "get-secret-value", "--secret-id", secret["Name"], "--region", "eu-north-1")
