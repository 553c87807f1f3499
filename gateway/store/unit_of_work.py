"""One transaction on the store."""

from functools import cached_property

from sqlalchemy import Connection

from gateway.channel import Clock
from gateway.store.documents import SqlDocuments
from gateway.store.errors import ReadOnlyError
from gateway.store.events import SqlEvents
from gateway.store.identifiers import SqlIdentifiers
from gateway.store.mailbox import SqlMailbox
from gateway.store.nonces import SqlNonces
from gateway.store.queue import SqlQueue
from gateway.store.queue_control import SqlQueueControl
from gateway.store.retention import SqlRetention
from gateway.store.systems import SqlSystems
from gateway.store.wakeup import WorkSignal
from gateway.store.withheld import SqlWithheld

__all__ = ["SqlUnitOfWork"]


class SqlUnitOfWork:
    """Implements `gateway.store.ports.UnitOfWork`; opened by `SqlStore.begin` and `SqlStore.read`.

    Args:
        connection: inside a transaction.
        clock: the present moment.
        signal: whom to tell of new work; None makes a reading unit that cannot commit.
    """

    def __init__(self, connection: Connection, *, clock: Clock, signal: WorkSignal | None) -> None:
        self._connection = connection
        self._clock = clock
        self._signal = signal

    @property
    def connection(self) -> Connection:
        """For the repositories of other packages that take part in the transaction."""
        return self._connection

    @cached_property
    def documents(self) -> SqlDocuments:
        """Incoming documents."""
        return SqlDocuments(self._connection)

    @cached_property
    def events(self) -> SqlEvents:
        """The life of documents."""
        return SqlEvents(self._connection)

    @cached_property
    def identifiers(self) -> SqlIdentifiers:
        """Numbers of documents and of the answers to them."""
        return SqlIdentifiers(self._connection)

    @cached_property
    def mailbox(self) -> SqlMailbox:
        """Documents for clients."""
        return SqlMailbox(self._connection)

    @cached_property
    def withheld(self) -> SqlWithheld:
        """Documents that wait for a proof of delivery."""
        return SqlWithheld(self._connection)

    @cached_property
    def queue(self) -> SqlQueue:
        """Work items."""
        return SqlQueue(self._connection, clock=self._clock)

    @cached_property
    def control(self) -> SqlQueueControl:
        """What operators do with waiting work."""
        return SqlQueueControl(self._connection)

    @cached_property
    def systems(self) -> SqlSystems:
        """Pauses of target systems and of the gateway."""
        return SqlSystems(self._connection)

    @cached_property
    def retention(self) -> SqlRetention:
        """Documents that are old enough to go."""
        return SqlRetention(self._connection)

    @cached_property
    def nonces(self) -> SqlNonces:
        """Used tokens."""
        return SqlNonces(self._connection)

    def commit(self) -> None:
        """Make the work durable, then wake the workers it is for.

        What is done in the unit afterwards is a transaction of its own and needs its own commit.

        Raises:
            ReadOnlyError: the unit was opened for reading.
        """
        if self._signal is None:
            raise ReadOnlyError
        lanes = self.queue.announced()
        if lanes:
            self._signal.before_commit(self._connection, lanes)
        self._connection.commit()
        if lanes:
            self._signal.after_commit(lanes)
