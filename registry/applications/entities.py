"""Rules for WRP0001 (registration of an entity), WRP0002 (update) and WRP0003 (deactivation)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from registry.applications import checks
from registry.applications.changes import AddEntity, ChangeEntity, DeactivateEntity
from registry.applications.entity_data import Draft, areas_of, draft_of, eori_to_assign, number_of, updated
from registry.applications.facts import Facts, named_entity
from registry.applications.form import Form, Part
from registry.applications.outcome import Approved, Content, Outcome, Reason, Refusal, Waiting, WaitReason
from registry.applications.reasons import reason
from registry.errors import InvalidNumberError
from registry.model import Entity, NumberKind, Privilege
from registry.numbers import entity_id_sisc
from registry.powers import powers_over
from registry.rows import JsonObject

__all__ = ["authority", "deactivate", "register", "update"]

_DOCUMENTS = ("PELNOMOCNICTWO", "DOKUMENT_REJESTROWY")
_TO_BE_VERIFIED = Waiting(
    why=WaitReason.DOCUMENTS,
    text_pl="Dokumenty, z których wynika prawo do działania za podmiot, sprawdzi urzędnik.",
    text_en="A clerk verifies the documents that give the right to act for the entity.",
)
_TO_BE_REACTIVATED = Waiting(
    why=WaitReason.DOCUMENTS,
    text_pl="Podmiot jest dezaktywowany; o przywróceniu zdecyduje urzędnik.",
    text_en="The entity is deactivated; a clerk decides on the reactivation.",
)
#: What is held in KRS or CEIDG, by the element of the form.
_REGISTER_DATA = ("FormaPrawna", "NazwaPelna", "AdresSiedziby")
_FIXED = {"Nip": NumberKind.NIP, "Regon": NumberKind.REGON, "Krs": NumberKind.KRS}


def register(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:
    """Decide on WRP0001. The owner of an own business is believed; others show what lets them act for it.

    Args:
        form: the application.
        facts: what the register says.
        confirmed: a clerk has looked at the documents.
    """
    own = form.part("Podmiot/Wlasciciel") is not None
    reasons = [
        *checks.registered_filer(form, facts),
        *_number_reasons(form, facts, known=None),
        *(_owner_reasons(form, facts) if own else checks.required_attachment(form, *_DOCUMENTS)),
        *checks.attachments(form, facts),
        *_branch_reasons(form.parts("Oddzialy/Oddzial"), {}),
    ]
    draft = draft_of(form, form.part("Podmiot") or form, case=facts.evidence.case)
    if not reasons:
        reasons = [*_id_reasons(draft)]
    if reasons:
        return Refusal(reasons=reasons)
    if not own and not confirmed:
        return _TO_BE_VERIFIED
    entity = Entity(
        id_sisc=entity_id_sisc(
            eori=draft.head_eori,
            nip=number_of(draft.numbers, NumberKind.NIP),
            regon=number_of(draft.numbers, NumberKind.REGON),
        ),
        name=draft.name,
        numbers=draft.numbers,
        owner_person=facts.applicant.id_sisc if own and facts.applicant else None,
    )
    return Approved(
        changes=[AddEntity(entity=entity, data=draft.data)],
        content=_content(entity, draft.data, facts.today),
        subject=entity.id_sisc,
    )


def update(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:
    """Decide on WRP0002; arguments as `register`. A deactivated entity is active again afterwards."""
    entity = facts.entity
    if entity is None:
        return Refusal(reasons=[*checks.registered_filer(form, facts), _unknown(form)])
    reasons = [
        *checks.registered_filer(form, facts),
        *(() if not entity.active else authority(form, facts, Privilege.UPDATE_ENTITY, "NO_RIGHT_TO_UPDATE")),
        *(checks.required_attachment(form, *_DOCUMENTS) if not entity.active else ()),
        *_number_reasons(form, facts, known=entity),
        *_change_reasons(form, facts, entity),
        *checks.attachments(form, facts),
    ]
    if reasons:
        return Refusal(reasons=reasons)
    if not entity.active and not confirmed:
        return _TO_BE_REACTIVATED
    draft = updated(form, entity, facts.data, case=facts.evidence.case)
    after = replace(entity, name=draft.name, numbers=draft.numbers, active=True)
    return Approved(
        changes=[ChangeEntity(entity=after, data=draft.data)],
        content=_content(after, draft.data, facts.today),
        subject=entity.id_sisc,
    )


def deactivate(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:  # noqa: ARG001 - one form for all rules
    """Decide on WRP0003: the entity is out of use, and every right it gave or holds ends."""
    entity = facts.entity
    if entity is None:
        return Refusal(reasons=[*checks.registered_filer(form, facts), _unknown(form)])
    day = form.text("DataDezaktywacji") or ""
    reasons = [
        *checks.registered_filer(form, facts),
        *authority(form, facts, Privilege.UPDATE_ENTITY, "NO_RIGHT_TO_UPDATE"),
        *([] if entity.active else [reason("ENTITY_INACTIVE", value=entity.id_sisc)]),
        *_future(form.place("DataDezaktywacji"), day, facts.today),
        *checks.attachments(form, facts),
    ]
    if reasons:
        return Refusal(reasons=reasons)
    return Approved(
        changes=[DeactivateEntity(id_sisc=entity.id_sisc)],
        content=_content(replace(entity, active=False), facts.data, facts.today),
        subject=entity.id_sisc,
    )


def authority(form: Form, facts: Facts, privilege: Privilege, code: str) -> Iterator[Reason]:
    """The missing right of the filer over the entity, under a code."""
    if facts.applicant is None or facts.entity is None:
        return
    powers = powers_over(facts.applicant, facts.entity, facts.own_links, facts.at)
    if not any(power.may(privilege) for power in powers):
        yield reason(code, value=facts.entity.id_sisc, xpath=form.place("Podmiot"))


def _unknown(form: Form) -> Reason:
    named = named_entity(form)
    return reason("ENTITY_NOT_REGISTERED", xpath=form.place("Podmiot"), value=named.number if named else "")


def _owner_reasons(form: Form, facts: Facts) -> Iterator[Reason]:
    named = form.text("Podmiot/Wlasciciel/IdSisc")
    person = facts.applicant.id_sisc if facts.applicant else None
    if named != person or form.text("Podmiot/FormaPrawna") != "OSOBA_FIZYCZNA":
        yield reason("OWNER_DIFFERS", xpath=form.place("Podmiot/Wlasciciel"))


def _number_reasons(form: Form, facts: Facts, *, known: Entity | None) -> Iterator[Reason]:
    places = {
        NumberKind.NIP: ("Podmiot/Nip", "Zmiany/Dane/Nip"),
        NumberKind.REGON: ("Podmiot/Regon", "Zmiany/Dane/Regon"),
        NumberKind.KRS: ("Podmiot/Krs", "Zmiany/Dane/Krs"),
        NumberKind.EORI: ("Obszary/Clo/Eori", "Zmiany/DodawaneObszary/Clo/Eori"),
        NumberKind.EXCISE: (
            "Obszary/Akcyza/NumerAkcyzowy",
            "Zmiany/DodawaneObszary/Akcyza/NumerAkcyzowy",
        ),
    }
    for kind, paths in places.items():
        for path in paths:
            yield from checks.number(form, path, kind)
    for party, holder in facts.taken.items():
        if known is None or holder.id_sisc != known.id_sisc:
            yield reason("ENTITY_REGISTERED_ALREADY", value=party.number)
    yield from _eori_reasons(form, facts, known)


def _eori_reasons(form: Form, facts: Facts, known: Entity | None) -> Iterator[Reason]:
    """A Polish EORI is made of the NIP; who has none is given one only as a firm of a third country."""
    nip = form.text("Podmiot/Nip") if known is None else number_of(known.numbers, NumberKind.NIP)
    for path in ("Obszary/Clo", "Zmiany/DodawaneObszary/Clo"):
        eori = form.text(f"{path}/Eori")
        if eori is not None and nip is not None and not eori.startswith(f"PL{nip}"):
            yield reason("EORI_DIFFERS", xpath=form.place(f"{path}/Eori"), value=eori)
        if form.part(f"{path}/NadanieEori") is None:
            continue
        place = form.place(f"{path}/NadanieEori")
        held = number_of(known.numbers, NumberKind.EORI) if known else None
        if held is not None:
            yield reason("EORI_ASSIGNED_ALREADY", xpath=place, value=held)
        elif eori_to_assign(nip, _identity(form, facts), facts.evidence.case) is None:
            yield reason("EORI_NOT_ASSIGNABLE", xpath=place)


def _identity(form: Form, facts: Facts) -> JsonObject:
    """The data of the entity as they will be."""
    stated = form.part("Zmiany/Dane") or (form.part("Podmiot") if form.part("Zmiany") is None else None)
    held = facts.data.get("Podmiot")
    return stated.data() if stated else held if isinstance(held, dict) else {}


def _id_reasons(draft: Draft) -> Iterator[Reason]:
    try:
        entity_id_sisc(
            eori=draft.head_eori,
            nip=number_of(draft.numbers, NumberKind.NIP),
            regon=number_of(draft.numbers, NumberKind.REGON),
        )
    except InvalidNumberError:
        yield reason("ID_SISC_NOT_ASSIGNABLE")


def _change_reasons(form: Form, facts: Facts, entity: Entity) -> Iterator[Reason]:
    data = form.part("Zmiany/Dane")
    if data is not None:
        yield from _register_data_reasons(data, facts, entity)
    yield from _area_reasons(form, facts)
    branches = facts.data.get("Oddzialy")
    held = branches if isinstance(branches, dict) else {}
    yield from _branch_reasons(form.parts("Zmiany/Oddzialy/Oddzial"), held)
    for closed in form.parts("Zmiany/Oddzialy/Oddzial/Zamkniety"):
        yield from _future(closed.where, closed.value, facts.today)


def _register_data_reasons(data: Part, facts: Facts, entity: Entity) -> Iterator[Reason]:
    """Data of KRS and CEIDG are changed there; what is not held here may be completed."""
    source = "KRS" if number_of(entity.numbers, NumberKind.KRS) else "CEIDG" if entity.owner_person else None
    if source is not None:
        held = facts.data.get("Podmiot")
        stated = data.data()
        before = held if isinstance(held, dict) else {"NazwaPelna": entity.name}
        for name in _REGISTER_DATA:
            if name in before and stated.get(name) != before[name]:
                yield reason("REGISTER_DATA", xpath=data.place(name), value=name, source=source)
    for name, kind in _FIXED.items():
        number, stated_number = number_of(entity.numbers, kind), data.text(name)
        if number is not None and stated_number is not None and stated_number != number:
            yield reason("NUMBER_FIXED", xpath=data.place(name), value=number)
    owner = data.text("Wlasciciel/IdSisc")
    if owner not in {None, entity.owner_person}:
        yield reason("OWNER_DIFFERS", xpath=data.place("Wlasciciel"))


def _area_reasons(form: Form, facts: Facts) -> Iterator[Reason]:
    held = areas_of(facts.data)
    added = {part.name.upper(): part for part in _areas_added(form)}
    removed = {part.value: part for part in form.parts("Zmiany/UsuwaneObszary/Obszar")}
    for name, part in added.items():
        if name in held and part.part("NadanieEori") is None:
            yield reason("AREA_REGISTERED_ALREADY", xpath=part.where, value=name)
    for name, part in removed.items():
        if name not in held:
            yield reason("AREA_NOT_REGISTERED", xpath=part.where, value=name)
    if removed and not (held | added.keys()) - removed.keys():
        yield reason("LAST_AREA", xpath=form.place("Zmiany/UsuwaneObszary"))


def _areas_added(form: Form) -> Sequence[Part]:
    return [
        part
        for name in ("Clo", "Akcyza")
        if (part := form.part(f"Zmiany/DodawaneObszary/{name}")) is not None
    ]


def _branch_reasons(branches: Sequence[Part], held: dict[str, object]) -> Iterator[Reason]:
    seen = set[str]()
    for branch in branches:
        number = branch.text("NumerOddzialu") or ""
        new = branch.part("DaneOddzialu") is not None or branch.part("Dodany") is not None
        if number == "00000" or number in seen or new is (number in held):
            yield reason("BRANCH", xpath=branch.place("NumerOddzialu"), value=number)
        seen.add(number)
        for name in ("DaneOddzialu", "Dodany", "Zmieniony"):
            yield from checks.number(branch, f"{name}/Regon", NumberKind.REGON)


def _future(place: str, day: str, today: date) -> Iterator[Reason]:
    if day > today.isoformat():
        yield reason("DATE_IN_FUTURE", xpath=place, value=day)


def _content(entity: Entity, data: dict[str, object], day: date) -> Content:
    branches = data.get("Oddzialy")
    eoris = {number for kind, number in entity.numbers if kind is NumberKind.EORI}
    nip = number_of(entity.numbers, NumberKind.NIP)
    rows: list[tuple[str, str | Content | None]] = [
        ("IdSisc", entity.id_sisc),
        ("Stan", "AKTYWNY" if entity.active else "NIEAKTYWNY"),
        ("Eori", number_of(entity.numbers, NumberKind.EORI)),
        *(("NumerAkcyzowy", number) for kind, number in entity.numbers if kind is NumberKind.EXCISE),
    ]
    for branch in sorted(branches) if isinstance(branches, dict) else ():
        eori = f"PL{nip}{branch}"
        rows.append(("Oddzial", (("NumerOddzialu", branch), ("Eori", eori if eori in eoris else None))))
    return [*rows, ("DataWpisu", day.isoformat())]
