"""The guides' flows as they stand there, every step of them by the AWS CLI."""

import json

import pytest

from accounts import organization
from harness import name, word

READ = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organization(tmp_path_factory.mktemp("flows")) as own:
        yield own


class Shell:
    """The AWS CLI as somebody has it."""

    def __init__(self, server, credentials):
        self.server = server
        self.env = {"AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
                    "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                    "AWS_SESSION_TOKEN": credentials["SessionToken"]}

    def __call__(self, *args):
        done = self.server.aws(*args, env=self.env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, words, *args):
        done = self.server.aws(*args, env=self.env)
        assert done.returncode != 0
        assert words in done.stderr, done.stderr

    def assume(self, role, *args):
        answer = self("sts", "assume-role", "--role-arn", role, "--role-session-name", "cli", *args)
        return Shell(self.server, answer["Credentials"])


def document(effect="Allow", **statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]})


def role(shell, trusts, permissions):
    named = word()
    arn = shell("iam", "create-role", "--role-name", named, "--assume-role-policy-document",
                trusts)["Role"]["Arn"]
    shell("iam", "put-role-policy", "--role-name", named, "--policy-name", "its",
          "--policy-document", permissions)
    return named, arn


def denied(role, action, resource, why):
    account, named = role.split(":")[4], role.rpartition("/")[2]
    return (
        f"An error occurred (AccessDeniedException) when calling the {action.rpartition(':')[2]} "
        f"operation: User: arn:aws:sts::{account}:assumed-role/{named}/cli is not authorized to "
        f"perform: {action} on resource: {resource} because no {why} allows the {action} action")


def test_a_secret_of_another_account(org):
    """It takes the secret's policy, the key's policy and the reader's own; the AWS managed
    key is for its own account."""
    home, away = org.member(), org.member()
    owner, other = Shell(org.server, home.session), Shell(org.server, away.session)
    named, reader = role(
        other, document(Principal={"AWS": away.root}, Action="sts:AssumeRole"),
        document(Action=[READ, "kms:Decrypt"], Resource="*"))
    read = other.assume(reader)

    key = owner("kms", "create-key")["KeyMetadata"]["Arn"]
    own = {"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": home.root},
           "Action": "kms:*", "Resource": "*"}
    lent = {"Sid": "Lent", "Effect": "Allow", "Principal": {"AWS": reader},
            "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}

    def key_policy(*statements):
        owner("kms", "put-key-policy", "--key-id", key, "--policy-name", "default", "--policy",
              json.dumps({"Version": "2012-10-17", "Statement": statements}))

    def secret(*more):
        arn = owner("secretsmanager", "create-secret", "--name", name(), "--secret-string", "x",
                    *more)["ARN"]
        share(arn)
        return arn

    def share(arn):
        owner("secretsmanager", "put-resource-policy", "--secret-id", arn, "--resource-policy",
              document(Principal={"AWS": reader}, Action=READ, Resource="*"))

    key_policy(own, lent)
    arn = secret("--kms-key-id", key)
    get = ("secretsmanager", "get-secret-value", "--secret-id", arn)
    assert read(*get)["SecretString"] == "x"

    owner("secretsmanager", "delete-resource-policy", "--secret-id", arn)
    read.refused(denied(reader, READ, arn, "resource-based policy"), *get)
    share(arn)
    key_policy(own)
    read.refused("(AccessDeniedException) when calling the GetSecretValue operation: "
                 "Access to KMS is not allowed", *get)
    key_policy(own, lent)
    assert read(*get)["SecretString"] == "x"
    other("iam", "delete-role-policy", "--role-name", named, "--policy-name", "its")
    read.refused(denied(reader, READ, arn, "identity-based policy"), *get)
    other("iam", "put-role-policy", "--role-name", named, "--policy-name", "its",
          "--policy-document", document(Action=[READ, "kms:Decrypt"], Resource="*"))
    assert read(*get)["SecretString"] == "x"

    managed = secret()
    read.refused("(InvalidRequestException) when calling the GetSecretValue operation: You can't "
                 "access a secret from a different AWS account if you encrypt the secret with the "
                 "default KMS service key.", *get[:-1], managed)


def test_session_tags_travel_into_another_account(org):
    """A pod's tags decide which secrets its chained role reads, which it makes, and how
    those are named."""
    apps, data = org.member(), org.member()
    cluster, owner = Shell(org.server, apps.session), Shell(org.server, data.session)
    goes_on = ["sts:AssumeRole", "sts:TagSession"]
    _, pods = role(cluster, document(Principal={"AWS": apps.root}, Action=goes_on),
                   document(Action=goes_on, Resource="*"))
    tag = "${aws:PrincipalTag/kubernetes-namespace}"
    its_own = {"StringEquals": {"secretsmanager:ResourceTag/kubernetes-namespace": tag}}
    with_its_tag = {"StringEquals": {"aws:RequestTag/kubernetes-namespace": tag}}
    _, reader = role(
        owner, document(Principal={"AWS": pods}, Action=goes_on),
        json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": READ, "Resource": "*", "Condition": its_own},
            {"Effect": "Allow", "Action": ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
             "Resource": f"arn:aws:secretsmanager:*:*:secret:{tag}/*", "Condition": with_its_tag}]}))

    def make(named, namespace):
        return ("secretsmanager", "create-secret", "--name", named, "--secret-string", namespace,
                "--tags", f"Key=kubernetes-namespace,Value={namespace}")

    red, blue = (owner(*make(name(), of))["ARN"] for of in ("red", "blue"))
    pod = cluster.assume(pods, "--tags", "Key=kubernetes-namespace,Value=red",
                         "--transitive-tag-keys", "kubernetes-namespace")
    chained = pod.assume(reader)

    def get(arn):
        return ("secretsmanager", "get-secret-value", "--secret-id", arn)

    assert chained(*get(red))["SecretString"] == "red"
    chained.refused(denied(reader, READ, blue, "identity-based policy"), *get(blue))
    pod.refused("(AccessDeniedException)", *get(red))

    chained(*make(f"red/{name()}", "red"))
    for named, namespace in ((f"blue/{name()}", "red"), (f"red/{name()}", "blue")):
        chained.refused(
            "An error occurred (AccessDeniedException) when calling the CreateSecret operation: "
            f"User: arn:aws:sts::{data.id}:assumed-role/{reader.rpartition('/')[2]}/cli is not "
            f"authorized to perform: secretsmanager:CreateSecret on resource: {named}",
            *make(named, namespace))
    # A tag that travels cannot be changed on the way, and a chain lasts an hour at most.
    pod.refused("(InvalidParameterValue)", "sts", "assume-role", "--role-arn", reader,
                "--role-session-name", "cli", "--tags", "Key=kubernetes-namespace,Value=blue")
    pod.refused("(ValidationError)", "sts", "assume-role", "--role-arn", reader,
                "--role-session-name", "cli", "--duration-seconds", "3601")


