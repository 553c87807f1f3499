"""Signers of other authorities in the flow: bound to the sender, waited for, with the evidence kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from sqlalchemy import func, select

from gateway.actions import Action
from gateway.archive import Archive
from gateway.flow.checks import SignatureCheck, SignerClassCheck
from gateway.flow.verification import VerificationStep
from gateway.pki.sandbox.making import self_signed
from gateway.signer_classes import SignerClasses
from gateway.store.model import DocumentState, Lane
from gateway.store.ports import UnitOfWork
from registry.model import SignerKind
from registry.repository import RegistryRepository
from signing.certificates import read_certificate
from signing.evidence import Evidence, EvidenceKind
from signing.faults import Rule, fault
from signing.policy import MESSAGE_POLICY
from signing.revocation.sql import SqlRevocationCache
from signing.tables import revocation_evidence
from signing.trust import TrustSource
from signing.trustlists.loading import hold
from signing.trustlists.repository import SqlListRepository
from signing.verdict import SignerClass, TrustDecision
from tests.integration.gateway.world import World, declaration
from tests.unit.signing.trustlists.made_lists import Made, verified

_UNKNOWN = fault(
    Rule.CERT_STATUS_UNKNOWN, subject="CN=Anna", reason_pl="brak danych", reason_en="no data yet"
)


@dataclass
class Qualified:
    """Vouches for everybody as a trusted list would, once the status is known."""

    pesel: str
    known: bool = True
    evidence: tuple[Evidence, ...] = ()
    trusted_lists: tuple[str, ...] = ()

    def judge(
        self,
        certificate: Certificate,  # noqa: ARG002 - every one
        *,
        candidates: Sequence[Certificate],  # noqa: ARG002 - as above
        at: datetime,  # noqa: ARG002 - as above
    ) -> TrustDecision:
        return TrustDecision(
            fault=None if self.known else _UNKNOWN,
            signer_class=SignerClass.QUALIFIED,
            subject_ids=(f"PNOPL-{self.pesel}",),
            evidence=self.evidence,
            trusted_lists=self.trusted_lists,
        )


def trusting(world: World, source: TrustSource) -> VerificationStep:
    """The world's verification, with this source instead of the SC authority."""

    def trust(_: UnitOfWork) -> TrustSource:
        return source

    step = world.verification()
    checks = [
        SignatureCheck(policy=MESSAGE_POLICY, trust=trust) if isinstance(check, SignatureCheck) else check
        for check in step.checks
    ]
    return replace(step, checks=checks)


def pesel_of(world: World, login: str) -> str:
    with world.store.read() as work:
        person = RegistryRepository(work.connection).sender(login)[1]
    assert person is not None
    assert person.pesel is not None
    return person.pesel


def test_a_qualified_signer_is_bound_to_the_sender_by_pesel(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)

    world.worker(Lane.VERIFY, trusting(world, Qualified(pesel_of(world, anna.login)))).work_once()

    assert world.document(sys_ref).state is DocumentState.SUBMITTED


def test_a_qualified_signature_of_somebody_else_is_refused(world: World) -> None:
    sys_ref = world.send(world.enrol("anna", "NCTS2"))

    world.worker(Lane.VERIFY, trusting(world, Qualified("44051401359"))).work_once()

    assert world.document(sys_ref).state is DocumentState.NOT_SUBMITTED


@pytest.mark.parametrize(
    ("classes", "state"),
    [
        (SignerClasses(), DocumentState.SUBMITTED),
        (SignerClasses(accepted={"AES": []}, qualified_types=("CC515C",)), DocumentState.SUBMITTED),
        (SignerClasses(qualified_types=("CC015C",)), DocumentState.NOT_SUBMITTED),
        (SignerClasses(accepted={"NCTS2": [SignerClass.QUALIFIED]}), DocumentState.NOT_SUBMITTED),
    ],
)
def test_classes_that_a_system_or_type_does_not_take_are_refused(
    classes: SignerClasses, state: DocumentState, world: World
) -> None:
    sys_ref = world.send(world.enrol("anna", "NCTS2"))
    step = world.verification()

    world.worker(
        Lane.VERIFY, replace(step, checks=[*step.checks, SignerClassCheck(classes=classes)])
    ).work_once()

    assert world.document(sys_ref).state is state


