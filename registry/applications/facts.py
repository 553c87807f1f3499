"""What is known about an application beside the form itself: gathered once, then judged without I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from registry.applications.form import Form
from registry.days import polish_day
from registry.model import Account, Entity, NamedParty, NumberKind, Person, Representation
from registry.repository import RegistryRepository
from registry.rows import JsonObject

__all__ = ["Evidence", "Facts", "ReceivedFile", "gather", "named_entity"]

_KINDS = {"IdSisc": NumberKind.ID_SISC, "Eori": NumberKind.EORI, "Nip": NumberKind.NIP}
#: Where a form names the entity it is about.
_ENTITY_AT = {"WRP0002": "Podmiot", "WRP0003": "Podmiot", "WPE0001": "Reprezentowany"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedFile:
    """An attachment as it came."""

    name: str | None
    sha256: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What came with the form: whose signature it bears, and which files."""

    case: str  # sysRef of the document, and number of the case
    login: str  # account that filed it
    signer_ids: frozenset[str]  # numbers in the signer's certificate, e.g. "PNOPL-…" (EN 319 412-1 §5.1.3)
    files: Sequence[ReceivedFile] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the register says about the application, in one state."""

    at: datetime
    account: Account
    applicant: Person | None
    evidence: Evidence
    pesel_holder: Person | None = None
    entity: Entity | None = None  # the one the form names
    data: JsonObject  # details held of the person or entity the form is about
    taken: Mapping[NamedParty, Entity]  # who has the numbers that the form states
    persons: Mapping[str, Person]  # registered ones among the representatives
    agencies: Mapping[str, Entity]  # likewise
    own_links: Sequence[Representation]  # between the applicant and the entity
    given: Sequence[Representation]  # rights of the representatives for the entity, not ended

    @property
    def today(self) -> date:
        """The day in Poland."""
        return polish_day(self.at)


def named_entity(form: Form) -> NamedParty | None:
    """The entity that the form names by one of its numbers; None where the form is about none registered."""
    part = form.part(_ENTITY_AT.get(form.code, "-"))
    if part is None:
        return None
    return next(
        (
            NamedParty(kind=kind, number=number)
            for name, kind in _KINDS.items()
            if (number := part.text(name))
        ),
        None,
    )


def gather(repository: RegistryRepository, form: Form, evidence: Evidence, *, at: datetime) -> Facts:
    """Read everything the rules want to know.

    Raises:
        NotRegisteredError: there is no such account.
    """
    account, applicant = repository.sender(evidence.login)
    named = named_entity(form)
    entity = repository.entity_by_number(named.kind, named.number) if named else None
    representatives = [
        number
        for kind in ("OsobaFizyczna", "Podmiot")
        for number in form.texts(f"Reprezentant/{kind}/IdSisc")
    ]
    pesel = form.text("Osoba/Pesel")
    subject = entity.id_sisc if entity else applicant.id_sisc if applicant else None
    return Facts(
        at=at,
        account=account,
        applicant=applicant,
        evidence=evidence,
        pesel_holder=repository.person_by_pesel(pesel) if pesel else None,
        entity=entity,
        data=repository.details(subject) if subject else {},
        taken=repository.entities_by_numbers(_stated_numbers(form)),
        persons=repository.persons_by_id(representatives),
        agencies={
            party.number: found
            for party, found in repository.entities_by_numbers(
                [NamedParty(kind=NumberKind.ID_SISC, number=number) for number in representatives]
            ).items()
        },
        own_links=(
            repository.representations_for(applicant.id_sisc, [entity.id_sisc])
            if applicant and entity
            else ()
        ),
        given=(repository.representations_between(entity.id_sisc, representatives) if entity else ()),
    )


def _stated_numbers(form: Form) -> list[NamedParty]:
    """Numbers an entity is to have; a REGON may be shared."""
    places = {
        NumberKind.NIP: ("Podmiot/Nip", "Zmiany/Dane/Nip"),
        NumberKind.KRS: ("Podmiot/Krs", "Zmiany/Dane/Krs"),
        NumberKind.EORI: ("Obszary/Clo/Eori", "Zmiany/DodawaneObszary/Clo/Eori"),
        NumberKind.EXCISE: (
            "Obszary/Akcyza/NumerAkcyzowy",
            "Zmiany/DodawaneObszary/Akcyza/NumerAkcyzowy",
        ),
    }
    return [
        NamedParty(kind=kind, number=number)
        for kind, paths in places.items()
        for path in paths
        for number in form.texts(path)
    ]
