"""The parts of the reference that the code itself tells. `python -m tests.docs.generate` writes them anew.

A page keeps a place for each part, between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from cryptography.x509 import Certificate
from lxml import etree
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway import clock
from gateway.flow.checks import Case, Sender, SignerClassCheck, check_signer
from gateway.flow.confirming import UPD_FINDINGS
from gateway.route_options import (
    AmqpRoute,
    AnyRoute,
    DirectoryRoute,
    HttpRoute,
    RouteOptions,
    SimulatorRoute,
)
from gateway.settings import CbtdExemptionOptions, Settings
from gateway.signer_classes import SignerClasses
from gateway.store.ports import UnitOfWork
from registry.applications.reasons import CODES, reason
from registry.model import Account, AccountLevel, AccountStatus, NamedParty, NumberKind, RefusalReason
from registry.refusals import refuse
from routing.routes import AdapterKind, default_routes
from schemas.catalogue import load_builtin
from schemas.findings import Finding
from schemas.wording import PLAUSIBILITY_WORDING, WORDING
from signing.faults import RULES
from signing.verdict import Indication, Signer, SignerClass, Verdict
from tests.docs import contract, scenarios
from tests.docs.pages import DOCS
from tests.docs.tables import table

__all__ = ["PARTS", "Part", "table"]


class Part:
    """A generated part of a page.

    Args:
        page: file under docs/.
        name: in the markers.
        write: makes the text.
    """

    def __init__(self, page: str, name: str, write: Callable[[], str]) -> None:
        self.page = DOCS / page
        self.name = name
        self._write = write

    @property
    def text(self) -> str:
        """What the code tells."""
        return f"\n{self._write().strip()}\n\n"

    def found(self) -> str:
        """What the page tells."""
        return self._split()[1]

    def renew(self) -> None:
        """Write the text into the page."""
        before, _, after = self._split()
        self.page.write_text(before + self.text + after, encoding="utf-8")

    def _split(self) -> tuple[str, str, str]:
        begin = f"<!-- generated: {self.name} -->\n"
        before, _, rest = self.page.read_text(encoding="utf-8").partition(begin)
        found, end, after = rest.partition("<!-- end -->")
        assert end, f"{self.page.name} has no place for {self.name}"
        return before + begin, found, end + after


# Settings

_TYPES: Final[dict[object, str]] = {
    bool: "`true`, `false`",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    tuple[int, ...]: "list of whole numbers",
    tuple[str, ...]: "list of texts",
    date: "date",
    tuple[CbtdExemptionOptions, ...]: "list of tables, see below",
}
_BOUNDS: Final = {
    Ge: "from {0.ge}",
    Gt: "above {0.gt}",
    Le: "up to {0.le}",
    MaxLen: "to {0.max_length} characters",
    MinLen: "not empty",
}
_PATTERN: Final = "matching `{0.pattern}`"  # pydantic keeps it in a class of its own


def settings() -> str:
    """Every key of `sisc.toml`, table by table."""
    top: dict[str, FieldInfo] = {}
    tables = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            tables.append(_section(f"`[{name}]`", kind.model_fields, f"{name}__"))
        elif name not in {"routes", "folder"}:  # the one has a section, the other is set by the loader
            top[name] = field
    exemptions = _section("`[[trust.cbtd_exemptions]]`", CbtdExemptionOptions.model_fields, None)
    return "\n".join([_section("Top of the file", top, ""), *tables, exemptions, *_routes()])


def _routes() -> list[str]:
    """What every route has, then what those of an adapter have besides."""
    kinds = [_adapter(kind) for kind in get_args(get_args(AnyRoute)[0])]
    adapter = FieldInfo(
        annotation=cast("Any", Literal)[tuple(kinds)], description="how the back end is reached"
    )
    common = {"adapter": adapter, **RouteOptions.model_fields}
    keyed = (
        (kind, {name: field for name, field in kind.model_fields.items() if name not in common})
        for kind in (SimulatorRoute, HttpRoute, AmqpRoute, DirectoryRoute)
    )
    sections = [
        _section(
            f"`[routes.SYSTEM]` with `adapter = {json.dumps(_adapter(kind))}`", fields, "routes__SYSTEM__"
        )
        for kind, fields in keyed
    ]
    return [_section("`[routes.SYSTEM]`", common, "routes__SYSTEM__"), *sections]


def _adapter(kind: type[RouteOptions]) -> str:
    return str(get_args(kind.model_fields["adapter"].annotation)[0])


def _section(title: str, fields: Mapping[str, FieldInfo], prefix: str | None) -> str:
    """A table of keys; without a prefix they have no variables of their own."""
    rows = (
        (
            f"`{name}`",
            _type(field),
            _default(field),
            field.description or "",
            "–" if prefix is None else f"`SISC_{(prefix + name).upper()}`",
        )
        for name, field in fields.items()
    )
    head = ("key", "type", "default", "meaning", "environment variable")
    return f"## {title}\n\n{table(head, rows)}"


def _type(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal:
        return "list of " + ", ".join(f"`{value}`" for value in get_args(get_args(kind)[0]))
    if get_origin(kind) in {Union, UnionType}:
        kind = next(each for each in get_args(kind) if each is not NoneType)
    if get_origin(kind) is Mapping:
        return "table" if get_origin(get_args(kind)[1]) is Literal else "table of lists"
    bounds = (_BOUNDS.get(type(bound), _PATTERN).format(bound) for bound in field.metadata)
    return ", ".join([_TYPES[kind], *bounds])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    match field.get_default(call_default_factory=True):
        case None | "":
            return "none"
        case bool() | tuple() | dict() as value:  # as TOML writes them
            return f"`{json.dumps(value)}`"
        case value:
            return f"`{value}`"


def routes() -> str:
    """The table in force when `[routes]` is empty."""
    words = {
        AdapterKind.SIMULATOR: "simulated",
        AdapterKind.REGISTRY: "decided by the register of the gateway itself",
        AdapterKind.DIRECT: "refused: served outside the channel",
    }
    return table(("system", "route"), ((route.system, words[route.adapter]) for route in default_routes()))


# Refusals


def schema_codes() -> str:
    """Codes of schema findings."""
    rows = ((f"`{code}`", text.message.en, text.remedy.en) for code, text in WORDING.items())
    return table(("code", "what is wrong", "what to do"), rows)


def value_codes() -> str:
    """Codes of values that cannot be right."""
    rows = ((f"`{code}`", text.message.en, text.remedy.en) for code, text in PLAUSIBILITY_WORDING.items())
    return table(("code", "what is wrong", "what to do"), rows)


def signature_codes() -> str:
    """Codes of signature findings."""
    rows = (
        (f"`{rule}`", text.en, text.remedy_en, f"{text.indication} / {text.sub_indication}")
        for rule, text in RULES.items()
    )
    return table(("code", "what is wrong", "what to do", "EN 319 102-1"), rows)


def rights_codes() -> str:
    """Codes of missing rights, the signer's included."""
    facts = {name: f"{{{name}}}" for name in ("login", "who", "system", "systems", "day", "number")}
    party = NamedParty(kind=NumberKind.EORI, number="{number}")
    refusals = [refuse(reason, party=party, about=None, **facts) for reason in RefusalReason]
    rows = [(f"`{each.reason}`", each.message_en, each.remedy_en) for each in refusals]
    other = [*_wrong_signer(), *UPD_FINDINGS]
    signer = [(f"`{each.code}`", each.message_en, each.remedy_en) for each in other]
    return table(("code", "what is wrong", "what to do"), [*signer, *rows])


