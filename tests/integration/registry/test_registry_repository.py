import random
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Barrier, Thread
from typing import TypedDict, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from registry.desk import decide_rights
from registry.errors import (
    AlreadyRegisteredError,
    ChangedMeanwhileError,
    InvalidNumberError,
    InvalidRecordError,
    NotRegisteredError,
)
from registry.history import Subject
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Activity,
    Context,
    Entity,
    Granted,
    NamedParty,
    NumberKind,
    Person,
    Privilege,
    RefusalReason,
    Refused,
    Representation,
    RepresentationLevel,
)
from registry.repository import EVERY_SYSTEM, RegistryRepository

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PESEL = "44051401458"
ANNA = Person(id_sisc="ANNA0000000000001", given_names="Anna", surname="Lis", pesel=PESEL)
JAN = Person(id_sisc="JAN00000000000001", given_names="Jan", surname="Żuk")
EORI = "PL856734621500000"
FIRM = Entity(
    id_sisc=EORI,
    name="Firma",
    numbers=(
        (NumberKind.EORI, EORI),
        (NumberKind.EXCISE, "PL12345678901"),
        (NumberKind.EXCISE, "PL12345678902"),
        (NumberKind.NIP, "8567346215"),
    ),
)
AGENCY = Entity(id_sisc="AGENCY00000000001", name="Agencja", numbers=((NumberKind.EORI, "DE12345"),))
ACCOUNT = Account(
    login="anna@example.com",
    level=AccountLevel.EXTENDED,
    status=AccountStatus.ACTIVE,
    person_id=ANNA.id_sisc,
)


Attempt = Callable[[RegistryRepository], object]


class By(TypedDict):
    operator: str
    at: datetime


BY = By(operator="operator:ola", at=NOW)


def right(representative: Person | Entity, represented: Entity, id: str, *systems: str) -> Representation:  # noqa: A002 - the field's name
    return Representation(
        id=id,
        representative=representative.id_sisc,
        represented=represented.id_sisc,
        systems=frozenset(systems or {"AES"}),
        level=RepresentationLevel.BASIC,
        valid_from=date(2026, 1, 1),
    )


@pytest.fixture
def filled(repository: RegistryRepository) -> RegistryRepository:
    """Anna works for the agency, the agency and Jan represent the firm."""
    for person in (ANNA, JAN):
        repository.add_person(person, **BY)
    for entity in (FIRM, AGENCY):
        repository.add_entity(entity, **BY)
    repository.add_account(ACCOUNT, b"sealed", **BY)
    repository.add_representation(right(ANNA, AGENCY, "anna-agency", "AES", "AIS"), **BY)
    repository.add_representation(right(AGENCY, FIRM, "agency-firm", "AES", "NCTS2"), **BY)
    repository.add_representation(right(JAN, FIRM, "jan-firm"), **BY)
    return repository


def test_persons_accounts_entities_and_rights_are_read_as_written(filled: RegistryRepository) -> None:
    assert filled.get_person(ANNA.id_sisc) == ANNA
    assert filled.get_account("Anna@Example.COM") == ACCOUNT
    assert filled.sender(ACCOUNT.login) == (ACCOUNT, ANNA)
    assert filled.get_entity(FIRM.id_sisc) == FIRM
    assert filled.get_representation("jan-firm") == right(JAN, FIRM, "jan-firm")


def test_an_account_need_not_have_a_person(filled: RegistryRepository) -> None:
    lone = replace(ACCOUNT, login="new@example.com", person_id=None)
    filled.add_account(lone, b"sealed", **BY)
    assert filled.sender(lone.login) == (lone, None)
    assert filled.link_account(lone.login, JAN.id_sisc, **BY) == replace(lone, person_id=JAN.id_sisc)
    assert filled.sender(lone.login)[1] == JAN
    assert [lone.login] == [account.login for account in filled.accounts_of([JAN.id_sisc])]


def test_lists_go_on_behind_the_last_key(filled: RegistryRepository) -> None:
    assert filled.entities(limit=1) == [AGENCY]
    assert filled.entities(limit=9, after=AGENCY.id_sisc) == [FIRM]
    assert filled.persons(limit=9) == [ANNA, JAN]
    assert filled.accounts(limit=9) == [ACCOUNT]
    assert [found.id for found in filled.representations(limit=9, party=FIRM.id_sisc)] == [
        "agency-firm",
        "jan-firm",
    ]
    assert [found.id for found in filled.representations(limit=9, after="anna-agency")] == ["jan-firm"]


