"""Trusted signatures and CBTD keys in the flow: the person they name must be the sender."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from gateway.flow.checks import SignatureCheck
from gateway.flow.verification import VerificationStep
from gateway.store.model import DocumentState, Lane
from gateway.store.ports import UnitOfWork
from signing.cbtd import CbtdTrust, cbtd_record
from signing.cbtd_register import SqlCbtdRegister
from signing.policy import MESSAGE_POLICY
from signing.trust import TrustSource
from signing.trusted_profile import TrustedProfileSeals, TrustedProfileTrust
from tests.integration.gateway.world import START, Member, World, declaration
from tests.unit.signing.revocation.revocation_samples import Pair, make
from tests.unit.signing.test_trusted_profile import FORMS, Told, named, role, sealed


@cache
def authority() -> Pair:
    return make("Authority of the seal", ca=True, at=START)


@cache
def minister() -> Pair:
    return make("Minister", authority(), at=START)


def trusting(world: World, source: Callable[[UnitOfWork], TrustSource]) -> VerificationStep:
    step = world.verification()
    checks = [
        SignatureCheck(policy=MESSAGE_POLICY, trust=source) if isinstance(check, SignatureCheck) else check
        for check in step.checks
    ]
    return replace(step, checks=checks)


def with_seals(world: World) -> VerificationStep:
    seals = TrustedProfileSeals([minister().certificate], [authority().certificate])
    return trusting(world, lambda _: TrustedProfileTrust(seals, Told()))


def sealed_declaration(member: Member, form: str) -> bytes:
    body = declaration(key=None).decode()
    assert member.person.pesel is not None
    return sealed(role(named(form, member.person.pesel)), minister(), body=body, at=START)


@pytest.mark.parametrize("form", FORMS)
def test_a_trusted_signature_of_the_sender_is_accepted(world: World, form: str) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna, sealed_declaration(anna, form))
    world.worker(Lane.VERIFY, with_seals(world)).work_once()
    assert world.document(sys_ref).state is DocumentState.SUBMITTED


def test_a_trusted_signature_of_another_person_is_refused(small_world: World) -> None:
    anna, bogdan = small_world.enrol("anna", "NCTS2"), small_world.enrol("bogdan")
    sys_ref = small_world.send(anna, sealed_declaration(bogdan, "PodpisZP"))
    small_world.worker(Lane.VERIFY, with_seals(small_world)).work_once()
    assert small_world.document(sys_ref).state is DocumentState.NOT_SUBMITTED


@pytest.mark.parametrize(
    ("holder", "state"), [("anna", DocumentState.SUBMITTED), ("bogdan", DocumentState.NOT_SUBMITTED)]
)
def test_a_cbtd_key_signs_for_its_holder_only(small_world: World, holder: str, state: DocumentState) -> None:
    members = {name: small_world.enrol(name, "NCTS2") for name in ("anna", "bogdan")}
    anna = members["anna"]
    record = cbtd_record(anna.key.certificate, person_id=members[holder].person.id_sisc)
    with small_world.store.begin() as work:
        SqlCbtdRegister(work.connection).freeze([record], operator="test", at=START)
        work.commit()
    sys_ref = small_world.send(anna)
    step = trusting(small_world, lambda work: CbtdTrust(SqlCbtdRegister(work.connection)))
    small_world.worker(Lane.VERIFY, step).work_once()
    assert small_world.document(sys_ref).state is state
