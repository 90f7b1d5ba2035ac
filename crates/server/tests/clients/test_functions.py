"""Rotation by functions of one's own: made with the AWS CLI, unmodified handlers."""

import base64
import io
import json
import os
import pathlib
import subprocess
import sysconfig
import time
import zipfile

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config

import harness
from harness import PATIENCE

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)
ALLOWED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
                ],
                "Resource": "*",
            },
            {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
        ],
    }
)

# As in the templates that AWS publishes, less the database.
PYTHON = '''
import json
import os

import boto3


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
    metadata = client.describe_secret(SecretId=arn)
    if "RotationEnabled" in metadata and not metadata["RotationEnabled"]:
        raise ValueError("Secret %s is not enabled for rotation" % arn)
    versions = metadata["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("Secret version %s has no stage for rotation of secret %s." % (token, arn))
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("Secret version %s not set as AWSPENDING" % token)
    print("step", step)
    if step == "createSecret":
        current = json.loads(client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
        try:
            client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except client.exceptions.ResourceNotFoundException:
            word = client.get_random_password(ExcludeCharacters=os.environ.get("EXCLUDE_CHARACTERS", "/@"))
            current["password"] = word["RandomPassword"]
            client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(current),
                VersionStages=["AWSPENDING"], RotationToken=event["RotationToken"])
    elif step == "finishSecret":
        current = next(v for v, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
    elif step not in ("setSecret", "testSecret"):
        raise ValueError("Invalid step parameter")
'''

NODE = '''
import { createHash, createHmac, randomUUID } from "node:crypto";

const hash = (text) => createHash("sha256").update(text).digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

async function call(operation, input) {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
  const url = new URL(process.env.AWS_ENDPOINT_URL);
  const body = JSON.stringify(input);
  const time = new Date().toISOString().replace(/[-:]|\\.\\d+/g, "");
  const headers = {
    "content-type": "application/x-amz-json-1.1", host: url.host, "x-amz-date": time,
    "x-amz-security-token": process.env.AWS_SESSION_TOKEN, "x-amz-target": `secretsmanager.${operation}`,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\\n`).join("");
  const canonical = `POST\\n/\\n\\n${lines}\\n${names}\\n${hash(body)}`;
  const scope = `${time.slice(0, 8)}/${region}/secretsmanager/aws4_request`;
  const key = scope.split("/").reduce(mac, `AWS4${secret}`);
  const signature = mac(key, `AWS4-HMAC-SHA256\\n${time}\\n${scope}\\n${hash(canonical)}`).toString("hex");
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const answer = await fetch(url, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`${operation}: ${await answer.text()}`);
  return answer.json();
}

export const handler = async ({ Step, SecretId, ClientRequestToken: token }) => {
  const { VersionIdsToStages: versions } = await call("DescribeSecret", { SecretId });
  if (versions[token].includes("AWSCURRENT")) return;
  if (Step === "createSecret") {
    await call("PutSecretValue", {
      SecretId, ClientRequestToken: token, VersionStages: ["AWSPENDING"],
      SecretString: JSON.stringify({ username: "app", password: randomUUID() }),
    });
  } else if (Step === "finishSecret") {
    const current = Object.keys(versions).find((id) => versions[id].includes("AWSCURRENT"));
    await call("UpdateSecretVersionStage", {
      SecretId, VersionStage: "AWSCURRENT", MoveToVersionId: token, RemoveFromVersionId: current,
    });
  }
};
'''

BOOTSTRAP = '''#!/usr/bin/python3
import http.client, json, os, sys
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
from lambda_function import lambda_handler
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    body = json.loads(event.read())
    here = "/2018-06-01/runtime/invocation/" + event.headers["Lambda-Runtime-Aws-Request-Id"]
    lambda_handler(body, None)
    api.request("POST", here + "/response", "null")
    api.getresponse().read()
'''


def archive(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
            zip_file.writestr(entry, text)
    return packed.getvalue()


@pytest.fixture(scope="module")
def functions(server):
    return server.client(service="lambda")


@pytest.fixture(scope="module")
def role(server):
    iam = server.client(service="iam")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=ALLOWED)
    return role["Arn"]


