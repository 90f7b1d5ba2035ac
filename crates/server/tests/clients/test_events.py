"""Events out: EventBridge's envelope to webhooks and syslog, judged by servers
of Python's own libraries that verify what they get."""

import json
import re
import socket
import statistics
import time

import pytest

import harness
from receivers import Deployment, SyslogTls, SyslogUdp, Webhook, authority, until


@pytest.fixture
def deploy(tmp_path):
    """Makes servers with these sections in their configuration, and stops them."""
    made = []

    def make(extra):
        server = Deployment(tmp_path / f"server-{len(made)}", extra)
        made.append(server)
        return server.start()

    authority(tmp_path)
    yield make
    for server in made:
        server.stop()


@pytest.fixture
def hook(tmp_path):
    hook = Webhook(tmp_path)
    yield hook
    hook.stop()


def made(events):
    """The names of the secrets whose making was told."""
    return [e["detail"]["requestParameters"]["name"] for e in events
            if e["detail"].get("eventName") == "CreateSecret"]


def create(server, count, topic="told"):
    names = [harness.name(topic) for _ in range(count)]
    for name in names:
        server.client().create_secret(Name=name, SecretString="canary-of-events")
    return names


def test_a_webhook_gets_the_envelope_signed(deploy, hook):
    hook.start()
    server = deploy(hook.section("siem"))
    sm = server.client()
    [name] = create(server, 1)
    version = sm.put_secret_value(SecretId=name, SecretString="canary-2")["VersionId"]
    sm.get_secret_value(SecretId=name)
    sm.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def gone():
        return [e for e in hook.events if e["detail"].get("eventName") == "EndSecretVersionDelete"]

    def relabelled():
        return [e for e in hook.events if e["detail-type"] == "Secret Label Updated"]

    assert until(lambda: len(gone()) == 2)  # One for each version.
    # Several are on their way at a time, so an earlier one may come later.
    assert until(lambda: any(made([e]) for e in hook.events) and relabelled())
    assert not hook.faults
    told = gone()
    assert told[0]["detail-type"] == "AWS Service Event via CloudTrail"

    event, = [e for e in hook.events if made([e])]
    assert list(event) == ["version", "id", "detail-type", "source", "account", "time",
                           "region", "resources", "detail"]
    record, = server.audit(needle='"eventName":"CreateSecret"', count=1)
    record.pop("chain")
    assert event == {
        "version": "0", "id": record["eventID"],
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.secretsmanager",
        "account": "111122223333", "time": record["eventTime"], "region": "us-east-1",
        "resources": [], "detail": record,
    }
    label, = relabelled()
    arn = record["responseElements"]["arn"]
    assert label["resources"] == [arn]
    assert label["detail"] == {"name": name, "labelUpdated": "AWSCURRENT", "versionId": version}

    # As in EventBridge, calls that change nothing are not told unless asked for.
    assert not [e for e in hook.events if e["detail"].get("readOnly")]
    assert "canary" not in json.dumps(hook.seen)


def test_a_pattern_chooses(deploy, hook, tmp_path):
    everything = Webhook(tmp_path).start()
    hook.start()
    wanted = '''{"source": ["aws.secretsmanager"], "detail": {
        "eventName": [{"wildcard": "Get*Value"}],
        "errorCode": [{"exists": true}],
        "sourceIPAddress": [{"cidr": "127.0.0.0/8"}]}}'''
    server = deploy(
        hook.section("few", f"read_events = true\npattern = '''{wanted}'''")
        + everything.section("all", "read_events = true")
    )
    [name] = create(server, 1)
    server.client().get_secret_value(SecretId=name)
    missing = harness.name("missing")
    reply = server.call("GetSecretValue", {"SecretId": missing})
    assert reply.status == 400
    assert until(lambda: len([e for e in everything.events
                              if e["detail"].get("eventName") == "GetSecretValue"]) == 2)
    assert until(lambda: hook.events)
    assert [e["detail"]["requestID"] for e in hook.events] == [reply.request_id]
    everything.stop()


def test_an_endpoint_that_was_down_misses_nothing(deploy, hook):
    server = deploy(hook.section("siem"))
    names = create(server, 30)
    status, = until(lambda: [s for s in server.json("events", "status") if s["failure"]])
    assert status["endpoint"] == "siem"
    assert status["failing_since"] and status["dead_letters"] == 0
    hook.start()
    assert until(lambda: set(names) <= set(made(hook.events)))
    # And again, in the midst of things.
    hook.stop()
    more = create(server, 30)
    hook.start()
    assert until(lambda: set(more) <= set(made(hook.events)))
    assert not hook.faults
    assert until(lambda: not server.json("events", "status")[0]["failure"])