def test_entities_are_found_by_each_of_their_numbers(filled: RegistryRepository) -> None:
    for kind, number in FIRM.numbers:
        assert filled.entity_by_number(kind, number) == FIRM
    assert filled.entity_by_number(NumberKind.ID_SISC, FIRM.id_sisc) == FIRM
    assert filled.entity_by_number(NumberKind.EORI, "8567346215") is None

    known = NamedParty(kind=NumberKind.EXCISE, number="PL12345678902")
    agency = NamedParty(kind=NumberKind.ID_SISC, number=AGENCY.id_sisc)
    unknown = NamedParty(kind=NumberKind.EORI, number="FR1")
    assert {known: FIRM, agency: AGENCY} == filled.entities_by_numbers([known, agency, unknown])
    assert filled.entities_by_numbers([]) == {}


def test_a_regon_that_names_two_entities_finds_none(filled: RegistryRepository) -> None:
    regon = (NumberKind.REGON, "123456785")
    filled.change_entity(replace(FIRM, numbers=(*FIRM.numbers, regon)), **BY)
    assert filled.entity_by_number(*regon) is not None
    filled.change_entity(replace(AGENCY, numbers=(regon,)), **BY)
    assert filled.entity_by_number(*regon) is None


@pytest.mark.parametrize(
    "attempt",
    [
        lambda r: r.add_person(ANNA, **BY),
        lambda r: r.add_person(replace(JAN, id_sisc="JAN00000000000002", pesel=PESEL), **BY),
        lambda r: r.change_person(replace(JAN, pesel=PESEL), **BY),
        lambda r: r.add_person(replace(JAN, id_sisc=FIRM.id_sisc), **BY),
        lambda r: r.add_entity(replace(AGENCY, id_sisc=ANNA.id_sisc), **BY),
        lambda r: r.add_entity(replace(FIRM, id_sisc="OTHER00000000001"), **BY),
        lambda r: r.change_entity(replace(AGENCY, numbers=FIRM.numbers), **BY),
        lambda r: r.add_account(ACCOUNT, b"sealed", **BY),
        lambda r: r.add_representation(right(JAN, FIRM, "jan-firm"), **BY),
    ],
)
def test_what_is_taken_is_refused(filled: RegistryRepository, attempt: Attempt) -> None:
    with pytest.raises(AlreadyRegisteredError):
        attempt(filled)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda r: r.get_person("NOBODY0000000000"),
        lambda r: r.get_entity(ANNA.id_sisc),
        lambda r: r.get_account("nobody@example.com"),
        lambda r: r.sender("nobody@example.com"),
        lambda r: r.get_representation("none"),
        lambda r: r.change_person(replace(ANNA, id_sisc="NOBODY0000000000", pesel=None), **BY),
        lambda r: r.change_entity(replace(AGENCY, id_sisc="NOTHING000000000"), **BY),
        lambda r: r.change_entity(replace(AGENCY, owner_person="NOBODY0000000000"), **BY),
        lambda r: r.link_account(ACCOUNT.login, "NOBODY0000000000", **BY),
        lambda r: r.add_account(replace(ACCOUNT, login="x@y", person_id="NOBODY0000000000"), b"", **BY),
        lambda r: r.add_representation(right(replace(JAN, id_sisc="NOBODY"), FIRM, "new"), **BY),
        lambda r: r.add_representation(right(JAN, replace(FIRM, id_sisc="NOTHING"), "new"), **BY),
    ],
)
def test_what_is_not_registered_is_refused(filled: RegistryRepository, attempt: Attempt) -> None:
    with pytest.raises(NotRegisteredError):
        attempt(filled)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda r: r.add_person(replace(JAN, id_sisc="short"), **BY),
        lambda r: r.add_person(replace(JAN, id_sisc="JAN00000000000002", pesel="44051401459"), **BY),
        lambda r: r.add_person(replace(JAN, id_sisc="JAN00000000000002", surname=" "), **BY),
        lambda r: r.change_entity(replace(AGENCY, name=""), **BY),
        lambda r: r.change_entity(replace(AGENCY, numbers=((NumberKind.NIP, "856-734-62-15"),)), **BY),
        lambda r: r.change_entity(replace(AGENCY, numbers=((NumberKind.NIP, "8567346216"),)), **BY),
        lambda r: r.change_entity(replace(AGENCY, numbers=((NumberKind.ID_SISC, "X" * 17),)), **BY),
        lambda r: r.change_entity(replace(AGENCY, numbers=AGENCY.numbers * 2), **BY),
        lambda r: r.add_account(replace(ACCOUNT, login="Big@example.com"), b"", **BY),
        lambda r: r.add_account(replace(ACCOUNT, login="no address"), b"", **BY),
        lambda r: r.add_representation(replace(right(JAN, FIRM, "n"), systems=frozenset()), **BY),
        lambda r: r.add_representation(right(JAN, FIRM, "n", " AES"), **BY),
        lambda r: r.add_representation(right(JAN, FIRM, "n", "aes"), **BY),
        lambda r: r.add_representation(right(JAN, FIRM, "n", *(f"S{i}" for i in range(31))), **BY),
        lambda r: r.add_representation(replace(right(JAN, FIRM, "n"), valid_to=date(2025, 1, 1)), **BY),
        lambda r: r.add_representation(right(FIRM, FIRM, "n"), **BY),
        lambda r: r.add_person(
            replace(JAN, id_sisc="JAN00000000000002"),
            operator="ola",
            at=datetime(2026, 3, 10),  # noqa: DTZ001 - the mistake under test
        ),
    ],
)
def test_records_that_break_a_rule_are_refused(filled: RegistryRepository, attempt: Attempt) -> None:
    with pytest.raises((InvalidRecordError, InvalidNumberError)):
        attempt(filled)


