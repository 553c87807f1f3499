from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidRecordError
from registry.model import (
    Account,
    AccountLevel,
    AccountStatus,
    Context,
    Entity,
    Granted,
    NamedParty,
    NumberKind,
    Person,
    RefusalReason,
    Refused,
    Representation,
    RepresentationLevel,
    RightsDecision,
)
from registry.refusals import refuse
from registry.rights import decide

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = date(2026, 3, 10)
ANNA = Person(id_sisc="ANNA0000000000001", given_names="Anna", surname="Lis")
ACCOUNT = Account(
    login="anna@example.com",
    level=AccountLevel.EXTENDED,
    status=AccountStatus.ACTIVE,
    person_id=ANNA.id_sisc,
)
FIRM_EORI = NamedParty(kind=NumberKind.EORI, number="PL856734621500000")
AGENCY_EORI = NamedParty(kind=NumberKind.EORI, number="DE12345")
FIRM = Entity(id_sisc="FIRM0000000000001", name="Firma")
AGENCY = Entity(id_sisc="AGENCY00000000001", name="Agencja")
OTHER_AGENCY = Entity(id_sisc="AGENCY00000000002", name="Inna agencja")


def link(
    representative: Person | Entity,
    represented: Entity,
    *systems: str,
    id: str = "r1",  # noqa: A002 - named as the field it fills
    valid_from: date = date(2020, 1, 1),
    valid_to: date | None = None,
    ended_at: datetime | None = None,
    active: bool = True,
    owner: str | None = None,
) -> Representation:
    return Representation(
        id=id,
        representative=representative.id_sisc,
        represented=represented.id_sisc,
        systems=frozenset(systems or {"AES"}),
        level=RepresentationLevel.BASIC,
        valid_from=valid_from,
        valid_to=valid_to,
        ended_at=ended_at,
        representative_active=active,
        representative_owner=owner,
    )


def ask(
    *links: Representation,
    account: Account = ACCOUNT,
    person: Person | None = ANNA,
    firm: Entity | None = FIRM,
    principals: Sequence[NamedParty] = (FIRM_EORI,),
    representatives: Sequence[NamedParty] = (),
    system: str = "AES",
    at: datetime = NOON,
    needs_right: bool = True,
) -> RightsDecision:
    entities = {AGENCY_EORI: AGENCY} | ({FIRM_EORI: firm} if firm else {})
    return decide(
        account=account,
        person=person,
        principals=principals,
        representatives=representatives,
        system=system,
        entities=entities,
        representations=links,
        at=at,
        needs_right=needs_right,
    )


def granted(decision: RightsDecision) -> Granted:
    assert isinstance(decision, Granted), decision
    return decision


def refused(decision: RightsDecision) -> Refused:
    assert isinstance(decision, Refused), decision
    return decision


def test_a_basic_account_may_send_for_the_persons_own_business() -> None:
    own = replace(FIRM, owner_person=ANNA.id_sisc)
    decision = granted(ask(firm=own, account=replace(ACCOUNT, level=AccountLevel.BASIC)))
    assert Context(person=ANNA.id_sisc, end=FIRM.id_sisc) == decision.context
    assert decision.links == ()


def test_a_person_may_send_for_himself_by_id_sisc() -> None:
    me = NamedParty(kind=NumberKind.ID_SISC, number=ANNA.id_sisc)
    assert Context(person=ANNA.id_sisc, end=ANNA.id_sisc) == granted(ask(principals=[me])).context


def test_a_first_link_grants_and_is_kept_as_evidence() -> None:
    decision = granted(ask(replace(link(ANNA, FIRM), version=4)))
    assert Context(person=ANNA.id_sisc, end=FIRM.id_sisc) == decision.context
    assert [("r1", 4, ANNA.id_sisc, FIRM.id_sisc)] == [
        (used.representation, used.version, used.representative, used.represented) for used in decision.links
    ]


def test_a_second_link_grants_with_the_agency_in_between() -> None:
    decision = granted(ask(link(AGENCY, FIRM, id="grant"), link(ANNA, AGENCY, id="reach")))
    assert Context(person=ANNA.id_sisc, middle=AGENCY.id_sisc, end=FIRM.id_sisc) == decision.context
    assert [used.representation for used in decision.links] == ["reach", "grant"]


def test_the_owner_of_an_agency_needs_no_link_to_it() -> None:
    decision = granted(ask(link(AGENCY, FIRM, owner=ANNA.id_sisc)))
    assert Context(person=ANNA.id_sisc, middle=AGENCY.id_sisc, end=FIRM.id_sisc) == decision.context


def test_own_name_goes_before_links_and_a_first_before_a_second_link() -> None:
    links = (link(AGENCY, FIRM, id="a"), link(ANNA, AGENCY, id="b"), link(ANNA, FIRM, id="z"))
    assert granted(ask(*links)).context.middle is None
    own = replace(FIRM, owner_person=ANNA.id_sisc)
    assert granted(ask(*links, firm=own)).links == ()


