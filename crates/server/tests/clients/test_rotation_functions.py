"""Functions of one's own that fail while they rotate: what is left of it, and what is told.

Each step, and each way to fail; the columns of `test_rotation_faults.py`'s table.
"""

import json
import re
import time

import pytest

import harness
import rotations
from test_functions import ALLOWED, PYTHON, TRUST, archive, make

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
FAULTS = {
    # How, whether the step is done before, and what is told.
    "crashes": ("os._exit(1)", False, "the function broke off (Runtime.ExitError)"),
    "crashes when it has done it": (
        "os._exit(1)", True, "the function broke off (Runtime.ExitError)"),
    "raises": ("raise ValueError('canary-of-a-message')", False,
               "the function failed with ValueError"),
    "raises what tells": (
        "raise type('CanaryOfAType', (Exception,), {})('canary-of-a-message')", False,
        "the function failed; its log says why"),
    "takes too much memory": (
        "os.fork(); os.fork(); kept = bytearray(60 << 20); time.sleep(60)", False,
        "the function used more memory than it may"),
    "times out": ("time.sleep(600)", False, "the function timed out"),
    "answers nonsense": ("return {object(): object()}", False,
                         "the function failed with Runtime.MarshalError"),
}
FAULTY = PYTHON + """
import time

def main(event, context):
    if {done}:
        lambda_handler(event, context)
    if event["Step"] == "{step}":
        {fault}
    return lambda_handler(event, context)
"""


@pytest.fixture
def role(own_server):
    iam = own_server.client(service="iam")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=ALLOWED)
    return role["Arn"]


class Faulty:
    """A function that fails at a step, and a secret that it rotates."""

    def __init__(self, server, role, tmp_path, code, timeout):
        self.server = server
        self.function_name = harness.word()
        self.function = make(
            server, role, tmp_path, self.function_name, "python3.11", "f.main", {"f.py": code},
            timeout=timeout)
        self.name, self.first = harness.name(), harness.word()
        self.arn = server.client().create_secret(
            Name=self.name, SecretString=json.dumps({"password": self.first}))["ARN"]

    def rotate(self, **more):
        sm = self.server.client()
        self.version = sm.rotate_secret(
            SecretId=self.name, RotationLambdaARN=self.function, **more)["VersionId"]

    def mend(self):
        code = PYTHON.replace("def lambda_handler", "def main")
        self.server.client(service="lambda").update_function_code(
            FunctionName=self.function_name, ZipFile=archive({"f.py": code}))


def all_is_well(server, secrets):
    sm = server.client()
    for secret in secrets:
        rotations.finished(sm, secret.name, secret.version)
        assert rotations.read(sm, secret.name)["password"] != secret.first
    for secret in secrets:
        secret.rotate()
    for secret in secrets:
        described = rotations.finished(sm, secret.name, secret.version)
        assert sorted(sum(described["VersionIdsToStages"].values(), [])) == [
            "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"]
    assert not any(rotations.jobs(server).values())


@pytest.mark.parametrize("how", FAULTS)
def test_a_function_fails_at_each_step(own_server, role, tmp_path, how):
    fault, done, words = FAULTS[how]
    sm = own_server.client()
    secrets = {}
    for step in STEPS:
        code = FAULTY.format(step=step, fault=fault, done=done)
        # Enough for the steps before, on a slow machine.
        secrets[step] = Faulty(
            own_server, role, tmp_path, code, timeout=30 if how == "times out" else 60)
        secrets[step].rotate()
    deadline = time.monotonic() + rotations.PATIENCE
    while not all((told := rotations.jobs(own_server)).get(s.name) for s in secrets.values()):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    for step, secret in secrets.items():
        assert told[secret.name].startswith(f"{step}: {words}"), told[secret.name]
        moved = done and step == "finishSecret"
        assert (rotations.read(sm, secret.name)["password"] == secret.first) is not moved
        secret.mend()
    all_is_well(own_server, secrets.values())
    logs = "".join(path.read_text() for path in own_server.home.glob("stderr.*"))
    everything = logs + b"".join(own_server.audit_lines()).decode() + str(told)
    assert "a rotation failed" in logs
    own = "".join(path.read_text() for path in own_server.data.glob("functions/logs/*.log"))
    for canary in ("canary-of-a-message", "CanaryOfAType"):
        assert canary not in everything
        # The function's own log has it.
        assert (canary in own) is (canary in fault)
    events = rotations.lookup(own_server, "RotationFailed")
    for step, secret in secrets.items():
        for event in rotations.of_secret(events, secret.arn):
            message = f"Error when executing lambda {secret.function} during {step} step: {words}"
            assert event["errorMessage"].startswith(message)
            assert "canary-of-a-message" not in json.dumps(event)
            assert "CanaryOfAType" not in json.dumps(event)
            assert event["requestID"] == f"Rotation-{secret.arn}-{event['requestID'][-36:]}"


