"""What the edge reports while it works: the closed list of actions, and the callback that takes them."""

from collections.abc import Callable, Mapping
from enum import StrEnum

__all__ = ["EdgeAction", "Observer"]

# Called with an EdgeAction and the facts of the case, once per request.
Observer = Callable[[str, Mapping[str, object]], None]


class EdgeAction(StrEnum):
    """How a request ended."""

    ANSWERED = "answered"  # an operation succeeded
    CONTRACT_SERVED = "contract_served"  # WSDL or XSD was read
    REFUSED_HTTP = "refused_http"  # path, method, media type or length
    REFUSED_ENVELOPE = "refused_envelope"  # not a SOAP 1.1 request of this channel
    REFUSED_ADDRESSING = "refused_addressing"  # WS-Addressing headers are missing
    REFUSED_POLICY = "refused_policy"  # no UsernameToken
    REFUSED_SECURITY = "refused_security"  # the token is not good; `reason` says why
    REFUSED_BY_CHANNEL = "refused_by_channel"  # a fault with a channel code
    UNAVAILABLE = "unavailable"  # something the operation needs is out of reach
    INTERNAL_ERROR = "internal_error"  # an error of ours; `exc_info` holds the exception
