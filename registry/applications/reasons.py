"""Why applications are refused: every code with its texts, in Polish and English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from registry.applications.outcome import Reason

__all__ = ["CODES", "reason"]


class _Text(NamedTuple):
    message_pl: str
    message_en: str
    remedy_pl: str
    remedy_en: str


_TEXTS: Mapping[str, _Text] = MappingProxyType(
    {
        "NUMBER_INVALID": _Text(
            "{kind} {value} jest niepoprawny: {why_pl}.",
            "{kind} {value} is not valid: {why_en}.",
            "Popraw numer i złóż wniosek ponownie.",
            "Correct the number and file the application again.",
        ),
        "BIRTH_DATE_DIFFERS": _Text(
            "Data urodzenia {value} nie zgadza się z numerem PESEL.",
            "The date of birth {value} does not agree with the PESEL.",
            "Popraw datę urodzenia albo PESEL.",
            "Correct the date of birth or the PESEL.",
        ),
        "APPLICANT_NOT_REGISTERED": _Text(
            "Z kontem, z którego złożono wniosek, nie jest powiązana zarejestrowana, aktywna osoba.",
            "No registered, active person is linked to the account that filed the application.",
            "Złóż najpierw WRR0001 (rejestracja osoby), a jeśli osobę dezaktywowano, WRR0002.",
            "File WRR0001 first (registration of a person), or WRR0002 if the person was deactivated.",
        ),
        "APPLICANT_FOR_ONE_SYSTEM_ONLY": _Text(
            "Osobę składającą zarejestrowano tylko dla systemu {value}.",
            "The filer is registered for system {value} only.",
            "Złóż najpierw WRR0002 o zakres ROZSZERZONY.",
            "File WRR0002 first, asking for the scope ROZSZERZONY.",
        ),
        "APPLICANT_DIFFERS": _Text(
            "Składający wskazany we wniosku to nie osoba, z której konta wniosek złożono.",
            "The filer named in the application is not the person whose account filed it.",
            "Podaj w części Skladajacy własne dane albo złóż wniosek z konta tej osoby.",
            "State your own data under Skladajacy, or file from that person's account.",
        ),
        "SIGNER_IS_NOT_PERSON": _Text(
            "Wniosek podpisała inna osoba niż ta, którą ma zarejestrować.",
            "The application is signed by another person than the one it is to register.",
            "Wniosek podpisuje osoba rejestrowana, podpisem kwalifikowanym albo zaufanym.",
            "The person to be registered signs, with a qualified or a trusted signature.",
        ),
        "ACCOUNT_OF_ANOTHER": _Text(
            "Konto {value} nie jest kontem, z którego złożono wniosek.",
            "Account {value} is not the one that filed the application.",
            "Złóż wniosek z konta, którego dotyczy.",
            "File the application from the account it is about.",
        ),
        "ACCOUNT_HAS_PERSON": _Text(
            "Z kontem jest już powiązana osoba o ID SISC {value}.",
            "The account already has a person, ID SISC {value}.",
            "Dane osoby zmienia się wnioskiem WRR0002.",
            "A person's data are changed with WRR0002.",
        ),
        "PERSON_REGISTERED_ALREADY": _Text(
            "Osoba o tym numerze PESEL albo dokumencie jest już zarejestrowana.",
            "A person with this PESEL or identity document is registered already.",
            "Powiąż konto z istniejącymi danymi (Moje konto) hasłem jednorazowym z Help Desk.",
            "Link the account to the data held (My account) with a one-time password of the help desk.",
        ),
        "PERSON_OF_ANOTHER": _Text(
            "Dane osoby może zmienić tylko ona sama.",
            "Only the person may change the data of a person.",
            "Złóż wniosek z konta tej osoby i podaj jej ID SISC.",
            "File from that person's account and state the person's ID SISC.",
        ),
        "PESEL_FIXED": _Text(
            "Numeru PESEL zarejestrowanej osoby nie zmienia się tym wnioskiem.",
            "The PESEL of a registered person is not changed with this form.",
            "Podaj zarejestrowany PESEL; zmianę PESEL zgłoś w urzędzie.",
            "State the PESEL that is registered; report a new one at the office.",
        ),
        "ATTACHMENT_MISSING": _Text(
            "Brakuje wymaganego załącznika rodzaju {value}.",
            "A required attachment of kind {value} is missing.",
            "Dołącz dokument i wskaż go w wykazie Zalaczniki.",
            "Attach the document and name it in the list Zalaczniki.",
        ),
        "ATTACHMENT_NOT_RECEIVED": _Text(
            "Nie otrzymano pliku {value} z wykazu załączników.",
            "The file {value} of the list of attachments was not received.",
            "Wyślij plik razem z wnioskiem, pod tą samą nazwą.",
            "Send the file with the application, under the same name.",
        ),
        "ATTACHMENT_DIFFERS": _Text(
            "Skrót SHA-256 pliku {value} nie zgadza się z wykazem załączników.",
            "The SHA-256 of file {value} does not agree with the list of attachments.",
            "Podaj skrót pliku, który wysyłasz.",
            "State the digest of the file that you send.",
        ),
        "ATTACHMENT_NOT_LISTED": _Text(
            "W wykazie załączników nie ma pozycji {value}.",
            "The list of attachments has no position {value}.",
            "Popraw numer pozycji albo uzupełnij wykaz.",
            "Correct the position or complete the list.",
        ),
        "ENTITY_REGISTERED_ALREADY": _Text(
            "Podmiot o numerze {value} jest już zarejestrowany.",
            "An entity with number {value} is registered already.",
            "Dane podmiotu zmienia się wnioskiem WRP0002.",
            "The data of an entity are changed with WRP0002.",
        ),
        "ENTITY_NOT_REGISTERED": _Text(
            "Podmiot {value} nie jest zarejestrowany.",
            "Entity {value} is not registered.",
            "Sprawdź numer; niezarejestrowany podmiot rejestruje się wnioskiem WRP0001.",
            "Check the number; an entity not yet registered registers with WRP0001.",
        ),
        "ENTITY_INACTIVE": _Text(
            "Podmiot {value} jest dezaktywowany.",
            "Entity {value} is deactivated.",
            "Złóż najpierw WRP0002 z dokumentem umocowania: urzędnik zdecyduje o przywróceniu.",
            "File WRP0002 first, with the document that gives the authority: a clerk decides.",
        ),
        "OWNER_DIFFERS": _Text(
            "Właścicielem własnej działalności może być tylko składający, w formie OSOBA_FIZYCZNA.",
            "Only the filer can be the owner of an own business, in the form OSOBA_FIZYCZNA.",
            "Podaj własny ID SISC w części Wlasciciel albo usuń tę część.",
            "State your own ID SISC under Wlasciciel, or leave that part out.",
        ),
        "EORI_DIFFERS": _Text(
            "Numer EORI {value} nie należy do podanego NIP.",
            "EORI {value} does not belong to the NIP given.",
            "Polski EORI to PL, NIP i pięć cyfr.",
            "A Polish EORI is PL, the NIP and five digits.",
        ),
        "EORI_NOT_ASSIGNABLE": _Text(
            "Podmiotowi bez NIP z Unii Europejskiej numer EORI nadaje państwo jego siedziby.",
            "An entity of the European Union without NIP gets its EORI number where it is established.",
            "Podaj numer EORI nadany w tym państwie albo wystąp o NIP.",
            "State the EORI number given there, or apply for a NIP.",
        ),
        "EORI_ASSIGNED_ALREADY": _Text(
            "Podmiot ma już numer EORI {value}.",
            "The entity has EORI {value} already.",
            "Usuń wniosek o nadanie EORI.",
            "Leave the application for an EORI number out.",
        ),
        "ID_SISC_NOT_ASSIGNABLE": _Text(
            "Do nadania ID SISC potrzebny jest EORI albo NIP i REGON.",
            "An EORI number, or NIP and REGON, are needed to assign the ID SISC.",
            "Podaj REGON albo wystąp o numer EORI.",
            "State the REGON, or apply for an EORI number.",
        ),
        "REGISTER_DATA": _Text(
            "{value} pochodzi z {source} i tutaj się go nie zmienia.",
            "{value} comes from {source} and is not changed here.",
            "Zmień dane w {source}; tutaj podaj je bez zmian.",
            "Change the data in {source}; repeat them here as they are.",
        ),
        "NUMBER_FIXED": _Text(
            "Numeru {value} zarejestrowanego podmiotu nie zmienia się tym wnioskiem.",
            "Number {value} of a registered entity is not changed with this form.",
            "Podaj numer zarejestrowany.",
            "State the number that is registered.",
        ),
        "AREA_REGISTERED_ALREADY": _Text(
            "Podmiot jest już zarejestrowany w obszarze {value}.",
            "The entity is registered in area {value} already.",
            "Usuń ten obszar z wniosku.",
            "Leave this area out.",
        ),
        "AREA_NOT_REGISTERED": _Text(
            "Podmiot nie jest zarejestrowany w obszarze {value}.",
            "The entity is not registered in area {value}.",
            "Usuń ten obszar z wniosku.",
            "Leave this area out.",
        ),
        "LAST_AREA": _Text(
            "Podmiot musi mieć co najmniej jeden obszar.",
            "An entity needs at least one area.",
            "Aby zakończyć całą działalność, złóż WRP0003.",
            "To end all activity, file WRP0003.",
        ),
        "BRANCH": _Text(
            "Oddziału {value} nie ma, albo jest już zarejestrowany.",
            "Branch {value} does not exist, or is registered already.",
            "Dodaje się nowy oddział, zmienia i zamyka istniejący; 00000 to siedziba.",
            "Add a new branch, change or close one that exists; 00000 is the head office.",
        ),
        "NO_RIGHT_TO_UPDATE": _Text(
            "Składający nie ma prawa zmieniać danych podmiotu {value}.",
            "The filer has no right to change the data of entity {value}.",
            "Potrzebne są uprawnienia rozszerzone albo AKTUALIZACJA_PODMIOTU z wniosku WPE0001.",
            "Extended rights, or AKTUALIZACJA_PODMIOTU, are needed, granted with WPE0001.",
        ),
        "NO_RIGHT_TO_END": _Text(
            "Składający nie ma prawa kończyć reprezentacji podmiotu {value}.",
            "The filer has no right to end representations of entity {value}.",
            "Potrzebne są uprawnienia rozszerzone albo DEZAKTYWACJA_REPREZENTACJI.",
            "Extended rights, or DEZAKTYWACJA_REPREZENTACJI, are needed.",
        ),
        "GRANT_EXCEEDS_OWN_RIGHT": _Text(
            "Udzielane prawo wykracza poza prawo składającego (systemy, czynności, poziom albo okres).",
            "The right given exceeds the filer's own (systems, activities, level or term).",
            "Ogranicz prawo do własnego albo niech udzieli go podmiot.",
            "Keep it within your own right, or let the entity itself grant it.",
        ),
        "DATE_IN_FUTURE": _Text(
            "Dzień {value} jeszcze nie nadszedł.",
            "Day {value} has not come yet.",
            "Złóż wniosek tego dnia albo później.",
            "File the application on that day or later.",
        ),
        "TERM_REVERSED": _Text(
            "Ostatni dzień {value} jest wcześniejszy niż pierwszy.",
            "The last day {value} lies before the first.",
            "Popraw daty umocowania.",
            "Correct the days of the authority.",
        ),
        "TERM_OVER": _Text(
            "Umocowanie skończyło się już dnia {value}.",
            "The authority ended already on {value}.",
            "Podaj późniejszy ostatni dzień albo Bezterminowo.",
            "State a later last day, or Bezterminowo.",
        ),
        "REPRESENTATIVE_NOT_REGISTERED": _Text(
            "Reprezentant {value} nie jest zarejestrowany albo jest dezaktywowany.",
            "Representative {value} is not registered, or is deactivated.",
            "Sprawdź ID SISC; reprezentant rejestruje się wnioskiem WRR0001 albo WRP0001.",
            "Check the ID SISC; the representative registers with WRR0001 or WRP0001.",
        ),
        "REPRESENTATIVE_DIFFERS": _Text(
            "Pod ID SISC {value} zarejestrowano kogoś o innym nazwisku albo nazwie.",
            "Somebody of another name is registered under ID SISC {value}.",
            "Popraw ID SISC albo nazwisko lub nazwę reprezentanta.",
            "Correct the ID SISC or the name of the representative.",
        ),
        "REPRESENTATIVE_IS_REPRESENTED": _Text(
            "Podmiot {value} nie może być własnym reprezentantem.",
            "Entity {value} cannot be its own representative.",
            "Podaj innego reprezentanta.",
            "Name another representative.",
        ),
        "NO_REPRESENTATION": _Text(
            "{value} nie ma reprezentacji, którą można zakończyć.",
            "{value} has no representation that could be ended.",
            "Sprawdź ID SISC reprezentanta.",
            "Check the ID SISC of the representative.",
        ),
        "ACTIVITY_NOT_ALLOWED": _Text(
            "Czynności {value} nie można powierzyć temu reprezentantowi albo w tych obszarach podmiotu.",
            "Activity {value} cannot be granted to this representative, or in these areas of the entity.",
            "CDS: tylko osobie fizycznej; CDS i WIT: tylko w obszarze cło.",
            "CDS: to natural persons only; CDS and WIT: in the area of customs only.",
        ),
        "DUTY_TOO_LOW": _Text(
            "Opłata skarbowa {value} zł jest niższa niż 17 zł.",
            "The stamp duty of {value} zł is less than 17 zł.",
            "Dopłać i podaj całą kwotę, albo podaj podstawę zwolnienia.",
            "Pay the rest and state the whole amount, or state why you are exempt.",
        ),
        "REFUSED_BY_CLERK": _Text(
            "Urzędnik odmówił: {value}",
            "A clerk refused: {value}",
            "Usuń przyczynę i złóż wniosek ponownie.",
            "Remove the cause and file the application again.",
        ),
        "RECORD_REFUSED": _Text(
            "Rejestr nie przyjmuje danych: {value}.",
            "The register does not take the data: {value}.",
            "Popraw dane i złóż wniosek ponownie.",
            "Correct the data and file the application again.",
        ),
        "TAKEN_MEANWHILE": _Text(
            "Numer {value} zarejestrowano w międzyczasie.",
            "Number {value} was registered meanwhile.",
            "Sprawdź, czy podmiot lub osoba nie są już zarejestrowane.",
            "Check whether the entity or person is registered already.",
        ),
    }
)

#: Every code a refusal may carry.
CODES = tuple(_TEXTS)


def reason(code: str, *, xpath: str | None = None, value: str = "", **facts: str) -> Reason:
    """A reason with its texts.

    Args:
        code: one of CODES.
        xpath: where in the application.
        value: what was found there, or who is meant.
        facts: what else the texts of this code name.
    """
    text = _TEXTS[code]
    named = {**facts, "value": value}
    return Reason(
        code=code,
        message_pl=text.message_pl.format_map(named),
        message_en=text.message_en.format_map(named),
        remedy_pl=text.remedy_pl.format_map(named),
        remedy_en=text.remedy_en.format_map(named),
        xpath=xpath,
    )
