"""SZPROT: applications to the register are decided here, by rules at once or by a clerk later."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.actions import Action
from gateway.channel import Clock
from gateway.errors import ApplicationError, UnavailableError
from gateway.flow.answers import Answers
from gateway.observe import Observer
from gateway.receipts import Seal
from gateway.store.model import Attachment, Event
from gateway.store.ports import Store, UnitOfWork
from registry.applications.decision import decision_document
from registry.applications.examine import examine
from registry.applications.facts import Evidence, Facts, ReceivedFile, gather
from registry.applications.form import Form
from registry.applications.outcome import Approved, Outcome, Refusal, State, Waiting
from registry.applications.reasons import reason
from registry.applications.records import Application, ApplicationRecords, Decision
from registry.errors import AlreadyRegisteredError, RegistryError
from registry.repository import RegistryRepository
from routing.model import Accepted, Answer, AnswerKind, Delivery, Health, Unavailable
from routing.model import Outcome as Delivered
from signing.parsing import ParseLimits, parse

__all__ = ["SYSTEM", "ClerksDesk", "RegisterBackEnd", "Registrar"]

#: Target-system code of the register.
SYSTEM: Final = "SZPROT"
_BY_RULES: Final = f"system:{SYSTEM}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An application as it lies on the desk."""

    form: Form
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Registrar:
    """Reads, decides and answers applications inside a transaction."""

    seal: Seal
    clock: Clock
    limits: ParseLimits

    def open(self, work: UnitOfWork, sys_ref: str) -> Case:
        """An application with everything its rules want to know.

        Raises:
            NotFoundError: there is no such document.
        """
        document = work.documents.get(sys_ref)
        form = Form(parse(work.documents.contents([sys_ref])[sys_ref], self.limits))
        evidence = Evidence(
            case=sys_ref,
            login=document.account,
            signer_ids=_signer_ids(work.events.of(sys_ref)),
            files=_received(work.documents.attachments([sys_ref]).get(sys_ref, ())),
        )
        repository = RegistryRepository(work.connection)
        return Case(form=form, facts=gather(repository, form, evidence, at=self.clock()))

    def apply(
        self, work: UnitOfWork, case: Case, outcome: Outcome, *, operator: str, why: str | None
    ) -> None:
        """Make the changes of a granted application.

        Raises:
            RegistryError: the register refuses one; the whole transaction must be rolled back.
        """
        if not isinstance(outcome, Approved):
            return
        repository = RegistryRepository(work.connection, document=case.facts.evidence.case, reason=why)
        for change in outcome.changes:
            change.apply(repository, operator=operator, at=case.facts.at)

    def issue(self, work: UnitOfWork, case: Case, outcome: Outcome) -> Decision:
        """Write, seal and keep the decision; the changes have been applied."""
        records = ApplicationRecords(work.connection)
        sys_ref = case.facts.evidence.case
        number = len(records.decisions(sys_ref)) + 1
        root = decision_document(case.form, case.facts, outcome, case=sys_ref, number=number)
        decision = Decision(
            case=sys_ref,
            number=number,
            content=self.seal.seal(root, case.facts.at),
            issued_at=case.facts.at,
        )
        records.add_decision(decision)
        return decision


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterBackEnd:
    """The register as a back end (implements `routing.model.BackEnd`)."""

    store: Store
    registrar: Registrar
    observe: Observer

    @property
    def system(self) -> str:
        """Target-system code it serves."""
        return SYSTEM

    def health(self) -> Health:
        """Whether the register can be read."""
        try:
            with self.store.read() as work:
                waiting = ApplicationRecords(work.connection).list(state=State.WAITING, limit=1)
        except UnavailableError as error:
            return Health(well=False, detail=error.reason)
        return Health(well=True, detail="clerks are needed" if waiting else "nothing waits for a clerk")

    def deliver(self, batch: Sequence[Delivery]) -> Sequence[Delivered]:
        """Decide on applications, each in a transaction of its own.

        The case is the sysRef: an application delivered again gets the decisions it got before.
        """
        return [self._deliver(delivery.sys_ref) for delivery in batch]

    def _deliver(self, sys_ref: str) -> Delivered:
        try:
            try:
                return self._decided(sys_ref, refused=None)
            except RegistryError:  # somebody else registered the same meanwhile: look again
                return self._decided_again(sys_ref)
        except UnavailableError as error:
            return Unavailable(reason=error.reason)

    def _decided_again(self, sys_ref: str) -> Delivered:
        try:
            return self._decided(sys_ref, refused=None)
        except RegistryError as error:
            return self._decided(sys_ref, refused=error)

    def _decided(self, sys_ref: str, *, refused: RegistryError | None) -> Accepted:
        with self.store.begin() as work:
            records = ApplicationRecords(work.connection)
            known = records.find(sys_ref)
            if known is None:
                known = self._decide(work, sys_ref, refused)
                work.commit()
            answers = tuple(_answer(known.form, each) for each in records.decisions(sys_ref))
        return Accepted(answers=answers)

    def _decide(self, work: UnitOfWork, sys_ref: str, refused: RegistryError | None) -> Application:
        case = self.registrar.open(work, sys_ref)
        outcome = examine(case.form, case.facts) if refused is None else _refusal(refused)
        application = _application(work, case, outcome)
        ApplicationRecords(work.connection).add(application)
        self.registrar.apply(work, case, outcome, operator=_BY_RULES, why=None)
        self.registrar.issue(work, case, outcome)
        self.observe(
            Action.APPLICATION_DECIDED, detail=case.form.code, sys_ref=sys_ref, state=application.state.value
        )
        return application


