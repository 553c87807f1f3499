"""Small packs for tests, and what they are put into."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.errors import CatalogueError
from schemas.packs.folder import Mode, PackFolder
from schemas.packs.installing import Installed, install
from schemas.packs.live import LiveCatalogue
from schemas.packs.manifest import read_manifest
from schemas.packs.source import read_source

__all__ = ["MANIFEST", "NAMESPACE", "REAL", "START", "Office", "schema", "write_zip"]

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "real-messages"
START = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
NAMESPACE = "urn:example:sent"
MANIFEST = """
system = "SENT"
version = "1"

[[message]]
root = "Carriage"
direction = "inbound"
title_pl = "Zgłoszenie przewozu"
title_en = "Carriage notice"
rights = "none"
places = { lrn = ["Number"] }

[[message]]
root = "CarriageNumber"
direction = "outbound"
signature_required = false
"""


def schema(*roots: str, head: str = "", length: int = 20, namespace: str = NAMESPACE) -> str:
    """A schema of messages that hold a number each."""
    elements = "".join(
        f'<xs:element name="{root}"><xs:complexType><xs:sequence>'
        f'<xs:element name="Number"><xs:simpleType><xs:restriction base="xs:token">'
        f'<xs:maxLength value="{length}"/></xs:restriction></xs:simpleType></xs:element>'
        "</xs:sequence></xs:complexType></xs:element>"
        for root in roots
    )
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{namespace}"'
        f' targetNamespace="{namespace}" elementFormDefault="qualified">{head}{elements}</xs:schema>'
    )


def write_zip(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@dataclass(kw_only=True)
class Office:
    """A folder of packs with a clock of its own, and the catalogue that follows it."""

    folder: Path
    at: datetime = START
    failures: list[CatalogueError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.packs = PackFolder(self.folder / "packs", lambda: self.at)
        self.catalogue = self.opened()

    def opened(self) -> LiveCatalogue:
        """Another process that opens the same folder."""
        return LiveCatalogue(self.packs, self.failures.append)

    def write(self, files: Mapping[str, str], name: str = "pack") -> Path:
        for path, content in files.items():
            target = self.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        return self.folder / name

    def install(
        self, path: Path, *, mode: Mode = Mode.ACTIVE, wait: bool = True, **options: object
    ) -> Installed:
        source = read_source(path)
        progress: Callable[[object, int], None] = lambda _compiled, _total: None  # noqa: E731 - a stand-in
        installed = install(
            source,
            read_manifest(source.manifest, options, source=source.name),
            packs=self.packs,
            known=self.catalogue,
            mode=mode,
            by="test",
            progress=progress,
        )
        if wait:
            self.pass_by(seconds=10)
        return installed

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)