# Works on and on, until the secret has a tag.
WAITS = """
        client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
        while not client.describe_secret(SecretId=event["SecretId"]).get("Tags"):
            time.sleep(0.1)
"""


def test_the_server_is_killed_while_a_function_runs(own_server, role, tmp_path):
    secrets = []
    for step in STEPS:
        code = FAULTY.format(step=step, fault=WAITS.strip(), done=False)
        secrets.append(Faulty(own_server, role, tmp_path, code, timeout=900))
        secrets[-1].rotate()

    def called(secret):
        return len(own_server.audit(needle=f'"functionName":"{secret.function}"'))

    deadline = time.monotonic() + rotations.PATIENCE
    while not all(called(secret) == STEPS.index(step) + 1 for step, secret in zip(STEPS, secrets)):
        assert time.monotonic() < deadline, [called(secret) for secret in secrets]
        time.sleep(0.2)
    own_server.restart()
    sm = own_server.client()
    for secret in secrets:
        assert rotations.read(sm, secret.name)["password"] == secret.first
        sm.tag_resource(SecretId=secret.name, Tags=[{"Key": "go", "Value": "on"}])
    all_is_well(own_server, secrets)


def test_a_function_that_does_nothing(own_server, role, tmp_path):
    secret = Faulty(own_server, role, tmp_path, "def main(event, context): return 'nonsense'", 9)
    secret.rotate()
    deadline = time.monotonic() + rotations.PATIENCE
    while not (told := rotations.jobs(own_server)[secret.name]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert told == "finishSecret: the function did not move AWSCURRENT to the new version"
    assert rotations.read(own_server.client(), secret.name)["password"] == secret.first
    secret.mend()
    all_is_well(own_server, [secret])


def test_a_function_that_is_gone_or_closed(own_server, role, tmp_path):
    functions = own_server.client(service="lambda")
    broken = "def main(event, context): raise KeyError"
    gone, closed = (Faulty(own_server, role, tmp_path, broken, 9) for _ in range(2))
    for secret in (gone, closed):
        secret.rotate()
    deadline = time.monotonic() + rotations.PATIENCE
    while not all(rotations.jobs(own_server).values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    functions.delete_function(FunctionName=gone.function_name)
    functions.remove_permission(FunctionName=closed.function_name, StatementId="rotation")
    closed.mend()
    words = {gone: "Function not found", closed: "not authorized to perform: lambda:InvokeFunction"}
    deadline = time.monotonic() + rotations.PATIENCE
    while not all(text in rotations.jobs(own_server)[s.name] for s, text in words.items()):
        assert time.monotonic() < deadline, rotations.jobs(own_server)
        time.sleep(0.2)
    again = Faulty(own_server, role, tmp_path, PYTHON.replace("lambda_handler", "main"), 9)
    functions.add_permission(
        FunctionName=closed.function_name, StatementId="rotation",
        Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")
    # One is open again; the other rotates by another function, as soon as it is told.
    sm = own_server.client()
    sm.update_secret_version_stage(
        SecretId=gone.name, VersionStage="AWSPENDING", RemoveFromVersionId=gone.version)
    gone.function = again.function
    gone.rotate()
    all_is_well(own_server, [gone, closed])