def make(server, role, tmp_path, name, runtime, handler, files, timeout=60):
    """A function, made with the AWS CLI, that Secrets Manager may call."""
    packed = tmp_path / f"{name}.zip"
    packed.write_bytes(archive(files))
    # The handlers' AWS SDK; on AWS the runtime brings it.
    packages = sysconfig.get_paths()["purelib"]
    made = server.aws(
        "lambda", "create-function", "--function-name", name, "--runtime", runtime,
        "--handler", handler, "--role", role, "--zip-file", f"fileb://{packed}",
        "--timeout", timeout, "--environment",
        json.dumps({"Variables": {"PYTHONPATH": packages, "EXCLUDE_CHARACTERS": ":/@\"'\\"}}),
    )
    assert made.returncode == 0, made.stderr
    added = server.aws(
        "lambda", "add-permission", "--function-name", name, "--statement-id", "rotation",
        "--action", "lambda:InvokeFunction", "--principal", "secretsmanager.amazonaws.com",
    )
    assert added.returncode == 0, added.stderr
    return json.loads(made.stdout)["FunctionArn"]


def rotated(server, sm, arn):
    name = harness.name()
    sm.create_secret(Name=name, SecretString=json.dumps({"username": "app", "password": "one"}))
    answer = server.aws(
        "secretsmanager", "rotate-secret", "--secret-id", name, "--rotation-lambda-arn", arn
    )
    assert answer.returncode == 0, answer.stderr
    version = json.loads(answer.stdout)["VersionId"]
    deadline = time.monotonic() + PATIENCE
    while True:
        described = sm.describe_secret(SecretId=name)
        if "LastRotatedDate" in described:
            break
        assert time.monotonic() < deadline, described
        time.sleep(0.1)
    assert "AWSCURRENT" in described["VersionIdsToStages"][version]
    value = json.loads(sm.get_secret_value(SecretId=name)["SecretString"])
    assert value["username"] == "app" and value["password"] != "one"


def test_a_python_handler(server, sm, role, tmp_path):
    files = {"lambda_function.py": PYTHON}
    handler = "lambda_function.lambda_handler"
    arn = make(server, role, tmp_path, "in-python", "python3.11", handler, files)
    rotated(server, sm, arn)
    logs = [harness.binary(), "functions", "logs", "in-python", "--data-dir", server.data]
    told = subprocess.run(logs, capture_output=True, text=True, check=True).stdout
    assert "step createSecret" in told and "step finishSecret" in told
    logs[3] = "nope"
    nobody = subprocess.run(logs, capture_output=True, text=True)
    assert nobody.returncode != 0 and "there is no function `nope`" in nobody.stderr, nobody


def test_a_node_handler(server, sm, role, tmp_path):
    arn = make(server, role, tmp_path, "in-node", "nodejs20.x", "index.handler", {"index.mjs": NODE})
    rotated(server, sm, arn)


def test_a_bootstrap(server, sm, role, tmp_path):
    files = {"bootstrap": BOOTSTRAP, "lambda_function.py": PYTHON}
    arn = make(server, role, tmp_path, "bootstrapped", "provided.al2023", "any", files)
    rotated(server, sm, arn)