def registration_codes() -> str:
    """Codes of reasons against an application to the register."""
    facts = {name: f"{{{name}}}" for name in ("value", "kind", "why_pl", "why_en", "source")}
    reasons = [reason(code, **facts) for code in CODES]
    rows = [(f"`{each.code}`", each.message_en, each.remedy_en) for each in reasons]
    return table(("code", "what is wrong", "what to do"), rows)


def _wrong_signer() -> list[Finding]:
    """What is found where somebody else signed, with a class of certificate that the system does not take."""
    account = Account(login="", level=AccountLevel.EXTENDED, status=AccountStatus.ACTIVE, person_id=None)
    signer = Signer(
        certificate=cast("Certificate", None),
        subject="",
        issuer="",
        serial="",
        fingerprint="",
        signer_class=SignerClass.CBTD,
    )
    case = Case(
        root=etree.Element("document"),
        message_type=replace(load_builtin().types()[0], system="{system}"),
        received_at=clock.now(),
        sender=Sender(login="", account=account, person=None),
        work=cast("UnitOfWork", None),
        verdict=Verdict(indication=Indication.TOTAL_PASSED, signer=signer),
    )
    accepted = {"{system}": [SignerClass.SC, SignerClass.QUALIFIED]}  # for example
    accepts = SignerClassCheck(classes=SignerClasses(accepted=accepted))
    return [*check_signer(case), *accepts(case)]


PARTS: Final = (
    Part("reference/back-end-contract.md", "headers", contract.headers),
    Part("reference/back-end-contract.md", "statuses", contract.statuses),
    Part("reference/back-end-contract.md", "quarantine", contract.quarantine_reasons),
    Part("reference/settings.md", "settings", settings),
    Part("reference/settings.md", "routes", routes),
    Part("reference/refusals.md", "schema", schema_codes),
    Part("reference/refusals.md", "values", value_codes),
    Part("reference/refusals.md", "signature", signature_codes),
    Part("reference/refusals.md", "rights", rights_codes),
    Part("reference/eklient.md", "registration", registration_codes),
    Part("reference/scenarios.md", "scenarios", scenarios.scenarios),
    Part("reference/scenarios.md", "flows", scenarios.flows),
    Part("reference/scenarios.md", "messages", scenarios.messages),
)

if __name__ == "__main__":
    for part in PARTS:
        part.renew()
