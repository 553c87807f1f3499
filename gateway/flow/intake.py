"""AcceptDocument: a document is stored for good before its sysRef is told to anybody."""

from dataclasses import dataclass

from gateway.actions import Action
from gateway.channel import Caller, Clock, IdMaker, Submission
from gateway.errors import BusinessError, DuplicateDocumentError, UnavailableError
from gateway.flow.confirming import UPD, system_of_proof
from gateway.flow.ordering import order_key
from gateway.flow.recognition import Recognised, Recogniser
from gateway.observe import Observer
from gateway.store.model import Attachment, Event, Lane, NewDocument, NewWork
from gateway.store.ports import Store, UnitOfWork
from gateway.store.systems import GATEWAY
from routing.errors import DirectSystemError, NoRouteError, UnknownSystemError
from routing.routes import RouteTable
from schemas.facts import read_facts
from schemas.model import MessageFacts

__all__ = ["Intake"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Takes documents in."""

    store: Store
    recogniser: Recogniser
    routes: RouteTable
    clock: Clock
    new_id: IdMaker
    observe: Observer

    def accept(self, caller: Caller, submission: Submission) -> str:
        """Recognise, store durably and queue a document.

        Args:
            caller: the authenticated account.
            submission: the document and its attachments.

        Returns:
            The new sysRef.

        Raises:
            TechnicalError: E003, see `Recogniser`.
            BusinessError: B002, the account has sent the same bytes before; B006, the system is not served
                here, or a proof of delivery that nothing waits for.
            SecurityError: the token was used before.
            UnavailableError: the store cannot take it, or an operator has closed the intake; nothing was
                accepted.
        """
        document, order = self._prepare(caller, submission)
        with self.store.begin() as work:
            if (pause := work.systems.paused(GATEWAY)) is not None:
                raise UnavailableError(what="intake", reason=f"closed by {pause.operator}: {pause.reason}")
            work.nonces.use(caller.nonce, expires=caller.nonce_expires)
            try:
                self._store(work, document, order)
            except DuplicateDocumentError as error:
                raise _duplicate(error.original) from error
            work.commit()
        self.observe(
            Action.DOCUMENT_RECEIVED,
            detail=document.system,
            sys_ref=document.sys_ref,
            type_code=document.type_code,
            account=document.account,
            size=len(document.content),
        )
        return document.sys_ref

    def _prepare(self, caller: Caller, submission: Submission) -> tuple[NewDocument, str | None]:
        """The document to store, and what it has in common with those it must not overtake."""
        at = self.clock()
        content = submission.content
        self._refuse_direct(submission.target_systems)
        recognised = self.recogniser.recognise(content.data, at=at)
        facts = read_facts(recognised.root, recognised.message_type)
        system = self._system(caller, recognised, facts)
        self._refuse_unserved(system)
        document = NewDocument(
            sys_ref=self.new_id(),
            account=caller.login,
            system=system,
            type_code=recognised.message_type.code,
            received_at=at,
            content=content.data,
            filename=content.filename,
            mime=content.mime,
            attachments=tuple(
                Attachment(content=each.data, filename=each.filename, mime=each.mime)
                for each in submission.attachments
            ),
        )
        return document, order_key(caller.login, system, facts)

    def _system(self, caller: Caller, recognised: Recognised, facts: MessageFacts) -> str:
        """The back end that a document is for; its type tells, but for a proof of delivery."""
        message_type = recognised.message_type
        if message_type.code != UPD:
            return message_type.system
        with self.store.read() as work:
            return system_of_proof(work, facts.own_id, account=caller.login)

    def _refuse_direct(self, systems: tuple[str, ...]) -> None:
        """Refuse systems that are served outside the channel.

        A target that names another system than the document does is no reason to refuse: the channel goes by
        the document itself, and clients in use name one target for everything.
        """
        for system in systems:
            try:
                self.routes.find(system)
            except DirectSystemError as error:
                raise _unserved(error) from error
            except UnknownSystemError:
                continue

    def _refuse_unserved(self, system: str) -> None:
        """Refuse a document nobody here would ever deliver: a UPP would promise more than we can keep."""
        try:
            self.routes.find(system)
        except NoRouteError as error:
            raise _unserved(error) from error

    def _store(self, work: UnitOfWork, document: NewDocument, order: str | None) -> None:
        work.documents.add(document)
        work.events.add(
            [
                Event(
                    sys_ref=document.sys_ref,
                    at=document.received_at,
                    action=Action.DOCUMENT_RECEIVED,
                    actor=f"account:{document.account}",
                    facts={
                        "type": document.type_code,
                        "system": document.system,
                        "size": len(document.content),
                        "sha256": document.sha256,
                        "attachments": len(document.attachments),
                    },
                )
            ]
        )
        verification = NewWork(sys_ref=document.sys_ref, account=document.account, order_key=order)
        work.queue.put(Lane.VERIFY, verification, at=document.received_at)


def _unserved(error: NoRouteError) -> BusinessError:
    return BusinessError(code="B006", description=f"{error.message_pl} / {error.message_en}")


def _duplicate(original: str) -> BusinessError:
    return BusinessError(
        code="B002",
        description=(
            f"Dokument o tej samej treści został już przyjęty, sysRef {original}. / "
            f"A document with the same content has already been accepted, sysRef {original}."
        ),
    )
