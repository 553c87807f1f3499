import pytest

from routing.adapters.settings import HttpSettings
from routing.errors import DirectSystemError, RouteConfigurationError, UnknownSystemError
from routing.routes import AdapterKind, Route, RouteTable, default_routes


def test_the_default_table_serves_the_simulated_systems_and_the_register() -> None:
    assert default_routes().served == ("AES", "AIS", "EMCSPL2", "NCTS2", "SZPROT")


def test_a_route_is_found_by_its_exact_code() -> None:
    assert default_routes().find("NCTS2").adapter is AdapterKind.SIMULATOR


@pytest.mark.parametrize("code", ["CELINA", "ECS", "ICS", "INTRASTAT"])
def test_a_legacy_system_is_refused_as_served_directly(code: str) -> None:
    with pytest.raises(DirectSystemError) as refused:
        default_routes().find(code)
    assert code in refused.value.message_pl
    assert code in refused.value.message_en
    assert "bezpośrednio" in refused.value.remedy_pl
    assert "directly" in refused.value.remedy_en


@pytest.mark.parametrize("code", ["", "ncts2", "NCTS2 ", "ZEFIR9"])
def test_an_unknown_system_is_refused_with_the_systems_served(code: str) -> None:
    with pytest.raises(UnknownSystemError) as refused:
        default_routes().find(code)
    assert refused.value.system == code
    assert refused.value.served == ("AES", "AIS", "EMCSPL2", "NCTS2", "SZPROT")


@pytest.mark.parametrize("adapter", [AdapterKind.HTTP, AdapterKind.AMQP, AdapterKind.DIRECTORY])
def test_a_route_that_does_not_say_where_its_back_end_is_is_refused(adapter: AdapterKind) -> None:
    with pytest.raises(RouteConfigurationError, match=adapter.value):
        RouteTable([Route(system="NCTS2", adapter=adapter)])


def test_a_route_with_the_settings_of_another_adapter_is_refused() -> None:
    remote = HttpSettings(url="http://127.0.0.1")
    with pytest.raises(RouteConfigurationError, match="amqp"):
        RouteTable([Route(system="NCTS2", adapter=AdapterKind.AMQP, remote=remote)])


def test_two_routes_for_one_system_are_refused() -> None:
    route = Route(system="NCTS2", adapter=AdapterKind.SIMULATOR)
    with pytest.raises(RouteConfigurationError, match="two routes"):
        RouteTable([route, route])


def test_the_register_serves_szprot_only() -> None:
    with pytest.raises(RouteConfigurationError, match="serves SZPROT only"):
        RouteTable([Route(system="AES", adapter=AdapterKind.REGISTRY)])
