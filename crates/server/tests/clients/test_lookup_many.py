"""LookupEvents over many records, by `aws cloudtrail lookup-events` and by boto3: what is
found is what reading the log finds. In the deep run over a million records, each
question answered within a second; that run prints what each took.

The records are those of real requests, mostly BatchGetSecretValue of 20 secrets, of
which each leaves 41. `docs/performance.md` has the figures.
"""

import collections
import datetime
import http.client
import json
import os
import threading
import time

import pytest

import harness
from people import Person

DEEP = os.environ.get("STRONGROOM_DEEP")
RECORDS = 1_000_000 if DEEP else 4_000
EACH = 41
WRITERS = 8
PAGE = 50
SECONDS = 1.0
READER = ["secretsmanager:*", "kms:*"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def load(server, names, keys, requests, middle):
    """So many batch reads, signed by a user, over a connection of its own; notes between
    which times one in the middle was."""
    connection = http.client.HTTPConnection(server.host, timeout=harness.PATIENCE)
    credentials = harness.Credentials(keys["AccessKeyId"], keys["SecretAccessKey"])
    for number in range(requests):
        before = now()
        reply = server.call("BatchGetSecretValue", {"SecretIdList": names},
                            credentials=credentials, connection=connection)
        assert reply.status == 200, reply
        if number == requests // 2:
            middle.append((before, now()))
    connection.close()


class Many:
    """A server whose log is long, and who did what in it."""

    def __init__(self, server):
        self.server = server
        sm = server.client()
        self.names = [f"many/{i:02}" for i in range(20)]
        self.arns = [sm.create_secret(Name=n, SecretString="v")["ARN"] for n in self.names]
        self.bob = Person(server, READER)
        # What is rare and long ago: the hardest to find.
        self.ann = Person(server, READER)
        rare = self.ann.client("secretsmanager")
        made = rare.create_secret(Name="rare/one", SecretString="v")
        # On record before the reads.
        server.audit(harness.request_id_of(made), count=2)
        for _ in range(3):
            answer = rare.get_secret_value(SecretId="rare/one")
        self.event = server.audit(harness.request_id_of(answer))[0]["eventID"]
        self.begun = now()
        time.sleep(1.1)
        self.fill()
        self.ended = now()
        self.indexing = self.indexed()

    def fill(self):
        requests = RECORDS // EACH // WRITERS + 1
        self.middle = []
        threads = [threading.Thread(target=load, args=(
            self.server, self.names, self.bob.keys, requests, self.middle))
            for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def indexed(self):
        """How many seconds until every finished segment has its index."""
        began, log = time.monotonic(), self.server.data / "audit"
        while True:
            segments = {p.name.partition(".")[0] for p in log.glob("*.jsonl*")}
            if len(list(log.glob("*.index"))) >= len(segments) - 1:
                return time.monotonic() - began
            assert time.monotonic() < began + harness.PATIENCE, "the log is never indexed"
            time.sleep(0.1)

    def questions(self):
        """What is asked: {what it is about: (attribute, value, bounds)}."""
        since, until = self.middle[0]
        return {
            "the newest": (None, None, {}),
            "a user's, of nearly all": ("Username", self.bob.name, {}),
            "a user's, of a few": ("Username", self.ann.name, {}),
            "an event's, of nearly half": ("EventName", "GetSecretValue", {}),
            "an event's, of a few": ("EventName", "CreateSecret", {}),
            "a secret's, of many": ("ResourceName", self.names[7], {}),
            "a secret's, of a few": ("ResourceName", "rare/one", {}),
            "a key's, of half": ("ResourceType", "AWS::KMS::Key", {}),
            "of a time in the middle": (None, None, {
                "StartTime": since, "EndTime": until}),
            "a user's, before it all": ("Username", self.ann.name, {"EndTime": self.begun}),
            "nobody's": ("Username", "nobody", {}),
            "one event": ("EventId", self.event, {}),
        }


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    with harness.running(tmp_path_factory.mktemp("many")) as server:
        yield Many(server)


def arguments(attribute, value, bounds):
    asked = dict(bounds)
    if attribute:
        asked["LookupAttributes"] = [{"AttributeKey": attribute, "AttributeValue": value}]
    return asked


def by_cli(server, attribute, value, bounds):
    """The first page, as the AWS CLI prints it."""
    command = ["cloudtrail", "lookup-events", "--max-items", str(PAGE), "--output", "json",
               "--region", "us-east-1"]
    if attribute:
        command += ["--lookup-attributes",
                    f"AttributeKey={attribute},AttributeValue={value}"]
    for option, key in (("--start-time", "StartTime"), ("--end-time", "EndTime")):
        if key in bounds:
            command += [option, bounds[key].isoformat()]
    done = server.aws(*command)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Events"]


def test_each_question_is_answered_in_time(many):
    trail = many.server.client("us-east-1", service="cloudtrail")
    print(f"\n{RECORDS} records at least, made in {(many.ended - many.begun).seconds} s, "
          f"indexed {many.indexing:.1f} s later")
    print("| what | first, ms | again, ms | aws cli, ms | found |")
    slow = []
    for about, (attribute, value, bounds) in many.questions().items():
        took = []
        for _ in range(2):
            began = time.monotonic()
            page = trail.lookup_events(MaxResults=PAGE, **arguments(attribute, value, bounds))
            took.append(time.monotonic() - began)
        began = time.monotonic()
        printed = by_cli(many.server, attribute, value, bounds)
        cli = time.monotonic() - began
        events = page["Events"]
        print(f"| {about} | {took[0] * 1e3:.0f} | {took[1] * 1e3:.0f} | {cli * 1e3:.0f} "
              f"| {len(events)}{' and more' if 'NextToken' in page else ''} |")
        slow += [(about, took)] if max(took) > SECONDS else []
        if attribute:
            key = {"ResourceName": None, "ResourceType": None}.get(attribute, attribute)
            assert all(key is None or e[key] == value for e in events), about
            # What nobody adds to meanwhile is the same through the CLI.
            if "a few" in about or about in ("one event", "nobody's"):
                assert [e["EventId"] for e in printed] == [e["EventId"] for e in events]
        assert (events == []) == (about == "nobody's"), about
    if DEEP:
        assert slow == []


@pytest.mark.skipif(bool(DEEP), reason="reads everything, page by page")
def test_what_is_found_is_what_the_log_has(many):
    trail = many.server.client("us-east-1", service="cloudtrail")
    records = [r for r in many.server.audit() if r["eventCategory"] == "Management"
               and r["awsRegion"] == "us-east-1"]
    assert len(records) > RECORDS
    names = collections.Counter(r["eventName"] for r in records)
    for name in ("CreateSecret", "BatchGetSecretValue", "CreateUser"):
        found = [event for page in trail.get_paginator("lookup_events").paginate(
            **arguments("EventName", name, {})) for event in page["Events"]]
        assert len(found) == names[name], name
        told = {json.loads(event["CloudTrailEvent"])["eventID"] for event in found}
        assert told == {r["eventID"] for r in records if r["eventName"] == name}
    rare = [r["eventID"] for r in records
            if r["eventSource"] == "secretsmanager.amazonaws.com"
            and "rare/one" in r["requestParameters"].values()]
    found = by_cli(many.server, "ResourceName", "rare/one", {})
    assert [event["EventId"] for event in found] == rare[::-1]
