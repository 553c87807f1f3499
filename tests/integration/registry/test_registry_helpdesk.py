"""What the help desk does: requests, complaints, accounts, one-time passwords, rights from PDR."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from benchmarks.pdr_records import nip, pesel
from registry import tables
from registry.errors import (
    AlreadyRegisteredError,
    ChangedMeanwhileError,
    InvalidNumberError,
    InvalidRecordError,
    NotRegisteredError,
)
from registry.helpdesk import HelpDeskRecords
from registry.history import Subject
from registry.linking import TRIES, LinkResult, as_typed
from registry.migrated import Review
from registry.model import Account, AccountLevel, AccountStatus, Person
from registry.numbers import person_id_sisc
from registry.pdr.entering import PdrEntry
from registry.pdr.reading import read_records
from registry.repository import RegistryRepository
from registry.requests import (
    MessageKind,
    Request,
    RequestCategory,
    RequestChannel,
    RequestFilter,
    RequestStatus,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLA = "operator:ola"
ANNA, EWA = "anna@example.com", "ewa@example.com"
PERSON = person_id_sisc(pesel(1))
FIRM = f"PL{nip(1)}00000"
PDR = (
    "record,id,pesel,surname,name,nip,eori,representative,represented,systems\n"
    f"person,P1,{pesel(1)},Lis,,,,,,\n"
    f"person,P2,{pesel(2)},Wilk,,,,,,\n"
    f"entity,E1,,,Firma,{nip(1)},{FIRM},,,\n"
    "authorisation,A1,,,,,,P1,E1,CELINA\n"
    "authorisation,A2,,,,,,P2,E1,ECS\n"
)


class NoKeys:
    def enter(self, certificate: bytes, *, person_id: str) -> bool:
        raise AssertionError(certificate, person_id)


@pytest.fixture
def desk(connection: Connection) -> HelpDeskRecords:
    """Two accounts without persons; two persons, a firm and two rights from PDR."""
    numbers = count(1)
    entry = PdrEntry(
        connections=[connection], keys=NoKeys(), operator=OLA, at=NOW, new_id=lambda: f"right-{next(numbers)}"
    )
    assert not entry.enter(list(read_records(io.BytesIO(PDR.encode())))).problems
    desk = HelpDeskRecords(connection, reason="asked for by phone")
    for login in (ANNA, EWA):
        account = Account(login=login, level=AccountLevel.BASIC, status=AccountStatus.ACTIVE, person_id=None)
        desk.add_account(account, b"sealed", operator=OLA, at=NOW)
    return desk


def ask(desk: HelpDeskRecords, **values: object) -> Request:
    given: dict[str, Any] = {
        "category": RequestCategory.REPORT,
        "channel": RequestChannel.PORTAL,
        "service": "AES",
        "text": "It does not work.",
        "login": ANNA,
        **values,
    }
    return desk.register_request(**given, operator=OLA, at=NOW)


def answered(desk: HelpDeskRecords, **values: object) -> Request:
    return desk.answer_request(ask(desk, **values).number, "It does.", operator=OLA, at=NOW)


# Requests


def test_a_request_names_the_service_and_the_system_it_concerns(desk: HelpDeskRecords) -> None:
    request = ask(desk, service="Zgłoszenie wywozowe", system="AES", login="ANNA@example.com")
    assert (request.service, request.system, request.login) == ("Zgłoszenie wywozowe", "AES", ANNA)
    with pytest.raises(InvalidRecordError, match="service"):
        ask(desk, service=" ")


def test_every_step_of_a_request_is_told_by_messages_and_history(desk: HelpDeskRecords) -> None:
    number = ask(desk).number
    desk.answer_request(number, "It does.", operator=OLA, at=NOW + DAY)
    desk.complain(number, "It does not!", operator=OLA, at=NOW + 2 * DAY)
    desk.answer_request(number, "Now it does.", operator="operator:jan", at=NOW + 3 * DAY)
    closed = desk.close_request(number, operator=OLA, at=NOW + 9 * DAY)

    assert (closed.status, closed.answered_at) == (RequestStatus.CLOSED, NOW + 3 * DAY)
    assert [(said.author, said.kind, said.text) for said in desk.messages(number)] == [
        (ANNA, MessageKind.DESCRIPTION, "It does not work."),
        (OLA, MessageKind.ANSWER, "It does."),
        (ANNA, MessageKind.COMPLAINT, "It does not!"),
        ("operator:jan", MessageKind.ANSWER, "Now it does."),
    ]
    assert [(change.action, change.operator) for change in desk.history(Subject.REQUEST, str(number))] == [
        ("registered", OLA),
        ("answered", OLA),
        ("complaint", OLA),
        ("answered", "operator:jan"),
        ("closed", OLA),
    ]


@pytest.mark.parametrize("category", [RequestCategory.REPORT, RequestCategory.SERVICE])
@pytest.mark.parametrize("days", [0, 5])
def test_a_complaint_is_accepted_within_five_days_of_the_answer(
    desk: HelpDeskRecords, category: RequestCategory, days: int
) -> None:
    number = answered(desk, category=category).number
    assert desk.complain(number, "No.", operator=OLA, at=NOW + days * DAY).status is RequestStatus.COMPLAINT


def test_a_complaint_is_refused_after_five_days(desk: HelpDeskRecords) -> None:
    request = answered(desk)
    assert request.complaint_until == date(2026, 3, 15)
    last_moment = datetime(2026, 3, 15, 22, 59, tzinfo=UTC)  # a minute to midnight in Poland
    with pytest.raises(InvalidRecordError, match="within 5 days of the answer, until 2026-03-15"):
        desk.complain(request.number, "No.", operator=OLA, at=last_moment + timedelta(minutes=1))
    desk.complain(request.number, "No.", operator=OLA, at=last_moment)


def test_a_complaint_concerns_reports_and_service_requests_not_information(desk: HelpDeskRecords) -> None:
    number = answered(desk, category=RequestCategory.INFORMATION).number
    with pytest.raises(InvalidRecordError, match="reports and service requests"):
        desk.complain(number, "No.", operator=OLA, at=NOW)


def test_each_answer_opens_five_days_anew(desk: HelpDeskRecords) -> None:
    number = answered(desk).number
    desk.complain(number, "No.", operator=OLA, at=NOW + 5 * DAY)
    desk.answer_request(number, "Yes.", operator=OLA, at=NOW + 6 * DAY)
    desk.complain(number, "No!", operator=OLA, at=NOW + 11 * DAY)


@pytest.mark.parametrize(
    "act",
    [
        lambda desk, number: desk.complain(number, "No.", operator=OLA, at=NOW),
        lambda desk, number: desk.close_request(number, operator=OLA, at=NOW),
    ],
)
def test_an_open_request_can_neither_be_complained_about_nor_closed(
    desk: HelpDeskRecords, act: Callable[[HelpDeskRecords, int], object]
) -> None:
    with pytest.raises(InvalidRecordError, match="open"):
        act(desk, ask(desk).number)


def test_an_answered_request_is_not_answered_again(desk: HelpDeskRecords) -> None:
    with pytest.raises(InvalidRecordError, match="answered"):
        desk.answer_request(answered(desk).number, "Again.", operator=OLA, at=NOW)


def test_two_answers_at_once_give_one(desk: HelpDeskRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = ask(desk)
    desk.answer_request(stale.number, "It does.", operator=OLA, at=NOW)
    monkeypatch.setattr(HelpDeskRecords, "get_request", lambda _desk, _number: stale)
    with pytest.raises(ChangedMeanwhileError):
        desk.answer_request(stale.number, "It does not.", operator="operator:jan", at=NOW)


def test_by_email_only_from_an_account_that_has_used_the_portal_before(desk: HelpDeskRecords) -> None:
    with pytest.raises(InvalidRecordError, match="at least one request on the portal"):
        ask(desk, channel=RequestChannel.EMAIL)
    ask(desk)
    assert ask(desk, channel=RequestChannel.EMAIL).channel is RequestChannel.EMAIL


@pytest.mark.parametrize("channel", [RequestChannel.EMAIL, RequestChannel.PORTAL])
def test_other_requests_come_from_an_account(desk: HelpDeskRecords, channel: RequestChannel) -> None:
    with pytest.raises(InvalidRecordError, match="from an account"):
        ask(desk, channel=channel, login=None)
    with pytest.raises(NotRegisteredError):
        ask(desk, channel=channel, login="nobody@example.com")


def test_by_phone_anybody_may_ask(desk: HelpDeskRecords) -> None:
    request = ask(desk, channel=RequestChannel.PHONE, login=None, contact="+48 33 000 00 00")
    assert (request.login, request.contact) == (None, "+48 33 000 00 00")
    with pytest.raises(InvalidRecordError, match="contact"):
        ask(desk, channel=RequestChannel.PHONE, login=None)


def test_requests_are_found_by_everything_known_of_them(desk: HelpDeskRecords) -> None:
    first = ask(desk, service="Wywóz 100%", system="AES", text="Nie działa PODPIS_x")
    second = ask(desk, category=RequestCategory.SERVICE, login=EWA, service="e-Klient")
    desk.answer_request(second.number, "Gotowe", operator=OLA, at=NOW)

    def found(**wanted: object) -> list[int]:
        values: dict[str, Any] = dict(wanted)
        return [request.number for request in desk.requests(RequestFilter(**values), limit=10)]

    assert found() == [second.number, first.number]
    for wanted in (
        {"login": "EWA@example.com"},
        {"category": RequestCategory.SERVICE},
        {"status": RequestStatus.ANSWERED},
        {"service": "KLIENT"},
        {"text": "gotow"},
    ):
        assert found(**wanted) == [second.number]
    for wanted in ({"system": "AES"}, {"text": "podpis_X"}, {"service": "100%"}, {"login": ANNA}):
        assert found(**wanted) == [first.number]
    assert found(text="podpisYx") == []
    assert [r.number for r in desk.requests(RequestFilter(), limit=1, before=second.number)] == [first.number]


def test_a_text_must_be_one(desk: HelpDeskRecords) -> None:
    for text in ("", " \n", "a" * 10_001, "bell\a"):
        with pytest.raises(InvalidRecordError, match="text"):
            ask(desk, text=text)
    assert desk.messages(ask(desk, text="Zeile\n\tzwei 李 \U0001f4a1").number)[0].text.endswith(
        "李 \U0001f4a1"
    )


# Accounts


def test_an_account_gets_a_new_email_and_password_and_keeps_what_is_its_own(desk: HelpDeskRecords) -> None:
    number = ask(desk).number
    for _ in range(3):
        desk.count_wrong_digest(ANNA, limit=3, at=NOW)
    changed = desk.change_email(ANNA, "Anna.Nowa@example.com", b"new", operator=OLA, at=NOW)

    assert (changed.login, changed.status, changed.failed_logins) == (
        "anna.nowa@example.com",
        AccountStatus.ACTIVE,
        0,
    )
    assert desk.get_request(number).login == changed.login
    stored = desk.credentials(changed.login)
    assert stored is not None
    assert stored.ciphertext == b"new"
    assert desk.credentials(ANNA) is None
    for key in (ANNA, changed.login):
        last = desk.history(Subject.ACCOUNT, key)[-1]
        assert (last.action, last.operator, last.reason) == ("e-mail changed", OLA, "asked for by phone")


@pytest.mark.parametrize(
    ("login", "new", "error"),
    [
        (ANNA, EWA, AlreadyRegisteredError),
        (ANNA, "no address", InvalidRecordError),
        ("nobody@example.com", "x@example.com", NotRegisteredError),
    ],
)
def test_an_email_is_changed_only_to_a_free_address(
    desk: HelpDeskRecords, login: str, new: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.change_email(login, new, b"new", operator=OLA, at=NOW)


def create(desk: HelpDeskRecords, login: str = "jan@example.com", **values: object) -> Account:
    given: dict[str, Any] = {
        "pesel": pesel(1),
        "level": AccountLevel.BASIC,
        "credential": b"sealed",
        "close_others": False,
        **values,
    }
    return desk.create_account(login, **given, operator=OLA, at=NOW)


def test_an_account_is_created_for_a_pesel_in_the_system(desk: HelpDeskRecords) -> None:
    account = create(desk)
    assert (account.person_id, account.level) == (PERSON, AccountLevel.BASIC)
    assert desk.history(Subject.ACCOUNT, account.login)[-1].reason == "asked for by phone"


def test_a_person_with_an_account_gets_another_only_when_that_is_closed(desk: HelpDeskRecords) -> None:
    create(desk)
    with pytest.raises(InvalidRecordError, match=r"jan@example\.com"):
        create(desk, "new@example.com")
    create(desk, "new@example.com", close_others=True)
    assert desk.get_account("jan@example.com").status is AccountStatus.CLOSED


@pytest.mark.parametrize(
    ("number", "error"), [(pesel(3), NotRegisteredError), ("44051401459", InvalidNumberError)]
)
def test_for_an_unknown_pesel_the_portal_opens_accounts(
    desk: HelpDeskRecords, number: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create(desk, pesel=number)


# One-time passwords


def issue(desk: HelpDeskRecords, login: str = ANNA, person: str = PERSON) -> str:
    return desk.issue_password(
        login, person, valid_for=timedelta(hours=2), random_bytes=bytes, operator=OLA, at=NOW
    )


def link(desk: HelpDeskRecords, password: str, at: datetime = NOW, login: str = ANNA) -> LinkResult:
    return desk.link_by_password(login, password, operator=f"account:{login}", at=at).result


def test_the_right_password_links_the_account_and_gives_the_advanced_level(desk: HelpDeskRecords) -> None:
    assert link(desk, issue(desk)) is LinkResult.LINKED
    account = desk.get_account(ANNA)
    assert (account.person_id, account.level) == (PERSON, AccountLevel.EXTENDED)
    visible = RegistryRepository(desk._connection).visible_entities(PERSON, NOW)  # noqa: SLF001
    assert visible == {FIRM: {"CELINA", "AIS"}}
    assert [change.action for change in desk.history(Subject.ACCOUNT, ANNA)] == [
        "added",
        "password issued",
        "linked by one-time password",
    ]


def test_a_password_is_taken_as_people_type_it(desk: HelpDeskRecords) -> None:
    password = issue(desk)
    assert password == "AAAA-AAAA-AAAA-AAAA"
    assert link(desk, " aaaa aaaa-AAAAaaaa\n") is LinkResult.LINKED


@given(text=st.text(max_size=40))
def test_nothing_else_is_the_password(text: str) -> None:
    plain = as_typed(text)
    assert plain == as_typed(plain)
    assert not set(plain) & set("-01 \t\n")


def test_a_password_works_once(desk: HelpDeskRecords) -> None:
    password = issue(desk)
    link(desk, password)
    assert link(desk, password) is LinkResult.NONE


def test_a_password_expires(desk: HelpDeskRecords) -> None:
    assert link(desk, issue(desk), NOW + timedelta(hours=2)) is LinkResult.NONE


def test_wrong_tries_are_limited_and_told(desk: HelpDeskRecords) -> None:
    password = issue(desk)
    outcomes = [desk.link_by_password(ANNA, "wrong", operator=OLA, at=NOW) for _ in range(TRIES)]
    assert [(one.result, one.tries_left) for one in outcomes] == [
        (LinkResult.WRONG, left) for left in reversed(range(TRIES))
    ]
    assert link(desk, password) is LinkResult.NONE
    assert desk.get_account(ANNA).person_id is None
    assert [change.action for change in desk.history(Subject.ACCOUNT, ANNA)].count(
        "wrong one-time password"
    ) == TRIES


def test_a_new_password_ends_the_old_one(desk: HelpDeskRecords) -> None:
    old = desk.issue_password(
        ANNA, PERSON, valid_for=DAY, random_bytes=lambda n: b"\xff" * n, operator=OLA, at=NOW
    )
    new = issue(desk)
    assert link(desk, old) is LinkResult.WRONG
    assert link(desk, new) is LinkResult.LINKED


def test_a_password_is_for_one_account_only(desk: HelpDeskRecords) -> None:
    assert link(desk, issue(desk), login=EWA) is LinkResult.NONE


def test_the_password_is_stored_hashed_and_told_nowhere(desk: HelpDeskRecords) -> None:
    password = desk.issue_password(
        ANNA, PERSON, valid_for=DAY, random_bytes=lambda n: b"\xff" * n, operator=OLA, at=NOW
    )
    stored = desk._connection.execute(select(tables.one_time_passwords)).one()  # noqa: SLF001
    changes = desk.history(Subject.ACCOUNT, ANNA)
    for secret in (password, password.replace("-", "")):
        assert secret not in f"{stored} {changes}"
    assert len(stored.hashed) == 64


@pytest.mark.parametrize(
    ("login", "person", "error"),
    [
        ("nobody@example.com", PERSON, NotRegisteredError),
        (ANNA, "00000000000000000", NotRegisteredError),
        (ANNA, person_id_sisc(pesel(9)), InvalidRecordError),
    ],
)
def test_a_password_is_issued_only_for_a_migrated_record(
    desk: HelpDeskRecords, login: str, person: str, error: type[Exception]
) -> None:
    desk.add_person(
        Person(id_sisc=person_id_sisc(pesel(9)), given_names="", surname="Nowy", pesel=pesel(9)),
        operator=OLA,
        at=NOW,
    )
    with pytest.raises(error):
        issue(desk, login, person)


def test_neither_side_is_linked_twice(desk: HelpDeskRecords) -> None:
    link(desk, issue(desk))
    with pytest.raises(InvalidRecordError, match="has the account"):
        issue(desk, EWA)
    with pytest.raises(InvalidRecordError, match="is linked to"):
        issue(desk, ANNA, person_id_sisc(pesel(2)))


# Rights from PDR


HEAD, *LINES = PDR.splitlines(keepends=True)


@settings(max_examples=40, deadline=None)
@given(runs=st.lists(st.lists(st.integers(0, len(LINES) - 1), max_size=8), max_size=4))
def test_whatever_is_run_in_whatever_order_the_whole_file_gives_the_same_register(
    runs: list[list[int]],
) -> None:
    """Parts of a file, mixed up, repeated, killed: what is entered in the end is what the file says."""
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.connect() as connection:
        for lines in [*([LINES[i] for i in run] for run in runs), LINES, LINES]:
            entry = PdrEntry(
                connections=[connection], keys=NoKeys(), operator=OLA, at=NOW, new_id=lambda: str(uuid4())
            )
            entry.enter(
                list(read_records(io.BytesIO((PDR.splitlines()[0] + "\n" + "".join(lines)).encode())))
            )
        registry = RegistryRepository(connection)
        rights = registry.representations(limit=9)
        assert [person.id_sisc for person in registry.persons(limit=9)] == [PERSON, person_id_sisc(pesel(2))]
        assert [entity.id_sisc for entity in registry.entities(limit=9)] == [FIRM]
        assert {(right.representative, right.systems) for right in rights} == {
            (PERSON, frozenset({"CELINA", "AIS"})),
            (person_id_sisc(pesel(2)), frozenset({"ECS", "AES"})),
        }
        assert len(rights) == 2
    engine.dispose()


def test_reconstituted_links_are_confirmed_or_disputed_by_who_holds_them(desk: HelpDeskRecords) -> None:
    (mine,) = desk.migrated_links(limit=9, party=PERSON)
    assert (mine.source, mine.represented, mine.review) == ("A1", FIRM, None)
    said = desk.review_link(
        mine.representation, Review.CONFIRMED, operator=f"account:{ANNA}", at=NOW, person_id=PERSON
    )
    assert (said.review, said.reviewed_by, said.reviewed_at) == (Review.CONFIRMED, f"account:{ANNA}", NOW)
    assert [one.source for one in desk.migrated_links(limit=9, unreviewed=True)] == ["A2"]
    assert [one.source for one in desk.migrated_links(limit=9, review=Review.CONFIRMED)] == ["A1"]
    assert desk.history(Subject.REPRESENTATION, mine.representation)[-1].action == "confirmed"


def test_somebody_elses_right_is_not_there_to_be_reviewed(desk: HelpDeskRecords) -> None:
    for representation in ("right-2", "none"):
        with pytest.raises(NotRegisteredError):
            desk.review_link(representation, Review.CONFIRMED, operator="x", at=NOW, person_id=PERSON)


def test_a_dispute_says_what_is_wrong_and_leaves_the_right_in_force(desk: HelpDeskRecords) -> None:
    with pytest.raises(InvalidRecordError, match="what is wrong"):
        desk.review_link("right-1", Review.DISPUTED, operator=OLA, at=NOW)
    said = desk.review_link("right-1", Review.DISPUTED, operator=OLA, at=NOW, note="left in 2014")
    assert said.note == "left in 2014"
    told = desk.history(Subject.REPRESENTATION, "right-1")[-1]
    assert (told.document, told.reason, told.after) == ("PDR A1", "left in 2014", told.before)
    assert desk.get_representation("right-1").ended_at is None