def test_every_change_is_in_the_history_with_before_and_after(filled: RegistryRepository) -> None:
    later = NOW + timedelta(hours=1)
    filled.change_person(replace(ANNA, surname="Kot"), operator="system:SZPROT", at=later)
    added, changed = filled.history(Subject.PERSON, ANNA.id_sisc)
    assert (added.action, added.at, added.operator, added.before) == ("added", NOW, "operator:ola", None)
    assert ("changed", later, "system:SZPROT") == (changed.action, changed.at, changed.operator)
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before["surname"], changed.after["surname"]) == ("Lis", "Kot")


def test_a_change_of_an_entity_tells_its_numbers(filled: RegistryRepository) -> None:
    filled.change_entity(replace(FIRM, numbers=FIRM.numbers[:1], active=False), **BY)
    change = filled.history(Subject.ENTITY, FIRM.id_sisc)[-1]
    assert change.before is not None
    assert change.after is not None
    assert change.after["numbers"] == [["eori", EORI]]
    assert change.after["active"] is False
    assert ["nip", "8567346215"] in cast("list[list[str]]", change.before["numbers"])


def test_a_change_of_a_right_grows_its_version(filled: RegistryRepository) -> None:
    changed = filled.change_representation(
        "jan-firm",
        systems={"AIS"},
        level=RepresentationLevel.EXTENDED,
        valid_from=date(2026, 2, 1),
        valid_to=date(2026, 12, 31),
        **BY,
    )
    assert changed.version == 2
    assert filled.get_representation("jan-firm") == changed
    ended = filled.end_representation("jan-firm", **BY)
    assert (ended.version, ended.ended_at) == (3, NOW)
    assert filled.get_representation("jan-firm") == ended
    actions = [change.action for change in filled.history(Subject.REPRESENTATION, "jan-firm")]
    assert actions == ["added", "changed", "ended"]


def test_an_ended_right_is_not_changed_any_more(filled: RegistryRepository) -> None:
    filled.end_representation("jan-firm", **BY)
    with pytest.raises(InvalidRecordError):
        filled.end_representation("jan-firm", **BY)


