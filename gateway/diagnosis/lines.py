"""What is told of a deployment: one line a subject, good or bad, with the remedy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import GatewayError
from registry.errors import RegistryError
from routing.errors import RoutingError
from schemas.errors import SchemaError
from signing.errors import SigningError

__all__ = ["Level", "Line", "Page", "failure", "looked", "ok", "warning"]


class Level(StrEnum):
    """How a subject is."""

    OK = "ok"
    WARNING = "warning"  # works, and will not for good or not as meant
    FAILURE = "failure"  # something the gateway should do it cannot do


class Page(StrEnum):
    """Where the documentation tells more, from the project's folder."""

    RUN = "docs/how-to/run-a-gateway.md"
    SETTINGS = "docs/reference/settings.md"
    DATABASE = "docs/how-to/production/database-down.md"
    DISK = "docs/how-to/production/disk-full.md"
    HOSTS = "docs/how-to/production/many-hosts.md"
    AUTHORITY = "docs/how-to/production/certificate-authority.md"
    SIGNERS = "docs/how-to/production/signers-of-others.md"
    PACKS = "docs/how-to/schema-packs.md"
    CODE_LISTS = "docs/how-to/code-lists.md"
    BACK_END = "docs/how-to/production/slow-back-end.md"
    CONNECT = "docs/how-to/connect-a-back-end.md"
    BACKLOG = "docs/how-to/production/draining-a-backlog.md"
    CRASH = "docs/how-to/production/after-a-crash.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What was found of one subject."""

    subject: str
    level: Level
    found: str  # never a secret
    remedy: str = ""
    page: Page | None = None


def ok(subject: str, found: str) -> Line:
    """Nothing is to be done."""
    return Line(subject=subject, level=Level.OK, found=found)


def warning(subject: str, found: str, remedy: str, page: Page) -> Line:
    """It works, and should be looked after."""
    return Line(subject=subject, level=Level.WARNING, found=found, remedy=remedy, page=page)


def failure(subject: str, found: str, remedy: str, page: Page) -> Line:
    """It does not work."""
    return Line(subject=subject, level=Level.FAILURE, found=found, remedy=remedy, page=page)


def looked(subject: str, look: Callable[[], Iterable[Line]], remedy: str, page: Page) -> list[Line]:
    """What a look found; what it could not look at is a failure, too.

    Args:
        subject: of the line when the look itself fails.
        look: tells what it finds; may raise any error of the product, or OSError.
        remedy: what to do when it fails.
        page: that tells more.
    """
    try:
        return list(look())
    except (GatewayError, RegistryError, RoutingError, SchemaError, SigningError, OSError) as error:
        return [failure(subject, " ".join(str(error).split()), remedy, page)]
