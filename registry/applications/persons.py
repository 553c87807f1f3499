"""Rules for WRR0001 (registration of a person) and WRR0002 (update)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from registry.applications import checks
from registry.applications.changes import AddPerson, ChangePerson, LinkAccount, RegisterChange
from registry.applications.facts import Facts
from registry.applications.form import Form, Part
from registry.applications.outcome import Approved, Content, Outcome, Reason, Refusal, Waiting, WaitReason
from registry.applications.reasons import reason
from registry.errors import InvalidNumberError
from registry.model import AccountLevel, Person
from registry.numbers import document_id_sisc, parse_pesel, person_id_sisc
from registry.rows import JsonObject

__all__ = ["ONLY_SYSTEM", "register", "update"]

#: Who asks for the simplified registration may act in this system only, where no representation is needed.
ONLY_SYSTEM = "NCTS2"

_LEVELS = {"PODSTAWOWY": AccountLevel.BASIC, "ROZSZERZONY": AccountLevel.EXTENDED}
_DOCUMENT_IDS = {"PASZPORT": "PAS", "DOWOD_OSOBISTY": "IDC"}  # of EN 319 412-1 §5.1.3
_DETAILS = ("Osoba", "AdresZamieszkania", "AdresKorespondencyjny", "Kontakt")
_TO_BE_IDENTIFIED = Waiting(
    why=WaitReason.IDENTITY,
    text_pl="Podpis nie zawiera numeru osoby. Potwierdź tożsamość w urzędzie celno-skarbowym.",
    text_en="The signature bears no number of the person. Confirm your identity at a customs-and-tax office.",
)
_TO_BE_REACTIVATED = Waiting(
    why=WaitReason.IDENTITY,
    text_pl="Osoba jest dezaktywowana; o przywróceniu zdecyduje urzędnik.",
    text_en="The person is deactivated; a clerk decides on the reactivation.",
)
_NAME_TO_BE_VERIFIED = Waiting(
    why=WaitReason.DOCUMENTS,
    text_pl="Zmianę imienia lub nazwiska sprawdzi urzędnik. Certyfikat wydany na dotychczasowe dane może "
    "wymagać "
    "wymiany.",
    text_en="A clerk verifies the change of name. A certificate issued for the old data may have to be "
    "replaced.",
)


def register(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:
    """Decide on WRR0001.

    Args:
        form: the application.
        facts: what the register says.
        confirmed: a clerk has looked at what rules cannot decide.
    """
    reasons = [*_person_reasons(form), *_registration_reasons(form, facts), *checks.attachments(form, facts)]
    if reasons:
        return Refusal(reasons=reasons)
    if not confirmed and not _signed_by_the_person(form, facts):
        return _TO_BE_IDENTIFIED
    person = _new_person(form)
    level = _LEVELS[form.text("Konto/Zakres") or ""]
    return _approved(
        person.id_sisc,
        AddPerson(person=person, data=_details(form)),
        LinkAccount(login=facts.account.login, person=person.id_sisc, level=level),
        level=level,
        day=facts.today,
    )


def update(form: Form, facts: Facts, *, confirmed: bool) -> Outcome:
    """Decide on WRR0002; arguments as `register`."""
    reasons = [*_person_reasons(form), *_update_reasons(form, facts), *checks.attachments(form, facts)]
    person = facts.applicant
    if reasons or person is None:
        return Refusal(reasons=reasons)
    if not confirmed and not person.active:
        return _TO_BE_REACTIVATED
    renamed = not _same_names(form, person)
    if renamed and not checks.has_attachment(form, ["DOKUMENT_TOZSAMOSCI"]):
        return Refusal(reasons=list(checks.required_attachment(form, "DOKUMENT_TOZSAMOSCI")))
    if renamed and not confirmed:
        return _NAME_TO_BE_VERIFIED
    return _changed(form, facts, person)


def _changed(form: Form, facts: Facts, person: Person) -> Outcome:
    scope = form.text("Konto/Zakres")
    level = _LEVELS[scope] if scope else facts.account.level
    extended = scope is not None and level is AccountLevel.EXTENDED
    after = replace(
        person,
        given_names=_given_names(form),
        surname=form.text("Osoba/Nazwisko") or person.surname,
        pesel=person.pesel or form.text("Osoba/Pesel"),
        active=True,
        only_system=None if extended else person.only_system,
    )
    return _approved(
        person.id_sisc,
        ChangePerson(person=after, data=_details(form)),
        LinkAccount(login=facts.account.login, person=person.id_sisc, level=level),
        level=level,
        day=facts.today,
    )


def _person_reasons(form: Form) -> Iterator[Reason]:
    pesel = form.text("Osoba/Pesel")
    if pesel is None:
        return
    place = form.place("Osoba/Pesel")
    try:
        born = parse_pesel(pesel).born
    except InvalidNumberError as error:
        yield reason(
            "NUMBER_INVALID",
            xpath=place,
            value=pesel,
            kind=error.kind,
            why_pl=error.reason_pl,
            why_en=error.reason_en,
        )
        return
    stated = form.text("Osoba/DataUrodzenia") or ""
    if stated != born.isoformat():
        yield reason("BIRTH_DATE_DIFFERS", xpath=form.place("Osoba/DataUrodzenia"), value=stated)


def _registration_reasons(form: Form, facts: Facts) -> Iterator[Reason]:
    if facts.account.person_id is not None:
        yield reason("ACCOUNT_HAS_PERSON", value=facts.account.person_id)
    yield from _account_reasons(form, facts)
    if facts.pesel_holder is not None:
        yield reason("PERSON_REGISTERED_ALREADY", xpath=form.place("Osoba/Pesel"))
    surname = form.text("Naglowek/Skladajacy/Nazwisko") or ""
    if not checks.same_name(surname, form.text("Osoba/Nazwisko") or ""):
        yield reason("APPLICANT_DIFFERS", xpath=form.place("Naglowek/Skladajacy/Nazwisko"))
    pesel = form.text("Osoba/Pesel")
    signed_by = {one for one in facts.evidence.signer_ids if one.startswith("PNOPL-")}
    if pesel is not None and signed_by and f"PNOPL-{pesel}" not in signed_by:
        yield reason("SIGNER_IS_NOT_PERSON", xpath=form.place("Osoba/Pesel"))


def _account_reasons(form: Form, facts: Facts) -> Iterator[Reason]:
    login = form.text("Konto/Login")
    if login is not None and login.lower() != facts.account.login:
        yield reason("ACCOUNT_OF_ANOTHER", xpath=form.place("Konto/Login"), value=login)


def _update_reasons(form: Form, facts: Facts) -> Iterator[Reason]:
    person = facts.applicant
    if person is None:
        yield reason("APPLICANT_NOT_REGISTERED")
        return
    if form.text("IdSisc") != person.id_sisc:
        yield reason("PERSON_OF_ANOTHER", xpath=form.place("IdSisc"))
    named = form.text("Naglowek/Skladajacy/IdSisc")
    if named not in {None, person.id_sisc}:
        yield reason("APPLICANT_DIFFERS", xpath=form.place("Naglowek/Skladajacy/IdSisc"))
    yield from _account_reasons(form, facts)
    pesel = form.text("Osoba/Pesel")
    if person.pesel is not None and pesel != person.pesel:
        yield reason("PESEL_FIXED", xpath=form.place("Osoba/Pesel"))
    if facts.pesel_holder is not None and facts.pesel_holder.id_sisc != person.id_sisc:
        yield reason("PERSON_REGISTERED_ALREADY", xpath=form.place("Osoba/Pesel"))


def _signed_by_the_person(form: Form, facts: Facts) -> bool:
    """Whether the certificate bears the number of the person: then nobody has to come to an office."""
    pesel = form.text("Osoba/Pesel")
    if pesel is not None:
        return f"PNOPL-{pesel}" in facts.evidence.signer_ids
    document = form.part("Osoba/DokumentTozsamosci")
    kind = _DOCUMENT_IDS.get(document.text("Rodzaj") or "") if document else None
    if document is None or kind is None:
        return False
    return f"{kind}{document.text('KrajWydania')}-{_compact(document)}" in facts.evidence.signer_ids


def _compact(document: Part) -> str:
    return "".join((document.text("SeriaINumer") or "").split()).upper()


def _same_names(form: Form, person: Person) -> bool:
    surname = form.text("Osoba/Nazwisko") or ""
    return checks.same_name(surname, person.surname) and checks.same_name(
        _given_names(form), person.given_names
    )


def _given_names(form: Form) -> str:
    return " ".join(filter(None, (form.text("Osoba/Imie"), form.text("Osoba/DrugieImie"))))


def _new_person(form: Form) -> Person:
    pesel = form.text("Osoba/Pesel")
    simplified = form.text("RejestracjaUproszczona") == "T"
    return Person(
        id_sisc=person_id_sisc(pesel) if pesel else _id_by_document(form),
        given_names=_given_names(form),
        surname=form.text("Osoba/Nazwisko") or "",
        pesel=pesel,
        only_system=ONLY_SYSTEM if simplified else None,
    )


def _id_by_document(form: Form) -> str:
    """The ID SISC that the identity document of the form gives."""
    document = form.part("Osoba/DokumentTozsamosci")
    if document is None:
        return document_id_sisc("", "")
    return document_id_sisc(document.text("KrajWydania") or "", _compact(document))


def _details(form: Form) -> JsonObject:
    return {name: part.data() for name in _DETAILS if (part := form.part(name))}


def _approved(id_sisc: str, *changes: RegisterChange, level: AccountLevel, day: date) -> Approved:
    scope = next(name for name, value in _LEVELS.items() if value is level)
    content: Content = (("IdSisc", id_sisc), ("Zakres", scope), ("DataWpisu", day.isoformat()))
    return Approved(changes=changes, content=content, subject=id_sisc)
