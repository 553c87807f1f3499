"""The benchmark of the register still runs: on few rights, without a look at its figures."""

import json

import pytest

from benchmarks import registry


def test_the_benchmark_fills_decides_and_imports(capsys: pytest.CaptureFixture[str]) -> None:
    registry.main(["--rights", "3000", "--records", "200"])

    told = json.loads(capsys.readouterr().out)
    assert (told["rights"], told["database"], told["import"]["records"]) == (3000, "sqlite", 200)
    assert set(told["decision"]) == {"database_median_ms", "database_p99_ms", "whole_median_ms"}
    assert any("COVERING INDEX ix_registry_representations_standing" in step for step in told["plan"])
    assert set(told["end_a_right"]) == {"median_ms"}
