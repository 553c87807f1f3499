"""What a sender without a right is told: the reason, and how to obtain the right, in Polish and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registry.model import NamedParty, NumberKind, RefusalReason, Refused

__all__ = ["refuse"]

_KIND_PL = MappingProxyType(
    {
        NumberKind.EORI: "EORI",
        NumberKind.NIP: "NIP",
        NumberKind.EXCISE: "numer akcyzowy",
        NumberKind.REGON: "REGON",
        NumberKind.KRS: "KRS",
        NumberKind.ID_SISC: "ID SISC",
    }
)
_KIND_EN = MappingProxyType({**_KIND_PL, NumberKind.EXCISE: "excise number"})

_OBTAIN_PL = (
    "Podmiot {party} składa do SZPROT wniosek WPE0001 o rejestrację lub zmianę reprezentacji, podając {who} "
    "i uprawnienie do systemu {system}; potem wyślij dokument ponownie."
)
_OBTAIN_EN = (
    "{party} files WPE0001 (registration or change of representation) to SZPROT, naming {who} and the right "
    "for system {system}; then send the document again."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    message_pl: str
    message_en: str
    remedy_pl: str
    remedy_en: str


_TEXTS: Mapping[RefusalReason, _Text] = MappingProxyType(
    {
        RefusalReason.ACCOUNT_INACTIVE: _Text(
            message_pl="Konto {login} jest zamknięte.",
            message_en="Account {login} is closed.",
            remedy_pl="Wyślij dokument z innego konta tej samej osoby albo zwróć się do Help Desk o nowe "
            "konto.",
            remedy_en="Send from another account of the same person, or ask the help desk for a new account.",
        ),
        RefusalReason.NO_PERSON: _Text(
            message_pl="Z kontem {login} nie jest powiązana osoba zarejestrowana w SISC.",
            message_en="No person registered in SISC is linked to account {login}.",
            remedy_pl="Zarejestruj osobę wnioskiem WRR0001 do SZPROT albo powiąż konto z danymi już "
            "zarejestrowanymi (Moje konto).",
            remedy_en="Register the person with WRR0001 to SZPROT, or link the account to data registered "
            "already (My account).",
        ),
        RefusalReason.PERSON_INACTIVE: _Text(
            message_pl="Osoba o ID SISC {who} jest w rejestrze dezaktywowana.",
            message_en="The person with ID SISC {who} is deactivated in the register.",
            remedy_pl="Złóż z tego konta wniosek WRR0002 do SZPROT: przyjmuje go także od osoby "
            "dezaktywowanej, a "
            "urzędnik zdecyduje o przywróceniu.",
            remedy_en="File WRR0002 to SZPROT from this account: it is taken from a deactivated person, "
            "too, and a "
            "clerk decides on the reactivation.",
        ),
        RefusalReason.BASIC_LEVEL: _Text(
            message_pl="Konto {login} ma zakres podstawowy, który nie pozwala działać za podmiot {party}.",
            message_en="Account {login} has the basic level, which does not allow acting for {party}.",
            remedy_pl="Rozszerz zakres konta (rejestracja osoby WRR0001 do SZPROT), a następnie zarejestruj "
            "reprezentację podmiotu {party} wnioskiem WPE0001.",
            remedy_en="Raise the account to the extended level (register the person with WRR0001 to SZPROT), "
            "then register the representation of {party} with WPE0001.",
        ),
        RefusalReason.PARTY_MISSING: _Text(
            message_pl="Dokument nie wskazuje podmiotu, w którego imieniu jest wysyłany do systemu {system}.",
            message_en="The document does not name the party for which it is sent to system {system}.",
            remedy_pl="Podaj w dokumencie numer identyfikacyjny (EORI lub numer akcyzowy) podmiotu.",
            remedy_en="State the party's identification number (EORI or excise number) in the document.",
        ),
        RefusalReason.PARTY_UNKNOWN: _Text(
            message_pl="Podmiot {party} nie jest zarejestrowany w SISC.",
            message_en="{party} is not registered in SISC.",
            remedy_pl="Sprawdź numer w dokumencie. Jeśli jest poprawny, podmiot rejestruje się wnioskiem "
            "WRP0001 (albo uzupełnia dane wnioskiem WRP0002) do SZPROT.",
            remedy_en="Check the number in the document. If it is right, the party registers with WRP0001 "
            "(or completes its data with WRP0002) to SZPROT.",
        ),
        RefusalReason.PARTY_INACTIVE: _Text(
            message_pl="Podmiot {party} jest w rejestrze dezaktywowany.",
            message_en="{party} is deactivated in the register.",
            remedy_pl="Właściciel albo pełnomocnik podmiotu składa wniosek WRP0002 do SZPROT z dokumentem, "
            "z którego "
            "wynika umocowanie: SZPROT przyjmuje go także dla podmiotu dezaktywowanego, a urzędnik "
            "zdecyduje o "
            "przywróceniu.",
            remedy_en="Its owner or attorney files WRP0002 to SZPROT with the document that gives the "
            "authority: it "
            "is taken for a deactivated party, too, and a clerk decides on the reactivation.",
        ),
        RefusalReason.NO_RIGHT: _Text(
            message_pl="{who} nie ma zarejestrowanego uprawnienia do działania za podmiot {party} "
            "w systemie {system}.",
            message_en="{who} has no registered right to act for {party} in system {system}.",
            remedy_pl=_OBTAIN_PL,
            remedy_en=_OBTAIN_EN,
        ),
        RefusalReason.RIGHT_NOT_YET_VALID: _Text(
            message_pl="Uprawnienie {who} do działania za podmiot {party} jest ważne dopiero od {day}.",
            message_en="The right of {who} to act for {party} is valid only from {day}.",
            remedy_pl="Wyślij dokument od tego dnia albo: " + _OBTAIN_PL,
            remedy_en="Send the document on or after that day, or: " + _OBTAIN_EN,
        ),
        RefusalReason.RIGHT_EXPIRED: _Text(
            message_pl="Uprawnienie {who} do działania za podmiot {party} wygasło; ostatni dzień: {day}.",
            message_en="The right of {who} to act for {party} has expired; last day: {day}.",
            remedy_pl=_OBTAIN_PL,
            remedy_en=_OBTAIN_EN,
        ),
        RefusalReason.AGENCY_INACTIVE: _Text(
            message_pl="Pośrednik {who}, przez którego działa nadawca, jest w rejestrze dezaktywowany.",
            message_en="The intermediary {who} through which the sender acts is deactivated in the register.",
            remedy_pl="Pośrednik zgłasza aktualizację danych wnioskiem WRP0002 do SZPROT albo podmiot "
            "{party} rejestruje innego reprezentanta wnioskiem WPE0001.",
            remedy_en="The intermediary files an update with WRP0002 to SZPROT, or {party} registers another "
            "representative with WPE0001.",
        ),
        RefusalReason.WRONG_SCOPE: _Text(
            message_pl="Uprawnienie {who} do działania za podmiot {party} obejmuje {systems}, "
            "lecz nie system {system}.",
            message_en="The right of {who} to act for {party} covers {systems} but not system {system}.",
            remedy_pl=_OBTAIN_PL,
            remedy_en=_OBTAIN_EN,
        ),
        RefusalReason.WRONG_ACTIVITY: _Text(
            message_pl="Uprawnienie {who} do działania za podmiot {party} w systemie {system} nie obejmuje "
            "wysyłania.",
            message_en="The right of {who} to act for {party} in system {system} does not cover sending.",
            remedy_pl=_OBTAIN_PL,
            remedy_en=_OBTAIN_EN,
        ),
        RefusalReason.ONLY_OTHER_SYSTEM: _Text(
            message_pl="Osobę o ID SISC {who} zarejestrowano tylko dla systemu {systems}; w systemie "
            "{system} "
            "działać nie może.",
            message_en="The person with ID SISC {who} is registered for system {systems} only and may not "
            "act in "
            "system {system}.",
            remedy_pl="Złóż do SZPROT wniosek WRR0002 o zakres ROZSZERZONY, potem wyślij dokument ponownie.",
            remedy_en="File WRR0002 to SZPROT, asking for the scope ROZSZERZONY; then send the document "
            "again.",
        ),
        RefusalReason.OWNER_UNKNOWN: _Text(
            message_pl="Numeru {number} nie nadano żadnemu dokumentowi wysłanemu tędy do systemu {system}, "
            "więc nie "
            "wiadomo, czyj jest.",
            message_en="No document sent through here to system {system} got the number {number}, so its "
            "owner is "
            "not known.",
            remedy_pl="Sprawdź numer. Jeśli dotyczy dokumentu wysłanego inną drogą, wyślij komunikat tą "
            "samą drogą.",
            remedy_en="Check the number. If it is of a document sent another way, send this message the "
            "same way.",
        ),
        RefusalReason.NOT_OWNER: _Text(
            message_pl="Numer {number} należy do dokumentu, który inna osoba wysłała we własnym imieniu; "
            "{who} nie "
            "może działać w jej sprawie.",
            message_en="The number {number} belongs to a document that another person sent in his own "
            "name; {who} "
            "may not act on it.",
            remedy_pl="Wyślij komunikat z konta tej osoby. Aby dokumenty firmy mogło wysyłać więcej osób, "
            "firma "
            "rejestruje ich reprezentację wnioskiem WPE0001 do SZPROT, zanim wyślą pierwszy dokument.",
            remedy_en="Send the message from that person's account. For several persons to act on a firm's "
            "documents, the firm registers their representation with WPE0001 to SZPROT before the first "
            "one is sent.",
        ),
    }
)


def _named(party: NamedParty, words: Mapping[NumberKind, str]) -> str:
    return f"{words[party.kind]} {party.number}"


def refuse(
    reason: RefusalReason, *, party: NamedParty | None = None, about: NamedParty | None = None, **facts: str
) -> Refused:
    """A refusal with its texts.

    Args:
        reason: what is missing.
        party: the party of the message for which the right was sought.
        about: the entity whose right is missing, when that is not `party` itself (an agency in between).
        facts: what the texts of this reason name: login, who, system, systems, day.
    """
    named = about or party
    polish = facts | ({"party": _named(named, _KIND_PL)} if named else {})
    english = facts | ({"party": _named(named, _KIND_EN)} if named else {})
    text = _TEXTS[reason]
    return Refused(
        reason=reason,
        party=party,
        message_pl=text.message_pl.format_map(polish),
        message_en=text.message_en.format_map(english),
        remedy_pl=text.remedy_pl.format_map(polish),
        remedy_en=text.remedy_en.format_map(english),
    )
