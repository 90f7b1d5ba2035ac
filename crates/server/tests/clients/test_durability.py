"""kill -9 under concurrent writes: nothing acknowledged is ever missing.

Writers speak over bare connections so that the server, not the client, sets the
pace. What a writer was waiting for when the process died may have happened or
not, but wholly: the retry with the same token must succeed either way. The
log's chain verifies after each restart.
"""

import http.client
import os
import random
import subprocess
import threading
import time
from collections import Counter

from harness import PATIENCE, binary, token, word
from receivers import until

ROUNDS = 12 if os.environ.get("STRONGROOM_DEEP") else 4
WRITERS = 6
BROKEN = (OSError, http.client.HTTPException)


class Writer(threading.Thread):
    """Makes secrets, one after the other, and remembers what was acknowledged."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.secrets = []
        self.in_flight = None
        self.acknowledged = []
        self.surprise = None

    def write(self, operation, members):
        self.in_flight = (operation, members)
        reply = self.server.call(operation, members, connection=self.connection)
        if reply.status != 200:
            self.surprise = reply
            raise BrokenPipeError
        self.acknowledged.append(reply.request_id)
        self.in_flight = None

    def run(self):
        self.connection = http.client.HTTPConnection(self.server.host, timeout=PATIENCE)
        try:
            while True:
                self.one_life()
        except BROKEN:
            self.connection.close()

    def one_life(self):
        secret, first = f"durable/{word()}", token()
        value = word() * 20
        self.write("CreateSecret", {
            "Name": secret, "SecretString": value, "ClientRequestToken": first,
        })
        state = {"name": secret, "versions": {first: value}, "current": first,
                 "tags": {}, "deleted": False}
        self.secrets.append(state)
        for i in range(5):
            version, value = token(), word() * 20
            self.write("PutSecretValue", {
                "SecretId": secret, "SecretString": value, "ClientRequestToken": version,
            })
            state["versions"][version] = value
            state["current"] = version
            self.write("TagResource", {
                "SecretId": secret, "Tags": [{"Key": f"k{i}", "Value": version}],
            })
            state["tags"][f"k{i}"] = version
        if random.random() < 0.3:
            self.write("DeleteSecret", {"SecretId": secret})
            state["deleted"] = True


def check_secret(server, state, pending):
    """One secret is as acknowledged, give or take the one `pending` write."""
    described = server.call("DescribeSecret", {"SecretId": state["name"]})
    assert described.status == 200, (state, described)
    described = described.json
    operation, members = pending or (None, {})
    deleted = "DeletedDate" in described
    assert deleted == state["deleted"] or operation == "DeleteSecret"

    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
    if operation == "TagResource":
        late = {tag["Key"]: tag["Value"] for tag in members["Tags"]}
        assert tags in (state["tags"], {**state["tags"], **late})
    else:
        assert tags == state["tags"]

    stages = described["VersionIdsToStages"]
    current = [v for v, labels in stages.items() if "AWSCURRENT" in labels]
    versions = dict(state["versions"])
    if operation == "PutSecretValue" and current == [members["ClientRequestToken"]]:
        versions[members["ClientRequestToken"]] = members["SecretString"]
        previous = state["current"]
    else:
        assert current == [state["current"]]
        previous = list(versions)[-2] if len(versions) > 1 else None
    if previous:
        assert stages[previous] == ["AWSPREVIOUS"]
    if deleted:
        return
    for version, value in versions.items():
        got = server.call("GetSecretValue", {"SecretId": state["name"], "VersionId": version})
        assert got.json.get("SecretString") == value, (version, got)


def test_nothing_acknowledged_is_lost(own_server):
    server, finished = own_server, []
    key = server.env["AWS_ACCESS_KEY_ID"]
    for round_ in range(ROUNDS):
        writers = [Writer(server) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        assert until(lambda: any(writer.acknowledged for writer in writers))
        time.sleep(random.uniform(0.3, 1.0))
        server.kill()
        for writer in writers:
            writer.join(PATIENCE)
            assert writer.surprise is None, writer.surprise
        acknowledged = {i for writer in writers for i in writer.acknowledged}

        server.start()
        assert server.env["AWS_ACCESS_KEY_ID"] == key
        # Nothing was answered unrecorded. The record of a change is durable with
        # the change; what the log lacked at the kill, it has before the restarted
        # server answers anything.
        missing = acknowledged - {record["requestID"] for record in server.audit()}
        assert not missing, f"{len(missing)} of {len(acknowledged)} answers unrecorded"
        verified = subprocess.run(
            [binary(), "audit", "verify", "--data-dir", server.data],
            capture_output=True, text=True, timeout=PATIENCE)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        for writer in writers:
            for state in writer.secrets:
                mine = writer.in_flight and state["name"] in writer.in_flight[1].values()
                check_secret(server, state, writer.in_flight if mine else None)
            if writer.in_flight and writer.in_flight[0] in ("CreateSecret", "PutSecretValue"):
                operation, members = writer.in_flight
                again = server.call(operation, members)
                assert again.status == 200, (operation, again)
                got = server.call("GetSecretValue", {
                    "SecretId": members.get("Name") or members["SecretId"],
                    "VersionId": members["ClientRequestToken"],
                })
                assert got.json["SecretString"] == members["SecretString"]
        finished.append([s for writer in writers for s in writer.secrets])
    # Records came through kills and copying exactly once.
    events = Counter(record["eventID"] for record in server.audit())
    assert [event for event, count in events.items() if count > 1] == []
    # Early rounds survived the later kills too.
    for state in random.sample(finished[0], min(10, len(finished[0]))):
        described = server.call("DescribeSecret", {"SecretId": state["name"]})
        assert described.status == 200


def test_listings_agree_after_a_kill(own_server):
    # Indexes are rebuilt or replayed; they never disagree with the store.
    client = own_server.client()
    prefix = word()
    for i in range(10):
        client.create_secret(
            Name=f"{prefix}/{i}", SecretString="v", Tags=[{"Key": prefix, "Value": str(i)}]
        )
    client.delete_secret(SecretId=f"{prefix}/0", ForceDeleteWithoutRecovery=True)
    client.delete_secret(SecretId=f"{prefix}/1")
    client.untag_resource(SecretId=f"{prefix}/2", TagKeys=[prefix])
    client.update_secret(SecretId=f"{prefix}/3", Description=f"about {prefix}")

    def view():
        def names(*filters, **extra):
            listed = client.list_secrets(
                Filters=[{"Key": k, "Values": [prefix]} for k in filters], **extra
            )["SecretList"]
            return [entry["Name"] for entry in listed]

        return [
            names("name"), names("name", SortBy="name", SortOrder="asc"),
            names("name", IncludePlannedDeletion=True), names("tag-key"),
            names("description"), names("all"),
        ]

    before = view()
    own_server.restart()
    assert view() == before
    assert len(before[0]) == 8 and len(before[3]) == 7


def test_orderly_end(own_server):
    client = own_server.client()
    made = client.create_secret(Name=f"orderly/{word()}", SecretString="kept")
    assert own_server.stop() == 0
    own_server.start()
    assert client.get_secret_value(SecretId=made["ARN"])["SecretString"] == "kept"


def test_page_token_outlives_a_kill(own_server):
    client, prefix = own_server.client(), word()
    for i in range(6):
        client.create_secret(Name=f"{prefix}/{i}")
    wish = {"Filters": [{"Key": "name", "Values": [prefix]}], "MaxResults": 4}
    first = client.list_secrets(**wish)
    own_server.restart()
    second = client.list_secrets(**wish, NextToken=first["NextToken"])
    names = {e["Name"] for page in (first, second) for e in page["SecretList"]}
    assert len(names) == 6
