"""How users' functions are run, as `[functions]` says: confined, by which interpreters,
how many at once."""

import concurrent.futures
import contextlib
import json
import os
import subprocess
import sysconfig
import time

import pytest

import harness
import receivers
import rotations
from receivers import Deployment, until
from test_functions import ALLOWED, PYTHON, TRUST, archive

SAYS = "def main(event, context):\n    return 'well'\n"
# Stays until a secret has a tag.
STAYS = PYTHON + """
def main(event, context):
    if "Step" in event:
        return lambda_handler(event, context)
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
    while event and not client.describe_secret(SecretId=event["until"]).get("Tags"):
        time.sleep(0.1)
    return "well"
"""


@pytest.fixture
def deploy(tmp_path):
    with contextlib.ExitStack() as stack:
        def make(extra=""):
            server = Deployment(tmp_path / harness.word())
            server.configure(
                f'[functions]\nenabled = true\nendpoint = "http://127.0.0.1:{server.port}"\n{extra}')
            stack.callback(server.stop)
            return server

        yield make


def with_function(server, runtime="python3.11", code=SAYS):
    iam, functions = server.client(service="iam"), server.client(service="lambda")
    role = iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=ALLOWED)
    functions.create_function(
        FunctionName="f", Runtime=runtime, Handler="f.main", Role=role, Timeout=300,
        Code={"ZipFile": archive({"f.py": code})},
        Environment={"Variables": {"PYTHONPATH": sysconfig.get_paths()["purelib"]}})
    functions.add_permission(
        FunctionName="f", StatementId="rotation", Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com")
    return functions


def invoke(functions, **event):
    answer = functions.invoke(FunctionName="f", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def test_the_log_says_how_functions_run(deploy):
    server = deploy('at_once = 5\ninterpreters = { "python3.9" = "/usr/bin/python3" }\n')
    server.start()
    log = server.log()
    line = next(line for line in log.splitlines() if "functions of users are run" in line)
    assert "python3.9 (/usr/bin/python3)" in line and "provided.al2023" in line, line
    if os.geteuid() == 0:
        assert "in namespaces of their own, as the users 60600 to 60604" in line, line
    assert invoke(with_function(server, "python3.9")) == "well"


@pytest.mark.parametrize("extra, why", [
    ('interpreters = { "python3.12" = "/opt/none/python" }',
     "the interpreter /opt/none/python of python3.12 cannot be run: there is no such file"),
    # In the server's own directory, which functions do not see.
    ('interpreters = { nodejs = "HIDDEN" }', "of nodejs cannot be run: "),
    ('interpreters = { "python3.12" = "/bin/false" }', "the interpreter /bin/false of python3.12 cannot be run: "),
    ('sandbox = "OTHER"', "functions" if os.geteuid() else
     "functions of a server that is root cannot be confined by bubblewrap: run the server as "
     "another user, or set `sandbox = \"namespaces\"` in [functions]"),
])
def test_what_cannot_be_had_keeps_the_server_from_starting(deploy, extra, why):
    server = deploy()
    hidden = server.home / "interpreter"
    hidden.write_text("#!/bin/sh\n")
    hidden.chmod(0o755)
    other = "namespaces" if os.geteuid() else "bubblewrap"
    with server.config.open("a") as config:
        config.write(extra.replace("HIDDEN", str(hidden)).replace("OTHER", other) + "\n")
    with pytest.raises(RuntimeError) as caught:
        server.start()
    assert why in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="starts servers as root and as another user")
@pytest.mark.parametrize("extra, starts, says", [
    ('sandbox = "namespaces"', False,
     "functions can be confined by namespaces only if the server is root"),
    ('sandbox = "process-group"', True, "in a process group only, as the server's user"),
    ('bubblewrap = "/opt/none/bwrap"', True, "are not kept from what the server can read"),
    ('sandbox = "bubblewrap"\nbubblewrap = "/opt/none/bwrap"', False,
     "functions cannot be confined by bubblewrap: "),
    ('sandbox = "bubblewrap"\nbubblewrap = "/bin/false"', False,
     "functions cannot be confined by bubblewrap: exit status: 1"),
    ('bubblewrap = "/bin/false"', True, "are not kept from what the server can read"),
])
def test_a_server_that_is_not_root(deploy, extra, starts, says):
    with by_nobody(deploy(extra + "\n"), says) as process:
        if not starts:
            assert process.wait(harness.PATIENCE) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="starts a server as another user")