def test_a_key_for_one_service_and_one_account(org):
    home, away = org.member(), org.member()
    owner, other = Shell(org.server, home.session), Shell(org.server, away.session)
    key = owner("kms", "create-key")["KeyMetadata"]["Arn"]
    owner("kms", "put-key-policy", "--key-id", key, "--policy-name", "default", "--policy", json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": home.root}, "Resource": "*",
             "Action": ["kms:Put*", "kms:Get*", "kms:Describe*"]},
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*",
             "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
             "Condition": {"StringEquals": {
                 "kms:CallerAccount": home.id,
                 "kms:ViaService": f"secretsmanager.{org.server.region}.amazonaws.com"}}}]}))
    arn = owner("secretsmanager", "create-secret", "--name", name(), "--secret-string", "x",
                "--kms-key-id", key)["ARN"]
    get = ("secretsmanager", "get-secret-value", "--secret-id", arn)
    assert owner(*get)["SecretString"] == "x"
    owner.refused("(AccessDeniedException) when calling the Encrypt operation", "kms", "encrypt",
                  "--key-id", key, "--plaintext", "eA==")

    _, reader = role(other, document(Principal={"AWS": away.root}, Action="sts:AssumeRole"),
                     document(Action=[READ, "kms:Decrypt"], Resource="*"))
    owner("secretsmanager", "put-resource-policy", "--secret-id", arn, "--resource-policy",
          document(Principal={"AWS": reader}, Action=READ, Resource="*"))
    other.assume(reader).refused("Access to KMS is not allowed", *get)


def test_one_policy_for_all_projects(org):
    """A role's own tag against a secret's, at its making and after."""
    home = org.member()
    owner = Shell(org.server, home.session)
    same = "${aws:PrincipalTag/access-project}"
    permissions = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
         "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/access-project": same}}},
        {"Effect": "Allow", "Action": [READ, "secretsmanager:PutSecretValue"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/access-project": same}}}]})
    roles, shells = {}, {}
    for project in ("peg", "uni"):
        named, roles[project] = role(
            owner, document(Principal={"AWS": home.root}, Action="sts:AssumeRole"), permissions)
        owner("iam", "tag-role", "--role-name", named, "--tags", f"Key=access-project,Value={project}")
        shells[project] = owner.assume(roles[project])

    def make(named, *tags):
        return ("secretsmanager", "create-secret", "--name", named, "--secret-string", "x", *tags)

    peg = ("--tags", "Key=access-project,Value=peg")
    refusal = "(AccessDeniedException) when calling the CreateSecret operation"
    shells["peg"].refused(refusal, *make(name()))
    shells["uni"].refused(refusal, *make(name(), *peg))
    arn = shells["peg"](*make(name(), *peg))["ARN"]
    get = ("secretsmanager", "get-secret-value", "--secret-id", arn)
    put = ("secretsmanager", "put-secret-value", "--secret-id", arn, "--secret-string", "y")
    shells["uni"].refused(denied(roles["uni"], READ, arn, "identity-based policy"), *get)
    shells["uni"].refused(
        denied(roles["uni"], "secretsmanager:PutSecretValue", arn, "identity-based policy"), *put)
    shells["peg"](*put)
    assert shells["peg"](*get)["SecretString"] == "y"
