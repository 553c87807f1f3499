"""The operations of the self-service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from gateway.actions import Action
from gateway.channel import Caller, Clock
from gateway.errors import BusinessError, ChannelError
from gateway.observe import Observer
from gateway.self_service.model import MyAccount, Page
from gateway.self_service.views import (
    account_view,
    certificate_views,
    cursor_of,
    entity_view,
    link_view,
    place_of,
    request_view,
    right_view,
)
from gateway.store.ports import Store, UnitOfWork
from registry.errors import InvalidRecordError, NotRegisteredError
from registry.helpdesk import HelpDeskRecords
from registry.linking import LinkOutcome, LinkResult
from registry.migrated import Review
from registry.model import Account, Person
from registry.overview import Overview
from registry.requests import RequestCategory, RequestChannel, RequestFilter

__all__ = ["SelfService"]

_REQUESTS: Final = 50  # newest requests
_SERVICE: Final = "e-Klient: uprawnienia przeniesione z PDR"


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfService:
    """What an account may ask and do. Each call uses up its token.

    Each raises SecurityError (the token was used before), UnavailableError, or ChannelError: S001, no person
    is registered behind the account; S005, a place that no answer named.
    """

    store: Store
    clock: Clock
    observe: Observer
    page: int = 200  # items of a page

    def account(self, caller: Caller) -> MyAccount:
        """The account and the person behind it, if there is one."""
        with self._reading(caller) as work:
            return account_view(*Overview(work.connection).sender(caller.login))

    def links(self, caller: Caller, after: str | None) -> Page:
        """First links of the person, those over and those to come too."""
        with self._reading(caller) as work:
            _, person = _known(work, caller)
            overview = Overview(work.connection)
            found = overview.links_page(person.id_sisc, limit=self.page, after=after or "")
            names = overview.names_of([link.represented for link in found])
            reviews = HelpDeskRecords(work.connection).reviews([link.id for link in found])
        at = self.clock()
        return Page(
            items=[link_view(link, names, reviews.get(link.id), at) for link in found],
            next=found[-1].id if len(found) == self.page else None,
        )

    def entities(self, caller: Caller, after: str | None) -> Page:
        """Entities the person is linked to, or owns."""
        with self._reading(caller) as work:
            _, person = _known(work, caller)
            overview = Overview(work.connection)
            found = overview.entities_page(person.id_sisc, limit=self.page, after=after or "")
        return Page(
            items=[entity_view(entity, person) for entity in found],
            next=found[-1].id_sisc if len(found) == self.page else None,
        )

    def rights(self, caller: Caller, after: str | None) -> Page:
        """For whom the person may act now, by first and second links and as owner."""
        try:
            place = place_of(after)
        except ValueError as error:
            raise _business("S005", "`after` is not what an answer gave as `next`.") from error
        with self._reading(caller) as work:
            overview = Overview(work.connection)
            page = overview.rights_page(*_known(work, caller), limit=self.page, at=self.clock(), after=place)
            names = overview.names_of([right.entity for right in page.rights])
        return Page(
            items=[right_view(right, names) for right in page.rights], next=cursor_of(page.next_place)
        )

    def certificates(self, caller: Caller) -> Page:
        """SC certificates and CBTD keys of the person, with their expiry."""
        with self._reading(caller) as work:
            _, person = _known(work, caller)
            return Page(items=list(certificate_views(work.connection, person, self.clock())))

    def requests(self, caller: Caller) -> Page:
        """The newest requests of the account to the help desk, with their last answers."""
        with self._reading(caller) as work:
            records = HelpDeskRecords(work.connection)
            found = records.requests(RequestFilter(login=caller.login), limit=_REQUESTS)
            return Page(items=[request_view(request, records.messages(request.number)) for request in found])

    def link(self, caller: Caller, password: str) -> MyAccount:
        """Link the account to its record from PDR with a one-time password of the help desk.

        Raises:
            ChannelError: S002, not the right password, or none is open; S004, one side is linked already.
        """
        with self._changing(caller) as work:
            try:
                outcome = HelpDeskRecords(work.connection).link_by_password(
                    caller.login, password, operator=_actor(caller), at=self.clock()
                )
            except InvalidRecordError as error:
                raise _business("S004", str(error)) from error
        self.observe(Action.ACCOUNT_LINKING, detail=outcome.result.value, account=caller.login)
        if outcome.result is not LinkResult.LINKED:
            raise _refused(outcome)
        with self.store.read() as work:
            return account_view(*Overview(work.connection).sender(caller.login))

    def review(self, caller: Caller, link: str, *, correct: bool, note: str | None) -> str:
        """Confirm a right that came from PDR, or dispute it, which opens a request to the help desk.

        Returns:
            What stands with the right now: confirmed or disputed.

        Raises:
            ChannelError: S003, no such right of the person came from PDR; S004, a dispute says nothing.
        """
        verdict = Review.CONFIRMED if correct else Review.DISPUTED
        with self._changing(caller) as work:
            _, person = _known(work, caller)
            try:
                self._review(work, caller, person, link, verdict, note)
            except NotRegisteredError as error:
                raise _business("S003", f"No right {link[:50]} of yours came from PDR.") from error
            except InvalidRecordError as error:
                raise _business("S004", str(error)) from error
        return verdict.value

    def _review(
        self, work: UnitOfWork, caller: Caller, person: Person, link: str, verdict: Review, note: str | None
    ) -> None:
        records, at = HelpDeskRecords(work.connection), self.clock()
        records.review_link(
            link, verdict, note=note, person_id=person.id_sisc, operator=_actor(caller), at=at
        )
        if verdict is Review.DISPUTED:
            records.register_request(
                category=RequestCategory.REPORT,
                channel=RequestChannel.PORTAL,
                service=_SERVICE,
                text=f"{link}: {note}",
                login=caller.login,
                operator=_actor(caller),
                at=at,
            )

    @contextmanager
    def _reading(self, caller: Caller) -> Iterator[UnitOfWork]:
        """A reading transaction; the token is used up beside it: nobody who writes waits for a page."""
        with self._used_up(caller), self.store.read() as work:
            yield work
        self._use_up(caller)

    @contextmanager
    def _changing(self, caller: Caller) -> Iterator[UnitOfWork]:
        """A writing transaction that uses up the token; committed unless the block raises."""
        with self._used_up(caller), self.store.begin() as work:
            work.nonces.use(caller.nonce, expires=caller.nonce_expires)
            yield work
            work.commit()

    @contextmanager
    def _used_up(self, caller: Caller) -> Iterator[None]:
        """A token is used up by a refused call too: the effect's own transaction was rolled back with it."""
        try:
            yield
        except ChannelError:
            self._use_up(caller)
            raise

    def _use_up(self, caller: Caller) -> None:
        with self.store.begin() as work:
            work.nonces.use(caller.nonce, expires=caller.nonce_expires)
            work.commit()


def _actor(caller: Caller) -> str:
    return f"account:{caller.login}"


def _known(work: UnitOfWork, caller: Caller) -> tuple[Account, Person]:
    """The account with its person; raises S001 when it has none."""
    account, person = Overview(work.connection).sender(caller.login)
    if person is None:
        raise _business(
            "S001",
            "No person is registered behind this account: register with WRR0001, or link the account to the"
            " data from PDR with a one-time password of the help desk (LinkAccount).",
        )
    return account, person


def _refused(outcome: LinkOutcome) -> ChannelError:
    if outcome.result is LinkResult.WRONG and outcome.tries_left:
        return _business("S002", f"This is not the one-time password; {outcome.tries_left} tries are left.")
    return _business("S002", "No one-time password is open for this account; ask the help desk for one.")


def _business(code: str, description: str) -> ChannelError:
    return BusinessError(code=code, description=description, headline="Operacja odrzucona")