def test_bubblewrap_confines_the_functions_of_a_server_that_is_not_root(deploy):
    server = deploy('sandbox = "bubblewrap"\n')
    hidden = [str(server.home / "seal.key"), str(server.data), "/etc/shadow", "/root"]
    with by_nobody(server, "by bubblewrap (/usr/bin/bwrap)"):
        assert until(server.answers)
        functions = with_function(server, code=(
            "import os\n"
            "def main(event, context):\n"
            "    open('/tmp/mine', 'w').close()\n"
            "    seen = [path for path in event['paths'] if os.access(path, os.R_OK)]\n"
            "    others = [entry for entry in os.listdir('/proc') if entry.isdigit()]\n"
            "    return [seen, len(others) < 9]\n"))
        assert invoke(functions, paths=hidden + ["/tmp/mine"]) == [["/tmp/mine"], True]
        assert not os.path.exists("/tmp/mine")


@contextlib.contextmanager
def by_nobody(server, says):
    """The server as a user of no rights, once its log says so."""
    nobody = 65534
    for path in (server.home, *server.home.rglob("*")):
        os.chown(path, nobody, nobody)
    for parent in server.home.parents[:-1]:
        if parent.stat().st_mode & 0o005 != 0o005 and parent.is_relative_to("/tmp"):
            parent.chmod(0o755)
    command = [harness.binary(), "server", "--config", server.config]
    log = server.home / "said"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, user=nobody, group=nobody, extra_groups=[], stdout=said, stderr=said,
            stdin=subprocess.DEVNULL, cwd="/")
    try:
        assert until(lambda: says in log.read_text() or process.poll() is not None)
        assert says in log.read_text(), log.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def test_functions_know_the_server_by_the_operator_s_authorities(deploy, tmp_path):
    server, port = deploy(), harness.free_port()
    place = receivers.authority(tmp_path)
    (place / "server.pem").chmod(0o600)
    server.configure(
        f'[functions]\nenabled = true\nendpoint = "https://127.0.0.1:{port}"\n'
        f'[outbound]\ncertificate_authorities = "{place}/ca.pem"\n'
        f'[[listener]]\naddress = "127.0.0.1:{port}"\n'
        f'tls_certificate = "{place}/server.pem"\ntls_key = "{place}/server.pem"\n')
    server.start()
    functions = with_function(server, code=PYTHON.replace("lambda_handler", "main"))
    sm = server.client()
    sm.create_secret(Name="safe", SecretString=json.dumps({"password": "one"}))
    arn = functions.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    version = sm.rotate_secret(SecretId="safe", RotationLambdaARN=arn)["VersionId"]
    rotations.finished(sm, "safe", version)
    # Where AWS's own templates look for them.
    code = "def main(event, context):\n    return open('/etc/pki/tls/cert.pem').read()\n"
    functions.update_function_code(FunctionName="f", ZipFile=archive({"f.py": code}))
    if os.geteuid() == 0:
        assert invoke(functions) == (place / "ca.pem").read_text()


def test_who_finds_no_room_is_told_so_and_rotations_come_to_their_turn(deploy):
    server = deploy("at_once = 1\n")
    server.start()
    functions = with_function(server, code="import time\n" + STAYS)
    sm = server.client()
    stays = sm.create_secret(Name="stays")["ARN"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(invoke, functions, until=stays)
        # It has the room.
        server.audit(needle=stays, where=lambda r: r["eventName"] == "DescribeSecret", count=1)
        sm.create_secret(Name="waits", SecretString=json.dumps({"password": "one"}))
        arn = functions.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
        version = sm.rotate_secret(SecretId="waits", RotationLambdaARN=arn)["VersionId"]
        began = time.monotonic()
        with pytest.raises(functions.exceptions.TooManyRequestsException) as caught:
            invoke(functions)
        assert 8 < time.monotonic() - began < 60
        answer = caught.value.response
        assert answer["Error"]["Message"] == "Rate Exceeded."
        assert answer["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
        sm.tag_resource(SecretId=stays, Tags=[{"Key": "go", "Value": "on"}])
        assert slow.result() == "well"
    rotations.finished(sm, "waits", version)
    # It never failed; it waited.
    assert not server.audit(needle="RotationFailed")
    assert invoke(functions) == "well"
