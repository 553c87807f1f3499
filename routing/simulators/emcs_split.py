"""EMCS PL2, the splitting of a movement of energy products (IE825; Directive (EU) 2020/262, Article 23).

Each part is a movement of its own with its own ARC: what the split e-AD said, as far as the part does not say
otherwise. The split one is over.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from routing.simulators.emcs_begin import begun, validated, what_comes
from routing.simulators.emcs_draft import redirected
from routing.simulators.emcs_writing import (
    WRONG_VALUE,
    bodies,
    consignee_of,
    content,
    key,
    to_consignee,
)
from routing.simulators.ledger import Movement, State
from routing.simulators.lifecycle import (
    Case,
    FunctionalError,
    Reaction,
    Start,
    Tell,
    find_all_at,
    text_at,
)
from routing.simulators.rules import decimals
from routing.simulators.shaping import Again, Told
from routing.simulators.xml import Element
from schemas.wording import Text

__all__ = ["check", "split"]

_PARTS: Final = "Body/SubmittedDraftOfSplittingOperation/SplitDetailsEad"
_FEWEST_PARTS: Final = 2
_PRODUCT: Final = "ExciseProductCode"
_ENERGY: Final = "E"  # first letter of the codes of energy products
_SPLITTING: Final = "2"
_DUPLICATE_LRN: Final = "91"
_TOO_FEW: Final = Text(
    pl="Przemieszczenie dzieli się na co najmniej dwie części.",
    en="A movement is split into two parts or more.",
)
_USED_LRN: Final = Text(
    pl="Tego LRN użyto w innym e-AD tego samego wysyłającego.",
    en="The LRN is used by another e-AD of the same consignor.",
)


def check(case: Case) -> Iterator[FunctionalError]:
    """Energy products only, two parts or more, of each product as much as there was, LRNs that are new."""
    parts = find_all_at(case.asked.root, _PARTS)
    declared = bodies(case.declaration)
    codes = [text_at(item, _PRODUCT) or "" for item in declared]
    other = next((code for code in codes if not code.startswith(_ENERGY)), None)
    if other is not None:
        text = Text(
            pl=f"Podzielić można tylko wyroby energetyczne, {other} nim nie jest.",
            en=f"Only energy products may be split, {other} is none.",
        )
        yield _error(case.asked.pointer("arc"), text, case.reference)
    if len(parts) < _FEWEST_PARTS:
        yield _error(f"/IE825/{_PARTS}", _TOO_FEW)
    yield from _amounts(declared, parts)
    yield from _used_lrns(case, parts)


def _amounts(declared: list[Element], parts: list[Element]) -> Iterator[FunctionalError]:
    """By excise product and CN code."""
    before = _quantities(declared)
    after = _quantities([item for part in parts for item in find_all_at(part, "BodyEad")])
    for product in sorted(before.keys() | after.keys()):
        if before[product] != after[product]:
            name, had, have = " / ".join(product), before[product], after[product]
            text = Text(
                pl=f"Wyrobu {name} jest w przemieszczeniu {had}, a w jego częściach {have}.",
                en=f"Of {name} the movement has {had}, its parts {have}.",
            )
            yield _error(f"/IE825/{_PARTS}/BodyEad/Quantity", text, str(after[product]))


def _quantities(items: list[Element]) -> dict[tuple[str, ...], Decimal]:
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for item in items:
        product = tuple(text_at(item, name) or "" for name in (_PRODUCT, "CnCode"))
        found[product] += sum(decimals([text_at(item, "Quantity")]))
    return found


def _used_lrns(case: Case, parts: list[Element]) -> Iterator[FunctionalError]:
    seen: set[str] = set()
    for place, part in enumerate(parts, start=1):
        lrn = _lrn(part)
        if lrn in seen or not case.numbers.is_free(case.movement.principal, lrn):
            pointer = f"/IE825/{_PARTS}[{place}]/LocalReferenceNumber"
            yield _error(pointer, _USED_LRN, lrn, code=_DUPLICATE_LRN)
        seen.add(lrn)


def _error(pointer: str, text: Text, value: str | None = None, *, code: str = WRONG_VALUE) -> FunctionalError:
    return FunctionalError(pointer=pointer, code=code, reason="SIM-SPL", text=text, value=value)


def split(case: Case) -> Reaction:
    """IE801 of every part to both sides; IE803 with the new ARCs to a consignee in Poland of the whole."""
    parts = [_part(case, details) for details in find_all_at(case.asked.root, _PARTS)]
    notice: dict[str, Told] = {
        "NotificationType": _SPLITTING,
        "NotificationDateAndTime": case.timestamp,
        **key(case),
    }
    arcs: list[Told] = [{"AdministrativeReferenceCode": part.reference} for part in parts]
    changes = content("IE803", {"ExciseNotification": notice, "DownstreamArc": arcs})
    whole = to_consignee(case, Tell(type_code="IE803", changes=changes), consignee_of(case))
    return Reaction(
        tell=(*(told for part in parts for told in validated(part)), *whole),
        movement=case.moved(State.SPLIT),
        also=tuple(Start(movement=part.movement, later=what_comes(part)) for part in parts),
    )


def _part(case: Case, details: Element) -> Case:
    """A part as a case of its own, with its LRN and ARC used up."""
    items: list[Told] = [Again(item) for item in find_all_at(details, "BodyEad")]
    news = redirected(details)
    invoice = {"LocalReferenceNumber": _lrn(details)}
    draft = case.compose(
        "IE815", case.declaration, content("IE815", {**news, "BodyEadEsad": items, "EadEsadDraft": invoice})
    )
    movement = Movement(
        principal=case.movement.principal,
        lrn=_lrn(details),
        state=State.RELEASED,
        scenario=case.movement.scenario,
        schema=case.asked.message_type.version,
        type_code=case.movement.type_code,
        declaration=draft,
        facts={"upstream": case.reference},
        sys_ref=case.asked.delivery.sys_ref,
        own_id=case.asked.facts.own_id,
        changed_at=case.at,
    )
    case.numbers.take_lrn(movement)
    return begun(case, movement)


def _lrn(details: Element) -> str:
    return text_at(details, "LocalReferenceNumber") or ""