def test_what_a_function_is_told_and_tells(server, functions, role, tmp_path, refused):
    code = "import os\ndef main(event, context):\n    print('hello')\n    return [event, sorted(os.environ), context.invoked_function_arn]\n"
    make(server, role, tmp_path, "telling", "python3.11", "f.main", {"f.py": code})
    answer = functions.invoke(FunctionName="telling", Payload=b'{"a": 1}', LogType="Tail")
    event, names, arn = json.load(answer["Payload"])
    assert (event, answer["StatusCode"], answer["ExecutedVersion"]) == ({"a": 1}, 200, "$LATEST")
    assert arn.endswith(":function:telling")
    for name in ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "SECRETS_MANAGER_ENDPOINT"):
        assert name in names
    request = answer["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert log.startswith(f"START RequestId: {request} Version: $LATEST\nhello\nEND RequestId: {request}\n"
                          f"REPORT RequestId: {request}\tDuration: "), log
    dry = functions.invoke(FunctionName="telling", InvocationType="DryRun")
    assert dry["StatusCode"] == 204
    assert functions.invoke(FunctionName="telling", InvocationType="Event")["StatusCode"] == 202

    broken = archive({"f.py": "def main(event, context):\n    raise KeyError('no')\n"})
    updated = functions.update_function_code(FunctionName="telling", ZipFile=broken)
    answer = functions.invoke(FunctionName="telling")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "KeyError"
    changed = functions.update_function_configuration(
        FunctionName="telling", Timeout=7, Environment={"Variables": {"A1": "b"}}
    )
    assert changed["Timeout"] == 7 and changed["CodeSha256"] == updated["CodeSha256"]
    assert changed["Environment"] == {"Variables": {"A1": "b"}}
    got = functions.get_function(FunctionName="telling")["Configuration"]
    assert functions.get_function_configuration(FunctionName="telling")["FunctionArn"] == got["FunctionArn"]
    assert got["RevisionId"] == changed["RevisionId"]
    assert "telling" in [f["FunctionName"] for f in functions.list_functions()["Functions"]]
    policy = json.loads(functions.get_policy(FunctionName="telling")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    functions.remove_permission(FunctionName="telling", StatementId="rotation")
    with refused("ResourceNotFoundException", status=404):
        functions.get_policy(FunctionName="telling")
    functions.delete_function(FunctionName="telling")
    with refused("ResourceNotFoundException", status=404):
        functions.get_function(FunctionName="telling")


def test_a_function_must_let_secrets_manager_in(server, sm, functions, role, tmp_path, refused):
    files = {"lambda_function.py": PYTHON}
    handler = "lambda_function.lambda_handler"
    arn = make(server, role, tmp_path, "closed", "python3.11", handler, files)
    functions.remove_permission(FunctionName="closed", StatementId="rotation")
    name = harness.name()
    sm.create_secret(Name=name, SecretString="{}")
    with refused("AccessDeniedException"):
        sm.rotate_secret(SecretId=name, RotationLambdaARN=arn)


def test_a_function_that_fails_leaves_the_secret_as_it_was(own_server, tmp_path):
    iam, sm = own_server.client(service="iam"), own_server.client()
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=ALLOWED)
    endless = "import time\ndef main(event, context):\n    time.sleep(600)\n"
    crash = "import os\ndef main(event, context):\n    os._exit(1)\n"
    for name, code in (("endless", endless), ("crash", crash)):
        arn = make(own_server, role, tmp_path, name, "python3.11", "f.main", {"f.py": code}, timeout=2)
        sm.create_secret(Name=name, SecretString='{"password": "one"}')
        version = sm.rotate_secret(SecretId=name, RotationLambdaARN=arn)["VersionId"]
        secret = sm.describe_secret(SecretId=name)["ARN"]
        assert own_server.audit(
            needle=secret, where=lambda r: r["eventName"] == "RotationFailed", count=1)
        assert sm.get_secret_value(SecretId=name)["SecretString"] == '{"password": "one"}'
        # Mended, the next attempt succeeds by itself.
        mended = archive({"f.py": PYTHON.replace("def lambda_handler", "def main")})
        functions = own_server.client(service="lambda")
        functions.update_function_configuration(FunctionName=name, Timeout=60)
        functions.update_function_code(FunctionName=name, ZipFile=mended)
        deadline = time.monotonic() + PATIENCE
        while "AWSCURRENT" not in sm.describe_secret(SecretId=name)["VersionIdsToStages"][version]:
            assert time.monotonic() < deadline
            time.sleep(0.2)


ENDLESS = """
import os, time
def main(event, context):
    print(sorted(os.listdir("/proc/self/fd")), flush=True)
    while event:
        time.sleep(0.1)
    return [os.readlink(f"/proc/self/fd/{number}") for number in range(3, 64)
            if os.path.islink(f"/proc/self/fd/{number}") and "passwd" in os.readlink(f"/proc/self/fd/{number}")]
"""


