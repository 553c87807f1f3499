"""Checks that several forms share. Each yields a reason for everything that is wrong."""

import base64
import unicodedata
from collections.abc import Iterable, Iterator

from registry.applications.facts import Facts
from registry.applications.form import Form, Part
from registry.applications.outcome import Reason
from registry.applications.reasons import reason
from registry.errors import InvalidNumberError
from registry.model import NumberKind
from registry.numbers import parse_number

__all__ = [
    "attachments",
    "filer",
    "has_attachment",
    "number",
    "registered_filer",
    "required_attachment",
    "same_name",
]


def number(part: Part, path: str, kind: NumberKind) -> Iterator[Reason]:
    """A number that breaks its own rules."""
    for found in part.parts(path):
        try:
            parse_number(kind, found.value)
        except InvalidNumberError as error:
            yield reason(
                "NUMBER_INVALID",
                xpath=found.where,
                value=found.value,
                kind=error.kind,
                why_pl=error.reason_pl,
                why_en=error.reason_en,
            )


def attachments(form: Form, facts: Facts) -> Iterator[Reason]:
    """Files that are listed but did not come, or came otherwise."""
    received = {file.name: file.sha256 for file in facts.evidence.files}
    for listed in form.parts("Zalaczniki/Zalacznik"):
        name = listed.text("NazwaPliku") or ""
        digest = listed.text("SkrotSHA256")
        if name not in received:
            yield reason("ATTACHMENT_NOT_RECEIVED", xpath=listed.place("NazwaPliku"), value=name)
        elif digest is not None and base64.b64decode(digest) != received[name]:
            yield reason("ATTACHMENT_DIFFERS", xpath=listed.place("SkrotSHA256"), value=name)


def has_attachment(form: Form, kinds: Iterable[str]) -> bool:
    """Whether a file of one of these kinds is listed; `attachments` sees to it that it came."""
    return not set(kinds).isdisjoint(form.texts("Zalaczniki/Zalacznik/Rodzaj"))


def required_attachment(form: Form, *kinds: str) -> Iterator[Reason]:
    """An attachment that must be there, of one of these kinds."""
    if not has_attachment(form, kinds):
        yield reason("ATTACHMENT_MISSING", xpath=form.place("Zalaczniki"), value=" / ".join(kinds))


def filer(form: Form, facts: Facts) -> Iterator[Reason]:
    """A filer named in the header who is somebody else."""
    named = form.text("Naglowek/Skladajacy/IdSisc")
    if named is not None and (facts.applicant is None or named != facts.applicant.id_sisc):
        yield reason("APPLICANT_DIFFERS", xpath=form.place("Naglowek/Skladajacy/IdSisc"))
    surname = form.text("Naglowek/Skladajacy/Nazwisko") or ""
    if facts.applicant is not None and not same_name(surname, facts.applicant.surname):
        yield reason("APPLICANT_DIFFERS", xpath=form.place("Naglowek/Skladajacy/Nazwisko"))


def registered_filer(form: Form, facts: Facts) -> Iterator[Reason]:
    """A filer who may not act for any entity yet."""
    if facts.applicant is None or not facts.applicant.active:
        yield reason("APPLICANT_NOT_REGISTERED")
        return
    if facts.applicant.only_system is not None:
        yield reason("APPLICANT_FOR_ONE_SYSTEM_ONLY", value=facts.applicant.only_system)
    yield from filer(form, facts)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same, however composed and in whatever case."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
