"""Metrics: what a scrape of the admin listener says, and that what is deployed with it knows it."""

import http.client
import json
import re
import time

import pytest
import yaml

import harness
from harness import PATIENCE
from iam_world import client_of
from receivers import until

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([0-9.eE+-]+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SUFFIXES = {
    "counter": ["_total"],
    "gauge": [""],
    "histogram": ["_bucket", "_sum", "_count"],
}


class Scrape:
    """One page of metrics, read strictly: every sample belongs to a declared family."""

    def __init__(self, text):
        self.families, self.samples = {}, {}
        lines = text.split("\n")
        assert lines[-2:] == ["# EOF", ""], "an OpenMetrics page has an end"
        for line in lines[:-2]:
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.families, f"{name} is declared twice"
                self.families[name] = kind
            elif not line.startswith("# HELP "):
                name, labels, value = SAMPLE.match(line).groups()
                assert name in self.names(), line
                key = (name, frozenset(LABEL.findall(labels or "")))
                assert key not in self.samples, line
                self.samples[key] = float(value)

    def names(self):
        return {
            name + suffix
            for name, kind in self.families.items()
            for suffix in SUFFIXES[kind]
        }

    def value(self, name, **labels):
        return self.samples.get((name, frozenset(labels.items())), 0)

    def total(self, name, **labels):
        wanted = set(labels.items())
        return sum(v for (n, ls), v in self.samples.items() if n == name and wanted <= ls)


def get(path, port, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One whose figures come of these tests alone."""
    with harness.running(tmp_path_factory.mktemp("metrics")) as own:
        yield own


@pytest.fixture(scope="module")
def sm(server):
    return server.client()


@pytest.fixture(scope="module")
def scrape(server):
    def scrape():
        answer, body = get("/metrics", server.admin_port)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        return Scrape(body)

    return scrape


def test_requests_are_counted_by_operation_and_result(sm, scrape):
    labels = {"service": "secretsmanager", "operation": "DescribeSecret"}
    before = scrape()
    name = harness.name()
    sm.create_secret(Name=name, SecretString="x")
    for _ in range(3):
        sm.describe_secret(SecretId=name)
    with pytest.raises(sm.exceptions.ResourceNotFoundException):
        sm.describe_secret(SecretId=harness.name())
    after = scrape()

    def more(metric, **labels):
        return after.total(metric, **labels) - before.total(metric, **labels)

    assert more("strongroom_requests_total", result="success", **labels) == 3
    assert more("strongroom_requests_total", result="client_error", **labels) == 1
    assert more("strongroom_request_duration_seconds_count", **labels) == 4
    assert more("strongroom_request_duration_seconds_bucket", le="+Inf", **labels) == 4
    assert more("strongroom_request_duration_seconds_sum", **labels) > 0
    # The record of the change follows.
    assert until(lambda: scrape().total("strongroom_audit_records_total")
                 - before.total("strongroom_audit_records_total") >= 5)
    assert more("strongroom_audit_write_duration_seconds_count") >= 1
    assert more("strongroom_store_commits_total") >= 1


def test_who_is_not_known_or_not_allowed_is_told_apart(server, scrape):
    stranger = client_of(server, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wrong"}, "secretsmanager")
    before = scrape().total("strongroom_requests_total", result="unauthenticated")
    with pytest.raises(Exception, match="UnrecognizedClient"):
        stranger.list_secrets()
    assert scrape().total("strongroom_requests_total", result="unauthenticated") == before + 1

    iam = server.client(service="iam", region="us-east-1")
    user = harness.name().replace("/", "-")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    nobody = client_of(server, key, "secretsmanager")
    before = scrape().total("strongroom_requests_total", result="denied")
    with pytest.raises(Exception, match="AccessDenied"):
        nobody.list_secrets()
    assert scrape().total("strongroom_requests_total", result="denied") == before + 1


def test_uses_of_keys_and_lookups_in_caches_are_counted(sm, server, scrape, secret):
    before = scrape()
    # What is kept of a secret is dropped when the date of its first read is written.
    for _ in range(20):
        sm.get_secret_value(SecretId=secret["ARN"])
    kms = server.client(service="kms")
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    kms.generate_mac(KeyId=key["KeyId"], MacAlgorithm="HMAC_SHA_256", Message=b"m")
    after = scrape()

    def more(metric, **labels):
        return after.total(metric, **labels) - before.total(metric, **labels)

    uses = "strongroom_kms_key_uses_total"
    assert more(uses, operation="Decrypt", key_spec="SYMMETRIC_DEFAULT") == 20
    assert more(uses, operation="GenerateMac", key_spec="HMAC_256") == 1
    assert more("strongroom_cache_lookups_total", cache="access_keys", result="hit") > 0
    assert more("strongroom_cache_lookups_total", cache="secrets", result="hit") > 0


def test_secrets_are_counted_for_their_account(own_server):
    for _ in range(3):
        own_server.client().create_secret(Name=harness.name(), SecretString="x")
    # They are counted again once a minute; the first time soon after the start.
    own_server.restart()
    account = own_server.client(service="sts").get_caller_identity()["Account"]
    labels = {"account": account, "region": own_server.region}

    def counted():
        page = Scrape(get("/metrics", own_server.admin_port)[1])
        return page.value("strongroom_secrets", **labels)

    assert until(lambda: counted() == 3), counted()


def test_rotations_are_counted_by_what_became_of_them(own_server):
    def counted(event):
        page = Scrape(get("/metrics", own_server.admin_port)[1])
        return page.value("strongroom_rotation_events_total", event=event)

    assert counted("RotationStarted") == counted("RotationFailed") == 0
    sm = own_server.client()
    # Nobody listens there.
    value = {"engine": "postgres", "host": "127.0.0.1", "port": harness.free_port(),
             "username": "app", "password": "one"}
    arn = sm.create_secret(Name="app", SecretString=json.dumps(value))["ARN"]
    region, account = arn.split(":")[3:5]
    sm.rotate_secret(SecretId=arn, RotationLambdaARN=(
        f"arn:aws:lambda:{region}:{account}:function:"
        "SecretsManagerRDSPostgreSQLRotationSingleUser"))
    assert own_server.audit(needle="RotationFailed", count=1)
    for event in ("RotationStarted", "RotationFailed"):
        records = [r for r in own_server.audit(needle=event) if r["eventName"] == event]
        assert until(lambda e=event, n=len(records): counted(e) >= n), event
    assert counted("RotationSucceeded") == 0


def test_figures_of_log_store_and_process_are_there(scrape):
    page = scrape()
    assert page.value("strongroom_audit_writable") == 1
    assert abs(page.value("strongroom_audit_last_durable_timestamp_seconds") - time.time()) < 600
    assert page.value("strongroom_store_size_bytes") > 4096
    assert page.value("process_resident_memory_bytes") > 1 << 20
    assert 0 < page.value("process_open_fds") < page.value("process_max_fds")
    assert page.value("process_cpu_seconds_total") > 0
    assert 0 < time.time() - page.value("process_start_time_seconds") < 3600


def test_the_admin_listener_has_metrics_and_health_alone(server):
    assert get("/health", server.admin_port)[0].status == 200
    assert get("/", server.admin_port)[0].status == 404
    assert get("/metrics", server.admin_port, method="POST")[0].status == 405
    # And the other listener has no metrics.
    assert get("/metrics", server.port)[0].status != 200


def test_dashboard_and_alerts_are_promql():
    # Installed by `cargo xtask test`: Prometheus' grammar, by nobody here.
    promql = pytest.importorskip("promql_parser", reason="the parser is not installed")
    deploy = harness.REPOSITORY / "deploy"
    dashboard = json.loads((deploy / "grafana-dashboard.json").read_text())
    rules = yaml.safe_load((deploy / "prometheus-alerts.yaml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    expressions = [rule["expr"] for rule in alerts] + [
        # Grafana fills its variables in before it asks.
        re.sub(r"\$__rate_interval", "5m", re.sub(r"\$\w+(?=[\"|}])", "x", target["expr"]))
        for panel in dashboard["panels"] for target in panel["targets"]
    ]
    assert len(alerts) >= 10 and len(expressions) > 20
    for expression in expressions:
        promql.parse(expression)
    for rule in alerts:
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s")), rule["alert"]
    with pytest.raises(ValueError):
        promql.parse("rate(x[5m]")


def unknown(said, understood, place="dashboard"):
    """What was said and not understood."""
    if isinstance(said, dict) and isinstance(understood, dict):
        return [place_ for name, value in said.items() for place_ in (
            unknown(value, understood[name], f"{place}.{name}") if name in understood
            else [f"{place}.{name}"])]
    if isinstance(said, list) and isinstance(understood, list) and len(said) == len(understood):
        pairs = enumerate(zip(said, understood, strict=True))
        return [place_ for i, (a, b) in pairs for place_ in unknown(a, b, f"{place}[{i}]")]
    return [] if said == understood else [place]


def test_dashboard_is_one_in_grafanas_own_types():
    # Installed by `cargo xtask test`: generated by Grafana from its schemas.
    pytest.importorskip("grafana_foundation_sdk", reason="Grafana's types are not installed")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    said = json.loads((harness.REPOSITORY / "deploy/grafana-dashboard.json").read_text())

    def understood(dashboard):
        return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))

    assert unknown(said, understood(said)) == []
    # Panels lie beside each other on 24 columns, none over another.
    taken = set()
    for panel in said["panels"]:
        at = panel["gridPos"]
        assert 0 <= at["x"] and at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in said["panels"]}) == len(said["panels"])
    # The test can fail.
    said["panels"][0]["gridpos"] = said["panels"][0].pop("gridPos")
    assert unknown(said, understood(said)) == ["dashboard.panels[0].gridpos"]


def test_dashboard_and_alerts_use_only_metrics_that_there_are(scrape):
    known = scrape().names()
    deploy = harness.REPOSITORY / "deploy"
    dashboard = json.loads((deploy / "grafana-dashboard.json").read_text())
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    ]
    variables = [variable["query"] for variable in dashboard["templating"]["list"]]
    alerts = (deploy / "prometheus-alerts.yaml").read_text()
    rules = re.findall(r"^        expr: (.*)$", alerts, re.MULTILINE)
    assert len(rules) == alerts.count("- alert:")
    used = set()
    for expression in expressions + variables + rules:
        used |= set(re.findall(r"\b(?:strongroom|process)_\w+", expression))
    assert used <= known, used - known
    # Every alert has its advice.
    operations = (harness.REPOSITORY / "docs/operations.md").read_text()
    for alert in re.findall(r"- alert: (\w+)", alerts):
        assert f"`{alert}`" in operations, alert
    # And every metric its line.
    for name in known:
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert f"`{family}`" in operations, family
