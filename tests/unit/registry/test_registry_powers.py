"""Rights within rights: nothing effective ever exceeds a link, and nothing stands without a live basis."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from registry import tables
from registry.desk import decide_rights
from registry.errors import InvalidRecordError
from registry.model import (
    EVERY_ACTIVITY,
    Account,
    AccountLevel,
    AccountStatus,
    Activity,
    Entity,
    Granted,
    NamedParty,
    NumberKind,
    Person,
    Privilege,
    Representation,
    RepresentationLevel,
)
from registry.pdr.entering import Outcome, PdrEntry
from registry.pdr.records import PdrKind, PdrRecord, ProblemCode
from registry.powers import cut_back, powers_over
from registry.repository import RegistryRepository
from registry.rights import in_force

START = datetime(2026, 3, 30, 12, tzinfo=UTC)
TODAY = START.date()
SYSTEMS = ("AES", "AIS", "EMCSPL2")
PEOPLE = ("PERSON-0001", "PERSON-0002")
FIRM, AGENCY = "FIRM-000001", "AGENCY-0001"
DAYS = st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3))


@st.composite
def rights(draw: st.DrawFn, representative: str = PEOPLE[0], represented: str = FIRM) -> Representation:
    systems = draw(st.frozensets(st.sampled_from(SYSTEMS), min_size=1))
    first = draw(DAYS)
    return Representation(
        id=draw(st.uuids()).hex,
        representative=representative,
        represented=represented,
        systems=systems,
        level=draw(st.sampled_from(RepresentationLevel)),
        valid_from=first,
        valid_to=draw(st.none() | st.dates(first, TODAY + timedelta(days=6))),
        activities=draw(
            st.dictionaries(
                st.sampled_from(sorted(systems)), st.frozensets(st.sampled_from(Activity), min_size=1)
            )
        ),
        privileges=draw(st.frozensets(st.sampled_from(Privilege))),
        substitution=draw(st.booleans()),
    )


def extent(right: Representation, day: date) -> set[tuple[str, str]]:
    """Everything a right allows on a day."""
    if day < right.valid_from or (right.valid_to is not None and day > right.valid_to):
        return set()
    activities = {
        (system, activity)
        for system in right.systems
        for activity in right.activities.get(system, EVERY_ACTIVITY)
    }
    held = {("entity", privilege) for privilege in right.privileges}
    extended = {("entity", level) for level in ["extended"] if right.level is RepresentationLevel.EXTENDED}
    return activities | held | extended


@settings(deadline=None)
@given(right=rights(), basis=rights(), day=DAYS)
def test_what_is_cut_back_exceeds_neither_the_right_nor_its_basis(
    right: Representation, basis: Representation, day: date
) -> None:
    left = cut_back(right, basis)
    if left is None:
        return
    assert extent(left, day) <= extent(right, day)
    within = extent(basis, day)
    if basis.level is RepresentationLevel.EXTENDED:
        within |= {("entity", one) for one in list(Privilege)[:3]}
    assert extent(left, day) <= within
    assert cut_back(left, basis) == left


@settings(deadline=None)
@given(grant=rights(AGENCY, FIRM), reach=rights(PEOPLE[0], AGENCY))
def test_the_power_of_an_agencys_employee_exceeds_neither_link(
    grant: Representation, reach: Representation
) -> None:
    person = Person(id_sisc=PEOPLE[0], given_names="A", surname="B")
    entity = Entity(id_sisc=FIRM, name="F")
    for power in powers_over(person, entity, [grant, reach], START):
        assert power.basis is not None
        for link in (grant, reach):
            assert in_force(link, START)
            assert power.basis.systems <= link.systems
            assert not power.substitution or link.substitution
            assert not power.extended or link.level is RepresentationLevel.EXTENDED


def test_a_deactivated_person_or_one_for_ncts_only_has_no_power_even_over_his_own_business() -> None:
    person = Person(id_sisc=PEOPLE[0], given_names="A", surname="B")
    own = Entity(id_sisc=FIRM, name="F", owner_person=PEOPLE[0])
    assert powers_over(person, own, [], START)[0].owner
    assert powers_over(replace(person, active=False), own, [], START) == ()
    assert powers_over(replace(person, only_system="NCTS2"), own, [], START) == ()


@dataclass
class _Register:
    """A register in memory, and a clock that only goes on."""

    connection: Connection
    at: datetime = START
    ids: list[str] = field(default_factory=list)

    @property
    def repository(self) -> RegistryRepository:
        return RegistryRepository(self.connection)

    def live(self, right: Representation) -> bool:
        """Whether a right and everything it was passed on from holds."""
        if not in_force(right, self.at):
            return False
        return right.basis is None or self.live(self.repository.get_representation(right.basis))


Step = Callable[[_Register, st.DataObject], None]


def _grant(register: _Register, data: st.DataObject) -> None:
    representative = data.draw(st.sampled_from([*PEOPLE, AGENCY]))
    represented = data.draw(st.sampled_from([FIRM, AGENCY]).filter(lambda one: one != representative))
    right = data.draw(rights(representative, represented))
    register.repository.add_representation(right, operator="t", at=register.at)
    register.ids.append(right.id)


def _pass_on(register: _Register, data: st.DataObject) -> None:
    if not register.ids:
        return
    basis = register.repository.get_representation(data.draw(st.sampled_from(register.ids)))
    right = cut_back(data.draw(rights(PEOPLE[1], basis.represented)), basis)
    if right is not None and basis.ended_at is None:
        right = replace(right, basis=basis.id)
        if not register.live(basis):
            with pytest.raises(InvalidRecordError, match="passed on from"):
                register.repository.add_representation(right, operator="t", at=register.at)
            return
        register.repository.add_representation(right, operator="t", at=register.at)
        register.ids.append(right.id)


def _change(register: _Register, data: st.DataObject) -> None:
    if register.ids:
        new = data.draw(rights())
        try:
            register.repository.change_representation(
                data.draw(st.sampled_from(register.ids)),
                systems=new.systems,
                level=new.level,
                valid_from=new.valid_from,
                valid_to=new.valid_to,
                activities=new.activities,
                privileges=new.privileges,
                substitution=new.substitution,
                operator="t",
                at=register.at,
            )
        except InvalidRecordError as error:
            assert error.field in {"ended_at", "basis"}  # noqa: PT017 - nothing else may be refused here


def _end(register: _Register, data: st.DataObject) -> None:
    if register.ids:
        right = register.repository.get_representation(data.draw(st.sampled_from(register.ids)))
        if right.ended_at is None:
            register.repository.end_representation(right.id, operator="t", at=register.at)


def _switch(register: _Register, data: st.DataObject) -> None:
    entity = register.repository.get_entity(data.draw(st.sampled_from([FIRM, AGENCY])))
    changed = replace(entity, active=data.draw(st.booleans()))
    register.repository.change_entity(changed, operator="t", at=register.at)


def _deactivate(register: _Register, data: st.DataObject) -> None:
    register.repository.end_all_of(data.draw(st.sampled_from([FIRM, AGENCY])), operator="t", at=register.at)


#: Numbers in PDR of what the register holds from the start.
_IN_PDR = {PEOPLE[0]: "P1", PEOPLE[1]: "P2", FIRM: "E1", AGENCY: "E2"}


class _NoKeys:
    """No key is imported here."""

    def enter(self, certificate: bytes, *, person_id: str) -> bool:
        raise AssertionError(certificate, person_id)


def _entry(register: _Register) -> PdrEntry:
    return PdrEntry(
        connections=[register.connection],
        keys=_NoKeys(),
        operator="t",
        at=register.at,
        new_id=lambda: f"pdr-{len(register.ids)}",
    )


def _migrate(register: _Register, data: st.DataObject) -> None:
    """An authorisation of PDR, perhaps one that was imported before."""
    representative = data.draw(st.sampled_from([*PEOPLE, AGENCY]))
    represented = data.draw(st.sampled_from([FIRM, AGENCY]).filter(lambda one: one != representative))
    first, last = data.draw(DAYS), data.draw(DAYS)
    fields = {
        "id": data.draw(st.sampled_from(["A1", "A2"])),
        "representative": _IN_PDR[representative],
        "represented": _IN_PDR[represented],
        "systems": " ".join(data.draw(st.sets(st.sampled_from(["CELINA", "ECS", "EMCS"]), min_size=1))),
        "valid_from": min(first, last).isoformat(),
        "valid_to": max(first, last).isoformat(),
    }
    record = PdrRecord(line=1, kind=PdrKind.AUTHORISATION, fields=fields)
    result = _entry(register).enter([record])
    assert all(problem.code is ProblemCode.DUPLICATE for problem in result.problems)
    if result.outcomes[Outcome.ENTERED]:
        register.ids.append(f"pdr-{len(register.ids)}")


def _wait(register: _Register, data: st.DataObject) -> None:
    register.at += timedelta(days=data.draw(st.integers(1, 2)))


STEPS: list[Step] = [_grant, _grant, _migrate, _pass_on, _change, _end, _switch, _deactivate, _wait]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_sequence_of_changes_leaves_a_right_without_a_live_basis(data: st.DataObject) -> None:
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.begin() as connection:
        register = _Register(connection)
        _fill(register)
        for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=8)):
            step(register, data)
        for system in SYSTEMS:
            _check(register, system)
    engine.dispose()


def _fill(register: _Register) -> None:
    for id_sisc in PEOPLE:
        person = Person(id_sisc=id_sisc, given_names="A", surname="B")
        login = f"{id_sisc.lower()}@example.pl"
        account = Account(
            login=login, level=AccountLevel.EXTENDED, status=AccountStatus.ACTIVE, person_id=id_sisc
        )
        register.repository.add_person(person, operator="t", at=START)
        register.repository.add_account(account, b"-", operator="t", at=START)
    for id_sisc in (FIRM, AGENCY):
        register.repository.add_entity(Entity(id_sisc=id_sisc, name="E"), operator="t", at=START)
    known = [
        PdrRecord(line=1, kind=kind, fields={"id": _IN_PDR[party], "id_sisc": party, **named})
        for kind, parties, named in (
            (PdrKind.PERSON, PEOPLE, {"surname": "B", "document": "DE C01X00T47"}),
            (PdrKind.ENTITY, (FIRM, AGENCY), {"name": "E", "nip": "5260213089"}),
        )
        for party in parties
    ]
    assert _entry(register).enter(known).outcomes == {Outcome.MATCHED: len(known)}


def _check(register: _Register, system: str) -> None:
    """Whoever may send does so by links that hold today, all of them, for an active entity."""
    for id_sisc in PEOPLE:
        decision = decide_rights(
            register.repository,
            login=f"{id_sisc.lower()}@example.pl",
            principals=[NamedParty(kind=NumberKind.ID_SISC, number=FIRM)],
            representatives=(),
            system=system,
            at=register.at,
            needs_right=True,
        )
        if not isinstance(decision, Granted):
            continue
        assert register.repository.get_entity(FIRM).active
        assert decision.links
        for link in decision.links:
            right = register.repository.get_representation(link.representation)
            assert register.live(right)
            assert right.allows(system, Activity.SEND)
            assert right.representative in PEOPLE or register.repository.get_entity(AGENCY).active


def test_links_in_a_circle_are_stored_and_give_nobody_more() -> None:
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.begin() as connection:
        register = _Register(connection)
        _fill(register)
        for number, (one, other) in enumerate([(FIRM, AGENCY), (AGENCY, FIRM)]):
            right = Representation(
                id=f"circle-{number}",
                representative=one,
                represented=other,
                systems=frozenset({"AES"}),
                level=RepresentationLevel.EXTENDED,
                valid_from=TODAY,
            )
            register.repository.add_representation(right, operator="t", at=START)
        _check(register, "AES")
        assert register.repository.representations_for(PEOPLE[0], [FIRM]) == []
    engine.dispose()


@pytest.mark.parametrize("system", ["CELINA ", "", "x" * 31])
def test_codes_that_are_no_systems_are_refused(system: str) -> None:
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.begin() as connection:
        register = _Register(connection)
        _fill(register)
        right = Representation(
            id="r",
            representative=PEOPLE[0],
            represented=FIRM,
            systems=frozenset({system}),
            level=RepresentationLevel.BASIC,
            valid_from=TODAY,
        )
        with pytest.raises(InvalidRecordError, match="systems"):
            register.repository.add_representation(right, operator="t", at=START)
    engine.dispose()