def test_a_right_changed_by_somebody_else_meanwhile_is_not_overwritten(
    filled: RegistryRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_before = filled.get_representation("jan-firm")
    filled.end_representation("jan-firm", **BY)
    monkeypatch.setattr(filled, "get_representation", lambda _: read_before)
    with pytest.raises(ChangedMeanwhileError):
        filled.end_representation("jan-firm", **BY)


def test_moments_come_back_in_utc(filled: RegistryRepository) -> None:
    polish = datetime(2026, 3, 10, 14, tzinfo=timezone(timedelta(hours=1)))
    ended = filled.end_representation("jan-firm", operator="ola", at=NOW, ended_at=polish).ended_at
    stored = filled.get_representation("jan-firm").ended_at
    assert stored is not None
    assert (ended, timedelta(0)) == (stored, stored.utcoffset())


def test_a_rollback_leaves_nothing(connection: Connection, repository: RegistryRepository) -> None:
    repository.add_person(JAN, **BY)
    connection.rollback()
    assert repository.persons(limit=9) == []
    assert repository.history(Subject.PERSON, JAN.id_sisc) == []


def test_three_wrong_digests_in_a_row_lock_the_account(filled: RegistryRepository) -> None:
    login = ACCOUNT.login.upper()
    assert [filled.count_wrong_digest(login, limit=3, at=NOW) for _ in range(4)] == [
        False,
        False,
        True,
        False,
    ]
    assert filled.credentials(login) == (ACCOUNT.login, b"sealed", AccountStatus.LOCKED, 4)
    actions = [change.action for change in filled.history(Subject.ACCOUNT, ACCOUNT.login)]
    assert actions == ["added", "locked"]


def test_a_right_digest_forgets_the_wrong_ones_but_opens_no_lock(filled: RegistryRepository) -> None:
    filled.count_wrong_digest(ACCOUNT.login, limit=3, at=NOW)
    filled.reset_wrong_digests(ACCOUNT.login)
    assert filled.get_account(ACCOUNT.login).failed_logins == 0
    filled.count_wrong_digest(ACCOUNT.login, limit=1, at=NOW)
    filled.reset_wrong_digests(ACCOUNT.login)
    assert filled.get_account(ACCOUNT.login).status is AccountStatus.LOCKED


def test_an_unknown_login_counts_nothing(filled: RegistryRepository) -> None:
    assert not filled.count_wrong_digest("nobody@example.com", limit=1, at=NOW)
    assert filled.credentials("nobody@example.com") is None


def test_the_help_desk_unlocks_with_a_reason(filled: RegistryRepository) -> None:
    with pytest.raises(InvalidRecordError):
        filled.unlock(ACCOUNT.login, reason="asked", **BY)
    filled.count_wrong_digest(ACCOUNT.login, limit=1, at=NOW)
    with pytest.raises(InvalidRecordError):
        filled.unlock(ACCOUNT.login, reason=" ", **BY)
    assert filled.unlock(ACCOUNT.login, reason="called back", **BY) == ACCOUNT
    change = filled.history(Subject.ACCOUNT, ACCOUNT.login)[-1]
    assert change.after is not None
    assert (change.action, change.after["reason"]) == ("unlocked", "called back")


def test_a_closed_account_is_neither_locked_nor_unlocked(filled: RegistryRepository) -> None:
    filled.close_account(ACCOUNT.login, **BY)
    assert not filled.count_wrong_digest(ACCOUNT.login, limit=1, at=NOW)
    with pytest.raises(InvalidRecordError):
        filled.unlock(ACCOUNT.login, reason="asked", **BY)


def test_a_password_change_is_told_but_not_shown(filled: RegistryRepository) -> None:
    filled.set_password(ACCOUNT.login, b"new-sealed", **BY)
    found = filled.credentials(ACCOUNT.login)
    assert found is not None
    assert found.ciphertext == b"new-sealed"
    assert "sealed" not in repr(filled.history(Subject.ACCOUNT, ACCOUNT.login))
    filled.rotate_credential(ACCOUNT.login, b"rotated")
    rotated = filled.credentials(ACCOUNT.login)
    assert rotated is not None
    assert rotated.ciphertext == b"rotated"


def test_the_level_of_an_account_changes(filled: RegistryRepository) -> None:
    filled.set_account_level(ACCOUNT.login, AccountLevel.BASIC, **BY)
    assert filled.get_account(ACCOUNT.login).level is AccountLevel.BASIC


def _decide(repository: RegistryRepository, system: str = "AES") -> object:
    return decide_rights(
        repository,
        login=ACCOUNT.login,
        principals=[NamedParty(kind=NumberKind.EORI, number=EORI)],
        representatives=[],
        system=system,
        at=NOW,
        needs_right=True,
    )


def _reason(decision: object) -> RefusalReason:
    assert isinstance(decision, Refused)
    return decision.reason


def test_an_agency_employee_gets_the_intersection_of_both_rights(filled: RegistryRepository) -> None:
    decision = _decide(filled)
    assert isinstance(decision, Granted)
    assert Context(person=ANNA.id_sisc, middle=AGENCY.id_sisc, end=EORI) == decision.context
    assert [used.representation for used in decision.links] == ["anna-agency", "agency-firm"]
    assert _reason(_decide(filled, "AIS")) is RefusalReason.WRONG_SCOPE
    assert _reason(_decide(filled, "NCTS2")) is RefusalReason.WRONG_SCOPE


def test_ended_rights_and_deactivated_agencies_grant_nothing(filled: RegistryRepository) -> None:
    filled.change_entity(replace(AGENCY, active=False), **BY)
    assert _reason(_decide(filled)) is RefusalReason.AGENCY_INACTIVE
    filled.change_entity(AGENCY, **BY)
    filled.end_representation("anna-agency", **BY)
    assert _reason(_decide(filled)) is RefusalReason.RIGHT_EXPIRED


def test_the_owner_of_the_agency_acts_without_a_link_to_it(filled: RegistryRepository) -> None:
    filled.end_representation("anna-agency", **BY)
    filled.change_entity(replace(AGENCY, owner_person=ANNA.id_sisc), **BY)
    decision = _decide(filled, "NCTS2")
    assert isinstance(decision, Granted)
    assert [used.representation for used in decision.links] == ["agency-firm"]


def _attempts(text: str) -> list[tuple[Attempt, Callable[[RegistryRepository], object]]]:
    """What may be written with a text somebody typed, and how it is read back."""
    person = Person(id_sisc="T" * 17, given_names=text, surname=text)
    entity = Entity(id_sisc="E" * 17, name=text)
    account = replace(ACCOUNT, login=text, person_id=None)
    mail = replace(account, login=f"{text}@example.pl")
    named = replace(person, id_sisc=text, given_names="A", surname="B")
    return [
        (lambda r: r.add_person(person, **BY), lambda r: r.get_person(person.id_sisc) == person),
        (lambda r: r.add_entity(entity, **BY), lambda r: r.get_entity(entity.id_sisc) == entity),
        (lambda r: r.add_account(account, b"", **BY), lambda r: r.get_account(text) == account),
        (lambda r: r.add_account(mail, b"", **BY), lambda r: r.get_account(mail.login) == mail),
        (lambda r: r.add_person(named, **BY), lambda r: r.get_person(text) == named),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    text=st.text(st.characters(), max_size=60) | st.text("\0\x1b\u202e\u200d\ufeffİßſé \ud800", min_size=10)
)
@example("e\u0301 \u00e9 \ufdfa \U0001f469\u200d\U0001f467 \u202eabc")
@example("\0" * 12)
def test_any_text_is_stored_as_written_or_refused(
    filled: RegistryRepository, connection: Connection, text: str
) -> None:
    for write, is_as_written in _attempts(text):
        with connection.begin_nested() as trial:
            try:
                write(filled)
            except (InvalidRecordError, InvalidNumberError):
                pass
            else:
                assert is_as_written(filled)
            trial.rollback()


def test_firms_that_represent_each_other_are_stored_and_lead_nowhere_in_a_ring(
    filled: RegistryRepository,
) -> None:
    """Agency for firm, firm for agency: nobody gains a right by the ring, and an end comes to an end."""
    before = [_decide(filled, system) for system in ("AES", "AIS", "NCTS2")]
    filled.add_representation(right(FIRM, AGENCY, "ring", "AES", "AIS", "NCTS2"), **BY)
    assert [_decide(filled, system) for system in ("AES", "AIS", "NCTS2")] == before
    filled.end_all_of(AGENCY.id_sisc, **BY)
    assert all(found.ended_at for found in filled.representations(limit=10, party=AGENCY.id_sisc))


def test_rights_with_overlapping_terms_stand_side_by_side(filled: RegistryRepository) -> None:
    filled.end_representation("jan-firm", **BY)
    for id_, system in (("first", "AES"), ("second", "AIS")):
        term = replace(right(JAN, FIRM, id_, system), valid_to=date(2026, 3, 10))
        filled.add_representation(term, **BY)
    found = {link.id: link for link in filled.representations_for(JAN.id_sisc, [EORI])}
    assert {found[id_].systems for id_ in ("first", "second")} == {frozenset({"AES"}), frozenset({"AIS"})}


def test_the_largest_right_there_may_be_finds_room_in_the_index(filled: RegistryRepository) -> None:
    """PostgreSQL takes 2,704 bytes: letters by chance are the worst case, nothing of them can be packed."""
    letters = random.Random(1)
    systems = ["".join(letters.choices(string.ascii_uppercase, k=30)) for _ in range(30)]
    largest = replace(
        right(JAN, FIRM, "f" * 50, *systems),
        activities=dict.fromkeys(systems, frozenset({Activity.SEND, Activity.RECEIVE})),
        privileges=frozenset(Privilege),
        substitution=True,
    )
    filled.add_representation(largest, **BY)
    assert largest in filled.representations_for(JAN.id_sisc, [FIRM.id_sisc])


def test_only_links_between_the_person_and_the_entities_are_fetched(filled: RegistryRepository) -> None:
    assert {"anna-agency", "agency-firm"} == {
        found.id for found in filled.representations_for(ANNA.id_sisc, [EORI])
    }
    assert [found.id for found in filled.representations_for(JAN.id_sisc, [EORI])] == ["jan-firm"]
    assert filled.representations_for(ANNA.id_sisc, []) == []


def test_entities_are_visible_by_direct_links_in_force_and_own_ones_whole(
    filled: RegistryRepository,
) -> None:
    assert {AGENCY.id_sisc: frozenset({"AES", "AIS"})} == filled.visible_entities(ANNA.id_sisc, NOW)
    filled.change_entity(replace(FIRM, owner_person=ANNA.id_sisc), **BY)
    filled.end_representation("anna-agency", **BY)
    assert {EORI: frozenset({EVERY_SYSTEM})} == filled.visible_entities(ANNA.id_sisc, NOW)
    assert filled.visible_entities(ANNA.id_sisc, NOW - timedelta(days=90)) == {EORI: frozenset("*")}


@pytest.mark.parametrize(
    ("contexts", "allowed"),
    [
        ({"person": ANNA.id_sisc}, True),
        ({"person": JAN.id_sisc}, False),
        ({"middle": AGENCY.id_sisc}, True),
        ({"middle": EORI}, False),
        ({"end": EORI}, True),
        ({"end": AGENCY.id_sisc}, True),
        ({"end": ANNA.id_sisc}, True),
        ({"end": JAN.id_sisc}, False),
        ({"middle": AGENCY.id_sisc, "end": EORI}, True),
        ({"middle": AGENCY.id_sisc, "end": AGENCY.id_sisc}, False),
        ({"person": JAN.id_sisc, "end": EORI}, False),
        ({"person": ANNA.id_sisc, "middle": AGENCY.id_sisc, "end": EORI, "system": "AES"}, True),
        ({"end": EORI, "system": "NCTS2"}, False),
        ({"middle": AGENCY.id_sisc, "system": "AIS"}, True),
        ({"middle": AGENCY.id_sisc, "system": "NCTS2"}, False),
    ],
)
def test_contexts_may_be_asked_for_only_along_links(
    filled: RegistryRepository,
    contexts: dict[str, str],
    allowed: bool,  # noqa: FBT001 - a case
) -> None:
    assert filled.may_use_context(ANNA.id_sisc, at=NOW, **contexts) is allowed


@pytest.mark.postgres
def test_competing_wrong_digests_are_all_counted_and_lock_once(postgres_engine: Engine) -> None:
    with postgres_engine.begin() as connection:
        RegistryRepository(connection).add_account(
            replace(ACCOUNT, login="race@example.com", person_id=None), b"", **BY
        )
    start, locked = Barrier(8), []

    def guess() -> None:
        start.wait()
        with postgres_engine.begin() as connection:
            locked.append(
                RegistryRepository(connection).count_wrong_digest("race@example.com", limit=3, at=NOW)
            )

    guesses = [Thread(target=guess) for _ in range(8)]
    for thread in guesses:
        thread.start()
    for thread in guesses:
        thread.join()
    with postgres_engine.begin() as connection:
        assert RegistryRepository(connection).get_account("race@example.com").failed_logins == 8
    assert locked.count(True) == 1


@pytest.mark.postgres
def test_of_two_competitors_one_registers_and_the_other_is_told(postgres_engine: Engine) -> None:
    person = Person(id_sisc="RACE0000000000001", given_names="R", surname="R")
    start, outcomes = Barrier(2), []

    def register() -> None:
        start.wait()
        try:
            with postgres_engine.begin() as connection:
                RegistryRepository(connection).add_person(person, **BY)
            outcomes.append("added")
        except AlreadyRegisteredError:
            outcomes.append("taken")

    competitors = [Thread(target=register) for _ in range(2)]
    for thread in competitors:
        thread.start()
    for thread in competitors:
        thread.join()
    assert sorted(outcomes) == ["added", "taken"]