def test_a_signer_whose_status_is_being_fetched_is_waited_for(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    source = Qualified(pesel_of(world, anna.login), known=False)
    sys_ref = world.send(anna)
    worker = world.worker(Lane.VERIFY, trusting(world, source))

    worker.work_once()
    assert world.document(sys_ref).state is DocumentState.RECEIVED
    source.known = True
    world.clock.pass_by(seconds=4)
    worker.work_once()

    assert world.document(sys_ref).state is DocumentState.SUBMITTED


def test_a_status_that_stays_unknown_ends_in_a_refusal(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    sys_ref = world.send(anna)
    worker = world.worker(Lane.VERIFY, trusting(world, Qualified(pesel_of(world, anna.login), known=False)))

    for _ in range(4):
        worker.work_once()
        world.clock.pass_by(seconds=4)

    assert world.document(sys_ref).state is DocumentState.NOT_SUBMITTED
    assert world.replies(sys_ref) == {"NPP": 1}


def test_the_revocation_data_used_is_kept_and_named_in_the_documents_life(world: World) -> None:
    anna = world.enrol("anna", "NCTS2")
    used = Evidence.of(EvidenceKind.CRL, b"a certificate revocation list")
    sys_refs = [world.send(anna), world.send(anna)]
    source = Qualified(pesel_of(world, anna.login), evidence=(used,))

    world.worker(Lane.VERIFY, trusting(world, source)).work_once()

    with world.store.read() as work:
        kept = SqlRevocationCache(work.connection).evidence(used.digest)
        count = work.connection.scalar(select(func.count()).select_from(revocation_evidence))
    signature = world.events(sys_refs[0])[1].facts["signature"]
    assert isinstance(signature, dict)
    assert (kept, count) == (used, 1)
    assert signature["evidence"] == [used.digest]
    assert signature["class"] == "QUALIFIED"


def test_an_export_holds_what_the_verdict_rested_on_once_for_all_documents(
    small_world: World, tmp_path: Path
) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    used = tuple(Evidence.of(kind, kind.value.encode()) for kind in EvidenceKind)
    held = hold(verified(Made(sequence=7)), location="https://list.example", accepted_at=small_world.clock())
    with small_world.store.begin() as work:
        SqlListRepository(work.connection).add(held)
        work.commit()
    source = Qualified(pesel_of(small_world, anna.login), evidence=used, trusted_lists=("PL 7", "PL 8"))
    sys_refs = [small_world.send(anna) for _ in range(2)]
    small_world.worker(Lane.VERIFY, trusting(small_world, source)).work_once()

    archive = Archive(folder=tmp_path)
    with small_world.store.read() as work:
        for sys_ref in sys_refs:
            archive.write(work, sys_ref)

    files = {file.name: file.read_bytes() for file in (tmp_path / "evidence").iterdir()}
    suffixes = {EvidenceKind.CRL: "crl", EvidenceKind.OCSP: "ocsp", EvidenceKind.CERTIFICATE: "cer"}
    expected = {f"{each.digest}.{suffixes[each.kind]}": each.content for each in used}
    assert files == {**expected, f"PL-7-{held.digest[:16]}.xml": held.content}
    assert len(list(tmp_path.rglob("*.zip"))) == 2


@dataclass(frozen=True)
class Foreign:
    """Vouches for everybody as a foreign list would, in some class."""

    kind: SignerClass = SignerClass.QUALIFIED

    def judge(
        self,
        certificate: Certificate,  # noqa: ARG002 - every one
        *,
        candidates: Sequence[Certificate],  # noqa: ARG002 - as above
        at: datetime,  # noqa: ARG002 - as above
    ) -> TrustDecision:
        return TrustDecision(fault=None, signer_class=self.kind, subject_ids=("PNODE-1234567890",))


@pytest.mark.parametrize("by", SignerKind)
@pytest.mark.parametrize(
    ("kind", "holder", "state"),
    [
        (SignerClass.QUALIFIED, "anna", DocumentState.SUBMITTED),
        (SignerClass.QUALIFIED, "bogdan", DocumentState.NOT_SUBMITTED),
        (SignerClass.TRUSTED_PROFILE, "anna", DocumentState.NOT_SUBMITTED),  # everybody's certificate
        (SignerClass.CBTD, "anna", DocumentState.NOT_SUBMITTED),
    ],
)
def test_a_foreign_signer_is_the_person_he_is_registered_as(
    small_world: World, by: SignerKind, kind: SignerClass, holder: str, state: DocumentState
) -> None:
    members = {name: small_world.enrol(name, "NCTS2") for name in ("anna", "bogdan")}
    anna = members["anna"]
    fingerprint = read_certificate(anna.key.certificate.public_bytes(Encoding.DER)).fingerprint
    value = fingerprint if by is SignerKind.CERTIFICATE else "PNODE-1234567890"
    with small_world.store.begin() as work:
        RegistryRepository(work.connection).add_signer(
            members[holder].person.id_sisc, by, value, operator="test", at=small_world.clock()
        )
        work.commit()
    sys_ref = small_world.send(anna)

    small_world.worker(Lane.VERIFY, trusting(small_world, Foreign(kind))).work_once()

    assert small_world.document(sys_ref).state is state
    told = small_world.events(sys_ref)[1].facts.get("signer_registered_by")
    assert told == (f"{by.value} {value}" if state is DocumentState.SUBMITTED else None)


def test_a_key_that_will_be_too_short_is_told_once_a_certificate(small_world: World) -> None:
    anna = small_world.enrol("anna", "NCTS2")
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = self_signed("Anna", issued=small_world.clock(), key=private)
    sys_refs = [small_world.send(anna, declaration(key=key, at=small_world.clock())) for _ in range(2)]

    step = trusting(small_world, Qualified(pesel_of(small_world, anna.login)))
    small_world.worker(Lane.VERIFY, step).work_once()

    (told,) = [facts for action, facts in small_world.ears.told if action is Action.SIGNER_KEY_ENDING]
    assert (told["detail"], told["weak_from"]) == ("QUALIFIED", "2029-01-01")
    for sys_ref in sys_refs:
        assert small_world.document(sys_ref).state is DocumentState.SUBMITTED
        signature = small_world.events(sys_ref)[1].facts["signature"]
        assert isinstance(signature, dict)
        assert signature["weak_from"] == "2029-01-01"
