"""No secret leaves memory: over every operation, all that is secret in a call or an answer
is looked for in whatever the process wrote or said.

The walk of `walk.py`, with functions, a rotation, sessions and rules, told to a webhook
and to syslog. Then every call again with a secret in a member that the operation has not,
and refused ones with secrets where others belong. What a handler prints itself is in its
function's log and nowhere else.
"""

import json
import urllib.parse

import pytest
from botocore.session import get_session

import harness
from receivers import Deployment, SyslogTls, SyslogUdp, Webhook, authority, until
from test_canary import canary, traces
from test_metrics import Scrape, get
from test_records import walked

RULES = """
[[rule]]
name = "required-tags"
tags = ["team"]
[[rule]]
name = "secretsmanager-rotation-enabled-check"
[[rule]]
name = "secretsmanager-using-cmk"
"""


class Everything(Deployment):
    """A server with all that could tell a secret to somebody."""

    def configure(self, extra):
        super().configure(
            f'[admin]\naddress = "127.0.0.1:{self.admin_port}"\n'
            f'[functions]\nenabled = true\nendpoint = "http://127.0.0.1:{self.port}"\n'
            f'[log]\nlevel = "debug"\n{RULES}{extra}')


def escaped(secret):
    """As URLs have it, with letters of either case."""
    plain = urllib.parse.quote_from_bytes(secret, safe="").encode()
    every = "".join(f"%{byte:02X}" for byte in secret).encode()
    return {plain, every, every.lower()}


def tells(text, secrets):
    """Which of the secrets a text gives away."""
    return [s for s in secrets if any(form in text for form in traces(s) | escaped(s))]


def unknown_members(w):
    """Every operation with a member that it has not."""
    for service in ("secretsmanager", "kms", "iam", "sts", "organizations", "lambda",
                    "cloudtrail"):
        model = get_session().get_service_model(service)
        for name in model.operation_names:
            if (service, name) in w.known:
                send(w, model, name, {w.text(): w.text(), "Unknown": {"a": w.text()}})


def send(w, model, name, members):
    """A bare call: nothing that the client would check first."""
    protocol, metadata = model.metadata["protocol"], model.metadata
    headers, path, method = {"X-Amz-Target": None, "User-Agent": "walk"}, "/", "POST"
    if protocol == "json":
        headers["X-Amz-Target"] = f"{metadata['targetPrefix']}.{name}"
        body = json.dumps(members).encode()
    elif protocol == "query":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        flat = {key: json.dumps(value) for key, value in members.items()}
        body = urllib.parse.urlencode(
            {"Action": name, "Version": metadata["apiVersion"], **flat}).encode()
    else:
        http = model.operation_model(name).http
        method = http["method"]
        path = http["requestUri"].split("?")[0]
        for label in ("FunctionName", "StatementId", "Name"):
            path = path.replace(f"{{{label}}}", "rotate")
        body = json.dumps(members).encode() if method in ("POST", "PUT") else b""
    reply = w.server.call(
        name, body=body, headers=headers, path=path, method=method,
        service=metadata.get("signingName", metadata["endpointPrefix"]), region="us-east-1")
    assert reply.status < 500, (name, reply)


