"""What the metrics say of event endpoints: whether they are told, how far, and what they
refused for good."""

import time

import pytest

import harness
from receivers import Deployment, Webhook, authority, until
from test_metrics import Scrape, get


class Scraped(Deployment):
    def configure(self, extra):
        super().configure(f'[admin]\naddress = "127.0.0.1:{self.admin_port}"\n{extra}')

    def figure(self, name, endpoint):
        page = Scrape(get("/metrics", self.admin_port)[1])
        return page.value(f"strongroom_event_endpoint_{name}", endpoint=endpoint)


@pytest.fixture
def hooks(tmp_path):
    authority(tmp_path)
    hooks = Webhook(tmp_path), Webhook(tmp_path)
    yield hooks
    for hook in hooks:
        hook.stop()


def test_endpoints_are_seen_to_be_down_behind_and_refusing(hooks, tmp_path):
    down, refusing = hooks
    refusing.status = lambda event: 400
    refusing.start()
    server = Scraped(tmp_path / "server", down.section("siem") + refusing.section(
        "soc", "attempts = 1\npattern = '{\"source\": [\"aws.secretsmanager\"]}'"))
    try:
        server.start()
        began = int(time.time())
        server.client().create_secret(Name=harness.name(), SecretString="v")
        assert until(lambda: server.figure("up", "siem") == 0)
        assert until(lambda: server.figure("dead_letters", "soc") >= 1)
        assert server.figure("up", "soc") == 1
        assert server.figure("dead_letters", "siem") == 0
        assert until(lambda: server.figure("told_timestamp_seconds", "soc") >= began)
        assert server.figure("told_timestamp_seconds", "siem") < began
        down.start()
        assert until(lambda: server.figure("up", "siem") == 1)
        assert until(lambda: server.figure("told_timestamp_seconds", "siem") >= began)
        # The operator's decision shows, too.
        assert server.run("events", "discard", "soc").returncode == 0
        assert until(lambda: server.figure("dead_letters", "soc") == 0), server.log()
    finally:
        server.stop()
