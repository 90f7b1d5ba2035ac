"""What is on record of every operation of every service, compared with snapshots in
`records/`: after a change of what is recorded, `UPDATE_RECORDS=1` and a look at the diff.

The walk is by boto3; in the deep run also by the AWS CLI, whose records are the same.
"""

import difflib
import os
import sysconfig

import pytest

import harness
import snapshots
import walk_iam
import walk_kms
import walk_lambda
import walk_organizations
import walk_secrets
import walk_sts
from walk import Walk

DEEP = os.environ.get("STRONGROOM_DEEP")
# Nothing can be said to them that they would take.
ONLY_REFUSED = {
    ("sts", "AssumeRoleWithSAML"),
    ("iam", "GetLoginProfile"), ("iam", "DeleteLoginProfile"),
}


def walked(server, by_cli=False):
    w = Walk(server, by_cli)
    w.packages = sysconfig.get_paths()["purelib"]
    identity = server.client("us-east-1", service="sts").get_caller_identity()
    w.account, w.admin_arn = identity["Account"], identity["Arn"]
    for step in (walk_iam.walk, walk_secrets.walk, walk_kms.walk, walk_sts.walk,
                 walk_lambda.walk, walk_lambda.trail, walk_organizations.walk, walk_iam.last):
        step(w)
    return w


def known(w):
    """What this walk's own server and accounts are called."""
    names = {w.account: "<account>", w.member: "<member>",
             f"127.0.0.1:{w.port}": "127.0.0.1:<port>",
             f"127.0.0.1%3A{w.port}": "127.0.0.1%3A<port>"}
    return names | {account: f"<account {i}>" for i, account in enumerate(w.accounts)}


@pytest.fixture(scope="module", params=["boto3", "cli"] if DEEP else ["boto3"])
def walk(request, tmp_path_factory):
    server = harness.Server(tmp_path_factory.mktemp("walk"))
    try:
        yield walked(server.start(), request.param == "cli")
    finally:
        server.stop()


def test_every_record_is_as_its_snapshot(walk):
    records, names = walk.records(), known(walk)
    differences = []
    for (service, operation), labels in sorted(records.items()):
        now, kept = snapshots.compare(service, operation, labels, names, walk.identity())
        if now != kept:
            differences += difflib.unified_diff(
                kept.splitlines(), now.splitlines(), f"{service}/{operation}.json", "now",
                lineterm="")
    assert not differences, "\n".join(differences)
    assert snapshots.kept() == set(records), "snapshots of what is not called"
