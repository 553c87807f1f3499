"""What the edge itself refuses, before or beside the operations.

GatewayError
└── EdgeError
    ├── HttpError                the request is no SOAP 1.1 call over HTTP: has its own status
    ├── RequestError             the message is not one of this channel (soap:Client)
    ├── VersionMismatchError     an envelope of another SOAP version
    ├── MustUnderstandError      a header that must be understood and is not
    ├── AddressingError          WS-Addressing headers are missing, given twice or endless
    └── PolicyError              no UsernameToken at all
"""

from gateway.errors import GatewayError
from gateway.soap.names import ADDRESSING_2005, POLICY, SOAP_ENVELOPE, WsaVersion

__all__ = [
    "AddressingError",
    "EdgeError",
    "HttpError",
    "MustUnderstandError",
    "PolicyError",
    "RequestError",
    "VersionMismatchError",
]


_MAX_TEXT = 1_000  # characters; texts quote what a sender wrote, who shall not make answers and logs long


class EdgeError(GatewayError):
    """A request refused by the edge.

    Args:
        text: what is wrong and what is expected; becomes faultstring, cut off where it is too long.
    """

    code: str = "Client"  # local name of the fault code

    def __init__(self, text: str) -> None:
        self.text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"
        super().__init__(self.text)

    @property
    def code_namespace(self) -> str:
        """Namespace of the fault code."""
        return SOAP_ENVELOPE


class HttpError(EdgeError):
    """Refused at HTTP level.

    Args:
        status: HTTP status code.
        text: what is wrong and what is expected.
        allow: methods for the Allow header, with status 405.
    """

    def __init__(self, *, status: int, text: str, allow: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.allow = allow


class RequestError(EdgeError):
    """The envelope or its body cannot be a request of this channel."""


class VersionMismatchError(EdgeError):
    """The envelope belongs to another SOAP version (SOAP 1.1 §4.4)."""

    code = "VersionMismatch"

    def __init__(self, *, namespace: str) -> None:
        super().__init__(f"SOAP 1.1 is expected: an Envelope in {SOAP_ENVELOPE}, not in '{namespace}'")
        self.namespace = namespace


class MustUnderstandError(EdgeError):
    """A header entry marked mustUnderstand is unknown here (SOAP 1.1 §4.2.3)."""

    code = "MustUnderstand"

    def __init__(self, *, header: str) -> None:
        super().__init__(f"The header {header} is marked mustUnderstand and is not understood")
        self.header = header


class AddressingError(EdgeError):
    """WS-Addressing cannot be read.

    Args:
        header: the header concerned.
        version: the WS-Addressing version the sender used, for the fault code.
        invalid: whether the header is given more than once or too long; otherwise it is missing or empty.
    """

    _MISSING = "A required header representing a Message Addressing Property is not present"
    _INVALID = (
        "A header representing a Message Addressing Property is not valid and the message cannot be processed"
    )

    def __init__(self, *, header: str, version: WsaVersion = ADDRESSING_2005, invalid: bool = False) -> None:
        super().__init__(self._INVALID if invalid else self._MISSING)
        self.header = header
        self.version = version
        self.code = "InvalidAddressingHeader" if invalid else "MessageAddressingHeaderRequired"

    @property
    def code_namespace(self) -> str:
        """Namespace of the fault code: the sender's WS-Addressing version."""
        return self.version.namespace


class PolicyError(EdgeError):
    """The request carries no UsernameToken; the text lists the policy's four assertions."""

    code = "Server"  # as the reference service does, although the sender is at fault

    _ASSERTIONS = ("SupportingTokens", "UsernameToken", "WssUsernameToken10", "HashPassword")

    def __init__(self) -> None:
        lines = "".join(f"\n{{{POLICY}}}{name}" for name in self._ASSERTIONS)
        super().__init__(f"These policy alternatives can not be satisfied: {lines}")
