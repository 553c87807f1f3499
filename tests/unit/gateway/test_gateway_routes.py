"""Routes as the settings describe them: secrets come from files, are checked, and never shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.route_options import AmqpRoute, AnyRoute, DirectoryRoute, HttpRoute, NoRoute, SimulatorRoute
from gateway.routes import read_callback_gates, read_routes, simulated_unasked
from gateway.settings import Settings, WorkerOptions
from routing.adapters.settings import AmqpSettings, DirectorySettings, HttpSettings
from routing.breaker import BreakerPolicy
from routing.errors import DirectSystemError, UnknownSystemError
from routing.retry import RetryPolicy
from routing.routes import AdapterKind, default_routes

_SECRET = "a-secret-of-some-length"


def settings(folder: Path, route: HttpRoute | AmqpRoute | DirectoryRoute) -> Settings:
    return Settings(routes={"NCTS2": route}, worker=WorkerOptions(lease_seconds=30), folder=folder)


def amqp(**changed: object) -> AmqpRoute:
    told: dict[str, object] = {"adapter": "amqp", "url": "amqp://sisc@host/v", "queue": "q", "answers": "a"}
    return AmqpRoute.model_validate(told | changed)


def http(**changed: object) -> HttpRoute:
    return HttpRoute.model_validate({"adapter": "http", "url": "https://host/documents"} | changed)


def test_without_routes_the_built_in_table_holds() -> None:
    assert read_routes(Settings()).served == default_routes().served


def test_a_route_takes_the_place_of_the_built_in_one_and_leaves_the_others(tmp_path: Path) -> None:
    routes = read_routes(settings(tmp_path, http()))

    assert routes.served == default_routes().served
    assert routes.find("NCTS2").adapter is AdapterKind.HTTP
    assert routes.find("AES").adapter is AdapterKind.SIMULATOR
    assert routes.find("SZPROT").adapter is AdapterKind.REGISTRY
    with pytest.raises(DirectSystemError):
        routes.find("CELINA")


def test_a_system_that_is_switched_off_is_not_served() -> None:
    off = NoRoute(adapter="off")
    routes = read_routes(Settings(routes={"AES": off, "CELINA": off}))

    assert routes.served == ("AIS", "EMCSPL2", "NCTS2", "SZPROT")
    for system in ("AES", "CELINA"):
        with pytest.raises(UnknownSystemError):
            routes.find(system)


def test_systems_simulated_unasked_beside_a_real_back_end_are_known(tmp_path: Path) -> None:
    asked: dict[str, AnyRoute] = {"AES": SimulatorRoute(adapter="simulator"), "AIS": NoRoute(adapter="off")}
    mixed = Settings(routes={"NCTS2": http(), **asked}, folder=tmp_path)
    assert simulated_unasked(mixed, read_routes(mixed)) == ["EMCSPL2"]

    made_up = Settings(routes=asked)
    assert simulated_unasked(made_up, read_routes(made_up)) == []


def test_a_route_says_how_patiently_its_back_end_is_tried(tmp_path: Path) -> None:
    usual = read_routes(settings(tmp_path, http())).find("NCTS2")
    assert (usual.retry, usual.breaker) == (RetryPolicy(), BreakerPolicy())

    told = http(give_up_days=0.5, longest_pause_seconds=20, circuit_failures=2, circuit_seconds=7)
    route = read_routes(settings(tmp_path, told)).find("NCTS2")
    assert route.retry == RetryPolicy(cap=timedelta(seconds=20), patience=timedelta(hours=12))
    assert route.breaker == BreakerPolicy(failures=2, pause=timedelta(seconds=7))

    for_good = read_routes(settings(tmp_path, http(give_up_days=None))).find("NCTS2")
    assert for_good.retry.patience is None


def test_an_http_route_has_its_token_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{_SECRET}\n")
    chosen = settings(tmp_path, http(token_file="token", ca="ca.pem", timeout_seconds=3))

    route = read_routes(chosen).find("NCTS2")

    assert route.adapter is AdapterKind.HTTP
    assert isinstance(route.remote, HttpSettings)
    assert (route.remote.token, route.remote.tls.ca) == (_SECRET, tmp_path / "ca.pem")
    assert route.remote.batch_seconds == 10  # of a lease of 30
    assert _SECRET not in repr(route)


def test_the_password_of_a_broker_is_put_into_its_address_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/w:rd\n")

    route = read_routes(settings(tmp_path, amqp(password_file="password"))).find("NCTS2")

    assert isinstance(route.remote, AmqpSettings)
    assert route.remote.url == "amqp://sisc:p%40ss%2Fw%3Ard@host/v"
    assert "p%40ss" not in repr(route)
    assert "sisc@host" not in repr(amqp())


@pytest.mark.parametrize("url", ["amqp://host/", "amqp://sisc:known@host/"])
def test_a_password_needs_a_user_that_has_none(tmp_path: Path, url: str) -> None:
    (tmp_path / "password").write_text("secret")

    with pytest.raises(ConfigurationError, match=r"routes\.NCTS2\.password_file") as refused:
        read_routes(settings(tmp_path, amqp(url=url, password_file="password")))
    assert "known" not in str(refused.value)


def test_the_folders_of_a_route_start_at_the_settings(tmp_path: Path) -> None:
    route = DirectoryRoute(adapter="directory", outbox=Path("out"), inbox=Path("/in"))

    remote = read_routes(settings(tmp_path, route)).find("NCTS2").remote

    assert isinstance(remote, DirectorySettings)
    assert (remote.outbox, remote.inbox) == (tmp_path / "out", Path("/in"))


@pytest.mark.parametrize("content", ["", "short", "with\x00nothing-to-see-here", "z polskimi znakami żółć"])
def test_what_is_no_secret_is_refused_without_being_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"routes\.NCTS2\.callback_secret_file") as refused:
        read_callback_gates(settings(tmp_path, http(callback_secret_file="secret")))
    assert not content or content not in str(refused.value)


def test_a_secret_that_is_not_there_is_told_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"routes\.NCTS2\.token_file"):
        read_routes(settings(tmp_path, http(token_file="missing")))


def test_only_back_ends_with_a_secret_may_call_back(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(_SECRET)
    keyed = settings(tmp_path, http(callback_token_file="secret", answer_bytes=5000))

    assert read_callback_gates(settings(tmp_path, http())) == {}
    assert read_callback_gates(settings(tmp_path, amqp())) == {}
    gate = read_callback_gates(keyed)["NCTS2"]
    assert (gate.keys.token, gate.keys.secret, gate.largest) == (_SECRET.encode(), None, 5000)
    assert _SECRET not in repr(gate)
