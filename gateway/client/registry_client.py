"""A client of the self-service: what `sisc my-account` speaks to any gateway."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from lxml import etree

from gateway.client.soap_client import TIMEOUT_SECONDS, SoapClient
from gateway.errors import UnavailableError
from gateway.soap.names import SELF_SERVICE, self_service_of

__all__ = ["Facts", "RegistryClient"]

Facts: TypeAlias = dict[str, object]

#: Elements that may be repeated.
_SEVERAL: Final = frozenset({"systems", "numbers"})
#: How texts of the other types are read.
_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    **dict.fromkeys(("active", "own", "inForce", "migrated"), lambda text: text in {"true", "1"}),
    **dict.fromkeys(
        ("endedAt", "notBefore", "notAfter", "registeredAt", "answeredAt"), datetime.fromisoformat
    ),
    "number": int,
}


class RegistryClient(SoapClient):
    """One account's connection to a gateway's self-service. Use it as a context manager.

    Args:
        url: address of the gateway, with or without a path of its services.
        login: e-mail address of the account.
        password: its password; only a digest is sent.
        timeout_seconds: how long to wait for each answer.

    Each operation raises FaultError (the gateway refused it) or UnavailableError (it cannot be reached).
    """

    def __init__(
        self, url: str, *, login: str, password: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        endpoint = self_service_of(url)
        super().__init__(endpoint, login=login, password=password, timeout_seconds=timeout_seconds)

    def account(self) -> Facts:
        """The account and the person behind it."""
        return _facts(self._result("GetAccount"))

    def items(self, operation: str) -> Iterator[Facts]:
        """All items of ListLinks, ListEntities, ListRights, ListCertificates or ListRequests, by pages."""
        after: str | None = None
        while True:
            page = self._result(operation, after=after)
            yield from (_facts(item) for item in page.iterchildren("*") if len(item))
            after = page.findtext(f"{{{SELF_SERVICE}}}next")
            if after is None:
                return

    def link(self, password: str) -> Facts:
        """Link the account to its record from PDR; the account as it is then."""
        return _facts(self._result("LinkAccount", oneTimePassword=password))

    def review(self, link: str, *, correct: bool, note: str | None = None) -> str:
        """Confirm or dispute a link that came from PDR; what stands with it then."""
        word = "true" if correct else "false"
        return self._result("ReviewLink", link=link, correct=word, note=note).text or ""

    def _result(self, operation: str, **values: str | None) -> etree._Element:
        answer = self.call(operation, self.requests.self_service(operation, **values))
        result = answer.find(f"{{{SELF_SERVICE}}}{operation}Result")
        if result is None:
            raise UnavailableError(what=self.requests.endpoint, reason=f"an answer without {operation}Result")
        return result


def _facts(element: etree._Element) -> Facts:
    facts: Facts = {}
    for child in element.iterchildren("*"):
        name = etree.QName(child).localname
        value = _facts(child) if len(child) else _read(name, child.text or "")
        if name in _SEVERAL:
            several = facts.setdefault(name, [])
            assert isinstance(several, list)  # noqa: S101 - tells the type checker
            several.append(value)
        else:
            facts[name] = value
    return facts


def _read(name: str, text: str) -> object:
    try:
        return _READERS.get(name, str)(text)
    except ValueError as error:
        raise UnavailableError(what=name, reason=f"an answer that cannot be read: {text[:50]!r}") from error
