"""The channel's four operations, put together from intake and mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.channel import Caller, ContextFilter, DocumentsPage, DocumentsQuery, NextDocument, Submission
from gateway.errors import ChannelError
from gateway.flow.intake import Intake
from gateway.flow.mailbox import MailboxService
from gateway.store.ports import Store

__all__ = ["Channel"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """Implements `gateway.channel.ChannelService`."""

    store: Store
    intake: Intake
    mailbox: MailboxService

    def accept_document(self, caller: Caller, submission: Submission) -> str:
        """See `Intake.accept`."""
        with self._used_up(caller):
            return self.intake.accept(caller, submission)

    def get_next_document(self, caller: Caller, target_system: str | None) -> NextDocument:
        """See `MailboxService.next_document`."""
        with self._used_up(caller):
            return self.mailbox.next_document(caller, target_system)

    def get_next_document_sisc(
        self, caller: Caller, context: ContextFilter, target_system: str | None
    ) -> NextDocument:
        """See `MailboxService.next_document_sisc`."""
        with self._used_up(caller):
            return self.mailbox.next_document_sisc(caller, context, target_system)

    def get_documents(self, caller: Caller, query: DocumentsQuery) -> DocumentsPage:
        """See `MailboxService.documents`."""
        with self._used_up(caller):
            return self.mailbox.documents(caller, query)

    @contextmanager
    def _used_up(self, caller: Caller) -> Iterator[None]:
        """A token is used up by a refused call too: the effect's own transaction was rolled back with it."""
        try:
            yield
        except ChannelError:
            with self.store.begin() as work:
                work.nonces.use(caller.nonce, expires=caller.nonce_expires)
                work.commit()
            raise
