"""`[routes.SYSTEM]`: how each back end is reached."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AmqpRoute",
    "AnyRoute",
    "DeliveringRoute",
    "DirectRoute",
    "DirectoryRoute",
    "HttpRoute",
    "NoRoute",
    "RegistryRoute",
    "RouteOptions",
    "SimulatorRoute",
]


class RouteOptions(BaseModel):
    """Keys of every route."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner_unknown: Literal["sender", "refuse"] = Field(
        default="sender",
        description="a message about an MRN, ARC or LRN nobody got here: in the sender's name, or refused",
    )


class DeliveringRoute(RouteOptions):
    """Keys of routes that documents are passed on by."""

    give_up_days: float | None = Field(
        default=7, gt=0, description="a document not taken for so long is undeliverable; None: tried for good"
    )
    longest_pause_seconds: float = Field(
        default=300, ge=1, description="no pause between two attempts grows beyond it"
    )
    circuit_failures: int = Field(
        default=5, ge=1, description="calls in a row that deliver nothing, after which the back end is spared"
    )
    circuit_seconds: float = Field(
        default=30, ge=1, description="how long it is spared before one document tries"
    )


class SimulatorRoute(DeliveringRoute):
    """A life-like back end inside the process."""

    adapter: Literal["simulator"] = Field(description="a simulated back end inside the process")
    time_factor: float = Field(
        default=1440,
        ge=1,
        le=1_000_000,
        description="how many times faster its time runs; with 1440 a day takes a minute",
    )
    seed: int = Field(default=0, ge=0, description="another one gives other MRNs and ARCs for the same LRNs")
    unique_message_numbers: bool = Field(
        default=False, description="refuse a message number its sender has used before (code 26)"
    )


class DirectRoute(RouteOptions):
    """A legacy system."""

    adapter: Literal["direct"] = Field(description="refused: the system is served outside the channel")


class NoRoute(RouteOptions):
    """A system of the built-in table that is not served."""

    adapter: Literal["off"] = Field(description="not served: takes a system out of the built-in table")


class RegistryRoute(RouteOptions):
    """SZPROT, decided here."""

    adapter: Literal["registry"] = Field(description="the register of the gateway itself decides (SZPROT)")


class _RemoteRoute(DeliveringRoute):
    """Keys of routes to back ends behind a network."""

    ca: Path | None = Field(
        default=None, description="PEM of the authorities of its certificate; None: those of the machine"
    )
    certificate: Path | None = Field(default=None, description="PEM chain that we show it; goes with `key`")
    key: Path | None = Field(default=None, description="PEM private key of `certificate`, without password")
    timeout_seconds: float = Field(
        default=10, gt=0, le=60, description="longest wait for a connection, a response, a confirmation"
    )
    answer_bytes: int = Field(
        default=32 * 2**20, ge=1024, description="longest response, callback or message that is read"
    )


class HttpRoute(_RemoteRoute):
    """A back end behind HTTP."""

    adapter: Literal["http"] = Field(
        description="documents are POSTed, answers come in the response or later"
    )
    url: str = Field(pattern="^https?://[^@]+$", description="address for documents, without a password")
    token_file: Path | None = Field(
        default=None, description="file with the bearer token that we show to the back end"
    )
    connections: int = Field(
        default=8, ge=1, le=64, description="requests at the same time, a worker process"
    )
    callback_token_file: Path | None = Field(
        default=None, description="file with the bearer token by which its callbacks are let in"
    )
    callback_secret_file: Path | None = Field(
        default=None, description="file with the secret by which its callbacks are signed (HMAC)"
    )


class AmqpRoute(_RemoteRoute):
    """A back end behind RabbitMQ."""

    adapter: Literal["amqp"] = Field(description="documents and answers go through RabbitMQ")
    url: str = Field(
        repr=False,  # may hold a password
        pattern="^amqps?://",
        description="amqp:// or amqps:// address of the broker with user and virtual host",
    )
    password_file: Path | None = Field(
        default=None, description="file with the password of the user in `url`"
    )
    queue: str = Field(min_length=1, max_length=200, description="quorum queue for documents")
    answers: str = Field(min_length=1, max_length=200, description="quorum queue that answers come from")
    dead_letters: str = Field(
        default="sisc.dead",
        min_length=1,
        max_length=200,
        description="exchange and queue for what is no answer",
    )
    declare: bool = Field(default=True, description="set the queues up; false: they must be there")


class DirectoryRoute(DeliveringRoute):
    """A batch back end."""

    adapter: Literal["directory"] = Field(description="files are dropped in one folder, picked up in another")
    outbox: Path = Field(description="folder for documents to the back end")
    inbox: Path = Field(description="folder for its answers")
    settle_seconds: float = Field(
        default=60, ge=1, description="an answer that is not whole after so long is moved to `refused`"
    )
    answer_bytes: int = Field(default=32 * 2**20, ge=1024, description="longest file that is read")


AnyRoute = Annotated[
    SimulatorRoute | RegistryRoute | DirectRoute | NoRoute | HttpRoute | AmqpRoute | DirectoryRoute,
    Field(discriminator="adapter"),
]
