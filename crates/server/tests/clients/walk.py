"""One walk over every operation of every service, as their users would have it: by boto3
or, call for call the same, by the AWS CLI.

What is secret in a call goes through `hide`, so that a search knows what to look for. The
steps are in `walk_*.py`; `test_records.py` compares what is on record with the snapshots,
`test_walk_canary.py` searches.
"""

import functools
import gzip
import importlib.util
import json
import os
import pathlib

import botocore
from botocore import xform_name
from botocore.exceptions import ClientError

import harness
from receivers import until
from test_canary import canary

REGION = "us-east-1"


class Call:
    """An answered call: what was called, under which label, and its request's id."""

    def __init__(self, service, operation, label, request_id):
        self.service, self.operation, self.label = service, operation, label
        self.request_id = request_id


class Actor:
    """A service as one caller has it. A method is an operation; its first success and its
    first refusal are what is compared, and any further call that has a label:
    `iam("with tags").create_user(…)`."""

    def __init__(self, walk, service, credentials=None, region=REGION, label="", fails=False):
        self._walk, self._service, self._region = walk, service, region
        self._credentials, self._label, self._fails = credentials, label, fails

    def __call__(self, label):
        return Actor(self._walk, self._service, self._credentials, self._region, label,
                     self._fails)

    @property
    def refused(self):
        return Actor(self._walk, self._service, self._credentials, self._region,
                     self._label, True)

    def there(self, region):
        return Actor(self._walk, self._service, self._credentials, region, self._label)

    def __getattr__(self, name):
        def call(**members):
            label = self._label or ("refused" if self._fails else "answered")
            return self._walk.call(self._service, name, members, label, self._fails,
                                   self._credentials, self._region)
        return call


class Walk:
    """The calls that were made of one server, and the secrets that were in them."""

    def __init__(self, server, by_cli=False):
        self.server, self.by_cli = server, by_cli
        self.calls, self.hidden, self._clients = [], [], {}
        self.admin = {"AccessKeyId": server.env["AWS_ACCESS_KEY_ID"],
                      "SecretAccessKey": server.env["AWS_SECRET_ACCESS_KEY"]}
        self.hidden.append(self.admin["SecretAccessKey"].encode())

    def service(self, name, credentials=None, region=REGION):
        """`credentials` are those of the administrator unless others are given;
        `"none"` is a caller who does not sign."""
        return Actor(self, name, credentials, region)

    # -- secrets ---------------------------------------------------------

    def text(self):
        """A secret that is text."""
        return self.came(canary())

    def binary(self, size=40):
        """A secret that is bytes."""
        return self.came(os.urandom(size))

    def came(self, secret):
        """A secret that the server made or was given; too short ones stand anywhere."""
        data = secret.encode() if isinstance(secret, str) else secret
        assert len(data) >= 16
        self.hidden.append(data)
        return secret

    def session(self, answer):
        """The credentials of an answer; what of them is secret is looked for."""
        credentials = answer["Credentials"]
        self.came(credentials["SecretAccessKey"])
        self.came(credentials["SessionToken"])
        return credentials

    # -- calls -----------------------------------------------------------

    def call(self, service, name, members, label, fails, credentials, region):
        client = self._client(service, credentials, region)
        operation = client.meta.method_to_api_mapping[name]
        # It wants a file for what a function answers.
        can_be_said = sayable(members) and operation != "Invoke"
        if self.by_cli and can_be_said and operation in cli_operations(service):
            answer, request_id = self._by_cli(
                service, operation, members, fails, credentials, region)
        else:
            answer, request_id = by_boto3(getattr(client, name), members, fails)
        self.calls.append(Call(service, operation, label, request_id))
        return answer

    def _client(self, service, credentials, region):
        unsigned = credentials == "none"
        keys = self.admin if credentials in (None, "none") else credentials
        known = (service, region, unsigned or keys["AccessKeyId"])
        if known not in self._clients:
            more = {"signature_version": botocore.UNSIGNED} if unsigned else {}
            self._clients[known] = harness.client(
                service, endpoint_url=self.server.endpoint, region_name=region,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys.get("SessionToken"),
                settings=more)
        return self._clients[known]

    def _by_cli(self, service, operation, members, fails, credentials, region):
        keys = self.admin if credentials in (None, "none") else credentials
        env = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
               "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
               "AWS_SESSION_TOKEN": keys.get("SessionToken", ""), "AWS_REGION": region}
        input_json = json.dumps(members, default=lambda moment: moment.isoformat())
        done = self.server.aws(
            service, xform_name(operation, "-"), "--cli-input-json", input_json,
            "--no-paginate", "--debug", "--output", "json", env=env)
        assert (done.returncode != 0) == fails, (operation, members, done.stderr[-2000:])
        # The first answer's headers, as the client logs them.
        request_id = harness.UUID.search(
            done.stderr.lower().partition("response headers:")[2].partition(
                "requestid")[2]).group()
        return json.loads(done.stdout or "{}"), request_id

    # -- records ---------------------------------------------------------

    def records(self):
        """What is on record of the calls: {(service, operation): {label: [record, …]}}.
        All records of a request, in the log's order, but those of calls in between."""
        wanted = {call.request_id for call in self.calls}
        by_request = {}
        for record in self._until_all(wanted):
            by_request.setdefault(record.get("requestID"), []).append(record)
        told = {}
        for call in self.calls:
            labels = told.setdefault((call.service, call.operation), {})
            labels.setdefault(call.label, by_request[call.request_id])
        mine = {call.request_id for call in self.calls}
        for record in self.server.audit():
            if record["eventType"] == "AwsServiceEvent":
                place, label = ("events", record["eventName"]), ending(record)
            elif record["requestID"] not in mine and (by := called_by(record)):
                service = record["eventSource"].partition(".")[0]
                place, label = (service, record["eventName"]), by
            else:
                continue
            told.setdefault(place, {}).setdefault(label, [record])
        return told

    def identity(self):
        """The administrator as records have them."""
        (call,) = [c for c in self.calls
                   if (c.operation, c.label) == ("GetCallerIdentity", "answered")]
        (record,) = self.server.audit(call.request_id)
        return record["userIdentity"]

    def _until_all(self, wanted):
        # A change is on record after all the changes before it.
        client = self._client("secretsmanager", None, REGION)
        _, last = by_boto3(client.create_secret, {"Name": "last/of-all"}, False)
        self.server.audit(last, count=1)

        def all_of():
            records = self.server.audit()
            missing = wanted - {record.get("requestID") for record in records}
            return not missing and records

        return until(all_of)