def test_a_server_that_is_killed_tells_all(deploy, hook):
    hook.start()
    server = deploy(hook.section("siem"))
    names = create(server, 20)
    server.kill()
    hook.stop()
    server.start()
    names += create(server, 20)
    server.kill()
    hook.start()
    server.start()
    names += create(server, 5)
    assert until(lambda: set(names) <= set(made(hook.events)))
    # What is told twice is the same twice.
    by_id = {}
    for event in hook.events:
        assert by_id.setdefault(event["id"], event) == event


def test_what_is_refused_becomes_a_dead_letter_and_the_rest_goes_on(deploy, hook, tmp_path):
    poison = Webhook(tmp_path).start()
    poison.status = lambda event: 500
    hook.start()
    bad = harness.name("poison")
    hook.status = lambda event: 500 if bad in made([event]) else 200
    server = deploy(hook.section("mostly", "attempts = 3") + poison.section(
        "never", 'attempts = 2\npattern = \'{"detail": {"eventName": ["CreateSecret"]}}\''))
    sm = server.client()
    sm.create_secret(Name=bad, SecretString="canary-of-events")
    names = create(server, 5)
    assert until(lambda: set(names) <= set(made(hook.events)))

    def dead(endpoint):
        return server.json("events", "dead-letters", "--endpoint", endpoint)

    letter, = until(lambda: dead("mostly"))
    assert letter["attempts"] == 3 and letter["reason"] == "it answers with status 500"
    assert made([letter["event"]]) == [bad]
    assert letter["id"] == letter["event"]["id"]
    assert until(lambda: len(dead("never")) == 6)
    assert len([e for e in poison.seen if bad in made([e])]) == 2
    status = {s["endpoint"]: s for s in server.json("events", "status")}
    assert (status["mostly"]["dead_letters"], status["never"]["dead_letters"]) == (1, 6)
    shown = server.run("events", "dead-letters")
    assert shown.returncode == 0 and "canary" not in shown.stdout

    # They outlive the process, and can be sent once more or be forgotten. What was told in
    # the last second before is told again, so that is to be something else: a call in a
    # second of its own, to which both have come.
    time.sleep(1.1)
    sm.tag_resource(SecretId=names[0], Tags=[{"Key": "told", "Value": "last"}])
    last, = server.audit(needle='"eventName":"TagResource"', count=1)
    assert until(lambda: {s["told_through"] for s in server.json("events", "status")} == {
        last["eventTime"]})
    server.restart()
    hook.status = lambda event: 200
    done = server.run("events", "redeliver", "mostly", "--id", letter["id"])
    assert done.stdout == "Sent once more: 1\n", done.stderr
    assert until(lambda: bad in made(hook.events))
    assert until(lambda: not dead("mostly"))
    assert server.run("events", "discard", "never").stdout == "Discarded: 6\n"
    assert dead("never") == []
    wrong = server.run("events", "redeliver", "nobody")
    assert wrong.returncode == 1 and "there is no event endpoint `nobody`" in wrong.stderr


def test_an_endpoint_that_is_busy_is_no_refusal(deploy, hook):
    hook.start()
    answers = [503, 429, 503, 502, 504, 503]
    hook.status = lambda event: answers.pop() if answers else 200
    server = deploy(hook.section("siem", "attempts = 1"))
    names = create(server, 3)
    assert until(lambda: set(names) <= set(made(hook.events)))
    assert server.json("events", "dead-letters") == []


def test_an_endpoint_that_never_answers_holds_up_nobody(deploy, hook):
    # It takes connections, and that is all.
    with socket.create_server(("127.0.0.1", hook.port), backlog=64):
        server = deploy(hook.section("silent") + (
            f'[[event_endpoint]]\nname = "silent-too"\n'
            f'url = "syslog+tls://127.0.0.1:{hook.port}"\n'))
        sm = server.client()
        took = []
        for name in create(server, 50):
            begun = time.monotonic()
            sm.get_secret_value(SecretId=name)
            took.append(time.monotonic() - begun)
        # An endpoint is waited for 15 seconds; a machine may stand still for once.
        assert statistics.median(took) < 2
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 15


