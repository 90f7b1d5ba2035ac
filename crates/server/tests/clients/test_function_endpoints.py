"""Rotation by functions that are HTTPS endpoints speaking Lambda's Invoke, made of
Python's own libraries; boto3 and the AWS CLI see them as functions."""

import contextlib
import http.server
import json
import os
import threading

import boto3
import pytest
from botocore.config import Config

import harness
from receivers import Deployment, authority, tls, until
from test_functions import ALLOWED, TRUST, archive

TOKEN = "canary-token-0123456789abcdef"
ACCOUNT = "111122223333"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"


class Function:
    """An endpoint that rotates by the four steps, with credentials of its own."""

    def __init__(self, directory, port=None):
        self.directory, self.port = directory, port or harness.free_port()
        self.client, self.answer, self.seen = None, self.rotate, []
        self.tokens = {f"Bearer {TOKEN}"}

    def rotate(self, event):
        arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
        versions = self.client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if "AWSCURRENT" in versions[token]:
            return None
        if step == "createSecret":
            self.client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=f"by {step}",
                VersionStages=["AWSPENDING"], RotationToken=event["RotationToken"])
        elif step == "finishSecret":
            current = next(v for v, stages in versions.items() if "AWSCURRENT" in stages)
            self.client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token,
                RemoveFromVersionId=current)
        return None

    def start(self):
        function, context = self, tls(self.directory)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                function.seen.append((self.path, headers, event))
                status, headers, body = 200, {}, b"null"
                if self.headers["Authorization"] not in function.tokens:
                    status, body = 401, b"{}"
                else:
                    told = function.answer(event)
                    if isinstance(told, tuple):
                        status, headers, body = told
                    elif told is not None:
                        body = json.dumps(told).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, address):
                with context.wrap_socket(request, server_side=True) as secured:
                    self.RequestHandlerClass(secured, address, self)

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def section(directory, name, port, more="", token=TOKEN, ca="ca.pem"):
    file = directory / f"{name}.token"
    file.write_text(token + "\n")
    os.chmod(file, 0o600)
    return (f'[[function_endpoint]]\nname = "{name}"\naccount = "{ACCOUNT}"\n'
            f'url = "https://127.0.0.1:{port}/base/"\ntoken_file = "{file}"\n'
            f'certificate_authorities = "{directory}/{ca}"\n{more}\n')


@pytest.fixture
def function(tmp_path):
    function = Function(authority(tmp_path)).start()
    yield function
    function.stop()


@pytest.fixture
def deploy(tmp_path, function):
    """A server with these sections; the endpoint is a user of it."""
    with contextlib.ExitStack() as stack:
        def make(*sections):
            server = Deployment(tmp_path / "server", "".join(sections))
            stack.callback(server.stop)
            server.start()
            iam = server.client(service="iam")
            iam.create_user(UserName="rotator")
            iam.put_user_policy(UserName="rotator", PolicyName="rotate", PolicyDocument=ALLOWED)
            key = iam.create_access_key(UserName="rotator")["AccessKey"]
            function.client = boto3.client(
                "secretsmanager", endpoint_url=server.endpoint, region_name=server.region,
                aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
                config=Config(retries={"total_max_attempts": 1}))
            return server

        yield make


def is_current(sm, name, version):
    return "AWSCURRENT" in sm.describe_secret(SecretId=name)["VersionIdsToStages"].get(version, [])


def test_a_secret_rotates_by_an_endpoint(deploy, function, tmp_path):
    server = deploy(section(tmp_path, "rotator", function.port, 'regions = ["us-east-1"]'))
    sm = server.client()
    sm.create_secret(Name="app", SecretString="one")
    answer = server.aws("secretsmanager", "rotate-secret", "--secret-id", "app",
                        "--rotation-lambda-arn", f"{ARN}rotator")
    assert answer.returncode == 0, answer.stderr
    version = json.loads(answer.stdout)["VersionId"]
    assert until(lambda: "LastRotatedDate" in sm.describe_secret(SecretId="app"))
    assert is_current(sm, "app", version)
    assert sm.get_secret_value(SecretId="app")["SecretString"] == "by createSecret"
    assert [event["Step"] for _, _, event in function.seen] == [
        "createSecret", "setSecret", "testSecret", "finishSecret"]
    path, headers, _ = function.seen[0]
    assert path == "/base/2015-03-31/functions/rotator/invocations"
    assert headers["x-amz-invocation-type"] == "RequestResponse"
    # The endpoint gets the event and the token, and credentials of nobody.
    assert not [name for name in headers if "security" in name]
    records = server.audit(needle='"eventName":"Invoke"', count=4)
    assert {record["resources"][0]["ARN"] for record in records} == {f"{ARN}rotator"}
    assert TOKEN.encode() not in b"".join(server.audit_lines()) + server.log().encode()


