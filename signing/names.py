"""XML names and algorithm identifiers of XML Signature, XAdES and Canonical XML."""

from typing import Final

__all__ = [
    "C14N_10",
    "C14N_11",
    "C14N_EXCLUSIVE",
    "DS",
    "DS11",
    "ENVELOPED",
    "ID_ATTRIBUTES",
    "MANIFEST_TYPE",
    "SIGNED_PROPERTIES_TYPE",
    "WSU",
    "XADES",
    "XML",
    "XPATH",
    "ds",
    "xades",
]

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
DS11: Final = "http://www.w3.org/2009/xmldsig11#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
XML: Final = "http://www.w3.org/XML/1998/namespace"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

C14N_10: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11: Final = "http://www.w3.org/2006/12/xml-c14n11"
C14N_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

ENVELOPED: Final = f"{DS}enveloped-signature"
XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
SIGNED_PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
MANIFEST_TYPE: Final = f"{DS}Manifest"

#: Every spelling of an identifier that some tool resolves; their values share one name space here.
ID_ATTRIBUTES: Final = ("Id", "ID", "id", f"{{{XML}}}id", f"{{{WSU}}}Id")


def ds(name: str) -> str:
    """The name in the XML Signature namespace, in lxml's notation."""
    return f"{{{DS}}}{name}"


def xades(name: str) -> str:
    """The name in the XAdES 1.3.2 namespace, in lxml's notation."""
    return f"{{{XADES}}}{name}"
