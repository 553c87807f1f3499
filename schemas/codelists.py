"""Code lists: which codes exist, and from when until when.

Two forms are read, CSV and the XML in which the EU publishes its reference data (CS/RD2: ``RDEntity`` with an
``RDEntry`` for every code), and one is kept: a line with what is known of the list, then its codes as CSV.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

from lxml import etree

from schemas.errors import CodeListError
from schemas.paths import local_name

__all__ = ["MAX_BYTES", "Code", "CodeList", "kept", "read_kept", "read_list"]

#: Of a file. The longest list of the EU, that of the customs offices, has a fifth of it.
MAX_BYTES = 32 * 2**20
_MAX_CODES = 300_000
_MAX_CODE = 64  # characters of a code
_MAX_DESCRIPTION = 300  # characters of a description that are kept
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE = re.compile(rf"[!-~](?:[ -~]{{0,{_MAX_CODE - 2}}}[!-~])?")
_COLUMNS = ("code", "valid_from", "valid_to", "description")
_NO_END = date.max

#: Our names of the lists that checks use, by the names the EU gives them.
_NAMES = {
    "CountryCodesFullList": "countries",
    "CustomsOffices": "offices",
    "CurrencyCodes": "currencies",
    "KindOfPackages": "packages",
}
#: Data items that hold the code of an entry, where it is not the first one.
_CODE_ITEMS = ("ReferenceNumber",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """A code in one time of its validity."""

    code: str
    valid_from: date = date.min
    valid_to: date = _NO_END  # last day
    description: str = ""

    def valid_on(self, day: date) -> bool:
        """Whether the code is valid on a day."""
        return self.valid_from <= day <= self.valid_to

    @property
    def validity(self) -> tuple[str, str]:
        """First and last day for people and files; empty where there is no end."""
        first, last = (
            "" if day in {date.min, _NO_END} else day.isoformat() for day in (self.valid_from, self.valid_to)
        )
        return first, last


@dataclass(frozen=True, kw_only=True)
class CodeList:
    """A list of codes."""

    name: str  # "countries"
    codes: tuple[Code, ...]
    source: str  # file it was read from
    digest: str  # SHA-256 of that file
    installed_at: datetime

    @cached_property
    def _by_code(self) -> Mapping[str, list[Code]]:
        by_code: dict[str, list[Code]] = {}
        for one in self.codes:
            by_code.setdefault(one.code, []).append(one)
        return by_code

    def knows(self, code: str, *, on: date) -> bool:
        """Whether a code is valid on a day."""
        return any(one.valid_on(on) for one in self._by_code.get(code, ()))


def read_list(content: bytes, *, source: str, name: str | None, at: datetime) -> CodeList:
    """Read a list as it is published.

    Args:
        content: of the file, CSV or XML.
        source: name of the file.
        name: the list is to have; None: the one we have for the EU's name of it, else the file's name.
        at: moment of installation.

    Raises:
        CodeListError: too large, neither of the two forms, without codes, or with a bad code or date.
    """
    if len(content) > MAX_BYTES:
        raise CodeListError(source=source, reason=f"larger than {MAX_BYTES // 2**20} MiB")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        published, codes = _from_xml(content, source)
    else:
        published, codes = source.partition(".")[0].lower(), _from_csv(_text(content, source), source)
    chosen = name or _NAMES.get(published, published)
    if not _NAME.fullmatch(chosen):
        raise CodeListError(source=source, reason=f"{chosen!r} is no name for a list: a-z, 0-9, - and _ only")
    return CodeList(
        name=chosen,
        codes=_checked(codes, source),
        source=source,
        digest=sha256(content).hexdigest(),
        installed_at=at,
    )


def kept(one: CodeList) -> bytes:
    """The form in which a list is kept; `read_kept` reads it."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((code.code, *code.validity, code.description) for code in one.codes)
    body = rows.getvalue().encode()
    head = {
        "name": one.name,
        "source": one.source,
        "source_sha256": one.digest,
        "installed_at": one.installed_at.isoformat(),
        "sha256": sha256(body).hexdigest(),
    }
    return json.dumps(head).encode() + b"\n" + body


