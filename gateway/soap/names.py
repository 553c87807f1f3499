"""Names of the wire: namespaces, URIs, paths and the four operations of WS_PULL."""

from dataclasses import dataclass

__all__ = [
    "ADDRESSING_2004",
    "ADDRESSING_2005",
    "ADDRESSING_VERSIONS",
    "CHANNEL",
    "OPERATIONS",
    "PATH",
    "POLICY",
    "PULL",
    "SELF_SERVICE",
    "SELF_SERVICE_PATH",
    "SOAP_ENVELOPE",
    "WSA_2004",
    "WSA_2005",
    "WSS4J",
    "WSSE",
    "WSSE_BASE64",
    "WSSE_PASSWORD_DIGEST",
    "WSU",
    "Operation",
    "WsaVersion",
    "endpoint_of",
    "self_service_of",
]

PATH = "/seap_wsChannel/DocumentHandlingPort"

#: The self-service, see gateway.soap.self_service.
SELF_SERVICE_PATH = "/sisc/registry"
SELF_SERVICE = "urn:sisc-gateway:registry:1"

PULL = "http://www.mf.gov.pl/uslugiBiznesowe/WsPull/Usluga/2014/01_v2_0"
CHANNEL = "http://www.mf.gov.pl/schematy/SISC/WsChannel/2014/01_v2_0"

SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSSE_PASSWORD_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"  # noqa: S105 - a URI
)
WSSE_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
POLICY = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"
WSS4J = "http://ws.apache.org/wss4j"
WSA_2005 = "http://www.w3.org/2005/08/addressing"
WSA_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


@dataclass(frozen=True, kw_only=True, slots=True)
class WsaVersion:
    """One version of WS-Addressing: its namespace and the URIs that differ with it."""

    namespace: str
    anonymous: str  # "answer on this connection"
    fault_action: str  # Action of a fault that no operation declares


ADDRESSING_2005 = WsaVersion(
    namespace=WSA_2005,
    anonymous=f"{WSA_2005}/anonymous",
    fault_action=f"{WSA_2005}/soap/fault",
)
ADDRESSING_2004 = WsaVersion(
    namespace=WSA_2004,
    anonymous=f"{WSA_2004}/role/anonymous",
    fault_action=f"{WSA_2004}/fault",
)
ADDRESSING_VERSIONS = (ADDRESSING_2005, ADDRESSING_2004)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of a port with the WS-Addressing actions of its answers (metadata defaults)."""

    name: str
    port: str = f"{PULL}/DocumentHandlingPort"

    @property
    def reply_action(self) -> str:
        """Action of a successful answer."""
        return f"{self.port}/{self.name}Response"

    def fault_action(self, fault: str) -> str:
        """Action of a declared fault, techErrorFault or businessErrorFault."""
        return f"{self.port}/{self.name}/Fault/{fault}"


# Dispatch is by the body's root element alone: generated clients send a wrong SOAPAction for GetDocuments.
OPERATIONS = {
    f"{{{PULL}}}{name}Request": Operation(name=name)
    for name in ("AcceptDocument", "GetNextDocument", "GetNextDocumentSisc", "GetDocuments")
}


def self_service_of(url: str) -> str:
    """The self-service's address on a gateway, given with or without a path of ours."""
    for path in (PATH, SELF_SERVICE_PATH):
        url = url.removesuffix(path)
    return url.rstrip("/") + SELF_SERVICE_PATH


def endpoint_of(url: str) -> str:
    """The channel's address on a gateway, given with or without the path."""
    return url if url.endswith(PATH) else url.rstrip("/") + PATH
