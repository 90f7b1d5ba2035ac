"""Disks that fail under a server at work: every 2xx that a client saw has its record, and
is still so, whatever the disk did meanwhile.

The faults are put between the server and the C library (`faults.c`), which needs no
rights: a file system that has become read-only, as after an error, cannot be had by
`mount -o remount,ro` while files are open for writing. A file that is replaced is a real
one.
"""

import http.client
import shutil
import subprocess
import threading
import time

import pytest

import harness
from receivers import until

HERE = harness.REPOSITORY / "crates/server/tests/clients"
WORKERS = 4
CODES = {"ServiceUnavailable", "InternalServiceError", "ServiceUnavailableException"}


class Worker(threading.Thread):
    """Writes a secret and reads it, over and over; keeps what was answered with 200."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server, self.name_of_secret = server, f"fault/{number}"
        self.acknowledged, self.refusals, self.value = [], [], None
        # Writes of which it is not known whether they happened.
        self.perhaps, self.done = [], False

    def call(self, operation, members):
        reply = self.server.call(operation, members, connection=self.connection)
        if reply.status == 200:
            self.acknowledged.append(reply.request_id)
        else:
            self.refusals.append((reply.status, reply.code))
            time.sleep(0.01)
        return reply

    def run(self):
        self.connection = http.client.HTTPConnection(self.server.host, timeout=harness.PATIENCE)
        while not self.done:
            try:
                self.once()
            except (OSError, http.client.HTTPException) as error:
                self.refusals.append((0, repr(error)))
                self.connection.close()
                time.sleep(0.05)

    def once(self):
        value, is_new = harness.word(), self.value is None and not self.perhaps
        members = {"SecretString": value, "ClientRequestToken": harness.token()}
        self.perhaps.append(value)
        reply = (self.call("CreateSecret", {"Name": self.name_of_secret, **members}) if is_new
                 else self.call("PutSecretValue", {"SecretId": self.name_of_secret, **members}))
        if reply.status == 200:
            self.value, self.perhaps = value, []
        elif reply.code == "ResourceNotFoundException":
            # The first write did not happen after all.
            self.perhaps = []
        reply = self.call("GetSecretValue", {"SecretId": self.name_of_secret})
        if reply.status == 200:
            assert reply.json["SecretString"] in [self.value, *self.perhaps]


class Work:
    """Workers of one server."""

    def __init__(self, server):
        self.server = server
        self.workers = [Worker(server, number) for number in range(WORKERS)]
        for worker in self.workers:
            worker.start()

    def count(self):
        return sum(len(worker.acknowledged) for worker in self.workers)

    def refusals(self):
        return [refusal for worker in self.workers for refusal in worker.refusals]

    def go_on(self):
        """Waits until there are more answers, and each worker has its secret."""
        before = self.count()
        assert until(lambda: self.count() >= before + 40 and all(
            worker.value for worker in self.workers)), (self.refusals()[-5:], self.server.starts)

    def end(self):
        for worker in self.workers:
            worker.done = True
        for worker in self.workers:
            worker.join(harness.PATIENCE)
            assert not worker.is_alive()

    def check(self, *also):
        """After a restart: records, values, the chain."""
        records = self.server.audit()
        ids = {record["requestID"] for record in records} | set(also)
        acknowledged = {i for worker in self.workers for i in worker.acknowledged}
        assert len(acknowledged) > 40
        missing = acknowledged - ids
        assert not missing, f"{len(missing)} of {len(acknowledged)} answers unrecorded"
        events = [record["eventID"] for record in records]
        assert len(events) == len(set(events))
        for worker in self.workers:
            got = self.server.call("GetSecretValue", {"SecretId": worker.name_of_secret})
            possible = [worker.value, *worker.perhaps]
            assert got.json["SecretString"] in possible, (worker.name_of_secret, got)


def verify(server):
    return subprocess.run(
        [harness.binary(), "audit", "verify", "--data-dir", server.data],
        capture_output=True, text=True, timeout=harness.PATIENCE)


@pytest.fixture(scope="session")
def preload(tmp_path_factory):
    if not shutil.which("cc"):
        pytest.skip("no C compiler, with which to make a disk that fails")
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "faults.c", "-ldl"],
                   check=True)
    return library


@pytest.fixture
def failing(preload, tmp_path, monkeypatch):
    """A server whose disk fails when told to: `failing(directory)` gives the server and
    what sets the fault."""
    server = harness.Server(tmp_path / "strongroom")
    fault = tmp_path / "fault"

    def make(directory):
        monkeypatch.setenv("LD_PRELOAD", str(preload))
        monkeypatch.setenv("FAULT_FILE", str(fault))
        monkeypatch.setenv("FAULT_DIRECTORY", str(server.home / directory))
        server.start()
        monkeypatch.delenv("LD_PRELOAD")

        def set_fault(text):
            if text is None:
                fault.unlink()
            else:
                draft = tmp_path / "fault.new"
                draft.write_text(text)
                draft.rename(fault)

        return server, set_fault

    yield make
    fault.unlink(missing_ok=True)
    server.stop()


@pytest.mark.parametrize("directory", ["data/audit", "data"])
@pytest.mark.parametrize("fault", ["EROFS", "EIO", "ENOSPC", "slow 3000"])
def test_nothing_is_answered_unrecorded(failing, fault, directory):
    server, set_fault = failing(directory)
    work = Work(server)
    work.go_on()
    set_fault(fault)
    assert until(lambda: any(code in CODES for _, code in work.refusals())), "not noticed"
    time.sleep(0.5)
    assert {status for status, _ in work.refusals()} <= {0, 500, 503}, work.refusals()
    set_fault(None)
    if directory == "data/audit":
        work.go_on()
    work.end()
    server.restart()
    work.check()
    done = verify(server)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("directory, file", [("data/audit", ".jsonl"), ("data", ".redb")])
def test_a_crash_between_append_and_answer(failing, directory, file):
    server, set_fault = failing(directory)
    work = Work(server)
    work.go_on()
    set_fault(f"crash {file}")
    assert server.process.wait(harness.PATIENCE) == 137
    set_fault(None)
    work.end()
    server.restart()
    work.check()
    # What was on its way to a client that did not hear of it is on record too.
    answered = {i for worker in work.workers for i in worker.acknowledged}
    told = {r["requestID"] for r in server.audit(needle="fault/") if "requestID" in r}
    assert told - answered
    done = verify(server)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_slow_disk_makes_slow_answers_and_no_refusals(failing):
    server, set_fault = failing("data")
    work = Work(server)
    work.go_on()
    set_fault("slow 150")
    work.go_on()
    set_fault(None)
    work.end()
    assert work.refusals() == []
    server.restart()
    work.check()
    assert verify(server).returncode == 0


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "removed"])
def test_a_file_that_is_taken_away_takes_no_answer_with_it(own_server, tmp_path, is_replaced):
    work = Work(own_server)
    work.go_on()
    aside = tmp_path / "aside"
    (segment,) = (own_server.data / "audit").glob("*.jsonl")
    segment.rename(aside)
    if is_replaced:
        segment.write_bytes(b"")
    work.go_on()
    work.end()
    own_server.restart()
    # What was in the file that was taken away is there; all else is in the log.
    taken = aside.read_bytes()
    work.check(*(i for worker in work.workers for i in worker.acknowledged
                 if i.encode() in taken))
    told = verify(own_server)
    assert told.returncode != 0 and segment.stem[:10] in told.stdout + told.stderr
