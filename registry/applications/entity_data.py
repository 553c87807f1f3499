"""What an entity's record becomes by a form: name, numbers, areas, branches. Nothing is judged here."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from registry.applications.form import Form, Part
from registry.model import Entity, NumberKind
from registry.rows import JsonObject

__all__ = ["Draft", "areas_of", "draft_of", "eori_to_assign", "number_of", "updated"]

Numbers = tuple[tuple[NumberKind, str], ...]
_AREAS = {"Clo": "CLO", "Akcyza": "AKCYZA"}
#: Firms of the member states get their EORI number where they are established (UCC art. 9).
_EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A record to be."""

    name: str
    numbers: Numbers
    data: JsonObject  # Podmiot, Obszary, Oddzialy

    @property
    def head_eori(self) -> str | None:
        """EORI of the head office, not of a branch."""
        return number_of(self.numbers, NumberKind.EORI)


def number_of(numbers: Numbers, kind: NumberKind) -> str | None:
    """The number of a kind; of EORI numbers that of the head office before those of branches."""
    found = sorted(
        (number for each, number in numbers if each is kind), key=lambda one: (one[12:] != "00000", one)
    )
    return found[0] if found else None


def eori_to_assign(nip: str | None, entity: JsonObject, case: str) -> str | None:
    """The EORI number that an entity may be given.

    Args:
        nip: its NIP: then `PL`, NIP, `00000`.
        entity: its data as in `Podmiot`. A firm of a third country without NIP gets `PL`, 14 digits, `Z`.
        case: sysRef of the application: the digits are made of it, so that a case always gets the same.

    Returns:
        None where another member state gives the number, or nothing tells of which country the entity is.
    """
    if nip is not None:
        return f"PL{nip}00000"
    stated = entity.get("IdentyfikatorZagraniczny")
    foreign = stated if isinstance(stated, list) else [stated]
    countries = {each.get("Kraj") for each in foreign if isinstance(each, dict)}
    if not countries or countries & _EU:
        return None
    digits = int.from_bytes(hashlib.sha256(case.encode()).digest()) % 10**14
    return f"PL{digits:014}Z"


def areas_of(data: JsonObject) -> set[str]:
    """Areas an entity is registered in: CLO, AKCYZA."""
    held = data.get("Obszary")
    return {_AREAS[name] for name in held if name in _AREAS} if isinstance(held, dict) else set()


def draft_of(form: Form, entity: Part, *, case: str) -> Draft:
    """The record that a registration, its case a sysRef, asks for."""
    nip = entity.text("Nip")
    areas = form.part("Obszary") or form
    branches = {
        part.text("NumerOddzialu") or "": (part.part("DaneOddzialu") or part).data()
        for part in form.parts("Oddzialy/Oddzial")
    }
    numbers = {
        *_identity(entity),
        *_of_areas(areas, eori_to_assign(nip, entity.data(), case)),
        *_of_branches(branches, nip, customs=areas.part("Clo") is not None),
    }
    data: JsonObject = {"Podmiot": entity.data(), "Obszary": areas.data()}
    if branches:
        data["Oddzialy"] = branches
    return Draft(name=entity.text("NazwaPelna") or "", numbers=tuple(sorted(numbers)), data=data)


def updated(form: Form, entity: Entity, held: JsonObject, *, case: str) -> Draft:
    """The record that an update, its case a sysRef, asks for."""
    data = dict(held)
    numbers = set(entity.numbers)
    stated = form.part("Zmiany/Dane")
    if stated is not None:
        data["Podmiot"] = stated.data()
        numbers |= set(_identity(stated))
    nip = number_of(tuple(numbers), NumberKind.NIP)
    areas = _areas_after(form, held)
    added = form.part("Zmiany/DodawaneObszary")
    identity = data.get("Podmiot")
    assignable = eori_to_assign(nip, identity if isinstance(identity, dict) else {}, case)
    numbers |= set(_of_areas(added, assignable)) if added else set()
    branches = _branches_after(form, held)
    numbers = {one for one in numbers if not _of_closed_branch(one, nip, branches, held)}
    numbers |= set(_of_branches(branches, nip, customs="Clo" in areas))
    for area in form.texts("Zmiany/UsuwaneObszary/Obszar"):
        gone = NumberKind.EORI if area == "CLO" else NumberKind.EXCISE
        numbers = {one for one in numbers if one[0] is not gone}
    data["Obszary"], data["Oddzialy"] = areas, branches
    name = stated.text("NazwaPelna") if stated else None
    return Draft(name=name or entity.name, numbers=tuple(sorted(numbers)), data=data)


def _identity(entity: Part) -> Iterator[tuple[NumberKind, str]]:
    for name, kind in (("Nip", NumberKind.NIP), ("Regon", NumberKind.REGON), ("Krs", NumberKind.KRS)):
        if number := entity.text(name):
            yield kind, number


def _of_areas(areas: Part, assignable: str | None) -> Iterator[tuple[NumberKind, str]]:
    if eori := areas.text("Clo/Eori"):
        yield NumberKind.EORI, eori
    elif assignable and areas.part("Clo/NadanieEori") is not None:
        yield NumberKind.EORI, assignable
    for number in areas.texts("Akcyza/NumerAkcyzowy"):
        yield NumberKind.EXCISE, number


def _of_branches(
    branches: Iterable[str], nip: str | None, *, customs: bool
) -> Sequence[tuple[NumberKind, str]]:
    if nip is None or not customs:
        return ()
    return [(NumberKind.EORI, f"PL{nip}{branch}") for branch in branches]


def _of_closed_branch(
    number: tuple[NumberKind, str], nip: str | None, branches: JsonObject, held: JsonObject
) -> bool:
    before = held.get("Oddzialy")
    closed = set(before) - set(branches) if isinstance(before, dict) else set()
    return number in {(NumberKind.EORI, f"PL{nip}{branch}") for branch in closed}


def _areas_after(form: Form, held: JsonObject) -> JsonObject:
    before = held.get("Obszary")
    areas = dict(before) if isinstance(before, dict) else {}
    added = form.part("Zmiany/DodawaneObszary")
    areas |= added.data() if added else {}
    removed = set(form.texts("Zmiany/UsuwaneObszary/Obszar"))
    return {name: data for name, data in areas.items() if _AREAS.get(name) not in removed}


def _branches_after(form: Form, held: JsonObject) -> JsonObject:
    before = held.get("Oddzialy")
    branches: JsonObject = dict(before) if isinstance(before, dict) else {}
    for branch in form.parts("Zmiany/Oddzialy/Oddzial"):
        number = branch.text("NumerOddzialu") or ""
        data = branch.part("Dodany") or branch.part("Zmieniony")
        if data is None:
            branches.pop(number, None)
        else:
            branches[number] = data.data()
    return branches
