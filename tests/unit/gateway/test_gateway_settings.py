"""Settings: where they come from, which wins, and what is said of mistakes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigurationError
from gateway.route_options import HttpRoute
from gateway.settings import CONFIG_VARIABLE, Settings, load_settings


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (CONFIG_VARIABLE, "SISC_WEB__PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "sisc.toml") -> Path:
    file = Path.cwd() / name
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_there_are_defaults() -> None:
    settings = load_settings()

    assert settings.web.port == 8080
    assert settings.store_url == f"sqlite:///{Path.cwd()}/data/sisc.sqlite3"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[web]\nport = 9000\nthreads = 3\n")
    monkeypatch.setenv("SISC_WEB__PORT", "9001")

    settings = load_settings()

    assert (settings.web.port, settings.web.threads) == (9001, 3)


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[web]\nport = 9000\n")
    monkeypatch.setenv("SISC_WEB__PORT", "")

    assert load_settings().web.port == 9000


def test_a_file_named_wins_over_the_one_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    named, other = write("data = 'a'\n", "a.toml"), write("data = 'b'\n", "b.toml")
    monkeypatch.setenv(CONFIG_VARIABLE, str(other))

    assert load_settings(named).data == Path("a")
    assert load_settings().data == Path("b")


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "sisc.toml").write_text("[keys]\nseal = 'seal.p12'\n")
    monkeypatch.setenv(CONFIG_VARIABLE, "etc/sisc.toml")
    settings = load_settings()

    assert settings.path(settings.keys.seal) == folder / "seal.p12"


def test_systems_in_names_of_variables_are_the_same_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[routes.NCTS2]\nadapter = 'simulator'\n")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__ADAPTER", "direct")
    monkeypatch.setenv("SISC_ROUTES__AES__ADAPTER", "simulator")

    routes = load_settings().routes

    assert {system: route.adapter for system, route in routes.items()} == {
        "NCTS2": "direct",
        "AES": "simulator",
    }


def test_a_variable_adds_to_the_route_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[routes.NCTS2]\nadapter = 'http'\nurl = 'https://host'\n")
    monkeypatch.setenv("SISC_ROUTES__NCTS2__TIMEOUT_SECONDS", "3.5")

    route = load_settings().routes["NCTS2"]

    assert isinstance(route, HttpRoute)
    assert (route.url, route.timeout_seconds) == ("https://host", 3.5)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("port = 1", "port"),
        ("[web]\nprot = 1", "web.prot"),
        ("[web]\nport = 'x'", "web.port"),
        ("[web]\nport = 70000", "web.port"),
        ("[worker]\nbatch = 0", "worker.batch"),
        ("[routes.AES]\nadapter = 'carrier pigeon'", "routes.AES.adapter"),
        ("[routes.AES]\nurl = 'http://x'", "routes.AES.adapter"),
        ("[routes.AES]\nadapter = 'http'", "routes.AES.url"),
        ("[routes.AES]\nadapter = 'http'\nurl = 'http://user:pass@host'", "routes.AES.url"),
        ("operator = ''", "operator"),
        ("log_level = 'loud'", "log_level"),
        ("routes = 1", "routes"),
        ("[web", "sisc.toml"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_key(text: str, key: str) -> None:
    write(text)

    with pytest.raises(ConfigurationError) as told:
        load_settings()

    assert told.value.key.endswith(key)
    assert told.value.reason


def test_a_mistake_is_told_with_the_file_it_stands_in() -> None:
    file = write("[web]\nport = 'x'")

    with pytest.raises(ConfigurationError, match=f"valid integer.*in {file}"):
        load_settings()


def test_a_mistake_in_a_variable_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[web]\nport = 9000")
    monkeypatch.setenv("SISC_WEB__PORT", "x")

    with pytest.raises(ConfigurationError, match="in SISC_WEB__PORT"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[web]\nprot = 1", "no such setting; did you mean web.port?"),
        ("oprator = 'x'", "no such setting; did you mean operator?"),
        ("[web]\nquite_different = 1", "no such setting (in"),
        ("[routes.AES]\nadapter = 'direct'\nnothing = 1", "no such setting (in"),
    ],
)
def test_the_key_that_was_meant_is_suggested(text: str, told: str) -> None:
    write(text)

    with pytest.raises(ConfigurationError, match=re.escape(told)):
        load_settings()


def test_a_mistake_in_the_environment_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISC_ROUTES", "{not json")

    with pytest.raises(ConfigurationError, match="environment"):
        load_settings()


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_told(content: bytes | None) -> None:
    file = Path.cwd() / "sisc.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigurationError):
        load_settings(file)


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    write(
        "[store]\nurl = 'postgresql://sisc:hush@host/sisc'\n"
        "[keys]\nseal_password = 'hush'\nauthority_password = 'hush'\n"
    )
    settings = load_settings()

    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)


def test_a_mistake_is_told_without_the_value_that_may_be_a_secret() -> None:
    write("[keys]\nseal_password = ['hush']\n")

    with pytest.raises(ConfigurationError) as told:
        load_settings()

    assert "hush" not in str(told.value)


def test_settings_are_frozen() -> None:
    settings = load_settings()

    with pytest.raises(ValidationError):
        settings.data = Path("elsewhere")


def test_every_option_says_what_it_is() -> None:
    def undocumented(model: type[BaseModel]) -> Iterator[str]:
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from (f"{name}.{each}" for each in undocumented(field.annotation))
            elif not field.description:
                yield name

    assert list(undocumented(Settings)) == []
