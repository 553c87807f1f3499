"""The version before the newest migration and this one, side by side on one database."""

from pathlib import Path

import pytest

from tests.faults.upgrade import Upgrade
from tests.faults.versions import HistoryMissingError, before_newest_migration, install


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)  # builds two wheels, and starts four processes
def test_an_upgrade_under_load_loses_doubles_and_refuses_nothing(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    try:
        old = install(before_newest_migration(), tmp_path / "old")
    except HistoryMissingError as error:
        pytest.skip(f"the version before this one cannot be built: {error}")
    new = install(None, tmp_path / "new")
    migrations = "gateway/store/migrations/versions/v*.py"
    assert len(list(new.glob(migrations))) > len(list(old.glob(migrations)))

    outcome = Upgrade(
        folder=tmp_path / "gateway", database=empty_postgres_url, old=old, new=new, documents=3
    ).run()

    assert (outcome.verdict.lost, outcome.verdict.doubled) == ({}, {})
    assert outcome.verdict.promised >= 36
    assert outcome.errors == []
    assert outcome.exit_codes == [0] * 4