@dataclass(frozen=True, kw_only=True, slots=True)
class ClerksDesk:
    """What clerks do with applications that rules cannot decide."""

    store: Store
    registrar: Registrar
    answers: Answers

    def review(self, sys_ref: str) -> tuple[Application, Case, Outcome]:
        """An application, and what approving it would come to.

        Raises:
            NotRegisteredError: there is no such application.
        """
        with self.store.read() as work:
            application = ApplicationRecords(work.connection).get(sys_ref)
            case = self.registrar.open(work, sys_ref)
            return application, case, examine(case.form, case.facts, confirmed=True)

    def approve(self, sys_ref: str, *, clerk: str, note: str | None) -> Application:
        """Grant a waiting application: its changes, the decision and its way to the applicant in one.

        Args:
            sys_ref: the case.
            clerk: who decides, e.g. "operator:anna".
            note: why, for the history.

        Raises:
            NotRegisteredError: there is no such application.
            ChangedMeanwhileError: it does not wait any more, e.g. because another clerk was faster.
            ApplicationError: the register does not allow it (any more); refuse it.
            RegistryError: likewise, found while applying it; nothing was changed.
        """
        with self.store.begin() as work:
            case = self.registrar.open(work, sys_ref)
            outcome = examine(case.form, case.facts, confirmed=True)
            if isinstance(outcome, Refusal):
                raise ApplicationError(case=sys_ref, reasons=[each.message_en for each in outcome.reasons])
            return self._settle(work, case, outcome, clerk=clerk, note=note)

    def refuse(self, sys_ref: str, *, clerk: str, why: str) -> Application:
        """Refuse a waiting application; `why` is told to the applicant. Raises as `approve`."""
        with self.store.begin() as work:
            case = self.registrar.open(work, sys_ref)
            refusal = Refusal(reasons=[reason("REFUSED_BY_CLERK", value=why)])
            return self._settle(work, case, refusal, clerk=clerk, note=why)

    def _settle(
        self, work: UnitOfWork, case: Case, outcome: Outcome, *, clerk: str, note: str | None
    ) -> Application:
        records = ApplicationRecords(work.connection)
        sys_ref = case.facts.evidence.case
        settled = replace(
            records.get(sys_ref),
            state=_state(outcome),
            subject=outcome.subject if isinstance(outcome, Approved) else records.get(sys_ref).subject,
            decided_at=case.facts.at,
            decided_by=clerk,
            note=note,
        )
        records.settle(settled)  # first of all: of two clerks one goes on
        self.registrar.apply(work, case, outcome, operator=clerk, why=note)
        answer = _answer(settled.form, self.registrar.issue(work, case, outcome))
        document = work.documents.get(sys_ref)
        work.documents.update_many(self.answers.take(work, [(document, [answer])]))
        work.events.add(
            [
                Event(
                    sys_ref=sys_ref,
                    at=case.facts.at,
                    action=Action.APPLICATION_DECIDED,
                    actor=clerk,
                    facts={"state": settled.state.value, "note": note},
                )
            ]
        )
        work.commit()
        return settled


def _application(work: UnitOfWork, case: Case, outcome: Outcome) -> Application:
    document = work.documents.get(case.facts.evidence.case)
    decided = not isinstance(outcome, Waiting)
    known = case.facts.entity.id_sisc if case.facts.entity else None
    return Application(
        case=document.sys_ref,
        form=case.form.code,
        login=document.account,
        filed_at=document.received_at,
        state=_state(outcome),
        subject=outcome.subject if isinstance(outcome, Approved) else known,
        waits_for=outcome.why.value if isinstance(outcome, Waiting) else None,
        decided_at=case.facts.at if decided else None,
        decided_by=_BY_RULES if decided else None,
    )


def _state(outcome: Outcome) -> State:
    match outcome:
        case Approved():
            return State.GRANTED
        case Refusal():
            return State.REFUSED
        case Waiting():
            return State.WAITING


def _refusal(error: RegistryError) -> Refusal:
    """What the rules did not foresee and the register does not take."""
    if isinstance(error, AlreadyRegisteredError):
        return Refusal(reasons=[reason("TAKEN_MEANWHILE", value=error.key)])
    return Refusal(reasons=[reason("RECORD_REFUSED", value=str(error))])


def _answer(form: str, decision: Decision) -> Answer:
    code = f"Decyzja{form[:3]}"
    number = f"{decision.case}-{decision.number}"
    return Answer(
        back_end_id=number,
        kind=AnswerKind.BUSINESS,
        type_code=code,
        filename=f"{code}_{number}.xml",
        content=decision.content,
        sys_ref=decision.case,
    )


def _received(files: Sequence[Attachment]) -> list[ReceivedFile]:
    return [ReceivedFile(name=file.filename, sha256=hashlib.sha256(file.content).digest()) for file in files]


def _signer_ids(events: Sequence[Event]) -> frozenset[str]:
    """The numbers in the signer's certificate, as the verification of the document kept them."""
    for event in events:
        signature = event.facts.get("signature")
        if event.action == Action.DOCUMENT_SUBMITTED and isinstance(signature, dict):
            ids = signature.get("ids")
            return frozenset(str(one) for one in ids) if isinstance(ids, list) else frozenset()
    return frozenset()
