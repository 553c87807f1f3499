"""Registration through the channel: what each form needs, what it changes, and what is refused."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from gateway.errors import ApplicationError
from registry.applications.outcome import State
from registry.errors import ChangedMeanwhileError
from registry.history import Subject
from registry.model import AccountLevel, NumberKind, Person, RepresentationLevel
from registry.numbers import parse_eori, person_id_sisc
from registry.repository import RegistryRepository
from tests.integration.gateway.szprot import (
    CUSTOMS,
    EXCISE,
    Decided,
    Szprot,
    branch,
    ended,
    entity_data,
    entity_end,
    entity_form,
    entity_update,
    listed,
    mandate,
    person_form,
    position,
    representation,
)
from tests.integration.gateway.world import AGENCY, FIRM, Member, World, declaration

LOGIN = "jan@example.com"
PESEL = "44051401458"
JAN = Person(id_sisc=person_id_sisc(PESEL), given_names="Jan", surname="Przykładowy", pesel=PESEL)
OWN = "PL777123455000000"
FIRMS_EORI = "<Clo><Eori>PL526021308900000</Eori><PublikacjaDanych>N</PublikacjaDanych></Clo>"
DEED = ("PELNOMOCNICTWO", "deed.pdf", b"%PDF deed")
EXTRACT = ("DOKUMENT_REJESTROWY", "krs.pdf", b"%PDF extract")


@pytest.fixture
def szprot(world: World) -> Szprot:
    return Szprot(world)


@pytest.fixture
def small(small_world: World) -> Szprot:
    """Where it does not depend on the store."""
    return Szprot(small_world)


def newcomer(szprot: Szprot, login: str = LOGIN) -> Member:
    """Somebody with an account of basic level and nothing else."""
    szprot.open_account(login)
    return Member(login=login, person=JAN, key=szprot.world.enrol("darek").key)


def jan(szprot: Szprot, form: str) -> Decided:
    """A form under the trusted signature of the newcomer."""
    return szprot.file_trusted(newcomer(szprot), form, PESEL)


def owner(szprot: Szprot) -> Member:
    """A person with a business of his own, registered by himself."""
    anna = szprot.world.enrol("anna")
    decided = szprot.file(anna, entity_form("Próbna", entity_data(owner=anna.person.id_sisc)))
    assert decided.codes == []
    return anna


# -- persons


def test_an_account_without_a_person_registers_one_and_gets_the_id_sisc(szprot: Szprot) -> None:
    decided = jan(szprot, person_form(JAN, login=LOGIN, born="1944-05-14"))

    assert decided.text("Uwzgledniono/IdSisc") == JAN.id_sisc == f"000000{PESEL}"
    with szprot.registry() as registry:
        account, person = registry.sender(LOGIN)
    assert (account.level, person) == (AccountLevel.EXTENDED, JAN)


def test_the_details_of_a_form_are_kept_as_written(small: Szprot) -> None:
    strange = replace(JAN, given_names="Ján Øßİ\u0301 𝔘", surname="O’Brien–Żółć")
    jan(small, person_form(strange, login=LOGIN, born="1944-05-14"))

    with small.registry() as registry:
        assert registry.get_person(JAN.id_sisc) == strange
        details = registry.details(JAN.id_sisc)
    assert isinstance(details["Osoba"], dict)
    assert details["Osoba"]["Imie"] == strange.given_names


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"born": "1944-05-15"}, ["BIRTH_DATE_DIFFERS"]),
        ({"login": "other@example.com"}, ["ACCOUNT_OF_ANOTHER"]),
        ({"pesel": "44051401459"}, ["NUMBER_INVALID", "SIGNER_IS_NOT_PERSON"]),
        ({"pesel": "70010200008", "born": "1970-01-02"}, ["SIGNER_IS_NOT_PERSON"]),
        ({"born": "2044-05-14", "login": "x@y.pl"}, ["BIRTH_DATE_DIFFERS", "ACCOUNT_OF_ANOTHER"]),
    ],
)
def test_every_reason_against_a_registration_is_told_at_once(
    small: Szprot, change: dict[str, str], codes: list[str]
) -> None:
    person = replace(JAN, pesel=change.pop("pesel", PESEL))
    facts = {"login": LOGIN, "born": "1944-05-14"} | change

    decided = jan(small, person_form(person, login=facts["login"], born=facts["born"]))

    assert decided.codes == codes
    with small.registry() as registry:
        assert registry.get_account(LOGIN).person_id is None


def test_a_person_is_registered_once(small: Szprot) -> None:
    member = newcomer(small)
    small.open_account("second@example.com")
    form = person_form(JAN, login=LOGIN, born="1944-05-14")
    assert small.file_trusted(member, form, PESEL).codes == []

    again = small.file_trusted(member, person_form(JAN, login=LOGIN, born="1944-05-14"), PESEL)
    assert again.codes == ["ACCOUNT_HAS_PERSON", "PERSON_REGISTERED_ALREADY"]
    other = replace(member, login="second@example.com")
    form = person_form(JAN, login="second@example.com", born="1944-05-14")
    assert small.file_trusted(other, form, PESEL).codes == ["PERSON_REGISTERED_ALREADY"]


def test_a_simplified_registration_is_for_ncts_only_until_the_scope_is_extended(small: Szprot) -> None:
    world = small.world
    anna = world.enrol("anna", "AES", "NCTS2")
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        registry.change_person(replace(anna.person, only_system="NCTS2"), operator="test", at=world.clock())
        work.commit()

    assert submitted(world, anna, "CC015C")
    assert not submitted(world, anna, "CC515C")
    form = person_form(anna.person, login=anna.login, update=True)
    assert small.file(anna, form).result == "Uwzgledniono"
    assert submitted(world, anna, "CC515C")


def test_the_flag_of_the_form_registers_a_person_for_ncts_only(small: Szprot) -> None:
    jan(small, person_form(JAN, login=LOGIN, born="1944-05-14", simplified="T"))

    with small.registry() as registry:
        assert registry.get_person(JAN.id_sisc).only_system == "NCTS2"


def submitted(world: World, member: Member, code: str) -> bool:
    sys_ref = world.send(member, declaration(code, key=member.key, at=world.clock()))
    world.verifier().work_once()
    return world.replies(sys_ref) == {"UPP": 1}


PASSPORT = (
    "<DokumentTozsamosci><Rodzaj>PASZPORT</Rodzaj><SeriaINumer>AB 1234567</SeriaINumer>"
    "<KrajWydania>UA</KrajWydania></DokumentTozsamosci>"
)


def test_a_person_known_by_passport_waits_for_a_clerk_and_gets_an_id_of_17_characters(small: Szprot) -> None:
    form = person_form(JAN, login=LOGIN, born="1944-05-14", identity=PASSPORT)
    waiting = jan(small, form)

    assert (waiting.result, waiting.text("OczekujeNaUrzednika/Powod")) == (
        "OczekujeNaUrzednika",
        "POTWIERDZENIE_TOZSAMOSCI",
    )
    small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note="seen in person")

    decided = small.decided(waiting.sys_ref)
    assert decided.text("Uwzgledniono/IdSisc") == "UA000000AB1234567"
    assert decided.text("NumerSprawy") == waiting.text("NumerSprawy")
    with small.registry() as registry:
        (added,) = registry.history(Subject.PERSON, "UA000000AB1234567")[:1]
    assert (added.operator, added.document, added.reason) == (
        "operator:ewa",
        waiting.sys_ref,
        "seen in person",
    )


def test_a_changed_name_needs_the_document_and_a_clerk(small: Szprot) -> None:
    anna = small.world.enrol("anna")
    renamed = replace(anna.person, surname="Nowa")
    proof = ("DOKUMENT_TOZSAMOSCI", "id.pdf", b"%PDF id")

    without = small.file(anna, person_form(renamed, login=None, update=True))
    waiting = small.file(anna, person_form(renamed, login=None, update=True, files=listed(proof)), proof[1:])
    small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note=None)

    assert without.codes == ["ATTACHMENT_MISSING"]
    assert waiting.result == "OczekujeNaUrzednika"
    with small.registry() as registry:
        assert registry.get_person(anna.person.id_sisc).surname == "Nowa"


def test_a_deactivated_person_may_ask_to_be_active_again(small: Szprot) -> None:
    world = small.world
    anna = world.enrol("anna", "AES")
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        registry.change_person(replace(anna.person, active=False), operator="test", at=world.clock())
        work.commit()
    assert not submitted(world, anna, "CC515C")

    waiting = small.file(anna, person_form(anna.person, login=None, update=True))
    small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note=None)

    assert waiting.result == "OczekujeNaUrzednika"
    assert submitted(world, anna, "CC515C")


def test_nobody_changes_the_data_of_another_or_the_pesel(small: Szprot) -> None:
    anna, bogdan = small.world.enrol("anna"), small.world.enrol("bogdan")

    other = small.file(anna, person_form(bogdan.person, login=None, update=True))
    pesel = small.file(
        anna, person_form(replace(anna.person, pesel=PESEL), login=None, update=True, born="1944-05-14")
    )

    assert other.codes == ["PERSON_OF_ANOTHER", "PESEL_FIXED", "PERSON_REGISTERED_ALREADY"]
    assert pesel.codes == ["PESEL_FIXED"]


# -- entities


def test_the_owner_registers_his_business_with_eori_and_branch_at_once(szprot: Szprot) -> None:
    anna = szprot.world.enrol("anna")
    branches = f"<Oddzialy>{branch('00001')}</Oddzialy>"
    form = entity_form(
        "Próbna", entity_data(owner=anna.person.id_sisc), areas=CUSTOMS + EXCISE, more=branches
    )

    decided = szprot.file(anna, form)

    assert decided.text("Uwzgledniono/IdSisc") == OWN
    assert decided.text("Uwzgledniono/Eori") == OWN
    assert decided.text("Uwzgledniono/NumerAkcyzowy") == "PL77712345500"
    assert decided.text("Uwzgledniono/Oddzial/Eori") == "PL777123455000001"
    with szprot.registry() as registry:
        entity = registry.get_entity(OWN)
    assert entity.owner_person == anna.person.id_sisc
    assert {kind for kind, _ in entity.numbers} == {
        NumberKind.EORI,
        NumberKind.NIP,
        NumberKind.REGON,
        NumberKind.EXCISE,
    }


def test_an_entity_for_excise_only_gets_an_id_of_nip_and_regon(small: Szprot) -> None:
    anna = small.world.enrol("anna")

    decided = small.file(anna, entity_form("Próbna", entity_data(owner=anna.person.id_sisc), areas=EXCISE))

    assert decided.text("Uwzgledniono/IdSisc") == "PL777123455056785"
    assert decided.text("Uwzgledniono/Eori") is None


def foreigner(owner: str, *countries: str) -> str:
    numbers = "".join(
        "<IdentyfikatorZagraniczny><Rodzaj>REJESTR</Rodzaj>"
        f"<Kraj>{country}</Kraj><Numer>Є-17</Numer></IdentyfikatorZagraniczny>"
        for country in countries
    )
    polish = "<Nip>7771234550</Nip><Regon>123456785</Regon>"
    data = entity_data(name="Приклад ФОП", owner=owner)
    assert polish in data
    return data.replace(polish, numbers)


def test_a_firm_of_a_third_country_without_nip_gets_an_eori_of_its_own(szprot: Szprot) -> None:
    anna = szprot.world.enrol("anna")

    decided = [
        szprot.file(anna, entity_form("Próbna", foreigner(anna.person.id_sisc, *countries)))
        for countries in (["UA"], ["UA", "TR"])
    ]

    given = [one.text("Uwzgledniono/Eori") or "" for one in decided]
    assert len(set(given)) == len(given)
    for one, eori in zip(decided, given, strict=True):
        assert re.fullmatch("PL[0-9]{14}Z", parse_eori(eori))
        assert one.text("Uwzgledniono/IdSisc") == eori
        with szprot.registry() as registry:
            found = registry.entity_by_number(NumberKind.EORI, eori)
        assert found is not None
        assert found.name == "Приклад ФОП"


def test_a_firm_of_the_union_without_nip_gets_its_eori_where_it_is_established(small: Szprot) -> None:
    anna = small.world.enrol("anna")
    german = foreigner(anna.person.id_sisc, "DE")
    held = "<Clo><Eori>DE1234567</Eori><PublikacjaDanych>N</PublikacjaDanych></Clo>"

    assert small.file(anna, entity_form("Próbna", german)).codes == ["EORI_NOT_ASSIGNABLE"]
    decided = small.file(anna, entity_form("Próbna", german, areas=held))
    assert decided.text("Uwzgledniono/IdSisc") == "00000000DE1234567"


def test_a_firm_of_a_third_country_gets_its_eori_with_an_update(small: Szprot) -> None:
    anna = small.world.enrol("anna")
    held = "<Clo><Eori>GB123456789000</Eori><PublikacjaDanych>N</PublikacjaDanych></Clo>"
    number = "000GB123456789000"
    more = "<Akcyza><WpisDoCRPA>T</WpisDoCRPA><RodzajDzialalnosci>INNA</RodzajDzialalnosci></Akcyza>"
    form = entity_form("Próbna", foreigner(anna.person.id_sisc, "UA"), areas=held + more)
    assert small.file(anna, form).codes == []
    named = f"<IdSisc>{number}</IdSisc>"
    gone = "<UsuwaneObszary><Obszar>CLO</Obszar></UsuwaneObszary>"
    assert small.file(anna, entity_update("Próbna", named, gone)).codes == []

    added = f"<DodawaneObszary>{CUSTOMS}</DodawaneObszary>"
    decided = small.file(anna, entity_update("Próbna", named, added))

    assert re.fullmatch("PL[0-9]{14}Z", decided.text("Uwzgledniono/Eori") or "")


def test_a_company_is_registered_once_a_clerk_has_seen_its_documents(small: Szprot) -> None:
    anna = small.world.enrol("anna")
    company = entity_data(name="Spółka", form="OSOBA_PRAWNA", krs="0000123456")

    without = small.file(anna, entity_form("Próbna", company))
    waiting = small.file(anna, entity_form("Próbna", company, more=listed(EXTRACT)), EXTRACT[1:])
    small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note="KRS seen")

    assert without.codes == ["ATTACHMENT_MISSING"]
    assert waiting.text("OczekujeNaUrzednika/Powod") == "WERYFIKACJA_DOKUMENTOW"
    assert small.decided(waiting.sys_ref).text("Uwzgledniono/IdSisc") == OWN
    with small.registry() as registry:
        found = registry.entity_by_number(NumberKind.KRS, "0000123456")
    assert found is not None
    assert found.owner_person is None


@pytest.mark.parametrize(
    ("data", "areas", "codes"),
    [
        ({"nip": "7771234551"}, CUSTOMS, ["NUMBER_INVALID"]),
        ({"regon": "123456789"}, CUSTOMS, ["NUMBER_INVALID"]),
        ({"nip": "7771234551", "regon": "123456789"}, CUSTOMS, ["NUMBER_INVALID", "NUMBER_INVALID"]),
        ({"form": "OSOBA_PRAWNA"}, CUSTOMS, ["OWNER_DIFFERS"]),
        ({"nip": "5260213089"}, FIRMS_EORI,
         ["ENTITY_REGISTERED_ALREADY"]),
        ({}, FIRMS_EORI,
         ["ENTITY_REGISTERED_ALREADY", "EORI_DIFFERS"]),
    ],
)  # fmt: skip
def test_numbers_of_an_entity_are_checked(
    small: Szprot, data: dict[str, str], areas: str, codes: list[str]
) -> None:
    anna = small.world.enrol("anna")
    form = entity_form("Próbna", entity_data(owner=anna.person.id_sisc, **data), areas=areas)

    assert small.file(anna, form).codes == codes


def test_who_is_not_registered_registers_no_entity(small: Szprot) -> None:
    assert jan(small, entity_form("Przykładowy", entity_data(owner=JAN.id_sisc))).codes == [
        "APPLICANT_NOT_REGISTERED",
        "OWNER_DIFFERS",
    ]


def test_data_of_krs_and_ceidg_are_not_changed_here(small: Szprot) -> None:
    anna = owner(small)
    mine = anna.person.id_sisc
    number = f"<IdSisc>{OWN}</IdSisc>"

    def change(data: str) -> list[str]:
        return small.file(anna, entity_update("Próbna", number, f"<Dane>{data}</Dane>")).codes

    assert change(entity_data(owner=mine, name="Inna nazwa")) == ["REGISTER_DATA"]
    assert change(entity_data(owner=mine, street="99", name="X")) == ["REGISTER_DATA", "REGISTER_DATA"]
    assert change(entity_data(owner=mine, nip="5260213089")) == ["NUMBER_FIXED"]
    contact = entity_data(owner=mine).replace("jan@example.com", "office@example.com")
    assert change(contact) == []
    with small.registry() as registry:
        details = registry.details(OWN)
    assert isinstance(details["Podmiot"], dict)
    assert details["Podmiot"]["Kontakt"] == {"Email": "office@example.com"}


def test_areas_and_branches_are_added_and_removed(small: Szprot) -> None:
    anna = owner(small)
    number = f"<Eori>{OWN}</Eori>"

    def change(changes: str) -> Decided:
        return small.file(anna, entity_update("Próbna", number, changes))

    opened = branch("00002", as_what="Dodany")
    added = change(f"<DodawaneObszary>{EXCISE}</DodawaneObszary><Oddzialy>{opened}</Oddzialy>")
    assert added.text("Uwzgledniono/NumerAkcyzowy") == "PL77712345500"
    assert added.text("Uwzgledniono/Oddzial/Eori") == "PL777123455000002"
    assert change(f"<DodawaneObszary>{EXCISE}</DodawaneObszary>").codes == ["AREA_REGISTERED_ALREADY"]
    assert change(f"<Oddzialy>{opened}</Oddzialy>").codes == ["BRANCH"]

    closed = "<Oddzial><NumerOddzialu>00002</NumerOddzialu><Zamkniety>2026-03-30</Zamkniety></Oddzial>"
    gone = change(f"<UsuwaneObszary><Obszar>AKCYZA</Obszar></UsuwaneObszary><Oddzialy>{closed}</Oddzialy>")
    assert (gone.text("Uwzgledniono/NumerAkcyzowy"), gone.text("Uwzgledniono/Oddzial")) == (None, None)
    assert gone.text("Uwzgledniono/Eori") == OWN
    last = change("<UsuwaneObszary><Obszar>CLO</Obszar></UsuwaneObszary>")
    assert last.codes == ["LAST_AREA"]


def test_only_with_a_right_over_the_entity_its_data_are_changed(small: Szprot) -> None:
    owner(small)
    bogdan = small.world.enrol("bogdan")
    change = f"<DodawaneObszary>{EXCISE}</DodawaneObszary>"
    number = f"<IdSisc>{OWN}</IdSisc>"

    assert small.file(bogdan, entity_update("Próbna", number, change)).codes == ["NO_RIGHT_TO_UPDATE"]
    small.world.grant(bogdan.person.id_sisc, OWN, ["AES"])  # of the extended level
    assert small.file(bogdan, entity_update("Próbna", number, change)).codes == []


def test_a_deactivated_entity_loses_every_right_and_comes_back_without_them(szprot: Szprot) -> None:
    world = szprot.world
    anna, bogdan = owner(szprot), world.enrol("bogdan", "AES", represented=OWN)
    number = f"<IdSisc>{OWN}</IdSisc>"

    assert szprot.file(bogdan, entity_end("Próbna", number, day="2026-03-31")).codes == ["DATE_IN_FUTURE"]
    decided = szprot.file(anna, entity_end("Próbna", number))
    assert decided.text("Uwzgledniono/Stan") == "NIEAKTYWNY"
    with szprot.registry() as registry:
        (right,) = registry.representations(limit=9, party=OWN)
    assert right.ended_at == world.clock()

    back = entity_update("Próbna", number, f"<DodawaneObszary>{EXCISE}</DodawaneObszary>", more=listed(DEED))
    waiting = szprot.file(anna, back, DEED[1:])
    szprot.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note=None)
    assert szprot.decided(waiting.sys_ref).text("Uwzgledniono/Stan") == "AKTYWNY"
    with szprot.registry() as registry:
        (right,) = registry.representations(limit=9, party=OWN)
    assert right.ended_at is not None


# -- representations


def test_the_owner_gives_changes_and_ends_rights_at_once(szprot: Szprot) -> None:
    world = szprot.world
    anna, bogdan = owner(szprot), world.enrol("bogdan")

    def apply(content: str) -> Decided:
        return szprot.file(anna, representation("Próbna", OWN, position(1, bogdan.person, content)))

    given = apply(mandate("AES", privileges=["E_PLATNOSCI"]))
    assert given.text("Uwzgledniono/Reprezentacja/Stan") == "ZAREJESTROWANA"
    changed = apply(mandate("AIS", activities=["ODBIOR"], level="ROZSZERZONE", last="2026-12-31"))
    assert changed.text("Uwzgledniono/Reprezentacja/Stan") == "ZMIENIONA"
    number = given.text("Uwzgledniono/Reprezentacja/NumerReprezentacji")
    assert changed.text("Uwzgledniono/Reprezentacja/NumerReprezentacji") == number
    with szprot.registry() as registry:
        right = registry.get_representation(str(number))
    assert (right.systems, right.readable) == (frozenset({"AIS"}), frozenset({"AIS"}))
    assert right.level is RepresentationLevel.EXTENDED
    assert apply(ended()).text("Uwzgledniono/Reprezentacja/Stan") == "ZAKONCZONA"
    assert apply(ended()).codes == ["NO_REPRESENTATION"]


def test_a_right_that_ends_on_a_day_to_come_holds_until_then(small: Szprot) -> None:
    anna, bogdan = owner(small), small.world.enrol("bogdan", "AES", represented=OWN)

    form = representation("Próbna", OWN, position(1, bogdan.person, ended("2026-04-05")))
    decided = small.file(anna, form)

    assert decided.text("Uwzgledniono/Reprezentacja/DataDo") == "2026-04-05"
    with small.registry() as registry:
        (right,) = registry.representations(limit=9, party=OWN)
    assert (right.ended_at, str(right.valid_to)) == (None, "2026-04-05")


def test_who_has_no_right_yet_shows_the_authority_to_a_clerk(small: Szprot) -> None:
    bogdan = small.world.enrol("bogdan")
    wanted = position(1, bogdan.person, mandate("AES", kind="PELNOMOCNIK", paid="17.00"))

    without = small.file(bogdan, representation("Próbna", FIRM, wanted))
    waiting = small.file(bogdan, representation("Próbna", FIRM, wanted, more=listed(DEED)), DEED[1:])
    assert set(without.codes) == {"ATTACHMENT_MISSING"}
    assert waiting.text("OczekujeNaUrzednika/Powod") == "WERYFIKACJA_DOKUMENTOW"
    assert not submitted(small.world, bogdan, "CC515C")

    small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note=None)
    assert submitted(small.world, bogdan, "CC515C")


def test_a_holder_passes_on_no_more_than_he_holds_and_it_ends_with_his_right(szprot: Szprot) -> None:
    world = szprot.world
    anna, bogdan, celina = owner(szprot), world.enrol("bogdan"), world.enrol("celina")
    basis = mandate("AES", "AIS", substitution="T", last="2026-12-31")
    assert szprot.file(anna, representation("Próbna", OWN, position(1, bogdan.person, basis))).codes == []

    def pass_on(content: str) -> Decided:
        return szprot.file(bogdan, representation("Próbna", OWN, position(1, celina.person, content)))

    within = {"last": "2026-06-30"}
    assert pass_on(mandate("EMCSPL2", **within)).codes == ["GRANT_EXCEEDS_OWN_RIGHT"]
    assert pass_on(mandate("AES")).codes == ["GRANT_EXCEEDS_OWN_RIGHT"]  # without term
    assert pass_on(mandate("AES", level="ROZSZERZONE", **within)).codes == ["GRANT_EXCEEDS_OWN_RIGHT"]
    passed = pass_on(mandate("AES", **within))
    assert passed.codes == []
    given = representation("Próbna", OWN, position(1, celina.person, mandate("AES")))
    assert szprot.file(anna, given).codes == []  # now it is the owner's
    assert pass_on(mandate("AES", **within)).codes == ["GRANT_EXCEEDS_OWN_RIGHT"]
    assert szprot.file(anna, representation("Próbna", OWN, position(1, celina.person, ended()))).codes == []
    passed = pass_on(mandate("AES", **within))
    assert passed.codes == []

    end = representation("Próbna", OWN, position(1, bogdan.person, ended()))
    assert szprot.file(anna, end).codes == []
    with szprot.registry() as registry:
        number = passed.text("Uwzgledniono/Reprezentacja/NumerReprezentacji")
        assert registry.get_representation(str(number)).ended_at == world.clock()


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (mandate("AES", last="2026-03-29", first="2026-03-29"), ["TERM_OVER"]),
        (mandate("AES", first="2026-05-01", last="2026-04-01"), ["TERM_REVERSED"]),
        (mandate("AES", kind="PELNOMOCNIK", paid="16.99"), ["DUTY_TOO_LOW", "ATTACHMENT_MISSING"]),
        (mandate("AES", document="<Zalacznik>7</Zalacznik>"), ["ATTACHMENT_NOT_LISTED"]),
        (mandate(privileges=["CDS"]), []),
    ],
)
def test_terms_duty_and_attachments_of_an_authority_are_checked(
    small: Szprot, content: str, codes: list[str]
) -> None:
    anna, bogdan = owner(small), small.world.enrol("bogdan")

    assert small.file(anna, representation("Próbna", OWN, position(1, bogdan.person, content))).codes == codes


def test_representatives_are_registered_persons_and_entities_of_the_name_given(small: Szprot) -> None:
    anna, bogdan = owner(small), small.world.enrol("bogdan")
    namesake = replace(bogdan.person, surname="Inny")
    unknown = replace(bogdan.person, id_sisc="DE-FOREIGN-0001")

    def codes(*positions: str) -> list[str]:
        return small.file(anna, representation("Próbna", OWN, *positions)).codes

    assert codes(position(1, namesake, mandate("AES"))) == ["REPRESENTATIVE_DIFFERS"]
    assert codes(position(1, unknown, mandate("AES"))) == ["REPRESENTATIVE_NOT_REGISTERED"]
    assert codes(position(1, OWN, mandate("AES"))) == ["REPRESENTATIVE_IS_REPRESENTED"]
    assert codes(position(1, AGENCY, mandate(privileges=["CDS"]))) == ["ACTIVITY_NOT_ALLOWED"]
    assert codes(position(1, AGENCY, mandate("AES"))) == []
    assert codes(
        position(1, namesake, mandate("AES")), position(2, unknown, mandate("AIS", last="2026-01-01"))
    ) == ["REPRESENTATIVE_DIFFERS", "REPRESENTATIVE_NOT_REGISTERED", "TERM_REVERSED"]


def test_everybody_may_give_up_his_own_right_and_nobody_anothers(small: Szprot) -> None:
    owner(small)
    bogdan = small.world.enrol("bogdan", "AES", represented=OWN)
    celina = small.world.enrol("celina")

    def end(member: Member) -> list[str]:
        return small.file(member, representation("Próbna", OWN, position(1, bogdan.person, ended()))).codes

    assert end(celina) == ["NO_RIGHT_TO_END"]
    assert end(bogdan) == []


def test_attachments_that_did_not_come_or_differ_are_told(small: Szprot) -> None:
    bogdan = small.world.enrol("bogdan")
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))

    assert small.file(bogdan, form).codes == ["ATTACHMENT_NOT_RECEIVED"]
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))
    assert small.file(bogdan, form, (DEED[1], b"another")).codes == ["ATTACHMENT_DIFFERS"]


# -- the desk


def test_an_application_delivered_again_gets_the_decision_it_got_before(szprot: Szprot) -> None:
    anna = szprot.world.enrol("anna")
    form = entity_form("Próbna", entity_data(owner=anna.person.id_sisc))
    sent = szprot.file(anna, form, deliver=False)
    first = szprot.back_end._deliver(sent.sys_ref)  # noqa: SLF001 - the worker is killed right after it

    while szprot.world.deliverer("SZPROT").work_once():
        pass

    assert szprot.back_end._deliver(sent.sys_ref) == first  # noqa: SLF001 - as above
    assert szprot.decided(sent.sys_ref).text("Uwzgledniono/IdSisc") == OWN
    assert szprot.world.replies(sent.sys_ref) == {"UPP": 1, "DecyzjaWRP": 1}


def test_a_clerk_refuses_with_a_reason_that_the_applicant_reads(small: Szprot) -> None:
    bogdan = small.world.enrol("bogdan")
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))
    waiting = small.file(bogdan, form, DEED[1:])

    small.clerks.refuse(waiting.sys_ref, clerk="operator:ewa", why="The deed is not signed.")

    decided = small.decided(waiting.sys_ref)
    assert decided.codes == ["REFUSED_BY_CLERK"]
    assert "The deed is not signed." in (decided.text("Odmowiono/Przyczyna/Opis") or "")
    found = small.application(waiting.sys_ref)
    assert (found.state, found.decided_by, found.note) == (
        State.REFUSED,
        "operator:ewa",
        "The deed is not signed.",
    )


def test_what_was_decided_is_not_decided_again(szprot: Szprot) -> None:
    bogdan = szprot.world.enrol("bogdan")
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))
    waiting = szprot.file(bogdan, form, DEED[1:])
    szprot.clerks.refuse(waiting.sys_ref, clerk="operator:ewa", why="no")

    with pytest.raises(ChangedMeanwhileError):
        szprot.clerks.approve(waiting.sys_ref, clerk="operator:adam", note=None)

    with szprot.registry() as registry:
        assert registry.representations(limit=9, party=bogdan.person.id_sisc) == []


def test_a_clerk_cannot_approve_what_the_register_does_not_allow_any_more(small: Szprot) -> None:
    world = small.world
    bogdan = world.enrol("bogdan")
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))
    waiting = small.file(bogdan, form, DEED[1:])
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        firm = replace(registry.get_entity(FIRM), active=False)
        registry.change_entity(firm, operator="test", at=world.clock())
        work.commit()

    with pytest.raises(ApplicationError, match="is deactivated"):
        small.clerks.approve(waiting.sys_ref, clerk="operator:ewa", note=None)
    assert small.application(waiting.sys_ref).state is State.WAITING


@pytest.mark.parametrize("order", ["approve", "refuse"])
def test_of_two_clerks_at_once_one_decides_and_the_other_is_told(szprot: Szprot, order: str) -> None:
    bogdan = szprot.world.enrol("bogdan")
    form = representation("Próbna", FIRM, position(1, bogdan.person, mandate("AES")), more=listed(DEED))
    case = szprot.file(bogdan, form, DEED[1:]).sys_ref
    both = Barrier(2)

    def decide(clerk: str) -> str:
        both.wait(timeout=60)
        try:
            if order == "approve" or clerk == "adam":
                szprot.clerks.approve(case, clerk=clerk, note=None)
            else:
                szprot.clerks.refuse(case, clerk=clerk, why="no")
        except ChangedMeanwhileError:
            return "late"
        return clerk

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(decide, ["adam", "ewa"]))

    assert outcomes.count("late") == 1
    assert szprot.application(case).decided_by in outcomes
    assert szprot.world.replies(case) == {"UPP": 1, "DecyzjaWPE": 2}


def test_each_representative_of_an_entity_holds_a_right_of_his_own(small: Szprot) -> None:
    anna = owner(small)
    bogdan, celina = small.world.enrol("bogdan"), small.world.enrol("celina")
    form = representation(
        "Próbna",
        OWN,
        position(1, bogdan.person, mandate("AES")),
        position(2, celina.person, mandate("AIS", level="ROZSZERZONE", last="2026-12-31")),
    )

    assert small.file(anna, form).codes == []

    with small.registry() as registry:
        rights = {right.representative: right for right in registry.representations(limit=9, party=OWN)}
    assert rights[bogdan.person.id_sisc].systems == frozenset({"AES"})
    assert rights[celina.person.id_sisc].systems == frozenset({"AIS"})
    assert rights[bogdan.person.id_sisc].valid_to is None
