"""How remote back ends are reached: values, given by the settings of the product."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["AmqpSettings", "DirectorySettings", "HttpSettings", "RemoteSettings", "Tls"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """Whom to trust and who we are. Files in PEM."""

    ca: Path | None = None  # authorities of the other side; None: those of the machine
    certificate: Path | None = None  # our chain, for a back end that asks for one
    key: Path | None = None  # its private key, without a password


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSettings:
    """A back end behind HTTP."""

    url: str  # documents are POSTed here
    tls: Tls = Tls()
    token: str | None = field(default=None, repr=False)  # sent as `Authorization: Bearer …`
    timeout_seconds: float = 10.0  # of one request, from connecting to the last byte of the response
    batch_seconds: float = 20.0  # of a batch; shorter than the lease of its work items
    connections: int = 8  # requests at the same time, a process
    response_bytes: int = 32 * 2**20  # longest response that is read


@dataclass(frozen=True, kw_only=True, slots=True)
class AmqpSettings:
    """A back end behind RabbitMQ (AMQP 0-9-1)."""

    url: str = field(repr=False)  # amqp:// or amqps://, holds the password
    queue: str  # documents go there
    answers: str  # answers come from there
    dead_letters: str  # exchange and queue for messages that are no answers
    declare: bool = True  # False: somebody else sets the queues up; they are only looked for
    tls: Tls = Tls()
    timeout_seconds: float = 10.0  # for a connection, and for the confirms of a batch
    message_bytes: int = 32 * 2**20  # longest message that is read


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectorySettings:
    """A batch back end that shares a folder with us."""

    outbox: Path  # documents for the back end
    inbox: Path  # its answers
    settle_seconds: float = 60.0  # so old a file that is not whole is taken for broken, not for unfinished
    answer_bytes: int = 32 * 2**20  # longest file that is read


RemoteSettings = HttpSettings | AmqpSettings | DirectorySettings