def test_a_faultless_second_link_goes_before_a_faulty_first_one() -> None:
    links = (
        link(AGENCY, FIRM, id="a"),
        link(ANNA, AGENCY, id="b"),
        link(ANNA, FIRM, "AIS", id="z"),
    )
    assert granted(ask(*links)).context.middle == AGENCY.id_sisc


def test_the_agency_named_in_the_message_is_preferred() -> None:
    links = (
        link(OTHER_AGENCY, FIRM, id="1"),
        link(ANNA, OTHER_AGENCY, id="2"),
        link(AGENCY, FIRM, id="3"),
        link(ANNA, AGENCY, id="4"),
    )
    assert granted(ask(*links)).context.middle == OTHER_AGENCY.id_sisc
    assert granted(ask(*links, representatives=[AGENCY_EORI])).context.middle == AGENCY.id_sisc


def test_the_first_principal_decides() -> None:
    links = (link(ANNA, AGENCY),)
    decision = ask(*links, principals=[FIRM_EORI, AGENCY_EORI])
    assert refused(decision).party == FIRM_EORI
    assert granted(ask(*links, principals=[AGENCY_EORI, FIRM_EORI])).context.end == AGENCY.id_sisc


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (ask(link(ANNA, FIRM), account=replace(ACCOUNT, status=AccountStatus.CLOSED)), "ACCOUNT_INACTIVE"),
        (ask(link(ANNA, FIRM), person=None), "ACCOUNT_WITHOUT_PERSON"),
        (ask(link(ANNA, FIRM), account=replace(ACCOUNT, person_id="SOMEONE-ELSE")), "ACCOUNT_WITHOUT_PERSON"),
        (ask(link(ANNA, FIRM), person=replace(ANNA, active=False)), "PERSON_INACTIVE"),
        (ask(link(ANNA, FIRM), account=replace(ACCOUNT, level=AccountLevel.BASIC)), "ACCOUNT_BASIC_LEVEL"),
        (ask(link(ANNA, FIRM), principals=[]), "PARTY_MISSING"),
        (ask(link(ANNA, FIRM), firm=None), "PARTY_NOT_REGISTERED"),
        (ask(link(ANNA, FIRM), firm=replace(FIRM, active=False)), "PARTY_INACTIVE"),
        (ask(), "NO_RIGHT"),
        (ask(link(ANNA, AGENCY)), "NO_RIGHT"),
        (ask(link(AGENCY, FIRM)), "NO_RIGHT"),
        (ask(link(ANNA, FIRM, "AIS")), "RIGHT_FOR_OTHER_SYSTEMS"),
        (ask(link(ANNA, FIRM, valid_to=TODAY - timedelta(days=1))), "RIGHT_EXPIRED"),
        (ask(link(ANNA, FIRM, ended_at=NOON)), "RIGHT_EXPIRED"),
        (ask(link(ANNA, FIRM, valid_from=TODAY + timedelta(days=1))), "RIGHT_NOT_YET_VALID"),
        (ask(link(AGENCY, FIRM, active=False), link(ANNA, AGENCY)), "AGENCY_INACTIVE"),
        (ask(link(AGENCY, FIRM), link(ANNA, AGENCY, "AIS")), "RIGHT_FOR_OTHER_SYSTEMS"),
        (ask(link(AGENCY, FIRM, "AIS"), link(ANNA, AGENCY)), "RIGHT_FOR_OTHER_SYSTEMS"),
    ],
)
def test_every_missing_condition_has_its_own_reason(decision: RightsDecision, reason: str) -> None:
    assert RefusalReason(reason) == refused(decision).reason


@pytest.mark.parametrize("reason", RefusalReason)
def test_no_text_of_a_refusal_keeps_an_unfilled_place(reason: RefusalReason) -> None:
    texts = refuse(
        reason,
        party=FIRM_EORI,
        login="a@b",
        who="ANNA",
        system="AES",
        systems="AIS",
        day="2026-01-01",
        number="26PL1",
    )
    for text in (texts.message_pl, texts.message_en, texts.remedy_pl, texts.remedy_en):
        assert text
        assert "{" not in text
    assert texts.message_pl != texts.message_en


def test_a_refusal_names_the_right_for_whom_and_how_to_obtain_it() -> None:
    decision = refused(ask(link(ANNA, FIRM, "AIS", "NCTS2")))
    assert "AIS, NCTS2" in decision.message_en
    assert FIRM_EORI.number in decision.remedy_pl
    assert all(word in decision.remedy_pl for word in ("WPE0001", "SZPROT", "AES", ANNA.id_sisc))
    assert all(word in decision.remedy_en for word in ("WPE0001", "SZPROT", "AES", ANNA.id_sisc))


def test_a_refusal_of_an_agency_employee_names_the_agency_as_grantor() -> None:
    decision = refused(ask(link(AGENCY, FIRM), link(ANNA, AGENCY, "AIS")))
    assert f"ID SISC {AGENCY.id_sisc} files" in decision.remedy_en
    assert decision.party == FIRM_EORI


