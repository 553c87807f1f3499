"""What `deploy/` starts exists, and is told what the product understands."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.cli.lazy import COMMANDS
from gateway.settings import CONFIG_VARIABLE, Settings
from tests.acceptance.running import PROJECT

DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
FILES = [*UNITS, DEPLOY / "Dockerfile", DEPLOY / "compose.yaml"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_of_ours_and_leaves_it_time_to_end(unit: Path) -> None:
    text = unit.read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=/opt/sisc/bin/sisc (\w+)$", text, re.MULTILINE)
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert command in COMMANDS
    assert int(seconds) > Settings().worker.lease_seconds - 1
    assert "Restart=always" in text


def test_the_services_of_the_compose_file_are_commands_of_ours() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    commands = re.findall(r'command: \["(\w+)"\]', text)
    assert sorted(commands) == ["migrate", "web", "worker"]
    assert set(commands) <= COMMANDS.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(file: Path) -> None:
    for name in set(re.findall(r"\bSISC_[A-Z0-9_]+", file.read_text("utf-8"))) - {CONFIG_VARIABLE}:
        found: object = Settings()
        for part in name.removeprefix("SISC_").lower().split("__"):
            assert hasattr(found, part), name
            found = getattr(found, part)


def test_the_image_holds_every_package_of_the_product() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = set(re.findall(r"^COPY (\w+) /build/\w+$", text, re.MULTILINE))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    assert copied == set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    for source in re.findall(r"^COPY (?!--from)(.+) /build/\S*$", text, re.MULTILINE):
        assert all((PROJECT / name).exists() for name in source.split())


def test_all_that_the_image_copies_reaches_its_builder_and_nothing_else() -> None:
    told = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    assert told[1] == "*"
    let_in = {line.removeprefix("!") for line in told if line.startswith("!")}
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) /build/\S*$", text, re.MULTILINE)
    assert let_in == {name for source in copied for name in source.split()}
