"""The README's session, word for word: its commands are run as they stand there, and what
they print is what it says, but for names, times and numbers that differ from run to run."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

import harness

README = (harness.REPOSITORY / "README.md").read_text()
MARK = "--- 8< ---"

# What no two runs have in common, the most particular first.
CHANGING = [
    (r"AKIA[A-Z2-7]{16}", "KEY-ID"),
    (r"(?m)(?<=AWS_SECRET_ACCESS_KEY=).*$", "SECRET-KEY"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{64}\b", "PUBLIC-KEY"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\d{10}-\d{8}T\d{6}Z", "SEGMENT"),
    (r"(?<=demo/db-)\w{6}\b", "SUFFIX"),
    (r"\b\d{12}\b", "ACCOUNT"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"(?m)^/\S*/(?=monday)", "/…/"),
    # Only there while records wait for the next digest, which may come between any two.
    (r"(?m)^Not signed yet: .*\n", ""),
    # Background work makes commits.
    (r"\d+(?= records?\b)|(?<=commit )\d+|(?<=made: )\d+", "N"),
    (r"\d+(?= (rows|bytes))", "N"),
]


def settled(text):
    """The text without what changes from run to run."""
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return text.strip()


def session():
    """The README's commands, each with what it is said to print."""
    told = README.partition("\n## A session\n")[2].partition("\n## What works")[0]
    blocks = re.findall(r"```console\n(.*?)```", told, re.DOTALL)
    first, *rest = (re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M) for block in blocks)
    assert len(first) == 1, "the first block starts the server"
    return first[0], [step for block in rest for step in block]


@pytest.fixture
def beside(own_server):
    """A checkout as the README sees it: the built program, and the server's data directory."""
    home = own_server.home
    built = home / "target/release/strongroom"
    built.parent.mkdir(parents=True)
    built.symlink_to(harness.binary())
    (home / "strongroom-data").symlink_to(own_server.data)
    return own_server


def environment(server):
    programs = pathlib.Path(sys.executable).parent
    return {**os.environ, **server.env, "PATH": f"{programs}:{os.environ['PATH']}"}


def test_the_session_runs_as_the_readme_tells(beside):
    (start, greeting), steps = session()
    assert start.split("#")[0].strip() == "cargo run --release -- dev"
    printed = (beside.home / f"stdout.{beside.starts}").read_text()
    assert settled(printed) == settled(greeting)

    script = "\n".join(f"{command}\necho {shlex.quote(MARK)}" for command, _ in steps)
    ran = subprocess.run(
        ["bash", "-c", script], cwd=beside.home, env=environment(beside), timeout=harness.PATIENCE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    outputs = ran.stdout.split(f"{MARK}\n")[:-1]
    assert len(outputs) == len(steps), ran.stdout
    for (command, told), printed in zip(steps, outputs):
        assert settled(printed) == settled(told), command


def test_the_python_of_the_readme_runs(beside):
    client = beside.client()
    client.create_secret(Name="demo/db", SecretString="correct-horse")
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(beside), timeout=harness.PATIENCE,
        capture_output=True, text=True, check=True,
    )
    assert ran.stdout == "correct-horse\n"