def test_an_expired_right_tells_its_last_day() -> None:
    decision = refused(ask(link(ANNA, FIRM, valid_to=date(2026, 3, 1))))
    assert "2026-03-01" in decision.message_pl
    ended = datetime(2026, 2, 1, 23, 30, tzinfo=UTC)  # the next day in Poland
    assert "2026-02-02" in refused(ask(link(ANNA, FIRM, ended_at=ended))).message_pl


def test_of_several_rights_that_fail_the_nearest_is_explained() -> None:
    expired_elsewhere = link(ANNA, FIRM, "AIS", id="a", valid_to=date(2021, 1, 1))
    wrong_scope = link(ANNA, FIRM, "AIS", id="b")
    assert refused(ask(expired_elsewhere, wrong_scope)).reason is RefusalReason.WRONG_SCOPE


def test_the_day_that_counts_is_the_day_in_poland() -> None:
    until_tenth = link(ANNA, FIRM, valid_to=date(2026, 3, 10))
    assert granted(ask(until_tenth, at=datetime(2026, 3, 10, 22, 59, tzinfo=UTC))).links
    over = refused(ask(until_tenth, at=datetime(2026, 3, 10, 23, 0, tzinfo=UTC)))
    assert over.reason is RefusalReason.RIGHT_EXPIRED


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidRecordError):
        ask(link(ANNA, FIRM), at=datetime(2026, 3, 10, 12))  # noqa: DTZ001 - the mistake under test


def test_a_system_without_rights_gets_the_context_when_a_link_exists() -> None:
    decision = granted(ask(link(ANNA, FIRM, "NCTS2"), system="NCTS2", needs_right=False))
    assert Context(person=ANNA.id_sisc, end=FIRM.id_sisc) == decision.context


@pytest.mark.parametrize(
    "decision",
    [
        ask(needs_right=False),
        ask(needs_right=False, principals=[]),
        ask(needs_right=False, firm=None),
        ask(link(ANNA, FIRM, "AIS"), needs_right=False),
        ask(link(ANNA, FIRM), needs_right=False, account=replace(ACCOUNT, level=AccountLevel.BASIC)),
    ],
)
def test_a_system_without_rights_gives_no_view_of_the_entity_without_a_link(decision: RightsDecision) -> None:
    assert Granted(context=Context(person=ANNA.id_sisc)) == decision


def test_a_system_without_rights_still_wants_an_active_registered_person() -> None:
    assert refused(ask(needs_right=False, person=None)).reason is RefusalReason.NO_PERSON


_days = st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2))
_moments = st.datetimes(datetime(2026, 3, 9), datetime(2026, 3, 11)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware at once
_systems = st.frozensets(st.sampled_from(["AES", "AIS", "NCTS2"]), min_size=1)


_PAIRS: list[tuple[Person | Entity, Entity]] = [
    (ANNA, FIRM),
    (ANNA, AGENCY),
    (ANNA, OTHER_AGENCY),
    (AGENCY, FIRM),
    (OTHER_AGENCY, FIRM),
]


@st.composite
def _links(draw: st.DrawFn) -> Representation:
    representative, represented = draw(st.sampled_from(_PAIRS))
    return link(
        representative,
        represented,
        *draw(_systems),
        id=draw(st.uuids()).hex,
        valid_from=draw(_days),
        valid_to=draw(st.none() | _days),
        ended_at=draw(st.none() | _moments),
        active=draw(st.booleans()) or representative is ANNA,
    )


def _holds(right: Representation, system: str, at: datetime, day: date) -> bool:
    """The rule in other words than the product's: system in scope, day in term, not ended, not at rest."""
    last = right.valid_to or date.max
    over = right.ended_at is not None and right.ended_at <= at
    return (
        system in right.systems
        and right.valid_from <= day <= last
        and not over
        and right.representative_active
    )


@given(links=st.lists(_links(), max_size=8), system=st.sampled_from(["AES", "AIS", "NCTS2"]), at=_moments)
def test_a_right_never_exceeds_its_links_and_is_granted_whenever_they_hold(
    links: list[Representation], system: str, at: datetime
) -> None:
    day = (at + timedelta(hours=1)).date()  # Poland in March before the change to summer time
    holding = [right for right in links if _holds(right, system, at, day)]
    to_firm = {right.representative for right in holding if right.represented == FIRM.id_sisc}
    to_agency = {right.represented for right in holding if right.representative == ANNA.id_sisc}
    expected = ANNA.id_sisc in to_firm or bool(to_firm & to_agency)

    decision = ask(*links, system=system, at=at)

    assert isinstance(decision, Granted) is expected
    if isinstance(decision, Granted):
        used = {used.representation for used in decision.links}
        assert used <= {right.id for right in holding}
        chain = [ANNA.id_sisc, *([decision.context.middle] if decision.context.middle else []), FIRM.id_sisc]
        assert list(pairwise(chain)) == [(step.representative, step.represented) for step in decision.links]


@given(links=st.lists(_links(), min_size=1, max_size=6))
def test_the_order_of_the_links_does_not_change_the_decision(links: list[Representation]) -> None:
    assert ask(*links) == ask(*reversed(links))