def misplaced(w):
    """Secrets where a number, a list or another secret belongs, and in the head."""
    for operation, member in (("CreateSecret", "SecretString"), ("PutSecretValue", "SecretBinary"),
                              ("UpdateSecret", "SecretString")):
        for value in ([w.text()], {w.text(): w.text()}, {"a": [w.text()]}):
            reply = w.server.call(operation, {"SecretId": "team/app", "Name": "x", member: value})
            assert reply.status == 400
    for header in ("X-Amz-Security-Token", "Cookie", "Referer", "X-Amz-Client-Context"):
        method, path, headers, body = w.server.sign("ListSecrets", {})
        w.server.send(method, path, {**headers, header: w.text()}, body)
    w.server.call("ListSecrets", {}, credentials=harness.Credentials(
        w.admin["AccessKeyId"], w.text()))
    w.server.send("POST", f"/?Action=GetUser&{w.text()}={w.text()}", {}, b"")


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    place = authority(tmp_path_factory.mktemp("receivers"))
    hook, tls, udp = Webhook(place).start(), SyslogTls(place).start(), SyslogUdp()
    udp.start()
    syslog = "".join(
        f'[[event_endpoint]]\nname = "{name}"\nurl = "syslog+{name}://127.0.0.1:{port}"\n'
        f'read_events = true\n{more}'
        for name, port, more in (
            ("tls", tls.port, f'certificate_authorities = "{place}/ca.pem"\n'),
            ("udp", udp.port, "")))
    server = Everything(tmp_path_factory.mktemp("walk") / "server",
                        hook.section("siem", "read_events = true") + syslog)
    try:
        w = walked(server.start())
        w.known = {(call.service, call.operation) for call in w.calls}
        w.hook, w.syslog = hook, (tls, udp)
        unknown_members(w)
        misplaced(w)
        # The last of all, which everyone was told when they were told of this.
        w.last = server.call("DescribeSecret", {"SecretId": "last/of-all"}).request_id
        yield w
    finally:
        server.stop()
        for receiver in (hook, tls, udp):
            receiver.stop()


def in_files(server, secrets):
    """What of the secrets is in which files. A function's log is what it said, and its
    code is unpacked for it to be run: neither is looked at."""
    own = [server.data / "functions" / place for place in ("code", "logs")]
    found = {}
    for path in server.home.rglob("*"):
        if not path.is_file() or any(place in path.parents for place in own):
            continue
        content = path.read_bytes().rstrip(b"\0")
        if seen := tells(content, secrets):
            found[str(path.relative_to(server.home))] = seen
    return found


def test_nobody_was_told(walk):
    assert len(walk.hidden) > 500
    told = until(lambda: [e for e in walk.hook.events
                          if e["detail"].get("requestID") == walk.last])
    assert told, f"{len(walk.hook.events)} events"
    events = json.dumps(walk.hook.seen, ensure_ascii=False).encode()
    assert b"team/app" in events and b"RotationSucceeded" in events
    assert tells(events, walk.hidden) == []
    for receiver in walk.syslog:
        last = walk.last.encode()
        assert until(lambda r=receiver: any(last in m for m in r.messages))
        assert tells(b"\n".join(receiver.messages), walk.hidden) == []


def test_no_page_or_answer_about_it_says_so(walk):
    answer, metrics = get("/metrics", walk.server.admin_port)
    assert answer.status == 200 and "strongroom_requests_total" in metrics
    # It is counted in its turn.
    assert until(lambda: Scrape(get("/metrics", walk.server.admin_port)[1]).value(
        "strongroom_rotation_events_total", event="RotationSucceeded") == 1)
    assert tells(metrics.encode(), walk.hidden) == []
    trail = walk.server.client("us-east-1", service="cloudtrail")
    pages = list(trail.get_paginator("lookup_events").paginate())
    found = json.dumps(pages, default=str).encode()
    assert b"AssumeRoleWithWebIdentity" in found
    assert tells(found, walk.hidden) == []
    for command in (("findings", "--status", "all"), ("jobs",), ("events", "status"),
                    ("events", "dead-letters"), ("audit", "query")):
        done = walk.server.run(*command)
        assert done.returncode == 0, (command, done.stderr)
        assert tells((done.stdout + done.stderr).encode(), walk.hidden) == [], command


def test_no_file_holds_it(walk):
    server = walk.server
    server.kill()
    # The search itself works: names are no secrets.
    assert any(path.startswith("data/audit/") for path in in_files(server, [b"team/app"]))
    assert in_files(server, walk.hidden) == {}
    server.start()
    assert server.call("DescribeSecret", {"SecretId": "team/app"}).status == 200
    server.stop()
    assert in_files(server, walk.hidden) == {}


def test_escapes_are_found():
    secret = canary().encode() + b"+ \xff"
    for form in escaped(secret) | traces(secret):
        assert tells(b"a=" + form + b"&", [secret]) == [secret]
    assert tells(b"a=" + canary().encode(), [secret]) == []
