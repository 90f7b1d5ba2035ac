"""The AWS SDK for JavaScript, in Node.js: tests in its own language, which
`javascript/` holds, with a server of theirs."""

import os
import pathlib
import subprocess

import pytest

import harness

TESTS = pathlib.Path(__file__).parent / "javascript"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    server = harness.Server(tmp_path_factory.mktemp("javascript"))
    try:
        yield {**os.environ, **server.start().env}
    finally:
        server.stop()


@pytest.mark.parametrize("file", sorted(path.name for path in TESTS.glob("*.test.mjs")))
def test_in_javascript(environment, file):
    done = subprocess.run(
        ["node", "--test", file], cwd=TESTS, env=environment,
        capture_output=True, text=True, timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
