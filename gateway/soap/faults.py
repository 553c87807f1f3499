"""SOAP 1.1 faults: which fault an error becomes, and how it looks on the wire."""

from dataclasses import dataclass

from lxml import etree

from gateway.errors import BusinessError, ChannelError, SecurityError, TechnicalError, UnavailableError
from gateway.soap.envelope import new_envelope, serialise
from gateway.soap.errors import EdgeError
from gateway.soap.names import CHANNEL, PULL, SOAP_ENVELOPE, WSS4J

__all__ = ["COMMUNICATION_ERROR", "ChannelDetail", "Fault", "fault_of", "internal_fault", "write_fault"]

COMMUNICATION_ERROR = "Błąd komunikacji"  # the channel's general faultstring
_SECURITY_ERROR = "A security error was encountered when verifying the message"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDetail:
    """The detail of a fault that the operations declare."""

    element: str  # techErrorFault or businessErrorFault
    code: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault as it goes out."""

    namespace: str  # of the fault code
    code: str  # local name of the fault code
    text: str  # faultstring
    detail: ChannelDetail | None = None  # None: a bare fault, raised before any operation


def fault_of(error: EdgeError | ChannelError | SecurityError | UnavailableError) -> Fault:
    """The fault that tells the sender about an expected refusal."""
    match error:
        case EdgeError():
            return Fault(namespace=error.code_namespace, code=error.code, text=error.text)
        case ChannelError():
            return _channel_fault(error)
        case SecurityError():
            return Fault(namespace=WSS4J, code="SecurityError", text=_SECURITY_ERROR)
        case UnavailableError():
            return _channel_fault(
                BusinessError(
                    code="B010",
                    description="The system is in emergency mode and accepts no requests; try again later.",
                    headline="System pracuje w trybie awaryjnym",
                )
            )


def internal_fault(incident: str) -> Fault:
    """The fault for an error of ours: names the incident and nothing else."""
    return _channel_fault(
        TechnicalError(
            code="E001", description=f"Internal error, incident {incident}.", headline=COMMUNICATION_ERROR
        )
    )


def write_fault(fault: Fault, headers: tuple[etree._Element, ...] = ()) -> bytes:
    """The whole answer with this fault.

    Args:
        fault: what to say.
        headers: WS-Addressing headers; empty where the request had none to relate to.
    """
    envelope, body = new_envelope(*headers)
    element = etree.SubElement(body, f"{{{SOAP_ENVELOPE}}}Fault")
    prefix = "soap" if fault.namespace == SOAP_ENVELOPE else "ns1"
    code = etree.SubElement(element, "faultcode", nsmap={prefix: fault.namespace})
    code.text = f"{prefix}:{fault.code}"
    etree.SubElement(element, "faultstring").text = _xml_safe(fault.text)
    if fault.detail is not None:
        _write_detail(etree.SubElement(element, "detail"), fault.detail)
    return serialise(envelope)


def _channel_fault(error: ChannelError) -> Fault:
    element = "businessErrorFault" if isinstance(error, BusinessError) else "techErrorFault"
    return Fault(
        namespace=SOAP_ENVELOPE,
        code="Server",
        text=error.headline,
        detail=ChannelDetail(element=element, code=error.code, description=error.description),
    )


def _write_detail(parent: etree._Element, detail: ChannelDetail) -> None:
    fault = etree.SubElement(parent, f"{{{PULL}}}{detail.element}", nsmap={None: CHANNEL, "ns2": PULL})  # type: ignore[dict-item] # stubs omit None
    error = etree.SubElement(fault, f"{{{PULL}}}error")
    etree.SubElement(error, f"{{{CHANNEL}}}errorCode").text = detail.code
    etree.SubElement(error, f"{{{CHANNEL}}}errorDesc").text = _xml_safe(detail.description)


def _xml_safe(text: str) -> str:
    """Replace what XML 1.0 cannot hold: texts may quote what a sender wrote."""
    return "".join(c if c.isprintable() or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
