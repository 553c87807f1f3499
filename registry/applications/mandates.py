"""Rules for WPE0001: rights are given, changed and ended, each position of the form for itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from registry.applications import checks
from registry.applications.changes import (
    EndRight,
    GiveRight,
    RegisterChange,
    ReplaceRight,
    ShortenRight,
)
from registry.applications.entities import authority
from registry.applications.entity_data import areas_of
from registry.applications.facts import Facts, named_entity
from registry.applications.form import Form, Part
from registry.applications.outcome import Approved, Content, Outcome, Reason, Refusal, Waiting, WaitReason
from registry.applications.reasons import reason
from registry.model import (
    EVERY_ACTIVITY,
    Activity,
    Entity,
    Privilege,
    Representation,
    RepresentationLevel,
)
from registry.powers import Power, powers_over

__all__ = ["decide"]

#: Stamp duty on an authorisation, złoty a relation.
_DUTY = Decimal(17)
_ACTIVITIES = {"WYSYLANIE": Activity.SEND, "ODBIOR": Activity.RECEIVE, "PODGLAD": Activity.VIEW}
_PRIVILEGES = {
    "AKTUALIZACJA_PODMIOTU": Privilege.UPDATE_ENTITY,
    "LISTA_REPREZENTANTOW": Privilege.LIST_REPRESENTATIVES,
    "DEZAKTYWACJA_REPREZENTACJI": Privilege.END_REPRESENTATIONS,
    "E_PLATNOSCI": Privilege.PAY,
    "WIT": Privilege.WIT,
    "CDS": Privilege.CDS,
}
_LEVELS = {"PODSTAWOWE": RepresentationLevel.BASIC, "ROZSZERZONE": RepresentationLevel.EXTENDED}
_CUSTOMS_ONLY = frozenset({"WIT", "CDS"})
_DOCUMENTS = ("PELNOMOCNICTWO", "DOKUMENT_REJESTROWY")
_TO_BE_VERIFIED = Waiting(
    why=WaitReason.DOCUMENTS,
    text_pl="Umocowanie udzielone przez podmiot sprawdzi urzędnik.",
    text_en="A clerk verifies the authority given by the entity.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Position:
    """One representative of the form."""

    part: Part
    number: str
    representative: str
    natural: bool
    existing: Sequence[Representation]

    @property
    def mandate(self) -> Part | None:
        return self.part.part("Umocowanie")

    @property
    def end(self) -> Part | None:
        return self.part.part("Dezaktywacja")


def decide(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:
    """Decide on WPE0001.

    The entity itself, and whom it gave extended rights, give rights in its name; who may pass his right on
    does so within it. Anybody else shows the document that gives the authority, and a clerk looks at it.

    Args:
        form: the application.
        facts: what the register says.
        confirmed: a clerk has looked at the documents.
    """
    entity = facts.entity
    if entity is None:
        named = named_entity(form)
        unknown = reason(
            "ENTITY_NOT_REGISTERED",
            xpath=form.place("Reprezentowany"),
            value=named.number if named else "",
        )
        return Refusal(reasons=[*checks.registered_filer(form, facts), unknown])
    positions = [_position(part, facts) for part in form.parts("Reprezentant")]
    wanted = [_wanted(each, entity, facts) for each in positions]
    powers = _powers(facts, entity)
    reasons = [
        *checks.registered_filer(form, facts),
        *([] if entity.active else [reason("ENTITY_INACTIVE", value=entity.id_sisc)]),
        *(each for position in positions for each in _reasons(form, position, facts, entity)),
        *_ending_reasons(form, positions, facts),
        *_granting_reasons(form, positions, wanted, powers),
        *checks.attachments(form, facts),
    ]
    if reasons:
        return Refusal(reasons=reasons)
    given = [right for right in wanted if right is not None]
    if given and not any(power.may_grant for power in powers) and not confirmed:
        return _TO_BE_VERIFIED
    return _approved(positions, wanted, powers, entity, facts)


def _powers(facts: Facts, entity: Entity) -> Sequence[Power]:
    if facts.applicant is None:
        return ()
    return powers_over(facts.applicant, entity, facts.own_links, facts.at)


def _position(part: Part, facts: Facts) -> _Position:
    natural = part.part("OsobaFizyczna") is not None
    representative = part.text("OsobaFizyczna/IdSisc" if natural else "Podmiot/IdSisc") or ""
    return _Position(
        part=part,
        number=part.text("NumerPozycji") or "",
        representative=representative,
        natural=natural,
        existing=[right for right in facts.given if right.representative == representative],
    )


def _wanted(position: _Position, entity: Entity, facts: Facts) -> Representation | None:
    """The right that a position asks for; None where it ends one."""
    mandate = position.mandate
    if mandate is None:
        return None
    systems: dict[str, frozenset[Activity]] = {}
    for part in mandate.parts("Uprawnienia/System"):
        activities = frozenset(_ACTIVITIES[name] for name in part.texts("Czynnosc"))
        systems[part.text("KodSystemu") or ""] = activities
    last = mandate.text("DataDo")
    return Representation(
        id=position.existing[0].id if position.existing else f"{facts.evidence.case}-{position.number}",
        representative=position.representative,
        represented=entity.id_sisc,
        systems=frozenset(systems),
        level=_LEVELS[mandate.text("Poziom") or ""],
        valid_from=date.fromisoformat(mandate.text("DataOd") or ""),
        valid_to=date.fromisoformat(last) if last else None,
        activities={system: found for system, found in systems.items() if found != EVERY_ACTIVITY},
        privileges=frozenset(_PRIVILEGES[name] for name in mandate.texts("Uprawnienia/Czynnosc")),
        substitution=mandate.text("PrawoSubstytucji") == "T",
    )


def _reasons(form: Form, position: _Position, facts: Facts, entity: Entity) -> Iterator[Reason]:
    yield from _representative_reasons(position, facts, entity)
    mandate = position.mandate
    if mandate is not None:
        yield from _mandate_reasons(form, mandate, position, facts)
    elif not position.existing:
        yield reason("NO_REPRESENTATION", xpath=position.part.where, value=position.representative)


def _representative_reasons(position: _Position, facts: Facts, entity: Entity) -> Iterator[Reason]:
    part, id_sisc = position.part, position.representative
    if id_sisc == entity.id_sisc:
        yield reason("REPRESENTATIVE_IS_REPRESENTED", xpath=part.where, value=id_sisc)
        return
    if position.natural:
        person = facts.persons.get(id_sisc)
        active, registered = person is not None and person.active, person.surname if person else ""
        stated = part.text("OsobaFizyczna/Nazwisko") or ""
    else:
        agency = facts.agencies.get(id_sisc)
        active, registered = agency is not None and agency.active, agency.name if agency else ""
        stated = part.text("Podmiot/Nazwa") or ""
    if position.mandate is not None and not active:
        yield reason("REPRESENTATIVE_NOT_REGISTERED", xpath=part.where, value=id_sisc)
    elif registered and not checks.same_name(stated, registered):
        yield reason("REPRESENTATIVE_DIFFERS", xpath=part.where, value=id_sisc)


def _mandate_reasons(form: Form, mandate: Part, position: _Position, facts: Facts) -> Iterator[Reason]:
    first, last = mandate.text("DataOd") or "", mandate.text("DataDo")
    if last is not None and last < first:
        yield reason("TERM_REVERSED", xpath=mandate.place("DataDo"), value=last)
    elif last is not None and last < facts.today.isoformat():
        yield reason("TERM_OVER", xpath=mandate.place("DataDo"), value=last)
    customs = not facts.data or "CLO" in areas_of(facts.data)
    for activity in mandate.parts("Uprawnienia/Czynnosc"):
        natural_only = activity.value == "CDS" and not position.natural
        if natural_only or (activity.value in _CUSTOMS_ONLY and not customs):
            yield reason("ACTIVITY_NOT_ALLOWED", xpath=activity.where, value=activity.value)
    amount = mandate.text("OplataSkarbowa/Zaplata/Kwota")
    if amount is not None and Decimal(amount) < _DUTY:
        place = mandate.place("OplataSkarbowa/Zaplata/Kwota")
        yield reason("DUTY_TOO_LOW", xpath=place, value=amount)
    yield from _attachment_reasons(form, mandate)


def _attachment_reasons(form: Form, mandate: Part) -> Iterator[Reason]:
    listed = set(form.texts("Zalaczniki/Zalacznik/NumerPozycji"))
    for path in ("DokumentUmocowania/Zalacznik", "OplataSkarbowa/Zaplata/Zalacznik"):
        position = mandate.text(path)
        if position is not None and position not in listed:
            yield reason("ATTACHMENT_NOT_LISTED", xpath=mandate.place(path), value=position)
    if mandate.text("Forma") == "PELNOMOCNIK":
        yield from checks.required_attachment(form, "PELNOMOCNICTWO")


def _ending_reasons(form: Form, positions: Sequence[_Position], facts: Facts) -> Iterator[Reason]:
    """Who ends rights of others needs a right to; everybody may give up his own."""
    own = facts.applicant.id_sisc if facts.applicant else None
    if any(each.end is not None and each.representative != own for each in positions):
        yield from authority(form, facts, Privilege.END_REPRESENTATIONS, "NO_RIGHT_TO_END")


def _granting_reasons(
    form: Form,
    positions: Sequence[_Position],
    wanted: Sequence[Representation | None],
    powers: Sequence[Power],
) -> Iterator[Reason]:
    granting = [power for power in powers if power.may_grant]
    for position, right in zip(positions, wanted, strict=True):
        if right is not None and granting and not _may_give(right, position, granting):
            yield reason("GRANT_EXCEEDS_OWN_RIGHT", xpath=position.part.place("Umocowanie"))
    if not granting and any(right is not None for right in wanted):
        yield from checks.required_attachment(form, *_DOCUMENTS)


def _may_give(right: Representation, position: _Position, powers: Sequence[Power]) -> bool:
    """Who only passes his own right on leaves alone what others gave."""
    power = _basis(right, powers)
    if power is None or power.basis is None or power.extended:
        return power is not None
    return all(existing.basis == power.basis.id for existing in position.existing)


def _basis(right: Representation, powers: Sequence[Power]) -> Power | None:
    """The power by which a right is given; the entity's own name goes before passing a right on."""
    fitting = [power for power in powers if power.may_grant and power.covers(right)]
    return min(fitting, key=lambda power: not (power.owner or power.extended), default=None)


