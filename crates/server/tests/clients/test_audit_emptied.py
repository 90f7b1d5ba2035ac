"""What the store knows of the audit log: it is missed when all its files are
gone, and when an older copy is in its place."""

import json
import os
import pathlib
import pwd
import shutil
import subprocess

import harness
import pytest
from receivers import until

NOTED = "the store noted that the log had come this far"


@pytest.fixture
def server(tmp_path):
    own = harness.Server(tmp_path / "strongroom").start()
    yield own
    own.stop()


def audit(server, command, *more):
    return audit_of(server.data, command, *more)


def audit_of(data, command, *more):
    return subprocess.run(
        [harness.binary(), "audit", command, "--data-dir", data, *more],
        capture_output=True, text=True, timeout=harness.PATIENCE)


def verify(server, *more):
    return audit(server, "verify", *more)


def accept(server, reason):
    return audit(server, "accept-loss", "--reason", reason)


def told(server):
    return (server.home / f"stderr.{server.starts}").read_text()


def head(server):
    return json.loads((server.data / "audit" / "head.json").read_text())


def public_key(server):
    return head(server)["publicKey"]


def until_signed(server):
    """Waits for the head that has all records of the newest segment."""
    segment = max((server.data / "audit").glob("*.jsonl"))
    records = segment.read_bytes().rstrip(b"\0").count(b"\n")
    assert until(lambda: head(server)["records"] >= records)


def until_noted(server, damage):
    """Waits until the store of the running node has noted what `damage` takes from the log,
    as a copy of both tells. Copied in the midst of a commit it tells of something else."""
    def sockets(place, names):
        return [name for name in names if pathlib.Path(place, name).is_socket()]

    def is_missed():
        copy = server.home / harness.word()
        try:
            shutil.copytree(server.data, copy, ignore=sockets)
        except shutil.Error:
            return False
        damage(copy)
        return NOTED in audit_of(copy, "verify").stdout

    assert until(is_missed)


def without_its_end(data):
    """Cuts the last records off."""
    (segment,) = (data / "audit").glob("*.jsonl")
    lines = segment.read_bytes().rstrip(b"\0").splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-3]))
    return segment


def losses(server):
    """The records that say a loss was accepted, the newest last."""
    return [r for r in server.audit(needle="LogLossAccepted")
            if r["eventName"] == "LogLossAccepted"]


def told_of_loss(server, count, reason, places):
    """The newest such record, in the log and where others look."""
    assert until(lambda: len(losses(server)) >= count)
    record = losses(server)[-1]
    assert record["eventType"] == "AwsServiceEvent" and record["readOnly"] is False
    assert record["eventSource"] == "cloudtrail.amazonaws.com"
    assert record["userIdentity"] == {
        "accountId": record["recipientAccountId"], "invokedBy": "cloudtrail.amazonaws.com"}
    assert record["requestParameters"] is None and record["responseElements"] is None
    extra = record["additionalEventData"]
    assert extra["reason"] == reason and extra["lost"] == places, extra
    who = pwd.getpwuid(os.getuid())
    assert extra["operator"] == {"uid": who.pw_uid, "userName": who.pw_name}
    assert extra["hadReached"]["records"] > 0 and extra["goesOnFrom"]["records"] > 0
    assert extra["hadReached"]["chain"] != extra["goesOnFrom"]["chain"]
    [event] = server.client(service="cloudtrail").lookup_events(LookupAttributes=[
        {"AttributeKey": "EventId", "AttributeValue": record["eventID"]}])["Events"]
    assert event["EventName"] == "LogLossAccepted" and "Username" not in event
    return record


def use(server, calls=5):
    for _ in range(calls):
        assert server.call("ListSecrets", {}).status == 200


