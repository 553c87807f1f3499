"""The reference of packs tells every key and every limit that there is."""

from dataclasses import fields
from pathlib import Path

import pytest

from schemas.entries import MESSAGE_KEYS
from schemas.packs import safety
from schemas.packs.manifest import Manifest
from schemas.packs.source import Limits
from schemas.packs.trial import Budget

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "schema-packs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", sorted({*MESSAGE_KEYS, *(one.name for one in fields(Manifest))}))
def test_every_key_of_a_manifest_is_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE or f"`[[{key}]]`" in PAGE or f"`[{key}]`" in PAGE


def test_the_limits_of_the_page_are_those_in_force() -> None:
    limits, budget = Limits(), Budget()

    for said in (
        f"| files | {limits.files}, of which each up to {limits.file_bytes >> 20} MiB, together",
        f"{limits.total_bytes >> 20} MiB; a file that unpacks to more than {limits.ratio} times",
        f"over {limits.depth} folders deep",
        f"chains of more than {safety._LONGEST_CHAIN}",  # noqa: SLF001 - the page must tell it
        f"more than {budget.cpu_seconds} s of CPU or {budget.memory_bytes >> 30} GiB",
    ):
        assert said in PAGE, said
