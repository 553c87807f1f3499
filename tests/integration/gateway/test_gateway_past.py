"""Who could send what for whom on a day gone by: told from the history, whatever has changed since."""

from dataclasses import replace
from datetime import datetime

import pytest

from registry.helpdesk import HelpDeskRecords
from registry.model import Granted, Refused
from registry.past import Answer, who_could
from registry.repository import RegistryRepository
from tests.integration.gateway.world import AGENCY, FIRM, World


def ask(world: World, at: datetime, system: str = "AES", person: str | None = None) -> list[Answer]:
    with world.store.read() as work:
        registry = RegistryRepository(work.connection)
        return list(who_could(registry, entity=FIRM, system=system, at=at, person=person))


def able(world: World, at: datetime, system: str = "AES") -> set[str]:
    return {each.account.login for each in ask(world, at, system) if isinstance(each.decision, Granted)}


def test_rights_that_have_ended_since_are_told_as_they_were(world: World) -> None:
    world.clock.pass_by(hours=1)
    anna = world.enrol("anna", "AES")
    world.clock.pass_by(days=1)
    during = world.clock()
    world.clock.pass_by(days=1)
    world.end_rights(anna)

    assert able(world, during) == {anna.login}
    assert able(world, during, "AIS") == set()
    assert able(world, world.clock()) == set()
    assert ask(world, world.clock().replace(year=2025)) == []


def test_an_agencys_people_are_told_with_the_version_of_both_links(small_world: World) -> None:
    world = small_world
    world.clock.pass_by(hours=1)
    anna = world.enrol("anna", "AES", represented=AGENCY)
    world.grant(AGENCY, FIRM, ["AES"])

    (answer,) = ask(world, world.clock())

    assert answer.account.login == anna.login
    assert isinstance(answer.decision, Granted)
    assert answer.decision.context.middle == AGENCY
    assert {link.version for link in answer.decision.links} == {1}


@pytest.mark.parametrize("record", ["person", "entity", "account"])
def test_what_was_switched_off_since_was_on_then(small_world: World, record: str) -> None:
    world = small_world
    world.clock.pass_by(hours=1)
    anna = world.enrol("anna", "AES")
    during = world.clock()
    world.clock.pass_by(days=1)
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        if record == "person":
            registry.change_person(replace(anna.person, active=False), operator="test", at=world.clock())
        elif record == "entity":
            firm = replace(registry.get_entity(FIRM), active=False)
            registry.change_entity(firm, operator="test", at=world.clock())
        else:
            registry.close_account(anna.login, operator="test", at=world.clock())
        work.commit()

    assert able(world, during) == {anna.login}
    (now,) = ask(world, world.clock(), person=anna.person.id_sisc)
    assert isinstance(now.decision, Refused)
    assert now.decision.reason in {"PERSON_INACTIVE", "PARTY_INACTIVE", "ACCOUNT_INACTIVE"}


def test_an_account_unlinked_since_could_send_then(world: World) -> None:
    world.clock.pass_by(hours=1)
    anna = world.enrol("anna", "AES")
    during = world.clock()
    world.clock.pass_by(days=1)
    with world.store.begin() as work:
        registry = RegistryRepository(work.connection)
        registry.link_account(anna.login, None, operator="test", at=world.clock())
        work.commit()

    assert able(world, during) == {anna.login}
    assert ask(world, world.clock()) == []


def test_an_account_is_told_once_under_the_login_it_had(small_world: World) -> None:
    world = small_world
    world.clock.pass_by(hours=1)
    anna = world.enrol("anna", "AES")
    during = world.clock()
    world.clock.pass_by(days=1)
    with world.store.begin() as work:
        desk = HelpDeskRecords(work.connection)
        desk.change_email(anna.login, "new@example.pl", b"-", operator="test", at=world.clock())
        work.commit()

    assert [each.account.login for each in ask(world, during)] == [anna.login]
    assert [each.account.login for each in ask(world, world.clock())] == ["new@example.pl"]