def test_an_endpoint_is_a_function_to_clients(deploy, function, tmp_path, refused):
    server = deploy(
        section(tmp_path, "rotator", function.port,
                'regions = ["us-east-1"]\nprincipals = ["444455556666"]\ntimeout_seconds = 9'))
    functions = server.client(service="lambda")
    function.answer = lambda event: {"echo": event}
    answer = functions.invoke(FunctionName="rotator", Payload=b'{"a": 1}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"echo": {"a": 1}}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert function.seen[-1][1]["x-amz-log-type"] == "Tail"
    failed = {"X-Amz-Function-Error": "Unhandled"}, b'{"errorType": "KeyError", "errorMessage": "no"}'
    function.answer = lambda event: (200, *failed)
    answer = functions.invoke(FunctionName="rotator")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "KeyError"
    calls = len(function.seen)
    assert functions.invoke(FunctionName="rotator", InvocationType="DryRun")["StatusCode"] == 204
    assert len(function.seen) == calls
    function.answer = lambda event: None
    assert functions.invoke(
        FunctionName="rotator", InvocationType="Event", Payload=b'{"later": 2}')["StatusCode"] == 202
    assert until(lambda: function.seen[-1][2] == {"later": 2})
    function.answer = lambda event: (503, {}, b"busy")
    with refused("ServiceException", "the function's endpoint answers with status 503", 500):
        functions.invoke(FunctionName="rotator")

    told = functions.get_function(FunctionName="rotator")["Configuration"]
    assert told["FunctionArn"] == f"{ARN}rotator" and told["Timeout"] == 9
    assert "Runtime" not in told and "Role" not in told and "PackageType" not in told
    listed = functions.list_functions()["Functions"]
    assert [one["FunctionName"] for one in listed] == ["rotator"]
    every = functions.list_functions(FunctionVersion="ALL")["Functions"]
    assert [one["FunctionArn"] for one in every] == [f"{ARN}rotator:$LATEST"]
    policy = json.loads(functions.get_policy(FunctionName="rotator")["Policy"])
    assert [one["Principal"] for one in policy["Statement"]] == [
        {"Service": "secretsmanager.amazonaws.com"}, {"AWS": ["444455556666"]}]
    elsewhere = server.client(region="eu-west-1", service="lambda")
    assert elsewhere.list_functions()["Functions"] == []
    with refused("ResourceNotFoundException", status=404):
        elsewhere.get_function(FunctionName="rotator")
    fixed = "The function rotator is an endpoint of the server's configuration and can't be changed."
    for change, arguments in [
        (functions.update_function_configuration, {"Timeout": 3}),
        (functions.update_function_code, {"ZipFile": archive({"f.py": ""})}),
        (functions.publish_version, {}),
        (functions.delete_function, {}),
        (functions.create_alias, {"Name": "live", "FunctionVersion": "$LATEST"}),
        (functions.remove_permission, {"StatementId": "Configured"}),
    ]:
        with refused("InvalidParameterValueException", fixed):
            change(FunctionName="rotator", **arguments)
    with refused("ResourceConflictException", "Function already exist: rotator", 409):
        functions.create_function(
            FunctionName="rotator", Runtime="python3.11", Handler="f.main",
            Role=f"arn:aws:iam::{ACCOUNT}:role/any", Code={"ZipFile": archive({"f.py": ""})})


def test_whatever_an_endpoint_does_the_secret_stays_and_the_next_rotation_works(
        deploy, function, tmp_path, request):
    nobody = harness.free_port()
    strange = tmp_path / "strange"
    strange.mkdir()
    authority(strange)
    (strange / "ca.pem").rename(tmp_path / "strange.pem")
    server = deploy(
        section(tmp_path, "rotator", function.port),
        section(tmp_path, "slow", function.port, "timeout_seconds = 5"),
        section(tmp_path, "unknown", function.port, ca="strange.pem"),
        section(tmp_path, "tokenless", function.port, token="another-token-of-16"),
        section(tmp_path, "nobody", nobody))
    sm = server.client()
    elsewhere = f"https://127.0.0.1:{function.port}/elsewhere"
    mended = threading.Event()
    faults = {
        "slow": (lambda event: mended.wait(), "does not answer within 5 seconds"),
        "broken": (lambda event: (500, {}, b"canary-body"), "answers with status 500"),
        "nonsense": (lambda event: (200, {}, b"<html>canary-body"), "answers with what is no JSON"),
        "moved": (lambda event: (307, {"Location": elsewhere}, b"null"), "answers with a redirect (307)"),
        "endless": (lambda event: (200, {}, b'"' + b"x" * (7 << 20) + b'"'), "the answer has more than"),
        "failing": (lambda event: (200, {"X-Amz-Function-Error": "Unhandled"},
                                   b'{"errorType": "KeyError", "errorMessage": "canary-body"}'),
                    "the function failed with KeyError; its endpoint may know why"),
        "telling": (lambda event: (200, {"X-Amz-Function-Error": "Unhandled"},
                                   b'{"errorType": "CanaryType", "errorMessage": "canary-body"}'),
                    "the function failed; its endpoint may know why"),
        "unknown": (None, "invalid peer certificate"),
        "tokenless": (None, "answers with status 401"),
        "nobody": (None, "cannot be called"),
    }

    def answer(event):
        fault = next((fault for name, (fault, _) in faults.items()
                      if f":secret:{name}-" in event["SecretId"]), None)
        return fault(event) if fault else function.rotate(event)

    function.answer = answer
    versions = {}
    for name, (fault, _) in faults.items():
        sm.create_secret(Name=name, SecretString="canary-value")
        by = name if name == "slow" or not fault else "rotator"
        versions[name] = sm.rotate_secret(SecretId=name, RotationLambdaARN=ARN + by)["VersionId"]
    failed = {}

    def all_failed():
        for record in server.audit(needle="RotationFailed"):
            failed[record["additionalEventData"]["SecretId"].rsplit(":", 1)[1][:-7]] = record
        return failed.keys() == faults.keys()

    assert until(all_failed), failed.keys()
    jobs = server.run("jobs").stdout
    for name, (_, why) in faults.items():
        assert why in jobs, jobs
        assert sm.get_secret_value(SecretId=name)["SecretString"] == "canary-value"
    everything = jobs + server.log() + b"".join(server.audit_lines()).decode()
    for canary in (TOKEN, "canary-body", "CanaryType", "canary-value", "another-token-of-16"):
        assert canary not in everything
    assert not [path for path, _, _ in function.seen if "elsewhere" in path]

    # Mended, the next attempt succeeds by itself.
    faults.clear()
    mended.set()
    function.tokens.add("Bearer another-token-of-16")
    late = Function(tmp_path, nobody)
    late.client = function.client
    late.start()
    request.addfinalizer(late.stop)
    # That of an authority that nobody knows needs another function.
    sm.cancel_rotate_secret(SecretId="unknown")
    sm.update_secret_version_stage(
        SecretId="unknown", VersionStage="AWSPENDING", RemoveFromVersionId=versions["unknown"])
    versions["unknown"] = sm.rotate_secret(
        SecretId="unknown", RotationLambdaARN=f"{ARN}rotator")["VersionId"]
    for name, version in versions.items():
        assert until(lambda: is_current(sm, name, version)), name
        assert sm.get_secret_value(SecretId=name)["SecretString"] == "by createSecret"


def test_an_endpoint_hides_no_function(deploy, function, tmp_path):
    server = deploy('[functions]\nenabled = true\nendpoint = "http://127.0.0.1:1"\n')
    iam = server.client(service="iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    server.client(service="lambda").create_function(
        FunctionName="rotator", Runtime="python3.11", Handler="f.main", Role=role,
        Code={"ZipFile": archive({"f.py": ""})})
    server.stop()
    server.configure(section(tmp_path, "rotator", function.port))
    with pytest.raises(RuntimeError, match="has a function `rotator` in us-east-1 already"):
        server.start()
    server.configure(section(tmp_path, "rotator", function.port, 'regions = ["eu-west-1"]'))
    server.start()
    server.stop()
    server.configure(section(tmp_path, "short", function.port, token="short"))
    with pytest.raises(RuntimeError, match="short.token holds no token"):
        server.start()


def test_an_event_outlives_the_process(deploy, function, tmp_path):
    server = deploy(section(tmp_path, "rotator", function.port, "timeout_seconds = 600"))
    functions = server.client(service="lambda")
    killed = threading.Event()
    function.answer = lambda event: killed.wait()
    accepted = functions.invoke(FunctionName="rotator", InvocationType="Event", Payload=b'{"n": 1}')
    assert accepted["StatusCode"] == 202
    assert until(lambda: len(function.seen) == 1)
    # Cut off in the middle of the call, and one that was not begun yet.
    functions.invoke(FunctionName="rotator", InvocationType="Event", Payload=b'{"n": 2}')
    server.kill()
    killed.set()
    function.answer = lambda event: None
    server.start()
    assert until(lambda: {"n": 1} in [event for _, _, event in function.seen[1:]])
    assert until(lambda: {"n": 2} in [event for _, _, event in function.seen[1:]])
    assert until(lambda: "InvokeFunction" not in server.run("jobs").stdout)


def test_a_token_is_read_for_each_call(deploy, function, tmp_path):
    server = deploy(section(tmp_path, "rotator", function.port))
    functions = server.client(service="lambda")
    function.answer = lambda event: "well"
    token = tmp_path / "rotator.token"

    def call():
        return json.loads(functions.invoke(FunctionName="rotator")["Payload"].read())

    assert call() == "well"
    function.tokens = {"Bearer another-canary-token-01"}
    token.write_text("another-canary-token-01\n")
    assert call() == "well"
    token.write_text("short")
    with pytest.raises(functions.exceptions.ServiceException, match="cannot be called: there is no token"):
        call()
    assert f"{token} holds no token" in server.log()
    token.write_text("another-canary-token-01")
    assert call() == "well"
    assert "another-canary" not in server.log() + b"".join(server.audit_lines()).decode()