def test_an_emptied_log_is_missed_until_the_loss_is_accepted(server):
    use(server)
    server.stop()
    assert verify(server).returncode == 0
    key = public_key(server)
    log = server.data / "audit"
    log.rename(server.data / "audit.bak")
    log.mkdir(mode=0o700)
    emptied = verify(server)
    assert emptied.returncode != 0 and NOTED in emptied.stdout, emptied
    assert "Nothing is wrong" not in emptied.stdout
    # Who knows the key alone cannot say that anything is missing, nor that
    # nothing is.
    alone = verify(server, "--public-key", key)
    assert alone.returncode != 0 and "there is nothing to verify" in alone.stderr, alone

    # A new log that grows longer than the old one was does not hide it.
    for _ in range(2):
        server.start()
        assert "records of the audit log are missing that the store knows of" in told(server)
        use(server, 20)
        running = verify(server)
        assert running.returncode != 0 and NOTED in running.stdout, running
        server.stop()
    assert NOTED in verify(server).stdout

    # The log itself is still what it was.
    shutil.rmtree(log)
    (server.data / "audit.bak").rename(log)
    assert verify(server).returncode == 0


def test_a_loss_is_accepted_and_the_next_is_missed_again(server):
    use(server)
    assert "nothing is lost" in accept(server, "no reason").stderr
    server.stop()
    log = server.data / "audit"
    shutil.rmtree(log)
    log.mkdir(mode=0o700)
    early = accept(server, "the disk died")
    assert early.returncode != 0 and "start the node" in early.stderr, early
    server.start()
    use(server)
    until_signed(server)
    assert verify(server).returncode != 0
    assert accept(server, "two\nlines").returncode != 0
    accepted = accept(server, "the disk died")
    assert accepted.returncode == 0 and NOTED in accepted.stdout, accepted
    told_of = verify(server)
    assert told_of.returncode == 0, told_of
    assert "the disk died" in told_of.stdout and "Nothing else is wrong." in told_of.stdout
    assert accept(server, "again").returncode != 0
    told_of_loss(server, 1, "the disk died", ["0000000001-*.jsonl"])

    # The running node goes on to note how far the log has come.
    use(server)
    until_noted(server, without_its_end)
    server.kill()
    # A start that finds the end of the log gone keeps the head that had it.
    segment = without_its_end(server.data)
    assert NOTED in verify(server).stdout
    server.start()
    assert "missing that the store knows of" in told(server)
    assert verify(server).stdout.count(".lost.json") == 1
    use(server)
    until_signed(server)
    server.stop()
    # Who has the store at hand needs no node.
    assert accept(server, "cut by hand").returncode == 0
    both = verify(server)
    assert both.returncode == 0, both
    assert "the disk died" in both.stdout and both.stdout.count("cut by hand") == 2, both
    server.start()
    assert "missing" not in told(server)
    # What was accepted while no node ran is on record from its start on.
    told_of_loss(server, 2, "cut by hand", [
        next(log.glob("*.lost.json")).name, "0000000001-*.jsonl"])
    assert verify(server).returncode == 0

    # What is no loss cannot be accepted.
    server.stop()
    edited = segment.read_bytes().replace(b"ListSecrets", b"ListSecretz", 1)
    segment.write_bytes(edited)
    assert "nothing is lost" in accept(server, "nobody knows").stderr
    assert verify(server).returncode != 0


def test_what_was_cut_from_the_log_of_a_killed_node_is_missed(server):
    use(server)
    until_signed(server)
    shutil.copytree(server.data / "audit", server.data / "audit.older")
    use(server)

    def put_back(data):
        shutil.rmtree(data / "audit")
        (data / "audit.older").rename(data / "audit")

    until_noted(server, put_back)
    server.kill()
    put_back(server.data)
    cut = verify(server)
    assert cut.returncode != 0 and NOTED in cut.stdout, cut


def test_an_older_copy_of_the_log_is_missed(server):
    use(server)
    server.stop()
    older = server.data / "audit.older"
    shutil.copytree(server.data / "audit", older)
    server.start()
    assert "missing" not in told(server)
    use(server)
    server.stop()
    assert verify(server).returncode == 0
    key = public_key(server)
    shutil.rmtree(server.data / "audit")
    older.rename(server.data / "audit")
    put_back = verify(server)
    assert put_back.returncode != 0 and NOTED in put_back.stdout, put_back
    alone = verify(server, "--public-key", key)
    assert alone.returncode == 0 and "Nothing is wrong." in alone.stdout, alone