def ending(record):
    """Which end a service tells of, where the same event tells of several."""
    status = record.get("serviceEventDetails", {}).get("createAccountStatus", {})
    return "told of a failure" if status.get("state") == "FAILED" else "told"


def called_by(record):
    """Whom a rotation makes call, if it is one of them."""
    identity = record["userIdentity"]
    if identity.get("type") == "AWSService":
        return f"by {identity['invokedBy']}"
    if ":assumed-role/rotation/" in identity.get("arn", "") and "invokedBy" not in identity:
        return "by a rotation's function"
    return None


def by_boto3(method, members, fails):
    try:
        answer = method(**members)
    except ClientError as error:
        assert fails, (members, error.response)
        return error.response, error.response["ResponseMetadata"]["RequestId"]
    assert not fails, (method, members, answer)
    return answer, answer["ResponseMetadata"]["RequestId"]


@functools.cache
def cli_operations(service):
    """What the AWS CLI knows, which has models of its own and may be behind. They are
    read as files: its library and boto3's do not go together in one process."""
    (package,) = importlib.util.find_spec("awscli").submodule_search_locations
    models = pathlib.Path(package).glob(f"botocore/data/{service}/*/service-2.json*")
    newest = max(models, default=None)
    if newest is None:
        return frozenset()
    text = newest.read_bytes()
    text = gzip.decompress(text) if newest.suffix == ".gz" else text
    return frozenset(json.loads(text)["operations"])


def sayable(value):
    """Whether the AWS CLI can be told it in JSON: it takes no bytes there."""
    if isinstance(value, dict):
        return all(map(sayable, value.values()))
    if isinstance(value, list):
        return all(map(sayable, value))
    return not isinstance(value, bytes)
