"""What all commands have in common."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from gateway import cli
from gateway.cli.lazy import COMMANDS
from tests.unit.cli.cli_kit import EXAMPLE, PROJECT, Run

#: What takes long to import and is wanted by servers alone, or by documents that are refused.
SLOW = ("sqlalchemy", "alembic", "spyne", "pydantic_settings", "structlog", "httpx", "granian", "xmlschema")


#: Commands without --json, and why.
NO_JSON = {
    "demo": "a tour for people",
    "serve": "runs until it is stopped; its log is JSON",
    "web": "as serve",
    "worker": "as serve",
    "sign": "its output is a document",
    "ca issue": "its output is a certificate",
    "schemas manifest": "its output is a file to be edited",
}


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - see Entry.load
    """Every command of a group and of those below, by the words that call it."""
    for name in group.commands:
        one = group.commands[name]
        if hasattr(one, "commands"):
            yield from commands(one, *above, name)
        else:
            yield " ".join((*above, name)), one


def test_every_command_but_these_speaks_json() -> None:
    silent = {
        name
        for name, command in commands(get_command(cli.app))
        if not any("--json" in option.opts for option in command.params)
    }

    assert silent == set(NO_JSON)


def test_every_command_and_option_says_what_it_is() -> None:
    unsaid = [
        f"{name} {option.name}"
        for name, command in commands(get_command(cli.app))
        for option in command.params
        if not option.help or not command.help
    ]

    assert unsaid == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_help_says(name: str, run: Run) -> None:
    entry = COMMANDS[name]
    command = getattr(import_module(entry.module), entry.name)

    said = command.info.help if isinstance(command, typer.Typer) else getdoc(command)

    assert str(said).startswith(entry.summary)
    helped = run(name, "--help")
    assert helped.code == 0
    assert f"Usage: sisc {name}" in helped.out


def test_the_bare_command_shows_its_help_as_wrong_usage(run: Run) -> None:
    shown = run()

    assert (shown.code, shown.out) == (2, "")
    assert all(f"  {name} " in shown.err for name in COMMANDS)


@pytest.mark.parametrize("group", ["documents", "registry", "ca"])
def test_a_bare_group_shows_its_help_too(group: str, run: Run) -> None:
    shown = run(group)

    assert shown.code == 2
    assert f"sisc {group}" in shown.err


@pytest.mark.parametrize("arguments", [("chek",), ("--nope",), ("send", "--nope"), ("documents", "nope")])
def test_a_wrong_word_is_one_line(arguments: tuple[str, ...], run: Run) -> None:
    refused = run(*arguments)

    assert refused.code == 2
    assert "--help" in refused.told


def test_a_near_miss_gets_a_suggestion(run: Run) -> None:
    assert "Did you mean 'check'?" in run("chek").told


@pytest.mark.parametrize("arguments", [("--help",), ("check", str(EXAMPLE)), ("sign", "--help")])
def test_cheap_commands_import_nothing_slow(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code = (
        "import sys; from gateway.cli import run; run(sys.argv[1:]); "
        f"print([name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT)},
    )

    assert done.stderr.splitlines()[-1] == "[]"


def test_a_defect_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", broken)

    with pytest.raises(ZeroDivisionError):
        run("check", EXAMPLE)


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    """As `sisc check --json … | head -1` does."""
    files = []
    for number in range(500):
        file = tmp_path / f"{number}.xml"
        file.write_bytes(b"<a/>")
        files.append(str(file))
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "check", "--json", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline(), process.stderr.read()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_wrong_settings_are_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[web]\nport = 70000\n")

    assert "web.port" in run("--config", "bad.toml", "documents", "list").told
    assert "none.toml" in run("--config", "none.toml", "documents", "list").told
