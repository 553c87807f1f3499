"""GetNextDocument, GetNextDocumentSisc, GetDocuments: who sees what, once or as often as asked."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gateway.channel import ContextFilter, DocumentsQuery
from gateway.errors import BusinessError, SecurityError
from gateway.settings import MailboxOptions
from gateway.store.model import DocumentState, NewReply
from registry.model import AccountLevel
from tests.integration.gateway.world import AGENCY, FIRM, Member, World, context, declaration

ANSWERS = ["UPP", "UPO", "IE928", "IE028", "IE029"]


def put(world: World, member: Member, number: int = 1, *, at: datetime | None = None) -> None:
    """Replies straight into the mailbox."""
    start = len(world.ears.told)
    with world.store.begin() as work:
        work.mailbox.add(
            [
                NewReply(
                    sys_ref=f"{member.login}-{start}-{at}-{index}",
                    type_code="CC029C",
                    account=member.login,
                    system="NCTS2",
                    content=b"<a/>",
                    filename=f"{index}.xml",
                    mime="application/xml",
                    created_at=at or world.clock(),
                )
                for index in range(number)
            ]
        )
        work.commit()


# -- GetNextDocument


def test_every_document_is_handed_out_once_oldest_first(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    world.send(anna)
    world.work()

    names = world.collect(anna)

    assert [str(name).removesuffix(".xml").partition("_")[0] for name in names] == ANSWERS
    assert world.collect(anna) == []


def test_has_next_tells_whether_more_are_waiting(world: World) -> None:
    anna = world.enrol("anna")
    put(world, anna, 2)

    told = [world.channel().get_next_document(world.caller(anna), None) for _ in range(3)]

    assert [(answer.document is not None, answer.has_next) for answer in told] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_has_next_does_not_count_what_the_call_would_not_give(world: World) -> None:
    anna = world.enrol("anna")
    put(world, anna, at=world.clock() - timedelta(days=32))
    put(world, anna)

    answer = world.channel().get_next_document(world.caller(anna), "NCTS2")

    assert answer.document is not None
    assert not answer.has_next


def test_only_documents_of_the_system_asked_for_are_collected(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    put(world, anna)

    assert world.channel().get_next_document(world.caller(anna), "AES").document is None
    assert world.channel().get_next_document(world.caller(anna), "NCTS2").document is not None


@pytest.mark.parametrize(("days", "found"), [(30, True), (32, False)])
def test_get_next_document_looks_back_one_month(world: World, days: int, found: bool) -> None:  # noqa: FBT001 - a column
    anna = world.enrol("anna")
    put(world, anna)
    world.clock.pass_by(days=days)

    assert (world.channel().get_next_document(world.caller(anna), None).document is not None) is found


def test_get_next_document_sisc_has_no_such_limit(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    world.send(anna)
    world.work()
    world.clock.pass_by(days=400)

    answer = world.channel().get_next_document_sisc(
        world.caller(anna), ContextFilter(person=anna.person.id_sisc), None
    )

    assert answer.document is not None


def test_two_pollers_never_get_the_same_document(world: World) -> None:
    anna = world.enrol("anna")
    put(world, anna, 24)
    got: list[str] = []
    together = threading.Barrier(4)

    def poll() -> None:
        channel = world.channel()
        together.wait()
        while (answer := channel.get_next_document(world.caller(anna), None)).document:
            got.append(answer.document.dispatch_id)

    threads = [threading.Thread(target=poll) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 24
    assert set(Counter(got).values()) == {1}


def test_what_was_collected_stays_readable(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    world.work()
    world.collect(anna)

    assert world.documents(anna, correlation_sys_ref=sys_ref).count == 5
    assert world.documents(anna, correlation_sys_ref=sys_ref, collected="0").count == 0
    assert world.documents(anna, correlation_sys_ref=sys_ref, collected="1").count == 5


def test_collecting_is_an_event_of_the_document_answered(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    world.work()
    world.collect(anna)

    events = [event for event in world.events(sys_ref) if event.action == "document_collected"]

    assert [event.facts["type"] for event in events] == ["UPP", "UPO", "CC928C", "CC028C", "CC029C"]
    assert {event.actor for event in events} == {f"account:{anna.login}"}


# -- GetDocuments


def test_get_documents_collects_nothing(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    world.work()

    for _ in range(2):
        assert world.documents(anna, correlation_sys_ref=sys_ref, collected="0").count == 5


@pytest.mark.parametrize("text", ["2", "tak", "-1", " "])
def test_pobrany_is_0_or_1(small_world: World, text: str) -> None:
    anna = small_world.enrol("anna")

    with pytest.raises(BusinessError) as refused:
        small_world.documents(anna, sys_ref="x", collected=text)

    assert refused.value.code == "B006"


def test_a_page_holds_a_hundred_documents_and_the_count_of_all(world: World) -> None:
    anna = world.enrol("anna")
    put(world, anna, 103)
    today = f"{world.clock():%Y-%m-%d}"

    page = world.documents(anna, date_from=today, date_to=today)

    assert (page.count, len(page.documents)) == (103, 100)
    assert page.documents[0].content.filename == "0.xml"


def test_a_page_is_bounded_in_bytes_but_never_empty(world: World) -> None:
    anna = world.enrol("anna")
    put(world, anna, 3)
    world.mailbox_options = MailboxOptions(page_bytes=9)
    today = f"{world.clock():%Y-%m-%d}"

    page = world.documents(anna, date_from=today, date_to=today)

    assert (page.count, len(page.documents)) == (3, 2)


@pytest.mark.parametrize(
    ("date_from", "date_to"),
    [
        (None, None),
        ("2026-03-01", None),
        (None, "2026-03-01"),
        ("2026-03-01", "2026-03-12"),
        ("2026-03-02", "2026-03-01"),
        ("2026-03-01T00:00:00", "2026-03-11T00:00:00.001"),
        ("yesterday", "today"),
        ("20260301", "20260302"),
        ("2026-W10", "2026-W10"),
        ("2026-03-01 10:00:00", "2026-03-01 11:00:00"),
        ("9999-12-31T23:30:00Z", "9999-12-31T23:31:00Z"),
        ("0001-01-01", "0001-01-02"),
    ],
)
def test_dates_must_both_be_given_and_span_ten_days_at_most(
    small_world: World, date_from: str | None, date_to: str | None
) -> None:
    anna = small_world.enrol("anna")

    with pytest.raises(BusinessError, match="limited up to 10 days") as refused:
        small_world.documents(anna, date_from=date_from, date_to=date_to)

    assert refused.value.code == "B006"


@pytest.mark.parametrize("named", ["sys_ref", "correlation_sys_ref", "dispatch_id"])
def test_dates_are_not_needed_where_a_document_is_named(small_world: World, named: str) -> None:
    anna = small_world.enrol("anna")

    assert small_world.documents(anna, **{named: "unknown"}).count == 0


@pytest.mark.parametrize("named", ["own_id", "case_id"])
def test_dates_are_needed_where_only_numbers_of_the_client_are_named(small_world: World, named: str) -> None:
    anna = small_world.enrol("anna")

    with pytest.raises(BusinessError):
        small_world.documents(anna, **{named: "unknown"})


#: Polish local windows, and moments (UTC) at which a document is found and is not.
WINDOWS = [
    ("2026-03-10", "2026-03-10", "2026-03-09T23:00:00", "2026-03-09T22:59:59"),
    ("2026-03-10", "2026-03-10", "2026-03-10T22:59:59", "2026-03-10T23:00:00"),
    ("2026-03-10", "2026-03-20", "2026-03-20T22:59:59", "2026-03-20T23:00:00"),
    ("2026-07-10", "2026-07-10", "2026-07-09T22:00:00", "2026-07-09T21:59:59"),
    ("2026-03-29", "2026-03-29", "2026-03-29T21:59:59", "2026-03-29T22:00:00"),  # 23 hours
    ("2026-10-25", "2026-10-25", "2026-10-25T22:59:59", "2026-10-25T23:00:00"),  # 25 hours
    ("2026-10-20", "2026-10-30", "2026-10-30T22:59:59", "2026-10-30T23:00:00"),
    ("2026-03-10Z", "2026-03-10Z", "2026-03-10T23:59:59", "2026-03-11T00:00:00"),
    ("2026-03-10T10:20:00", "2026-03-10T11:25:00", "2026-03-10T10:25:00", "2026-03-10T10:25:01"),
    ("2026-07-10T10:20:00", "2026-07-10T11:25:00", "2026-07-10T08:20:00", "2026-07-10T08:19:59"),
    ("2026-07-10T10:20:00Z", "2026-07-10T11:25:00+00:00", "2026-07-10T10:20:00", "2026-07-10T08:20:00"),
    ("2026-07-10T10:20:00.000", "2026-07-10T11:25:00.999", "2026-07-10T09:25:00", "2026-07-10T09:25:01"),
    # 02:30 comes twice: both are in a window that begins or ends there
    ("2026-10-25T02:30:00", "2026-10-25T02:45:00", "2026-10-25T00:30:00", "2026-10-25T00:29:59"),
    ("2026-10-25T01:30:00", "2026-10-25T02:30:00", "2026-10-25T01:30:00", "2026-10-25T01:30:01"),
    ("2026-10-25T02:50:00", "2026-10-25T02:10:00", "2026-10-25T01:05:00", "2026-10-25T01:11:00"),
    # 02:30 never comes
    ("2026-03-29T02:30:00", "2026-03-29T03:30:00", "2026-03-29T01:30:00", "2026-03-29T01:31:00"),
]


@pytest.mark.parametrize(("date_from", "date_to", "inside", "outside"), WINDOWS)
def test_a_window_covers_both_its_bounds_in_polish_time(
    small_world: World, date_from: str, date_to: str, inside: str, outside: str
) -> None:
    anna = small_world.enrol("anna")
    put(small_world, anna, at=datetime.fromisoformat(inside).replace(tzinfo=UTC))
    put(small_world, anna, at=datetime.fromisoformat(outside).replace(tzinfo=UTC))

    assert small_world.documents(anna, date_from=date_from, date_to=date_to).count == 1


def test_every_call_uses_its_token_up(world: World) -> None:
    anna = world.enrol("anna")
    caller = world.caller(anna)
    channel = world.channel()
    channel.get_documents(caller, DocumentsQuery(sys_ref="x"))

    with pytest.raises(SecurityError):
        channel.get_documents(caller, DocumentsQuery(sys_ref="x"))
    with pytest.raises(SecurityError):
        channel.get_next_document(caller, None)


def test_a_refused_query_uses_its_token_up(world: World) -> None:
    anna = world.enrol("anna")
    caller = world.caller(anna)
    channel = world.channel()
    with pytest.raises(BusinessError):
        channel.get_documents(caller, DocumentsQuery())
    with pytest.raises(SecurityError):
        channel.get_documents(caller, DocumentsQuery(sys_ref="x"))

    other = world.caller(anna)
    with pytest.raises(BusinessError):
        channel.get_next_document_sisc(other, ContextFilter(end=FIRM), None)
    with pytest.raises(SecurityError):
        channel.get_next_document(other, None)


# -- contexts


def replies_in_context(world: World, member: Member, **named: str | bool) -> int:
    today = f"{world.clock():%Y-%m-%d}"
    return world.documents(member, context=context(**named), date_from=today, date_to=today).count


def send_by(world: World, member: Member, code: str = "CC515C", system: str = "AES") -> str:
    sys_ref = world.send(member, declaration(code, key=member.key))
    world.work(system)
    assert world.document(sys_ref).state is DocumentState.ANSWERED
    return sys_ref


def test_get_next_document_sisc_needs_a_context(small_world: World) -> None:
    anna = small_world.enrol("anna")

    with pytest.raises(BusinessError, match="At least one of idSisc") as refused:
        small_world.channel().get_next_document_sisc(
            small_world.caller(anna), context(all_employees=True), None
        )

    assert refused.value.code == "B006"


def test_a_context_filters_by_the_right_a_document_was_sent_under(world: World) -> None:
    anna = world.enrol("anna", "AES")
    send_by(world, anna)
    own = anna.person.id_sisc

    assert replies_in_context(world, anna, person=own) == 4
    assert replies_in_context(world, anna, end=FIRM) == 4
    assert replies_in_context(world, anna, person=own, end=FIRM) == 4


@pytest.mark.parametrize("kind", ["person", "middle", "end"])
def test_a_context_out_of_reach_is_refused(small_world: World, kind: str) -> None:
    anna = small_world.enrol("anna", "AES")
    bogdan = small_world.enrol("bogdan")
    stranger = bogdan.person.id_sisc if kind == "person" else AGENCY

    with pytest.raises(BusinessError, match="No permission") as refused:
        replies_in_context(small_world, anna, **{kind: stranger})

    assert refused.value.code == "B006"


def test_a_second_link_gives_agency_and_firm_as_contexts(world: World) -> None:
    anna = world.enrol("anna", "AES", represented=AGENCY)
    world.grant(AGENCY, FIRM, ["AES"])
    document = world.document(send_by(world, anna))

    assert (document.person, document.middle, document.end) == (anna.person.id_sisc, AGENCY, FIRM)
    assert replies_in_context(world, anna, middle=AGENCY, end=FIRM) == 4


def test_colleagues_documents_are_seen_with_all_employees_only(world: World) -> None:
    anna, bogdan = world.enrol("anna", "AES"), world.enrol("bogdan", "AES")
    send_by(world, anna)

    assert replies_in_context(world, bogdan, all_employees=True) == 4
    assert replies_in_context(world, bogdan, end=FIRM, all_employees=True) == 4
    assert replies_in_context(world, bogdan, end=FIRM) == 0
    assert replies_in_context(world, bogdan) == 0


def test_colleagues_documents_are_seen_in_the_systems_covered_only(world: World) -> None:
    anna, bogdan = world.enrol("anna", "AES"), world.enrol("bogdan", "AIS")
    celina = world.enrol("celina", "AIS", "AES")
    send_by(world, anna)

    assert replies_in_context(world, bogdan, all_employees=True) == 0
    assert replies_in_context(world, celina, all_employees=True) == 4


def test_a_right_that_has_ended_gives_no_view_any_more(world: World) -> None:
    anna, bogdan = world.enrol("anna", "AES"), world.enrol("bogdan", "AES")
    send_by(world, anna)
    assert replies_in_context(world, bogdan, all_employees=True) == 4
    world.end_rights(bogdan)

    assert replies_in_context(world, bogdan, all_employees=True) == 0
    with pytest.raises(BusinessError, match="No permission"):
        replies_in_context(world, bogdan, end=FIRM)


def test_ncts2_needs_no_right_and_gives_no_view_of_the_firms_documents(world: World) -> None:
    anna, bogdan = world.enrol("anna", "AES"), world.enrol("bogdan", "NCTS2")
    by_anna = send_by(world, anna, "CC015C", "NCTS2")
    send_by(world, bogdan, "CC015C", "NCTS2")

    assert (world.document(by_anna).end, world.document(by_anna).person) == (None, anna.person.id_sisc)
    assert replies_in_context(world, anna, all_employees=True) == 5
    assert replies_in_context(world, bogdan, all_employees=True) == 5


def test_an_account_of_basic_level_sees_its_own_documents_only(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    darek = world.enrol("darek", "NCTS2", level=AccountLevel.BASIC)
    send_by(world, anna, "CC015C", "NCTS2")
    send_by(world, darek, "CC015C", "NCTS2")

    assert replies_in_context(world, darek, all_employees=True) == 5
    assert replies_in_context(world, darek, person=darek.person.id_sisc) == 5
    with pytest.raises(BusinessError, match="No permission"):
        replies_in_context(world, darek, end=FIRM)


def test_an_account_of_basic_level_may_not_act_for_a_firm(world: World) -> None:
    darek = world.enrol("darek", "AES", level=AccountLevel.BASIC)
    sys_ref = world.send(darek, declaration("CC515C", key=darek.key))
    world.work("AES")

    assert world.document(sys_ref).state is DocumentState.NOT_SUBMITTED
    assert b"ACCOUNT_BASIC_LEVEL" in world.content(darek, sys_ref, "NPP")


def test_two_colleagues_polling_for_their_firm_never_get_the_same_document(world: World) -> None:
    anna, bogdan = world.enrol("anna", "AES"), world.enrol("bogdan", "AES")
    send_by(world, anna)
    wanted = ContextFilter(end=FIRM, all_employees=True)

    got = [
        world.channel().get_next_document_sisc(world.caller(member), wanted, None).document
        for member in (anna, bogdan, anna, bogdan, anna)
    ]

    assert [document is not None for document in got] == [True] * 4 + [False]
    assert len({document.dispatch_id for document in got if document}) == 4