def test_functions_inherit_nothing_and_end_with_the_server(own_server, tmp_path):
    iam = own_server.client(service="iam")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    mark = f"endless-{os.getpid()}"
    own_server.stop()
    with open("/etc/passwd") as inherited:
        os.set_inheritable(inherited.fileno(), True)
        own_server.start(close_fds=False)
    make(own_server, role, tmp_path, mark, "python3.11", "f.main", {"f.py": ENDLESS}, timeout=300)
    functions = own_server.client(service="lambda")
    found = functions.invoke(FunctionName=mark, Payload=b"{}")["Payload"].read()
    assert json.loads(found) == []

    functions.invoke(FunctionName=mark, Payload=b'{"for": "ever"}', InvocationType="Event")
    deadline = time.monotonic() + PATIENCE
    while not running(mark):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    own_server.kill()
    while running(mark):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def running(function):
    """The processes that run a function."""
    known = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
    return [
        path for path in pathlib.Path("/proc").glob("[0-9]*/environ") if known in environment(path)
    ]


def environment(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_rotation_by_an_alias(server, sm, functions, role, tmp_path, refused):
    files = {"lambda_function.py": PYTHON}
    make(server, role, tmp_path, "versioned", "python3.11", "lambda_function.lambda_handler", files)
    first = functions.publish_version(FunctionName="versioned", Description="first")
    assert first["Version"] == "1" and first["FunctionArn"].endswith(":versioned:1")
    alias = functions.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    # What becomes of $LATEST is no matter of the alias's.
    functions.update_function_code(FunctionName="versioned", ZipFile=archive({"f.py": "no"}))
    name = harness.name()
    sm.create_secret(Name=name, SecretString="{}")
    with refused("AccessDeniedException"):
        sm.rotate_secret(SecretId=name, RotationLambdaARN=alias["AliasArn"])
    functions.add_permission(
        FunctionName="versioned", Qualifier="live", StatementId="rotation",
        Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")
    rotated(server, sm, alias["AliasArn"])

    told = functions.get_alias(FunctionName="versioned", Name="live")
    assert told["FunctionVersion"] == "1"
    code = "def main(event, context):\n    return [context.function_version, context.invoked_function_arn]\n"
    functions.update_function_configuration(FunctionName="versioned", Handler="f.main")
    functions.update_function_code(FunctionName="versioned", ZipFile=archive({"f.py": code}), Publish=True)
    functions.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")
    answer = functions.invoke(FunctionName="versioned", Qualifier="live")
    assert answer["ExecutedVersion"] == "2"
    assert json.load(answer["Payload"]) == ["2", alias["AliasArn"]]
    listed = functions.list_versions_by_function(FunctionName="versioned")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    assert [one["Name"] for one in functions.list_aliases(FunctionName="versioned")["Aliases"]] == ["live"]
    with refused("ResourceConflictException", status=409):
        functions.delete_function(FunctionName="versioned", Qualifier="2")
    functions.delete_alias(FunctionName="versioned", Name="live")
    functions.delete_function(FunctionName="versioned", Qualifier="2")
    with refused("ResourceNotFoundException", status=404):
        functions.invoke(FunctionName="versioned", Qualifier="live")


def test_large_archives(server, functions, role, refused):
    """As large as those that bring a driver along, and no larger than AWS takes them."""
    import os

    ballast = os.urandom(8 << 20)
    files = {"f.py": "import os\ndef main(event, context):\n    return os.stat('ballast').st_size\n"}
    packed = archive({**files, "ballast": ballast})
    functions.create_function(
        FunctionName="large", Runtime="python3.11", Role=role, Handler="f.main", Timeout=30,
        Code={"ZipFile": packed})
    assert json.load(functions.invoke(FunctionName="large")["Payload"]) == len(ballast)
    with refused("RequestEntityTooLargeException", status=413):
        functions.update_function_code(FunctionName="large", ZipFile=os.urandom(53 << 20))
    # More than there may be of it unpacked: 262,144,000 bytes.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("zeros", "w") as zeros:
        for _ in range(251):
            zeros.write(bytes(1 << 20))
    bomb = packed.getvalue()
    with refused("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"):
        functions.update_function_code(FunctionName="large", ZipFile=bomb)
    # What cannot all be where the archive has it; told of at once, not at the first call.
    for second in ("f.py/g.py", "f.py/", "./f.py", "../f.py"):
        packed = archive({"f.py": "", second: ""})
        with refused("InvalidParameterValueException", "Could not unzip uploaded file. Please check "
                     "your file, then try to upload again."):
            functions.update_function_code(FunctionName="large", ZipFile=packed)
    # Others have no such room, nor has who is nobody's.
    with refused("RequestEntityTooLarge", status=413):
        functions.update_function_configuration(FunctionName="large", Description="x" * (2 << 20))
    stranger = boto3.client(
        "lambda", endpoint_url=server.endpoint, region_name=server.region,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="no",
        config=Config(retries={"total_max_attempts": 1}))
    with refused("RequestEntityTooLarge", status=413):
        stranger.update_function_code(FunctionName="large", ZipFile=os.urandom(2 << 20))
    with refused("RequestEntityTooLargeException", status=413):
        functions.invoke(FunctionName="large", Payload=json.dumps("x" * (6 << 20)))
    with refused("RequestTooLargeException", status=413):
        functions.invoke(FunctionName="large", InvocationType="Event", Payload=json.dumps("x" * (1 << 20)))


def sample(shape):
    """Something that a member of this shape may be."""
    if shape.type_name == "structure":
        return {name: sample(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name == "map":
        return {"key": sample(shape.value)}
    if shape.type_name == "boolean":
        return True
    if shape.type_name in ("double", "float", "integer", "long"):
        return 1
    return shape.enum[0] if getattr(shape, "enum", None) else "something"


# What each operation does something with. All else that AWS's model has is refused.
OFFERED = {
    "CreateFunction": {
        "FunctionName", "Runtime", "Role", "Handler", "Code", "Description", "Timeout", "MemorySize",
        "Publish", "PackageType", "Environment", "Tags", "Architectures", "EphemeralStorage"},
    "UpdateFunctionCode": {
        "FunctionName", "ZipFile", "Architectures", "Publish", "DryRun", "RevisionId"},
    "UpdateFunctionConfiguration": {
        "FunctionName", "Role", "Handler", "Description", "Timeout", "MemorySize", "Environment",
        "Runtime", "RevisionId", "EphemeralStorage"},
    "Invoke": {
        "FunctionName", "InvocationType", "LogType", "ClientContext", "Payload", "Qualifier"},
    "PublishVersion": {"FunctionName", "CodeSha256", "Description", "RevisionId"},
    "CreateAlias": {"FunctionName", "Name", "FunctionVersion", "Description"},
    "AddPermission": {
        "FunctionName", "StatementId", "Action", "Principal", "SourceArn", "SourceAccount",
        "Qualifier", "RevisionId", "PrincipalOrgID"},
}


def test_what_is_not_offered_is_refused_by_its_name(server, role, refused):
    functions = server.client(service="lambda", validate=False)
    code = archive({"f.py": "def main(event, context):\n    return 1\n"})
    sound = {"FunctionName": "strict", "Runtime": "python3.11", "Role": role, "Handler": "f.main",
             "Code": {"ZipFile": code}}
    operations = functions.meta.service_model
    arguments = {
        "CreateFunction": {**sound, "FunctionName": "never-made"},
        "UpdateFunctionCode": {"FunctionName": "strict", "ZipFile": code},
        "CreateAlias": {"FunctionName": "strict", "Name": "live", "FunctionVersion": "$LATEST"},
        "AddPermission": {
            "FunctionName": "strict", "StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": "secretsmanager.amazonaws.com"},
    }
    # What is so anyway is no wish.
    made = functions.create_function(
        **sound, PackageType="Zip", TracingConfig={"Mode": "PassThrough"}, Layers=[],
        SnapStart={"ApplyOn": "None"}, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        EphemeralStorage={"Size": 512}, DeadLetterConfig={"TargetArn": ""}, KMSKeyArn="",
        LoggingConfig={"LogFormat": "Text"})
    assert made["TracingConfig"] == {"Mode": "PassThrough"}
    assert made["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}
    tried = 0
    for name, offered in OFFERED.items():
        members = operations.operation_model(name).input_shape.members
        assert offered <= members.keys()
        call = getattr(functions, xform_name(name))
        for member in members.keys() - offered:
            given = {**arguments.get(name, {"FunctionName": "strict"}), member: sample(members[member])}
            with refused("InvalidParameterValueException", f"{member} isn't supported."):
                call(**given)
            tried += 1
    assert tried > 40
    for member, value in sample(operations.shape_for("FunctionCode")).items():
        if member == "ZipFile":
            continue
        with refused("InvalidParameterValueException", f"{member} isn't supported."):
            functions.create_function(
                **{**sound, "FunctionName": "never-made", "Code": {"ZipFile": code, member: value}})
    with refused("InvalidParameterValueException", "PackageType isn't supported."):
        functions.create_function(**{**sound, "FunctionName": "never-made"}, PackageType="Image")
    with refused("ResourceNotFoundException", status=404):
        functions.get_function(FunctionName="never-made")


KEYS = ("1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        "[a-zA-Z]([a-zA-Z0-9_])+]")
RESERVED = ("Lambda was unable to configure your environment variables because the environment variables "
            "you have provided contains reserved keys that are currently not supported for modification. "
            "Reserved keys used in this request: ")
TOO_MUCH = ("Lambda was unable to configure your environment variables because the environment variables "
            "you have provided exceeded the 4KB limit.")


def test_a_function_has_its_role_as_long_as_lambda_may_assume_it(server, functions, tmp_path, refused):
    iam, name = server.client(service="iam"), harness.word()
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    code = "def main(event, context):\n    return 'well'\n"
    make(server, role, tmp_path, name, "python3.11", "f.main", {"f.py": code})

    def invoke():
        return json.load(functions.invoke(FunctionName=name)["Payload"])

    cannot = "The role defined for the function cannot be assumed by Lambda."
    assert invoke() == "well"
    for trusted in (TRUST.replace("lambda.", "ec2."), TRUST.replace("Allow", "Deny")):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusted)
        with refused("AccessDeniedException", cannot, status=403):
            invoke()
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST)
    assert invoke() == "well"
    iam.delete_role(RoleName=name)
    with refused("AccessDeniedException", cannot, status=403):
        invoke()


def test_which_variables_an_environment_may_have(server, functions, role, tmp_path, refused):
    code = "import os\ndef main(event, context):\n    return dict(os.environ)\n"
    make(server, role, tmp_path, "set", "python3.11", "f.main", {"f.py": code})
    loose = server.client(service="lambda", validate=False)
    functions.get_waiter("function_updated_v2").wait(FunctionName="set")

    def configure(**variables):
        return loose.update_function_configuration(
            FunctionName="set", Environment={"Variables": variables})

    for name in ("A", "1A", "A-B", "_A", "", "Ä1"):
        with refused("ValidationException", KEYS):
            configure(**{name: "x"})
    with refused("ValidationException"):
        configure(_HANDLER="f.other")
    for names in (["AWS_REGION"], ["AWS_ACCESS_KEY_ID", "LAMBDA_TASK_ROOT"], ["AWS_EXECUTION_ENV"]):
        with refused("InvalidParameterValueException", RESERVED + ", ".join(names)):
            configure(**{name: "x" for name in names}, MINE="y")
    with refused("InvalidParameterValueException", TOO_MUCH):
        configure(BIG="x" * 4087)
    assert len(configure(BIG="x" * 4086)["Environment"]["Variables"]["BIG"]) == 4086
    given = {"TZ": "Europe/Paris", "LD_LIBRARY_PATH": "/nowhere", "PATH": "/bin", "TEXT": "Zoë\n 'x' \"y\" $z \\"}
    assert configure(**given)["Environment"] == {"Variables": given}
    found = json.load(functions.invoke(FunctionName="set")["Payload"])
    assert given.items() <= found.items()
    assert found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11" and found["AWS_REGION"] == server.region


def test_a_client_says_what_it_is(server, functions, role, tmp_path, refused):
    code = "def main(event, context):\n    told = context.client_context\n    return told and [told.custom, told.env]\n"
    make(server, role, tmp_path, "asking", "python3.11", "f.main", {"f.py": code})
    context = base64.b64encode(json.dumps({"custom": {"name": "Zoë"}, "env": {}}, ensure_ascii=False).encode())
    answer = functions.invoke(FunctionName="asking", ClientContext=context.decode())
    assert json.load(answer["Payload"]) == [{"name": "Zoë"}, {}]
    assert json.load(functions.invoke(FunctionName="asking")["Payload"]) is None
    for wrong in ("no base 64!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{" * 3000).decode()):
        with refused("InvalidRequestContentException",
                     "Client context must be a valid Base64-encoded JSON object."):
            functions.invoke(FunctionName="asking", ClientContext=wrong)