def read_kept(content: bytes, *, source: str) -> CodeList:
    """Read what `kept` has written.

    Args:
        content: of the file.
        source: its name, for errors.

    Raises:
        CodeListError: it is not as it was written.
    """
    first, _, body = content.partition(b"\n")
    try:
        head = json.loads(first)
        good = head["sha256"] == sha256(body).hexdigest()
        known = {"name": head["name"], "source": head["source"], "digest": head["source_sha256"]}
        at = datetime.fromisoformat(head["installed_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise CodeListError(source=source, reason="is no installed code list") from error
    if not good:
        raise CodeListError(source=source, reason="was changed after it was installed; install it anew")
    return CodeList(**known, codes=_checked(_from_csv(_text(body, source), source), source), installed_at=at)


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CodeListError(source=source, reason="is not UTF-8") from error


def _from_csv(text: str, source: str) -> Iterator[Code]:
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    if "code" not in (rows.fieldnames or ()):
        raise CodeListError(source=source, reason=f"no column 'code'; columns are {', '.join(_COLUMNS)}")
    try:
        for row in rows:
            yield Code(
                code=(row["code"] or "").strip(),
                valid_from=_date(row.get("valid_from"), source) or date.min,
                valid_to=_date(row.get("valid_to"), source) or _NO_END,
                description=_described(row.get("description")),
            )
    except csv.Error as error:
        raise CodeListError(source=source, reason=f"line {rows.line_num}: {error}") from error


def _from_xml(content: bytes, source: str) -> tuple[str, Iterable[Code]]:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise CodeListError(source=source, reason=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise CodeListError(source=source, reason="may not have a DOCTYPE")
    entities = list(root.iter("{*}RDEntity"))
    if len(entities) != 1:
        raise CodeListError(
            source=source, reason=f"has {len(entities)} RDEntity elements instead of one list"
        )
    return entities[0].get("name", "").strip(), _entries(entities[0], source)


def _entries(entity: etree._Element, source: str) -> list[Code]:
    """The times a code is valid, told by entries that each begin a state, valid or not."""
    states: dict[str, list[tuple[date, bool, str]]] = {}
    for entry in entity.iterchildren("{*}RDEntry"):
        begins = _date(_inner(entry, "activeFrom"), source) or date.min
        valid = (_inner(entry, "state") or "valid").lower() == "valid"
        states.setdefault(_code_of(entry), []).append((begins, valid, _description_of(entry)))
    return [one for code, told in states.items() for one in _times(code, sorted(told))]


def _times(code: str, states: list[tuple[date, bool, str]]) -> Iterator[Code]:
    if not states[0][1] and states[0][0] > date.min:  # what ends has been valid before
        states = [(date.min, True, states[0][2]), *states]
    ends = [after[0] - timedelta(days=1) for _, after in pairwise(states)]
    for (begins, valid, description), end in zip(states, [*ends, _NO_END], strict=True):
        if valid and begins <= end:
            yield Code(code=code, valid_from=begins, valid_to=end, description=description)


def _code_of(entry: etree._Element) -> str:
    items = {one.get("name", ""): (one.text or "").strip() for one in entry.iterchildren("{*}dataItem")}
    named = next((items[name] for name in _CODE_ITEMS if name in items), None)
    return named or next(iter(items.values()), "")


def _description_of(entry: etree._Element) -> str:
    texts = {
        one.get("lang", ""): one.text
        for one in entry.iter("{*}description", "{*}lsd")
        if local_name(one) in {"description", "lsd"}
    }
    return _described(texts.get("pl") or texts.get("en") or next(iter(texts.values()), ""))


def _inner(entry: etree._Element, name: str) -> str | None:
    return next((one.text for one in entry.iter(f"{{*}}{name}")), None)


def _described(text: str | None) -> str:
    return " ".join((text or "").split())[:_MAX_DESCRIPTION]


def _date(text: str | None, source: str) -> date | None:
    if not (text := (text or "").strip()):
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise CodeListError(source=source, reason=f"{text[:40]!r} is no date YYYY-MM-DD") from error


def _checked(codes: Iterable[Code], source: str) -> tuple[Code, ...]:
    found: list[Code] = []
    for one in codes:
        if not _CODE.fullmatch(one.code):
            raise CodeListError(source=source, reason=f"{one.code[:80]!r} is no code")
        if one.valid_to < one.valid_from:
            raise CodeListError(source=source, reason=f"{one.code} ends before it begins")
        found.append(one)
        if len(found) > _MAX_CODES:
            raise CodeListError(source=source, reason=f"has more than {_MAX_CODES} codes")
    if not found:
        raise CodeListError(source=source, reason="has no codes")
    return tuple(found)