def test_a_stranger_s_certificate_is_not_trusted(deploy, hook, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    authority(other)
    hook.start()
    section = hook.section("siem").replace(f"{tmp_path}/ca.pem", f"{other}/ca.pem")
    server = deploy(section)
    create(server, 1)
    status, = until(lambda: [s for s in server.json("events", "status") if s["failure"]])
    assert "certificate" in status["failure"]
    assert hook.seen == []


FORM = re.compile(
    rb"<(?P<pri>\d+)>1 (?P<time>\S+) (?P<host>\S+) strongroom (?P<pid>\d+) "
    rb"(?P<id>\S{1,32}) - (?P<text>\{.*\})\Z", re.S)


def test_syslog_over_tls(deploy, tmp_path):
    syslog = SyslogTls(tmp_path).start()
    server = deploy(
        f'[[event_endpoint]]\nname = "syslog"\nurl = "syslog+tls://127.0.0.1:{syslog.port}"\n'
        f'certificate_authorities = "{tmp_path}/ca.pem"\nread_events = true\n')

    def told():
        found = [FORM.match(message) for message in syslog.messages]
        assert all(found), syslog.messages
        return found

    names = create(server, 40)
    server.client().get_secret_value(SecretId=names[0])
    server.call("GetSecretValue", {"SecretId": harness.name("missing")})
    assert until(lambda: len([m for m in told() if m["id"] == b"GetSecretValue"]) == 2)
    events = [json.loads(m["text"]) for m in told()]
    # In the order of the log, and each once as long as nothing broke.
    assert made(events) == names
    [created] = [m for m in told() if names[0] in made([json.loads(m["text"])])]
    good, bad = [m for m in told() if m["id"] == b"GetSecretValue"]
    assert (created["pri"], good["pri"], bad["pri"]) == (b"109", b"110", b"108")
    assert int(created["pid"]) == server.process.pid
    assert json.loads(created["text"])["time"].encode() == created["time"]

    # The connection breaks, and the other end is gone for a while.
    syslog.stop()
    more = create(server, 40)
    syslog.start()
    assert until(lambda: set(more) <= set(made([json.loads(m["text"]) for m in told()])))
    server.kill()
    server.start()
    last = create(server, 1)
    assert until(lambda: set(last) <= set(made([json.loads(m["text"]) for m in told()])))


def test_syslog_over_udp(deploy):
    syslog = SyslogUdp().start()
    server = deploy(f'[[event_endpoint]]\nname = "udp"\n'
                    f'url = "syslog+udp://127.0.0.1:{syslog.port}"\n')
    names = create(server, 20)

    def told():
        return made([json.loads(FORM.match(m)["text"]) for m in syslog.messages])

    assert until(lambda: told() == names)
    # A machine says that nobody listens; what was sent meanwhile is sent again.
    syslog.stop()
    more = create(server, 5)
    assert until(lambda: server.json("events", "status")[0]["failure"])
    syslog.start()
    assert until(lambda: set(more) <= set(told()))
    syslog.stop()


@pytest.mark.parametrize("section, part", [
    ('url = "https://127.0.0.1/"', "is no name for an endpoint: set `name`"),
    ('name = "a"', "an endpoint needs a `url`"),
    ('name = "a"\nurl = "http://example.com/"', "in clear text; use https://"),
    ('name = "a"\nurl = "ftp://example.com/"', "start `url` with https://"),
    ('name = "a"\nurl = "https://me:pw@example.com/"', "leave user and password out"),
    ('name = "a"\nurl = "https://example.com/"', "needs a `secret_file`"),
    ('name = "a"\nurl = "syslog+tls://h/path"', "syslog has no paths"),
    ('name = "a"\nurl = "syslog+udp://h"\nattempts = 3', "`attempts` is for webhooks"),
    ('name = "a"\nurl = "syslog+udp://h"\npattern = \'{"source": "x"}\'',
     "the pattern is not valid: `source` must be an object or an array"),
    ('name = "a"\nurl = "syslog+udp://h"\npatern = "x"', "did you mean `pattern`?"),
])
def test_what_is_wrong_with_an_endpoint_is_said(tmp_path, section, part):
    with pytest.raises(AssertionError) as refused:
        Deployment(tmp_path, f"[[event_endpoint]]\n{section}\n")
    assert part in str(refused.value) and "strongroom.toml:" in str(refused.value)
