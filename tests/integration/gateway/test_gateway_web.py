"""`sisc web`: health, figures of all server processes, the end with its supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from gateway.sandbox.serving import prepare_sandbox
from tests.acceptance.running import PROJECT, until


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web server of two processes, without a worker."""
    sandbox = prepare_sandbox(tmp_path_factory.mktemp("web") / "sandbox", port=0)
    environment = {**os.environ, "SISC_CONFIG": str(sandbox.config), "SISC_WEB__PROCESSES": "2"}
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli", "web"], cwd=PROJECT, env=environment)
    with process:
        url = sandbox.profile.url
        until(lambda: is_ready(url) or None)
        yield url
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").text == "ready\n"
    except httpx.HTTPError:
        return False


@pytest.mark.slow
def test_health_is_told_and_other_paths_are_not_found(served: str) -> None:
    assert httpx.get(f"{served}/health/live").status_code == 200
    assert httpx.get(f"{served}/health/ready").status_code == 200
    assert httpx.get(f"{served}/health").status_code == 404


@pytest.mark.slow
def test_schemas_and_their_pages_are_published(served: str) -> None:
    schema = httpx.get(f"{served}/schemas/xsd/built-in/NCTS2/CC015C.xsd")

    assert httpx.get(f"{served}/schemas/").status_code == 200
    assert (schema.status_code, schema.headers["content-type"]) == (200, "application/xml")
    assert httpx.get(f"{served}/schemas/xsd/built-in/..%2f..%2fpyproject.toml").status_code == 404


@pytest.mark.slow
def test_figures_of_all_server_processes_are_added_up(served: str) -> None:
    before = contracts_read(served)
    for _ in range(40):  # a connection each: they reach both processes
        httpx.get(f"{served}/seap_wsChannel/DocumentHandlingPort?wsdl").raise_for_status()

    assert [contracts_read(served) for _ in range(10)] == [before + 40] * 10


def contracts_read(url: str) -> float:
    figures = httpx.get(f"{url}/metrics").text.splitlines()
    wanted = [line for line in figures if line.startswith("sisc_events_total") and "contract_served" in line]
    return sum(float(line.rpartition(" ")[2]) for line in wanted)