def _approved(
    positions: Sequence[_Position],
    wanted: Sequence[Representation | None],
    powers: Sequence[Power],
    entity: Entity,
    facts: Facts,
) -> Approved:
    changes: list[RegisterChange] = []
    rows: list[tuple[str, str | Content | None]] = [("IdSisc", entity.id_sisc)]
    for position, right in zip(positions, wanted, strict=True):
        if right is None:
            made, told = _ended(position, facts)
        else:
            made, told = _given(position, right, _basis(right, powers))
        changes += made
        rows += told
    return Approved(changes=changes, content=rows, subject=entity.id_sisc)


def _given(
    position: _Position, right: Representation, power: Power | None
) -> tuple[list[RegisterChange], list[tuple[str, Content]]]:
    passed_on = power is not None and power.basis is not None and not power.extended
    right = replace(right, basis=power.basis.id if passed_on and power and power.basis else None)
    if not position.existing:
        return [GiveRight(right=right)], [_row(position, right, "ZAREJESTROWANA")]
    superseded = tuple(other.id for other in position.existing[1:])
    return (
        [ReplaceRight(right=right, superseded=superseded)],
        [_row(position, right, "ZMIENIONA")],
    )


def _ended(position: _Position, facts: Facts) -> tuple[list[RegisterChange], list[tuple[str, Content]]]:
    day = date.fromisoformat((position.end.text("DataZakonczenia") if position.end else None) or "")
    if day > facts.today:
        changes: list[RegisterChange] = [
            ShortenRight(representation=right.id, last_day=day) for right in position.existing
        ]
    else:
        changes = [EndRight(representation=right.id) for right in position.existing]
    ended = [
        replace(right, valid_to=max(right.valid_from, min(day, right.valid_to or date.max)))
        for right in position.existing
    ]
    return changes, [_row(position, right, "ZAKONCZONA") for right in ended]


def _row(position: _Position, right: Representation, state: str) -> tuple[str, Content]:
    last = right.valid_to.isoformat() if right.valid_to else None
    return (
        "Reprezentacja",
        (
            ("NumerPozycji", position.number),
            ("NumerReprezentacji", right.id),
            ("IdSisc", right.representative),
            ("Stan", state),
            ("DataOd", right.valid_from.isoformat()),
            ("DataDo", last),
        ),
    )
